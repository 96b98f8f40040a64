"""Runs: an immutable table, one row per observation, columns with canonical names and units; the package's waist."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from gnomon.errors import InputError, RefusalError, Where
from gnomon.runs.cells import Array, to_codes, to_numbers
from gnomon.runs.match import missing_error, unsettled_error
from gnomon.runs.schedule import Schedule
from gnomon.runs.schema import FIELDS, Kind

KEPT_ROWS = 20  # row numbers kept per removal: enough to look at, small enough to print


@dataclass(frozen=True)
class Column:
    """What is known about a column.

    Args:
        name: canonical name, or the file's own.
        kind: `number` (float64, NaN unknown), `text` (str, None unknown) or `flag` (1.0, 0.0, NaN unknown).
        unit: unit of the numbers.
        meaning: one line.
        original: the name in the file, if another.
        derived: the formula, when gnomon computed it.
        convention: how the quantity was counted, e.g. `non-embedding` parameters or `6ND` FLOP.
    """

    name: str
    kind: Kind
    unit: str | None = None
    meaning: str | None = None
    original: str | None = None
    derived: str | None = None
    convention: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The fields, as `gnomon check --json` shows them."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class Removal:
    """Rows that were left out: why, how many, and the first of them by source row number."""

    why: str
    count: int
    rows: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """The form of `rows.removed` in every document."""
        return {"why": self.why, "count": self.count, "rows": list(self.rows)}


def place_of(source: str, parts: Sequence[tuple[str, int]], row: int, column: str | None = None) -> Where:
    """File, row and column of a 1-based row that is counted through the parts of a source."""
    ends = list(itertools.accumulate(count for _, count in parts))
    part = bisect.bisect_left(ends, row)
    if part == len(parts):
        return Where(file=source, row=row, column=column)
    return Where(file=parts[part][0], row=row - (ends[part - 1] if part else 0), column=column)


@dataclass(frozen=True, eq=False)
class Runs:
    """A table of runs.

    Args:
        data: canonical name -> 1-D array, all of one length; made read-only.
        columns: canonical name -> what is known about it.
        source: where it came from: a path, `<table>`, `-`.
        given: rows read, before anything was removed.
        removed: what was left out since, in order.
        rows: 1-based number of each kept row in the source; files of a glob are counted through.
        parts: file and number of rows of each part, where the table came from several files.
        unsettled: canonical name -> columns that could all be it; asking for the name raises the question.
        schedules: name -> learning rate of every step, for the values of column `schedule` whose rates are known.
    """

    data: Mapping[str, Array]
    columns: Mapping[str, Column]
    source: str
    given: int
    removed: tuple[Removal, ...] = ()
    rows: Array = field(default_factory=lambda: np.arange(0))
    parts: tuple[tuple[str, int], ...] = ()
    unsettled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    _codes: dict[int, tuple[Array, Array]] = field(default_factory=dict, repr=False)  # by identity of the array

    def __post_init__(self) -> None:
        lengths = {len(values) for values in self.data.values()} | {len(self.rows)}
        if len(lengths) > 1 or set(self.data) != set(self.columns):
            raise ValueError(f"columns of lengths {sorted(lengths)}: a Runs needs equally long, described columns")
        for values in (*self.data.values(), self.rows):
            values.flags.writeable = False
        for name in ("data", "columns", "unsettled", "schedules"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __reduce__(self) -> tuple[Any, ...]:
        fields = (getattr(self, name) for name in self.__dataclass_fields__ if name != "_codes")
        return Runs, tuple(dict(value) if isinstance(value, MappingProxyType) else value for value in fields)

    # -- looking ---------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, name: object) -> bool:
        return name in self.data or name in self._originals

    def __getitem__(self, name: str) -> Array:
        """The array of a column, by its canonical name or the name it has in the file.

        Raises:
            ColumnError: there is no such column, or several could be it; the hint has the call that settles it.
        """
        return self.data[self.resolve(name)]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, in the order of the file, derived ones last."""
        return tuple(self.data)

    def resolve(self, name: str) -> str:
        """The name under which a column is kept.

        Raises:
            ColumnError: as for `runs[name]`.
        """
        if name in self.data:
            return name
        if name in self._originals:
            return self._originals[name]
        if name in self.unsettled:
            raise unsettled_error(name, self.unsettled[name], self.source)
        raise missing_error(name, self.names, self.source)

    def place(self, index: int, column: str | None = None) -> Where:
        """File, row and column of a kept row, for messages."""
        if column is not None and column in self.columns:
            column = self.columns[column].original or column
        return place_of(self.source, self.parts, int(self.rows[index]), column=column)

    def numbers(self, *names: str) -> tuple[Array, ...]:
        """Columns as float64 arrays, NaN where unknown.

        Raises:
            ColumnError: a column is missing, ambiguous, or has a cell that is no number (the first is named).
        """

        def column(name: str) -> Array:
            return to_numbers(self.data[name], lambda index: self.place(index, name), self.columns[name].unit)

        return tuple(column(self.resolve(name)) for name in names)

    def groups(self) -> Array:
        """Number of the run each row belongs to, counted in order of first appearance.

        Rows share a run when column `run` says so; a row without a run stands alone. Shape (rows,), int64.

        Raises:
            ColumnError: several columns could be `run`.
        """
        if "run" not in self:
            if "run" in self.unsettled:
                self.resolve("run")
            return np.arange(len(self))
        codes, names = self.codes("run"), self["run"]
        alone = np.flatnonzero(names == None)  # noqa: E711 elementwise
        if not len(alone):
            return codes
        apart = codes.copy()
        apart[alone] = codes.max() + 1 + np.arange(len(alone))
        return np.unique(apart, return_inverse=True)[1]

    def codes(self, name: str) -> Array:
        """A column as int64 that is equal where its cells are; texts are counted in order of first appearance."""
        values = self.data[self.resolve(name)]
        if id(values) not in self._codes:
            codes = to_codes(values)
            codes.flags.writeable = False
            self._codes[id(values)] = (values, codes)  # the array is kept, so that its identity is not used again
        return self._codes[id(values)][1]

    @cached_property
    def _originals(self) -> dict[str, str]:
        return {column.original: name for name, column in self.columns.items() if column.original}

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits that name the data: see :func:`gnomon.runs.fingerprint.fingerprint`."""
        from gnomon.runs.fingerprint import fingerprint

        return fingerprint(self.data)

    # -- leaving rows out ------------------------------------------------------------------------------------------

    def keep(self, mask: Sequence[bool] | Array, why: str) -> Runs:
        """The rows where mask is true; the others are counted under `why`.

        Args:
            mask: one truth value a row.
            why: the reason, as it is shown to the user.
        """
        chosen = np.asarray(mask, dtype=bool)
        if chosen.shape != (len(self),):
            raise InputError(f"got a mask of shape {chosen.shape} for {len(self)} rows, expected one value a row")
        if chosen.all():
            return self
        lost = self.rows[~chosen]
        removal = Removal(why, len(lost), tuple(int(row) for row in lost[:KEPT_ROWS]))
        return replace(self.take(chosen), removed=(*self.removed, removal))

    def take(self, chosen: Array) -> Runs:
        """Rows by mask or index without counting the others as removed: for parts of a split and resamples."""
        data = {name: values[chosen] for name, values in self.data.items()}
        return replace(self, data=data, rows=self.rows[chosen], _codes={})

    def select(self, names: Sequence[str]) -> Runs:
        """Only these columns, in this order."""
        kept = [self.resolve(name) for name in names]
        data = {name: self.data[name] for name in kept}
        return replace(self, data=data, columns={name: self.columns[name] for name in kept}, unsettled={})

    def with_texts(self, name: str, values: Array) -> Runs:
        """The same rows with a column of texts, new or in place of one of that name; it is marked as derived."""
        if name in self.data and self.data[name].dtype == object and np.array_equal(self.data[name], values):
            return self
        known = FIELDS.get(name)
        column = Column(name, "text", meaning=known.meaning if known else None, derived="laid out by row")
        data = {**self.data, name: np.asarray(values, object)}
        return replace(self, data=data, columns={**self.columns, name: column}, _codes={})

    def usable(self, names: Sequence[str], *, positive: Sequence[str] = ()) -> Runs:
        """The rows where all of these columns are known and finite.

        Args:
            names: columns that must be finite numbers.
            positive: those of them that must be above zero too, because a law takes their logarithm or power.

        Raises:
            RefusalError: nothing is left; the message says why rows were left out.
        """
        runs = self
        for name in dict.fromkeys((*names, *positive)):
            (values,) = runs.numbers(name)
            runs = runs.keep(np.isfinite(values), f"{name} missing or not finite")
            if name in positive:
                (values,) = runs.numbers(name)
                runs = runs.keep(values > 0, f"{name} not positive")
        if not len(runs):
            new = runs.removed[len(self.removed) :]
            reasons = "; ".join(f"{removal.why}: {removal.count}" for removal in new) or "the table was empty"
            raise RefusalError(
                f"none of the {len(self)} rows can be used ({reasons})",
                hint="Check the columns with gnomon check.",
                where=Where(file=self.source),
                code="nothing-left",
                partial=runs,
            )
        return runs

    def where(self, condition: str) -> Runs:
        """The rows that meet an SQL condition on the columns, e.g. `loss < 5 and family = 'c4'`.

        Rows for which the condition is unknown (an empty cell) are left out. The condition can read nothing but the
        columns: no files, no network, no other statement.

        Raises:
            FormulaError: it does not parse, or uses what it may not use.
            ColumnError: it names a column that is not there.
            RefusalError: no row meets it.
        """
        from gnomon.runs.where import mask_of

        runs = self.keep(mask_of(self, condition), f"--where {condition}")
        if not len(runs):
            raise RefusalError(
                f"no row meets the condition {condition!r} ({len(self)} rows were there)",
                where=Where(file=self.source),
                code="nothing-left",
                partial=runs,
            )
        return runs

    def split(self, hold_out: str, *, leave: int = 2) -> tuple[Runs, Runs]:
        """Two tables: the rows to fit and the rows held out. See :mod:`gnomon.runs.split` for the forms.

        Args:
            hold_out: `largest:flops:3`, `largest:flops:20%`, `top:flops:0.5`, `where:family = 'c4'`.
            leave: runs that must be left to fit.
        """
        from gnomon.runs.split import split

        return split(self, hold_out, leave=leave)

    # -- handing over ----------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, list[Any]]:
        """Plain lists by column name; unknown is None, flags are booleans."""
        from gnomon.runs.write import to_lists

        return to_lists(self)

    def to_polars(self) -> Any:
        """A polars DataFrame (needs `gnomon[tables]`)."""
        from gnomon.runs.write import to_polars

        return to_polars(self)

    def to_pandas(self) -> Any:
        """A pandas DataFrame (needs `gnomon[tables]`)."""
        from gnomon.runs.write import to_pandas

        return to_pandas(self)

    def write(self, path: str | Path, *, derived: bool = False) -> Path:
        """Write a .parquet, .csv, .tsv, .jsonl or .json file.

        Args:
            path: its suffix says the format.
            derived: also the columns gnomon computed; without them the file reads back to the same table, with what
                was derived derived again and marked so.
        """
        from gnomon.runs.write import write

        return write(self, path, derived=derived)

    def __repr__(self) -> str:
        from gnomon.runs.show import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from gnomon.runs.show import as_html

        return as_html(self)
