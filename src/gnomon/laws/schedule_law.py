"""Laws whose input is a learning-rate schedule: what they share.

A schedule is a named thing with a rate per step. Such a law reads the columns `schedule` (a name) and `step`; the class
that is fitted is bound to the schedules of the table (`law.on(schedules)`), and its formula gets their numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from gnomon.errors import InputError, RefusalError
from gnomon.laws.law import Law
from gnomon.runs.schedule import Schedule
from gnomon.runs.schedules import Schedules, curves_of, schedules_of

if TYPE_CHECKING:
    from gnomon.runs.table import Runs

Array = np.ndarray

EXAMPLES = Schedules(
    [
        Schedule.cosine(4000, 3e-4, end=3e-5, warmup=200, name="example_cosine"),
        Schedule.two_stage(4000, 3e-4, at=2000, end=6e-5, warmup=200, name="example_two_stage"),
        Schedule.wsd(4000, 3e-4, decay=800, end=3e-5, warmup=200, name="example_wsd"),
        Schedule.constant(4000, 3e-4, warmup=200, name="example_constant"),
    ]
)
FIRST_STEP = 400  # of the examples: twice their warm-up
LEAST_FALL = 0.9  # a curve whose rate ends above this share of its peak was not annealed
FIXED = "rates and steps enter as they are, and the schedules hold them"
SEGMENTS = (
    8  # stretches into which a curve is cut for resampling: residuals of one curve go together over a tenth of it
)
KEPT = 64  # classes bound to schedules that are found again; older ones are made anew
_bound: dict[tuple[type[Any], Schedules], type[Any]] = {}


class ScheduleLaw(Law):
    """A law of a schedule and a step. Subclasses define `value` on places of schedules."""

    inputs = ("schedule", "step")
    made_inputs = ("schedule",)
    still_inputs = ("schedule",)
    domain = {"schedule": (-1.0, np.inf), "step": (0.0, np.inf)}
    ranges = {"schedule": (0.0, 3.0), "step": (float(FIRST_STEP), 3999.0)}
    fixed_units = {"schedule": FIXED, "step": FIXED}
    schedules: ClassVar[Schedules] = EXAMPLES
    degenerate: ClassVar[str] = "it gives no derivative by the rates"

    @classmethod
    def on(cls, schedules: Schedules) -> type[Self]:
        """The same law bound to these schedules; the same class for the same schedules."""
        base: type[Self] = cls.__mro__[1] if "schedules" in vars(cls) else cls  # type: ignore[assignment]
        if schedules == base.schedules:
            return base
        if (base, schedules) not in _bound:
            body: dict[str, Any] = {
                "__doc__": base.__doc__,
                "__module__": base.__module__,
                "schedules": schedules,
                "published": {},
                "typical": base.example().values,
            }
            _bound[base, schedules] = type(base.__name__, (base,), body)
            if len(_bound) > KEPT:
                del _bound[next(iter(_bound))]
        found: type[Self] = _bound[base, schedules]
        return found

    @classmethod
    def laid_on(cls, runs: Runs) -> tuple[type[Self], Runs]:
        """The law bound to the schedules of a table, and the table with the name of each row's schedule.

        Raises:
            RefusalError: the curves are of several models, or their rates cannot be rebuilt.
            ColumnError: a column is missing, or a row has no schedule.
        """
        column, step = cls.inputs
        _refuse_several_models(runs, column)
        schedules, names = schedules_of(runs, column=column, step=step, known=cls.schedules)
        laid = replace(runs.with_texts(column, names), schedules={**runs.schedules, **schedules})
        return cls.on(Schedules(list(laid.schedules.values()))), laid

    @classmethod
    def arrays(cls, table: Mapping[str, Any] | Runs) -> tuple[Array, ...]:
        """Numbers of the schedules (n,) and steps (n,)."""
        column, step = cls.inputs
        numbers = {name: float(i) for i, name in enumerate(cls.schedules)}
        names = table[column]
        return np.array([numbers[str(name)] for name in names]), np.asarray(table[step], float)

    @classmethod
    def table_of(cls, inputs: Mapping[str, Array]) -> dict[str, Any]:
        """Inputs as columns of a table: schedules by name."""
        column = cls.inputs[0]
        return {**inputs, column: [cls.schedules.names[int(i)] for i in inputs[column]]}

    @classmethod
    def groups_of(cls, runs: Runs) -> Array:
        """Stretches of the curves: with few curves they are what can be resampled."""
        curves = curves_of(runs, cls.inputs[0])
        (steps,) = runs.numbers(cls.inputs[1])
        groups = np.empty(len(runs), int)
        for curve in np.unique(curves):
            rows = np.flatnonzero(curves == curve)
            rank = np.argsort(np.argsort(steps[rows], kind="stable"), kind="stable")
            groups[rows] = curve * SEGMENTS + rank * SEGMENTS // max(len(rows), 1)
        return np.unique(groups, return_inverse=True)[1]

    @classmethod
    def parts_of(cls, runs: Runs) -> list[str]:
        """Which stretch of its curve a row belongs to."""
        groups = cls.groups_of(runs)
        (steps,) = runs.numbers(cls.inputs[1])
        told = [
            f", steps {steps[groups == g].min():,.0f} to {steps[groups == g].max():,.0f}"
            for g in range(groups.max() + 1)
        ]
        return [told[g] for g in groups]

    @classmethod
    def weights_of(cls, runs: Runs) -> Array:
        """Every curve counts the same, however often it was logged."""
        _, curve, count = np.unique(curves_of(runs, cls.inputs[0]), return_inverse=True, return_counts=True)
        return np.asarray(len(curve) / (len(count) * count[curve]))

    @classmethod
    def later_rows(cls, inputs: Sequence[Array]) -> Array:
        """The second half of every schedule: forecasts reach beyond the steps fitted."""
        numbers, steps = inputs
        last = {number: float(steps[numbers == number].max()) for number in np.unique(numbers)}
        return np.asarray(steps >= 0.5 * np.array([last[number] for number in numbers]))

    @classmethod
    def undetermined(cls, runs: Runs) -> str | None:
        """A law of annealing needs a curve along which the rate falls."""
        numbers, steps = cls.arrays(runs)
        for number in np.unique(numbers).astype(int):
            schedule = cls.schedules.of(int(number))
            if schedule.rates[int(steps[numbers == number].max())] < LEAST_FALL * schedule.peak:
                return None
        return (
            "every curve keeps its rate, so nothing tells what annealing brings: for schedules that anneal it guesses"
        )

    @classmethod
    def forward(cls, known: Mapping[str, tuple[float, float]]) -> str:
        """The end of a cosine twice as long as the curves."""
        column, step = cls.inputs
        first = next(iter(cls.schedules.values()))
        steps = 2 * (int(known[step][1]) + 1)
        shape = f"cosine:steps={steps}:peak={first.peak:g}:end={first.peak / 10:g}:warmup={first.warmup + 1}"
        return f"{column}={shape},{step}={steps - 1}"

    @classmethod
    def design(cls, points: int = 48) -> dict[str, Array]:
        """Schedules in turn, steps spread over the shortest."""
        last = min(s.steps for s in cls.schedules.values()) - 1
        first = min(FIRST_STEP, last)
        numbers = np.arange(points) % len(cls.schedules)
        return {cls.inputs[0]: numbers.astype(float), cls.inputs[1]: np.rint(np.linspace(first, last, points))}

    def formula(self, schedule: Any, step: Any) -> Any:
        """The loss at numbers of the bound schedules and steps."""
        numbers, steps = np.broadcast_arrays(np.asarray(schedule), np.asarray(step))
        if numbers.size == 0:
            return np.zeros(numbers.shape)
        value = self.value(places(self.schedules, numbers, steps))
        return value if numbers.ndim else value[0] if np.ndim(value) == 1 else value[..., 0]

    @classmethod
    def places_of(cls, schedule: Any, step: Any) -> Places:
        """Numbers of the bound schedules and steps as places."""
        return places(cls.schedules, *np.broadcast_arrays(np.asarray(schedule), np.asarray(step)))

    def value(self, at: Places) -> Any:
        """The loss (..., n) at places of schedules; what a law of this kind defines."""
        raise NotImplementedError(f"{type(self).__name__} must define value()")

    def sensitivity(self, schedule: Schedule) -> tuple[float, Array]:
        """Loss at the end of a schedule and its derivative by the rate of every step (T,).

        Raises:
            RefusalError: the law has no best schedule that is not degenerate; `degenerate` says why.
        """
        raise RefusalError(f"{self._label} has no best free schedule: {self.degenerate}.", code="degenerate-schedule")

    def along(self, schedule: Schedule | str) -> Array:
        """Loss at every step of a schedule from step 1 on, shape (T - 1,)."""
        found = self._found(schedule)
        return np.asarray(self(**{self.inputs[0]: found, self.inputs[1]: np.arange(1, found.steps)}))

    def _found(self, schedule: Any) -> Schedule:
        return schedule if isinstance(schedule, Schedule) else self.schedules.find(str(schedule))

    def __call__(self, **inputs: Any) -> Any:
        """The loss at `schedule` (a Schedule, a name, a description; or a list of them, one a step) and `step`.

        Raises:
            InputError: an input is missing or unknown, or a step is not one of the schedule's.
        """
        column = self.inputs[0]
        given: Any = inputs.get(column)
        several = isinstance(given, list | tuple) or (isinstance(given, np.ndarray) and given.dtype == object)
        listed: list[Any] = list(given) if several else [given]
        if not listed or not all(isinstance(s, str | Schedule) for s in listed):
            return super().__call__(**inputs)
        wanted = [self._found(s) for s in listed]
        schedules = self.schedules.with_(*wanted)
        numbers = [float(schedules.number(s.name)) for s in wanted]
        other = copy(self)
        object.__setattr__(other, "schedules", schedules)
        return Law.__call__(other, **{**inputs, column: np.array(numbers) if several else numbers[0]})

    def _check_domain(self, name: str, array: Any) -> None:
        super()._check_domain(name, array)
        if not isinstance(array, np.ndarray | np.generic):
            return
        bad = np.atleast_1d(np.asarray(array) != np.rint(array))
        if name == self.inputs[0]:
            bad |= np.atleast_1d(np.asarray(array) >= len(self.schedules))
        if bad.any():
            worst = np.atleast_1d(array)[bad][0]
            expected = "a whole step" if name == self.inputs[1] else f"a number below {len(self.schedules)}, or a name"
            raise InputError(f"{self._label}: got {name} {worst:g}, expected {expected}.")


def _refuse_several_models(runs: Runs, column: str) -> None:
    """One law of curves is for one model: one size, and one family where families have curves of the same schedule."""
    for name in ("params", "family"):
        if name not in runs:
            continue
        found = list(dict.fromkeys(runs[name].tolist()))
        pairs = set(zip(runs[name].tolist(), runs[column].tolist(), strict=True)) if column in runs else set()
        if len(found) > 1 and (name == "params" or len(pairs) > len({schedule for _, schedule in pairs})):
            one = f"family = '{found[0]}'" if name == "family" else f"params = {found[0]:g}"
            raise RefusalError(
                f"these are curves of {len(found)} models ({name} {found[0]} and {found[1]}), and a law of schedules "
                "knows one",
                hint=f'Keep one: --where "{one}".',
                code="several-models",
            )


@dataclass(frozen=True)
class Places:
    """Where on which schedules a law is asked for.

    Args:
        parts: per schedule that occurs, the schedule, its steps (m,), and where these stand among all places (m,).
        count: number of places n.
    """

    parts: tuple[tuple[Schedule, Array, Array], ...]
    count: int

    @cached_property
    def order(self) -> Array:
        """Where each place stands when the parts follow one another (n,)."""
        found: Array = np.empty(self.count, int)
        found[np.concatenate([where for _, _, where in self.parts])] = np.arange(self.count)
        return found

    def gather(self, of: Callable[[Schedule, Array], Array]) -> Array:
        """A quantity (n,) that a function gives for the steps of each schedule."""
        return np.concatenate([of(schedule, steps) for schedule, steps, _ in self.parts])[self.order]

    @cached_property
    def kept(self) -> dict[Any, Any]:
        """What laws worked out for these places, to be found again at the next step of a solver."""
        return {}


def places(schedules: Schedules, numbers: Array, steps: Array) -> Places:
    """Places by schedule; the same object for the same numbers and steps.

    Raises:
        InputError: a step lies beyond the end of its schedule.
    """
    return _places(
        schedules, np.ascontiguousarray(numbers, float).tobytes(), np.ascontiguousarray(steps, float).tobytes()
    )


@lru_cache(maxsize=16)
def _places(schedules: Schedules, raw_numbers: bytes, raw_steps: bytes) -> Places:
    numbers = np.rint(np.frombuffer(raw_numbers)).astype(int)
    steps = np.rint(np.frombuffer(raw_steps)).astype(int)
    parts = []
    for number in np.unique(numbers):
        where = np.flatnonzero(numbers == number)
        schedule = schedules.of(int(number))
        if steps[where].max() >= schedule.steps:
            raise InputError(
                f"schedule {schedule.name!r} ends at step {schedule.steps - 1}; got step {steps[where].max()}",
                hint="Describe a longer one, for example cosine:steps=48000:peak=3e-4:end=3e-5:warmup=2160.",
            )
        parts.append((schedule, steps[where], where))
    return Places(tuple(parts), len(numbers))
