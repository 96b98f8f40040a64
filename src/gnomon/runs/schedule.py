"""A learning-rate schedule: a name and the rate of every optimizer step."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from gnomon.errors import InputError, UnknownNameError, near
from gnomon.runs.numbers import parse_number

Array = np.ndarray

LARGEST_RATE = 10.0  # beyond it the numbers are percent of the peak, or no learning rates


@dataclass(frozen=True, eq=False)
class Schedule:
    """The learning rate of every step of a run, step 0 first.

    Args:
        name: what it is called in tables and on the command line.
        rates: (T,) rates as the optimizer used them, finite and not negative, the warm-up included.

    Raises:
        InputError: fewer than two steps, or a rate that is no learning rate.
    """

    name: str
    rates: Array

    def __post_init__(self) -> None:
        rates = np.array(self.rates, float)
        if rates.ndim != 1 or len(rates) < 2:
            raise InputError(f"schedule {self.name!r} has shape {rates.shape}; expected the rates of two steps or more")
        bad = np.flatnonzero(~(np.isfinite(rates) & (rates >= 0) & (rates <= LARGEST_RATE)))
        if len(bad):
            raise InputError(
                f"schedule {self.name!r}: the rate of step {bad[0]} is {rates[bad[0]]:g}; "
                f"expected 0 to {LARGEST_RATE:g}",
                hint="Rates are the optimizer's own, not percent of the peak.",
            )
        if not rates.max() > 0:
            raise InputError(f"schedule {self.name!r} is zero at every step")
        rates.flags.writeable = False
        object.__setattr__(self, "rates", rates)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schedule) and self.name == other.name and np.array_equal(self.rates, other.rates)

    def __hash__(self) -> int:
        return hash((self.name, self.rates.tobytes()))

    def __repr__(self) -> str:
        return f"Schedule({self.name!r}, {self.steps} steps, peak {self.peak:g}, end {float(self.rates[-1]):g})"

    @property
    def steps(self) -> int:
        """Number of steps T; the last one is T - 1."""
        return len(self.rates)

    @property
    def peak(self) -> float:
        """Largest rate."""
        return float(self.rates.max())

    @property
    def warmup(self) -> int:
        """First step at the peak."""
        return int(np.argmax(self.rates >= self.peak * (1 - 1e-12)))

    def named(self, name: str) -> Schedule:
        """The same rates under another name."""
        return Schedule(name, self.rates)

    def without_warmup(self) -> Schedule:
        """The same with the peak rate from the first step on."""
        rates = self.rates.copy()
        rates[: self.warmup] = self.peak
        return Schedule(self.name, rates)

    def prolonged(self, steps: int) -> Schedule:
        """The same, held at its last rate until it has `steps` steps."""
        return Schedule(self.name, np.pad(self.rates, (0, max(steps - self.steps, 0)), mode="edge"))

    # Usual shapes -----------------------------------------------------------------------------------------------------

    @classmethod
    def constant(cls, steps: int, peak: float, *, warmup: int = 0, name: str = "constant") -> Self:
        """A linear warm-up, then the peak rate.

        Args:
            steps: number of steps T.
            peak: rate after the warm-up.
            warmup: steps of the warm-up, from 0 at step 0 to the peak at step `warmup` - 1.
            name: of the schedule.
        """
        _checked(steps, peak, warmup)
        return cls(name, _warmed(np.full(steps, peak), peak, warmup))

    @classmethod
    def cosine(cls, steps: int, peak: float, *, end: float = 0.0, warmup: int = 0, name: str = "cosine") -> Self:
        """Half a cosine from the peak at the end of the warm-up to `end`, which step T would reach.

        lr_k = end + (peak - end) (1 + cos(pi (k - warmup) / (T - warmup))) / 2.
        """
        _checked(steps, peak, warmup, end)
        part = (np.arange(steps) - warmup) / max(steps - warmup, 1)
        return cls(name, _warmed(end + 0.5 * (peak - end) * (1.0 + np.cos(np.pi * part)), peak, warmup))

    @classmethod
    def wsd(
        cls,
        steps: int,
        peak: float,
        *,
        decay: int,
        end: float = 0.0,
        warmup: int = 0,
        shape: str = "linear",
        power: float = 1.0,
        name: str = "wsd",
    ) -> Self:
        """Warm-up, stable, decay: the peak until `decay` steps before T, then down to `end`, which step T would reach.

        With x the share of the decay that has passed: "linear" peak + (end - peak) x; "exponential" peak^(1-x) end^x;
        "sqrt" peak + (end - peak) sqrt(x); "power" peak + (end - peak) (1 - (1 - x)^power).

        Raises:
            InputError: the decay is longer than what the warm-up leaves, or an exponential one shall end at 0.
            UnknownNameError: no such shape.
        """
        _checked(steps, peak, warmup, end)
        if not 0 < decay <= steps - warmup:
            raise InputError(f"the decay takes {decay} steps; expected 1 to {steps - warmup} (steps less warm-up)")
        if shape not in DECAYS:
            raise UnknownNameError(f"There is no decay {shape!r}.", hint=near(shape, DECAYS))
        if shape == "exponential" and not end > 0:
            raise InputError("an exponential decay cannot end at 0", hint="Give end=..., or shape=linear.")
        x = np.maximum(np.arange(steps) - (steps - decay), 0) / decay
        return cls(name, _warmed(DECAYS[shape](x, peak, end, power), peak, warmup))

    @classmethod
    def two_stage(
        cls, steps: int, peak: float, *, at: int, end: float, warmup: int = 0, name: str = "two_stage"
    ) -> Self:
        """The peak rate before step `at`, `end` from it on."""
        _checked(steps, peak, warmup, end)
        if not warmup < at < steps:
            raise InputError(f"the drop is at step {at}; expected one after the warm-up and before step {steps}")
        return cls(name, _warmed(np.where(np.arange(steps) < at, peak, end), peak, warmup))

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """A usual shape from text: `cosine:steps=24000:peak=3e-4:end=3e-5:warmup=2160`.

        Shapes: constant, cosine, wsd (decay=, shape=linear|exponential|sqrt|power), two_stage (at=, end=).

        Raises:
            UnknownNameError: no such shape or setting.
            InputError: a setting is missing or no number.
        """
        shape, *settings = (part.strip() for part in text.split(":"))
        if shape not in SHAPES:
            raise UnknownNameError(
                f"There is no schedule {text!r}.",
                hint=f"{near(shape, SHAPES)} For example cosine:steps=24000:peak=3e-4:end=3e-5:warmup=2160.".strip(),
            )
        build, needed, allowed = SHAPES[shape]
        given: dict[str, Any] = {}
        for setting in settings:
            name, sign, value = (part.strip() for part in setting.partition("="))
            if name not in (*needed, *allowed) or not sign:
                raise UnknownNameError(
                    f"{shape} takes {', '.join((*needed, *allowed))}; got {setting!r}.", hint=near(name, allowed)
                )
            given[name] = value if name == "shape" else _setting(name, value)
        missing = [name for name in needed if name not in given]
        if missing:
            raise InputError(f"schedule {text!r} needs {', '.join(missing)} too", hint=f"Add :{missing[0]}=...")
        return build(**given).named(text)

    # To and from documents --------------------------------------------------------------------------------------------

    def to_list(self) -> list[float | list[float]]:
        """Rates in order: a number for one step, [rate, steps] for a stretch of one rate; 12 digits."""
        starts = np.concatenate([[0], np.flatnonzero(np.diff(self.rates)) + 1])
        counts = np.diff(np.concatenate([starts, [self.steps]]))
        rates = [float(f"{self.rates[i]:.12g}") for i in starts]
        return [rate if n == 1 else [rate, int(n)] for rate, n in zip(rates, counts, strict=True)]

    @classmethod
    def from_list(cls, name: str, entries: Iterable[float | list[float]]) -> Self:
        """What `to_list` wrote."""
        pairs = [entry if isinstance(entry, list) else [entry, 1] for entry in entries]
        rates, counts = np.array(pairs, float).T
        return cls(name, np.repeat(rates, counts.astype(int)))


def is_text_form(text: str) -> bool:
    """Whether a text is meant as a shape with settings rather than as a name."""
    return bool(re.match(r"\s*\w+\s*:", text))


DECAYS: Mapping[str, Callable[[Array, float, float, float], Array]] = {
    "linear": lambda x, peak, end, power: peak + (end - peak) * x,
    "exponential": lambda x, peak, end, power: peak ** (1 - x) * end**x,
    "sqrt": lambda x, peak, end, power: peak + (end - peak) * np.sqrt(x),
    "power": lambda x, peak, end, power: peak + (end - peak) * (1 - (1 - x) ** power),
}

SHAPES: Mapping[str, tuple[Callable[..., Schedule], tuple[str, ...], tuple[str, ...]]] = {
    "constant": (Schedule.constant, ("steps", "peak"), ("warmup",)),
    "cosine": (Schedule.cosine, ("steps", "peak"), ("end", "warmup")),
    "wsd": (Schedule.wsd, ("steps", "peak", "decay"), ("end", "warmup", "shape", "power")),
    "two_stage": (Schedule.two_stage, ("steps", "peak", "at", "end"), ("warmup",)),
}
WHOLE = ("steps", "warmup", "decay", "at")  # settings that count steps


def _setting(name: str, value: str) -> float | int:
    number = parse_number(value)
    if name in WHOLE:
        if number != int(number):
            raise InputError(f"{name}={value}: expected a whole number of steps")
        return int(number)
    return number


def _checked(steps: int, peak: float, warmup: int, end: float = 0.0) -> None:
    if not (steps >= 2 and 0 <= warmup < steps):
        raise InputError(f"got {steps} steps with a warm-up of {warmup}; expected 2 or more and a shorter warm-up")
    if not (peak > 0 and 0 <= end <= peak):
        raise InputError(f"got a peak rate of {peak:g} and an end of {end:g}; expected 0 <= end <= peak, peak > 0")


def _warmed(rates: Array, peak: float, warmup: int) -> Array:
    """Rates with a linear warm-up from 0 to the peak, both ends included."""
    rates = np.array(rates, float)
    rates[:warmup] = np.linspace(0.0, peak, warmup)
    return rates
