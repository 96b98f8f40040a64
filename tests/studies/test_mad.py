"""The study of blocks: its settings, its ranks against another implementation, its judge on rows whose truth is known."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from gnomon.errors import InputError, UnknownNameError
from gnomon.lab import count
from gnomon.runs import Runs, read_runs
from gnomon.studies.claim import verdicts
from gnomon.studies.entries.mad import STUDY
from gnomon.studies.entries.mad.architectures import decoder
from gnomon.studies.entries.mad.design import FULL, LADDER_WIDTHS, LR, QUICK, SEEDS, SWEEP, TASKS, ZOO
from gnomon.studies.entries.mad.figures import figures
from gnomon.studies.entries.mad.judging import called_a_ranking, covered, judge, scores
from gnomon.studies.entries.mad.ladder import train_language
from gnomon.studies.entries.mad.ranking import mad_scores, rank_correlation
from gnomon.studies.entries.mad.settings import BASELINE, HARDER, MAKE, PUBLISHED, published_settings, task
from gnomon.studies.entries.mad.training import train_task
from gnomon.testing.studies import check_smoke

EVERY = (*ZOO, "swiglu", "gated-wide")


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("width", LADDER_WIDTHS)
def test_architectures_are_equally_large(name: str, width: int) -> None:
    sizes = [count.params(decoder(n, 50, 128, width).init(np.random.default_rng(0))) for n in (name, "attention")]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.01)


def test_states_of_the_architectures() -> None:
    found = {name: decoder(name, 16, 31).state_size(31) for name in EVERY}
    assert found["swiglu"] == 0
    assert found["attention"] == 2 * 2 * 32 * 31
    assert found["window"] == 2 * 2 * 32 * 8
    assert found["gated-wide"] == 2 * found["gated"] == 2 * 2 * 32 * 16
    assert found["attention+ssm"] == (found["attention"] + found["ssm"]) / 2


def test_unknown_architecture() -> None:
    with pytest.raises(UnknownNameError, match="atention"):
        decoder("atention", 16, 32)


def test_settings_of_the_paper() -> None:
    sizes = {name: len(published_settings(name)) for name in TASKS}
    assert sizes == {"recall": 11, "fuzzy": 11, "noisy": 14, "copying": 13, "compression": 11, "memorization": 6}
    assert sum(sizes.values()) == 66
    assert set(PUBLISHED) == set(BASELINE) == set(HARDER) == set(MAKE) == set(TASKS)


@pytest.mark.parametrize("name", TASKS)
def test_harder_is_one_change(name: str) -> None:
    assert len(HARDER[name]) == 1
    easy, hard = task(name), task(name, harder=True)
    changed = (easy.symbols, easy.length, easy.tokens_per_item) != (hard.symbols, hard.length, hard.tokens_per_item)
    assert changed or name == "noisy"


@pytest.mark.parametrize("ties", [False, True])
def test_ranks_are_those_of_scipy(ties: bool) -> None:
    rng = np.random.default_rng(2)
    ranks = np.array(list(itertools.permutations(range(6))))
    for _ in range(20):
        x, y = rng.standard_normal((2, 6))
        if ties:
            x, y = x.round(), y.round()
        if len(set(x)) == 1 or len(set(y)) == 1:
            continue
        found = rank_correlation(x, y)
        assert found.rho == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
        a, b = stats.rankdata(x), stats.rankdata(y)
        reached = np.mean(b[ranks] @ a >= a @ b - 1e-9)
        assert found.p == pytest.approx(reached, abs=1e-12)


def test_chance_ranks_nothing() -> None:
    rng = np.random.default_rng(0)
    found = [rank_correlation(rng.standard_normal(8), rng.standard_normal(8)) for _ in range(100)]
    assert all(f.low is not None and f.high is not None and f.low < 0 < f.high for f in found)
    assert np.mean([f.p is not None and f.p <= 0.05 for f in found]) <= 0.12  # .05 and three standard errors
    assert 0.02 < called_a_ranking(6) <= 0.05
    large = rank_correlation(np.arange(12.0), np.arange(12.0))
    assert large.rho == pytest.approx(1)
    assert large.p is not None
    assert large.p < 1e-3


def test_too_few_have_no_p_value() -> None:
    assert rank_correlation(np.arange(4.0), np.arange(4.0)).p is None
    with pytest.raises(InputError, match="at least 3"):
        rank_correlation(np.arange(2.0), np.arange(2.0))
    with pytest.raises(InputError, match="alike"):
        rank_correlation(np.ones(5), np.arange(5.0))


def test_score_is_the_mean_of_the_best() -> None:
    point, other = (1e-4, 0.0), (5e-4, 0.0)
    table = {
        ("a", "recall", "0"): {point: 0.2, other: 0.6},
        ("a", "recall", "1"): {point: 0.4, other: 0.1},
        ("a", "copying", "0"): {point: 1.0, other: 0.0},
    }
    assert mad_scores(table) == {"a": pytest.approx((0.5 + 1.0) / 2)}
    with pytest.raises(InputError, match="swept differently: 1, 2 points"):
        mad_scores(table | {("a", "noisy", "0"): {point: 0.1}})
    with pytest.raises(InputError, match=r"an accuracy of 1\.2"):
        mad_scores({("a", "recall", "0"): {point: 1.2}})
    with pytest.raises(InputError, match="different settings"):
        mad_scores({("a", "recall", "0"): {point: 1.0}, ("b", "copying", "0"): {point: 1.0}})


def test_intervals_of_parabolas_know_a_wrong_exponent() -> None:
    assert covered(0.5, 3) > 0.8 > 0.1 > covered(0.6, 3)


TRUTH = {
    "recall": {"attention": 0.98, "window": 0.68, "swiglu": 0.12},
    "copying": {"attention": 0.95, "window": 0.4, "swiglu": 0.08},
    "compression": {"attention": 0.6, "swiglu": 0.14, "linear": 0.62, "ssm": 0.61, "gated": 0.65, "gated-wide": 0.7},
    "memorization": {"swiglu": 0.99},
}


def rows(scale: str, **changes: float) -> Runs:
    """Rows of a scale's grid: accuracies of `TRUTH`, .5 for others, less in the middle of a run."""
    sweep = SWEEP if scale == "full" else (LR,)
    found: list[dict[str, Any]] = []
    for name, architectures in (FULL if scale == "full" else QUICK).items():
        for architecture, lr, seed, harder, step in itertools.product(
            architectures, sweep, range(SEEDS[scale]), (0, 1) if scale == "full" else (0,), (800, 1600)
        ):
            truth = changes.get(f"{name}_{architecture}", TRUTH[name].get(architecture, 0.5)) if name in TRUTH else 0.5
            accuracy = truth * (1 if step == 1600 else 0.5) * (1 if lr == LR else 0.9) + 0.001 * seed
            found.append(
                {
                    "run": f"{name}-{architecture}-{lr}-{seed}-{harder}", "family": architecture, "task": name,
                    "harder": harder, "lr_peak": lr, "seed": seed, "steps": 1600, "step": step, "status": "done",
                    "accuracy": accuracy, "valid_accuracy": accuracy, "chance": 0.1, "other_accuracy": 0.05,
                    "difference": None, "params": None, "flops": None, "loss": None,
                }
            )  # fmt: skip
    empty = dict.fromkeys(found[0])
    found.append(empty | {"run": "u", "status": "untrained", "accuracy": 0.101, "chance": 0.1, "step": 0})
    found.append(empty | {"run": "w", "status": "window", "difference": 0.0})
    if scale == "full":
        for i, name in enumerate(ZOO):
            for params in (25e3, 55e3, 124e3):
                loss = 2 + changes.get("order", 1) * 0.01 * i + 0.1 * np.log(params / 5e4) ** 2
                found.append(
                    empty | {"run": f"l-{name}-{params}", "family": name, "task": "ladder", "status": "done",
                             "params": params, "flops": 5e11, "loss": loss, "step": 9, "steps": 9}
                )  # fmt: skip
    return read_runs(found)


def words(table: Runs, scale: str) -> dict[str, str]:
    found = verdicts(STUDY.claims, judge(table, STUDY.asked(scale)))
    return {verdict.claim.id: verdict.word for verdict in found}


def test_all_is_well() -> None:
    found = words(rows("quick"), "quick")
    assert {claim for claim, word in found.items() if word != "holds"} == {"ranking"}


@pytest.mark.parametrize(
    ("change", "claim", "word"),
    [
        ({"recall_attention": 0.9}, "recall-attention", "fails"),
        ({"recall_swiglu": 0.3}, "recall-attention", "cannot tell"),
        ({"recall_window": 0.9}, "recall-window", "fails"),
        ({"copying_window": 0.9}, "copying-attention", "fails"),
        ({"compression_ssm": 0.3}, "compression-linear", "fails"),
        ({"compression_swiglu": 0.5}, "compression-linear", "cannot tell"),
        ({"compression_gated-wide": 0.5}, "compression-state", "fails"),
    ],
)
def test_what_is_not_so_does_not_hold(change: dict[str, float], claim: str, word: str) -> None:
    assert words(rows("quick", **change), "quick")[claim] == word


def test_scores_rank_the_ladder_or_not() -> None:
    better = {f"{name}_{a}": 0.9 - 0.05 * i for name in TASKS for i, a in enumerate(ZOO)}
    table = rows("full", **better)
    assert list(scores(table)) == list(ZOO) or set(scores(table)) == set(ZOO)
    assert words(table, "full")["ranking"] == "holds"
    assert words(rows("full", **better, order=-1), "full")["ranking"] == "fails"


def test_pictures_name_the_best() -> None:
    drawn = figures(rows("quick"), STUDY.asked("quick"))
    assert [f.finding.split(":")[0] for f in drawn] == [name.capitalize() for name in QUICK]
    assert "attention ends highest, at 0.98 in the median (chance 0.10)" in drawn[0].finding
    assert not figures(rows("quick"), STUDY.asked("smoke"))


def test_a_run_tells_how_it_went() -> None:
    spec = {"task": "memorization", "harder": 0, "architecture": "swiglu", "lr": 5e-3, "steps": 16, "seed": 1}
    found = train_task(spec, lambda news: None)
    assert [row["step"] for row in found] == list(range(2, 17, 2))
    last = found[-1]
    assert last["tokens"] == 16 * 32 * 16
    assert last["flops"] == 6 * (last["params"] + 64 * 32) * 16 * 32 * 32
    assert last["state"] == 0
    assert 0 <= last["other_accuracy"] <= 1
    assert train_task(spec, lambda news: None)[-1]["loss"] == last["loss"]


@pytest.mark.slow
def test_a_language_model_keeps_its_budget() -> None:
    spec = {"architecture": "window", "width": 32, "flops": 2e10, "seed": 0}
    (row,) = train_language(spec, lambda news: None)
    assert row["flops"] == pytest.approx(2e10, rel=0.05)
    assert 2.0 < row["loss"] < 5.5  # ln 256 = 5.545 before training


@pytest.mark.slow
def test_its_smoke_run_keeps_the_contract(tmp_path: Path) -> None:
    check_smoke(STUDY, str(tmp_path / "store.gnomon"))
