"""From what a reader found in a file to Runs: names matched, cells checked, what can be derived derived."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from gnomon.errors import ColumnError, FileError, Where
from gnomon.runs.cells import Array, Place, guess, share_numeric, to_flags, to_numbers, to_texts
from gnomon.runs.derive import derive
from gnomon.runs.match import Choice, choice_of, match_columns
from gnomon.runs.schema import FIELDS, QUANTITIES, field_of, plain
from gnomon.runs.table import Column, Runs, place_of


@dataclass(frozen=True)
class Raw:
    """A table as it stands in its file.

    Args:
        names: column names, all different.
        values: one array a column: float64, or objects (str, float, int, bool, None).
        file: name of the file, for messages.
    """

    names: tuple[str, ...]
    values: tuple[Array, ...]
    file: str

    def __len__(self) -> int:
        return len(self.values[0]) if self.values else 0


def join(raws: Sequence[Raw], source: str) -> Raw:
    """Several files under one another; a column that one of them lacks is unknown there."""
    if len(raws) == 1:
        return replace(raws[0], file=source)
    names = tuple(dict.fromkeys(name for raw in raws for name in raw.names))
    if "run" not in match_names(names):  # one file, one run: a folder of training logs
        raws = [_with_run(raw) for raw in raws]
        names = ("run", *names)
    return Raw(names, tuple(_stack([_column(raw, name) for raw in raws]) for name in names), source)


def match_names(names: Sequence[str]) -> set[str]:
    """The canonical columns that these names settle or could settle."""
    match = match_columns(names)
    return {choice.name for choice in match.chosen} | set(match.unsettled) | (set(names) & set(FIELDS))


def _with_run(raw: Raw) -> Raw:
    stem = raw.file.rsplit("/", 1)[-1].split(".")[0]
    return Raw(("run", *raw.names), (np.full(len(raw), stem, dtype=object), *raw.values), raw.file)


def _column(raw: Raw, name: str) -> Array:
    if name in raw.names:
        return raw.values[raw.names.index(name)]
    return np.full(len(raw), np.nan)


def _stack(values: Sequence[Array]) -> Array:
    if all(part.dtype.kind == "f" for part in values):
        return np.concatenate(values)
    out: Array = np.concatenate([part.astype(object) for part in values])
    return out


def assemble(raw: Raw, columns: Mapping[str, str] | None, source: str, parts: Sequence[tuple[str, int]] = ()) -> Runs:
    """The table behind a file.

    Args:
        raw: names and cells.
        columns: canonical name -> name in the file, from the user.
        source: what the user named.
        parts: file and rows of each part, if there are several.

    Raises:
        FileError: there are no rows.
        ColumnError: a cell of a known column is not what the column holds, or a name the user gave is not there.
    """
    if not len(raw):
        raise FileError("has a header and no rows", where=Where(file=raw.file), code="no-rows")
    match = match_columns(raw.names, columns, raw.file)
    cells = dict(zip(raw.names, raw.values, strict=True))
    settled = {name: _settle(name, {t: cells[t] for t in found}) for name, found in match.unsettled.items()}
    unsettled = {name: found for name, found in match.unsettled.items() if settled[name] is None}
    found = [choice_of(name, theirs) for name, theirs in settled.items() if theirs is not None]
    choices: dict[str, list[Choice]] = {}
    for choice in (*match.chosen, *found):
        if choice.asked or _fits(choice.name, choice.theirs, cells[choice.theirs]):
            choices.setdefault(choice.theirs, []).append(choice)
    taken = {choice.name for chosen in choices.values() for choice in chosen}
    data: dict[str, Array] = {}
    described: dict[str, Column] = {}
    for theirs, values in cells.items():
        own = theirs if theirs not in taken else _spare(theirs, (*cells, *taken))
        for choice in choices.get(theirs) or [Choice(own, theirs)]:
            place = partial(_placed, raw.file, tuple(parts), theirs)
            data[choice.name], described[choice.name] = _convert(choice, values, place)
    rows = np.arange(1, len(raw) + 1)
    return derive(Runs(data, described, source, len(raw), rows=rows, parts=tuple(parts), unsettled=unsettled))


def _placed(file: str, parts: Sequence[tuple[str, int]], column: str, index: int) -> Where:
    return place_of(file, parts, index + 1, column)


def _fits(name: str, theirs: str, values: Array) -> bool:
    """Whether a column found by an alias can be that quantity.

    `model_size` may hold `small` and `large`: one number must be in it. `size` may mean anything: all must be numbers.
    """
    if name not in FIELDS:
        return field_of(name) is None or share_numeric(values) == 1.0  # a share is a number in every row
    if FIELDS[name].kind != "number":
        return True
    share = share_numeric(values)
    return share == 1.0 if plain(theirs) in FIELDS[name].weak else share > 0.0


def _settle(name: str, candidates: Mapping[str, Array]) -> str | None:
    """Which of several candidates it is, where the cells leave no question: one fits, or all say the same."""
    fitting = [theirs for theirs, values in candidates.items() if _fits(name, theirs, values)]
    if len(fitting) == 1:
        return fitting[0]
    try:
        first, *others = (_comparable(candidates[theirs], FIELDS[name].kind) for theirs in fitting)
    except (ColumnError, ValueError):
        return None
    return fitting[0] if all(np.array_equal(first, other, equal_nan=True) for other in others) else None


def _comparable(values: Array, kind: str) -> Array:
    """Numbers as they are; texts as numbers of first appearance, because two names may mark the same runs."""
    if kind == "number":
        return to_numbers(values, lambda index: Where(row=index + 1))
    seen: dict[object, int] = {}
    return np.array([seen.setdefault(text, len(seen)) for text in to_texts(values).tolist()], dtype=np.float64)


def _spare(name: str, names: Collection[str]) -> str:
    """A name for the file's own column when the user gave its name to another."""
    spare = f"original_{name}"
    while spare in names:
        spare = f"original_{spare}"
    return spare


def _convert(choice: Choice, values: Array, place: Place) -> tuple[Array, Column]:
    """Array and description of one column under its new name.

    A wrong cell is an error at once in the four quantities and in what the user named; elsewhere the column is kept as
    text, and asking for its numbers is the error, so that a stray mark beside the data does not stop a fit.
    """
    known = field_of(choice.name)
    original = choice.theirs if choice.theirs != choice.name else None
    if known is None:
        kind, array = guess(values)
        return array, Column(choice.name, kind, original=original)
    kind, scaled = known.kind, None
    try:
        if kind == "number":
            array = to_numbers(values, place, known.unit)
            if choice.scale != 1.0:
                array, scaled = array * choice.scale, f"{choice.scale:g} * {choice.theirs}"
        else:
            array = to_flags(values, place) if kind == "flag" else to_texts(values)
    except ColumnError:
        if choice.name in QUANTITIES or choice.asked:
            raise
        kind, array = "text", to_texts(values)
    return array, Column(choice.name, kind, known.unit, known.meaning, original, scaled, choice.convention)
