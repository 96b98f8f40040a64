"""Which column of a file is which: exact canonical names first, then the user's word, then the known aliases."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from gnomon.errors import ColumnError, Where, near
from gnomon.runs.schema import FIELDS, LETTERS, QUANTITIES, plain, share_of


@dataclass(frozen=True)
class Choice:
    """A column of the file that gets another name.

    Args:
        name: the name it gets.
        theirs: the name in the file.
        scale: what its cells are multiplied by, from the unit in its name.
        convention: what its name says about how the quantity was counted.
        asked: the user said so.
    """

    name: str
    theirs: str
    scale: float = 1.0
    convention: str | None = None
    asked: bool = False


@dataclass(frozen=True)
class Match:
    """What the names of a table mean.

    Args:
        chosen: columns that are renamed, scaled, or known to follow a convention.
        unsettled: canonical name -> the columns that could all be it.
    """

    chosen: tuple[Choice, ...]
    unsettled: Mapping[str, tuple[str, ...]]


def match_columns(names: Sequence[str], asked: Mapping[str, str] | None = None, file: str | None = None) -> Match:
    """Decide which column is which by name alone.

    An exact canonical name always wins over an alias; what the user says wins over both. Two aliases for one name are
    not guessed between: the name stays unsettled until somebody asks for it.

    Args:
        names: the names in the file.
        asked: canonical name -> name in the file, as in `--column canonical=theirs`.
        file: for messages.

    Raises:
        ColumnError: a name the user gave is not in the file, or is close to a canonical name without being one.
    """
    chosen = {choice.name: choice for choice in _asked(names, asked or {}, file)}
    taken = {choice.theirs for choice in chosen.values()}
    free = [name for name in names if name not in taken and name not in FIELDS]
    unsettled: dict[str, tuple[str, ...]] = {}
    letters = [name for name in free if name in LETTERS]
    quantities = {q for q in QUANTITIES if q in names or q in chosen}
    quantities |= {LETTERS[letter] for letter in letters}
    quantities |= {_known().get(plain(name), "") for name in free} & set(QUANTITIES)
    if len(quantities) < 2:
        free = [name for name in free if name not in LETTERS]
    for field in FIELDS.values():
        if field.name in chosen or field.name in names:
            continue
        known = {plain(alias) for alias in (field.name, *field.aliases, *field.scaled)}
        weak = {plain(alias) for alias in field.weak}
        found = [name for name in free if plain(name) in known]
        found = found or [name for name in free if plain(name) in weak]
        if not found and field.pattern:
            found = [name for name in free if re.fullmatch(field.pattern, plain(name))]
        if len(found) > 1:
            unsettled[field.name] = tuple(found)
        elif found:
            chosen[field.name] = choice_of(field.name, found[0])
    _shares(names, chosen)
    return Match(tuple(chosen.values()), unsettled)


def _shares(names: Sequence[str], chosen: dict[str, Choice]) -> None:
    """Add the shares of a mixture: `mix.web` and `mixture/web` are `mix_web`, where no other column is."""
    taken = {choice.theirs for choice in chosen.values()}
    found: dict[str, list[str]] = {}
    for name in names:
        share = None if name in taken else share_of(name)
        if share is not None and share not in names and share not in chosen:
            found.setdefault(share, []).append(name)
    chosen |= {share: Choice(share, theirs[0]) for share, theirs in found.items() if len(theirs) == 1}


def choice_of(field: str, theirs: str) -> Choice:
    """The choice of one column for a field, with what its name says about unit and convention."""
    known = FIELDS[field]
    return Choice(field, theirs, known.scaled.get(plain(theirs), 1.0), known.conventions.get(plain(theirs)))


def text_columns(names: Sequence[str]) -> set[str]:
    """The columns that hold names and labels, so that a run called 001 keeps its zeros."""
    match = match_columns(names)
    known = {choice.theirs: choice.name for choice in match.chosen} | {name: name for name in names if name in FIELDS}
    known |= {theirs: name for name, found in match.unsettled.items() for theirs in found}
    return {theirs for theirs, name in known.items() if name in FIELDS and FIELDS[name].kind == "text"}


def _asked(names: Sequence[str], asked: Mapping[str, str], file: str | None) -> Iterable[Choice]:
    """The user's own choices, checked."""
    for target, theirs in _patterns(names, asked, file):
        if theirs not in names:
            raise ColumnError(
                f"there is no column {theirs!r} to take as {target!r}",
                hint=near(theirs, names),
                where=Where(file=file),
            )
        if target in FIELDS:
            yield replace(choice_of(target, theirs), asked=True)
            continue
        scaled = next((field for field in FIELDS.values() if plain(target) in field.scaled), None)
        if scaled is not None:  # --column params_billion=N: N is in billions
            yield Choice(scaled.name, theirs, scale=scaled.scaled[plain(target)], asked=True)
            continue
        close = difflib.get_close_matches(target, FIELDS, n=1, cutoff=0.8)
        if close and target not in names:
            raise ColumnError(
                f"{target!r} is not a column gnomon knows",
                hint=f"Did you mean --column {close[0]}={theirs}?",
                where=Where(file=file),
            )
        yield Choice(target, theirs, asked=True)


def _patterns(names: Sequence[str], asked: Mapping[str, str], file: str | None) -> Iterable[tuple[str, str]]:
    """The user's choices one by one: `mix_*=train_the_pile_*` is one for every column that fits."""
    for target, theirs in asked.items():
        if target.count("*") != 1 or theirs.count("*") != 1:
            yield target, theirs
            continue
        head, tail = theirs.split("*")
        shape = re.compile(re.escape(head) + "(.+)" + re.escape(tail))
        found = [(match[1], name) for name in names if (match := shape.fullmatch(name))]
        if not found:
            raise ColumnError(f"there is no column like {theirs!r}", hint=near(theirs, names), where=Where(file=file))
        for middle, name in found:
            yield target.replace("*", plain(middle)), name


@cache
def _known() -> dict[str, str]:
    """Plain alias -> canonical name."""
    return {
        plain(alias): field.name
        for field in FIELDS.values()
        for alias in (field.name, *field.aliases, *field.weak, *field.scaled)
    }


def unsettled_error(name: str, candidates: Sequence[str], file: str | None) -> ColumnError:
    """The question which of several columns is meant, with the calls that answer it."""
    calls = " or ".join(call(name, theirs) for theirs in candidates[:4])
    return ColumnError(
        f"{' and '.join(repr(c) for c in candidates[:4])}{' ...' if len(candidates) > 4 else ''} could all be {name!r}",
        hint=f"Say which one: {calls} (in Python: columns={{{name!r}: {candidates[0]!r}}}).",
        where=Where(file=file, column=name),
        code="ambiguous-column",
    )


def missing_error(name: str, names: Sequence[str], file: str | None) -> ColumnError:
    """The message that a column is not there, with the call that would settle it."""
    stems = (name, *FIELDS[name].aliases, *FIELDS[name].weak) if name in FIELDS else (name,)
    plains = {plain(theirs): theirs for theirs in names}
    close = [
        plains[found]
        for stem in stems
        for found in difflib.get_close_matches(plain(stem), plains, n=2, cutoff=0.7)
        if plains[found] != name
    ]
    close = list(dict.fromkeys(close))[:3]
    if close and name in FIELDS:
        hint = f"If it is {' or '.join(map(repr, close))}, say so: {call(name, close[0])}."
    elif close:
        hint = f"Did you mean {' or '.join(map(repr, close))}?"
    else:
        shown = ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")
        hint = f"The table has {shown or 'no columns'}; if one of them holds it, say so: {call(name, 'THEIRS')}."
    return ColumnError(
        f"there is no column {name!r}", hint=hint, where=Where(file=file, column=name), code="missing-column"
    )


def call(name: str, theirs: str) -> str:
    """The option that says which column is meant, quoted for a shell where that is needed."""
    text = f"{name}={theirs}"
    return f"--column {text}" if re.fullmatch(r"[\w=./:+-]+", text) else f"--column '{text}'"
