"""The isoFLOP cross-check: exact where it must be, biased as theory says, and honest about edges."""

import math

import numpy as np
import pytest

from gnomon.errors import InputError, RefusalError
from gnomon.fit import fit
from gnomon.laws.chinchilla import Chinchilla
from gnomon.plan.budgets import find_budgets
from gnomon.plan.cost import dense6
from gnomon.plan.isoflop import isoflop
from gnomon.plan.line import power_line
from gnomon.plan.optimum import best_split
from gnomon.plan.parabola import fit_parabola, parabola_bias
from gnomon.plan.surface import Surface
from gnomon.runs import read_runs

BUDGETS = np.array([1e18, 1e19, 1e20, 1e21])


def surface(alpha, beta, *, floor=1.7, params=1e8):
    """A law whose best size at 1e18 FLOP is `params`, with an excess loss of .5 there."""
    tokens = 1e18 / 6 / params
    return Chinchilla(E=floor, A=0.25 / alpha * params**alpha, alpha=alpha, B=0.25 / beta * tokens**beta, beta=beta)


def study(law, factor, points=15, *, off=0.0, budgets=BUDGETS):
    """Noise-free runs from 1/factor to factor times the best size, moved off centre by `off` in ln params."""
    a = law.beta / (law.alpha + law.beta)
    flops = np.repeat(budgets, points)
    best = 1e8 * (flops / 1e18) ** a
    params = best * np.exp(np.tile(np.linspace(-1, 1, points), len(budgets)) * math.log(factor) + off)
    tokens = flops / 6 / params
    return {"params": params, "tokens": tokens, "flops": flops, "loss": law(params=params, tokens=tokens)}


@pytest.mark.parametrize("factor", [2, 4, 8, 16])
def test_a_symmetric_surface_has_no_bias(factor):
    law = surface(0.31, 0.31)
    found = isoflop(study(law, factor), law=law)
    shifts = np.log([p.params for p in found.parabolas]) - np.log(1e8 * (BUDGETS / 1e18) ** 0.5)
    assert np.abs(shifts).max() < 1e-10
    assert np.abs([p.bias for p in found.parabolas]).max() < 1e-10
    assert found.line.slope == pytest.approx(0.5, rel=1e-9)
    assert found.leading_bias == 0.0


# Law-catalogue R4: shift of N in percent for 15 sizes, computed there for the same exponents.
@pytest.mark.parametrize(
    ("alpha", "beta", "shifts"),
    [(0.34, 0.28, (0.33, 1.3, 3.0, 5.4)), (0.465, 0.155, (1.7, 6.9, 16.0, 30.0))],
)
def test_the_shift_of_the_minimum_is_the_published_one(alpha, beta, shifts):
    law = surface(alpha, beta)
    for factor, expected in zip((2, 4, 8, 16), shifts, strict=True):
        found = isoflop(study(law, factor), law=law)
        measured = np.expm1([p.bias for p in found.parabolas])
        np.testing.assert_allclose(100 * measured, expected, rtol=0.02)
        if factor <= 4:  # the leading order is good to 10 % there
            assert parabola_bias(alpha, beta, math.log(factor), 15) == pytest.approx(math.log1p(measured[0]), rel=0.1)
        # A constant shift leaves the exponent alone, and taking it out gives the law's own sizes.
        assert found.line.slope == pytest.approx(beta / (alpha + beta), rel=1e-9)
        assert found.corrected.at(1e18)[0] == pytest.approx(1e8, rel=1e-9)


@pytest.mark.parametrize("points", [7, 10])
def test_the_leading_order_holds_for_even_and_odd_numbers_of_sizes(points):
    law = surface(0.465, 0.155)
    found = isoflop(study(law, 2, points), law=law)
    assert found.leading_bias == pytest.approx(found.parabolas[0].bias, rel=0.02)


def test_a_drifting_grid_biases_the_exponent_and_the_correction_repairs_it():
    law = surface(0.465, 0.155)
    drifting = study(law, 4, off=0.0)
    steps = np.repeat(np.linspace(-0.9, 0.9, len(BUDGETS)), 15)
    drifting["params"] = drifting["params"] * np.exp(steps)
    drifting["tokens"] = drifting["flops"] / 6 / drifting["params"]
    drifting["loss"] = law(params=drifting["params"], tokens=drifting["tokens"])
    found = isoflop(drifting, law=law)
    true = law.beta / (law.alpha + law.beta)
    assert abs(found.line.slope - true) > 0.005
    assert found.corrected.slope == pytest.approx(true, abs=1e-9)
    assert found.law_exponent == pytest.approx(true, abs=1e-9)


def test_a_minimum_outside_the_window_is_hollow_and_left_out():
    law = surface(0.34, 0.28)
    runs = study(law, 3)
    moved = runs["flops"] == 1e21
    runs["params"] = np.where(moved, runs["params"] * 8, runs["params"])
    runs["tokens"] = runs["flops"] / 6 / runs["params"]
    runs["loss"] = law(params=runs["params"], tokens=runs["tokens"])
    found = isoflop(runs)
    assert [p.verdict for p in found.parabolas] == ["inside", "inside", "inside", "outside"]
    assert found.parabolas[3].hollow
    assert found.bracketed == 3
    assert [n.code for n in found.notices] == ["isoflop-edge"]
    assert "train one more size" in found.notices[0].message
    assert found.line.slope == pytest.approx(law.beta / (law.alpha + law.beta), rel=1e-6)


def test_a_parabola_that_opens_downward_has_no_minimum():
    sizes = np.geomspace(1e7, 1e9, 7)
    upside_down = fit_parabola(sizes, 3.0 - 0.01 * np.log(sizes / 1e8) ** 2, 1e18)
    assert upside_down.verdict == "no minimum"
    assert upside_down.params is None
    assert upside_down.hollow
    found = isoflop({"params": sizes, "flops": np.full(7, 1e18), "loss": 3.0 - 0.01 * np.log(sizes / 1e8) ** 2})
    assert found.line is None
    with pytest.raises(RefusalError, match="0 of 1 budgets"):
        found.params(1e20)
    document = found.to_dict()
    assert document["exponent"] is None
    assert document["exponent_reason"]
    assert document["budgets"][0]["params_reason"] == "the parabola has no minimum"


def test_a_flat_budget_has_an_unbounded_interval():
    rng = np.random.default_rng(0)
    sizes = np.geomspace(9e7, 1.1e8, 8)
    flat = fit_parabola(sizes, 2.0 + 1e-4 * np.log(sizes / 1e8) ** 2 + 0.01 * rng.standard_normal(8), 1e18)
    assert flat.low is None
    assert flat.verdict != "inside"


def test_the_interval_of_the_minimum_covers_it_as_often_as_it_says():
    rng = np.random.default_rng(3)
    sizes = np.geomspace(2e7, 5e8, 8)
    true = 2.0 + 0.02 * np.log(sizes / 1e8) ** 2
    covered = []
    for _ in range(600):
        p = fit_parabola(sizes, true + 0.004 * rng.standard_normal(8), 1e18)
        covered.append(p.low is not None and p.low <= 1e8 <= p.high)
    assert 0.86 < np.mean(covered) < 0.94


def test_the_interval_of_the_exponent_covers_it_as_often_as_it_says():
    law = surface(0.34, 0.34)
    runs = study(law, 4, 8)
    rng = np.random.default_rng(4)
    covered = []
    for _ in range(300):
        noisy = runs | {"loss": runs["loss"] * np.exp(0.003 * rng.standard_normal(len(runs["loss"])))}
        line = isoflop(noisy).line
        covered.append(line.low <= 0.5 <= line.high)
    assert 0.85 < np.mean(covered) < 0.97


def test_the_best_size_ten_times_further_is_covered():
    law = Chinchilla.hoffmann2022
    budgets = np.geomspace(1e18, 1e20, 5)
    cost = Surface(law, dense6)
    true = best_split(cost, 1e21).params[0]
    flops = np.repeat(budgets, 7)
    params = best_split(cost, flops).params * np.tile(np.geomspace(1 / 4, 4, 7), 5)
    tokens = flops / 6 / params
    rng = np.random.default_rng(8)
    covered = []
    for _ in range(200):
        loss = law(params=params, tokens=tokens) * np.exp(0.005 * rng.standard_normal(35))
        _, low, high = isoflop({"params": params, "flops": flops, "loss": loss}).params(1e21)
        covered.append(low <= true <= high)
    assert 0.84 <= np.mean(covered) <= 0.98


def test_budgets_are_found_among_background_runs():
    rng = np.random.default_rng(5)
    budgets = np.concatenate([c * np.exp(0.03 * rng.uniform(-1, 1, 12)) for c in (1e18, 1e19, 1e20)])
    background = 10 ** rng.uniform(17.5, 20.5, 30)
    flops = np.concatenate([budgets, background])
    groups = find_budgets(flops, tolerance=0.1)
    centres = [np.exp(np.mean(np.log(flops[g]))) for g in groups]
    for c in (1e18, 1e19, 1e20):
        assert np.min(np.abs(np.log(centres) - math.log(c))) < 0.05
    named = find_budgets(flops, tolerance=0.1, budgets=[1e19])
    assert len(named) == 1
    assert np.all(np.abs(np.log(flops[named[0]] / 1e19)) < 0.1)


def test_chinchillas_nine_budgets_are_found_in_the_public_points(public_data):
    import csv

    with public_data("chinchilla_epoch/points.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if float(row["epoch_excluded"]) == 0]
    runs = {name: np.array([float(row[name]) for row in rows]) for name in ("params", "tokens", "flops", "loss")}
    law = Chinchilla.besiroglu2024_grid
    found = isoflop(runs, law=law)
    centres = np.array([p.flops for p in found.parabolas])
    for budget in (6e18, 1e19, 3e19, 6e19, 1e20, 3e20, 6e20, 1e21, 3e21):
        assert np.abs(np.log(centres / budget)).min() < 0.12  # read off a figure: up to 10 % low
    # Hoffmann et al. 2022, table 2, approach 2: .49 (.462 to .534).
    assert found.line.low < 0.49 < found.line.high
    assert found.line.slope == pytest.approx(0.50, abs=0.02)
    assert found.loose == 240 - sum(len(g) for g in found.rows)


# nanochat dev/LOG.md: best params and tokens at four budgets, three ways of counting; plain regression of the rows.
NANOCHAT = {
    "transformer and unembedding": (
        [110678115, 167797457, 250650865, 381758347],
        [1241505403, 1785336422, 2642234152, 3806871243],
        0.524,
        0.479,
    ),
    "all": (
        [416320605, 560239841, 741495903, 988644331],
        [1232157011, 1763669281, 2629909368, 3884841895],
        0.366,
        0.490,
    ),
    "transformer matrices": (
        [80259665, 131488566, 220985474, 401213504],
        [1315639547, 1864134141, 2595328843, 3328704512],
        0.681,
        0.397,
    ),
}


@pytest.mark.parametrize("count", sorted(NANOCHAT))
def test_regression_of_nanochats_table(count):
    params, tokens, a, b = NANOCHAT[count]
    printed = np.array([1e18, 2e18, 5e18, 1e19])
    assert power_line(printed, np.array(params)).slope == pytest.approx(a, abs=0.002)
    assert power_line(printed, np.array(tokens)).slope == pytest.approx(b, abs=0.002)


def test_a_line_through_two_points_has_no_interval():
    line = power_line(np.array([1.0, 10.0]), np.array([2.0, 20.0]))
    assert line.slope == pytest.approx(1.0)
    assert (line.low, line.high, line.slope_se) == (None, None, None)
    value, low, high = line.at(100.0)
    assert value == pytest.approx(200.0)
    assert (low, high) == (None, None)


def test_tables_without_budgets_are_refused():
    rng = np.random.default_rng(6)
    params = 10 ** rng.uniform(7, 9, 12)
    flops = np.geomspace(1e18, 1e21, 12)
    with pytest.raises(RefusalError, match="not an isoFLOP study"):
        isoflop({"params": params, "flops": flops, "loss": np.full(12, 3.0)})
    with pytest.raises(InputError, match="column loss"):
        isoflop({"params": params, "flops": flops})
    with pytest.raises(InputError, match="tolerance"):
        isoflop({"params": params, "flops": flops, "loss": params}, tolerance=2.0)


def test_another_way_of_counting_flops_is_pointed_out():
    law = surface(0.34, 0.28)
    runs = study(law, 4)
    found = isoflop(runs | {"flops": 1.3 * runs["flops"]}, law=law)
    assert found.flops_ratio == pytest.approx(1.3)
    assert [n.code for n in found.notices] == ["flops-convention"]
    assert found.law_params[0] == pytest.approx(1e8, rel=1e-6)
    assert found.parabolas[0].bias == pytest.approx(isoflop(runs, law=law).parabolas[0].bias)


def test_the_bias_explains_a_skewed_public_study(public_data):
    """Marin's comma corpus: alpha near twice beta, so that parabolas grow too fast; the correction halves the gap."""
    runs = read_runs(public_data("isoflops/points.csv"), where="family = 'marin_202603__comma__llama_2'")
    runs = runs.where("curator_outlier = 0")
    law = fit("chinchilla", runs, intervals="none").law
    columns = {name: np.asarray(runs[name], float) for name in ("params", "tokens", "loss")}
    found = isoflop(columns | {"flops": np.asarray(runs["flops_budget"], float)}, law=law)
    assert found.bracketed == 6
    assert found.leading_bias > 0.05
    assert found.law_exponent < found.corrected.slope < found.line.slope


def test_tokens_stand_in_for_flops_through_the_cost_model():
    law = surface(0.34, 0.28)
    runs = study(law, 4)
    flops = runs.pop("flops")
    assert isoflop(runs).parabolas[0].flops == pytest.approx(flops[0], rel=1e-9)
