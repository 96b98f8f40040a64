"""Numbers as people write them."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.errors import InputError
from gnomon.runs import format_number, parse_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7B", 7e9),
        ("350M", 350e6),
        ("70m", 70e6),
        ("2T", 2e12),
        ("3.2k", 3200.0),
        ("1e24", 1e24),
        ("1_000", 1000.0),
        ("1,234,567", 1234567.0),
        ("2,143.5", 2143.5),
        (" 1.3 B ", 1.3e9),
        ("1.4 billion", 1.4e9),
        ("5.76·10²³", 5.76e23),
        ("5.76 × 10^23", 5.76e23),
        ("10²¹", 1e21),
        ("10^-3", 1e-3),
        ("-2.5", -2.5),
        ("+3", 3.0),
        (".5", 0.5),
        ("6.", 6.0),
        ("1.5G", 1.5e9),
        (7, 7.0),
        (0.25, 0.25),
    ],
)
def test_what_people_write(text: str, value: float) -> None:
    assert parse_number(text) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        *("", "abc", "7X", "7 B B", "1e", "nan", "inf", "-inf", "0,5", "0,500", "1,00", "1,0000", "1__0", "7B7", "--3"),
        *("1.2.3", "0x10", "٣", "10²¹²¹x", "1e999", "10^400", "∞", "7%", "None", True, math.nan, math.inf, None),
    ],
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(InputError, match="expected a number") as caught:
        parse_number(text)
    assert repr(text) in caught.value.message


@pytest.mark.parametrize(
    ("value", "options", "text"),
    [
        (73.2e9, {}, "73.2B"),
        (1.31e12, {}, "1.31T"),
        (300e6, {}, "300M"),
        (3200, {}, "3.2k"),
        (950, {}, "950"),
        (0, {}, "0"),
        (1, {}, "1"),
        (0.5, {}, "0.5"),
        (999.6e6, {}, "1B"),
        (999.4e6, {}, "999M"),
        (2.5e15, {}, "2.5e15"),
        (-7e9, {}, "-7B"),
        (7e9, {"strip": False}, "7.00B"),
        (5.76e23, {"kind": "flops"}, "5.76e23"),
        (1e21, {"kind": "flops"}, "1e21"),
        (5.76e23, {"kind": "flops", "unicode": True}, "5.76·10²³"),
        (1e21, {"kind": "flops", "unicode": True}, "10²¹"),
        (3e-5, {"kind": "flops", "unicode": True}, "3·10⁻⁵"),
        (9.999e20, {"kind": "flops", "unicode": True}, "10²¹"),
        (2.1534, {"kind": "loss"}, "2.153"),
        (2.25, {"kind": "loss"}, "2.25"),
        (2.0, {"kind": "loss"}, "2"),
        (2.0, {"kind": "loss", "strip": False}, "2.000"),
        (0.001018274, {"kind": "loss"}, "0.001018"),
        (1.2e-5, {"kind": "loss"}, "1.2e-5"),
        (2143.4, {"kind": "plain"}, "2,143"),
        (0.34731, {"kind": "plain"}, "0.3473"),
        (1.974, {"kind": "loss", "digits": 3}, "1.97"),
        (math.nan, {}, "–"),
        (math.inf, {}, "inf"),
        (-math.inf, {"kind": "loss"}, "-inf"),
    ],
)
def test_how_numbers_are_printed(value: float, options: dict, text: str) -> None:
    assert format_number(value, **options) == text


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(InputError, match="expected count, flops, loss or plain"):
        format_number(1.0, "percent")  # type: ignore[arg-type]


@given(
    st.floats(min_value=1e-30, max_value=1e30) | st.floats(min_value=-1e30, max_value=-1e-30),
    st.sampled_from(["count", "flops", "loss", "plain"]),
    st.integers(2, 12),
    st.booleans(),
    st.booleans(),
)
def test_printed_numbers_read_back(value: float, kind: str, digits: int, strip: bool, unicode: bool) -> None:
    text = format_number(value, kind, digits=digits, strip=strip, unicode=unicode)  # type: ignore[arg-type]
    assert parse_number(text) == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_python_floats_are_numbers(value: float) -> None:
    assert parse_number(repr(value)) == value


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_an_error(text: str) -> None:
    with contextlib.suppress(InputError):
        assert math.isfinite(parse_number(text))
