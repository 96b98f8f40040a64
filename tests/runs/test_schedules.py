"""Schedules: their shapes, their text and document forms, and how they are rebuilt from what was logged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.errors import ColumnError, InputError, RefusalError, UnknownNameError
from gnomon.runs import Schedule, Schedules, as_schedules, read_runs, schedules_of

PEAK = 3e-4


def logged(schedule: Schedule, every: int, first: int = 0, **more: Any) -> dict[str, Any]:
    """The rows a logger would write."""
    steps = np.arange(first, schedule.steps, every)
    return {"step": steps, "lr": schedule.rates[steps], "loss": 3.0 - 1e-6 * steps, "run": ["a"] * len(steps), **more}


def test_warmup_runs_from_zero_to_the_peak() -> None:
    rates = Schedule.constant(10, 1.0, warmup=5).rates
    assert rates.tolist() == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]


def test_cosine_is_half_way_down_in_the_middle() -> None:
    rates = Schedule.cosine(1000, 2.0, end=1.0).rates
    assert rates[0] == 2.0
    assert rates[500] == pytest.approx(1.5)
    assert rates[-1] == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("shape", ["linear", "exponential", "sqrt", "power"])
def test_wsd_is_stable_then_falls(shape: str) -> None:
    rates = Schedule.wsd(1000, PEAK, decay=200, end=3e-5, warmup=50, shape=shape, power=1.5).rates
    assert (rates[49:801] == PEAK).all()
    assert (np.diff(rates[800:]) < 0).all()
    assert rates[-1] > 3e-5


def test_two_stage_drops_at_its_step() -> None:
    rates = Schedule.two_stage(100, 1.0, at=60, end=0.3).rates
    assert rates[59] == 1.0
    assert rates[60] == 0.3


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Schedule("a", np.array([1.0])), "two steps or more"),
        (lambda: Schedule("a", np.array([0.0, -1e-3])), "rate of step 1"),
        (lambda: Schedule("a", np.array([0.0, 100.0])), "not percent"),
        (lambda: Schedule("a", np.zeros(5)), "zero at every step"),
        (lambda: Schedule.cosine(10, 1.0, warmup=10), "shorter warm-up"),
        (lambda: Schedule.wsd(10, 1.0, decay=11), "1 to 10"),
        (lambda: Schedule.wsd(10, 1.0, decay=5, shape="exponential"), "cannot end at 0"),
        (lambda: Schedule.two_stage(10, 1.0, at=10, end=0.1), "before step 10"),
        (lambda: Schedule.parse("cosine:steps=100"), "needs peak"),
        (lambda: Schedule.parse("cosine:steps=10.5:peak=1e-3"), "whole number"),
    ],
)
def test_what_is_no_schedule_is_refused(build: Callable[[], Schedule], message: str) -> None:
    with pytest.raises(InputError, match=message):
        build()


def test_text_names_a_shape_with_its_settings() -> None:
    text = "wsd:steps=24k:peak=3e-4:decay=4000:end=3e-5:warmup=2160:shape=exponential"
    found = Schedule.parse(text)
    assert found.name == text
    expected = Schedule.wsd(24000, 3e-4, decay=4000, end=3e-5, warmup=2160, shape="exponential")
    assert np.array_equal(found.rates, expected.rates)
    for wrong in ("cosin:steps=10:peak=1", "cosine:steps=10:peek=1", "wsd:steps=10:peak=1:decay=2:shape=cubic"):
        with pytest.raises(UnknownNameError):
            Schedule.parse(wrong)


def test_names_that_nobody_knows_are_refused_with_near_ones() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean"):
        Schedules([Schedule.constant(10, 1.0, name="constant_10")]).find("constant10")


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.floats(1e-6, 1e-2), st.integers(1, 40)), min_size=1, max_size=8).filter(
        lambda parts: sum(n for _, n in parts) > 1
    )
)
def test_documents_give_schedules_back(parts: list[tuple[float, int]]) -> None:
    schedules = Schedules([Schedule("a", np.repeat([r for r, _ in parts], [n for _, n in parts]))])
    again = Schedules.from_dict(schedules.to_dict())
    assert again.names == schedules.names
    assert np.allclose(again["a"].rates, schedules["a"].rates, rtol=1e-11, atol=0)


def test_smooth_schedule_is_rebuilt_between_logged_rows() -> None:
    true = Schedule.cosine(6001, PEAK, end=3e-5)
    found, names = schedules_of(read_runs(logged(true, 60)))
    assert set(names) == {"a"}
    assert np.abs(found["a"].rates - true.rates).max() < 1e-4 * PEAK


def test_warmup_and_jump_are_found_from_the_sums() -> None:
    true = Schedule.two_stage(4000, PEAK, at=2345, end=9e-5, warmup=333)
    rows = logged(true, 128, first=400)
    found, _ = schedules_of(read_runs(rows | {"lr_cumsum": np.cumsum(true.rates)[rows["step"]]}))
    assert np.allclose(found["a"].rates, true.rates[: found["a"].steps], rtol=0, atol=1e-15)


def test_warmup_is_taken_from_its_column() -> None:
    true = Schedule.constant(2000, PEAK, warmup=300)
    found, _ = schedules_of(read_runs(logged(true, 100, first=500, warmup_steps=[300] * 15)))
    assert np.allclose(found["a"].rates, true.rates[: found["a"].steps])


def test_unknown_warmup_and_unknown_jump_are_refused() -> None:
    with pytest.raises(RefusalError, match="nothing says how the rate went before"):
        schedules_of(read_runs(logged(Schedule.constant(2000, PEAK, warmup=300), 100, first=500)))
    with pytest.raises(RefusalError, match="nothing says how"):
        schedules_of(read_runs(logged(Schedule.two_stage(2000, PEAK, at=950, end=1e-4), 100)))


def test_curves_that_cannot_be_are_refused() -> None:
    rows = logged(Schedule.constant(1000, PEAK), 100)
    with pytest.raises(ColumnError, match="comes twice"):
        schedules_of(read_runs(rows | {"step": [0, 100, 200, 200, *range(300, 900, 100)]}))
    with pytest.raises(ColumnError, match="no column lr"):
        schedules_of(read_runs({k: v for k, v in rows.items() if k != "lr"}))
    with pytest.raises(ColumnError, match="name the schedules"):
        schedules_of(read_runs(rows | {"schedule": ["x"] * 5 + ["y"] * 5}))
    sums = np.cumsum(np.full(1000, PEAK))[::100] * np.where(np.arange(10) < 5, 1, 2)
    strange = read_runs(rows | {"lr": [PEAK] * 5 + [1e-4] * 5, "lr_cumsum": sums})
    with pytest.raises(RefusalError, match="which no rates between"):
        schedules_of(strange)


def test_runs_of_one_schedule_share_it_and_others_do_not() -> None:
    true = Schedule.cosine(1000, PEAK)
    one, other = logged(true, 10), logged(Schedule.cosine(1000, PEAK / 2), 10)
    names = ["a"] * 100 + ["b"] * 100 + ["c"] * 100
    rows = {k: np.concatenate([one[k], one[k], other[k]]) for k in ("step", "lr", "loss")}
    found, of = schedules_of(read_runs(rows | {"run": names, "schedule": ["cosine"] * 300}))
    assert found.names == ("cosine", "cosine, c")
    assert of[150] == "cosine"


def test_rows_without_a_run_are_one_curve_or_one_a_schedule() -> None:
    rows = logged(Schedule.cosine(1000, PEAK), 10)
    alone = {name: rows[name] for name in ("step", "lr", "loss")}
    found, of = schedules_of(read_runs(alone))
    assert found.names == ("curve 1",)
    assert set(of) == {"curve 1"}
    twice = {name: np.concatenate([values, values]) for name, values in alone.items()}
    found, _ = schedules_of(read_runs(twice | {"schedule": ["a"] * 100 + ["b"] * 100}))
    assert found.names == ("a", "b")
    with pytest.raises(ColumnError, match="curves of different runs need a column run"):
        schedules_of(read_runs(twice))


def test_tables_give_every_step_once() -> None:
    true = Schedule.constant(50, PEAK, warmup=5)
    table = {"schedule": ["s"] * 50, "step": np.arange(50), "lr": true.rates}
    assert np.array_equal(as_schedules(table)["s"].rates, true.rates)
    with pytest.raises(InputError, match="step 7 was expected"):
        as_schedules({k: [x for i, x in enumerate(v) if i != 7] for k, v in table.items()})


def test_given_schedules_go_with_the_rows() -> None:
    schedule = Schedule.constant(200, PEAK, warmup=5, name="s")
    runs = read_runs({"step": [50, 100, 150], "loss": [3.0, 2.5, 2.4], "schedule": ["s"] * 3}, schedules=schedule)
    for table in (runs.where("step < 120"), runs.select(["step", "loss"]), runs.take(np.array([0, 1]))):
        assert table.schedules["s"] == schedule


def test_published_schedules_are_the_usual_shapes(public_data: Callable[[str], Path]) -> None:
    """Every step of five published schedules, and four of them from the rows that were logged."""
    known = as_schedules(str(public_data("multipower/schedules.parquet")))
    common: dict[str, Any] = {"warmup": 2160}
    shapes = {
        "constant_72000": Schedule.constant(72000, PEAK, **common),
        "cosine_24000": Schedule.cosine(24000, PEAK, end=3e-5, **common),
        "wsd_20000_24000": Schedule.wsd(24000, PEAK, decay=4000, end=3e-5, shape="exponential", **common),
        "wsdld_20000_24000": Schedule.wsd(24000, PEAK, decay=4000, end=3e-5, **common),
        "wsdcon_9": Schedule.two_stage(16000, PEAK, at=8000, end=9e-5, **common),
    }
    for name, schedule in shapes.items():
        assert np.abs(schedule.rates - known[name].rates).max() < 1e-18
    curves = read_runs(str(public_data("multipower/curves.csv")), where="family = '25M'")
    rebuilt, _ = schedules_of(curves)
    for name in ("wsdcon_3", "wsdcon_9", "wsdcon_18"):
        assert np.abs(rebuilt[name].rates - known[name].rates[: rebuilt[name].steps]).max() < 1e-18
    assert np.abs(rebuilt["cosine_24000"].rates - known["cosine_24000"].rates[:23921]).max() < 1e-8
