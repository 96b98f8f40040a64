"""Targets as a user names them: which inputs they give, and the third of params, tokens and flops from the other two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gnomon.errors import InputError, near
from gnomon.laws.law import Law
from gnomon.runs.derive import TRAIN_FLOPS


def inputs_of(runs: Any, points: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The columns a forecast from runs rests on: params and tokens where both are at hand, else the one column of the points."""
    given = set(points[0])
    if len(given & {"params", "tokens", "flops"}) >= 2:
        return ("params", "tokens")
    if len(given) == 1:
        name = next(iter(given))
        runs[name]  # raises with near matches
        return (name,)
    raise InputError(
        f"A forecast from runs needs params and tokens, or one column; got {', '.join(sorted(given)) or 'nothing'}.",
        hint="For other inputs fit a law first: gnomon fit RUNS --law FORMULA --save fit.json.",
    )


def value_at(point: Mapping[str, Any], name: str, index: int, law: Law | None = None) -> float:
    """An input of a point; of params, tokens and flops the third follows from C = 6 N D.

    The law, where there is one, says what it takes besides positive numbers: a share of zero, a negative logarithm.
    """
    if law is not None and name in point and law.domain.get(name, (0.0, np.inf))[0] < 0:
        return _number(point[name], name, law.domain[name][0])
    if name not in point:
        triple = {"params", "tokens", "flops"}
        others = sorted(triple - {name})
        if name in triple and all(o in point for o in others):
            a, b = (_number(point[o], o) for o in others)
            if name == "flops":
                return TRAIN_FLOPS * a * b
            return point_flops(point) / (TRAIN_FLOPS * _number(point[_pair(name)], _pair(name)))
        raise InputError(
            f"Point {index + 1} has no {name}; it gives {', '.join(point) or 'nothing'}.",
            hint=near(name, point) or f"Add {name}=...",
        )
    return _number(point[name], name)


def named_at(point: Mapping[str, Any], name: str, index: int) -> Any:
    """An input that is no number, as it was given."""
    if name not in point:
        raise InputError(
            f"Point {index + 1} has no {name}; it gives {', '.join(point) or 'nothing'}.",
            hint=near(name, point) or f"Add {name}=...",
        )
    return point[name]


def point_flops(point: Mapping[str, Any]) -> float:
    """FLOP of a point that gives them."""
    return _number(point["flops"], "flops")


def _pair(name: str) -> str:
    return "tokens" if name == "params" else "params"


def _number(value: Any, name: str, above: float = 0.0) -> float:
    from gnomon.runs import parse_number

    number = parse_number(value) if isinstance(value, str) else float(value)
    if not np.isfinite(number) or number <= above:
        kind = "a positive number" if above == 0 else f"a number above {above:g}"
        raise InputError(f"{name} must be {kind}; got {value!r}.")
    return number
