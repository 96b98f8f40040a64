"""Many small tables of one law, and small tables far from their law."""

from __future__ import annotations

import numpy as np
import pytest

import gnomon as gn
from gnomon.errors import InputError
from gnomon.fit.design import Design
from gnomon.fit.many import search_many
from gnomon.fit.objective import OBJECTIVES
from gnomon.fit.search import search
from gnomon.laws import law


def table(seed: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.geomspace(1e3, 1e6 * (1 + seed), rows)
    return x, (0.4 + 9.0 * x**-0.3) * np.exp(0.01 * rng.standard_normal(rows))


@pytest.mark.parametrize("name", ["pow_floor", "m3", "m4"])
def test_a_batch_of_tables_ends_where_each_alone_ends(name: str) -> None:
    cls = law(name).of("samples")
    tables = [table(seed, rows) for seed, rows in enumerate((12, 30, 14))]
    designs = [Design(cls, (x,), y, np.arange(len(x))) for x, y in tables]
    together = search_many(designs, OBJECTIVES["squared_log"])
    for design, found in zip(designs, together, strict=True):
        alone = search(design, OBJECTIVES["squared_log"])
        assert found.value <= alone.value * (1 + 1e-4)
        assert found.tried == alone.tried


def test_a_batch_takes_no_design_with_weights() -> None:
    x, y = table(0, 12)
    design = Design(law("pow_floor").of("samples"), (x,), y, np.arange(12), np.ones(12))
    with pytest.raises(InputError, match="without priors and weights"):
        search_many([design], OBJECTIVES["squared_log"])


def test_rows_far_from_the_law_under_a_narrow_threshold_are_fitted() -> None:
    """Residuals of ten thresholds make a bent, narrow valley; straight steps ran out of patience in it."""
    sizes, lengths = np.meshgrid(np.geomspace(2e8, 1.3e9, 4), [20.0, 40.0, 100.0, 200.0])
    params, tokens = sizes.ravel(), (sizes * lengths).ravel()
    converged = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        loss = (0.02 + 60 * params**-0.28 + 90 * tokens**-0.25) * np.exp(0.03 * rng.standard_normal(16))
        found = gn.fit("chinchilla", {"params": params, "tokens": tokens, "loss": loss}, intervals="none")
        converged += found.starts.converged
    assert converged > 0.6 * 6 * found.starts.tried  # 40 % with straight steps alone
