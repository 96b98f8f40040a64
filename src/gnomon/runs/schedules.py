"""The schedules of a table of loss curves: given step by step, or rebuilt from the rates that were logged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from gnomon.errors import ColumnError, InputError, RefusalError, UnknownNameError, near
from gnomon.runs.schedule import Schedule, is_text_form
from gnomon.runs.table import Runs

Array = np.ndarray

LARGEST_GAP = 0.2  # share of the peak by which the rate may change between two logged rows when nothing tells how
LEAST_JUMP = 0.02  # share of the peak: smaller changes between rows are taken as straight lines whatever their sum
SAME_RATE = 1e-6  # relative difference of two logged rates that is rounding
BENT_SUM = (
    0.1  # share of what a jump could make of it by which lr_cumsum may differ from a straight line: smooth curves bend
)


class Schedules(Mapping[str, Schedule]):
    """Schedules by name, in a fixed order: the number of a schedule is its place."""

    def __init__(self, schedules: Sequence[Schedule] = ()) -> None:
        self._by_name = {schedule.name: schedule for schedule in schedules}
        self.names = tuple(self._by_name)

    def __getitem__(self, name: str) -> Schedule:
        if name in self._by_name:
            return self._by_name[name]
        raise UnknownNameError(
            f"There is no schedule {name!r}.",
            hint=f"{near(name, self.names)} Known: {', '.join(self.names) or 'none'}; or describe it: "
            "cosine:steps=24000:peak=3e-4:end=3e-5:warmup=2160.".strip(),
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Schedules) and list(self.values()) == list(other.values()))

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(tuple(self.values()))

    def __repr__(self) -> str:
        return f"Schedules({', '.join(self.names)})"

    def number(self, name: str) -> int:
        """Place of a schedule."""
        return self.names.index(self[name].name)

    def of(self, number: int) -> Schedule:
        """The schedule at a place."""
        return self._by_name[self.names[number]]

    def find(self, text: str) -> Schedule:
        """A schedule by its name, or by its description (`wsd:steps=24000:peak=3e-4:decay=4000`).

        Raises:
            UnknownNameError: neither.
        """
        return Schedule.parse(text) if text not in self and is_text_form(text) else self[text]

    def with_(self, *schedules: Schedule) -> Schedules:
        """These and others; one of a name already there takes its place."""
        return Schedules(list((self._by_name | {s.name: s for s in schedules}).values()))

    def to_dict(self) -> dict[str, Any]:
        """Rates by name, see `Schedule.to_list`."""
        return {name: schedule.to_list() for name, schedule in self.items()}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Schedules:
        """What `to_dict` wrote."""
        return cls([Schedule.from_list(name, entries) for name, entries in document.items()])


def as_schedules(source: Any) -> Schedules:
    """Schedules from a Schedules, a Schedule, a list of them, or a table with one row a step.

    Args:
        source: besides the above whatever `read_runs` takes; its columns `schedule` (or `run`), `step` and `lr` must
            have every step from 0 on.

    Raises:
        InputError: a step is missing or comes twice.
        ColumnError: a column is missing.
    """
    if isinstance(source, Schedules):
        return source
    if isinstance(source, Schedule):
        return Schedules([source])
    if isinstance(source, Sequence) and source and all(isinstance(s, Schedule) for s in source):
        return Schedules(list(source))
    from gnomon.runs.read.source import read_runs

    table = read_runs(source)
    names = table["schedule" if "schedule" in table else "run"]
    steps, rates = table.numbers("step", "lr")
    found = []
    for name in dict.fromkeys(names.tolist()):
        mine = names == name
        order = np.argsort(steps[mine], kind="stable")
        at, rate = steps[mine][order], rates[mine][order]
        expected = np.arange(len(at))
        if not np.array_equal(at, expected):
            wrong = int(np.flatnonzero(at != expected)[0])
            raise InputError(
                f"{table.source}: schedule {name!r} has step {at[wrong]:g} where step {wrong} was expected",
                hint="Give every step once, from 0 on.",
            )
        found.append(Schedule(str(name), rate))
    return Schedules(found)


def schedules_of(
    runs: Runs, *, column: str = "schedule", step: str = "step", known: Mapping[str, Schedule] | None = None
) -> tuple[Schedules, Array]:
    """The schedule of every row: those given with the table, else rebuilt from `step` and `lr` of each curve.

    Between logged rows the rate is a straight line, or, where the column `lr_cumsum` says so, a jump at the step that
    gives its sum. Before the first row the warm-up is taken from `lr_cumsum` or `warmup_steps`.

    Args:
        runs: a table of loss curves.
        column: the column that names schedules.
        step: the column of steps.
        known: further schedules by name, for curves without rates of their own.

    Returns:
        the schedules, named by column `schedule` where it names them, else by run; and the name per row, object (n,).

    Raises:
        ColumnError: a column is missing, or a row has no schedule.
        RefusalError: the rates cannot be rebuilt from what was logged.
    """
    curves = curves_of(runs, column)
    names: Array = np.empty(len(runs), object)
    found: dict[str, Schedule] = {}
    given = runs.schedules
    for curve in range(int(curves.max()) + 1 if len(curves) else 0):
        rows = np.flatnonzero(curves == curve)
        label = _label(runs, rows, column)
        if label is not None and label in given:
            schedule = given[label]
        elif label is not None and known and label in known and "lr" not in runs:
            schedule = known[label]
        else:
            schedule = _rebuilt(runs, rows, label or _run(runs, rows, curve), step)
            if label in found and not _agree(found[str(label)], schedule):
                schedule = schedule.named(f"{label}, {_run(runs, rows, curve)}")
            elif label in found and found[str(label)].steps > schedule.steps:
                schedule = found[str(label)]
        found[schedule.name] = schedule
        names[rows] = schedule.name
    return Schedules(list(found.values())), names


def curves_of(runs: Runs, column: str = "schedule") -> Array:
    """Which curve each row belongs to (n,): its run; without a column run its schedule; else all rows are one curve."""
    if "run" in runs or "run" in runs.unsettled:
        return runs.groups()
    if column in runs:
        return np.unique(runs.codes(column), return_inverse=True)[1]
    return np.zeros(len(runs), int)


def _label(runs: Runs, rows: Array, column: str) -> str | None:
    """The one schedule that the rows of a curve name."""
    if column not in runs:
        return None
    named = set(runs[column][rows].tolist()) - {None}
    if len(named) > 1:
        first, second, *_ = sorted(named)
        raise ColumnError(
            f"the rows of one run name the schedules {first!r} and {second!r}",
            hint="Give each curve its own run.",
            where=runs.place(int(rows[0]), column),
        )
    return str(named.pop()) if named else None


def _run(runs: Runs, rows: Array, curve: int) -> str:
    return str(runs["run"][rows[0]]) if "run" in runs else f"curve {curve + 1}"


def _agree(one: Schedule, other: Schedule) -> bool:
    """Whether the shorter is the beginning of the longer."""
    n = min(one.steps, other.steps)
    return bool(np.allclose(one.rates[:n], other.rates[:n], rtol=1e-3, atol=1e-3 * one.peak))


def _rebuilt(runs: Runs, rows: Array, name: str, step: str) -> Schedule:
    if "lr" not in runs:
        raise ColumnError(
            f"the learning rates of {name!r} are not known: there is no column lr",
            hint="Name it with --column lr=THEIRS, or give the rates of all steps with --schedules.",
        )
    steps, rates = (x[rows] for x in runs.numbers(step, "lr"))
    (sums,) = (x[rows] for x in runs.numbers("lr_cumsum")) if "lr_cumsum" in runs else (np.full(len(rows), np.nan),)
    (warm,) = (
        (x[rows] for x in runs.numbers("warmup_steps")) if "warmup_steps" in runs else (np.full(len(rows), np.nan),)
    )
    for i, row in enumerate(rows):
        if not (np.isfinite(steps[i]) and steps[i] == int(steps[i]) >= 0 and np.isfinite(rates[i])):
            raise ColumnError(
                f"got step {steps[i]:g} and rate {rates[i]:g}, expected a whole step and its learning rate",
                hint="Every row of a loss curve needs both; or give the rates of all steps with --schedules.",
                where=runs.place(int(row), "lr"),
            )
    order = np.argsort(steps, kind="stable")
    twice = np.flatnonzero(np.diff(steps[order]) == 0)
    if len(twice):
        raise ColumnError(
            f"step {steps[order][twice[0]]:g} comes twice in one curve",
            hint="A resumed run needs steps that go on; curves of different runs need a column run.",
            where=runs.place(int(rows[order[twice[0] + 1]]), step),
        )
    at, rate, total = steps[order].astype(int), rates[order], sums[order]
    built = np.empty(at[-1] + 1)
    built[: at[0] + 1] = _before(at[0], rate[0], total[0], float(warm[0]), name, float(rate.max()))
    for i in range(len(at) - 1):
        a, b = at[i], at[i + 1]
        built[a : b + 1] = _between(a, b, rate[i], rate[i + 1], total[i + 1] - total[i], float(rate.max()), name)
    return Schedule(name, built)


def _before(step: int, rate: float, total: float, warmup: float, name: str, peak: float) -> Array:
    """Rates of steps 0 to `step`: a linear warm-up whose length `lr_cumsum` or `warmup_steps` gives, then a constant."""
    flat = rate * (step + 1)
    if step == 0:
        return np.array([rate])
    if np.isfinite(total) and rate > 0:
        length = round(float(np.clip(2.0 * (flat - total) / rate, 0, step + 1)))
    elif np.isfinite(warmup):
        length = int(np.clip(warmup, 0, step + 1))
    elif rate < peak * (1 - SAME_RATE):
        length = step + 1  # the first logged row lies on the warm-up
    elif step <= 1:
        length = 0
    else:
        raise RefusalError(
            f"{name}: the first logged step is {step}, and nothing says how the rate went before it",
            hint="Add a column warmup_steps or lr_cumsum, or give the rates of all steps with --schedules.",
            code="unknown-warmup",
        )
    top = rate * length / (step + 1) if length > step + 1 else rate
    return np.concatenate([np.linspace(0.0, top, length), np.full(step + 1 - length, rate)])


def _between(a: int, b: int, first: float, last: float, total: float, peak: float, name: str) -> Array:
    """Rates of steps a to b: constant, a straight line, or a jump where the sum of the rates says so."""
    line = np.linspace(first, last, b - a + 1)
    if abs(first - last) <= SAME_RATE * peak:
        return line
    straight = float(line[1:].sum())
    jump = abs(first - last) > LEAST_JUMP * peak
    if jump and np.isfinite(total) and abs(total - straight) > BENT_SUM * 0.5 * abs(first - last) * (b - a):
        after = round((first * (b - a) - total) / (first - last))  # steps at the later rate
        if not 1 <= after <= b - a:
            raise RefusalError(
                f"{name}: lr_cumsum grows by {total:.6g} from step {a} to {b}, which no rates between {first:g} and "
                f"{last:g} give",
                hint="Check lr_cumsum, or give the rates of all steps with --schedules.",
                code="unknown-schedule",
            )
        return np.concatenate([np.full(b - a + 1 - after, first), np.full(after, last)])
    if not np.isfinite(total) and abs(first - last) > LARGEST_GAP * peak:
        raise RefusalError(
            f"{name}: the rate goes from {first:g} at step {a} to {last:g} at step {b}, and nothing says how",
            hint="Add a column lr_cumsum (the sum of the rates up to the row), log the rate more often, or give the "
            "rates of all steps with --schedules.",
            code="unknown-schedule",
        )
    return line
