"""What a command works on: runs from a file, a glob, a folder or standard input, or a saved fit."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnomon.errors import ColumnError, InputError, RefusalError

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.runs import Runs

LOOKED_AT = 2048  # characters of a .json file that tell a document of gnomon from a table


def open_runs(
    sources: Sequence[str], columns: Mapping[str, str], where: str | None, schedules: str | None = None
) -> Runs:
    """The runs behind one or several RUNS arguments, with the schedules of their curves where a table gives them.

    Raises:
        GnomonError: as `read_runs`.
    """
    from gnomon.runs import read_runs

    return read_runs(
        sources[0] if len(sources) == 1 else list(sources), columns=columns or None, where=where, schedules=schedules
    )


def open_fit_or_runs(sources: Sequence[str], columns: Mapping[str, str], where: str | None) -> Fit | Runs:
    """A saved fit where the argument is one, else runs.

    Raises:
        InputError: a fit is given together with other files or with options that change rows.
    """
    fits = [source for source in sources if is_fit(source)]
    if not fits:
        return open_runs(sources, columns, where)
    if len(sources) > 1:
        raise InputError(f"{fits[0]} is a fit; it is given alone, not with {len(sources) - 1} other files.")
    for given, option in ((columns, "--column"), (where, "--where")):
        if given:
            raise InputError(
                f"{option} chooses rows or columns of runs, but {fits[0]} is a fit with its rows inside.",
                hint=f"Fit again with {option}, or give the runs.",
            )
    from gnomon.fit import Fit

    return Fit.load(fits[0])


@contextmanager
def placed(source: Any) -> Iterator[None]:
    """Errors about columns and rows raised inside name the file they are about, where they do not do so themselves."""
    try:
        yield
    except (ColumnError, RefusalError) as error:
        if error.where.file is None and getattr(source, "source", None):
            error.where = replace(error.where, file=source.source)
        raise


def is_fit(source: str) -> bool:
    """Whether a path holds a document of gnomon rather than a table."""
    path = Path(source)
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    try:
        with path.open(encoding="utf-8") as file:
            start = file.read(LOOKED_AT)
    except (OSError, UnicodeDecodeError):
        return False
    return start.lstrip().startswith("{") and '"kind"' in start and '"gnomon"' in start


def spelt(sources: Sequence[str]) -> str:
    """The arguments as they are typed again."""
    return " ".join(shlex.quote(source) for source in sources)
