"""The track record of a fit: its largest runs hidden, forecast from the others, and compared."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gnomon.errors import GnomonError

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.forecast.backtesting import Backtest
    from gnomon.runs import Runs

ENOUGH_HIDDEN = 3  # with fewer, a caught or missed run says nothing about an interval
LEAST_FITTED = 6  # runs a forecast in two inputs can rest on
DRAWS = 100  # refits behind intervals the recipe cannot give; a record needs no more
TAIL = 0.025  # coverage below the central 95 % of the binomial is no accident
POOR = 0.03  # a mean error beyond it is looked at


@dataclass(frozen=True)
class TrackRecord:
    """How a law did on the largest runs when it had not seen them; all None with a reason when that cannot be tried.

    Args:
        told: what was hidden, in words.
        hold_out: the same as an option of `gnomon backtest`.
        fitted, held_out: rows fitted and hidden.
        error: mean absolute relative error.
        caught: hidden rows inside their interval; None without intervals.
        level: of the intervals.
        low: whether so few caught are no accident.
        reason: why there is no record.
        backtest: the hidden runs one by one, for pictures.
    """

    told: str = "largest runs"
    hold_out: str | None = None
    fitted: int | None = None
    held_out: int | None = None
    error: float | None = None
    caught: int | None = None
    level: float = 0.9
    low: bool = False
    reason: str | None = None
    backtest: Backtest | None = field(default=None, repr=False, compare=False)

    @property
    def good(self) -> bool:
        """Whether nothing speaks against the forecasts."""
        return self.error is not None and self.error <= POOR and not self.low

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {name: value for name, value in vars(self).items() if name != "backtest"}


def track_record(fit: Fit) -> TrackRecord:
    """Hide the largest runs of a fit's own rows and forecast them; never an error, at worst a reason."""
    from gnomon.forecast.backtesting import backtest

    chosen = find_hold_out(fit.data, fit.law.inputs, len(fit.fitted), made=fit.law.made_inputs)
    if chosen is None:
        return TrackRecord(level=fit.level, reason="too few runs, or all of one size")
    hold_out, told = chosen
    try:
        result = backtest(
            [type(fit.law)],
            fit.data,
            hold_out=hold_out,
            level=fit.level,
            objective=fit.objective,
            draws=DRAWS,
            seed=fit.seed,
            held=fit.held,
        )
    except GnomonError as error:
        return TrackRecord(told, hold_out, level=fit.level, reason=error.message)
    score = result.laws[0]
    if score.are is None:
        return TrackRecord(told, hold_out, result.fitted, score.held_out, level=fit.level, reason=score.reason)
    caught = None if score.coverage is None else round(score.coverage * score.held_out)
    return TrackRecord(
        told,
        hold_out,
        result.fitted,
        score.held_out,
        score.are,
        caught,
        fit.level,
        caught is not None and too_few(caught, score.held_out, fit.level),
        backtest=result,
    )


def too_few(caught: int, of: int, level: float) -> bool:
    """Whether an interval of that level catches so few of `of` by accident in less than TAIL of cases (binomial)."""
    total = 0.0
    for k in range(caught + 1):
        ways = math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1)
        total += math.exp(ways + k * math.log(level) + (of - k) * math.log1p(-level))
    return total < TAIL


def find_hold_out(
    runs: Runs, inputs: Sequence[str], parameters: int, *, made: Collection[str] = ()
) -> tuple[str, str] | None:
    """The first hold-out that hides enough and leaves enough, as (option, words); None where there is none.

    Args:
        runs: to be split.
        inputs: of the law that will be fitted to what is left.
        parameters: of that law; two runs more are left.
        made: inputs that are no column of numbers.
    """
    column = size_column(runs, [name for name in inputs if name not in made])
    if column is None:
        return None
    of = "" if column == "flops" else f" of {column}"
    least = max(parameters + 2, LEAST_FITTED)
    for enough in (ENOUGH_HIDDEN, 1):
        for hold_out, told in (
            (f"top:{column}:1", f"top decade{of}"),
            (f"top:{column}:0.5", f"top half decade{of}"),
            (f"top:{column}:0.3", f"top factor of two{of}"),
            (f"largest:{column}:20%", f"largest fifth{of and ' by ' + column}"),
            (f"largest:{column}:1", f"largest run{of and ' by ' + column}"),
        ):
            try:
                small, large = runs.split(hold_out, leave=least)
            except GnomonError:
                continue
            if len(large) >= enough and len(large) <= len(small):
                return hold_out, told
    return None


def size_column(runs: Runs, inputs: Sequence[str]) -> str | None:
    """The column by which runs are large: FLOP where known, else the input that spans most."""
    import numpy as np

    spans = {}
    for name in ("flops", *inputs):
        if name not in runs:
            continue
        (values,) = runs.numbers(name)
        if not (np.isfinite(values) & (values > 0)).all() or values.min() == values.max():
            continue
        if name == "flops":
            return name
        spans[name] = float(np.log(values.max() / values.min()))
    return max(spans, key=lambda name: spans[name]) if spans else None
