"""What a tree says of its parameters: terms, linearity and units, against what the catalogue declares and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gnomon.laws import CATALOGUE, law
from gnomon.laws.formula import parse
from gnomon.laws.law import Law
from gnomon.laws.structure import Term, linear_parameters, only_grows, parameter_units, power_terms
from gnomon.laws.tree import Name, substitute

EXPLICIT = [name for name in CATALOGUE if isinstance(law(name).parsed().left, Name)]


def test_only_m4_and_the_laws_of_steps_are_implicit() -> None:
    assert set(CATALOGUE) - set(EXPLICIT) == {"m4", "steps", "steps_floor"}


# That shares sum to 1 is nothing a tree can know; the contract checks the units of such laws by their values.
@pytest.mark.parametrize("spec", [name for name in EXPLICIT if not law(name).shares])
def test_units_read_off_the_text_are_those_declared(spec: str) -> None:
    """Two independent statements: what the author declared, and what the tree implies."""
    entry: type[Law] = law(spec)
    owners = {c: Name(owner) for c, owner in entry.shared_units.items()}
    tree = substitute(entry.parsed().expanded, owners)
    assert parameter_units(tree, entry.inputs, entry.output)[1] <= set(entry.fixed_units)
    units, _ = parameter_units(tree, entry.inputs, entry.output, entry.fixed_units)
    values = entry.example().values
    for name, parameter in entry.parameters.items():
        for column in entry.unit_columns():
            declared, read = (_power(u.get(column, 0.0), values) for u in (parameter.units or {}, units[name]))
            assert declared == pytest.approx(read, rel=1e-9, abs=1e-12), (name, column)


def _power(power: str | float, values: dict[str, float]) -> float:
    return float(parse(power)(values)) if isinstance(power, str) else float(power)


@pytest.mark.parametrize("spec", EXPLICIT)
def test_linear_parameters_read_off_the_text_hold_those_declared(spec: str) -> None:
    entry = law(spec)
    found = linear_parameters(entry.parsed().expanded, list(entry.parameters))
    assert set(found) >= {name for name, p in entry.parameters.items() if p.linear}


@pytest.mark.parametrize(
    ("text", "linear"),
    [
        ("E + A/x^a", "E A"),
        ("E + A*B/x^a", "E A"),
        ("k * (1 + c*x + d*x^2)", "c d"),
        ("(a + b*x) / (1 + c*x)", "a b"),
        ("(a + b*x)^1", "a b"),
        ("(a + b*x)^2", ""),
        ("exp(a + b*x)", ""),
        ("a - b + min(c, x)", "a b"),
        ("-a * x", "a"),
        ("a*a*x + b", "b"),
        ("u + v where u = A/x^v", "A"),
    ],
)
def test_linear(text: str, linear: str) -> None:
    root = parse(text).expanded
    names = [n for n in parse(text).names() if n != "x"]
    assert set(linear_parameters(root, names)) == set(linear.split())


@pytest.mark.parametrize(
    ("text", "units", "fixed"),
    [
        ("E + A/x^a", {"E": {"y": 1}, "A": {"y": 1, "x": "a"}, "a": {}}, set()),
        ("(x/c)^-a", {"c": {"x": 1, "y": "1 / a"}, "a": {}}, set()),
        ("E + k*(x + b)^-a", {"E": {"y": 1}, "b": {"x": 1}, "k": {"y": 1, "x": "a"}, "a": {}}, set()),
        ("E + (A/x^a)^g", {"E": {"y": 1}, "A": {"y": "1 / g", "x": "a"}, "a": {}, "g": {}}, set()),
        ("e - k*exp(-g*x)", {"e": {"y": 1}, "k": {"y": 1}, "g": {"x": -1}}, set()),
        ("b + a*sigmoid(k*(x - m))", {"b": {"y": 1}, "a": {"y": 1}, "m": {"x": 1}, "k": {"x": -1}}, set()),
        ("1 - k*x", {"k": {"x": -1}}, {"y"}),
        ("a + b*log(x)", {"a": {"y": 1}, "b": {"y": 1}}, {"x"}),
        ("a*x^2 + b*sqrt(x)", {"a": {"y": 1, "x": -2}, "b": {"y": 1, "x": -0.5}}, set()),
        ("min(a, b*x) + max(c, x)", {"a": {}, "b": {}, "c": {}}, {"x", "y"}),
        ("x", {}, {"x", "y"}),
        ("k * 2^(-x/h)", {"h": {"x": 1}, "k": {"y": 1}}, set()),
        ("a + a*x", {"a": {"y": 1}}, {"x"}),
    ],
)
def test_units(text: str, units: dict[str, dict[str, str | float]], fixed: set[str]) -> None:
    found, tied = parameter_units(parse(text).expanded, ["x"], "y")
    assert tied == fixed
    values = {name: np.float64(0.3 + 0.2 * i) for i, name in enumerate(sorted(found))}
    assert found.keys() == units.keys()
    for name, carried in units.items():
        assert found[name].keys() == carried.keys(), name
        for column, power in carried.items():
            assert _power(found[name][column], values) == pytest.approx(_power(power, values))


def test_power_terms() -> None:
    found = power_terms(parse("E + 2*A*x^-a/z^0.5 + x").root, ("x", "z"))
    assert found == (
        Term(1.0, ("E",), ()),
        Term(2.0, ("A",), (("x", -1.0, "a"), ("z", -1.0, 0.5))),
        Term(1.0, (), (("x", 1.0, 1.0),)),
    )


@pytest.mark.parametrize("text", ["E - A/x^a", "exp(x)", "(x + 1)^a", "A/(B*x^a)", "A*x^(a*b)", "-1*x", "0*x", "x^x"])
def test_other_formulas_have_no_power_terms(text: str) -> None:
    assert power_terms(parse(text).root, ("x",)) is None


def test_implicit_formulas_have_no_power_terms() -> None:
    """Else a solver would take M4 for the power law on its right-hand side."""
    assert law("m4").parsed().terms(law("m4").inputs) is None
    assert parse("loss = k/x^a").terms(("x",)) is not None


@pytest.mark.parametrize(
    ("text", "grows"),
    [
        ("E + A/x^a", True),
        ("A*x^-a", True),
        ("min(a, x)^b", True),
        ("a - x", False),
        ("-a*x", False),
        ("exp(x)", False),
    ],
)
def test_only_grows(text: str, grows: bool) -> None:
    assert only_grows(parse(text).root) is grows
