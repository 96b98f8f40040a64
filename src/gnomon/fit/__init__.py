"""Fitting: objective, global search, batched polish, resampling, profiles, diagnostics, result."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gnomon.fit.estimate import fit as fit
    from gnomon.fit.objective import OBJECTIVES as OBJECTIVES
    from gnomon.fit.objective import Objective as Objective
    from gnomon.fit.result import Estimate as Estimate
    from gnomon.fit.result import Fit as Fit

__all__ = ["OBJECTIVES", "Estimate", "Fit", "Objective", "fit"]

_HOME = {
    "fit": "gnomon.fit.estimate",
    "OBJECTIVES": "gnomon.fit.objective",
    "Objective": "gnomon.fit.objective",
    "Estimate": "gnomon.fit.result",
    "Fit": "gnomon.fit.result",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'gnomon.fit' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)


class _Callable(ModuleType):
    """So that `gnomon.fit(...)` works although `gnomon.fit` is the package that holds it."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Fit a law to runs; the same as `gnomon.fit.fit`."""
        from gnomon.fit.estimate import fit as run

        return run(*arguments, **options)


sys.modules[__name__].__class__ = _Callable
