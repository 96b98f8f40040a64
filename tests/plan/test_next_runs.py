"""Which runs to buy next."""

from __future__ import annotations

import numpy as np
import pytest

import gnomon as gn
from gnomon.errors import ColumnError, InputError, RefusalError
from gnomon.plan.narrowing import even_compute
from gnomon.plan.next_runs import even_runs, next_runs

TRUE = gn.laws.Chinchilla.besiroglu2024
TARGET = {"params": 7e9, "tokens": 2e11}


def measured(params: np.ndarray, tokens: np.ndarray, seed: int, noise: float = 0.004) -> dict[str, np.ndarray]:
    loss = TRUE(params=params, tokens=tokens) * np.exp(noise * np.random.default_rng(seed).standard_normal(len(params)))
    return {"params": params, "tokens": tokens, "loss": loss}


def grid(seed: int) -> dict[str, np.ndarray]:
    params, tokens = (a.ravel() for a in np.meshgrid(np.geomspace(5e7, 8e8, 4), np.geomspace(1e9, 1.6e10, 4)))
    return measured(params, tokens, seed)


def test_the_proposal_is_expected_to_narrow_more_than_even_runs_of_the_same_cost() -> None:
    """How much more is really gained is measured by benchmarks/decisions/next_runs.py."""
    found = next_runs(gn.fit("chinchilla", grid(0), draws=400), TARGET, budget=1e20)
    assert not found.stop
    assert found.spent <= found.budget
    assert found.even is not None
    assert found.expected < found.even < found.half_width
    widths = [found.half_width, *(run.after for run in found.runs)]
    assert widths == sorted(widths, reverse=True)
    if found.weighed is not None:
        assert found.weighed == pytest.approx(found.expected, rel=0.3)


def test_one_informative_corner_is_named_first() -> None:
    """Runs of nearly one size: only a far larger one says much about the exponent."""
    fit = gn.fit("A / N^alpha + 1.7", measured_size(), draws=300)
    corner = [{"params": 2e8, "flops": 1e18}, {"params": 2.1e8, "flops": 1e18}, {"params": 6e9, "flops": 1e18}]
    found = next_runs(fit, {"params": 7e10}, budget=1e18, candidates=corner)
    assert found.runs[0].at == {"params": 6e9}


def measured_size() -> dict[str, np.ndarray]:
    params = np.geomspace(1e8, 3e8, 10)
    loss = (406 / params**0.34 + 1.7) * np.exp(0.002 * np.random.default_rng(3).standard_normal(10))
    return {"params": params, "loss": loss}


def test_useless_candidates_end_in_stop() -> None:
    """Negative control: the curve is known inside the data to a fraction of one run's noise."""
    many = {k: np.tile(v, 20) for k, v in grid(1).items()}
    many["loss"] = many["loss"] * np.exp(0.02 * np.random.default_rng(2).standard_normal(320))
    found = next_runs(gn.fit("chinchilla", many, draws=200), {"params": 2e8, "tokens": 4e9}, budget=1e18)
    assert found.stop
    assert found.runs == ()
    assert "Stop" in found.why
    assert found.to_dict()["weighed_reason"]


def test_the_same_call_gives_the_same_document_and_bad_ones_are_refused() -> None:
    fit = gn.fit("chinchilla", grid(0), draws=100)
    assert next_runs(fit, TARGET, budget=1e20).to_json() == next_runs(fit, TARGET, budget=1e20).to_json()
    with pytest.raises(RefusalError, match="cheapest"):
        next_runs(fit, TARGET, budget=1e10)
    with pytest.raises(InputError, match="lacks tokens"):
        next_runs(fit, {"params": 7e9}, budget=1e20)
    with pytest.raises(InputError, match="positive number"):
        next_runs(fit, {"params": 7e9, "tokens": "many"}, budget=1e20)
    with pytest.raises(ColumnError, match="'loss'"):
        next_runs(fit, TARGET | {"loss": 2.0}, budget=1e20)
    with pytest.raises(ColumnError, match="Candidate 2 needs a positive tokens"):
        next_runs(fit, TARGET, budget=1e20, candidates=[{"params": 1e8, "tokens": 1e9}, {"params": 1e8}])
    with pytest.raises(RefusalError, match="draws"):
        next_runs(gn.fit("chinchilla", grid(0), intervals="none"), TARGET, budget=1e20)


def test_even_runs_cost_the_budget_and_keep_the_ratio() -> None:
    found = even_compute(1e17, 3e19)
    assert found is not None
    assert found.sum() == pytest.approx(3e19)
    assert np.diff(np.log(found)) == pytest.approx(np.full(4, np.log(found[1] / found[0])))
    assert even_compute(1e17, 4e17) is None
    runs = even_runs(gn.fit("chinchilla", grid(0), draws=50), 1e20)
    assert runs is not None
    assert float((6 * runs["params"] * runs["tokens"]).sum()) == pytest.approx(1e20)
    assert np.ptp(runs["tokens"] / runs["params"]) == pytest.approx(0, abs=1e-6)


def test_compute_is_counted_as_asked() -> None:
    fit = gn.fit("chinchilla", grid(0), draws=100)
    dense, eight = (next_runs(fit, TARGET, budget=1e20, cost=cost) for cost in ("6ND", "8ND"))
    assert dense.runs[0].flops == pytest.approx(6 * dense.runs[0].at["params"] * dense.runs[0].at["tokens"])
    assert eight.runs[0].flops == pytest.approx(8 * eight.runs[0].at["params"] * eight.runs[0].at["tokens"])
    by_flops = next_runs(fit, {"params": 7e9, "flops": 6 * 7e9 * 2e11}, budget=1e20)
    assert by_flops.target["tokens"] == pytest.approx(2e11)


def test_no_run_is_proposed_twice_where_a_repeat_says_nothing() -> None:
    fit = gn.fit("A / N^alpha + 1.7", measured_size(), draws=300)
    candidates = [{"params": 2e8, "flops": 1e18}, {"params": 5e9, "flops": 1e18}, {"params": 6e9, "flops": 1e18}]
    usual = next_runs(fit, {"params": 7e10}, budget=5e18, candidates=candidates)
    once = next_runs(fit, {"params": 7e10}, budget=5e18, candidates=candidates, once=True)
    assert len({run.at["params"] for run in usual.runs}) < len(usual.runs), "a noisy run is worth repeating"
    assert len({run.at["params"] for run in once.runs}) == len(once.runs)
    assert once.expected >= usual.expected
