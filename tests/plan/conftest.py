"""A stand-in for a fit: Chinchilla's constants with draws along the ridge that real refits lie on."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from gnomon.laws.chinchilla import Chinchilla


class StandIn:
    """What a plan reads of a fit, no more."""

    response = "loss"
    intervals = "bootstrap"
    notices = ()

    def __init__(self, draws: int = 400, *, spread: float = 1.0, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.law = Chinchilla.besiroglu2024_grid
        v = self.law.values
        budgets = np.repeat(np.geomspace(1e19, 1e22, 4), 9)
        params = 6e8 * (budgets / 1e20) ** 0.5 * np.tile(np.geomspace(1 / 8, 8, 9), 4)
        tokens = budgets / 6 / params
        self.data = {"params": params, "tokens": tokens, "loss": self.law(params=params, tokens=tokens)}
        self.range = {name: (float(x.min()), float(x.max())) for name, x in self.data.items()}
        self.runs_used = len(params)
        if draws:
            alpha = v["alpha"] + 0.015 * spread * rng.standard_normal(draws)
            beta = v["beta"] + 0.020 * spread * rng.standard_normal(draws)
            self.values = {
                "E": v["E"] + 0.5 * (alpha - v["alpha"]) + 0.4 * (beta - v["beta"]),
                "A": v["A"] * np.exp((alpha - v["alpha"]) * np.log(params).mean()),
                "alpha": alpha,
                "B": v["B"] * np.exp((beta - v["beta"]) * np.log(tokens).mean()),
                "beta": beta,
            }
        else:
            self.values = None
            self.intervals = "none"

    def law_draws(self) -> Chinchilla | None:
        return None if self.values is None else Chinchilla(**{k: x[:, None] for k, x in self.values.items()})

    def loss_interval(self, at):
        """Two percent either side of the law for a new run, one for the curve."""
        found = []
        for point in at:
            loss = self.law(**point)
            found.append(
                SimpleNamespace(low=0.98 * loss, high=1.02 * loss, curve_low=0.99 * loss, curve_high=1.01 * loss)
            )
        return found


@pytest.fixture
def stand_in():
    return StandIn


@pytest.fixture(scope="session")
def fitted():
    return StandIn()
