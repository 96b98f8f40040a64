"""The grammar: what parses, to which tree, and what is refused; random trees come back from their own text."""

from __future__ import annotations

import contextlib
import string
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.errors import FormulaError
from gnomon.laws.formula import MAX_DEPTH, MAX_LENGTH, MAX_TOKENS, parse
from gnomon.laws.latex import latex, symbol
from gnomon.laws.tree import (
    FUNCTIONS,
    Binary,
    Call,
    Name,
    Negative,
    Node,
    Number,
    evaluate,
    names_in,
    substitute,
    unparse,
    walk,
)

LETTERS = ("a", "b", "params", "x_1", "Alpha")
VALUES = {"a": 1.7, "b": 0.6, "params": 12.5, "x_1": 2.25, "Alpha": 0.3}


def trees() -> st.SearchStrategy[Node]:
    leaves = st.one_of(
        st.sampled_from(LETTERS).map(Name),
        st.floats(1e-3, 1e4, allow_nan=False).map(Number),
        st.integers(0, 50).map(lambda n: Number(float(n))),
    )
    unary = [name for name, (count, _, _) in FUNCTIONS.items() if count == 1]
    pairs = [name for name, (count, _, _) in FUNCTIONS.items() if count == 2]

    def grow(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        return st.one_of(
            st.builds(Binary, st.sampled_from("+-*/^"), inner, inner),
            st.builds(Negative, inner),
            st.builds(Call, st.sampled_from(unary), st.tuples(inner)),
            st.builds(Call, st.sampled_from(pairs), st.tuples(inner, inner)),
        )

    return st.recursive(leaves, grow, max_leaves=12)


def value(node: Node) -> Any:
    with np.errstate(all="ignore"):
        return evaluate(node, {k: np.float64(v) for k, v in VALUES.items()})


@settings(max_examples=300, deadline=None)
@given(trees())
def test_printed_tree_parses_to_itself(node: Node) -> None:
    again = parse(unparse(node)).root
    assert again == node
    assert unparse(again) == unparse(node)


@settings(max_examples=100, deadline=None)
@given(trees())
def test_python_agrees_on_the_value(node: Node) -> None:
    """An independent reading of the same text: Python's own grammar has the same precedence once ^ is written **."""
    text = unparse(node).replace("^", "**")
    names = {k: np.float64(v) for k, v in VALUES.items()} | {
        "exp": np.exp, "log": np.log, "ln": np.log, "log10": np.log10, "log2": np.log2, "sqrt": np.sqrt,
        "tanh": np.tanh, "sigmoid": lambda x: 0.5 * (1.0 + np.tanh(0.5 * x)), "min": np.minimum, "max": np.maximum,
    }  # fmt: skip
    text = _with_numpy_numbers(text)
    with np.errstate(all="ignore"):
        expected = eval(text, {"__builtins__": {}, "f": np.float64}, names)  # our own text, in a test
        np.testing.assert_allclose(value(node), expected, rtol=1e-9, atol=0, equal_nan=True)


def _with_numpy_numbers(text: str) -> str:
    import re

    return re.sub(r"(?<![\w.])(\d+\.?\d*(?:e[+-]?\d+)?)", r"f(\1)", text)


@settings(max_examples=100, deadline=None)
@given(trees())
def test_latex_of_any_tree_is_balanced(node: Node) -> None:
    text = latex(node)
    assert text.count("{") == text.count("}")
    assert text.count(r"\left(") == text.count(r"\right)")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=string.ascii_letters + string.digits + " +-*/^().,=_;eE\t'\"[]{}!@#%&|~`<>?\\", max_size=60))
def test_any_text_parses_or_is_refused_with_a_formula_error(text: str) -> None:
    try:
        formula = parse(text)
    except FormulaError as error:
        assert error.message  # noqa: PT017
        assert error.hint  # noqa: PT017
    else:
        assert parse(str(formula)).root == formula.root


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=30))
def test_any_unicode_is_handled(text: str) -> None:
    with contextlib.suppress(FormulaError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("-2^2", {}, -4.0),
        ("2^-1", {}, 0.5),
        ("2^3^2", {}, 512.0),
        ("2**3", {}, 8.0),
        ("-x^2", {"x": 3.0}, -9.0),
        ("1 - -x", {"x": 3.0}, 4.0),
        ("+x", {"x": 3.0}, 3.0),
        ("12 / 3 / 2", {}, 2.0),
        ("12 - 3 - 2", {}, 7.0),
        ("2 * 3 ^ 2", {}, 18.0),
        (".5 + 1. + 1e1", {}, 11.5),
        ("min(3, x) + max(1, 2)", {"x": 2.0}, 4.0),
        ("ln(exp(2)) + log(1) + log10(100) + log2(8)", {}, 7.0),
        ("sigmoid(0) + tanh(0) + sqrt(9)", {}, 3.5),
        ("a + b where a = b + c, c = 2", {"b": 1.0}, 4.0),
        ("a where a = 2 * b, b = x^2", {"x": 3.0}, 18.0),
    ],
)
def test_value(text: str, values: dict[str, float], expected: float) -> None:
    assert float(parse(text)({k: np.float64(v) for k, v in values.items()})) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("1 +", "ends too early"),
        ("(1 + 2", "closing bracket"),
        ("1 + 2)", "not expected"),
        ("a b", "not expected"),
        ("2x", "cannot read"),
        ("a = b = c", "not expected"),
        ("a $ b", "cannot read"),
        ("a; b", "cannot read"),
        ("exp", "brackets"),
        ("exp(1, 2)", "1 argument"),
        ("min(1)", "2 argument"),
        ("eval(1)", "not a function"),
        ("__import__(os)", "not a function"),
        ("sqr(2)", "not a function"),
        ("a.b", "cannot read"),
        ("a[0]", "cannot read"),
        ("lambda: 1", "cannot read"),
        ("'text'", "cannot read"),
        ("1e999", "too large"),
        ("a where", "new name"),
        ("a where b", "missing"),
        ("a where exp = 2", "new name"),
        ("a where a = b, b = a", "each other"),
        ("a where b = 1, b = 2", "new name"),
        ("where = 1", "not expected"),
        ("x" * (MAX_LENGTH + 1), "characters"),
        ("(" * (MAX_DEPTH + 5) + "x" + ")" * (MAX_DEPTH + 5), "nested"),
        ("-" * 200 + "x", "nested"),
        ("2^" * 150 + "x", "nested"),
        ("x+" * MAX_TOKENS + "x", "names, numbers and signs"),
        (
            "a where "
            + ", ".join(f"a{i} = a{i + 1}*a{i + 1}*a{i + 1}*a{i + 1}" for i in range(12))
            + ", a = a0, a12 = x",
            "grows",
        ),
    ],
)
def test_refused(text: str, said: str) -> None:
    with pytest.raises(FormulaError, match=said) as raised:
        parse(text)
    assert raised.value.hint or "characters" in said
    assert raised.value.exit_status == 2


def test_unknown_function_gets_near_matches() -> None:
    with pytest.raises(FormulaError) as raised:
        parse("1 + sqr(x)")
    assert raised.value.hint == "Did you mean sqrt?"
    assert "character 5" in raised.value.message


def test_walk_and_names_go_left_to_right() -> None:
    root = parse("b + a * exp(c - b)").root
    assert names_in(root) == ("b", "a", "c")
    assert len(list(walk(root))) == 8


def test_substitution_leaves_the_rest_alone() -> None:
    root = substitute(parse("a + b^a").root, {"a": Negative(Number(2.0))})
    assert unparse(root) == "-2 + b^-2"
    assert float(evaluate(root, {"b": np.float64(2.0)})) == pytest.approx(-1.75)


def test_constants_follow_numpy_not_python() -> None:
    with np.errstate(all="ignore"):
        assert np.isinf(parse("1/0")({}))
        assert np.isnan(parse("(-8)^0.5")({}))
        assert np.isinf(parse("10^400")({}))


def test_definitions_expand_and_rename() -> None:
    formula = parse("loss = E + A/n^a where n = min(params, c)")
    assert formula.names() == ("E", "A", "params", "c", "a")
    renamed = formula.renamed({"params": "active", "loss": "err"})
    assert str(renamed) == "err = E + A / n^a where n = min(active, c)"
    assert parse(renamed.text) == renamed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("loss = E + A / params^alpha", r"L = E + \frac{A}{N^{\alpha}}"),
        ("a^b^c", "a^{b^{c}}"),
        ("(a^b)^c", r"\left(a^{b}\right)^{c}"),
        ("(a/b)^c", r"\left(\frac{a}{b}\right)^{c}"),
        ("((a+b)*(c+d))^e", r"\left(\left(a + b\right)\,\left(c + d\right)\right)^{e}"),
        ("a - (b - c)", r"a - \left(b - c\right)"),
        ("a - (b + c)", r"a - \left(b + c\right)"),
        ("a + -b", r"a + \left(-b\right)"),
        ("-a * b", r"-a\,b"),
        ("exp(-g * x)", r"\exp\left(-g\,x\right)"),
        ("2 * 3", r"2 \cdot 3"),
        ("1e21 * x", r"10^{21}\,x"),
        ("2.5e-7", r"2.5\cdot 10^{-7}"),
        ("(1e21)^a", r"\left(10^{21}\right)^{a}"),
        ("sqrt(x_0)", r"\sqrt{x_{0}}"),
        (
            "R_D + N_c + eps_inf + kappa2 + MM",
            r"R_{D} + N_{c} + \mathrm{eps}_{\mathrm{inf}} + \kappa_{2} + \mathrm{MM}",
        ),
        ("y = a where a = x^2", r"y = a,\quad a = x^{2}"),
    ],
)
def test_latex(text: str, expected: str) -> None:
    assert parse(text).latex() == expected


def test_symbols_can_be_overridden() -> None:
    assert parse("A / params").latex({"params": "P"}) == r"\frac{A}{P}"
    assert symbol("unique_tokens") == "U"
