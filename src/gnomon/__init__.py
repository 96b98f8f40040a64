"""gnomon: a few small training runs, a law, a forecast with an honest interval, a decision about the big run.

    import gnomon as gn

    runs = gn.read_runs("runs.csv")
    fit = gn.fit("chinchilla", runs)
    gn.forecast(fit, {"params": 7e9, "tokens": 2e12})
    gn.plan.allocate(fit, flops=1e24)

Names are resolved when they are used: importing the package loads numpy and nothing heavier.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gnomon.version import __version__ as __version__

if TYPE_CHECKING:
    from gnomon import datasets as datasets
    from gnomon import fit as fit
    from gnomon import forecast as forecast
    from gnomon import laws as laws
    from gnomon import plan as plan
    from gnomon import report as report
    from gnomon import reproductions as reproductions
    from gnomon.errors import GnomonError as GnomonError
    from gnomon.errors import InputError as InputError
    from gnomon.errors import RefusalError as RefusalError
    from gnomon.fit.result import Fit as Fit
    from gnomon.forecast.auditing import Audit as Audit
    from gnomon.forecast.auditing import audit as audit
    from gnomon.forecast.backtesting import Backtest as Backtest
    from gnomon.forecast.backtesting import backtest as backtest
    from gnomon.forecast.comparison import compare as compare
    from gnomon.forecast.comparison_result import Comparison as Comparison
    from gnomon.forecast.forecast_result import Forecast as Forecast
    from gnomon.forecast.selection import select as select
    from gnomon.laws.law import Law as Law
    from gnomon.laws.law import Published as Published
    from gnomon.laws.law import coefficient as coefficient
    from gnomon.laws.law import exponent as exponent
    from gnomon.laws.law import floor as floor
    from gnomon.laws.law import number as number
    from gnomon.plan import Advice as Advice
    from gnomon.plan import Plan as Plan
    from gnomon.plan import advise as advise
    from gnomon.runs import Runs as Runs
    from gnomon.runs import Schedule as Schedule
    from gnomon.runs import check as check
    from gnomon.runs import format_number as format_number
    from gnomon.runs import import_runs as import_runs
    from gnomon.runs import parse_number as parse_number
    from gnomon.runs import read_runs as read_runs
    from gnomon.studies import run_study as run_study
    from gnomon.sweep import Sweep as Sweep
    from gnomon.sweep import plan_sweep as plan_sweep
    from gnomon.sweep import run_sweep as run_sweep

_MODULES = ("datasets", "fit", "forecast", "laws", "plan", "report", "reproductions")
_HOME = {
    "Advice": "gnomon.plan",
    "Audit": "gnomon.forecast",
    "Backtest": "gnomon.forecast",
    "Comparison": "gnomon.forecast",
    "Fit": "gnomon.fit",
    "Forecast": "gnomon.forecast",
    "GnomonError": "gnomon.errors",
    "InputError": "gnomon.errors",
    "Law": "gnomon.laws.law",
    "Plan": "gnomon.plan",
    "Published": "gnomon.laws.law",
    "RefusalError": "gnomon.errors",
    "Runs": "gnomon.runs",
    "Schedule": "gnomon.runs",
    "Sweep": "gnomon.sweep",
    "advise": "gnomon.plan",
    "audit": "gnomon.forecast",
    "backtest": "gnomon.forecast",
    "check": "gnomon.runs",
    "compare": "gnomon.forecast",
    "coefficient": "gnomon.laws.law",
    "exponent": "gnomon.laws.law",
    "floor": "gnomon.laws.law",
    "format_number": "gnomon.runs",
    "import_runs": "gnomon.runs",
    "number": "gnomon.laws.law",
    "parse_number": "gnomon.runs",
    "read_runs": "gnomon.runs",
    "plan_sweep": "gnomon.sweep",
    "run_study": "gnomon.studies",
    "run_sweep": "gnomon.sweep",
    "select": "gnomon.forecast",
}

__all__ = sorted([*_MODULES, *_HOME, "__version__"])


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"gnomon.{name}")
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'gnomon' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
