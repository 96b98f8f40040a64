"""Priors of the Bayesian engine: where they lie, in which units, and that they are weak."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.fit.bayes import conflicts
from gnomon.fit.design import Design
from gnomon.fit.objective import OBJECTIVES
from gnomon.fit.posterior import Posterior
from gnomon.fit.profile import standard_errors
from gnomon.fit.search import search
from gnomon.fit.weak_prior import EXPONENT_SD, POSITIVE_SD, weak_priors
from gnomon.laws import Chinchilla, law

SQUARED = OBJECTIVES["squared_log"]
PARAMS = np.repeat(np.geomspace(2e7, 1e9, 6), 3)
TOKENS = PARAMS * np.tile([5.0, 20.0, 80.0], 6)
LOSS = 1.8172 + 482.01 / PARAMS**0.3478 + 2085.43 / TOKENS**0.3658  # Besiroglu et al. 2024


def chinchilla(unit: float = 1.0) -> Design:
    noise = np.exp(0.003 * np.random.default_rng(0).standard_normal(18))
    return Design(Chinchilla, (PARAMS / unit, TOKENS / unit), LOSS * noise, np.arange(18))


def test_published_amplitudes_are_those_of_the_term_in_the_middle_of_the_data() -> None:
    d = chinchilla()
    priors = {p.name: p for p in weak_priors(d, np.zeros(5), np.ones(5))}
    middle = float(np.exp(np.log(PARAMS).mean()))
    output = float(np.exp(np.log(d.output).mean()))
    terms = [np.log(p.values["A"] / middle ** p.values["alpha"] / output) for p in Chinchilla.published.values()]
    assert priors["A"].mean == pytest.approx(np.median(terms))
    assert priors["A"].sd == max(POSITIVE_SD, np.std(terms, ddof=1))
    exponents = np.log([p.values["alpha"] for p in Chinchilla.published.values()])
    assert priors["alpha"].logarithmic
    assert priors["alpha"].mean == pytest.approx(np.median(exponents))
    assert priors["alpha"].sd == max(EXPONENT_SD, np.std(exponents, ddof=1))


def test_laws_on_other_columns_get_the_usual_exponent_and_a_parameter_of_either_sign_one_rows_worth() -> None:
    found = {p.name: p for p in weak_priors(_line(), np.array([0.0, 0.1]), np.ones(2))}
    assert found["a"].mean == pytest.approx(np.log(0.35))
    x = np.linspace(0.5, 1.5, 16)
    d = Design(law("sigmoid4"), (x,), 1 - 0.7 / (1 + np.exp(-5 * (x - 1))), np.arange(16))
    bend = weak_priors(d, np.array([-0.7, 1.0, 1.6, 0.9]), np.full(4, 0.01))[3]
    assert (bend.mean, bend.sd) == (0.9, pytest.approx(0.01 * 4))  # 16 rows: the square root is 4


def _line() -> Design:
    x = np.geomspace(1, 1e4, 12)
    return Design(law("pow(width)").of("width", output="loss"), (x,), 3 * x**-0.2, np.arange(12))


@given(st.floats(0.1, 10))
def test_priors_do_not_depend_on_the_unit_of_the_response_where_nothing_is_published(factor: float) -> None:
    d = _line()
    other = Design(d.law, d.inputs, d.output * factor, d.groups)
    for a, b in zip(*(weak_priors(x, np.zeros(2), np.ones(2)) for x in (d, other)), strict=True):
        assert (a.mean, a.sd) == (pytest.approx(b.mean), pytest.approx(b.sd))


def test_the_priors_hardly_move_a_well_determined_optimum() -> None:
    d = chinchilla()
    theta = search(d, SQUARED).theta
    errors = standard_errors(d, SQUARED, theta)
    for prior, x, error in zip(weak_priors(d, theta, errors), theta, errors, strict=True):
        pull = prior.distance(float(x)) / prior.sd * error * (1 / x if prior.logarithmic else 1.0)
        assert abs(pull) < 0.2, prior.name  # of a standard error, to first order


def test_constants_in_other_units_are_told_and_their_own_are_not() -> None:
    for unit, told in ((1.0, False), (1e9, True)):
        d = chinchilla(unit)
        theta = search(d, SQUARED).theta
        posterior = Posterior(d, SQUARED, weak_priors(d, theta, np.full(5, 0.01)), None)
        assert bool(conflicts(posterior, theta)) is told
