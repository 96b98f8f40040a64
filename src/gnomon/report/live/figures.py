"""Figures from the things gnomon computes: a fit, a forecast, a backtest, a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.errors import InputError, RefusalError, UnknownNameError, near
from gnomon.report.charts import (
    draw_allocation,
    draw_contour,
    draw_fit,
    draw_forecast,
    draw_held_out,
    draw_influence,
    draw_isoflop,
    draw_next_runs,
    draw_plateau,
    draw_profile,
    draw_residuals,
)
from gnomon.report.figure import Figure
from gnomon.report.frame import WIDE
from gnomon.report.live.comparison import crossing_figure
from gnomon.report.live.leave_out import asked_influence
from gnomon.report.live.next_runs import next_runs_numbers
from gnomon.report.live.profiles import profile_numbers
from gnomon.report.live.records import (
    allocation_numbers,
    contour_numbers,
    fit_numbers,
    forecast_numbers,
    isoflop_numbers,
    plateau_numbers,
    residual_numbers,
    target_of,
)
from gnomon.report.live.track import held_out_numbers

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.forecast import Backtest, Forecast, Point
    from gnomon.plan import Plan
    from gnomon.plan.next_runs import NextRuns

KINDS = ("fit", "residuals", "influence", "profile:NAME")
"""Pictures of a fit that are asked for by name."""


def fit_figure(fit: Fit, *, point: Point | None = None, width: float = WIDE) -> Figure:
    """The law of a fit through its runs.

    Args:
        fit: with its rows.
        point: a forecast to be marked.
        width: in pixels; 700, or 350 for a phone.
    """
    return draw_fit(fit_numbers(fit, target=target_of(point, fit) if point is not None else None), width=width)


def residual_figure(fit: Fit, *, width: float = WIDE) -> Figure:
    """Residuals of a fit against scale."""
    numbers = residual_numbers(fit)
    if numbers is None:
        raise InputError("Residuals are drawn along a positive input; this law has none.")
    return draw_residuals(numbers, width=width, height=300)


def influence_figure(fit: Fit, point: Point | None = None, *, width: float = WIDE) -> Figure:
    """What a forecast (default: the law at the largest run) would be without each run in turn.

    Raises:
        RefusalError: there are too few runs to leave one out.
    """
    numbers = asked_influence(fit, point)
    if numbers is None:
        raise RefusalError(
            f"{fit.runs_used} runs for {len(fit.fitted)} fitted parameters are too few to leave one out and fit the rest.",
            code="too-few-runs",
        )
    return draw_influence(numbers, width=width)


def profile_figure(fit: Fit, parameter: str, *, width: float = WIDE) -> Figure:
    """How far the runs let one parameter move.

    Raises:
        UnknownNameError: the law has no such parameter.
        InputError: the parameter was not fitted.
    """
    return draw_profile(profile_numbers(fit, parameter), width=width, height=300)


def next_runs_figure(found: NextRuns, *, width: float = WIDE) -> Figure:
    """How the interval of a target narrows with each run that is worth buying."""
    return draw_next_runs(next_runs_numbers(found), width=width)


def forecast_figure(found: Forecast, source: Any = None, *, width: float = WIDE) -> Figure:
    """Forecasts side by side."""
    return draw_forecast(forecast_numbers(found), width=width)


def held_out_figure(found: Backtest, law: str | None = None, *, width: float = WIDE) -> Figure:
    """The hidden runs of a backtest, as one law (default: the best) forecast them."""
    numbers = held_out_numbers(found, law)
    if numbers is None:
        raise InputError(
            "None of the laws of this backtest gave intervals to be drawn.",
            hint="Its errors are in the table; intervals need runs enough to refit.",
        )
    return draw_held_out(numbers, width=width, height=320)


def plateau_figure(plan: Plan, *, width: float = WIDE) -> Figure:
    """What another size costs at the plan's budget."""
    return draw_plateau(plateau_numbers(plan), width=width, height=320)


def allocation_figure(plan: Plan, *, width: float = WIDE) -> Figure:
    """How sure the best size is."""
    numbers = allocation_numbers(plan)
    if numbers is None:
        raise InputError("This plan has no draws.", hint="Fit with intervals='bootstrap'.")
    return draw_allocation(numbers, width=width, height=300)


def contour_figure(plan: Plan, fit: Fit, *, width: float = WIDE) -> Figure:
    """The law over parameters and tokens, with the plan's path."""
    numbers = contour_numbers(fit, plan)
    if numbers is None:
        raise InputError(f"A landscape needs a law of params and tokens; this one takes {', '.join(fit.law.inputs)}.")
    return draw_contour(numbers, width=width, height=440)


def isoflop_figure(plan: Plan, fit: Fit, *, width: float = WIDE) -> Figure:
    """The parabolas of the isoFLOP study behind a plan."""
    if plan.study is None:
        raise InputError(f"There is no isoFLOP study: {plan.reasons.get('cross_check', 'no budget has four sizes')}.")
    return draw_isoflop(isoflop_numbers(plan.study, fit.data, response=plan.response), width=width, height=380)


def figure_of(thing: Any, *context: Any, kind: str | None = None, width: float = WIDE) -> Figure:
    """The figure that shows a fit, forecast, backtest, comparison, plan or list of next runs; figures pass through.

    Args:
        thing: what was computed.
        context: what it was computed from, such as the fit behind a forecast; it may be left out.
        kind: another picture than the usual one: of a fit "residuals", "influence" or "profile:NAME"; of a forecast with the fit
            behind it "influence".
        width: in pixels.

    Raises:
        InputError: there is no figure for such a thing.
        UnknownNameError: there is no such kind.
    """
    from gnomon.fit import Fit
    from gnomon.forecast import Backtest, Comparison, Forecast
    from gnomon.plan import Plan
    from gnomon.plan.next_runs import NextRuns

    if isinstance(thing, Figure):
        return thing
    if kind is not None:
        return _of_kind(thing, context, kind, width)
    if isinstance(thing, Fit):
        return fit_figure(thing, width=width)
    if isinstance(thing, Forecast):
        behind = next((c for c in context if isinstance(c, Fit)), None)
        if behind is not None and len(thing.points) == 1 and target_of(thing.points[0], behind) is not None:
            return fit_figure(behind, point=thing.points[0], width=width)
        return forecast_figure(thing, width=width)
    if isinstance(thing, Backtest):
        return held_out_figure(thing, width=width)
    if isinstance(thing, Comparison):
        return crossing_figure(thing, width=width)
    if isinstance(thing, NextRuns):
        return next_runs_figure(thing, width=width)
    if isinstance(thing, Plan):
        return plateau_figure(thing, width=width)
    raise InputError(
        f"There is no figure for {type(thing).__name__}.",
        hint="Figures show a fit, forecast, backtest, comparison, plan or list of next runs.",
    )


def kind_of_picture(kind: str) -> tuple[str, str]:
    """`profile:alpha` as its word and the parameter, empty where the kind takes none.

    Raises:
        UnknownNameError: there is no such kind.
    """
    word, _, name = kind.partition(":")
    if word not in {k.partition(":")[0] for k in KINDS} or (name != "") != (word == "profile"):
        raise UnknownNameError(
            f"There is no picture {kind!r}.", hint=near(kind, KINDS) or f"Known: {', '.join(KINDS)}."
        )
    return word, name


def _of_kind(thing: Any, context: tuple[Any, ...], kind: str, width: float) -> Figure:
    """One of the other pictures of a fit, or of the forecast from it."""
    from gnomon.fit import Fit
    from gnomon.forecast import Forecast

    word, _, name = kind.partition(":")
    if word not in {k.partition(":")[0] for k in KINDS} or (name != "") != (word == "profile"):
        raise UnknownNameError(
            f"There is no picture {kind!r}.", hint=near(kind, KINDS) or f"Known: {', '.join(KINDS)}."
        )
    fit = thing if isinstance(thing, Fit) else next((c for c in context if isinstance(c, Fit)), None)
    if fit is None:
        raise InputError(
            f"The picture {kind!r} needs a fit; got {type(thing).__name__}.", hint="Save one with gnomon fit --save."
        )
    if word == "influence":
        point = thing.points[0] if isinstance(thing, Forecast) else None
        return influence_figure(fit, point, width=width)
    if word == "profile":
        return profile_figure(fit, name, width=width)
    return residual_figure(fit, width=width) if word == "residuals" else fit_figure(fit, width=width)
