"""The contract that every law keeps, for the catalogue's tests and for those of people who write their own.

    from gnomon.testing.laws import check_law
    def test_my_law():
        check_law(MyLaw)

Each check is a function of a Law class that raises ContractFailure. A law that cannot pass one says so in `exempt`,
with the reason; an exempt check that passes is a failure too, so that exemptions do not outlive their reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np

from gnomon.errors import InputError
from gnomon.laws.arrays import doubles
from gnomon.laws.jet import Jet, seeds
from gnomon.laws.law import Law
from gnomon.laws.tree import Name, evaluate, names_in

Array = np.ndarray

STEP = 1e-4  # relative step of the five-point differences: truncation 1e-16, rounding 1e-12 of the law's value
SLOPE = 1e-6  # first derivatives agree to this share of the largest one
CURVATURE = 1e-5  # second derivatives likewise; differences of exact gradients
LEAST = 1e-5  # a parameter that changes the law by less than this share is judged against this share
EXACT = 1e-10  # two ways to compute the same number
SOLVED = 1e-12  # objective of a fit to noise-free data
NOISE = 0.01  # standard deviation of ln(output) in the fit to noisy data
NOISY_POINTS = 64  # seven a parameter for the largest law
NOISY_DRAWS = 40
WIDER = 2.0  # one table of 64 rows may miss its own 90 % interval; twice as wide a one it must not miss
PLANE = 1e-9  # departure from a straight line in parameters declared linear


class ContractFailure(AssertionError):
    """A law breaks the contract; the message says which part and how."""


def check_law(law: type[Law], *, skip: tuple[str, ...] = ()) -> None:
    """Run every check on a law.

    Args:
        law: the class.
        skip: names of checks to leave out, for quick looks while writing one.

    Raises:
        ContractFailure: it breaks one or more, all of which are named.
    """
    failures = []
    for name in CHECKS:
        if name not in skip:
            try:
                run_check(name, law)
            except ContractFailure as failure:
                failures.append(f"{name}: {failure}")
    if failures:
        raise ContractFailure(f"{law.spec() or law.__name__} breaks the contract of laws:\n  " + "\n  ".join(failures))


def run_check(name: str, law: type[Law]) -> None:
    """One check by name, with the law's exemptions held strictly.

    Raises:
        ContractFailure: it fails, or is declared to fail and does not.
    """
    try:
        CHECKS[name](law)
    except Exception as error:
        if name in law.exempt:
            return
        if isinstance(error, ContractFailure):
            raise
        raise ContractFailure(f"it raised {type(error).__name__}: {error}") from error
    if name in law.exempt:
        raise ContractFailure(f"it passes, but is exempt because {law.exempt[name]!r}: remove the exemption")


def cases(law: type[Law]) -> dict[str, Law]:
    """Laws with values on which the checks are run: the example, two others near it, and everything published."""
    example = law.example()
    found: dict[str, Law] = {"example": example}
    for k, name in enumerate(("first neighbour", "second neighbour")):
        shaken = {
            p: v * (1.0 + 0.05 * np.sin(1.0 + 2.0 * i + 5.0 * k)) for i, (p, v) in enumerate(example.values.items())
        }
        found[name] = law(**shaken)
    return found | dict(law.constants())


def _require(condition: Any, message: str) -> None:
    if not condition:
        raise ContractFailure(message)


def _inputs(law: type[Law]) -> tuple[Array, ...]:
    design = law.design()
    return tuple(design[name] for name in law.inputs)


def _gap(a: Any, b: Any) -> float:
    """Largest difference relative to the larger of the two, NaN where one is NaN."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    return float(np.max(np.abs(a - b) / np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-300), initial=0.0))


def declares_itself(law: type[Law]) -> None:
    """Id, question, inputs, text, source, meanings, bounds and grids are there and make sense."""
    _require(re.fullmatch(r"[a-z][a-z0-9_]*", law.id), f"id {law.id!r} must be lower case letters, digits and _")
    _require(law.question.endswith("?"), "question must be a question")
    _require(law.source, "source must say where the law comes from")
    _require((law.__doc__ or "").strip() and law.__doc__ != Law.__doc__, "a docstring must explain it")
    _require(law.inputs and law.parameters, "it needs inputs and parameters")
    columns = (*law.inputs, law.output)
    _require(len(set(columns)) == len(columns), f"columns repeat: {columns}")
    _require(
        not set(columns) & law.parameters.keys(), f"a name is both column and parameter: {columns}, {[*law.parameters]}"
    )
    named = {
        *law.shared_units,
        *law.shared_units.values(),
        *law.fixed_units,
        *law.free_inputs,
        *law.domain,
        *law.ranges,
    }
    _require(named <= set(columns), f"declarations about columns it does not have: {sorted(named - set(columns))}")
    unknown = set(law.exempt) - CHECKS.keys()
    _require(not unknown, f"exemptions from unknown checks: {sorted(unknown)}")
    own_starts = law.starts.__func__ is not Law.starts.__func__  # type: ignore[attr-defined]
    for name, p in law.parameters.items():
        low, high = p.bounds
        _require(p.meaning, f"{name} needs a meaning")
        _require(
            np.isfinite([low, high]).all() and low < high,
            f"{name} needs finite bounds, smaller one first; got {p.bounds}",
        )
        _require(low > 0 or not p.log, f"{name} is on a log scale: its bounds must be positive")
        _require(low <= p.typical <= high, f"typical value of {name} lies outside its bounds")
        _require(p.linear or p.grid or own_starts, f"{name} is nonlinear: it needs a grid, or the law starts()")
        _require(all(low <= x <= high for x in p.grid), f"grid of {name} leaves its bounds")
        strange = set(p.units or {}) - set(law.unit_columns())
        _require(not strange, f"{name} carries units of {sorted(strange)}, which are not free columns of the law")
    json.dumps(law.to_dict(), allow_nan=False)


def is_defined(law: type[Law]) -> None:
    """Finite on its design, one number for one point, and one row per draw for parameters of shape (draws, 1)."""
    inputs = _inputs(law)
    for name, instance in cases(law).items():
        values = instance.formula(*inputs)
        _require(
            np.shape(values) == np.shape(inputs[0]),
            f"{name}: {np.shape(inputs[0])} inputs give shape {np.shape(values)}",
        )
        _require(np.isfinite(values).all(), f"{name}: not finite on the law's own design")
        point = instance(**{c: float(x[0]) for c, x in zip(law.inputs, inputs, strict=True)})
        _require(
            isinstance(point, float) and abs(point - values[0]) <= EXACT * abs(point),
            f"{name}: one point gives {point!r}",
        )
        draws = {p: np.array([[v], [v]]) for p, v in instance.values.items()}
        rows = law(**draws).formula(*inputs)
        _require(np.shape(rows) == (2, len(values)), f"{name}: parameters of shape (2, 1) give shape {np.shape(rows)}")
        _require(
            _gap(rows[0], values) <= EXACT and _gap(rows[1], values) <= EXACT,
            f"{name}: draws differ from single values",
        )


def refuses_outside(law: type[Law]) -> None:
    """Inputs outside the domain, missing or unknown are refused with an InputError."""
    instance, inputs = law.example(), dict(zip(law.inputs, (float(x[0]) for x in _inputs(law)), strict=True))
    wrong: list[dict[str, float]] = [
        {k: v for k, v in inputs.items() if k != law.inputs[0]},
        inputs | {"no_such_column": 1.0},
    ]
    for name in law.inputs:
        for edge in law.domain.get(name, (0.0, np.inf)):
            if np.isfinite(edge):
                wrong.append(inputs | {name: edge})
        wrong.append(inputs | {name: float("nan")})
    for call in wrong:
        try:
            result = instance(**call)
        except InputError:
            continue
        raise ContractFailure(f"{call} must be refused with an InputError; it gave {result!r}")


def says_its_formula(law: type[Law]) -> None:
    """The text, evaluated, is what the code computes, and uses every name; an implicit law's two sides are equal."""
    parsed, inputs = law.parsed(), _inputs(law)
    used = set(parsed.names()) | (set(names_in(parsed.left)) if parsed.left else set())
    quantities = law.quantities(*inputs)
    unknown = used - {*law.inputs, *law.parameters, *quantities, law.output}
    _require(not unknown, f"the text speaks of {sorted(unknown)}")
    needed = {*law.parameters, *(quantities or law.inputs)}  # quantities stand for the inputs they are made of
    _require(not (absent := needed - used), f"the text leaves out {sorted(absent)}")
    for name, instance in cases(law).items():
        values: dict[str, Any] = dict(zip(law.inputs, inputs, strict=True)) | quantities | instance.values
        code = instance.formula(*inputs)
        if parsed.left is None or parsed.left == Name(law.output):
            _require(
                _gap(parsed(values), code) <= max(EXACT, law.accuracy),
                f"{name}: text and code differ by {_gap(parsed(values), code):.2g}",
            )
        else:
            left, right = evaluate(parsed.left, values | {law.output: code}), parsed(values | {law.output: code})
            _require(_gap(left, right) <= 1e-8, f"{name}: the two sides of the text differ by {_gap(left, right):.2g}")


def prints_latex(law: type[Law]) -> None:
    """LaTeX exists, with balanced brackets and no power of a power without brackets."""
    text = law.latex()
    _require(text.strip(), "LaTeX is empty")
    _require(text.count("{") == text.count("}"), f"unbalanced braces in {text}")
    _require(text.count(r"\left") == text.count(r"\right"), f"unbalanced \\left and \\right in {text}")
    _require(not re.search(r"\}\^\{[^{}]*\}\^", text), f"double superscript in {text}")


def _differences(function: Callable[[float], Any]) -> Any:
    """Slope of a function at 0 by five points."""
    near, far = function(STEP) - function(-STEP), function(2 * STEP) - function(-2 * STEP)
    return (8.0 * near - far) / (12.0 * STEP)


def _stretch(values: Mapping[str, Any], name: str, by: float) -> dict[str, Any]:
    """Values with one of them moved by a share of itself (by that much where it is 0)."""
    return dict(values) | {name: values[name] + by * _size(values[name])}


def _size(value: Any) -> float:
    return float(abs(value)) or 1.0


def _jet(law: type[Law], values: Mapping[str, Any], inputs: tuple[Array, ...]) -> Jet:
    result = law(**seeds(values)).formula(*inputs)
    if not isinstance(result, Jet):
        raise ContractFailure("on dual numbers it returns a plain value: a derivative was lost on the way")
    return result


def differentiates(law: type[Law]) -> None:
    """First derivatives by all parameters from dual numbers agree with central differences."""
    inputs = _inputs(law)
    for case, instance in cases(law).items():
        values = instance.values
        jet = _jet(law, values, inputs)
        level = float(np.max(np.abs(jet.value)))
        for i, name in enumerate(law.parameters):
            exact = np.broadcast_to(jet.grad.get(i, 0.0), np.shape(inputs[0])) * _size(values[name])
            measured = _differences(lambda s, n=name, v=values: law(**_stretch(v, n, s)).formula(*inputs))  # type: ignore[misc]
            scale = max(float(np.max(np.abs(exact))), LEAST * level)
            error = float(np.max(np.abs(exact - measured))) / scale
            _require(error <= SLOPE, f"{case}: derivative by {name} is off by {error:.2g} of the largest")


def curves(law: type[Law]) -> None:
    """Second derivatives from dual numbers agree with central differences of the first."""
    inputs = _inputs(law)
    instance = cases(law)["first neighbour"]
    values, names = instance.values, list(law.parameters)
    jet = _jet(law, values, inputs)
    level = float(np.max(np.abs(jet.value)))
    shape = np.shape(inputs[0])
    for j, name in enumerate(names):
        for i in range(len(names)):

            def slope(s: float, i: int = i, name: str = name) -> Any:
                return np.broadcast_to(_jet(law, _stretch(values, name, s), inputs).grad.get(i, 0.0), shape)

            unit = _size(values[names[i]])
            exact = (
                np.broadcast_to((jet.hess or {}).get((min(i, j), max(i, j)), 0.0), shape) * unit * _size(values[name])
            )
            measured = _differences(slope) * unit
            scale = max(float(np.max(np.abs(exact))), LEAST * level)
            error = float(np.max(np.abs(exact - measured))) / scale
            _require(
                error <= CURVATURE, f"second derivative by {names[i]} and {name} is off by {error:.2g} of the largest"
            )


def knows_its_rest(law: type[Law]) -> None:
    """Derivatives that it gives of its part above the floor agree with dual numbers (laws that give none: nothing to check)."""
    from gnomon.fit.above_floor import AboveFloor
    from gnomon.fit.design import Design
    from gnomon.fit.dual import Dual

    rest = law.rest()
    if rest is None:
        return
    inputs = tuple(np.asarray(x, float) for x in _inputs(law))
    for case, instance in cases(law).items():
        design = Design(law, inputs, instance.formula(*inputs), np.arange(len(inputs[0])))
        theta = design.theta(instance.values)[None]
        own, plain = AboveFloor(law, rest, design.scaled_inputs), Dual(law, design.scaled_inputs)
        state, output = own.state(theta), plain.state(theta)
        _require(len(state) == own.kept, f"{case}: it keeps {len(state) - 2} arrays and says {rest.kept}")
        _require(_gap(np.exp(state[0]), output[0]) <= EXACT, f"{case}: floor and rest do not add up to the formula")
        one, none = np.ones_like(output[0]), np.zeros_like(output[0])
        for first, second, what in ((one, none, "first or second"), (none, one, "first")):
            law_of = output[0]  # derivatives of sum F(ln law) by theta, from either kernel
            ours = own.normal(theta, state, first, second, one)[:2]
            theirs = plain.normal(theta, output, first / law_of, (second - first) / law_of**2, one)[:2]
            gap = max(
                float(np.abs(a - b).max() / max(np.abs(b).max(), LEAST)) for a, b in zip(ours, theirs, strict=True)
            )
            _require(gap <= SLOPE, f"{case}: its {what} derivatives are off by {gap:.2g} of the largest")


def keeps_units(law: type[Law]) -> None:
    """Another unit of a column changes the parameters and nothing else; columns with fixed units refuse."""
    inputs = dict(zip(law.inputs, _inputs(law), strict=True))
    for case, instance in cases(law).items():
        expected = instance.formula(*inputs.values())
        owners = law.unit_columns()
        for chosen in (*((c,) for c in owners), owners):
            scales = {c: 7.3 for c in (*law.inputs, law.output) if law.unit_of(c) in chosen}
            if not scales:
                continue
            other = instance.rescaled(**scales)
            values = other.formula(*(x / scales.get(c, 1.0) for c, x in inputs.items())) * scales.get(law.output, 1.0)
            _require(
                _gap(values, expected) <= EXACT,
                f"{case}: {', '.join(scales)} in units of 7.3 change it by {_gap(values, expected):.2g}",
            )
    for column in (*law.inputs, law.output):
        if law.unit_of(column) is None:
            try:
                law.example().rescaled(**{column: 2.0})
            except InputError:
                continue
            raise ContractFailure(f"the unit of {column} is declared fixed, but rescaled() takes it")


def stays_in_bounds(law: type[Law]) -> None:
    """In units in which inputs and output have geometric mean 1, example and published values lie inside the bounds."""
    design = law.design()
    for case, instance in cases(law).items():
        columns = dict(design) | {law.output: instance.formula(*(design[c] for c in law.inputs))}
        for name, value in instance.rescaled(**law.scales(columns)).values.items():
            low, high = law.parameters[name].bounds
            _require(
                low <= value <= high, f"{case}: {name} = {value:.4g} in fit units lies outside [{low:g}, {high:g}]"
            )


def is_linear_where_declared(law: type[Law]) -> None:
    """Jointly linear in the parameters declared so, and finite with them at zero, as the global search needs."""
    linear = [name for name, p in law.parameters.items() if p.linear]
    if not linear:
        return
    inputs, values = _inputs(law), dict(law.example().values)
    one = {name: values[name] * (1.5 + 0.4 * k) for k, name in enumerate(linear)}
    other = {name: values[name] * (0.6 - 0.2 * k / len(linear)) for k, name in enumerate(linear)}
    middle = {name: 0.3 * one[name] + 0.7 * other[name] for name in linear}
    at = [law(**(values | part)).formula(*inputs) for part in (one, other, middle, dict.fromkeys(linear, 0.0))]
    gap = float(np.max(np.abs(0.3 * at[0] + 0.7 * at[1] - at[2])) / np.max(np.abs(at[2])))
    _require(gap <= PLANE, f"not linear in {', '.join(linear)} together: off by {gap:.2g}")
    _require(np.isfinite(at[3]).all(), f"not finite with {', '.join(linear)} at zero")


def reproduces_constants(law: type[Law]) -> None:
    """Published constants have a source and give their check values."""
    for name, constants in law.published.items():
        _require(constants.source, f"{name} needs a source")
        _require(set(constants.values) == set(law.parameters), f"{name} must give {', '.join(law.parameters)}")
        for at, expected, tolerance in constants.checks:
            value = law.constants()[name](**at)
            _require(
                abs(value - expected) <= tolerance * abs(expected),
                f"{name} at {dict(at)} gives {value!r}, not {expected!r}",
            )


def starts_inside(law: type[Law]) -> None:
    """Starting values of its own are few, complete and finite, and the law is finite at most of them."""
    design = law.design()
    output = law.example().formula(*(design[c] for c in law.inputs))
    scales = law.scales(dict(design) | {law.output: output})
    inputs = [design[c] / scales[c] for c in law.inputs]
    starts = law.starts(inputs, output / scales[law.output])
    if starts is None:
        return
    _require(1 <= len(starts) <= 60, f"{len(starts)} starts; give 1 to 60")
    alive = 0
    for start in starts:
        _require(set(start) == set(law.parameters), f"a start gives {sorted(start)}, not {sorted(law.parameters)}")
        _require(np.isfinite(list(start.values())).all(), f"a start is not finite: {start}")
        alive += bool(np.isfinite(law(**start).formula(*inputs)).all())
    _require(2 * alive >= len(starts), f"the law is finite at {alive} of its {len(starts)} starts only")


def binds_columns(law: type[Law]) -> None:
    """On columns of other names it is the same law."""
    inputs = _inputs(law)
    names = {c: f"other_{c}" for c in (*law.inputs, law.output)}
    other = law.of(*(names[c] for c in law.inputs), output=names[law.output])
    example = law.example()
    twin = other(**dict(zip(other.parameters, example.values.values(), strict=True)))  # some carry a column's name
    values = twin(**{names[c]: x for c, x in zip(law.inputs, inputs, strict=True)})
    _require(_gap(values, example.formula(*inputs)) <= EXACT, "another column changes the values")
    _require(
        set(other.parsed().names()) <= {*other.inputs, *other.parameters, *law.quantities(*inputs), other.output},
        f"its text still says {other.text}",
    )
    scales = {names[c]: 7.3 for c in (*law.inputs, law.output) if law.unit_of(c) is not None}
    plain = {c: 7.3 for c in (*law.inputs, law.output) if law.unit_of(c) is not None}
    _require(
        list(twin.rescaled(**scales).values.values()) == list(example.rescaled(**plain).values.values()),
        "another column changes how it rescales",
    )


def is_the_same_in_jax(law: type[Law]) -> None:
    """JAX, where it is installed, gives the same values and the same derivatives as numpy and dual numbers."""
    if find_spec("jax") is None:
        return
    import jax
    import jax.numpy as jnp

    inputs, example = _inputs(law), law.example()
    jet = _jet(law, example.values, inputs)
    with doubles():
        arrays = [jnp.asarray(x) for x in inputs]
        values = {name: jnp.asarray(float(v)) for name, v in example.values.items()}

        def run(v: dict[str, Any]) -> Any:
            return law(**v).formula(*arrays)

        result = np.asarray(jax.jit(run)(values))
        slopes = {name: np.asarray(g) for name, g in jax.jacfwd(run)(values).items()}
    _require(_gap(result, jet.value) <= 1e-12, f"values differ by {_gap(result, jet.value):.2g}")
    for i, name in enumerate(law.parameters):
        exact = np.broadcast_to(jet.grad.get(i, 0.0), np.shape(inputs[0]))
        scale = max(float(np.max(np.abs(exact))), 1e-300)
        _require(float(np.max(np.abs(slopes[name] - exact))) <= 1e-9 * scale, f"derivatives by {name} differ")


def recovers_itself(law: type[Law]) -> None:
    """A fit to noise-free data of its own reaches an objective of zero and gives the data back."""
    from gnomon.fit import fit

    design, example = law.design(), law.example()
    output = example.formula(*(design[c] for c in law.inputs))
    found = fit(law, law.table_of(design) | {law.output: output}, intervals="none")
    _require(found.value < SOLVED, f"objective {found.value:.3g} on noise-free data; expected less than {SOLVED:g}")
    again = found.law.formula(*(design[c] for c in law.inputs))
    _require(_gap(again, output) <= 1e-5, f"the fitted law is off by {_gap(again, output):.2g} on its own data")


def survives_noise(law: type[Law]) -> None:
    """A fit to its own data with 1 % noise is less far off than the noise, and its interval of the curve holds the truth."""
    from gnomon.fit import fit

    design, example = law.design(NOISY_POINTS), law.example()
    inputs = tuple(design[c] for c in law.inputs)
    truth = example.formula(*inputs)
    noise = np.random.default_rng(0).normal(0.0, NOISE, len(truth))
    table = law.table_of(design) | {law.output: truth * np.exp(noise)}
    found = fit(law, table, objective="squared_log", draws=NOISY_DRAWS)
    off = np.log(found.law.formula(*inputs) / truth)
    _require(
        np.sqrt(np.mean(off**2)) <= NOISE, f"with {NOISE:.0%} noise the curve is off by {np.sqrt(np.mean(off**2)):.2g}"
    )
    for name, estimate in found.parameters.items():
        ends = (estimate.low, estimate.value, estimate.high)
        _require(np.isfinite(np.array(ends, float)).all(), f"the interval of {name} is {ends}")
    draws = {name: values[:, None] for name, values in (found.draws or {}).items()}
    low, middle, high = np.quantile(np.log(law(**draws).formula(*inputs)), [0.05, 0.5, 0.95], axis=0)
    half = np.maximum(high - middle, middle - low)
    inside = np.mean(np.abs(middle - np.log(truth)) <= WIDER * half)
    _require(
        inside >= 0.8, f"{WIDER:g} times the 90 % interval of the curve holds the truth at {inside:.0%} of the points"
    )
    _require(
        np.median(half) <= NOISE, f"half of the curve's interval is {np.median(half):.2g} wide with {NOISE:.0%} noise"
    )


def is_found_again(law: type[Law]) -> None:
    """The text that names it in documents leads back to it (laws of the catalogue and typed formulas)."""
    from gnomon.laws.catalogue import CATALOGUE
    from gnomon.laws.catalogue import law as find

    if law.id and law.id not in CATALOGUE:
        return
    _require(find(law.spec()) is law, f"law({law.spec()!r}) is another class")


CHECKS: dict[str, Callable[[type[Law]], None]] = {
    check.__name__: check
    for check in (
        declares_itself,
        is_defined,
        refuses_outside,
        says_its_formula,
        prints_latex,
        differentiates,
        curves,
        knows_its_rest,
        keeps_units,
        stays_in_bounds,
        is_linear_where_declared,
        reproduces_constants,
        starts_inside,
        binds_columns,
        is_found_again,
        is_the_same_in_jax,
        recovers_itself,
        survives_noise,
    )
}
