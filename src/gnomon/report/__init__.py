"""The drawing kit: numbers first, drawing second; one offline page per answer; no knowledge of studies.

Figures: `figure_of(thing)` draws a fit, forecast, backtest, comparison, plan or list of next runs; `gnomon.report.charts`
holds the kit beneath it, a record of numbers and a function for each kind of chart. Pages: `fit_report`, `forecast_report`,
`comparison_report`, `plan_report` and `quickstart_report` return a `Page`, which saves itself as one HTML file.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gnomon.report.compose import comparison_report as comparison_report
    from gnomon.report.compose import fit_report as fit_report
    from gnomon.report.compose import forecast_report as forecast_report
    from gnomon.report.compose import plan_report as plan_report
    from gnomon.report.compose import quickstart_report as quickstart_report
    from gnomon.report.figure import Figure as Figure
    from gnomon.report.figure import Numbers as Numbers
    from gnomon.report.live.figures import allocation_figure as allocation_figure
    from gnomon.report.live.figures import contour_figure as contour_figure
    from gnomon.report.live.figures import figure_of as figure_of
    from gnomon.report.live.figures import fit_figure as fit_figure
    from gnomon.report.live.figures import forecast_figure as forecast_figure
    from gnomon.report.live.figures import held_out_figure as held_out_figure
    from gnomon.report.live.figures import influence_figure as influence_figure
    from gnomon.report.live.figures import isoflop_figure as isoflop_figure
    from gnomon.report.live.figures import next_runs_figure as next_runs_figure
    from gnomon.report.live.figures import plateau_figure as plateau_figure
    from gnomon.report.live.figures import profile_figure as profile_figure
    from gnomon.report.live.figures import residual_figure as residual_figure
    from gnomon.report.page import Page as Page

_HOME = {
    "Figure": "gnomon.report.figure",
    "Numbers": "gnomon.report.figure",
    "Page": "gnomon.report.page",
    "allocation_figure": "gnomon.report.live.figures",
    "contour_figure": "gnomon.report.live.figures",
    "figure_of": "gnomon.report.live.figures",
    "comparison_report": "gnomon.report.compose",
    "fit_figure": "gnomon.report.live.figures",
    "fit_report": "gnomon.report.compose",
    "forecast_figure": "gnomon.report.live.figures",
    "forecast_report": "gnomon.report.compose",
    "held_out_figure": "gnomon.report.live.figures",
    "influence_figure": "gnomon.report.live.figures",
    "isoflop_figure": "gnomon.report.live.figures",
    "next_runs_figure": "gnomon.report.live.figures",
    "plan_report": "gnomon.report.compose",
    "plateau_figure": "gnomon.report.live.figures",
    "profile_figure": "gnomon.report.live.figures",
    "quickstart_report": "gnomon.report.compose",
    "residual_figure": "gnomon.report.live.figures",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'gnomon.report' has no attribute {name!r}")
