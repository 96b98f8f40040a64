"""Random numbers: one independent stream for each run and purpose, the same in every process."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray


def stream(seed: int, run: str, purpose: str) -> np.random.Generator:
    """The generator of one purpose of one run.

    Streams of different names are independent, so that a longer data order or another model never shifts the numbers of
    something else. Draws are made in order: what step k sees depends on (seed, run, purpose, k) only.

    Args:
        seed: the study's seed, at least 0.
        run: the run's name.
        purpose: what the numbers are for: "init", "order", ...
    """
    return np.random.default_rng([seed, zlib.crc32(run.encode()), zlib.crc32(purpose.encode())])


def normal(rng: np.random.Generator, shape: tuple[int, ...], sd: float) -> NDArray[np.float32]:
    """Independent N(0, sd^2) numbers of a shape, float32."""
    return (rng.standard_normal(shape) * sd).astype(np.float32)


def passes(rng: np.random.Generator, items: int, steps: int, batch: int) -> NDArray[np.int32]:
    """Items of each step, (steps, batch) int32: passes over all items in a fresh order each, cut into batches."""
    every = np.concatenate([rng.permutation(items) for _ in range(-(-steps * batch // items))])
    return every[: steps * batch].reshape(steps, batch).astype(np.int32)
