"""The published runs most fit tests are held against."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


def _points(path: Path) -> dict[str, np.ndarray]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = {c: np.array([float(r[c]) for r in rows]) for c in ("params", "tokens", "loss", "epoch_excluded")}
    return columns | {"run": np.array([r["run"] for r in rows], object)}


@pytest.fixture(scope="session")
def chinchilla_245(public_data: Callable[[str], Path]) -> dict[str, np.ndarray]:
    """All points read off the Chinchilla figure."""
    return _points(public_data("chinchilla_epoch/points.csv"))


@pytest.fixture(scope="session")
def chinchilla_table(chinchilla_245: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The 240 points that the replication keeps, as a table."""
    keep = chinchilla_245["epoch_excluded"] == 0
    return {name: values[keep] for name, values in chinchilla_245.items()}


@pytest.fixture(scope="session")
def chinchilla_240(chinchilla_table: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """The same as arrays: params, tokens, loss."""
    return tuple(chinchilla_table[c] for c in ("params", "tokens", "loss"))
