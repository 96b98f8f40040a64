"""Which learning-rate schedule ends lowest: families of schedules and a free form, compared under a fitted law."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gnomon.errors import InputError, Notice, RefusalError
from gnomon.laws.schedule_law import ScheduleLaw
from gnomon.plan.free_form import free_form
from gnomon.runs.schedule import Schedule
from gnomon.version import __version__

Array = np.ndarray

SHARES = (0.05, 0.1, 0.2, 0.4)  # of the steps spent on the decay of a WSD schedule: 5 to 20 % are usual, 40 % is long
SHAPES = ("linear", "sqrt", "exponential")
USUAL_END = 0.1  # of the peak: where cosine schedules of language models usually end
FURTHER = 0.1  # of the lowest rate: how the answer to "what if the rate fell further" is asked
NEAR = 1e-6  # relative difference of rates that is rounding


@dataclass(frozen=True)
class Option:
    """A schedule and what the law says of its end.

    Args:
        schedule: the rates.
        loss: final loss under the best values.
        low: lower end of the interval for a new run; None without draws.
        high: its upper end.
        excess: loss above the recommended schedule.
        excess_low: lower end of the interval of the excess, over paired draws; None without draws.
        excess_high: its upper end.
    """

    schedule: Schedule
    loss: float
    low: float | None
    high: float | None
    excess: float
    excess_low: float | None
    excess_high: float | None

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        rates = self.schedule.rates
        document = {
            "schedule": self.schedule.name,
            "loss": self.loss,
            "low": self.low,
            "high": self.high,
            "excess": self.excess,
            "excess_low": self.excess_low,
            "excess_high": self.excess_high,
            "peak": self.schedule.peak,
            "end": float(rates[-1]),
            "decay_from": int(np.flatnonzero(rates >= self.schedule.peak * (1 - NEAR))[-1]),
        }
        if self.low is None:
            document["low_reason"] = document["high_reason"] = "there are no draws"
        return document


@dataclass(frozen=True)
class SchedulePlan:
    """A decision about a learning-rate schedule.

    Args:
        question: what was asked.
        best: the recommended schedule.
        others: every schedule compared with it, lowest loss first.
        assumes: sentences the decision stands on.
        changes_if: what would move it.
        notices: warnings.
        level: of all intervals.
        law: id of the law.
    """

    question: str
    best: Option
    others: tuple[Option, ...]
    assumes: tuple[str, ...]
    changes_if: tuple[str, ...]
    notices: tuple[Notice, ...]
    level: float
    law: str
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def schedule(self) -> Schedule:
        """The recommended schedule."""
        return self.best.schedule

    def to_dict(self) -> dict[str, Any]:
        """The document of `gnomon plan schedule --json`."""
        best = self.best
        return {
            "gnomon": __version__,
            "kind": "plan",
            "question": self.question,
            "law": self.law,
            "level": self.level,
            "decision": best.to_dict() | {"rates": best.schedule.to_list()},
            "interval": {"loss": None if best.low is None else [best.low, best.high]},
            "assumes": list(self.assumes),
            "alternatives": [option.to_dict() for option in self.others],
            "regret": None,
            "regret_reason": "the loss of a schedule that was never trained is not known",
            "changes_if": list(self.changes_if),
            "warnings": [notice.to_dict() for notice in self.notices],
        }

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def write(self, path: str | Path) -> Path:
        """The recommended rates as a table: schedule, step, lr."""
        from gnomon.runs import read_runs

        rates = self.schedule.rates
        table = {"schedule": [self.schedule.name] * len(rates), "step": np.arange(len(rates)), "lr": rates}
        return read_runs(table).write(path)

    def __repr__(self) -> str:
        rows = [self.question]
        for option in (self.best, *self.others):
            rows.append(f"  {option.schedule.name:<28} {option.loss:.4f}  +{option.excess:.4f}")
        return "\n".join([*rows, *(f"! {n.message}" for n in self.notices)])


def schedule(
    source: Any,
    *,
    steps: int,
    peak: float | None = None,
    end: float | None = None,
    warmup: int | None = None,
    level: float = 0.9,
) -> SchedulePlan:
    """The schedule of `steps` steps that ends lowest under a law, beside constant, cosine and WSD schedules.

    Args:
        source: a Fit of a law of schedules, or such a law with values.
        steps: number of steps T, the warm-up included.
        peak: rate after the warm-up; default: that of the fitted curves.
        end: smallest rate; default: the smallest one measured, for a law without runs a tenth of the peak.
        warmup: steps of the warm-up; default: that of the fitted curves, for a law without runs a twentieth of T.
        level: of the intervals.

    Raises:
        InputError: the source has no schedules in it, or a number makes no schedule.
    """
    fit, law = (source, source.law) if hasattr(source, "law") else (None, source)
    if not isinstance(law, ScheduleLaw):
        raise InputError(
            "A schedule is planned from a law of schedules (mpl, lr_annealing).",
            hint="Fit one to loss curves: gnomon fit curves.csv --law mpl --save fit.json",
        )
    if not 0 < level < 1:
        raise InputError(f"The level must lie between 0 and 1; got {level:g}.", hint="For nine in ten write 0.9.")
    seen = _measured(fit) if fit is not None else None
    if peak is None:
        if seen is None:
            raise InputError("Published constants come without a peak rate.", hint="Give one: --peak 3e-4.")
        peak = seen["peak"]
    end = end if end is not None else seen["lowest"] if seen and seen["lowest"] < peak else USUAL_END * peak
    warmup = warmup if warmup is not None else int(seen["warmup"]) if seen else steps // 20
    families = _families(steps, peak, end, warmup)
    notices = _notices(fit, seen, peak, end, steps)
    candidates = list(families)
    starts = tuple(s for s in families if s.name.startswith(("cosine", "wsd 20% linear")))
    changes = []
    if law.degenerate:
        notices.append(Notice("no-free-form", f"{law.id} compares families only: {law.degenerate}."))
    else:
        candidates.append(free_form(law, steps=steps, peak=peak, end=end, warmup=warmup, starts=starts))
        lower = free_form(
            law, steps=steps, peak=peak, end=FURTHER * end, warmup=warmup, starts=(candidates[-1], *starts)
        )
        gain = float(law(schedule=candidates[-1], step=steps - 1)) - float(law(schedule=lower, step=steps - 1))
        changes.append(
            f"rates down to {FURTHER * end:.3g}: the law promises {gain:.4f} less, "
            f"from rates below {'those it was fitted to' if seen else 'the end asked for'}"
        )
    options = _options(law, fit, candidates, steps - 1, level)
    return SchedulePlan(
        f"Which schedule of {steps:,} steps with a peak rate of {peak:g} ends lowest?",
        options[0],
        tuple(options[1:]),
        (
            "one model, batch size and data as in the fitted curves",
            f"rates between {end:g} and {peak:g}, a linear warm-up of {warmup:,} steps, no rise after it",
            f"{law.id or 'the law'} holds for shapes it was not fitted to: train the schedule before believing its loss",
        ),
        tuple(changes),
        tuple(notices),
        level,
        law.id,
    )


def _measured(fit: Any) -> dict[str, float]:
    """Peak, lowest measured rate, warm-up and longest curve of a fit."""
    law = type(fit.law)
    column, step = law.inputs
    names, steps = fit.data[column], np.asarray(fit.data[step], int)
    rates = np.array([law.schedules[str(name)].rates[t] for name, t in zip(names, steps, strict=True)])
    used = [law.schedules[str(name)] for name in dict.fromkeys(names.tolist())]
    return {
        "peak": max(s.peak for s in used),
        "lowest": float(rates.min()),
        "warmup": float(min(s.warmup for s in used) + 1),
        "longest": float(steps.max()),
    }


def _families(steps: int, peak: float, end: float, warmup: int) -> list[Schedule]:
    """Constant, cosine, and WSD with several shares and shapes of the decay."""
    found = [
        Schedule.constant(steps, peak, warmup=warmup),
        Schedule.cosine(steps, peak, end=end, warmup=warmup),
    ]
    for share in SHARES:
        for shape in SHAPES:
            if shape == "exponential" and not end > 0:
                continue
            decay = min(max(1, round(share * steps)), steps - warmup)
            name = f"wsd {share:.0%} {shape}"
            found.append(Schedule.wsd(steps, peak, decay=decay, end=end, warmup=warmup, shape=shape, name=name))
    return found


def _notices(fit: Any, seen: Mapping[str, float] | None, peak: float, end: float, steps: int) -> list[Notice]:
    found = list(fit.notices) if fit is not None else []
    if seen is None:
        return found
    if end < seen["lowest"] * (1 - NEAR):
        found.append(
            Notice(
                "below-measured",
                f"No fitted curve was measured at rates below {seen['lowest']:.3g}: what the law says there is a guess.",
            )
        )
    if abs(peak / seen["peak"] - 1) > NEAR:
        found.append(
            Notice("other-peak", f"The fitted curves have a peak rate of {seen['peak']:g}; {peak:g} is a guess.")
        )
    if steps > seen["longest"] * 1.5:  # half as long again: the decay then starts where no curve has been
        found.append(
            Notice(
                "far",
                f"{steps:,} steps, the longest fitted curve has {seen['longest']:,.0f}.",
                {"factor": steps / seen["longest"]},
            )
        )
    return found


def _options(law: ScheduleLaw, fit: Any, candidates: list[Schedule], step: int, level: float) -> list[Option]:
    """Every candidate with its intervals, lowest loss first; differences are paired over draws."""
    values = np.asarray(law(schedule=candidates, step=np.full(len(candidates), step)), float)
    if not np.isfinite(values).all():
        raise RefusalError("The law gives no finite loss for these schedules.", code="undefined-forecast")
    order = np.argsort(values, kind="stable")
    best = int(order[0])
    many = fit.law_draws() if fit is not None else None
    lows = highs = gaps = None
    if many is not None:
        drawn = np.asarray(many(schedule=candidates, step=np.full(len(candidates), step)), float)
        tails = [(1 - level) / 2, (1 + level) / 2]
        rng = np.random.default_rng([fit.seed, 0x5C4E])
        noisy = drawn * np.exp(rng.normal(0.0, fit.residual_sd, drawn.shape))
        lows, highs = np.nanquantile(noisy, tails, axis=0)
        gaps = np.nanquantile(drawn - drawn[:, [best]], tails, axis=0)
    return [
        Option(
            candidates[i],
            float(values[i]),
            None if lows is None else float(lows[i]),
            None if highs is None else float(highs[i]),
            float(values[i] - values[best]),
            None if gaps is None else float(gaps[0, i]),
            None if gaps is None else float(gaps[1, i]),
        )
        for i in order
    ]
