"""The Law class: values, arrays, units, columns, and what it refuses."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from gnomon.errors import InputError, UnknownNameError
from gnomon.laws import (
    CATALOGUE,
    Chinchilla,
    Law,
    Muennighoff,
    Pow,
    PowFloor,
    Published,
    coefficient,
    exponent,
    floor,
    law,
)
from gnomon.laws.columns import RANGES, spread
from gnomon.laws.jet import Jet, seeds
from gnomon.laws.parameter import Parameter

BEST = Chinchilla.besiroglu2024


def test_a_number_gives_a_number() -> None:
    value = BEST(params=70e9, tokens=1.4e12)
    assert isinstance(value, float)
    assert value == pytest.approx(1.81686 + 482.01 / 70e9**0.34781 + 2085.43 / 1.4e12**0.36585, rel=1e-14)


def test_inputs_broadcast() -> None:
    table = BEST(params=np.array([[1e9], [1e10]]), tokens=np.array([1e10, 1e11, 1e12]))
    assert table.shape == (2, 3)
    assert table[1, 2] == BEST(params=1e10, tokens=1e12)
    assert BEST(params=[1e9, 1e10], tokens=1e12).shape == (2,)


def test_draws_broadcast_against_points() -> None:
    draws = Chinchilla(**{k: np.full((5, 1), float(v)) for k, v in BEST.values.items()})
    result = draws(params=np.array([1e9, 1e10, 1e11]), tokens=1e12)
    assert result.shape == (5, 3)
    assert repr(draws).startswith("Chinchilla(E=<(5, 1)>")


def test_lists_become_arrays() -> None:
    assert PowFloor(E=[[1.0], [2.0]], k=1.0, a=0.5)(flops=np.ones(3)).shape == (2, 3)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: BEST(params=1e9), "needs tokens too"),
        (lambda: BEST(params=1e9, token=1e9), "takes params, tokens"),
        (lambda: BEST(params=-1e9, tokens=1e9), "params < inf; got -1e"),
        (lambda: BEST(params=0, tokens=1e9), "got 0"),
        (lambda: BEST(params=[1e9, np.nan], tokens=1e9), "got nan"),
        (lambda: BEST(params=np.inf, tokens=1e9), "got inf"),
        (lambda: BEST(params="large", tokens=1e9), "must be a number"),
        (lambda: BEST(params=None, tokens=1e9), "got nan|must be a number"),
        (lambda: Chinchilla(E=1.0), "needs a value for A, alpha, B, beta"),
        (lambda: Pow(k=1.0, a="half"), "must be a number"),
        (lambda: Pow(k=True, a=0.5), "must be a number"),
        (lambda: Pow(k=None, a=0.5), "must be a number"),
    ],
)
def test_refused(call: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        call()


def test_unknown_parameter_gets_near_matches() -> None:
    with pytest.raises(UnknownNameError) as raised:
        Chinchilla(E=1, A=1, B=1, alpha=1, bta=1)
    assert raised.value.hint == "Did you mean beta?"


def test_laws_are_immutable_and_compare_by_value() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        BEST.E = 2.0
    again = Chinchilla(**BEST.values)
    assert again == BEST
    assert hash(again) == hash(BEST)
    assert again != Chinchilla.hoffmann2022
    assert BEST != 3


def test_values_keep_declared_order_and_constants_their_source() -> None:
    assert list(BEST.values) == ["E", "A", "alpha", "B", "beta"]
    assert isinstance(BEST.provenance, Published)
    assert "Besiroglu" in BEST.provenance.source
    assert set(Chinchilla.constants()) == set(Chinchilla.published)
    assert isinstance(Chinchilla.E, Parameter)
    assert "ounded" in Chinchilla.hoffmann2022_rounded.provenance.note


@pytest.mark.parametrize("word", ["values", "text", "formula", "id", "of", "parameters", "__init__"])
def test_a_parameter_may_not_take_a_word_of_law_itself(word: str) -> None:
    body = {word: floor("a floor"), "inputs": ("params",)}
    with pytest.raises(InputError, match="word of Law itself"):
        type("Clash", (Law,), body)


def test_subclasses_inherit_parameters() -> None:
    class Longer(PowFloor):
        """One parameter more."""

        b: float = exponent("another")

    assert list(Longer.parameters) == ["E", "k", "a", "b"]
    assert list(PowFloor.parameters) == ["E", "k", "a"]


def test_a_law_without_formula_says_so() -> None:
    class Empty(Law):
        """Nothing."""

        inputs = ("params",)

    with pytest.raises(NotImplementedError, match="Empty must define formula"):
        Empty()(params=1.0)


# Units ----------------------------------------------------------------------------------------------------------------


def test_rescaling_is_exact() -> None:
    billions = BEST.rescaled(params=1e9, tokens=1e9)
    assert billions(params=70, tokens=1400) == pytest.approx(BEST(params=70e9, tokens=1.4e12), rel=1e-13)
    bits = BEST.rescaled(loss=np.log(2))
    assert bits(params=70e9, tokens=1.4e12) == pytest.approx(BEST(params=70e9, tokens=1.4e12) / np.log(2), rel=1e-13)
    assert pytest.approx(BEST.A, rel=1e-13) == billions.rescaled(params=1e-9, tokens=1e-9).A


def test_shared_units_move_together() -> None:
    best = Muennighoff.muennighoff2023
    assert Muennighoff.unit_columns() == ("params", "tokens", "loss")
    assert Muennighoff.unit_of("unique_tokens") == "tokens"
    at = {"params": 6.34e9, "tokens": 242e9, "unique_tokens": 25e9}
    scales = Muennighoff.scales({k: np.array([v]) for k, v in at.items()} | {"loss": np.array([2.0])})
    assert scales["unique_tokens"] == scales["tokens"] == pytest.approx(242e9)
    value = best.rescaled(**scales)(**{k: v / scales[k] for k, v in at.items()})
    assert value * scales["loss"] == pytest.approx(best(**at), rel=1e-12)
    for wrong in ({"unique_tokens": 1e9}, {"tokens": 1e9, "unique_tokens": 1e6}):
        with pytest.raises(InputError, match="has the unit of tokens"):
            best.rescaled(**wrong)


def test_unknown_and_fixed_columns_are_refused() -> None:
    with pytest.raises(InputError, match="no column 'flops'"):
        BEST.rescaled(flops=2.0)
    tied = law("a + b*log(N)")
    assert tied.unit_columns() == ("loss",)
    with pytest.raises(InputError, match="tied to the unit of params"):
        tied(a=1.0, b=1.0).rescaled(params=2.0)
    assert tied(a=1.0, b=1.0).rescaled(params=1.0).values == {"a": 1.0, "b": 1.0}


def test_scales_are_geometric_means_and_survive_odd_values() -> None:
    scales = Pow.scales({"flops": [1e18, 1e20, np.nan, 0.0], "loss": [2.0, 8.0]})
    assert scales["flops"] == pytest.approx(1e19)
    assert scales["loss"] == pytest.approx(4.0)
    assert Pow.scales({})["flops"] == 1.0


# Columns --------------------------------------------------------------------------------------------------------------


def test_bound_to_another_column() -> None:
    other = Pow.of("tokens")
    assert other is Pow.of("tokens")
    assert other.inputs == ("tokens",)
    assert other.id == "pow"
    assert other.text == "loss = k / tokens^a"
    assert other.spec() == "pow(tokens)"
    assert other.parameters["k"].units == {"loss": 1, "tokens": "a"}
    assert other(k=2.0, a=0.5)(tokens=4.0) == 1.0
    assert other.of("flops") is Pow
    assert issubclass(other, Pow)
    with pytest.raises(InputError, match="takes tokens"):
        other(k=2.0, a=0.5)(flops=4.0)


def test_bound_by_name_and_to_another_output() -> None:
    other = Chinchilla.of(params="active_params", output="loss_c4")
    assert other.inputs == ("active_params", "tokens")
    assert other.output == "loss_c4"
    assert other.published == {}
    assert other.spec() == "loss_c4 = chinchilla(active_params, tokens)"
    assert other.of(active_params="params", output="loss") is Chinchilla


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Pow.of("tokens", "params"), "reads 1 column"),
        (lambda: Chinchilla.of("tokens"), "reads 2 column"),
        (lambda: Chinchilla.of("tokens", tokens="x"), "not both"),
        (lambda: Chinchilla.of(size="x"), "no input 'size'"),
        (lambda: Chinchilla.of("tokens", "tokens"), "different columns"),
        (lambda: Pow.of("loss"), "different columns"),
        (lambda: Pow.of("a"), "both a column and a parameter"),
        (lambda: Pow.of("my column"), "cannot read a column"),
        (lambda: Pow.of("exp"), "cannot read a column"),
        (lambda: Pow.of("where"), "cannot read a column"),
        (lambda: Pow.of("größe"), "cannot read a column"),
    ],
)
def test_columns_refused(call: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        call()


# Examples and derivatives ---------------------------------------------------------------------------------------------


def test_designs_fill_their_range_and_repeat() -> None:
    design = Chinchilla.design()
    assert {k: v.shape for k, v in design.items()} == {"params": (48,), "tokens": (48,)}
    for name, x in design.items():
        low, high = RANGES[name]
        assert low <= x.min() < low * (high / low) ** 0.1
        assert high >= x.max() > low * (high / low) ** 0.9
        np.testing.assert_array_equal(x, Chinchilla.design()[name])
    assert abs(np.corrcoef(np.log(design["params"]), np.log(design["tokens"]))[0, 1]) < 0.15


def test_ranges_with_zero_are_filled_linearly() -> None:
    assert spread({"x": (-1.0, 1.0)}, 3)["x"].tolist() == [-1.0, 0.0, 1.0]


@pytest.mark.parametrize("spec", [s for s in CATALOGUE if s != "muennighoff"])
def test_complex_step_agrees_with_dual_numbers(spec: str) -> None:
    """A third, independent derivative, exact to rounding; min() of complex numbers has no meaning."""
    entry = law(spec)
    inputs = tuple(entry.design()[c] for c in entry.inputs)
    values = entry.example().values
    jet = entry(**seeds(values)).formula(*inputs)
    for i, name in enumerate(entry.parameters):
        step = entry(**(values | {name: values[name] + 1e-150j})).formula(*inputs).imag / 1e-150
        exact = np.broadcast_to(jet.grad.get(i, 0.0), step.shape)
        np.testing.assert_allclose(step, exact, rtol=1e-9, atol=1e-12 * np.abs(exact).max())


def test_formula_on_dual_numbers_stays_dual() -> None:
    result = Chinchilla(**seeds(BEST.values)).formula(np.array([1e9]), np.array([1e10]))
    assert isinstance(result, Jet)
    assert result.grad[0] == 1.0


def test_description_has_every_field_of_the_document() -> None:
    entry = Chinchilla.to_dict()
    for key in ("id", "question", "formula", "latex", "inputs", "output", "parameters", "constants", "source"):
        assert entry[key], key
    assert [p["name"] for p in entry["parameters"]] == ["E", "A", "alpha", "B", "beta"]
    assert {"name", "values", "source"} <= entry["constants"][0].keys()
    assert entry["parameters"][2]["latex"] == r"\alpha"


def test_every_module_names_its_declarations_from_law() -> None:
    """`from gnomon.laws.law import ...` stays the one line that an author needs."""
    import gnomon.laws.law as module

    assert inspect.isclass(Law)
    from gnomon.laws.law import Parameter as exported

    assert exported is Parameter
    assert coefficient("x").units == {"loss": 1}
    assert module is not None
