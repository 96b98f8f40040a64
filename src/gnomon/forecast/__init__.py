"""Forecasting: values with intervals at points, backtests, grades."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gnomon.forecast.auditing import Audit as Audit
    from gnomon.forecast.auditing import audit as audit
    from gnomon.forecast.backtesting import Backtest as Backtest
    from gnomon.forecast.backtesting import backtest as backtest
    from gnomon.forecast.comparison import compare as compare
    from gnomon.forecast.comparison_result import Comparison as Comparison
    from gnomon.forecast.forecast_result import Forecast as Forecast
    from gnomon.forecast.forecast_result import Point as Point
    from gnomon.forecast.grade import Grade as Grade
    from gnomon.forecast.predict import forecast as forecast
    from gnomon.forecast.selection import Selection as Selection
    from gnomon.forecast.selection import select as select
    from gnomon.forecast.task_law import Emergence as Emergence
    from gnomon.forecast.task_law import emergence as emergence

_HOME = {
    "Audit": "gnomon.forecast.auditing",
    "audit": "gnomon.forecast.auditing",
    "Backtest": "gnomon.forecast.backtesting",
    "backtest": "gnomon.forecast.backtesting",
    "Emergence": "gnomon.forecast.task_law",
    "emergence": "gnomon.forecast.task_law",
    "Comparison": "gnomon.forecast.comparison_result",
    "compare": "gnomon.forecast.comparison",
    "Forecast": "gnomon.forecast.forecast_result",
    "Selection": "gnomon.forecast.selection",
    "select": "gnomon.forecast.selection",
    "Grade": "gnomon.forecast.grade",
    "Point": "gnomon.forecast.forecast_result",
    "forecast": "gnomon.forecast.predict",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'gnomon.forecast' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)


class _Callable(ModuleType):
    """So that `gnomon.forecast(...)` works although `gnomon.forecast` is the package that holds it."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Forecast at points; the same as `gnomon.forecast.forecast`."""
        from gnomon.forecast.predict import forecast as run

        return run(*arguments, **options)


sys.modules[__name__].__class__ = _Callable
