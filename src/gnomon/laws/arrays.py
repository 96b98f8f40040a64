"""The array namespace of a law's inputs, so that one formula serves numpy and JAX."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def namespace(*arrays: Any) -> Any:
    """`jax.numpy` when any argument is a JAX array, else `numpy`. Never imports JAX itself."""
    jax = sys.modules.get("jax")
    if jax is not None and any(isinstance(a, jax.Array) for a in arrays):
        import jax.numpy as jnp

        return jnp
    return np


def doubles() -> Any:
    """A context in which JAX computes with 64-bit numbers, whatever the process is set to."""
    from importlib import import_module

    jax = import_module("jax")
    return jax.enable_x64(True) if hasattr(jax, "enable_x64") else import_module("jax.experimental").enable_x64()


def logistic(x: Any, xp: Any = np) -> Any:
    """1 / (1 + exp(-x)) without overflow: 0.5 (1 + tanh(x / 2))."""
    return 0.5 * (1.0 + xp.tanh(0.5 * x))


def softplus(x: Any, xp: Any = np) -> Any:
    """ln(1 + exp(x)) without overflow. Complex numbers are taken too, so that complex steps differentiate it."""
    if xp is np and isinstance(x, np.ndarray | np.generic) and np.iscomplexobj(x):
        z: Any = x
        return np.where(z.real > 0, z, 0.0) + np.log1p(np.exp(np.where(z.real > 0, -z, z)))
    return xp.logaddexp(0.0, x)


def softplus_logistic(x: Any) -> tuple[Any, Any]:
    """`softplus` and its slope `logistic` of real numpy arrays, from one exponential."""
    small = np.exp(-np.abs(x))
    return np.maximum(x, 0.0) + np.log1p(small), np.where(x >= 0, 1.0, small) / (1.0 + small)
