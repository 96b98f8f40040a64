"""What `gnomon fit` shows: the parameters, the checks, the track record, the next command."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gnomon.cli.terminal.bars import Scale, range_bar
from gnomon.cli.terminal.numbers import (
    column_value,
    counted,
    decimals_for,
    estimate,
    number,
    percent,
    quantity,
    seconds,
)
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.table import Column
from gnomon.cli.terminal.text import Span, bold, dim, together, verbatim

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.forecast.selection import Selection
    from gnomon.forecast.track import TrackRecord

BAR_CELLS = 25  # columns of the range bars: odd, so that the value has one of its own
MOST_RATIO = 3.0  # the bars end at a third and three times the value
MOST_LAWS = 6  # of a choice of laws that are listed
POOR_MISS = 0.05  # a law that typically misses its own runs by more explains little
FORWARD = 3.0  # times the largest value of each input: the point the next command asks about


@dataclass(frozen=True)
class FitAnswer:
    """What `gnomon fit` shows: the fit, its track record, and what was written."""

    fit: Fit
    record: TrackRecord | None
    saved: str | None = None
    plot: str | None = None
    seconds: float = 0.0
    selection: Selection | None = None

    @property
    def misses(self) -> tuple[float, float, str]:
        """Median and largest relative miss of the law on its own rows, and the name of the worst run."""
        import numpy as np

        from gnomon.fit.estimate import run_names

        miss = np.abs(np.expm1(self.fit.residuals))
        if not np.isfinite(miss).any():
            return math.nan, math.nan, ""
        worst = int(np.nanargmax(miss))
        return float(np.nanmedian(miss)), float(miss[worst]), str(run_names(self.fit.data)[worst])

    def to_dict(self) -> dict[str, Any]:
        """The fit's document with what the page adds to it."""
        median, worst, run = self.misses
        document = self.fit.to_dict() | {"seconds": self.seconds}
        document["miss"] = {"median": median, "worst": worst, "worst_run": run}
        document["backtest"] = None if self.record is None else self.record.to_dict()
        if self.record is None:
            document["backtest_reason"] = "--no-backtest"
        if self.selection is not None:
            document["selection"] = self.selection.to_dict()
        return document | {"saved": self.saved, "plot": self.plot}


def draw_fit(page: Page, shown: FitAnswer) -> None:
    """The fit in words: what was asked, the parameters, the checks, what is saved and what comes next."""
    fit = shown.fit
    if shown.selection is not None:
        draw_selection(page, shown.selection)
    page.formula(fit.law.id or "formula", fit.law.text)
    page.line(dim(rows_told(fit)))
    page.blank()
    draw_parameters(page, fit)
    page.blank()
    draw_checks(page, shown)
    page.blank()
    draw_end(page, shown)


def draw_selection(page: Page, found: Selection) -> None:
    """The laws that were tried, the best forecast first, at most MOST_LAWS of them."""
    rows = [
        [
            bold(c.law) if i == 0 else c.law,
            "-" if c.error is None else percent(c.error),
            "-" if c.aicc is None else f"{c.aicc:.1f}",
            str(c.parameters),
        ]
        for i, c in enumerate(found.candidates[:MOST_LAWS])
    ]
    hidden = f"{counted(found.held_out, 'row')} hidden ({found.told}); the law that forecast them best is fitted to all"
    page.line(dim(hidden))
    columns = [
        Column("law", "<", names=True),
        Column("off"),
        Column("AICc", style="dim"),
        Column("parameters", style="dim"),
    ]
    page.table(columns, rows)
    more = len(found.candidates) - len(rows)
    if more > 0:
        page.line(dim(f"and {counted(more, 'law')} that did worse; --json lists them"))
    page.blank()


def rows_told(fit: Fit) -> str:
    """`240 of 245 runs; 5 left out by --where; compute 6e18 to 1.3e22 FLOP`."""
    checkpoints = fit.runs_used != fit.used
    noun = "row" if checkpoints else "run"
    told = counted(fit.used, noun) if fit.used == fit.given else f"{fit.used:,} of {counted(fit.given, noun)}"
    if checkpoints:
        told += f" ({counted(fit.runs_used, 'run')})"
    parts = [told]
    for why, lost in fit.removed:
        parts.append(f"{lost:,} left out by --where" if why.startswith("--where ") else f"{lost:,} left out: {why}")
    ranges = fit.range
    if "flops" in ranges:
        low, high = (together(quantity(x, "flops", digits=2)) for x in ranges["flops"])
        parts.append(f"compute {low} to {together(high + ' FLOP')}")
    else:
        parts += [
            f"{name} {column_value(name, ranges[name][0])} to {column_value(name, ranges[name][1])}"
            for name in fit.law.inputs
            if name in ranges
        ]
    return "; ".join(parts)


def draw_parameters(page: Page, fit: Fit) -> None:
    """The table of parameters: value, interval, from 100 columns on its width beside the others' and its meaning."""
    loose = {
        n.data["parameter"]
        for n in fit.notices
        if n.code in ("not-alone", "at-bound") and n.data and "parameter" in n.data
    }
    estimates = fit.parameters
    ratio = _widest(fit)
    scale = Scale(-math.log(ratio), math.log(ratio), BAR_CELLS) if ratio else None
    title = ""
    if scale is not None:
        left, right = f"/{ratio:.3g}", f"x{ratio:.3g}"
        title = left + "value".center(BAR_CELLS - len(left) - len(right)) + right
    rows: list[Sequence[Any]] = []
    for name, e in estimates.items():
        value, interval = estimate(e.value, e.low, e.high)
        if fit.held is not None and name in fit.held.fixed:
            interval = "fixed"
        flag = Span(page.look.glyph("warn"), "warn") if name in loose or e.at_bound else ""
        bar: Span | str = ""
        if scale is not None and e.low is not None and e.high is not None:
            at = [_log_ratio(x, e.value) for x in (e.low, e.high)]
            bar = range_bar(scale, at[0], 0.0, at[1], page.look)
        meaning = fit.law.parameters[name].meaning
        rows.append([bold(name), bold(value), interval, flag, bar, meaning])
    page.table(
        [
            Column("", "<", names=True),
            Column("value"),
            Column(f"{percent(fit.level)} interval", style="dim"),
            Column("", "<"),
            Column(title, "<", wide=True),
            Column("meaning", "<", style="dim", wide=True, prose=True),
        ],
        rows,
    )
    if fit.intervals == "none":
        page.line(dim("no intervals: --intervals bootstrap makes them"))


def _widest(fit: Fit) -> float | None:
    """The factor at which the bars end: that of the least certain parameter, at most MOST_RATIO."""
    factors = [
        abs(_log_ratio(x, e.value))
        for e in fit.parameters.values()
        if e.low is not None and e.high is not None
        for x in (e.low, e.high)
    ]
    if not factors:
        return None
    return min(max(math.exp(max(factors)), 1.01), MOST_RATIO)


def _log_ratio(x: float, value: float) -> float:
    """ln(x / value); beyond every bar where they differ in sign."""
    if value == 0 or x / value <= 0:
        return math.copysign(math.inf if value else 0.0, x - value) if x != value else 0.0
    return math.log(x / value) if value > 0 else -math.log(x / value)


def draw_checks(page: Page, shown: FitAnswer) -> None:
    """What speaks against the fit, then what speaks for it, then the track record."""
    fit = shown.fit
    for notice in fit.notices:
        page.mark("warn", notice.message)
    starts, objective = fit.starts, f"{fit.objective} {fit.value:.6g}"
    page.mark(
        "good" if starts.at_best > 1 else "warn",
        f"converged: {starts.at_best} of {starts.tried} starts reach the best, {objective}",
    )
    median, worst, run = shown.misses
    page.mark(
        "good" if median < POOR_MISS else "warn",
        f"typical miss {percent(median)}, worst {percent(worst)} (",
        verbatim(run),
        ")",
    )
    if not any(n.code == "objective-matters" for n in fit.notices):
        shape = [k for k in fit.fitted if not fit.law.parameters[k].linear] or list(fit.fitted)
        same = ", ".join(together(f"{k} {_beside(fit, k)}") for k in shape)
        page.mark("good", f"{fit.second.objective} instead of {fit.objective} gives about the same: {same}")
    draw_record(page, shown.record)


def _beside(fit: Fit, name: str) -> str:
    """A parameter under the second objective, with the decimals of the first."""
    e = fit.parameters[name]
    return number(
        fit.second.values[name], None if e.low is None or e.high is None else decimals_for(0.5 * (e.high - e.low))
    )


def draw_record(page: Page, record: TrackRecord | None) -> None:
    """What happened when the largest runs were hidden."""
    if record is None:
        return
    if record.error is None:
        page.mark("open", f"not tested on hidden runs: {record.reason}")
        return
    caught = ""
    if record.caught is not None and record.held_out is not None:
        but = "but the" if record.low else "the"
        caught = f", {but} {percent(record.level)} interval caught {record.caught} of {record.held_out}"
    page.mark("good" if record.good else "warn", f"{record.told} hidden: {percent(record.error)} off{caught}")


def draw_end(page: Page, shown: FitAnswer) -> None:
    """What was written, how long it took, and the next command."""
    parts: list[Any] = []
    for path in (shown.saved, shown.plot):
        if path is not None:
            parts += [dim(" and " if parts else "saved "), verbatim(path)]
    after = "Next:" if shown.saved else "Keep it with --save fit.json; then:"
    page.line(*parts, dim(f"{', ' if parts else ''}{seconds(shown.seconds)}. {after}"))
    page.command(f"gnomon forecast {shlex.quote(shown.saved or 'fit.json')} --at {next_point(shown.fit)}", lead="  ")


def next_point(fit: Fit) -> str:
    """A point somewhat beyond the runs: `params=50B,tokens=900B`; of a mixture the equal one."""
    known = fit.range
    told = fit.law.forward(known)
    equal = 1.0 / max(len(fit.law.shares), 1)
    return told or ",".join(
        f"{name}={equal:.4g}"
        if name in fit.law.shares
        else f"{name}={column_value(name, float(f'{FORWARD * known[name][1]:.0e}'))}"
        for name in fit.law.inputs
        if name in known
    )
