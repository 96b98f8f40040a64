"""Counting what a traced program does: the check on every formula that counts FLOPs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from gnomon.lab.backend import load


def traced_flops(function: Callable[..., Any], *arguments: Any) -> int:
    """FLOPs of the matrix products and Fourier transforms of a program, as JAX traces it.

    2 for each multiply-add of a product; 2.5 n log2 n for a transform of n real numbers, 5 n log2 n for complex ones.
    What is inside a scan counts as often as it is done. Work on single elements (norms, gates, softmax) does not count.

    Args:
        function: what is traced.
        arguments: of the shapes that are meant; values play no part.

    Raises:
        NotImplementedError: it has a loop whose number of rounds the trace does not tell.
    """
    return _flops(load().make_jaxpr(function)(*arguments).jaxpr)


def _flops(jaxpr: Any) -> int:
    total = 0
    for equation in jaxpr.eqns:
        kind = equation.primitive.name
        if kind == "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            inner = math.prod(equation.invars[0].aval.shape[axis] for axis in contracted)
            total += 2 * inner * math.prod(equation.outvars[0].aval.shape)
        elif kind == "fft":
            total += _transform(equation)
        elif kind == "while":
            raise NotImplementedError("a loop of an unknown number of rounds cannot be counted")
        else:
            rounds = int(equation.params["length"]) if kind == "scan" else 1
            total += rounds * sum(_flops(part) for part in _inside(equation))
    return total


def _transform(equation: Any) -> int:
    points = math.prod(equation.params["fft_lengths"])
    real = equation.params["fft_type"].name in ("RFFT", "IRFFT")
    array = equation.outvars[0] if equation.params["fft_type"].name == "IRFFT" else equation.invars[0]
    times = math.prod(array.aval.shape) // points
    return times * round((2.5 if real else 5.0) * points * math.log2(points))


def _inside(equation: Any) -> Iterator[Any]:
    """Programs that an operation calls."""
    for value in equation.params.values():
        for part in value if isinstance(value, (tuple, list)) else (value,):
            if hasattr(part, "jaxpr"):
                part = part.jaxpr
            if hasattr(part, "eqns"):
                yield part
