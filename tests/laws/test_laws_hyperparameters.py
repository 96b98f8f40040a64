"""Laws of settings: fitted from tables of optima, forecast, against public sweeps, and completed through a point."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gnomon.errors import InputError, UnknownNameError
from gnomon.fit import fit
from gnomon.forecast import forecast
from gnomon.laws import law
from gnomon.laws.anchored import Anchored
from gnomon.laws.catalogue import CATALOGUE
from gnomon.laws.hyperparameters.allocation import EXPONENTS, OptimalParams, OptimalTokens
from gnomon.laws.hyperparameters.batch_rules import BatchDecay, BatchLR
from gnomon.laws.hyperparameters.power_lines import PowerLinesDecay
from gnomon.laws.hyperparameters.step_law import StepLawBatch, StepLawLR
from gnomon.laws.hyperparameters.width import MupLR, WidthDecay, WidthSingular
from gnomon.plan import allocate

PublicData = Callable[[str], Path]


def columns(path: Path) -> dict[str, np.ndarray]:
    with path.open(newline="") as file:
        table = list(csv.DictReader(file))
    return {name: np.array([row[name] for row in table]) for name in table[0]}


def test_step_law_constants_are_the_means_of_the_published_fits(public_data: PublicData) -> None:
    """The public tool averages the coefficients of 1000 bootstrap fits in natural logarithms."""
    table = {k: v.astype(float) for k, v in columns(public_data("steplaw/published_bootstrap_fits.csv")).items()}
    assert len(table["bootstrap"]) == 1000
    lr, batch = StepLawLR.li2025, StepLawBatch.li2025
    assert math.log(lr.c) == pytest.approx(table["lr_intercept"].mean(), abs=1e-5)
    assert lr.a == pytest.approx(table["lr_coefN"].mean(), abs=1e-5)
    assert lr.b == pytest.approx(table["lr_coefD"].mean(), abs=1e-5)
    assert math.log(batch.c) == pytest.approx(table["bs_intercept"].mean(), abs=1e-5)
    assert batch.b == pytest.approx(table["bs_coefD"].mean(), abs=1e-5)


def near_optimal(path: Path, share: float) -> dict[str, np.ndarray]:
    """Rows whose loss lies within `share` of the least in their cell, as the public fit takes them."""
    table = columns(path)
    loss, cell = table["loss"].astype(float), table["cell"]
    least = {name: loss[cell == name].min() for name in np.unique(cell)}
    keep = loss / np.array([least[name] for name in cell]) - 1 < share
    names = ("params", "tokens", "lr", "batch_tokens")
    return {name: table[name][keep].astype(float) for name in names} | {"run": cell[keep]}


def test_step_law_fitted_to_the_public_sweeps(public_data: PublicData) -> None:
    """Least squares in logarithms on the near-optimal runs: 88 rows, exponents -0.7611, 0.1947 and 0.5977.

    The published exponents (-0.713, 0.307, 0.571) come from 17 cells, of which 12 are at hand; the prescribed procedure
    does not give them on these (see the step law's entry on its constant).
    """
    rows = near_optimal(public_data("steplaw/dense.csv"), 0.0025)
    assert len(rows["lr"]) == 88
    lr = fit("step_law_lr", rows, objective="squared_log", intervals="none").law
    batch = fit("step_law_batch", rows, objective="squared_log", intervals="none").law
    assert lr.c == pytest.approx(73.06, rel=1e-3)
    assert (lr.a, lr.b) == pytest.approx((-0.7611, 0.1947), abs=1e-4)
    assert batch.c == pytest.approx(0.3025, rel=1e-3)
    assert batch.b == pytest.approx(0.5977, abs=1e-4)


def test_step_law_intervals_come_from_cells(public_data: PublicData) -> None:
    """Rows of one cell move together: resampled cells give exponents that differ by several tenths, with -0.713 inside."""
    rows = near_optimal(public_data("steplaw/dense.csv"), 0.0025)
    found = fit("step_law_lr", rows, objective="squared_log", level=0.95, draws=200)
    size = found.parameters["a"]
    assert size.low < StepLawLR.li2025.a < size.high
    assert 0.3 < size.high - size.low < 0.9


def test_step_law_snapped_to_the_grid_loses_a_tenth_of_a_percent(public_data: PublicData) -> None:
    """The published law at the nearest run of each cell: the excess of every cell, 0.08 to 0.11 % on average."""
    table = columns(public_data("steplaw/dense.csv"))
    optima = columns(public_data("steplaw/dense_cell_optima.csv"))
    number = {k: table[k].astype(float) for k in ("params", "tokens", "lr", "batch_tokens", "loss")}
    excess = []
    for cell in optima["cell"]:
        here = table["cell"] == cell
        lr = StepLawLR.li2025(params=number["params"][here][0], tokens=number["tokens"][here][0])
        batch = StepLawBatch.li2025(tokens=number["tokens"][here][0])
        off = np.hypot(np.log2(number["lr"][here] / lr), np.log2(number["batch_tokens"][here] / batch))
        loss = number["loss"][here]
        excess.append(100 * (loss[np.argmin(off)] / loss.min() - 1))
    np.testing.assert_allclose(excess, optima["excess_percent"].astype(float), atol=1e-6)
    assert len(excess) == 12
    assert 0.08 < np.mean(excess) < 0.11
    assert np.max(excess) < 0.26


def test_step_law_leaves_a_cell_out_and_finds_it(public_data: PublicData) -> None:
    """Refitted without a cell and snapped to its grid the law loses 0.12 % at most on average; a constant setting 0.41 %."""
    rows = near_optimal(public_data("steplaw/dense.csv"), 0.0025)
    table = columns(public_data("steplaw/dense.csv"))
    number = {k: table[k].astype(float) for k in ("params", "tokens", "lr", "batch_tokens", "loss")}
    excess, constant = [], []
    for cell in np.unique(table["cell"]):
        rest = {k: v[rows["run"] != cell] for k, v in rows.items()}
        here = table["cell"] == cell
        at = {"params": number["params"][here][0], "tokens": number["tokens"][here][0]}
        lr = fit("step_law_lr", rest, objective="squared_log", intervals="none").law(**at)
        batch = fit("step_law_batch", rest, objective="squared_log", intervals="none").law(tokens=at["tokens"])
        still = np.exp(np.log(rest["lr"]).mean()), np.exp(np.log(rest["batch_tokens"]).mean())
        loss = number["loss"][here]
        for (rate, size), into in (((lr, batch), excess), (still, constant)):
            off = np.hypot(np.log2(number["lr"][here] / rate), np.log2(number["batch_tokens"][here] / size))
            into.append(100 * (loss[np.argmin(off)] / loss.min() - 1))
    assert np.mean(excess) <= 0.12
    assert np.mean(constant) > 3 * np.mean(excess)


def test_a_fitted_setting_is_forecast() -> None:
    rng = np.random.default_rng(0)
    params, tokens = (np.repeat([6e7, 2e8, 6e8, 1e9], 3), np.tile([4e9, 2e10, 1e11], 4))
    best = StepLawLR.li2025(params=params, tokens=tokens) * np.exp(rng.normal(0.0, 0.1, 12))
    found = fit("step_law_lr", {"params": params, "tokens": tokens, "lr": best}, objective="squared_log", draws=200)
    (point,) = forecast(found, [{"params": 7e9, "tokens": 1.4e12}]).points
    assert point.low < StepLawLR.li2025(params=7e9, tokens=1.4e12) < point.high
    assert found.response == "lr"
    assert set(point.laws) == {"step_law_lr"}  # laws of a falling loss say nothing of a learning rate


def test_a_setting_is_not_minimised() -> None:
    with pytest.raises(InputError, match="gives lr, which is a setting"):
        allocate(StepLawLR.li2025, flops=1e22)
    with pytest.raises(InputError, match="gives batch_tokens"):
        allocate(law("batch_tokens = c*N^a*D^b")(c=1.0, a=0.1, b=0.5), flops=1e22)


# Rules completed by a point -------------------------------------------------------------------------------------------

ANCHORED = [spec for spec in CATALOGUE if issubclass(law(spec), Anchored)]


@pytest.mark.parametrize("spec", ANCHORED)
def test_every_shape_passes_through_its_point(spec: str) -> None:
    entry = law(spec)
    assert issubclass(entry, Anchored)
    assert entry.shapes
    point = {name: float(values[7]) for name, values in entry.design().items()}
    value = float(entry.example()(**point))
    for shape, constants in entry.shapes.items():
        assert set(constants.values) == set(entry.parameters) - {entry.amplitude}
        assert constants.source
        found = entry.through(shape, **point, **{entry.output: value})
        assert found(**point) == pytest.approx(value, rel=1e-12)
        assert found.provenance is constants
    listed = {c["name"]: c for c in entry.to_dict()["constants"]}
    assert listed[shape]["values"][entry.amplitude] is None


def test_a_rule_asks_for_the_whole_point() -> None:
    with pytest.raises(InputError, match="gives width, lr; got width"):
        MupLR.through("mup_adam", width=256)
    with pytest.raises(UnknownNameError, match="mup_adamw"):
        MupLR.through("mup_adamw", width=256, lr=0.01)
    with pytest.raises(InputError, match="above 0"):
        MupLR.through("mup_adam", width=256, lr=-0.01)


def test_width_rules_hold_the_largest_singular_value() -> None:
    """Fan et al. 2025: with lr ~ 1 / d and sigma ~ sqrt(lr / wd) d^s, wd ~ d^(2 s - 1) leaves sigma where it was."""
    wide = 256 * np.array([1.0, 4.0, 16.0])
    lr = MupLR.through("mup_adam", width=256, lr=0.01)(width=wide)
    for shape, exponent in (("fan2025", 0.5), ("noise", 0.0), ("independent", 1.0)):
        rule = WidthDecay.through(shape, width=256, weight_decay=0.1)
        decay = rule(width=wide)
        np.testing.assert_allclose(decay, 0.1 * (wide / 256) ** exponent, rtol=1e-12)
        sigma = WidthSingular(k=1.0, h=0.5, s=rule.s)(lr=lr, weight_decay=decay, width=wide)
        np.testing.assert_allclose(sigma, sigma[0], rtol=1e-12)
        if shape == "independent":
            np.testing.assert_allclose(lr * decay, lr[0] * decay[0], rtol=1e-12)


def test_nanochat_keeps_the_time_scale_of_adamw() -> None:
    """lr ~ sqrt(B) and wd ~ sqrt(B) / D keep B / (lr wd D), the share of training AdamW averages over."""
    batch, tokens = np.array([2**18, 2**19, 2**20], float)[:, None], np.array([1e10, 1e11])
    lr = BatchLR.through("nanochat", batch_tokens=2**19, lr=0.02)(batch_tokens=batch)
    decay = BatchDecay.through("nanochat", batch_tokens=2**19, tokens=1e10, weight_decay=0.2)(
        batch_tokens=batch, tokens=tokens
    )
    share = batch / (lr * decay * tokens)
    np.testing.assert_allclose(share, share[0, 0], rtol=1e-12)


def test_power_lines_put_tau_where_it_is_best() -> None:
    at = {"params": 1e9, "tokens": 2e10, "batch_tokens": 1e6, "lr": 0.001}
    decay = PowerLinesDecay.bergsma2025(**at)
    tau = at["batch_tokens"] / (at["lr"] * decay * at["tokens"])
    assert tau == pytest.approx(1.084 * 20**-0.527, rel=1e-12)


def test_allocations_of_henighan_have_their_median_exponent() -> None:
    """Henighan et al. 2020: beta about 0.7 in every domain."""
    exponents = [c.a for c in OptimalParams.constants().values()]
    assert np.median(exponents) == pytest.approx(0.70, abs=0.02)
    assert set(OptimalParams.shapes) == set(OptimalTokens.shapes) == set(EXPONENTS)


@pytest.mark.parametrize("convention", ["kaplan_with_lm_head", "all_parameters", "transformer_only"])
def test_nanochat_optima_are_fitted_as_a_law(public_data: PublicData, convention: str) -> None:
    """Plain regression of the four printed optima: .524/.479, .366/.490, .681/.397."""
    expected = {
        "kaplan_with_lm_head": (0.524, 0.479),
        "all_parameters": (0.366, 0.490),
        "transformer_only": (0.681, 0.397),
    }[convention]
    table = columns(public_data("nanochat/isoflop_optima.csv"))
    here = table["param_count_convention"] == convention
    rows = {
        "flops": table["flops"][here].astype(float),
        "params": table["params_optimal"][here].astype(float),
        "tokens": table["tokens_optimal"][here].astype(float),
    }
    a = fit("optimal_params", rows, objective="squared_log", intervals="none").law.a
    b = fit("optimal_tokens", rows, objective="squared_log", intervals="none").law.b
    assert (a, b) == pytest.approx(expected, abs=1e-3)
