"""Which runs to buy next."""

from __future__ import annotations

import numpy as np
import pytest

import gnomon as gn
from gnomon.errors import InputError, RefusalError
from gnomon.plan.next_runs import even_design, next_runs

TRUE = gn.laws.Chinchilla.besiroglu2024
TARGET = {"params": 7e9, "tokens": 2e11}


def measured(params: np.ndarray, tokens: np.ndarray, seed: int, noise: float = 0.004) -> dict[str, np.ndarray]:
    loss = TRUE(params=params, tokens=tokens) * np.exp(noise * np.random.default_rng(seed).standard_normal(len(params)))
    return {"params": params, "tokens": tokens, "loss": loss}


def grid(seed: int) -> dict[str, np.ndarray]:
    params, tokens = (a.ravel() for a in np.meshgrid(np.geomspace(5e7, 8e8, 4), np.geomspace(1e9, 1.6e10, 4)))
    return measured(params, tokens, seed)


def test_the_proposal_narrows_more_than_runs_spread_evenly_at_the_same_cost() -> None:
    found = next_runs(gn.fit("chinchilla", grid(0), draws=400), TARGET, budget=1e20)
    assert not found.stop
    assert found.spent <= found.budget
    assert found.even is not None
    assert found.half_width - found.expected > 1.5 * (found.half_width - found.even)
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
    with pytest.raises(RefusalError, match="draws"):
        next_runs(gn.fit("chinchilla", grid(0), intervals="none"), TARGET, budget=1e20)


def test_an_even_design_fits_its_budget() -> None:
    flops = np.geomspace(1e17, 1e20, 40)
    chosen = even_design(flops, 3e19)
    assert 0 < flops[chosen].sum() <= 3e19
    assert even_design(flops, 1e16) == []
