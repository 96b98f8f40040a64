"""Ticks: few, round, inside the window, labelled as people write the quantity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.report.axes import Axis, linear_axis, linear_ticks, log_axis, log_ticks, tick_label


@pytest.mark.parametrize(
    ("low", "high", "kind", "labels"),
    [
        (6e18, 2e24, "flops", ["10¹⁹", "10²⁰", "10²¹", "10²²", "10²³", "10²⁴"]),
        (2e20, 4e21, "flops", ["2·10²⁰", "5·10²⁰", "10²¹", "2·10²¹"]),
        (4e7, 1.7e10, "count", ["100M", "300M", "1B", "3B", "10B"]),
        (1.9, 3.3, "plain", ["2.00", "2.25", "2.50", "2.75", "3.00", "3.25"]),
        (1e6, 1e13, "count", ["1M", "100M", "10B", "1T"]),
    ],
)
def test_log_ticks(low: float, high: float, kind: str, labels: list[str]) -> None:
    assert list(log_ticks(low, high, kind, most=6).labels) == labels


@given(
    low=st.floats(1e-12, 1e24),
    span=st.floats(1.0001, 1e15),
    most=st.integers(3, 8),
    kind=st.sampled_from(["plain", "count", "flops"]),
)
def test_log_ticks_are_few_distinct_and_inside(low: float, span: float, most: int, kind: str) -> None:
    high = low * span
    ticks = log_ticks(low, high, kind, most=most)
    assert len(ticks) <= most
    assert all(low * (1 - 1e-6) <= v <= high * (1 + 1e-6) for v in ticks.values)
    assert list(ticks.values) == sorted(set(ticks.values))


@given(start=st.floats(-1e6, 1e6), span=st.floats(1e-9, 1e9), most=st.integers(3, 8))
def test_linear_ticks_are_few_distinct_and_inside(start: float, span: float, most: int) -> None:
    low = start * span
    ticks = linear_ticks(low, low + span, most=most)
    assert 1 <= len(ticks) <= most
    assert list(ticks.values) == sorted(set(ticks.values))
    assert min(ticks.values) >= low - span * 1e-6
    assert max(ticks.values) <= low + span * (1 + 1e-6)


def test_linear_ticks_share_their_decimals_and_carry_signs() -> None:
    assert linear_ticks(-1, 1, "signed", most=5).labels == ("−1.0", "−0.5", "0.0", "+0.5", "+1.0")


def test_labels_use_a_true_minus_and_superscripts() -> None:
    assert tick_label(-0.5, "plain") == "−0.5"
    assert tick_label(3e21, "flops") == "3·10²¹"
    assert tick_label(1e21, "flops") == "10²¹"
    assert tick_label(1.5e9, "count") == "1.5B"


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1, 1), (2, 1), (1, 1), (float("nan"), 1)])
def test_a_log_axis_refuses_an_impossible_window(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="log axis"):
        log_ticks(low, high)


@given(st.floats(1e-3, 1e3), st.floats(1.01, 1e6), st.floats(-50, 800), st.booleans())
def test_pixels_and_values_invert_each_other(low: float, span: float, pixel: float, log: bool) -> None:
    axis = Axis(low, low * span, "", log_ticks(low, low * span), log=log)
    assert float(axis.pixel(axis.at(pixel, 600), 600)) == pytest.approx(pixel, abs=1e-6)


def test_axes_hold_equal_values() -> None:
    assert log_axis([np.array([3e9, 3e9])], "n", "count").inside([3e9]).all()
    assert linear_axis([np.array([0.0])], "r").inside([0.0]).all()


def test_axes_refuse_nothing() -> None:
    with pytest.raises(ValueError, match="at least one"):
        log_axis([np.array([np.nan, -1.0])], "n")


def test_a_channel_asks_for_as_many_ticks_as_it_names() -> None:
    channel = log_axis([np.array([1e19, 1e24])], "FLOP", "flops").channel("x")
    assert channel["axis"]["tickCount"] == len(channel["axis"]["values"])
    assert channel["scale"]["nice"] is False
