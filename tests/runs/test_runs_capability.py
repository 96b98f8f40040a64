"""Principal components of benchmark scores: against numpy's covariance, with gaps, and on the public models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gnomon.errors import InputError, RefusalError
from gnomon.fit import fit
from gnomon.runs import capabilities, read_runs

SCORES = ("acc_mmlu", "acc_arc_c", "acc_hellaswag", "acc_winograd", "acc_truthfulqa", "acc_gsm8k", "acc_xwinograd")
SCORES = (*SCORES, "acc_humaneval")


def made_up(gaps: float = 0.0) -> tuple[dict[str, np.ndarray], np.ndarray]:
    rng = np.random.default_rng(1)
    skill = rng.normal(0.0, 1.0, 60)
    scores = 0.5 + 0.1 * np.outer(skill, [1.0, 0.8, 1.2, 0.5]) + rng.normal(0.0, 0.01, (60, 4))
    seen = np.where(rng.random(scores.shape) < gaps, np.nan, scores)
    return {f"acc_{k}": seen[:, k] for k in range(4)}, scores


def test_components_are_those_of_the_covariance() -> None:
    table, scores = made_up()
    found = capabilities(read_runs(table), tuple(table), components=2)
    values, vectors = np.linalg.eigh(np.cov(scores.T))
    np.testing.assert_allclose(found.shares, values[::-1] / values.sum(), rtol=1e-10)
    for k in range(2):
        vector = vectors[:, -1 - k] * np.sign(vectors[:, -1 - k].sum())
        np.testing.assert_allclose(found.axes[k], vector, atol=1e-9)
        np.testing.assert_allclose(found.runs[f"pc{k + 1}"], (scores - scores.mean(0)) @ vector, atol=1e-9)
    assert found.filled == 0


def test_gaps_are_filled_along_the_first_component() -> None:
    table, scores = made_up(gaps=0.15)
    found = capabilities(read_runs(table), tuple(table), components=1)
    whole = capabilities(read_runs({f"acc_{k}": scores[:, k] for k in range(4)}), tuple(table), components=1)
    assert found.filled == sum(int(np.isnan(v).sum()) for v in table.values())
    assert np.corrcoef(found.runs["pc1"], whole.runs["pc1"])[0, 1] > 0.998
    mean_filled = np.column_stack([np.where(np.isnan(v), np.nanmean(v), v) for v in table.values()])
    crude = (mean_filled - mean_filled.mean(0)) @ found.axes[0]
    assert np.corrcoef(crude, whole.runs["pc1"])[0, 1] < np.corrcoef(found.runs["pc1"], whole.runs["pc1"])[0, 1]


def test_refusals() -> None:
    table, _ = made_up()
    runs = read_runs(table)
    with pytest.raises(InputError, match="5 components of 4"):
        capabilities(runs, tuple(table), components=5)
    with pytest.raises(RefusalError, match="4 models for 4"):
        capabilities(read_runs({k: v[:4] for k, v in table.items()}), tuple(table))
    with pytest.raises(InputError, match="acc_3 has no score"):
        capabilities(read_runs(table | {"acc_3": np.full(60, np.nan)}), tuple(table))
    with pytest.raises(InputError, match="pc1 already"):
        capabilities(capabilities(runs, tuple(table)).runs, tuple(table))


@pytest.fixture
def models(public_data: Callable[[str], Path]) -> Path:
    return public_data("obsscaling/base_benchmarks.csv")


def test_few_components_carry_the_public_benchmarks(models: Path) -> None:
    """On 124 complete models of the repository the first four carry 84.3, 10.0, 3.1 and 1.1 %.

    Of those 101 are at hand: 84.9, 9.6, 2.7 and 1.1 %.
    """
    runs = read_runs(models)
    complete = np.isfinite(np.column_stack(runs.numbers(*SCORES))).all(1)
    assert complete.sum() == 101
    shares = capabilities(read_runs({n: np.array(runs[n])[complete] for n in SCORES}), SCORES).shares
    np.testing.assert_allclose(shares[:4], [0.843, 0.100, 0.031, 0.011], atol=0.007)
    filled = capabilities(runs, SCORES)
    assert (len(filled.runs), filled.filled) == (125, 40)
    assert filled.shares[0] == pytest.approx(0.86, abs=0.01)


def test_a_benchmark_follows_from_the_others(models: Path) -> None:
    """MMLU from components of the other seven, fitted below 8.4e22 FLOP, forecast above: half the error of compute."""
    runs = read_runs(models)
    table = capabilities(runs, [name for name in SCORES if name != "acc_mmlu"]).runs
    score, flops = np.array(table["acc_mmlu"]), np.array(table["flops"])
    known = np.isfinite(score) & np.isfinite(flops)
    small, large = known & (flops < 8.4e22), known & (flops >= 8.4e22)
    rows = {n: np.array(table[n]) for n in ("pc1", "pc2", "pc3")} | {"accuracy": score}
    found = fit("obs_law", {n: v[small] for n, v in rows.items()}, objective="squared", intervals="none").law
    error = np.abs(found(**{n: rows[n][large] for n in ("pc1", "pc2", "pc3")}) - score[large]).mean()
    line = np.polyfit(np.log(flops[small]), np.log(score[small] / (1 - score[small])), 1)
    compute = np.abs(1 / (1 + np.exp(-np.polyval(line, np.log(flops[large])))) - score[large]).mean()
    assert (small.sum(), large.sum()) == (60, 41)
    assert error < 0.12
    assert error < 0.5 * compute
