"""What a law is: a class whose fields are its parameters and whose one method is the formula.

    class PowerLaw(Law):
        '''Loss falls as a power of one quantity.'''
        id = "my_pow"
        inputs = ("params",)
        text = "loss = A / params^alpha"
        A: float = coefficient("size coefficient", params="alpha")
        alpha: float = exponent("size exponent")
        def formula(self, params):
            return self.A / params**self.alpha

An instance is a law with values: `PowerLaw(A=400, alpha=0.34)(params=7e9)` is a loss. Values may be arrays of shape
(draws, 1); the result then has shape (draws, points).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from gnomon.errors import InputError, UnknownNameError, near
from gnomon.laws.arrays import namespace
from gnomon.laws.binding import bound
from gnomon.laws.columns import OTHER_RANGE, RANGES, spread
from gnomon.laws.formula import Formula, parse, symbol
from gnomon.laws.optimum import Split
from gnomon.laws.parameter import Parameter, Published, coefficient, exponent, floor, number
from gnomon.laws.rest import Rest
from gnomon.laws.simplex import off_the_simplex, simplex_points

if TYPE_CHECKING:
    from gnomon.runs.table import Runs

__all__ = ["Law", "Parameter", "Published", "coefficient", "exponent", "floor", "number"]


class Law:
    """Base of all laws. Subclasses declare parameters as fields and define `formula`; see the module's text.

    Class attributes:
        id: the name it is asked for by.
        question: what it answers, as one sentence.
        inputs, output: columns it reads and gives, by their canonical names.
        text: the formula in the grammar of formula.py. A law that has no closed form gives an equation in its output.
        source, bibtex: where it comes from.
        holds, misleads: when to trust it and when not, one sentence each.
        domain: per input, (smallest, largest), exclusive; (0, inf) where not given.
        published: constants by name; each becomes an instance under that name.
        free_inputs: inputs whose default column is only a usual choice ("pow" may run along any scale).
        shared_units: input to the column whose unit it has (unique_tokens counts what tokens counts).
        fixed_units: column to the reason why its unit may not be changed.
        typical: values for examples, in base units; where not given, the first published, else those of the parameters.
        ranges: per input, (smallest, largest) for examples; the usual range of that column where not given.
        shares: inputs that together are a mixture: not negative, with a sum of 1.
        exempt: contract check to the reason why this law cannot pass it; the check must then fail.
        still_inputs: inputs that may keep one value in a fit, as when one size has checkpoints only.
        arguments: numbers that chose this variant of the law ("bnsl(2)").
        made_inputs: inputs that are no numbers in a table; `laid_on` and `arrays` make numbers of them. Whether they may keep one
            value is for `still_inputs` alone to say.
        prior: per parameter (mean, sd) of what is known before the data, on the solver's coordinate (the logarithm of a
            `log` parameter); its strength is chosen by held-out data, see gnomon.fit.prior.
        accuracy: relative error of `formula` against the text, where it sums by a rule instead of term by term.
        terms_per_row: how many terms one row costs, where a row is a long sum.
    """

    id: ClassVar[str] = ""
    question: ClassVar[str] = ""
    inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "loss"
    text: ClassVar[str] = ""
    source: ClassVar[str] = ""
    bibtex: ClassVar[str] = ""
    holds: ClassVar[str] = ""
    misleads: ClassVar[str] = ""
    domain: ClassVar[Mapping[str, tuple[float, float]]] = {}
    published: ClassVar[Mapping[str, Published]] = {}
    parameters: ClassVar[Mapping[str, Parameter]] = {}
    free_inputs: ClassVar[tuple[str, ...]] = ()
    shared_units: ClassVar[Mapping[str, str]] = {}
    fixed_units: ClassVar[Mapping[str, str]] = {}
    typical: ClassVar[Mapping[str, float]] = {}
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {}
    shares: ClassVar[tuple[str, ...]] = ()
    exempt: ClassVar[Mapping[str, str]] = {}
    still_inputs: ClassVar[tuple[str, ...]] = ()
    arguments: ClassVar[tuple[float, ...]] = ()
    made_inputs: ClassVar[tuple[str, ...]] = ()
    prior: ClassVar[Mapping[str, tuple[float, float]]] = {}
    accuracy: ClassVar[float] = 0.0
    terms_per_row: ClassVar[int] = 1
    unbound: ClassVar[type[Law] | None] = None

    provenance: Published | None = None

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        own = {k: replace(v, name=k) for k, v in vars(cls).items() if isinstance(v, Parameter)}
        for name in (*own, *vars(cls).get("published", {})):
            if name in RESERVED:
                raise InputError(
                    f"{cls.__name__}: {name!r} is a word of Law itself; give the parameter or constant another name."
                )
        cls.parameters = dict(vars(cls).get("parameters", cls.parameters)) | own
        for name, constants in vars(cls).get("published", {}).items():
            instance = cls(**constants.values)
            object.__setattr__(instance, "provenance", constants)
            setattr(cls, name, instance)

    def __init__(self, **values: Any) -> None:
        unknown = [k for k in values if k not in self.parameters]
        if unknown:
            raise UnknownNameError(
                f"{type(self).__name__} has no parameter {unknown[0]!r}.", hint=near(unknown[0], self.parameters)
            )
        missing = [k for k in self.parameters if k not in values]
        if missing:
            raise InputError(f"{type(self).__name__} needs a value for {', '.join(missing)}.")
        for name in self.parameters:
            object.__setattr__(self, name, _value(values[name], name))

    @classmethod
    def unchecked(cls, values: Mapping[str, Any]) -> Self:
        """An instance with these values as they are, for callers that made them: a solver makes thousands."""
        instance = cls.__new__(cls)
        for name, value in values.items():
            object.__setattr__(instance, name, value)
        return instance

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a law is immutable; make a new one: {type(self).__name__}({name}={value!r}, ...)")

    def formula(self, *inputs: Any) -> Any:
        """The law's output at `inputs`, given in the order of `Law.inputs`, for numpy, JAX and dual numbers alike.

        Plain arithmetic and functions of `self.xp(...)` only: no branches on values, nothing in place, no conversions.
        """
        raise NotImplementedError(f"{type(self).__name__} must define formula()")

    def optimum(self, product: Any) -> Split | None:
        """Params and tokens of the least loss with params * tokens = product, where the law has a closed form, else None."""
        return None

    def xp(self, *inputs: Any) -> Any:
        """The array module that serves these inputs and this law's values: `xp.exp`, `xp.log`, `xp.minimum` ..."""
        return namespace(*inputs, *(getattr(self, name) for name in self.parameters))

    @property
    def values(self) -> dict[str, Any]:
        """Parameter name to value."""
        return {name: getattr(self, name) for name in self.parameters}

    def __call__(self, **inputs: Any) -> Any:
        """The law's output at inputs given by column name; arrays broadcast against each other.

        Raises:
            InputError: an input is missing, unknown, or outside the law's domain.
        """
        for name in inputs:
            if name not in self.inputs:
                raise InputError(
                    f"{self._label} takes {', '.join(self.inputs)}; got {name!r}.", hint=near(name, self.inputs)
                )
        missing = [name for name in self.inputs if name not in inputs]
        if missing:
            raise InputError(f"{self._label} needs {', '.join(missing)} too.")
        xp = namespace(*inputs.values())
        arrays = [_number_array(inputs[name], name, xp) for name in self.inputs]
        for name, array in zip(self.inputs, arrays, strict=True):
            self._check_domain(name, array)
        self._check_shares(dict(zip(self.inputs, arrays, strict=True)))
        result = self.formula(*arrays)
        return float(result) if isinstance(result, np.floating) else result

    def _check_domain(self, name: str, array: Any) -> None:
        if not isinstance(array, np.ndarray | np.generic):
            return
        low, high = self.domain.get(name, (0.0, np.inf))
        values: Any = np.atleast_1d(array)
        bad = ~((values > low) & (values < high))
        if np.any(bad):
            worst = values[bad][0]
            raise InputError(f"{self._label} is defined for {low:g} < {name} < {high:g}; got {worst:g}.")

    def _check_shares(self, arrays: Mapping[str, Any]) -> None:
        if not self.shares or not all(isinstance(arrays[name], np.ndarray | np.generic) for name in self.shares):
            return
        wrong = np.atleast_1d(off_the_simplex([arrays[name] for name in self.shares]))
        if wrong.any():
            total: Any = sum(np.atleast_1d(arrays[name]) for name in self.shares)
            raise InputError(
                f"The shares {', '.join(self.shares)} sum to {np.broadcast_to(total, wrong.shape)[wrong][0]:g}, not to 1.",
                hint="A mixture is given in full: name a share for every domain, zero where it is left out.",
            )

    @property
    def _label(self) -> str:
        return self.id or self.text or type(self).__name__

    # Columns ----------------------------------------------------------------------------------------------------------

    @classmethod
    def of(cls, *columns: str, output: str | None = None, **renamed: str) -> type[Self]:
        """The same law on other columns: `Pow.of("tokens")`, `Chinchilla.of(params="active_params", output="loss_c4")`.

        Args:
            columns: the columns to read, in the order of `inputs`.
            output: the column it gives; the law's own when not given.
            renamed: usual input name to column, instead of `columns`.

        Raises:
            InputError: the number of columns is wrong, or a column cannot be used.
        """
        return bound(cls, columns, renamed, output)

    @classmethod
    def over(cls, columns: Collection[str]) -> type[Law]:
        """The law that its plain name means on a table: for laws of a mixture, of all the domains there are."""
        return cls

    @classmethod
    def spec(cls) -> str:
        """What `law()` finds this class by: "chinchilla", "pow(tokens)", "err = pow(flops)", or a formula."""
        base = cls.unbound or cls
        words = [f"{x:g}" for x in cls.arguments] + list(cls.inputs if cls.inputs != base.inputs else ())
        call = f"{base.id}({', '.join(words)})" if words else base.id
        return call if cls.output == base.output else f"{cls.output} = {call}"

    # Tables -----------------------------------------------------------------------------------------------------------

    @classmethod
    def laid_on(cls, runs: Runs) -> tuple[type[Self], Runs]:
        """The law and the table as they go together; laws of objects (schedules) bind themselves to those of the table."""
        return cls, runs

    @classmethod
    def arrays(cls, table: Mapping[str, Any] | Runs) -> tuple[np.ndarray, ...]:
        """What `formula` takes for the rows of a table: one array (n,) per input."""
        return tuple(np.asarray(table[name], float) for name in cls.inputs)

    @classmethod
    def table_of(cls, inputs: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Columns of a table whose `arrays` are these inputs."""
        return dict(inputs)

    @classmethod
    def groups_of(cls, runs: Runs) -> np.ndarray:
        """Which rows are resampled together (n,): those of one run."""
        return np.asarray(runs.groups())

    @classmethod
    def parts_of(cls, runs: Runs) -> list[str]:
        """What each row's group is, to be read after the name of its run; empty where groups are runs."""
        return []

    @classmethod
    def weights_of(cls, runs: Runs) -> np.ndarray | None:
        """How much each row counts in a fit (n,), 1 on average; None: all the same."""
        return None

    @classmethod
    def later_rows(cls, inputs: Sequence[np.ndarray]) -> np.ndarray:
        """Which rows (n,) a prior's strength is judged by when it is chosen on the others; laws with a prior say so."""
        raise NotImplementedError(f"{cls.__name__} has a prior and must define later_rows()")

    @classmethod
    def undetermined(cls, runs: Runs) -> str | None:
        """Why these rows cannot determine the law, whatever they measured, or None."""
        return None

    @classmethod
    def forward(cls, known: Mapping[str, tuple[float, float]]) -> str | None:
        """A point beyond the rows as `--at` takes it, where a larger number of every input would be none."""
        return None

    @classmethod
    def quantities(cls, *inputs: Any) -> dict[str, Any]:
        """What `text` names beside inputs and parameters: values (n,), or (n, terms) where the text sums over them."""
        return {}

    # Units ------------------------------------------------------------------------------------------------------------

    @classmethod
    def unit_of(cls, column: str) -> str | None:
        """The column whose unit `column` is measured in (usually itself), or None where the law fixes the unit."""
        owner = cls.shared_units.get(column, column)
        return None if column in cls.fixed_units or owner in cls.fixed_units else owner

    @classmethod
    def unit_columns(cls) -> tuple[str, ...]:
        """Columns whose unit may be changed on its own."""
        return tuple(c for c in (*cls.inputs, cls.output) if cls.unit_of(c) == c)

    @classmethod
    def scales(cls, columns: Mapping[str, Any]) -> dict[str, float]:
        """Units that make columns of order one: geometric means, shared where units are shared, 1 where they are fixed.

        `law.rescaled(**law.scales(data))` is the law for `data` divided by these. Of negative values the size counts.
        """
        means = {}
        for name in cls.unit_columns():
            values = np.abs(np.asarray(columns.get(name, 1.0), float))
            values = values[np.isfinite(values) & (values > 0)]
            means[name] = float(np.exp(np.mean(np.log(values)))) if values.size else 1.0
        return {name: means.get(cls.unit_of(name) or "", 1.0) for name in (*cls.inputs, cls.output)}

    def rescaled(self, **scales: float) -> Self:
        """The same law for columns measured in other units.

        `law.rescaled(params=1e9)` takes params in billions: law.rescaled(params=s)(params=x / s) == law(params=x); for
        the output, law.rescaled(loss=s) returns law / s.

        Raises:
            InputError: a column is not the law's, its unit is fixed, or it is another column's.
        """
        for column, scale in scales.items():
            owner = self.unit_of(column)
            if column not in (*self.inputs, self.output):
                raise InputError(
                    f"{self._label} has no column {column!r}.", hint=near(column, (*self.inputs, self.output))
                )
            if owner is None and scale != 1:
                why = self.fixed_units.get(column) or self.fixed_units[self.shared_units[column]]
                raise InputError(f"{self._label} is tied to the unit of {column}: {why}.")
            if owner not in (column, None) and scales.get(str(owner)) != scale:
                raise InputError(f"{column} has the unit of {owner}: rescale both by the same factor.")
        values = self.values
        changed = {}
        for name, parameter in self.parameters.items():
            factor: Any = 1.0
            for column, power in (parameter.units or {}).items():
                if column in scales:
                    factor = factor * scales[column] ** (parse(power)(values) if isinstance(power, str) else power)
            changed[name] = values[name] / factor
        return type(self)(**changed)

    # Description ------------------------------------------------------------------------------------------------------

    @classmethod
    def parsed(cls) -> Formula:
        """The text formula, parsed."""
        return parse(cls.text, sums=True)

    @classmethod
    def latex(cls) -> str:
        """The text formula in LaTeX."""
        return cls.parsed().latex()

    @classmethod
    def constants(cls) -> dict[str, Self]:
        """Published constants by name, as laws with values."""
        return {name: getattr(cls, name) for name in cls.published}

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]] | None:
        """Starting values for a fit, or None for the general search over the grids of the parameters.

        Args:
            inputs: one array (n,) per input, divided by `scales`.
            output: measured values (n,), divided by theirs.

        Returns:
            a few dozen sets of values at most, in the same units.
        """
        return None

    @classmethod
    def exponential_terms(cls, inputs: Sequence[np.ndarray]) -> list[dict[str, np.ndarray | None]] | None:
        """The law as a sum of products of parameters to powers that do not depend on parameters, or None.

        L = sum_k prod_j p_j^(m_kj): one dictionary a term, parameter to m_kj of shape (n,), None for 1. All parameters
        must be on a log scale. The solver then needs no dual numbers. Laws whose text is a sum of powers of their inputs
        are recognised without this.
        """
        return None

    @classmethod
    def rest(cls) -> Rest | None:
        """The law's part above its floor with derivatives in closed form, or None: the solver then takes dual numbers."""
        return None

    @classmethod
    def design(cls, points: int = 48) -> dict[str, np.ndarray]:
        """Inputs spread over the law's usual range, the same at every call: one array (points,) per input."""
        free = spread({c: cls.range_of(c) for c in cls.inputs if c not in cls.shares}, points)
        mixed = dict(zip(cls.shares, simplex_points(len(cls.shares), points), strict=True)) if cls.shares else {}
        return {c: free[c] if c in free else mixed[c] for c in cls.inputs}

    @classmethod
    def range_of(cls, column: str) -> tuple[float, float]:
        """The range of an input in examples."""
        return cls.ranges.get(column) or RANGES.get(column, OTHER_RANGE)

    @classmethod
    def example(cls) -> Self:
        """A law of this class with usual values: `typical`, else the first published, else those of the parameters."""
        if cls.typical:
            return cls(**cls.typical)
        if cls.published:
            return next(iter(cls.constants().values()))
        scales = cls.scales(cls.design())
        normal = cls(**{name: p.typical for name, p in cls.parameters.items()})
        return normal.rescaled(**{c: 1.0 / scales[c] for c in cls.inputs})

    @classmethod
    def to_dict(cls) -> dict[str, Any]:
        """The law's entry in the documents of `gnomon laws --json`."""
        parameters = [
            {
                "name": p.name,
                "latex": symbol(p.name),
                "meaning": p.meaning,
                "bounds": list(p.bounds),
                "linear": p.linear,
                "units": dict(p.units or {}),
            }
            for p in cls.parameters.values()
        ]
        constants = [
            {"name": name, "values": dict(c.values), "source": c.source, "note": c.note or None}
            for name, c in cls.published.items()
        ]
        return {
            "id": cls.spec(),
            "question": cls.question,
            "formula": cls.text,
            "latex": cls.latex(),
            "inputs": list(cls.inputs),
            "output": cls.output,
            "parameters": parameters,
            "constants": constants,
            "source": cls.source,
            "bibtex": cls.bibtex,
            "holds": cls.holds,
            "misleads": cls.misleads,
        }

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Law)
            and type(self) is type(other)
            and all(np.array_equal(a, b) for a, b in zip(self.values.values(), other.values.values(), strict=True))
        )

    def __hash__(self) -> int:
        return hash((type(self), *(np.asarray(v).tobytes() for v in self.values.values())))

    def __repr__(self) -> str:
        shown = ", ".join(f"{k}={v:.6g}" if np.ndim(v) == 0 else f"{k}=<{np.shape(v)}>" for k, v in self.values.items())
        return f"{type(self).__name__}({shown})"


RESERVED = frozenset(dir(Law))  # names that a parameter or a constant may not take


def _value(value: Any, name: str) -> Any:
    """A parameter's value as a law holds it: plain numbers as float64 or complex128, others as they are."""
    if isinstance(value, bool | str | bytes) or value is None:
        raise InputError(f"{name} must be a number or an array of numbers; got {value!r}.")
    if isinstance(value, int | float | np.integer | np.floating) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return np.complex128(value) if np.iscomplexobj(value) else np.float64(value)
    if isinstance(value, complex):
        return np.complex128(value)
    return np.asarray(value, float) if isinstance(value, list | tuple) else value


def _number_array(value: Any, name: str, xp: Any) -> Any:
    try:
        return xp.asarray(value, dtype=float) if xp is np else xp.asarray(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be a number or an array of numbers; got {value!r}.") from error
