"""The global search finds the optimum from its own starts, on the surfaces of the literature and on published runs."""

from __future__ import annotations

import numpy as np
import pytest

from gnomon.fit.design import Design
from gnomon.fit.objective import OBJECTIVES
from gnomon.fit.search import search, starts
from gnomon.laws.chinchilla import Chinchilla


def isoflop_design(alpha: float, beta: float, width: float) -> Design:
    """Five budgets, nine sizes each within a factor `width` of the best size; constants of about Chinchilla's magnitude."""
    law = Chinchilla(E=1.69, A=400.0, alpha=alpha, B=400.0, beta=beta)
    budgets = np.repeat(np.geomspace(1e18, 1e22, 5), 9)
    best = (alpha * 400 / (beta * 400)) ** (1 / (alpha + beta)) * (budgets / 6) ** (beta / (alpha + beta))
    params = best * np.tile(np.geomspace(1 / width, width, 9), 5)
    tokens = budgets / (6 * params)
    return Design(Chinchilla, (params, tokens), law.formula(params, tokens), np.arange(45))


@pytest.mark.parametrize(("alpha", "beta"), [(0.31, 0.31), (0.34, 0.28), (0.465, 0.155)])
def test_noise_free_surfaces_are_recovered_at_twenty_grid_widths(alpha: float, beta: float) -> None:
    for width in np.geomspace(1.5, 16, 20):
        design = isoflop_design(alpha, beta, width)
        found = design.values(search(design, OBJECTIVES["huber"]).theta)
        assert found["alpha"] == pytest.approx(alpha, rel=1e-6)
        assert found["beta"] == pytest.approx(beta, rel=1e-6)


def test_most_starts_agree_on_published_runs(chinchilla_240: tuple[np.ndarray, ...]) -> None:
    params, tokens, loss = chinchilla_240
    found = search(Design(Chinchilla, (params, tokens), loss, np.arange(240)), OBJECTIVES["huber"])
    assert found.value == pytest.approx(0.001018274017704, rel=1e-9)
    assert found.at_best >= 0.8 * found.tried
    assert found.decrement < 1e-8


def test_starts_do_not_depend_on_units() -> None:
    a = isoflop_design(0.34, 0.28, 4.0)
    b = Design(Chinchilla, (a.inputs[0] * 1e-9, a.inputs[1] * 3.0), a.output * 7, a.groups)
    np.testing.assert_allclose(starts(a), starts(b), rtol=1e-6, atol=1e-6)
