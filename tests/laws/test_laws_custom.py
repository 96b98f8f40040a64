"""Formulas typed by a user: what becomes a column, what a parameter, and everything that is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.errors import ColumnError, FormulaError, GnomonError, InputError
from gnomon.laws import Chinchilla, law
from gnomon.laws.custom import MOST_PARAMETERS, FormulaLaw
from gnomon.testing.laws import run_check

TABLE = ("run", "family", "params", "tokens", "flops", "loss", "err_avg")


def test_chinchilla_typed_is_chinchilla() -> None:
    typed = law("E + A/N^alpha + B/D^beta")
    assert typed.inputs == ("params", "tokens")
    assert typed.output == "loss"
    assert typed.text == Chinchilla.text
    values = Chinchilla.besiroglu2024.values
    assert typed(**values)(params=7e9, tokens=2e12) == pytest.approx(Chinchilla.besiroglu2024(params=7e9, tokens=2e12))
    for name, parameter in Chinchilla.parameters.items():
        mine = typed.parameters[name]
        assert (mine.bounds, mine.linear, mine.log) == (parameter.bounds, parameter.linear, parameter.log)


def test_equal_formulas_are_one_class() -> None:
    first = law("E+A/N^a")
    assert first is law("loss = E + A / params ** a")
    assert first is law("L = E + (A / params^a)", columns=TABLE)
    assert first is not law("E + A/N^b")
    assert issubclass(first, FormulaLaw)
    assert first.id == ""


@pytest.mark.parametrize(
    ("text", "columns", "inputs", "output"),
    [
        ("E + A/N^a", None, ("params",), "loss"),
        ("E + A/N^a", TABLE, ("params",), "loss"),
        ("err_avg = e - k*exp(-g*L)", TABLE, ("loss",), "err_avg"),
        ("E + k/width^a", ("width", "loss"), ("width",), "loss"),
        ("E + k/N^a", ("N", "loss"), ("N",), "loss"),
        ("E + k/x^a; given x", None, ("x",), "loss"),
        ("y = k*x^a; given x", ("x", "y"), ("x",), "y"),
        ("E + A/U^a + B/D^b", None, ("unique_tokens", "tokens"), "loss"),
        ("E + A/C^a", None, ("flops",), "loss"),
    ],
)
def test_columns(text: str, columns: tuple[str, ...] | None, inputs: tuple[str, ...], output: str) -> None:
    found = law(text, columns=columns)
    assert found.inputs == inputs
    assert found.output == output


@pytest.mark.parametrize(
    "text",
    [
        "E + A/N^alpha + B/D^beta",
        "err = e - k*exp(-g*loss)",
        "E + A/hidden^a; given hidden",
        "E + A/N^a; a in [0.1, 1]; E = 1.7",
        "E + A/n^a where n = N + r*D",
        "score = a*sigmoid(k*(x - m)) + b; given x",
    ],
)
def test_specification_leads_back_to_the_class(text: str) -> None:
    found = law(text)
    assert law(found.spec()) is found
    assert law(found.spec(), columns=(*found.inputs, found.output)) is found
    assert law(found, columns=(*found.inputs, found.output)) is found


def test_response() -> None:
    assert law("E + A/N^a", response="err_avg").output == "err_avg"
    assert law("err_avg = E + A/N^a", response="err_avg").output == "err_avg"
    with pytest.raises(InputError, match="gives 'loss', but the response asked for is 'err_avg'"):
        law("loss = E + A/N^a", response="err_avg")


@pytest.mark.parametrize(
    ("text", "columns", "kind", "said"),
    [
        ("E + A/prams^a", None, FormulaError, "close to 'params'"),
        ("E + A/N^a + B/token^b", None, FormulaError, "close to 'tokens'"),
        ("E + A/err_avgs^a", TABLE, FormulaError, "close to 'err_avg'"),
        ("E + A/N^a", ("tokens", "loss"), ColumnError, "N stands for params and the table has no such column"),
        ("E + A/unique_tokens^a", TABLE, ColumnError, "unique_tokens is a column of runs"),
        ("E + A/width^a; given width", TABLE, ColumnError, "'width' is given, but no column"),
        ("err = E + A/N^a", TABLE, ColumnError, "gives 'err', which is not a column"),
        ("E + F", None, FormulaError, "no input"),
        ("N + D", None, FormulaError, "no parameter left"),
        ("E + A/N^a; E = 1; A = 2; a = 3", None, FormulaError, "no parameter left"),
        ("L = A/L^a", None, FormulaError, "also an input"),
        ("A/L^a", None, FormulaError, "also an input"),
        ("loss - E = A/N^a", None, FormulaError, "left side"),
        ("2 = A/N^a", None, FormulaError, "left side"),
        ("A/N^a + values", None, FormulaError, "word of gnomon"),
        ("A/N^a + __class__", None, FormulaError, "word of gnomon"),
        ("A/N^a + 1/0", None, FormulaError, "not finite"),
        ("A/N^a + log(0-1)", None, FormulaError, "not finite"),
        ("A/N^a + 10^400", None, FormulaError, "not finite"),
        ("A/N^a; b in [0, 1]", None, FormulaError, "'b' after ';' is not a parameter"),
        ("A/N^a; N = 3", None, FormulaError, "'N' after ';' is not a parameter"),
        ("A/N^a; a in [1, 0]", None, FormulaError, "smaller one first"),
        ("A/N^a; a in [0, 1e999]", None, FormulaError, "two numbers"),
        ("A/N^a; a = 1e999", None, FormulaError, "too large"),
        ("A/N^a; a in [0, 1]; a = 0.5", None, FormulaError, "set twice"),
        ("A/N^a; free", None, FormulaError, "Cannot read 'free'"),
        ("A/N^a;", None, FormulaError, "Cannot read ''"),
        ("import os", None, FormulaError, "not expected"),
        ("__import__('os').system('ls')", None, FormulaError, "cannot read"),
        ("open(N)", None, InputError, "no law 'open'"),
        ("A*open(N)^a", None, FormulaError, "not a function"),
        (" + ".join(f"a{i}*N^{i}" for i in range(MOST_PARAMETERS + 1)), None, FormulaError, "at most 12"),
    ],
)
def test_refused(text: str, columns: tuple[str, ...] | None, kind: type[GnomonError], said: str) -> None:
    with pytest.raises(kind, match=said) as raised:
        law(text, columns=columns)
    assert raised.value.exit_status == 2


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ENDaA+-*/^()=;.,0123456789 []in", max_size=40))
def test_any_text_gives_a_law_or_an_input_error(text: str) -> None:
    try:
        found = law(text)
    except InputError:
        return
    assert found.inputs
    assert found.parameters


def kinds(text: str, columns: tuple[str, ...] | None = None) -> dict[str, tuple[bool, bool, bool]]:
    """(linear, log scale, may be negative) of every parameter."""
    return {k: (p.linear, p.log, p.bounds[0] < 0) for k, p in law(text, columns=columns).parameters.items()}


POSITIVE, SHAPE, FALLING, EITHER, FREE, TURN = (
    (True, True, False),
    (False, True, False),
    (False, False, False),
    (False, False, True),
    (True, False, True),
    (False, False, True),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("E + A/N^a", {"E": POSITIVE, "A": POSITIVE, "a": FALLING}),
        ("E + A*N^-a", {"E": POSITIVE, "A": POSITIVE, "a": FALLING}),
        ("c*N^a*D^b", {"c": POSITIVE, "a": EITHER, "b": EITHER}),
        ("c*N^a/D^b", {"c": POSITIVE, "a": EITHER, "b": FALLING}),
        ("E + k*(N + x0)^-a", {"E": POSITIVE, "k": POSITIVE, "x0": SHAPE, "a": FALLING}),
        ("(A/N^a + B/D^b)^s", {"A": SHAPE, "a": FALLING, "B": SHAPE, "b": FALLING, "s": SHAPE}),
        ("E - A*N^-a", {"E": FREE, "A": FREE, "a": FALLING}),
        ("e - k*exp(-g*D)", {"e": FREE, "k": FREE, "g": TURN}),
        ("a + b*log(N)", {"a": FREE, "b": FREE}),
    ],
)
def test_parameters_are_read_off_the_structure(text: str, expected: dict[str, tuple[bool, bool, bool]]) -> None:
    assert kinds(text) == expected


def test_bounds_and_fixed_values() -> None:
    found = law("E + A/N^a; a in [0.1, 1]; E = 1.7")
    assert list(found.parameters) == ["A", "a"]
    assert found.text == "loss = 1.7 + A / params^a"
    parameter = found.parameters["a"]
    assert parameter.bounds == (0.1, 1.0)
    assert min(parameter.grid) == 0.1
    assert max(parameter.grid) == 1.0
    assert "loss" in found.fixed_units  # 1.7 is in the user's unit of loss, which a fit must then keep
    assert "params" not in found.fixed_units


def test_bounds_on_a_quantity_keep_its_columns_in_their_units() -> None:
    found = law("E + A/N^a; E in [1, 2]")
    assert set(found.fixed_units) == {"loss"}
    assert found.parameters["E"].bounds == (1.0, 2.0)
    found = law("E + A/N^a; A in [100, 1000]")
    assert set(found.fixed_units) == {"loss", "params"}
    assert found.parameters["A"].bounds == (100.0, 1000.0)


def test_negative_bounds_leave_the_log_scale() -> None:
    parameter = law("E + A/N^a; E in [-1, 1]").parameters["E"]
    assert not parameter.log
    assert parameter.bounds == (-1.0, 1.0)


def test_grids_stay_affordable() -> None:
    text = " + ".join(f"a{i}*(N + b{i})^-c{i}" for i in range(4))
    cells = np.prod([len(p.grid) for p in law(text).parameters.values() if p.grid])
    assert cells <= 2500


def test_bound_to_other_columns_by_name() -> None:
    found = law("E + A/N^a; a in [0.1, 1]").of("width", output="err")
    assert found.spec() == "err = E + A / width^a; a in [0.1, 1.0]"
    assert found.of(width="depth_x") is found.of("depth_x")
    with pytest.raises(InputError, match="no input 'size'"):
        found.of(size="x")
    with pytest.raises(InputError, match="as many columns"):
        found.of("width", "depth")
    assert found.of("depth_x").spec() == "err = E + A / depth_x^a; a in [0.1, 1.0]; given depth_x"


names = st.sampled_from(["E", "A", "B", "c1", "k"])
powers = st.sampled_from(["^-a", "^-b", "^0.5", ""])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(names, st.sampled_from("ND"), powers), min_size=1, max_size=4),
    st.sampled_from(["", "^g", "^-1"]),
)
def test_units_of_random_formulas_are_consistent(parts: list[tuple[str, str, str]], outer: str) -> None:
    text = "(" + " + ".join(f"{a}*{x}{p}" for a, x, p in parts) + f"){outer} + F"
    found = law(text)
    run_check("keeps_units", found)
    run_check("is_linear_where_declared", found)
    run_check("differentiates", found)
