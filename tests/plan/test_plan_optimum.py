"""The numerical optimum against closed forms, published figures, and the laws of units."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.laws import catalogue
from gnomon.laws.chinchilla import Chinchilla, ChinchillaTied
from gnomon.laws.critical_batch import Steps
from gnomon.laws.law import Law
from gnomon.laws.muennighoff import Muennighoff
from gnomon.plan.cost import PerParameter, dense6
from gnomon.plan.optimum import best_split, bracketed_newton, cheapest, closed_form, tokens_for
from gnomon.plan.surface import REPEAT_DECAY, Surface, effective_tokens

exponents = st.floats(0.05, 1.2)


def by_hand(law, flops):
    """Hoffmann et al. 2022, equation 4: G (C/6)^a and (C/6)^b / G."""
    v = law.values
    total = v["alpha"] + v["beta"]
    g = (v["alpha"] * v["A"] / (v["beta"] * v["B"])) ** (1 / total)
    return g * (flops / 6) ** (v["beta"] / total), (flops / 6) ** (v["alpha"] / total) / g


def law_with_optimum_at(params, tokens, alpha, beta, excess, floor):
    """A Chinchilla law whose best split of 6 N D is this one, with an excess loss of excess (1/alpha + 1/beta)."""
    return Chinchilla(E=floor, A=excess / alpha * params**alpha, alpha=alpha, B=excess / beta * tokens**beta, beta=beta)


@settings(max_examples=150, deadline=None)
@given(
    alpha=exponents,
    beta=exponents,
    log_params=st.floats(math.log(1e6), math.log(1e12)),
    log_ratio=st.floats(math.log(0.1), math.log(1e3)),
    excess=st.floats(1e-4, 10.0),
    floor=st.floats(0.0, 5.0),
)
def test_closed_form_to_1e9_for_random_constants(alpha, beta, log_params, log_ratio, excess, floor):
    params, tokens = math.exp(log_params), math.exp(log_params + log_ratio)
    best = best_split(
        Surface(law_with_optimum_at(params, tokens, alpha, beta, excess, floor), dense6), 6 * params * tokens
    )
    assert best.inside.all()
    assert best.params[0] == pytest.approx(params, rel=1e-9)
    assert best.tokens[0] == pytest.approx(tokens, rel=1e-9)
    assert best.loss[0] == pytest.approx(floor + excess / alpha + excess / beta, rel=1e-12)
    assert best.params_exponent[0] == pytest.approx(beta / (alpha + beta), abs=1e-9)
    assert best.tokens_exponent[0] == pytest.approx(alpha / (alpha + beta), abs=1e-9)
    assert best.gain[0] == pytest.approx(-excess, rel=1e-8)  # envelope: dL*/d ln C = -beta B D^-beta


CLOSED = [name for name, law in catalogue().items() if law.optimum is not Law.optimum]


def test_laws_with_an_optimum_of_their_own():
    assert set(CLOSED) >= {"chinchilla", "chinchilla_tied", "overtrain", "kaplan_nd", "sum_power_floor", "rosenfeld"}


@pytest.mark.parametrize("name", CLOSED)
def test_closed_form_of_every_law_agrees_with_the_numerical_optimum(name):
    entry = catalogue()[name]
    for law in (entry.example(), *entry.constants().values()):
        for flops in np.geomspace(1e16, 1e26, 6):
            best = best_split(Surface(law, dense6), flops)
            split = closed_form(law, flops)
            if not best.inside[0]:
                assert min(split) <= 1.0
                continue
            assert split.params == pytest.approx(best.params[0], rel=1e-8)
            assert split.tokens == pytest.approx(best.tokens[0], rel=1e-8)
            assert 6 * split.params * split.tokens == pytest.approx(flops, rel=1e-12)


def test_closed_form_says_when_there_is_none():
    assert closed_form(Muennighoff.muennighoff2023, 1e22) is None
    seven = PerParameter("7ND", 7.0, 2.0, "seven FLOP a parameter and token")
    assert closed_form(Chinchilla.hoffmann2022, 7e22, seven) == Chinchilla.hoffmann2022.optimum(1e22)


def test_compute_efficient_training_stops_a_fixed_share_above_the_converged_loss():
    """Kaplan et al.: about 10 % above, from 0.077 / 0.76; against a search over sizes."""
    law, loss = Steps.kaplan2020, 3.0
    sizes = np.exp(np.linspace(np.log(1e6), np.log(1e11), 200_001))
    left = loss - (law.N_c / sizes) ** law.alpha_N
    cost = np.where(left > 0, sizes * law.S_c / np.where(left > 0, left, 1.0) ** (1 / law.alpha_S), np.inf)
    assert law.efficient_params(loss) == pytest.approx(sizes[np.argmin(cost)], rel=2e-4)
    converged = (law.N_c / law.efficient_params(loss)) ** law.alpha_N
    assert loss / converged == pytest.approx(1 + 0.077 / 0.76)


def test_tied_exponents_keep_tokens_per_parameter_at_every_budget():
    law = ChinchillaTied.muennighoff2023_c4
    best = best_split(Surface(law, dense6), np.geomspace(1e18, 1e26, 9))
    ratio = best.tokens / best.params
    assert np.ptp(ratio) < 1e-9 * ratio[0]
    assert ratio[0] == pytest.approx((law.B / law.A) ** (1 / law.alpha), rel=1e-9)


def test_published_constants_at_chinchillas_budget_and_what_rounding_does_to_them():
    ratios = {}
    for name, law in Chinchilla.constants().items():
        best = best_split(Surface(law, dense6), 5.76e23)
        params, tokens = by_hand(law, 5.76e23)
        assert best.params[0] == pytest.approx(params, rel=1e-10)
        ratios[name] = tokens / params
    assert ratios["besiroglu2024_grid"] == pytest.approx(17.9, abs=0.05)
    # The rounded constants of the same paper move the ratio by a factor: never plan with them.
    assert ratios["hoffmann2022"] == pytest.approx(58.9, abs=0.1)
    assert ratios["hoffmann2022_rounded"] > 1.5 * ratios["hoffmann2022"]


def test_thousands_of_draws_agree_with_the_closed_form_one_by_one():
    rng = np.random.default_rng(1)
    values = {
        k: v * np.exp(0.1 * rng.standard_normal((3000, 1))) for k, v in Chinchilla.besiroglu2024_grid.values.items()
    }
    draws = Chinchilla(**values)
    best = best_split(Surface(draws, dense6), 1e24)
    params, tokens = by_hand(draws, 1e24)
    assert best.inside.all()
    np.testing.assert_allclose(best.params, params[:, 0], rtol=1e-11)
    np.testing.assert_allclose(best.tokens, tokens[:, 0], rtol=1e-11)


@pytest.mark.parametrize(("params_unit", "tokens_unit"), [(10.0, 0.1), (1e3, 1e3), (0.5, 1e-2)])
def test_units_only_rename_the_answer(params_unit, tokens_unit):
    law = Chinchilla.besiroglu2024
    scale = params_unit * tokens_unit
    other = PerParameter("scaled", 6 * scale, 2 * scale, "the same cost in other units")
    plain = best_split(Surface(law, dense6, inference_tokens=1e12), 1e23)
    renamed = best_split(
        Surface(law.rescaled(params=params_unit, tokens=tokens_unit), other, inference_tokens=1e12 / tokens_unit), 1e23
    )
    assert renamed.params[0] * params_unit == pytest.approx(plain.params[0], rel=1e-10)
    assert renamed.tokens[0] * tokens_unit == pytest.approx(plain.tokens[0], rel=1e-10)
    in_bits = best_split(Surface(law.rescaled(loss=math.log(2)), dense6, inference_tokens=1e12), 1e23)
    assert in_bits.params[0] == pytest.approx(plain.params[0], rel=1e-10)


def test_a_term_that_does_not_fall_puts_the_optimum_at_an_edge():
    base = Chinchilla.besiroglu2024.values
    no_data = best_split(Surface(Chinchilla(**(base | {"B": 0.0})), dense6), 1e22)
    no_size = best_split(Surface(Chinchilla(**(base | {"A": 0.0})), dense6), 1e22)
    assert (no_data.side[0], no_size.side[0]) == (1, -1)
    assert np.isnan(no_data.params[0])


def test_only_the_draws_without_an_optimum_are_lost():
    values = {k: np.full((3, 1), v) for k, v in Chinchilla.besiroglu2024.values.items()}
    values["B"][1] = 0.0
    best = best_split(Surface(Chinchilla(**values), dense6), 1e22)
    assert best.inside.tolist() == [True, False, True]
    assert np.isnan(best.params[1])
    assert np.isfinite(best.params[[0, 2]]).all()


def test_the_cheapest_budget_inverts_the_best_loss():
    rng = np.random.default_rng(2)
    values = {k: v * np.exp(0.03 * rng.standard_normal((500, 1))) for k, v in Chinchilla.besiroglu2024.values.items()}
    surface = Surface(Chinchilla(**values), dense6, inference_tokens=2e12)
    budget = cheapest(surface, 2.3)
    np.testing.assert_allclose(best_split(surface, budget).loss, 2.3, rtol=1e-11)


def test_unreachable_and_trivial_losses_are_told_apart():
    values = {k: np.full((2, 1), v) for k, v in Chinchilla.besiroglu2024.values.items()}
    values["E"] = np.array([[1.7], [1.9]])
    assert np.isfinite(cheapest(Surface(Chinchilla(**values), dense6), 1.8)).tolist() == [True, False]
    assert cheapest(Surface(Chinchilla.besiroglu2024, dense6), 5000.0)[0] == 0.0


def test_tokens_for_a_loss_at_given_sizes():
    law = Chinchilla.besiroglu2024
    surface = Surface(law, dense6)
    found = tokens_for(surface, np.array([7e9, 1e8]), 2.1)
    assert law(params=7e9, tokens=found[0]) == pytest.approx(2.1, rel=1e-12)
    assert np.isinf(found[1])


# Law-catalogue entry 52: total FLOP of training and serving at equal loss, unrounded constants of Hoffmann et al.
@pytest.mark.parametrize(
    ("params", "served", "best_params", "best_tokens", "saved"),
    [(30e9, 5e12, 16.8e9, 3.40e12, 0.15), (70e9, 1e13, 42.5e9, 8.28e12, 0.11)],
)
def test_serving_makes_smaller_models_cheaper_as_in_sardana(params, served, best_params, best_tokens, saved):
    law = Chinchilla.hoffmann2022
    training = Surface(law, dense6)
    # The Chinchilla-optimal run of that size: the budget at which it is the best size.
    lone = best_split(training, 6 * params * tokens_of(training, params))
    assert lone.params[0] == pytest.approx(params, rel=1e-9)
    surface = Surface(law, dense6, inference_tokens=served)
    budget = cheapest(surface, float(lone.loss[0]))
    best = best_split(surface, budget)
    assert best.params[0] == pytest.approx(best_params, rel=0.01)
    assert best.tokens[0] == pytest.approx(best_tokens, rel=0.01)
    assert 1 - budget[0] / surface.budget(params, lone.tokens[0]) == pytest.approx(saved, abs=0.006)


def tokens_of(surface, params):
    """Tokens at which a size is the compute-optimal one."""
    low, high = 1e15, 1e30
    for _ in range(200):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if best_split(surface, middle).params[0] < params else (low, middle)
    return low / (6 * params)


def test_nothing_served_is_the_compute_optimal_plan_exactly():
    law = Chinchilla.besiroglu2024
    sizes = [best_split(Surface(law, dense6, inference_tokens=t), 1e24).params[0] for t in (0.0, 1e12, 3e12, 1e13)]
    assert sizes[0] == best_split(Surface(law, dense6), 1e24).params[0]
    assert sizes == sorted(sizes, reverse=True)


# Law-catalogue entry 24: the optimum printed by the datablations repository, found there on a coarse grid.
def test_repeated_data_as_in_muennighoff():
    best = best_split(Surface(Muennighoff.muennighoff2023, dense6, unique_tokens=25e9), 1e22)
    assert best.params[0] == pytest.approx(7.02e9, rel=0.01)
    assert best.tokens[0] == pytest.approx(237.3e9, rel=0.01)
    assert best.tokens[0] / 25e9 == pytest.approx(9.49, rel=0.01)
    # No split on the repository's own grid is better.
    grid = np.geomspace(1e9, 1e11, 401)
    losses = Muennighoff.muennighoff2023(params=grid, tokens=1e22 / 6 / grid, unique_tokens=25e9)
    assert best.loss[0] <= losses.min() + 1e-12


def test_the_borrowed_decay_reproduces_the_published_worth_of_epochs():
    # Law-catalogue entry 24: D'/D at 2, 4, 8, 16 and 40 epochs.
    worth = [effective_tokens(e * 1e9, 1e9) / (e * 1e9) for e in (1, 2, 4, 8, 16, 40)]
    np.testing.assert_allclose(worth, [1.0, 0.984, 0.931, 0.828, 0.661, 0.379], atol=6e-4)
    assert effective_tokens(5e8, 1e9) == 5e8
    assert effective_tokens(1e30, 1e9) / 1e9 == pytest.approx(1 + REPEAT_DECAY)


def test_a_token_limit_moves_compute_into_parameters():
    law = Chinchilla.besiroglu2024
    free = best_split(Surface(law, dense6), 1e24)
    limited = best_split(Surface(law, dense6, unique_tokens=free.tokens[0] / 10), 1e24)
    ample = best_split(Surface(law, dense6, unique_tokens=free.tokens[0] * 2), 1e24)
    assert limited.params[0] > free.params[0]
    assert limited.loss[0] > free.loss[0]
    assert ample.params[0] == pytest.approx(free.params[0], rel=1e-9)


def test_newton_within_a_bracket_survives_flat_and_infinite_ends():
    def steep(x):
        with np.errstate(all="ignore"):
            return np.where(x > 0.9, np.inf, np.arctan(50 * (x - 0.3))), 50 / (1 + (50 * (x - 0.3)) ** 2)

    assert bracketed_newton(steep, np.zeros((2, 1)), np.ones((2, 1))) == pytest.approx(0.3, abs=1e-12)
