"""Fixed and transferred parameters: against the same law written without them, and against families that do not share them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gnomon.errors import InputError, RefusalError, UnknownNameError
from gnomon.fit import Fit, fit
from gnomon.fit.design import Design
from gnomon.fit.estimate import make_design
from gnomon.fit.held import Donor, Held, held_of, tied
from gnomon.fit.objective import OBJECTIVES
from gnomon.fit.profile import covariance
from gnomon.fit.size_terms import MIDDLE, size_terms
from gnomon.fit.within import blocks, within
from gnomon.forecast.track import track_record
from gnomon.laws import Chinchilla, law
from gnomon.runs import read_runs

FORMULA = "loss = E + A / params^alpha + B / tokens^beta"
TRUE = Chinchilla.besiroglu2024
SIZES = np.geomspace(1e8, 3e9, 6)
TOKENS = np.geomspace(2e9, 6e10, 8)
J = list(law("pow(tokens)").parameters).index("a")


def family(
    of: Chinchilla, sizes: Any, tokens: Any, seed: int, rows: float = 0.003, runs: float = 0.0
) -> dict[str, Any]:
    """Checkpoints of one run a size: noise of rows, and noise that a run shares."""
    rng = np.random.default_rng(seed)
    n, d = (x.ravel() for x in np.meshgrid(sizes, tokens, indexing="ij"))
    noise = rows * rng.standard_normal(len(n)) + np.repeat(runs * rng.standard_normal(len(sizes)), len(tokens))
    return {"run": [f"{x:.3g}" for x in n], "params": n, "tokens": d, "loss": of(params=n, tokens=d) * np.exp(noise)}


def changed(**values: float) -> Chinchilla:
    return Chinchilla(**({k: float(v) for k, v in TRUE.values.items()} | values))


@pytest.fixture(scope="module")
def donor() -> Fit:
    return fit("chinchilla", family(TRUE, SIZES, TOKENS, 1), draws=300)


# Fixed parameters -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fixed", [{"alpha": 0.33}, {"A": 400.0}, {"A": 400.0, "alpha": 0.33}, {"E": 1.7}])
def test_fixing_is_the_same_as_a_formula_with_that_number_in_it(fixed: dict[str, float]) -> None:
    rows = family(TRUE, SIZES, TOKENS, 2)
    pinned = "; ".join([FORMULA, *(f"{k} = {v}" for k, v in fixed.items())])
    ours, other = fit("chinchilla", rows, fixed=fixed, draws=50), fit(pinned, rows, draws=50)
    assert ours.value == pytest.approx(other.value, rel=1e-6)
    assert ours.fitted == tuple(other.parameters)
    for name, known in other.parameters.items():
        assert ours.parameters[name].value == pytest.approx(known.value, rel=1e-4)
        assert ours.parameters[name].se == pytest.approx(known.se, rel=1e-2)
    assert ours.residual_sd == pytest.approx(other.residual_sd, rel=1e-6)
    at = {"params": 1e10, "tokens": 2e11}
    assert ours.forecast(**at).value[0] == pytest.approx(other.forecast(**at).value[0], rel=1e-5)
    for name, value in fixed.items():
        estimate = ours.parameters[name]
        assert (estimate.value, estimate.low, estimate.se) == (pytest.approx(value), None, None)
        assert estimate.reason == "fixed at this value"
        assert ours.draws is not None
        assert np.ptp(ours.draws[name]) < 1e-9 * value


@pytest.mark.parametrize("intervals", ["profile", "none", "wild", "parametric", "bootstrap", "within"])
def test_every_engine_leaves_what_is_fixed_alone(intervals: str) -> None:
    found = fit("chinchilla", family(TRUE, SIZES, TOKENS, 2), fixed={"alpha": 0.33}, intervals=intervals, draws=40)
    assert found.parameters["alpha"].value == pytest.approx(0.33)
    assert found.parameters["alpha"].low is None
    assert found.parameters["beta"].low is None if intervals == "none" else found.parameters["beta"].se > 0


@settings(max_examples=6, deadline=None, phases=[Phase.generate])
@given(
    st.sampled_from([("alpha",), ("E",), ("A", "alpha"), ("E", "B", "beta")]), st.floats(0.8, 1.25), st.floats(-6, 6)
)
def test_the_unit_of_the_inputs_does_not_matter(names: tuple[str, ...], factor: float, decades: float) -> None:
    """Of an amplitude with its exponent: alone it fixes the term at one unit of the input, whichever that is."""
    rows = family(TRUE, SIZES, TOKENS, 3)
    here = changed(**{name: float(TRUE.values[name]) * factor for name in names})
    unit = 10.0**decades
    there = here.rescaled(params=unit)
    small = rows | {"params": np.asarray(rows["params"]) / unit}
    found = [
        fit(
            "chinchilla",
            table,
            fixed={name: float(of.values[name]) for name in names},
            intervals="none",
            objective="squared_log",
        )
        for table, of in ((rows, here), (small, there))
    ]
    assert found[1].value == pytest.approx(found[0].value, rel=1e-5, abs=1e-12)
    predicted = [
        f.law(params=np.asarray(t["params"]), tokens=t["tokens"]) for f, t in zip(found, (rows, small), strict=True)
    ]
    np.testing.assert_allclose(predicted[1], predicted[0], rtol=1e-5)


def test_what_is_held_has_no_covariance_and_leaves_a_degree_of_freedom() -> None:
    rows = read_runs(family(TRUE, SIZES, TOKENS, 2))
    design = make_design(Chinchilla, rows, held=Held({"alpha": 0.33}))
    assert (design.p, design.free) == (5, 4)
    found = design.solve(OBJECTIVES["squared_log"], design.hold(design.theta(TRUE.values)[None]))
    spread = covariance(design, OBJECTIVES["squared_log"], found.theta[0])
    j = list(Chinchilla.parameters).index("alpha")
    assert not spread[j].any()
    assert (np.delete(np.diag(spread), j) > 0).all()


def test_a_value_far_beyond_the_bounds_of_a_fit_is_kept() -> None:
    found = fit("chinchilla", family(TRUE, SIZES, TOKENS, 2), fixed={"A": 1e12}, intervals="none")
    assert found.law.values["A"] == pytest.approx(1e12)


# Transferred parameters -----------------------------------------------------------------------------------------------


def test_one_model_and_another_family_reach_the_target_and_a_wrong_family_does_not(donor: Fit) -> None:
    """The acceptance of the method: families that share the size term, and the control with its exponent doubled."""
    at = {"params": 1.28e10, "tokens": 2.56e11}
    errors: dict[str, list[float]] = {"shared": [], "doubled": []}
    for seed in range(12):
        for name, of in (
            ("shared", changed(E=1.5, B=900.0, beta=0.31)),
            ("doubled", changed(E=1.5, B=900.0, beta=0.31, alpha=2 * float(TRUE.values["alpha"]))),
        ):
            one = family(of, [2e8], np.geomspace(2e9, 6e10, 15), seed, rows=0.01, runs=0.01)
            found = fit("chinchilla", one, transfer=donor, intervals="none")
            errors[name].append(abs(float(found.law(**at)) / float(of(**at)) - 1))
            assert next(n.code for n in found.notices) == "transfer-untestable"
    assert np.median(errors["shared"]) <= 0.03
    assert np.median(errors["doubled"]) >= 2 * np.median(errors["shared"])


def test_with_two_sizes_a_wrong_family_is_told_apart(donor: Fit) -> None:
    codes = {}
    for name, alpha in (("shared", 1.0), ("doubled", 2.0)):
        of = changed(E=1.5, B=900.0, beta=0.31, alpha=alpha * float(TRUE.values["alpha"]))
        two = family(of, [1e8, 1e9], np.geomspace(2e9, 6e10, 15), 5)
        found = fit("chinchilla", two, transfer=donor, draws=40)
        codes[name] = {n.code for n in found.notices}
        assert found.extra["transfer_test"]["size"] == pytest.approx(1e9)
    assert "transfer-contradicted" in codes["doubled"]
    assert not {"transfer-contradicted", "transfer-untestable"} & codes["shared"]


def test_the_test_of_a_transfer_rejects_a_true_one_about_as_rarely_as_it_says(donor: Fit) -> None:
    """|z| > 1.96 in 5 % of families that do share the term; seeds of runs at the stated prior's 0.1 %."""
    rejected = 0
    for seed in range(20):
        of = changed(E=1.5, B=900.0, beta=0.31)
        two = family(of, [1e8, 1e9], TOKENS, 100 + seed, runs=0.001)
        found = fit("chinchilla", two, transfer=donor, intervals="none")
        rejected += any(n.code == "transfer-contradicted" for n in found.notices)
    assert rejected <= 3  # P(more | 5 %) = 1.6 %


def test_the_interval_holds_what_the_donor_does_not_know(donor: Fit) -> None:
    one = family(changed(E=1.5, B=900.0, beta=0.31), [2e8], np.geomspace(2e9, 6e10, 15), 7)
    found = fit("chinchilla", one, transfer=donor, draws=300)
    assert donor.draws is not None
    assert found.held is not None
    own = found.held.draws(300, 0, learnt=False)
    np.testing.assert_allclose(np.sort(own["alpha"]), np.sort(donor.draws["alpha"]), rtol=1e-9)
    correlation = np.corrcoef(np.log(own["A"]), own["alpha"])[0, 1]
    assert correlation == pytest.approx(np.corrcoef(np.log(donor.draws["A"]), donor.draws["alpha"])[0, 1], abs=1e-9)
    with_spread, fixed = (
        found.forecast(params=1e10, tokens=2e11),
        fit("chinchilla", one, fixed=donor_term(donor), draws=300),
    )
    alone = fixed.forecast(params=1e10, tokens=2e11)
    assert with_spread.points[0].sigma > 3 * alone.points[0].sigma  # the control: a term that is taken for known
    assert with_spread.value[0] == pytest.approx(alone.value[0], rel=1e-6)


def donor_term(of: Fit) -> dict[str, float]:
    return {name: float(of.law.values[name]) for name in ("A", "alpha")}


def test_one_donor_is_moved_by_the_spread_of_public_families() -> None:
    """ln slope at the middle size and ln alpha get twice the shipped covariance: the difference of two families."""
    known = size_terms()
    held = held_of(Chinchilla, None, TRUE, None)
    assert held is not None
    assert (held.learnt, held.freedom) == (known, known.families - 1)
    drawn = held.draws(40_000, 0)
    slope = np.log(drawn["alpha"]) + np.log(drawn["A"]) - drawn["alpha"] * np.log(MIDDLE)
    both = np.stack([slope, np.log(drawn["alpha"])])
    # of exponents the few beyond 3, the bound of a fit, are moved to it
    np.testing.assert_allclose(np.cov(both), 2 * known.covariance, atol=0.15)
    assert np.median(both[1]) == pytest.approx(np.log(float(TRUE.values["alpha"])), abs=0.02)


@pytest.mark.parametrize(
    ("of", "names"), [("pow_floor(params)", ["k"]), ("error = E + A / params^alpha + B / tokens^beta", None)]
)
def test_nothing_is_learnt_for_other_parameters(of: str, names: list[str] | None) -> None:
    cls = law(of, columns=["params", "tokens", "error", "loss"])
    donor_law = cls(**dict.fromkeys(cls.parameters, 0.4))
    held = held_of(cls, None, donor_law, names)
    assert held is not None
    assert held.learnt is None
    assert held.freedom is None
    assert np.ptp(held.draws(50, 0)[held.transferred[0]]) == 0.0
    assert "own" in next(n.message for n in held.notices() if n.code == "one-donor")


@pytest.mark.parametrize("count", [2, 3, 5])
def test_several_donors_spread_as_one_more_family_would(count: int) -> None:
    """Normal families: the sd of a new one around the mean of K is s sqrt(1 + 1/K), s with K - 1."""
    rng = np.random.default_rng(count)
    alphas, logs = 0.3 + 0.05 * rng.standard_normal(count), 6 + 0.8 * rng.standard_normal(count)
    donors = tuple(
        Donor(f"d{i}", {"A": float(np.exp(a)), "alpha": float(b)})
        for i, (a, b) in enumerate(zip(logs, alphas, strict=True))
    )
    held = Held({}, ("A", "alpha"), donors, ("A",), {"alpha": (0.005, 3.0)})
    assert held.freedom == count - 1
    assert held.values["alpha"] == pytest.approx(alphas.mean())
    assert held.values["A"] == pytest.approx(np.exp(logs.mean()))
    drawn = held.draws(600 * count, 0)
    for values, known in ((drawn["alpha"], alphas), (np.log(drawn["A"]), logs)):
        assert values.std() == pytest.approx(known.std(ddof=1) * np.sqrt(1 + 1 / count), rel=1e-9)
    assert held.between() == pytest.approx({"ln A": logs.std(ddof=1), "alpha": alphas.std(ddof=1)})


def test_draws_beyond_the_bounds_of_an_exponent_stop_there() -> None:
    donors = tuple(Donor(str(a), {"alpha": a}) for a in (0.01, 0.9))
    held = Held({}, ("alpha",), donors, (), {"alpha": (0.005, 3.0)})
    assert held.draws(100, 0)["alpha"].min() == 0.005


def test_a_saved_fit_keeps_what_it_held(donor: Fit, tmp_path: Path) -> None:
    one = family(changed(E=1.5), [2e8], np.geomspace(2e9, 6e10, 15), 7)
    kept = donor.save(tmp_path / "donor.json")
    found = fit("chinchilla", one, transfer=str(kept), fixed={"beta": 0.37}, draws=60)
    again = Fit.load(found.save(tmp_path / "fit.json"))
    assert again.held is not None
    assert found.held is not None
    assert again.held.fixed == {"beta": 0.37}
    assert again.held.values == pytest.approx(found.held.values)
    for name, values in found.held.draws(60, 3).items():
        np.testing.assert_allclose(again.held.draws(60, 3)[name], values, rtol=1e-9)
    assert again.fitted == ("E", "B")
    at = {"params": 1e10, "tokens": 2e11}
    for end in ("value", "low", "high"):
        np.testing.assert_allclose(getattr(again.forecast(**at), end), getattr(found.forecast(**at), end), rtol=1e-7)
    document = json.loads(again.to_json())
    assert document["held"]["transferred"]["donors"][0]["name"] == str(kept)
    assert document["held"]["transferred"]["between_sd"] is None
    assert document["transfer_test"]["z_reason"] == "all runs have params 200M"


def test_hidden_runs_are_forecast_with_the_same_parameters_held(donor: Fit) -> None:
    rows = family(changed(E=1.5, B=900.0, beta=0.31), np.geomspace(5e7, 5e9, 9), TOKENS, 9)
    right = track_record(fit("chinchilla", rows, transfer=donor, draws=40))
    wrong = track_record(fit("chinchilla", rows, fixed={"alpha": 1.2}, draws=40))
    assert right.error is not None
    assert wrong.error is not None
    assert wrong.error > 3 * right.error


def test_published_constants_are_donors_by_name(donor: Fit) -> None:
    one = family(TRUE, [2e8], TOKENS, 7)
    found = fit("chinchilla", one, transfer=["besiroglu2024", "muennighoff2023_c4", donor], draws=60)
    assert found.held is not None
    assert [d.name for d in found.held.donors] == ["besiroglu2024", "muennighoff2023_c4", "<table>"]
    assert "one-donor" not in {n.code for n in found.notices}
    assert found.draws is not None
    assert found.draws["alpha"].std() > 0


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"fixed": {"alpa": 0.3}}, UnknownNameError, "alpa"),
        ({"fixed": {"A": -1.0}}, InputError, "positive"),
        ({"fixed": {"A": "much"}}, InputError, "number"),
        ({"fixed": dict.fromkeys(("E", "A", "alpha", "B", "beta"), 0.5)}, InputError, "nothing is left to fit"),
        ({"transfer": "besiroglu"}, UnknownNameError, "besiroglu"),
        ({"transfer": 3}, InputError, "a fit, a law with values"),
        ({"transfer": []}, InputError, "No family"),
        ({"transferred": ["A"]}, InputError, "no family"),
        ({"transfer": "besiroglu2024", "transferred": ["gamma"]}, UnknownNameError, "gamma"),
        ({"transfer": "besiroglu2024", "fixed": {"alpha": 0.3}}, InputError, "both fixed and transferred"),
        ({"transfer": "besiroglu2024", "intervals": "profile"}, InputError, "Profile intervals"),
        ({"transfer": law("pow(params)")(k=1.0, a=0.1)}, InputError, "no parameter"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        fit("chinchilla", family(TRUE, SIZES, TOKENS, 2), draws=40, **options)


def test_a_donor_in_another_unit_is_refused() -> None:
    other = law("L = E + A / tokens^alpha", columns=["params", "tokens", "loss"])(E=1.0, A=400.0, alpha=0.3)
    with pytest.raises(InputError, match="other units"):
        held_of(Chinchilla, None, other, ["A", "alpha"])


def test_terms_of_a_column() -> None:
    assert tied(Chinchilla, "params") == ("A", "alpha")
    assert tied(Chinchilla, "tokens") == ("B", "beta")
    assert tied(law("chinchilla_tied"), "params") == ("A", "alpha")
    assert tied(law("pow(tokens)"), "params") == ()


@pytest.mark.parametrize("fixed", [None, {"alpha": 0.3}, {"A": 400.0}])
def test_one_size_is_refused_unless_its_whole_term_is_held(fixed: dict[str, float] | None) -> None:
    with pytest.raises(RefusalError, match="params is 2e") as refused:
        fit("chinchilla", family(TRUE, [2e8], TOKENS, 2), fixed=fixed)
    assert refused.value.hint is not None
    assert "A and alpha" in refused.value.hint
    fit("chinchilla", family(TRUE, [2e8], TOKENS, 2), fixed={"A": 482.01, "alpha": 0.34781}, intervals="none")


# One run --------------------------------------------------------------------------------------------------------------


def test_one_run_is_never_resampled() -> None:
    rows = family(TRUE, [2e8], TOKENS, 2)
    found = fit("pow_floor(tokens)", rows, draws=60)
    assert found.intervals == "within"
    assert found.parameters["a"].high > found.parameters["a"].low
    with pytest.raises(RefusalError, match="same run every time"):
        fit("pow_floor(tokens)", rows, intervals="bootstrap")
    assert fit("pow_floor(tokens)", family(TRUE, SIZES[:2], TOKENS, 2), draws=60).intervals == "bootstrap"


@given(st.integers(1, 40), st.integers(0, 1000))
def test_blocks_stay_in_their_run_and_in_order(n: int, seed: int) -> None:
    runs = [np.arange(n), n + np.arange(3)]
    picked = blocks(runs, 4, np.random.default_rng(seed))
    assert picked.shape == (4, n + 3)
    assert (picked[:, :n] < n).all()
    assert (picked[:, n:] >= n).all()
    length = max(1, round(n ** (1 / 3)))
    steps = np.diff(picked[:, :n], axis=1) % n
    inside = np.arange(1, n) % length != 0
    assert (steps[:, inside] == 1 % n).all()


def drifting(seed: int, n: int = 60) -> Design:
    """One curve whose noise drifts: first-order autocorrelation 0.8, and a run's own level from its seed (the prior's 0.1 %)."""
    rng = np.random.default_rng(seed)
    shocks = rng.standard_normal(n) * 0.003
    noise = np.empty(n)
    noise[0] = shocks[0] / 0.6
    for i in range(1, n):
        noise[i] = 0.8 * noise[i - 1] + shocks[i]
    x = np.geomspace(1.0, 50.0, n)
    level = 0.001 * rng.standard_normal()
    return Design(law("pow(tokens)"), (x,), 2.0 * x**-0.1 * np.exp(noise + level), np.zeros(n, int))


def test_blocks_cover_a_drifting_run_better_than_single_residuals() -> None:
    """The slope over 60 studies; a block of four rows sees most of the drift, single rows none of it (the control)."""
    hits = {"blocks": 0, "single": 0}
    squared = OBJECTIVES["squared_log"]
    for seed in range(60):
        design = drifting(seed)
        theta = design.solve(squared, design.theta({"k": 2.0, "a": 0.1})[None]).theta[0]
        shuffled = np.random.default_rng(seed).permutation(60)
        residual = design.output / design.predict(theta)[0]
        mixed = Design(design.law, design.inputs, design.predict(theta)[0] * residual[shuffled], design.groups)
        again = mixed.solve(squared, theta[None]).theta[0]
        for name, of, at in (("blocks", design, theta), ("single", mixed, again)):
            slope = within(of, squared, at, 80, 0, None).theta[:, J] - at[J]
            low, high = np.quantile(slope, [0.05, 0.95])
            hits[name] += low <= 0.1 - theta[J] <= high
    assert hits["blocks"] >= 0.65 * 60
    assert hits["single"] <= hits["blocks"] - 10
