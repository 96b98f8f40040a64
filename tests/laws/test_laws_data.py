"""Laws of limited and chosen data: pools and their half-lives, mixtures of sources, students, and sums in a text."""

from __future__ import annotations

import numpy as np
import pytest

import gnomon as gn
from gnomon.errors import FormulaError, InputError
from gnomon.laws import Distill, FilterUtility, Muennighoff, Projektor, law
from gnomon.laws.formula import parse
from gnomon.laws.projektor import projected, projection_error
from gnomon.testing.laws import check_law

POOL = FilterUtility(d=0.1, n_1=4e6, b=0.4, tau=5.0)
TWO = FilterUtility.of("tokens", "pool_a", "pool_b")
PASSES = np.array([0.3, 1.0, 1.7, 2.0, 3.5, 8.0, 16.0, 40.0])
SIZE = 1.2e7


def by_hand(n: float, size: float, d: float, n_1: float, b: float, tau: float) -> float:
    """Pass after pass, as section 2 of the specification writes it."""
    value = (min(n, size) / n_1) ** -b
    k = 1
    while k * size < n:
        value *= (min((k + 1) * size, n) / (k * size)) ** (-b * 0.5 ** (k / tau))
        k += 1
    return d + value


def test_one_pool_is_the_product_over_passes() -> None:
    expected = [by_hand(e * SIZE, SIZE, 0.1, 4e6, 0.4, 5.0) for e in PASSES]
    np.testing.assert_allclose(POOL(tokens=PASSES * SIZE, unique_tokens=SIZE), expected, rtol=1e-12)


@pytest.mark.parametrize("count", [2, 3])
def test_copies_of_one_pool_are_one_large_pool_with_a_longer_half_life(count: int) -> None:
    """Acceptance 4 of data-filtering: p copies equal a pool of size p S with half-life p tau, to 1e-12."""
    names = [f"pool_{i}" for i in range(count)]
    copies = FilterUtility.of("tokens", *names)
    values = {"d": 0.1, "n_1": 4e6} | {f"b_{i}": 0.4 for i in range(count)} | {f"tau_{i}": 5.0 for i in range(count)}
    tokens = PASSES * SIZE * count
    together = copies(**values)(tokens=tokens, **dict.fromkeys(names, SIZE))
    large = FilterUtility(d=0.1, n_1=4e6, b=0.4, tau=5.0 * count)(tokens=tokens, unique_tokens=count * SIZE)
    np.testing.assert_allclose(together, large, rtol=1e-12)


def test_a_pool_that_is_left_out_does_not_count() -> None:
    values = {"d": 0.1, "n_1": 4e6, "b_a": 0.4, "tau_a": 5.0, "b_b": 0.1, "tau_b": 2.0}
    both = TWO(**values)(tokens=PASSES * SIZE, pool_a=SIZE, pool_b=0.0)
    np.testing.assert_allclose(both, POOL(tokens=PASSES * SIZE, unique_tokens=SIZE), rtol=1e-12)


def test_without_decay_repeats_are_as_good_as_new() -> None:
    fresh = FilterUtility(d=0.1, n_1=4e6, b=0.4, tau=1e9)
    expected = 0.1 + (PASSES * SIZE / 4e6) ** -0.4
    np.testing.assert_allclose(fresh(tokens=PASSES * SIZE, unique_tokens=SIZE), expected, rtol=1e-8)


def test_the_floor_stands_outside_the_product() -> None:
    """What the authors' code does instead: the floor shrinks with every pass (trap 1 of data-filtering)."""
    n = 8 * SIZE
    theirs = by_hand(SIZE, SIZE, 0.1, 4e6, 0.4, 5.0)
    for k in range(1, 8):
        theirs *= ((k + 1) / k) ** (-0.4 * 0.5 ** (k / 5.0))
    assert POOL(tokens=n, unique_tokens=SIZE) > theirs + 0.02
    assert POOL(tokens=1e3 * SIZE, unique_tokens=SIZE) > 0.1


def test_too_many_passes_are_refused() -> None:
    with pytest.raises(InputError, match="passes over the data"):
        POOL(tokens=1e12, unique_tokens=1e5)


def test_pools_keep_the_contract_and_are_found_by_their_columns() -> None:
    check_law(FilterUtility.of("tokens", "pool_good", "pool_poor"))
    found = law("filter_utility", columns=("tokens", "pool_good", "pool_poor", "error"))
    assert found.inputs == ("tokens", "pool_good", "pool_poor")
    assert law("filter_utility", columns=("tokens", "unique_tokens", "error")) is FilterUtility


def test_pools_are_recovered_from_noisy_runs_when_the_floor_is_known() -> None:
    """Acceptance 3 of data-filtering, with n_1 shared: b and tau of pools seen for 1 to 16 passes, 1 % noise."""
    truth = {"d": 0.1, "n_1": 3e3, "b_a": 0.5, "tau_a": 8.0, "b_b": 0.3, "tau_b": 3.0}
    rows = [(e, a, b) for e in (1, 2, 4, 8, 16) for a, b in ((1e4, 0.0), (0.0, 1e4), (1e4, 1e4))] * 4
    epochs, a, b = np.array(rows).T
    table = {"tokens": epochs * (a + b), "pool_a": a, "pool_b": b}
    noise = np.exp(np.random.default_rng(1).normal(0, 0.01, len(rows)))
    fit = gn.fit(
        "filter_utility", {**table, "error": TWO(**truth)(**table) * noise}, objective="squared_log", draws=100
    )
    assert fit.parameters["b_a"].value == pytest.approx(0.5, rel=0.15)
    assert fit.parameters["b_b"].value == pytest.approx(0.3, rel=0.15)
    assert fit.parameters["tau_a"].value > fit.parameters["tau_b"].value
    assert fit.parameters["b_a"].low is not None
    assert fit.parameters["b_a"].low < 0.5 < fit.parameters["b_a"].high  # type: ignore[operator]


def test_muennighoff_holds_every_check_value_of_the_catalogue() -> None:
    best = Muennighoff.muennighoff2023
    assert best(params=6.34e9, tokens=242e9, unique_tokens=25e9) == pytest.approx(2.2256440889984477, rel=1e-9)
    assert best(params=8.67e9, tokens=178e9, unique_tokens=25e9) == pytest.approx(2.2269634075087867, rel=1e-9)
    assert pytest.approx(520.82, abs=5e-3) == best.A
    assert pytest.approx(1487.7, abs=0.05) == best.B
    assert pytest.approx(1.8691, abs=5e-5) == best.E
    endless = Muennighoff(**{**best.values, "R_D": 1e9, "R_N": 1e9})
    plain = best.E + best.A / 6.34e9**best.alpha + best.B / 242e9**best.beta
    assert endless(params=6.34e9, tokens=242e9, unique_tokens=25e9) == pytest.approx(plain, rel=1e-6)


# Mixtures of sources --------------------------------------------------------------------------------------------------


def test_projection_returns_its_two_sizes_and_is_exact_for_power_laws() -> None:
    """Acceptance 1 of projektor: error = k(p) N^-a(p) at every N to 1e-12."""
    k, a = np.array([2.0, 3.0, 1.5]), np.array([0.2, 0.35, 0.1])
    at = {n: k * n**-a for n in (1000.0, 1500.0, 10_000.0)}
    for n, expected in at.items():
        np.testing.assert_allclose(projected(n, (1000, 1500), (at[1000.0], at[1500.0])), expected, rtol=1e-12)
    line = projected(10_000, (1000, 1500), (0.5, 0.4), log_error=False)
    assert line < 0  # the line in the error itself leaves [0, 1]
    assert float(projection_error(10_000, (1000, 1500), (0.01, 0.01))) == pytest.approx(0.0736, abs=1e-3)
    with pytest.raises(InputError, match="different positive sizes"):
        projected(10, (5, 5), (0.1, 0.2))


def test_projektor_is_linear_in_the_distance_and_quadratic_in_the_shares() -> None:
    some = Projektor(b0=0.02, c0=0.3, b1_a=0.01, b2_a=-0.005, c1_a=0.1, c2_a=0.05)
    p, ot = 0.3, 4.0
    expected = (0.02 + 0.01 * p - 0.005 * p * p) * ot + 0.3 + 0.1 * p + 0.05 * p * p
    assert some(ot_distance=ot, mix_a=p, mix_b=1 - p) == pytest.approx(expected)
    three = Projektor.of("ot_distance", "mix_x", "mix_y", "mix_z")
    assert len(three.parameters) == 10  # columns of the specification for three sources
    check_law(three)
    with pytest.raises(InputError, match="ot_distance and at least 2"):
        Projektor.of("ot_distance", "mix_x")


# Students -------------------------------------------------------------------------------------------------------------


def test_a_student_of_unlimited_size_and_data_matches_its_teacher_and_never_beats_it() -> None:
    some = Distill.example()
    assert some(teacher_loss=2.3, alone_loss=2.5, params=1e30, tokens=1e30) == pytest.approx(2.3, rel=1e-6)
    assert some(teacher_loss=2.3, alone_loss=2.5, params=1e9, tokens=1e10) > 2.3


# Sums in a text -------------------------------------------------------------------------------------------------------


def test_a_sum_runs_up_to_its_bound_element_by_element() -> None:
    formula = parse("y = sum(k, n, k * x)")
    assert formula.names() == ("n", "x")
    np.testing.assert_allclose(formula({"n": np.array([0.5, 1.0, 2.7, 4.0]), "x": 2.0}), [0.0, 2.0, 6.0, 20.0])
    assert str(formula) == "y = sum(k, n, k * x)"
    assert formula.renamed({"x": "z", "k": "q"}).names() == ("n", "z")
    assert formula.latex() == r"y = \sum_{k=1}^{\lfloor n \rfloor} k\,x"
    with pytest.raises(FormulaError, match="name of its index"):
        parse("y = sum(2, n, x)")
    with pytest.raises(FormulaError, match="takes 3 argument"):
        parse("y = sum(k, n)")
