"""What laws know of columns: the letters they go by and the range in which they usually lie."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

LETTERS = {"N": "params", "D": "tokens", "C": "flops", "L": "loss", "U": "unique_tokens"}

# Canonical numeric columns with the range of published runs, from a laptop's to the largest in print.
RANGES: dict[str, tuple[float, float]] = {
    "params": (1e7, 1e11),
    "active_params": (1e7, 1e11),
    "tokens": (1e9, 1e13),
    "flops": (1e17, 1e24),
    "loss": (1.5, 5.0),
    "bpb": (0.5, 2.0),
    "perplexity": (5.0, 100.0),
    "accuracy": (0.1, 0.9),
    "error": (0.1, 0.9),
    "passes": (1.0, 1e3),
    "trials": (1e2, 1e4),
    "step": (1e2, 1e6),
    "total_steps": (1e2, 1e6),
    "planned_tokens": (1e9, 1e13),
    "fraction_done": (0.01, 1.0),
    "lr": (1e-5, 1e-1),
    "lr_peak": (1e-5, 1e-1),
    "lr_final": (1e-6, 1e-2),
    "lr_cumsum": (1e-3, 1e2),
    "warmup_steps": (1e1, 1e4),
    "batch_tokens": (1e4, 1e7),
    "unique_tokens": (1e8, 1e12),
    "epochs": (0.1, 100.0),
    "width": (64.0, 16384.0),
    "depth": (2.0, 128.0),
    "experts": (1.0, 256.0),
    "context_length": (128.0, 131072.0),
    "weight_decay": (1e-3, 1.0),
    "bits_w": (2.0, 16.0),
    "bits_a": (2.0, 16.0),
    "bits_kv": (2.0, 16.0),
    "granularity": (1.0, 32.0),
    "streams": (1.0, 8.0),
    "density": (0.1, 1.0),
    "batch_sequences": (8.0, 4096.0),
    "samples": (1.0, 1024.0),
    "kl": (0.1, 100.0),
}
OTHER_RANGE = (1.0, 1e4)  # of a column nothing is known about

SCALES = ("flops", "params", "tokens", "unique_tokens", "step", "epochs")  # what a one-variable law may run along
SAME_UNIT = {"unique_tokens": "tokens", "planned_tokens": "tokens", "active_params": "params"}  # counts of one thing
# What is chosen for a run, as against what comes out of it: a plan makes no setting small, and laws of losses say nothing of one.
SETTINGS = frozenset(
    {
        "lr",
        "lr_peak",
        "lr_final",
        "batch_tokens",
        "batch_sequences",
        "weight_decay",
        "beta2",
        "warmup_steps",
        "warmup_tokens",
        "width",
        "depth",
        "params",
        "active_params",
        "tokens",
        "unique_tokens",
        "flops",
    }
)
LABELS = ("run", "family", "seed", "schedule", "is_final", "params_convention", "flops_convention")  # never an input


def scale_candidates(columns: Iterable[str], output: str) -> list[str]:
    """Columns a law of one variable could run along: the canonical scales, else every column not known otherwise."""
    columns = [c for c in columns if c != output]
    found = [c for c in SCALES if c in columns]
    return found or [c for c in columns if c not in LABELS and c not in RANGES]


def spread(ranges: dict[str, tuple[float, float]], points: int) -> dict[str, np.ndarray]:
    """Points that fill a box evenly, the same at every call: Halton's sequence, in logarithms of positive ranges.

    Args:
        ranges: column to (smallest, largest).
        points: how many.

    Returns:
        one array (points,) per column.
    """
    if len(ranges) == 1:
        shares = [np.linspace(0.0, 1.0, points)]
    else:
        shares = [_halton(base, points) for base in _primes(len(ranges))]
    result = {}
    for (name, (low, high)), share in zip(ranges.items(), shares, strict=True):
        result[name] = np.exp(np.log(low) + share * np.log(high / low)) if low > 0 else low + share * (high - low)
    return result


def _halton(base: int, points: int) -> np.ndarray:
    """Radical inverse of 1, 2, ..., points in `base`."""
    left, total, weight = np.arange(1, points + 1), np.zeros(points), 1.0 / base
    while left.any():
        total += weight * (left % base)
        left, weight = left // base, weight / base
    return total


def _primes(count: int) -> list[int]:
    found: list[int] = []
    candidate = 2
    while len(found) < count:
        if all(candidate % p for p in found):
            found.append(candidate)
        candidate += 1
    return found
