"""What is known in closed form of the laws of single questions: batches, contexts, samples, rewards, other texts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.errors import InputError, RefusalError
from gnomon.fit import fit
from gnomon.laws import (
    M3,
    BleuLog,
    Context,
    EntropyReward,
    KaplanC,
    LogSigmoid,
    LossToLoss,
    MultimodalBarrier,
    NoiseScale,
    OodOffset,
    PassKExpPow,
    Pow,
    PowFloor,
    Prune,
    Rosenfeld,
    SigmoidCompute,
    Steps,
    StepsFloor,
    Transfer,
    law,
    search,
)
from gnomon.laws.coverage import pass_at_k

X = np.geomspace(1e-3, 1e3, 25)


def test_m1_and_m2_are_names_of_laws_that_are_there() -> None:
    assert law("m1") is Pow
    assert law("m2(tokens)") is PowFloor.of("tokens")
    assert law("m1").spec() == "pow"


def test_m3_is_a_power_below_its_bend_and_level_above() -> None:
    curve = M3(b=2.0, g=1e-3, a=0.4)
    assert curve(flops=1e-3) == pytest.approx(2.0 * 1e-3**-0.4, rel=1e-6)
    assert curve(flops=1e12) == pytest.approx(2.0 * 1e-3**0.4, rel=1e-6)
    np.testing.assert_allclose(M3(b=2.0, g=0.0, a=0.4)(flops=X), Pow(k=2.0, a=0.4)(flops=X), rtol=1e-14)


def test_kaplan_compute_constants_meet_where_the_paper_draws_them() -> None:
    """The fixed-batch law lies above the law of optimal batches over the range of the paper (1e-8 to 1e1 PF-days)."""
    flops = np.geomspace(1e-2, 1e1, 7) * 8.64e19
    assert np.all(KaplanC.kaplan2020_fixed_batch(flops=flops) > 0.9 * KaplanC.kaplan2020_min(flops=flops))
    assert KaplanC.kaplan2020_min(flops=8.64e19) == pytest.approx((3.1e8) ** 0.05)


def test_longer_context_of_every_published_model_helps_less_and_less() -> None:
    length = np.array([1024.0, 2048.0, 4096.0, 8192.0, 16384.0])
    for name, model in Context.constants().items():
        gain = -np.diff(model(context_length=length))
        assert np.all(gain > 0), name
        np.testing.assert_allclose(gain[1:] / gain[:-1], 2.0**-model.b, rtol=1e-9)


def test_log_sigmoid_is_the_form_in_print() -> None:
    a, k, x0, loss = -0.2, 3.0, 0.8, np.linspace(-1.0, 3.0, 9)
    printed = 1 - a * np.log(1 - 1 / (1 + np.exp(-k * (loss - x0))))
    np.testing.assert_allclose(LogSigmoid(a=a, k=k, x0=x0)(loss=loss), printed, rtol=1e-12)


def test_sigmoid_in_compute_starts_at_r0_passes_half_at_c_mid_and_ends_at_a() -> None:
    run = SigmoidCompute(R0=0.2, A=0.61, C_mid=1e20, B=1.5)
    assert run(flops=1e20) == pytest.approx((0.2 + 0.61) / 2)
    assert run(flops=1e10) == pytest.approx(0.2, abs=1e-9)
    assert run(flops=1e30) == pytest.approx(0.61, abs=1e-9)


def test_reward_without_entropy_is_the_ceiling() -> None:
    policy = EntropyReward(a=0.269, b=1.177)
    assert policy(entropy=0.0) == pytest.approx(1.177 - 0.269)
    slope = (policy(entropy=0.5 + 1e-6) - policy(entropy=0.5 - 1e-6)) / 2e-6
    assert slope == pytest.approx(-0.269 * math.exp(0.5), rel=1e-6)


# Repeated sampling ----------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.data())
def test_pass_at_k_is_the_ratio_of_binomials(samples: int, data: st.DataObject) -> None:
    correct, k = data.draw(st.integers(0, samples)), data.draw(st.integers(1, samples))
    expected = 1 - math.comb(samples - correct, k) / math.comb(samples, k)
    assert pass_at_k(samples, correct, k) == pytest.approx(expected, abs=1e-12)


def test_pass_at_k_is_unbiased() -> None:
    """Summed over all outcomes of 12 draws with chance p it is 1 - (1 - p)^k exactly."""
    p, n, k = 0.13, 12, 5
    total = sum(math.comb(n, c) * p**c * (1 - p) ** (n - c) * pass_at_k(n, c, k) for c in range(n + 1))
    assert total == pytest.approx(1 - (1 - p) ** k, rel=1e-12)
    with pytest.raises(InputError, match=r"pass@k needs"):
        pass_at_k(10, 11, 1)


def test_coverage_of_one_sample_and_of_many() -> None:
    some = PassKExpPow(c=1.6, b=0.3)
    assert some(samples=1.0) == pytest.approx(math.exp(-1.6))
    k = np.geomspace(1, 1e4, 9)
    np.testing.assert_allclose(np.diff(np.log(-np.log(some(samples=k)))) / np.diff(np.log(k)), -0.3, rtol=1e-9)


# Batches --------------------------------------------------------------------------------------------------------------


def test_noise_scale_is_the_hyperbola() -> None:
    law_ = NoiseScale(S_min=2000.0, E_min=1e9)
    batch = np.geomspace(1e3, 1e8, 11)
    steps = law_(batch_tokens=batch)
    np.testing.assert_allclose((steps / 2000.0 - 1) * (steps * batch / 1e9 - 1), 1.0, rtol=1e-9)
    critical = law_.critical_batch
    assert law_(batch_tokens=critical) == pytest.approx(2 * 2000.0)
    assert law_(batch_tokens=critical) * critical == pytest.approx(2 * 1e9)


def test_steps_solves_its_equation_and_falls_along_every_axis() -> None:
    """Residual below 1e-10 for N from 1e5 to 1e11, B from 1e3 to 1e8, S from 1e2 to 1e7 (loss-trajectory, acceptance 1)."""
    best = Steps.kaplan2020
    n, s, b = np.meshgrid(
        np.geomspace(1e5, 1e11, 13), np.geomspace(1e2, 1e7, 11), np.geomspace(1e3, 1e8, 11), indexing="ij"
    )
    loss = best(params=n, step=s, batch_tokens=b)
    least = s / (1 + best.critical_batch(loss) / b)
    right = (best.N_c / n) ** best.alpha_N + (best.S_c / least) ** best.alpha_S
    assert np.max(np.abs(loss - right) / loss) < 1e-10
    for axis in range(3):
        assert np.all(np.diff(loss, axis=axis) < 0)


def test_steps_in_its_two_limits() -> None:
    best = Steps.kaplan2020
    floor = (best.N_c / 1e9) ** best.alpha_N
    unlimited = best(params=1e9, step=1e5, batch_tokens=1e30)
    assert unlimited == pytest.approx(floor + (best.S_c / 1e5) ** best.alpha_S, rel=1e-12)
    tokens = 1e12  # tiny batches, tokens fixed: only the tokens count
    one, two = (best(params=1e9, step=tokens / b, batch_tokens=b) for b in (1.0, 10.0))
    assert one == pytest.approx(two, rel=1e-4)
    assert floor == pytest.approx(2.3475, abs=1e-3)
    assert best.critical_batch(3.0) == pytest.approx(1.07e6 * 2.1 / 2.0, rel=0.05)


def test_steps_without_a_floor_is_steps_with_a_floor_of_nothing() -> None:
    one = Steps.kaplan2020
    two = StepsFloor(E=1e-300, **one.values)
    at = {"params": np.geomspace(1e6, 1e10, 5), "step": np.geomspace(1e3, 1e5, 5), "batch_tokens": 1e6}
    np.testing.assert_allclose(two(**at), one(**at), rtol=1e-13)
    assert two.efficient_params(3.0) == pytest.approx(one.efficient_params(3.0))


def test_the_size_of_least_compute_is_the_numeric_one() -> None:
    """N E_min(N, L) on a fine grid of sizes, for both laws."""
    sizes = np.geomspace(1e6, 1e11, 200_001)
    for best in (Steps.kaplan2020, StepsFloor.example()):
        loss = 3.0
        left = loss - best.converged(sizes)
        tokens = best.S_c / np.where(left > 0, left, np.nan) ** (1 / best.alpha_S) * best.critical_batch(loss)
        assert best.efficient_params(loss) == pytest.approx(sizes[np.nanargmin(sizes * tokens)], rel=1e-4)


@pytest.mark.parametrize("spec", ["steps", "steps_floor"])
def test_runs_at_one_batch_do_not_tell_the_critical_batch(spec: str) -> None:
    columns = {"run": ["a"] * 5 + ["b"] * 5, "params": [1e6] * 5 + [4e6] * 5, "step": [1e3, 2e3, 4e3, 8e3, 16e3] * 2}
    loss = Steps.kaplan2020(params=columns["params"], step=columns["step"], batch_tokens=512.0)
    with pytest.raises(RefusalError, match="batch_tokens is 512 in all 10 rows"):
        fit(spec, columns | {"batch_tokens": [512.0] * 10, "loss": loss}, intervals="none")


# Other texts, tasks and modalities ------------------------------------------------------------------------------------


def test_losses_that_fall_as_powers_are_a_shifted_power_of_each_other() -> None:
    flops = np.geomspace(1e18, 1e24, 9)
    one, two = 1.6 + 300.0 * flops**-0.12, 1.1 + 900.0 * flops**-0.18
    k = 900.0 / 300.0**1.5
    np.testing.assert_allclose(LossToLoss(E_2=1.1, k=k, E_1=1.6, p=1.5)(loss=one), two, rtol=1e-12)
    assert OodOffset(c=0.35)(loss=2.0) == pytest.approx(2.35)


def test_transfer_in_print() -> None:
    """Ten times the model at fixed data is worth 10^0.38 of effective data, whatever the unit."""
    for constants in Transfer.constants().values():
        small, large = (constants(finetune_tokens=1e7, params=n) for n in (1e8, 1e9))
        assert large / small == pytest.approx(10**0.38)


def test_score_is_defined_only_where_the_logarithm_is_positive() -> None:
    score = BleuLog(A=1e-6, alpha=1.0, beta=0.7)
    assert score(tokens=1e8) == pytest.approx(math.log(100.0) ** 0.7)
    slope = (score(tokens=1e8 * 1.0001) - score(tokens=1e8 / 1.0001)) / (2 * math.log(1.0001))
    assert slope == pytest.approx(1.0 * 0.7 * score(tokens=1e8) ** ((0.7 - 1) / 0.7), rel=1e-6)


def test_pruned_frontier_with_s_one_is_an_exponential() -> None:
    kept = np.linspace(1e3, 1e4, 10)
    frontier = Prune(E=0.0, a=0.5, P_0=2e3, s=1.0)(examples=kept)
    np.testing.assert_allclose(np.diff(np.log(frontier)), -0.5, rtol=1e-9)


def test_barrier_between_modalities_falls_where_competition_equals_synergy() -> None:
    both = MultimodalBarrier(C=0.2, A=60.0, alpha=0.3, B=300.0, beta=0.3)
    params = (60.0 / 0.1) ** (1 / 0.3)
    tokens = (300.0 / 0.1) ** (1 / 0.3)
    assert both(single_loss=3.0, params=params, tokens=tokens) == pytest.approx(3.0)


def test_rosenfeld_is_guessing_for_the_smallest_and_a_sum_of_powers_beyond() -> None:
    error = Rosenfeld(E=0.05, A=3.0, alpha=0.4, B=5.0, beta=0.4, e0=0.9)
    assert error(params=1e-9, tokens=1e-9) == pytest.approx(0.9, rel=1e-6)
    plain = 0.05 + 3.0 * 1e9**-0.4 + 5.0 * 1e9**-0.4
    assert error(params=1e9, tokens=1e9) == pytest.approx(plain, rel=3e-3)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("critical batch", "noise_scale"),
        ("entropy", "entropy_reward"),
        ("context", "context"),
        ("coverage", "passk_exp_pow"),
    ],
)
def test_found_by_their_words(words: str, first: str) -> None:
    assert first in [entry.id for entry in search(words)]
