"""Parameters that a fit does not estimate: fixed by the user, or taken from fits of other families.

A family with one size cannot tell how its loss falls with size. Choshen, Zhang and Andreas 2024 take the size term A / N^alpha
from another family and fit the rest. What is taken is uncertain twice: each donor knows it no better than its own runs do, and
families differ. With donors k = 1 ... K, coordinates c_k and draws d_kb of their refits,

    held_b = c + s (c_k - c) + (d_kb - c_k),   k drawn evenly,   c = mean_k c_k,   s = sqrt((K + 1) / (K - 1))

s turns the sd over K families into that of one more family: (1 + 1/K) times the sample variance, known with K - 1 degrees of freedom.
Coordinates of a size term are the logarithms of its slope at the donors' middle size and of its exponent: A and alpha themselves
scatter together, along with the floor. Of other parameters they are the parameters, of amplitudes their logarithms.
One donor (K = 1) cannot show how much families differ: for a size term A / N^alpha of a loss the spread of public families is taken
(`size_terms`), for other parameters there is the donor's own uncertainty alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.errors import InputError, Notice, UnknownNameError, near
from gnomon.fit.size_terms import MIDDLE, SizeTerms, size_terms, slope_and_exponent
from gnomon.laws.law import Law
from gnomon.laws.tree import names_in

if TYPE_CHECKING:
    from gnomon.fit.result import Fit

Array = np.ndarray

SIZE = "params"  # the column whose term is taken from another family where nothing else is named


@dataclass(frozen=True)
class Donor:
    """Where transferred parameters come from.

    Args:
        name: of the fit's file or rows, or of published constants.
        values: parameter to value, in the user's units.
        draws: parameter to refits (B,), paired over parameters; None where its uncertainty is not known.
        runs: behind the fit; None for published constants.
        middle: geometric mean of its models' sizes; None where the law has none, or they are not known.
    """

    name: str
    values: dict[str, float]
    draws: dict[str, Array] | None = None
    runs: int | None = None
    middle: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON form, without the draws."""
        document: dict[str, Any] = {"name": self.name, "values": self.values, "runs": self.runs, "se": None}
        document["middle_size"] = self.middle
        if self.middle is None:
            document["middle_size_reason"] = "the donor's sizes are not known"
        if self.runs is None:
            document["runs_reason"] = "published constants"
        if self.draws is None:
            document["se_reason"] = "the donor has no draws"
        else:
            document["se"] = {name: float(v.std(ddof=1)) for name, v in self.draws.items()}
        return document


@dataclass(frozen=True)
class Held:
    """The parameters of a fit that it does not estimate.

    Args:
        fixed: parameter to value, in the user's units.
        transferred: names of the parameters that come from donors.
        donors: one or several families; see the module's text.
        logarithmic: those of the transferred parameters that are averaged by their logarithm.
        limits: bounds of transferred parameters that have no unit; a draw beyond them is moved to them.
        size_term: names of coefficient and exponent where that is what is transferred, and the output is a loss; else empty.
    """

    fixed: dict[str, float] = field(default_factory=dict)
    transferred: tuple[str, ...] = ()
    donors: tuple[Donor, ...] = ()
    logarithmic: tuple[str, ...] = ()
    limits: dict[str, tuple[float, float]] = field(default_factory=dict)
    size_term: tuple[str, ...] = ()

    @property
    def learnt(self) -> SizeTerms | None:
        """The spread between public families, where one donor cannot show it and it is known for what is transferred."""
        return size_terms() if len(self.donors) == 1 and self.size_term else None

    @property
    def freedom(self) -> int | None:
        """Degrees of freedom behind the spread between families; None where there is none."""
        if len(self.donors) > 1:
            return len(self.donors) - 1
        return self.learnt.families - 1 if self.learnt else None

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.fixed, *self.transferred)

    @property
    def values(self) -> dict[str, float]:
        """The value each is held at: of several donors the mean of their coordinates."""
        if not self.transferred:
            return dict(self.fixed)
        return self.fixed | {name: float(v) for name, v in self._out(self._centres().mean(0)).items()}

    def draws(self, count: int, seed: int, *, learnt: bool = True) -> dict[str, Array]:
        """Parameter to (count,) values: constants where fixed, joint draws of the donors where transferred.

        Args:
            count: of draws.
            seed: of the choice of donors' draws.
            learnt: whether a single donor's draws are moved by the spread between public families.
        """
        constant = {name: np.full(count, value) for name, value in self.fixed.items()}
        if not self.transferred:
            return constant
        rng = np.random.default_rng([seed, 0xD0A0])
        centres = self._centres()
        middle, many = centres.mean(0), len(self.donors)
        stretch = np.sqrt((many + 1) / (many - 1)) if many > 1 else 1.0
        which = rng.permutation(np.arange(count) % many)  # every donor equally often
        drawn = middle + stretch * (centres[which] - middle)
        for k, donor in enumerate(self.donors):
            mine = np.flatnonzero(which == k)
            if donor.draws is not None:
                known = self._in(donor.draws)
                drawn[mine] += known[rng.permutation(np.arange(len(mine)) % len(known))] - centres[k]
        if learnt and self.learnt is not None:
            drawn += self.learnt.shifts(count, rng)
        return constant | self._out(drawn)

    def between(self) -> dict[str, float] | None:
        """Sd of each coordinate between families, named as in `coordinates`; None with one donor."""
        if len(self.donors) < 2:
            return None
        return dict(zip(self.coordinates, (float(s) for s in self._centres().std(0, ddof=1)), strict=True))

    @property
    def coordinates(self) -> tuple[str, ...]:
        """What is averaged over families: of a size term ln slope and ln exponent, else parameters, of amplitudes the logarithm."""
        if self.size_term:
            return "ln slope", f"ln {self.size_term[1]}"
        return tuple(f"ln {name}" if name in self.logarithmic else name for name in self.transferred)

    @property
    def pivot(self) -> float:
        """The size at which slopes are compared: the middle of the donors' middle sizes."""
        known = [donor.middle for donor in self.donors if donor.middle]
        return float(np.exp(np.mean(np.log(known)))) if known else MIDDLE

    def _centres(self) -> Array:
        """Coordinates (K, q) of the donors' values."""
        return np.array([self._in(d.values) for d in self.donors], float).reshape(
            len(self.donors), len(self.transferred)
        )

    def _in(self, values: Mapping[str, Any]) -> Array:
        """Coordinates (..., q) of parameter values."""
        if self.size_term:
            a, exponent = (np.asarray(values[name], float) for name in self.size_term)
            return np.stack(slope_and_exponent(a, exponent, self.pivot), -1)
        columns = [
            np.log(values[n]) if n in self.logarithmic else np.asarray(values[n], float) for n in self.transferred
        ]
        return np.stack(columns, -1)

    def _out(self, coordinates: Array) -> dict[str, Array]:
        """Parameter values (...) of coordinates (..., q), exponents inside their bounds."""
        if self.size_term:
            a, exponent = self.size_term
            other = np.clip(np.exp(coordinates[..., 1]), *self.limits.get(exponent, (0.0, np.inf)))
            return {a: np.exp(coordinates[..., 0] + other * np.log(self.pivot)) / other, exponent: other}
        found = {}
        for j, name in enumerate(self.transferred):
            column = coordinates[..., j]
            low, high = self.limits.get(name, (-np.inf, np.inf))
            found[name] = np.clip(np.exp(column) if name in self.logarithmic else column, low, high)
        return found

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        document: dict[str, Any] = {"fixed": dict(self.fixed), "transferred": None}
        if not self.transferred:
            return document | {"transferred_reason": "nothing was transferred"}
        between = self.between()
        transferred: dict[str, Any] = {
            "parameters": list(self.transferred),
            "donors": [donor.to_dict() for donor in self.donors],
            "between_sd": between,
            "logarithmic": list(self.logarithmic),
            "limits": {name: list(pair) for name, pair in self.limits.items()},
            "size_term": list(self.size_term),
            "freedom": self.freedom,
            "spread": "donors" if between else "public families" if self.learnt else None,
        }
        if between is None:
            transferred["between_sd_reason"] = "one donor does not show how much families differ"
        if self.freedom is None:
            reason = "no spread between families is known for these parameters"
            transferred |= {"freedom_reason": reason, "spread_reason": reason}
        return document | {"transferred": transferred}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], draws: Sequence[Mapping[str, Any] | None]) -> Held:
        """The same from its JSON form and the draws of its donors."""
        moved = document["transferred"]
        if moved is None:
            return cls(dict(document["fixed"]))
        donors = tuple(
            Donor(
                d["name"],
                dict(d["values"]),
                None if known is None else {k: np.array(v, float) for k, v in known.items()},
                d["runs"],
                d["middle_size"],
            )
            for d, known in zip(moved["donors"], draws, strict=True)
        )
        limits = {name: (float(low), float(high)) for name, (low, high) in moved["limits"].items()}
        return cls(
            dict(document["fixed"]),
            tuple(moved["parameters"]),
            donors,
            tuple(moved["logarithmic"]),
            limits,
            tuple(moved["size_term"]),
        )

    def _told_of_one(self) -> str:
        head = f"One donor does not show how much families differ in {_listed(self.transferred)}"
        if self.learnt is None:
            return f"{head}: intervals hold its own uncertainty only. Give several to learn the rest."
        return (
            f"{head}: the spread of {self.learnt.families} public families is taken (the slope of the loss over size differs by "
            f"{np.expm1(self.learnt.sd_ln_slope):.0%}, one sd). Give several donors of your kind to learn it from them."
        )

    def notices(self) -> list[Notice]:
        """What the user must know about where the values come from."""
        if not self.transferred:
            return []
        who = _listed([_told(d) for d in self.donors])
        found = [
            Notice(
                "transferred",
                f"{_listed(self.transferred)} {_are(self.transferred)} taken from {who}, not fitted to these runs.",
                {"parameters": list(self.transferred), "donors": [d.name for d in self.donors]},
            )
        ]
        if len(self.donors) == 1:
            found.append(Notice("one-donor", self._told_of_one()))
        silent = [d.name for d in self.donors if d.draws is None]
        if silent:
            found.append(
                Notice(
                    "donor-without-draws",
                    f"{_listed(silent)} {'has' if len(silent) == 1 else 'have'} no draws: how well the runs behind "
                    f"{'it' if len(silent) == 1 else 'them'} determine {_listed(self.transferred)} is not in the intervals.",
                    {"donors": silent},
                )
            )
        return found


def held_of(
    law: type[Law],
    fixed: Mapping[str, float] | None,
    transfer: Any,
    transferred: Sequence[str] | None,
) -> Held | None:
    """What a fit of `law` holds, from what the user asked for; None where that is nothing.

    Args:
        law: that is going to be fitted.
        fixed: parameter to value.
        transfer: a Fit, a law with values, the name of published constants or the path of a saved fit, or several of these; or the
            Held of another fit.
        transferred: parameters to take; default: those of the law's size term.

    Raises:
        UnknownNameError: a parameter or constants of that name do not exist.
        InputError: a value is impossible, a name is given twice, nothing is left to fit, or a donor has no such parameter.
    """
    if isinstance(transfer, Held):
        return transfer if transfer.names else None
    label = law.id or "the formula"
    values = {name: _value(law, name, value) for name, value in (fixed or {}).items()}
    if transfer is None:
        if transferred:
            raise InputError(
                "Parameters to transfer were named, but no family to take them from.", hint="Give transfer too."
            )
        held = Held(values)
    else:
        given = list(transfer) if isinstance(transfer, list | tuple) else [transfer]
        names = tuple(transferred) if transferred else tied(law, SIZE)
        if not names:
            raise InputError(
                f"{label} has no term in {SIZE} that could be taken from another family.",
                hint=f"Name what to take of {', '.join(law.parameters)}: --transferred NAME,...",
            )
        for name in names:
            _known(law, name)
        if both := [name for name in names if name in values]:
            raise InputError(
                f"{both[0]} is both fixed and transferred.",
                hint=f"Name what comes from the other family: --transferred {','.join(n for n in names if n not in both) or 'NAME'}.",
            )
        if not given:
            raise InputError("No family to transfer from.", hint="Give a saved fit or the name of published constants.")
        donors = tuple(_donor(law, item, names) for item in given)
        parameters = law.parameters
        held = Held(
            values,
            names,
            donors,
            tuple(n for n in names if parameters[n].log),
            {n: parameters[n].bounds for n in names if not parameters[n].log and not parameters[n].units},
            _size_term(law, names),
        )
    if len(held.names) == len(law.parameters):
        raise InputError(f"All parameters of {label} are fixed or transferred: nothing is left to fit.")
    return held if held.names else None


def tied(law: type[Law], column: str) -> tuple[str, ...]:
    """Parameters of the terms in which a column stands: those that carry its unit, and the exponents they carry it to."""
    found: dict[str, None] = {}
    for name, parameter in law.parameters.items():
        for unit, power in (parameter.units or {}).items():
            if unit == column:
                found[name] = None
                found |= dict.fromkeys(powers(power))
    return tuple(n for n in law.parameters if n in found)


def _size_term(law: type[Law], names: Sequence[str]) -> tuple[str, ...]:
    """Coefficient and exponent, where what is transferred is the one power of params in a law of the loss; else nothing."""
    if law.output != "loss" or len(names) != 2 or set(names) != set(tied(law, SIZE)):
        return ()
    for a, exponent in (tuple(names), tuple(reversed(names))):
        if law.parameters[a].log and law.parameters[a].units == {law.output: 1, SIZE: exponent}:
            return (a, exponent)
    return ()


def powers(power: str | float) -> tuple[str, ...]:
    """Parameters in the power of a unit."""
    if not isinstance(power, str):
        return ()
    from gnomon.laws.formula import parse

    return tuple(names_in(parse(power).root))


def _known(law: type[Law], name: str) -> None:
    if name not in law.parameters:
        raise UnknownNameError(
            f"{law.id or 'The formula'} has no parameter {name!r}; it has {', '.join(law.parameters)}.",
            hint=near(name, law.parameters),
        )


def _value(law: type[Law], name: str, value: Any) -> float:
    _known(law, name)
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} can be fixed at a number only; got {value!r}.") from error
    if not np.isfinite(number) or (law.parameters[name].log and number <= 0):
        raise InputError(
            f"{name} must be {'a positive number' if law.parameters[name].log else 'a finite number'}; got {value!r}."
        )
    return number


def _donor(law: type[Law], item: Any, names: Sequence[str]) -> Donor:
    from gnomon.fit.result import Fit

    if isinstance(item, str | Path):
        item = _named(law, str(item))
    if isinstance(item, tuple):
        name, source = item
    else:
        source = item
        name = item.source if isinstance(item, Fit) else ""
    if isinstance(source, Fit):
        _comparable(law, type(source.law), names, name)
        draws = source.draws
        values = {n: float(source.law.values[n]) for n in names}
        return Donor(
            name or "a fit",
            values,
            None if draws is None else {n: np.asarray(draws[n], float) for n in names},
            source.runs_used,
            _middle(source),
        )
    if isinstance(source, Law):
        _comparable(law, type(source), names, name)
        known = [k for k, c in type(source).constants().items() if c == source]
        return Donor(name or (known[0] if known else "given values"), {n: float(source.values[n]) for n in names})
    raise InputError(
        f"A family to transfer from is a fit, a law with values, a saved fit or the name of published constants; got {item!r}."
    )


def _middle(fit: Fit) -> float | None:
    """Geometric mean of a fit's sizes."""
    if SIZE not in fit.law.inputs:
        return None
    return float(np.exp(np.log(np.asarray(fit.data[SIZE], float)).mean()))


def _named(law: type[Law], text: str) -> tuple[str, Fit | Law]:
    """A saved fit by its path, or published constants of the law by their name."""
    from gnomon.fit.result import Fit

    if Path(text).is_file():
        return text, Fit.load(text)
    if text in law.published:
        return text, law.constants()[text]
    if Path(text).suffix == ".json":
        return text, Fit.load(text)  # says that the file cannot be read
    raise UnknownNameError(
        f"There is no file {text!r} to transfer from, and {law.id or 'the formula'} has no published constants of that name.",
        hint=near(text, law.published)
        or "Save the other family's fit with gnomon fit RUNS --law NAME --save other.json.",
    )


def _comparable(law: type[Law], other: type[Law], names: Sequence[str], donor: str) -> None:
    """Refuse a donor whose parameter of the same name is another thing."""
    for name in names:
        if name not in other.parameters:
            raise InputError(
                f"{donor or 'The other family'} was fitted with {other.id or 'a formula'}, which has no parameter {name!r}.",
                hint=f"Fit it with {law.id or 'the same formula'}, or name others of {', '.join(other.parameters)} to transfer.",
            )
        if _units(other, name) != _units(law, name):
            raise InputError(
                f"{name} of {donor or 'the other family'} carries other units ({_spoken(_units(other, name))}) than here "
                f"({_spoken(_units(law, name))}).",
                hint="Fit both families with the same law in the same columns.",
            )


def _units(law: type[Law], name: str) -> dict[str, str | float]:
    """Units of a parameter, with the output called so whatever its column is."""
    return {("the output" if c == law.output else c): p for c, p in (law.parameters[name].units or {}).items()}


def _spoken(units: Mapping[str, str | float]) -> str:
    return ", ".join(f"{c}^{p}" for c, p in units.items()) or "none"


def _told(donor: Donor) -> str:
    if donor.runs is None:
        return donor.name
    return f"{donor.name} ({donor.runs} run{'' if donor.runs == 1 else 's'})"


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
