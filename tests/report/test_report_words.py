"""Numbers in sentences: the spelling that every part of the report shares."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.report import words
from gnomon.report.labels import APART, beside, keep_apart, text_width, wrap


@pytest.mark.parametrize(
    ("value", "text"),
    [(5.76e23, "5.76·10²³"), (1e21, "10²¹"), (9.999e20, "10²¹"), (3e20, "3·10²⁰"), (1.3e22, "1.3·10²²")],
)
def test_compute(value: float, text: str) -> None:
    assert words.compute(value) == text


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (73.2e9, "count", "73.2B"),
        (1.31e12, "count", "1.31T"),
        (None, "count", "unknown"),
        (float("nan"), "loss", "unknown"),
        (-0.25, "plain", "−0.25"),
        (0.472, "percent", "47%"),
    ],
)
def test_number(value: float | None, kind: str, text: str) -> None:
    assert words.number(value, kind) == text


@pytest.mark.parametrize(
    ("fraction", "text"), [(0.0095, "0.95%"), (0.472, "47%"), (1.0, "100%"), (0.0, "0%"), (0.0012, "0.12%")]
)
def test_percent(fraction: float, text: str) -> None:
    assert words.percent(fraction) == text


def test_signed_percent_has_a_true_minus() -> None:
    assert words.percent(-0.0042, signed=True) == "−0.42%"
    assert words.percent(0.0042, signed=True) == "+0.42%"


@pytest.mark.parametrize(
    ("value", "half", "text"),
    [(1.97412, 0.04, "1.97"), (1.97412, 0.0042, "1.974"), (2.5, 0.3, "2.50"), (17.9, 3, "18")],
)
def test_a_loss_has_the_decimals_its_interval_deserves(value: float, half: float, text: str) -> None:
    assert words.loss(value, half) == text


def test_intervals() -> None:
    assert words.interval(1.937, 2.021) == "1.94 to 2.02"
    assert words.interval(53.7e9, 104e9, "count") == "53.7B to 104B"


def test_counting_words() -> None:
    assert [words.several(n) for n in (0, 1, 7, 12, 13, 4000)] == ["no", "one", "seven", "twelve", "13", "4,000"]
    assert words.plural(1, "run") == "1 run"
    assert words.plural(2400, "run") == "2,400 runs"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.in_ten(0.9) == "nine runs in ten"
    assert words.in_ten(0.95) == "95% of runs"


def test_quantities_carry_their_noun() -> None:
    assert words.quantity(7e9, "params") == "7B parameters"
    assert words.quantity(5.76e23, "flops") == "5.76·10²³ FLOP"
    assert words.quantity(0.002, "peak_lr") == "peak lr 0.002"


@given(st.lists(st.floats(0, 300), min_size=1, max_size=20))
def test_labels_keep_their_distance(wanted: list[float]) -> None:
    places = keep_apart(wanted, 0, 300)
    kept = sorted(p for p in places if p is not None)
    assert places[0] is not None, "the most important label is never dropped"
    assert all(b - a >= APART - 1e-6 for a, b in pairwise(kept))
    assert all(abs(p - w) <= APART + 1e-6 for p, w in zip(places, wanted, strict=True) if p is not None)


def test_a_label_beside_a_point_covers_no_other_point() -> None:
    heights = beside([(10, 50), (30, 50), (200, 50)], ["12B", "13B", "14B"], 0, 100)
    assert heights[0] is None or abs(heights[0] - 50) > 6
    assert heights[2] == 50


def test_wrapping_keeps_every_word_and_the_width() -> None:
    text = "At 5.76·10²³ FLOP the law expects a loss of 1.97; a new run should land between 1.94 and 2.02 (90%)."
    lines = wrap(text, 300, 15, bold=True)
    assert " ".join(lines) == text
    assert all(text_width(line, 15, bold=True) <= 300 for line in lines)
