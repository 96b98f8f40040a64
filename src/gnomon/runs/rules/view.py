"""What the rules look at: the columns that are there, and one row a run."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from gnomon.runs.cells import Array
from gnomon.runs.schema import QUANTITIES
from gnomon.runs.table import Runs

LABELS = 50  # different texts that are still labels rather than names of single runs


class View:
    """A table as the rules see it.

    Args:
        runs: the table.
    """

    def __init__(self, runs: Runs) -> None:
        self.runs = runs

    def number(self, name: str) -> Array | None:
        """A numeric column, or None where the table has none under that canonical name."""
        column = self.runs.columns.get(name)
        return self.runs.data[name] if column is not None and column.kind != "text" else None

    def given(self, name: str) -> bool:
        """Whether a column came with the table rather than from gnomon."""
        column = self.runs.columns.get(name)
        return column is not None and (column.derived is None or column.original is not None)

    @property
    def quantities(self) -> list[str]:
        """Those of params, tokens, flops and loss that the table has."""
        return [name for name in QUANTITIES if name in self.runs.columns]

    @cached_property
    def groups(self) -> Array:
        """Number of the run of each row, without gaps; each row its own where no column says so."""
        if "run" in self.runs.unsettled:
            return np.arange(len(self.runs))
        return self.runs.groups()

    @cached_property
    def count(self) -> int:
        """How many runs there are."""
        return int(self.groups.max()) + 1 if len(self.groups) else 0

    @cached_property
    def along(self) -> str | None:
        """What counts the rows of one run: step, or tokens."""
        return next((name for name in ("step", "tokens") if self.number(name) is not None), None)

    @cached_property
    def final(self) -> Array:
        """Mask of the rows that end their run; every row where runs have one row each."""
        if self.count == len(self.runs) or self.along is None:
            return np.ones(len(self.runs), dtype=bool)
        values = self.runs.data[self.along]
        known = np.where(np.isnan(values), -np.inf, values)
        last = np.full(self.count, -np.inf)
        np.maximum.at(last, self.groups, known)
        return np.asarray(known == last[self.groups])

    def codes(self, name: str) -> Array:
        """A column as whole numbers that are equal where its cells are."""
        return self.runs.codes(name)

    @cached_property
    def families(self) -> Array:
        """Number of the family of each row; one family where no column says so."""
        if "family" not in self.runs.columns:
            return np.zeros(len(self.runs), dtype=np.int64)
        return self.codes("family")

    @cached_property
    def kinds(self) -> Array:
        """Number of the kind of measurement of each row: equal where family and every label are.

        Labels are flags and texts of few values: the evaluation set, the schedule, the architecture. Only losses of one
        kind are compared with one another.
        """
        labels = [self.families]
        for name, column in self.runs.columns.items():
            if column.kind == "number" or column.derived or name in ("run", "family"):
                continue
            codes = self.codes(name)
            if len(np.unique(codes)) <= LABELS:
                labels.append(codes)
        if len(labels) == 1:
            return self.families
        return np.unique(row_hash(labels), return_inverse=True)[1]


def row_hash(columns: list[Array]) -> Array:
    """One 64-bit number a row that is equal where all columns are. Shape (rows,), uint64.

    The mixing step is that of splitmix64; two of a million rows that differ share a number with probability 3e-8.
    """
    with np.errstate(over="ignore"):
        mixed = np.zeros(len(columns[0]), dtype=np.uint64)
        for column in columns:
            z = mixed * np.uint64(0x9E3779B97F4A7C15) + column.view(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            mixed = z ^ (z >> np.uint64(31))
    return mixed


def repeats(hashes: Array) -> Array:
    """Mask of the rows whose number was seen in an earlier row."""
    again = np.zeros(len(hashes), dtype=bool)
    ordered = np.sort(hashes)
    if np.any(ordered[1:] == ordered[:-1]):
        order = np.argsort(hashes, kind="stable")
        again[order[1:]] = hashes[order[1:]] == hashes[order[:-1]]
    return again
