"""Comparing families: oracles are laws that cross at a known scale, and families that are the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gnomon.errors import ColumnError, InputError, RefusalError
from gnomon.forecast import compare
from gnomon.forecast.crossing import equal_response, last_root
from gnomon.forecast.frontier import frontier
from gnomon.forecast.simulate import in_common, noise, variance_parts, within_run

CROSSING = 3e20
LAW = "pow_floor(flops)"


def families(seed: int, *, same: bool = False, noise: float = 0.004, n: int = 16) -> dict[str, Any]:
    rng = np.random.default_rng([seed, 5])
    flops = np.geomspace(1e18, 1e21, n)
    a = 1.8 + (flops / 1e20) ** -0.2
    b = a if same else 1.8 + (CROSSING / 1e20) ** 0.1 * (flops / 1e20) ** -0.3
    loss = np.concatenate([a, b]) * np.exp(rng.normal(0, noise, 2 * n))
    return {"family": ["a"] * n + ["b"] * n, "flops": np.tile(flops, 2), "loss": loss}


def test_the_crossing_and_the_multiplier_are_those_of_the_laws() -> None:
    found = compare(LAW, families(0, noise=1e-4), at={"flops": 1e22}, draws=200)
    pair = found.pairs[0]
    assert found.winner == pair.verdict == pair.crossing.winner == "b"
    assert pair.crossing.value == pytest.approx(CROSSING, rel=0.05)
    assert pair.crossing.inside
    assert pair.crossing.reported
    truth = 1e20 * ((CROSSING / 1e20) ** 0.1 * 100**-0.3) ** (-1 / 0.2)  # compute at which a has the loss of b at 1e22
    assert pair.multiplier.winner == "b"
    assert pair.multiplier.value == pytest.approx(truth / 1e22, rel=0.05)
    assert pair.multiplier.low is not None
    assert pair.multiplier.low < truth / 1e22 < (pair.multiplier.high or np.inf)


def test_the_best_at_the_reference_scale_may_lose_at_the_target() -> None:
    table = families(1)
    assert compare(LAW, table, at={"flops": 3e19}, draws=200).winner == "a"
    assert compare(LAW, table, at={"flops": 1e23}, draws=200).winner == "b"


def test_intervals_cover_and_equal_families_stay_undecided() -> None:
    """20 replicas; the large simulation is benchmarks/decisions/compare_families.py. Below 15 of 20 at 90 %: chance .011."""
    covered = different = 0
    for seed in range(20):  # 6 s: a coverage needs replicas, and each is two families refitted 100 times
        crossing = compare(LAW, families(seed), at={"flops": 1e22}, draws=100, seed=seed).pairs[0].crossing
        covered += (crossing.low or 0.0) <= CROSSING <= (crossing.high or np.inf)
        pair = compare(LAW, families(seed, same=True), at={"flops": 1e22}, level=0.95, draws=100, seed=seed).pairs[0]
        different += pair.verdict != "undecided"
    assert covered >= 15
    assert different <= 4  # 5 or more of 20 at 5 %: chance .003


def test_two_laws_of_params_and_tokens_are_compared_along_their_best_split() -> None:
    rng = np.random.default_rng(3)
    params, tokens = (x.ravel() for x in np.meshgrid(np.geomspace(4e7, 4e9, 6), np.geomspace(1e9, 1e11, 6)))
    a = 1.8 + 480 / params**0.35 + 2100 / tokens**0.37
    b = 1.7 + 480 / params**0.35 + 2100 / tokens**0.37
    both = {
        "recipe": ["a"] * 36 + ["b"] * 36,
        "params": np.tile(params, 2),
        "tokens": np.tile(tokens, 2),
        "loss": np.concatenate([a, b]) * np.exp(rng.normal(0, 0.002, 72)),
    }
    found = compare("chinchilla", both, by="recipe", at={"flops": 1e22}, draws=200)
    assert found.winner == "b"
    assert found.paired
    size = np.geomspace(1e8, 1e11, 4001)
    truth = (1.8 + 480 / size**0.35 + 2100 / (1e22 / 6 / size) ** 0.37).min()
    assert found.families[0].value == pytest.approx(truth, rel=0.02)
    at = compare("chinchilla", both, by="recipe", at={"params": 7e9, "tokens": 2e11}, draws=200)
    assert at.winner == "b"
    assert json.loads(at.to_json())["pairs"][0]["verdict"] == "b"


def test_three_families_are_judged_pair_by_pair() -> None:
    table = families(2)
    third = families(9, same=True)
    joined = {k: [*table[k], *np.asarray(third[k])[:16]] for k in table}
    joined["family"] = [*table["family"], *["c"] * 16]
    found = compare(LAW, joined, at={"flops": 1e22}, draws=200)
    assert found.winner == "b"
    assert len(found.pairs) == 3
    assert next(p for p in found.pairs if {p.first, p.second} == {"a", "c"}).verdict == "undecided"


def test_a_frontier_is_selected_anew_so_that_more_seeds_win_nothing() -> None:
    rng = np.random.default_rng(8)
    flops = np.geomspace(1e18, 1e21, 11)
    rows = [("many", x) for x in flops for _ in range(5)] + [("one", x) for x in flops]
    loss = [(1.8 + (x / 1e20) ** -0.2) * np.exp(rng.normal(0, 0.01)) for _, x in rows]
    table = {"family": [r[0] for r in rows], "flops": [r[1] for r in rows], "loss": loss}
    found = compare("pow(flops)", table, frontier=True, draws=200, level=0.95)
    assert found.frontier
    assert found.winner is None


def test_the_frontier_keeps_the_best_of_each_factor_of_two() -> None:
    x = np.array([1.0, 1.5, 2.1, 4.2, 4.3, 9.0])
    y = np.array([5.0, 4.0, 4.5, 3.0, 2.0, 1.0])
    assert frontier(x, y, np.ones((1, 6)))[0].tolist() == [False, True, False, False, True, True]
    assert frontier(x, y, np.array([[1, 0, 1, 1, 0, 1]]))[0].tolist() == [True, False, True, True, False, True]


def test_roots_are_open_where_a_family_always_wins() -> None:
    x = np.arange(4.0)
    root, turns = last_root(x, np.array([[1, 1, -1, -1], [-1, -1, -1, -1], [1, 1, 1, 1], [1, -1, 1, -1]], float))
    assert root.tolist() == [1.5, -np.inf, np.inf, 2.5]
    assert turns.tolist() == [1, 0, 0, 3]
    reached = equal_response(np.exp(x), np.array([[3.0, 2.0, 1.0, 0.0]] * 2), np.array([1.5, -1.0]))
    assert reached.tolist() == [1.5, np.inf]


def test_noise_has_the_correlations_asked_for() -> None:
    groups = np.repeat(np.arange(4), 2)
    cells = np.array([f"c{g}" for g in groups])
    a, b = noise([cells, cells], [groups, groups], [0.6, 0.6], 0.3, 40_000, 0)
    assert np.corrcoef(a[:, 0], a[:, 1])[0, 1] == pytest.approx(0.6, abs=0.02)
    assert np.corrcoef(a[:, 0], b[:, 0])[0, 1] == pytest.approx(0.3, abs=0.02)
    assert abs(np.corrcoef(a[:, 0], b[:, 2])[0, 1]) < 0.02
    assert a.std() == pytest.approx(1, abs=0.02)
    rng = np.random.default_rng(0)
    common, many = rng.normal(size=400), np.repeat(np.arange(400), 5)
    rows = np.sqrt(0.5) * common[many] + np.sqrt(0.5) * rng.normal(size=2000)
    assert within_run(rows, many) == pytest.approx(0.5, abs=0.06)
    one, two = common[:50] + rng.normal(size=50), common[:50] + rng.normal(size=50)
    label = np.arange(50).astype(str)
    assert in_common((one, label), (two, label)) == pytest.approx(0.5, abs=0.25)
    assert in_common((one, label), (rng.normal(size=50), label)) == 0


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"by": "recipe"}, ColumnError, "recipe"),
        ({"at": {"params": 1.0}}, InputError, "compared at flops"),
        ({"at": {"flops": -1.0}}, InputError, "positive"),
        ({"draws": 3}, InputError, "100 draws"),
        ({"level": 2.0}, InputError, "level"),
        ({"law": "accuracy = pow(flops)"}, InputError, "more is better"),
    ],
)
def test_wrong_calls_say_what_to_do(changes: dict[str, Any], error: type[Exception], says: str) -> None:
    table = families(0) | {"accuracy": np.linspace(0.1, 0.9, 32)}
    arguments = {"law": LAW} | changes
    with pytest.raises(error, match=says):
        compare(arguments.pop("law"), table, **arguments)


def test_one_family_is_no_comparison() -> None:
    table = families(0)
    with pytest.raises(RefusalError, match="two families"):
        compare(LAW, {k: np.asarray(v)[:18] for k, v in table.items()})


def test_mammut_overtakes_clip_where_the_paper_says(public_data: Callable[[str], Path]) -> None:
    """Published crossover: 1e10 to 1e11 GFLOP (Nezhurina et al. 2025, by a third-party overview)."""
    import gnomon as gn

    condition = (
        "benchmark = 'imagenet1k' and metric = 'acc1' and train_corpus = 'datacomp_1b' "
        "and lr_schedule = 'cosine' and family in ('clip', 'mammut')"
    )
    runs = gn.read_runs(public_data("laion_clip/zero_shot.csv"), where=condition)
    table = {"family": runs["family"], "flops": runs["flops"], "error": 1 - np.asarray(runs["value"], float)}
    for law in ("error = shift_pow(flops)", "error = pow(flops)"):
        found = compare(law, table, at={"flops": 1e21}, frontier=True, draws=200)
        crossing = found.pairs[0].crossing
        assert found.winner == crossing.winner == "mammut"
        assert crossing.value is not None
        assert 1e19 < crossing.value < 1e20


def test_checkpoints_of_a_run_are_not_so_many_runs() -> None:
    """12 runs of 5 nearly equal checkpoints under a law of 3 parameters know their noise as 12 runs do, not as 60 rows."""
    flops = np.geomspace(1e18, 1e21, 12)
    rows = np.repeat(np.arange(12), 5)
    many = np.vander(np.log(flops) - np.log(flops).mean(), 3)[rows]
    parted, naive = [], []
    for seed in range(60):
        rng = np.random.default_rng([seed, 31])
        noise = rng.normal(0, 1.0, 12)[rows] + rng.normal(0, 1 / 3, 60)
        residual = noise - many @ np.linalg.lstsq(many, noise, rcond=None)[0]
        parted.append(sum(variance_parts(residual, rows, 3)) / (1 + 1 / 9))
        naive.append((residual @ residual) / 57 / (1 + 1 / 9))
    assert np.mean(parted) == pytest.approx(
        1.0, abs=0.18
    )  # three standard errors of a mean of 60 at 9 degrees of freedom
    assert np.mean(naive) < 0.88  # the negative control: rows taken as independent say too little


def test_more_is_better_where_it_is_said() -> None:
    """1 / loss of the same families: winner, crossing and multiplier as for the loss, under the mirrored law."""
    table = families(0, noise=1e-4)
    loss = {"family": table["family"], "flops": table["flops"], "loss": (table["flops"] / 1e20) ** -0.1}
    second = np.asarray(table["family"]) == "b"
    loss["loss"] = np.where(second, (table["flops"] / 1e20) ** -0.15, loss["loss"])
    loss["loss"] = loss["loss"] * np.exp(np.random.default_rng(4).normal(0, 1e-3, 32))
    gain = {k: v for k, v in loss.items() if k != "loss"} | {"value": 1 / loss["loss"]}
    low = compare("loss = a * flops^-b", loss, at={"flops": 1e22}, draws=200)
    high = compare("value = a * flops^b", gain, at={"flops": 1e22}, draws=200, better="high")
    assert low.winner == high.winner == "b"
    assert high.to_dict()["better"] == "high"
    assert high.pairs[0].crossing.winner == "b"
    assert high.pairs[0].crossing.value == pytest.approx(low.pairs[0].crossing.value, rel=0.05)
    assert high.pairs[0].multiplier.value == pytest.approx(low.pairs[0].multiplier.value, rel=0.05)
    assert all(f.low < f.value < f.high for f in high.families)
    assert high.pairs[0].low < high.pairs[0].difference < high.pairs[0].high
    assert high.pairs[0].difference < 0  # ln(first / second) of the response itself
    assert compare("value = a * flops^b", gain, at={"flops": 1e22}, draws=200, better="low").winner == "a"
    with pytest.raises(InputError, match="Nothing says"):
        compare("value = a * flops^b", gain, draws=200)
    with pytest.raises(InputError, match="low or high"):
        compare("value = a * flops^b", gain, draws=200, better="more")
