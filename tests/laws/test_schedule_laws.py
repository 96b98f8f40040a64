"""Laws of a schedule against naive double loops, closed forms and published scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.errors import InputError, UnknownNameError
from gnomon.laws import LrAnnealing, Mpl, law
from gnomon.laws.drops import all_drops, drops
from gnomon.laws.lr_annealing import momentum_area
from gnomon.runs import Schedule, Schedules, read_runs

PEAK = 3e-4
MPL = {"L0": 3.0, "A": 0.5, "alpha": 0.5, "B": 400.0, "C": 2.0, "beta": 0.6, "gamma": 0.65}


def naive_mpl(rates: np.ndarray, t: int, v: dict[str, float]) -> float:
    """The formula of the paper, term by term."""
    drop = 0.0
    for k in range(1, t + 1):
        area = sum(rates[k : t + 1])
        x = max(rates[k], 1e-10) ** -v["gamma"] * area
        drop += (rates[k - 1] - rates[k]) * (1 - (1 + v["C"] * x) ** -v["beta"])
    return v["L0"] + v["A"] * sum(rates[: t + 1]) ** -v["alpha"] - v["B"] * drop


def naive_annealing(rates: np.ndarray, s: int, v: dict[str, float], decay: float) -> float:
    """The recursion of the paper, step by step."""
    peak, reached = max(rates), False
    momentum = area = total = 0.0
    last = peak
    for i in range(s + 1):
        reached = reached or rates[i] == peak
        rate = rates[i] if reached else peak
        if i:
            momentum = decay * momentum + (last - rate)
        area += rate
        total += momentum
        last = rate
    return v["L0"] + v["A"] * area ** -v["alpha"] - v["C"] * total


SCHEDULES = {
    "cosine": Schedule.cosine(700, PEAK, end=3e-5, warmup=60),
    "to zero": Schedule.cosine(700, PEAK, end=0.0, warmup=60),
    "two stages": Schedule.two_stage(700, PEAK, at=300, end=3e-5, warmup=60),
    "up again": Schedule("up again", np.concatenate([np.linspace(3e-4, 1e-5, 350), np.linspace(1e-5, 2e-4, 350)])),
    "constant": Schedule.constant(700, PEAK),
    "ragged": Schedule("ragged", np.abs(np.sin(np.arange(700.0) ** 1.5)) * PEAK + 1e-6),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_multi_power_law_is_the_double_loop(name: str) -> None:
    schedule, steps = SCHEDULES[name], np.array([1, 2, 59, 60, 61, 299, 300, 301, 350, 500, 699])
    values = Mpl(**MPL)(schedule=schedule, step=steps)
    expected = [naive_mpl(schedule.rates, int(t), MPL) for t in steps]
    assert np.abs(values - expected).max() < 1e-5


@pytest.mark.parametrize("name", SCHEDULES)
def test_annealing_law_is_the_recursion(name: str) -> None:
    schedule, steps = SCHEDULES[name], np.array([1, 2, 60, 61, 299, 300, 301, 511, 512, 699])
    v = {"L0": 2.6, "A": 0.43, "alpha": 0.55, "C": 0.41}
    for decay in (0.999, 0.99):
        values = law(f"lr_annealing({decay})")(**v)(schedule=schedule, step=steps)
        expected = [naive_annealing(schedule.rates, int(s), v, decay) for s in steps]
        assert np.abs(values / expected - 1).max() < 1e-12


def test_a_single_drop_has_its_closed_form() -> None:
    schedule = Schedule.two_stage(3000, PEAK, at=1000, end=1e-4)
    found = momentum_area(schedule, 0.995)
    s = np.arange(1000, 3000)
    assert np.allclose(found[s], 2e-4 * (1 - 0.995 ** (s - 1000 + 1)) / (1 - 0.995), rtol=1e-11)
    assert (found[:1000] == 0).all()
    assert (momentum_area(Schedule.constant(3000, PEAK), 0.999) == 0).all()


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**31),
    st.floats(0.1, 5.0),
    st.floats(0.05, 2.0),
    st.floats(0.0, 1.2),
)
def test_blocks_of_drops_sum_like_all_drops(seed: int, C: float, beta: float, gamma: float) -> None:
    rng = np.random.default_rng(seed)
    knots = np.sort(rng.choice(np.arange(1, 1999), 5, replace=False))
    levels = rng.uniform(2e-5, 3e-4, 7)
    rates = np.interp(np.arange(2000), [0, *knots, 1999], levels)
    steps = np.sort(rng.integers(1, 2000, 7))

    def response(terms: Any) -> np.ndarray:
        x = C * np.exp(-gamma * terms.log_rate) * terms.area
        return terms.per_step(terms.weight * (1 - (1 + x) ** -beta))

    few, every = drops(rates, steps), all_drops(rates, steps)
    assert np.allclose(few.total, np.cumsum(rates)[steps])
    assert np.abs(response(few) - response(every)).max() < 1e-4 * levels.max()


def test_long_schedules_take_few_terms() -> None:
    schedule = Schedule.cosine(72000, PEAK, end=3e-5, warmup=2160)
    terms = drops(schedule.rates, np.array([71999]))
    assert len(terms.weight) < 300


def test_a_schedule_is_given_as_itself_by_name_or_in_words() -> None:
    schedule = SCHEDULES["cosine"].named("mine")
    free, bound = Mpl(**MPL), Mpl.on(Schedules([schedule]))(**MPL)
    value = free(schedule=schedule, step=600)
    assert isinstance(value, float)
    assert bound(schedule="mine", step=600) == value
    assert free(schedule="cosine:steps=700:peak=3e-4:end=3e-5:warmup=60", step=600) == value
    several = free(schedule=[schedule, SCHEDULES["constant"]], step=[600, 600])
    assert several[0] == pytest.approx(value, rel=1e-14)
    assert free.along(schedule)[599] == pytest.approx(value, rel=1e-14)
    assert Mpl.on(Schedules([schedule])) is Mpl.on(Schedules([schedule]))
    assert type(bound).on(Mpl.schedules) is Mpl


def test_what_is_not_on_the_schedule_is_refused() -> None:
    free, schedule = Mpl(**MPL), SCHEDULES["cosine"]
    with pytest.raises(InputError, match="ends at step 699"):
        free(schedule=schedule, step=700)
    with pytest.raises(InputError, match="whole step"):
        free(schedule=schedule, step=10.5)
    with pytest.raises(UnknownNameError, match="no schedule 'cosin'"):
        free(schedule="cosin", step=10)
    with pytest.raises(InputError, match="between 0 and 1"):
        law("lr_annealing(2)")


def test_text_of_a_law_may_sum_but_a_typed_formula_may_not() -> None:
    assert "sum_k" in Mpl.latex()
    with pytest.raises(InputError, match="not a function"):
        law("E + sum_k(N)")


def test_lower_end_rates_lower_the_loss_and_constant_curves_say_nothing_of_drops() -> None:
    ends = [
        Mpl(**MPL)(schedule=Schedule.cosine(20000, PEAK, end=end, warmup=500), step=19999) for end in (2e-4, 1e-4, 3e-5)
    ]
    assert ends[0] > ends[1] > ends[2]
    flat = Schedule.constant(700, PEAK)
    assert Mpl(**MPL)(schedule=flat, step=699) == Mpl(**(MPL | {"B": 1.0}))(schedule=flat, step=699)


# Published ------------------------------------------------------------------------------------------------------------

# Means over the six held-out curves, as printed: R2, MAE, RMSE, mean relative, worst relative error (Luo et al. 2025, README).
PRINTED = {
    "25M": (0.9988, 0.00376, 0.00465, 0.00110, 0.00409),
    "100M": (0.9983, 0.00435, 0.00592, 0.00142, 0.00583),
}


@pytest.mark.parametrize("family", PRINTED)
def test_published_constants_score_as_printed(family: str, public_data: Callable[[str], Path]) -> None:
    from gnomon.forecast.curves import score_curves

    held_out = read_runs(
        str(public_data("multipower/curves.csv")),
        where=f"family = '{family}' and role = 'test' and step < total_steps",
        schedules=str(public_data("multipower/schedules.parquet")),
    )
    found = score_curves(Mpl.constants()[f"luo2025_{family.lower()}"], held_out).mean
    printed = dict(zip(("r2", "mae", "rmse", "relative", "worst"), PRINTED[family], strict=True))
    for name, value in printed.items():
        assert getattr(found, name) == pytest.approx(value, abs=0.6 * 10 ** -(4 if name == "r2" else 5)), name


def test_authors_sample_of_the_annealing_law_has_its_area() -> None:
    """S1 of a constant schedule counts the warm-up at the peak, as the authors' script does."""
    schedule = Schedule.constant(20000, 2e-4, warmup=500)
    value = LrAnnealing(L0=0.0, A=1.0, alpha=1.0, C=0.0)(schedule=schedule, step=19999)
    assert value == pytest.approx(1.0 / (20000 * 2e-4), rel=1e-12)
