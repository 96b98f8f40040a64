"""Small made-up tables in the form of the public ones, with known answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gnomon.runs import Runs, read_runs


def loader(tables: Mapping[str, Mapping[str, Any]]) -> Callable[..., Runs]:
    """Reads from made-up tables as `gnomon.datasets.load` reads from public ones."""

    def load(table: str, *, where: str | None = None, columns: Mapping[str, str] | None = None) -> Runs:
        return read_runs(dict(tables[table]), where=where, columns=columns)

    return load


def grid(sizes: np.ndarray, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every size with every number of tokens."""
    n, d = np.meshgrid(sizes, tokens)
    return n.ravel(), d.ravel()


def texts(*values: str) -> np.ndarray:
    return np.array(values, object)
