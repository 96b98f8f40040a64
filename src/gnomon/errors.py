"""Every error gnomon raises on purpose: one root, a code, the place, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Where:
    """The place an error points at. Rows are counted as a person counts them: the first data row is 1.

    A file of settings has keys (`ladder.budget`) where a table has rows and columns.
    """

    file: str | None = None
    row: int | None = None
    column: str | None = None
    key: str | None = None

    def __str__(self) -> str:
        parts = [str(self.file)] if self.file else []
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column is not None:
            parts.append(f"column {self.column!r}")
        if self.key is not None:
            parts.append(self.key)
        return ", ".join(parts)


class GnomonError(Exception):
    """Root of all errors of gnomon.

    Args:
        message: what was given and what was expected, as one sentence.
        hint: what to do about it.
        where: file, row and column when they are known.
        code: a stable slug for programs; each class has a default.
        partial: what was computed before the error, so that nothing is lost.
    """

    code = "error"
    exit_status = 2

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        where: Where | None = None,
        code: str | None = None,
        partial: Any = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where or Where()
        self.partial = partial
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        place = str(self.where)
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} {self.hint}" if self.hint else text

    def to_dict(self) -> dict[str, Any]:
        """The error document of `--json`."""
        where = {"file": self.where.file, "row": self.where.row, "column": self.where.column}
        where |= {} if self.where.key is None else {"key": self.where.key}
        return {
            "kind": "error",
            "error": {"code": self.code, "message": self.message, "where": where, "hint": self.hint},
        }


class InputError(GnomonError, ValueError):
    """The input or the call is wrong (exit status 2)."""

    code = "bad-input"


class FileError(InputError, OSError):
    """A file cannot be read or written, or is not what its name says."""

    code = "bad-file"


class ColumnError(InputError, KeyError):
    """A column is missing, ambiguous, or holds what it must not hold."""

    code = "bad-column"


class UnknownNameError(InputError, LookupError):
    """A name (law, objective, option value) is not known; near matches are in the hint."""

    code = "unknown-name"


class FormulaError(InputError, SyntaxError):
    """A formula or condition typed by the user does not parse or uses what it may not use."""

    code = "bad-formula"


class MissingExtraError(GnomonError, ImportError):
    """An optional dependency is not installed; the hint holds the install command."""

    code = "missing-extra"


class RefusalError(GnomonError, ArithmeticError):
    """The data cannot answer the question (exit status 3)."""

    code = "cannot-answer"
    exit_status = 3


@dataclass(frozen=True)
class Notice:
    """A warning that travels with a result: a stable code, a sentence, and optional figures behind it."""

    code: str
    message: str
    data: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The form it takes in every document's `warnings`."""
        return {"code": self.code, "message": self.message} | (self.data or {})


def near(name: str, known: Iterable[str]) -> str:
    """A hint with the nearest known names, or all of them when none is near and they are few."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if close:
        return "Did you mean " + " or ".join(close) + "?"
    if len(known) <= 20:
        return "Known: " + ", ".join(known) + "."
    return ""


def need(module: str, extra: str, what: str) -> Any:
    """Import an optional module, or say which extra brings it.

    Args:
        module: the module's import name.
        extra: the extra of gnomon that installs it.
        what: what needs it, as the subject of the sentence.

    Raises:
        MissingExtraError: the module is not installed.
    """
    import importlib

    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name.split(".")[0]):
            raise
        raise MissingExtraError(
            f"{what} needs {module.split('.')[0]}, which is not installed.",
            hint=f"Install it with: pip install 'gnomon[{extra}]'",
        ) from error
