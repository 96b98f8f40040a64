"""The tables of a TOML file, read key by key: every error names the file, the key, what was given and what is expected."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from gnomon.errors import FileError, InputError, Where, near
from gnomon.runs.numbers import parse_number

_REQUIRED: Any = object()


def read_toml(path: str | Path) -> Table:
    """The top table of a TOML file.

    Raises:
        FileError: it is missing, unreadable, or not TOML.
    """
    place = Path(path).expanduser()
    try:
        text = place.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        folder = place.parent if place.parent.is_dir() else Path()
        hint = near(place.name, (entry.name for entry in folder.glob("*.toml")))
        raise FileError("there is no such file", hint=hint or None, where=Where(str(path)), code="no-file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"cannot be read ({error})", where=Where(str(path))) from error
    try:
        return Table(tomllib.loads(text), str(path))
    except tomllib.TOMLDecodeError as error:
        row = re.search(r"line (\d+)", str(error))
        hint = "Texts stand in quotes: budget = '1e15'. See https://toml.io."
        raise FileError(
            f"is not TOML: {error}", hint=hint, where=Where(str(path), int(row[1]) if row else None), code="not-toml"
        ) from error


class Table:
    """One table of the file. Keys are asked for one after the other; `end` refuses those nobody asked for.

    Args:
        values: the table.
        file: how the file is called in messages.
        name: dotted name of the table; empty for the top one.
    """

    def __init__(self, values: Mapping[str, Any], file: str, name: str = "") -> None:
        self.values, self.file, self.name = values, file, name
        self._asked: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def refuse(self, key: str, got: str, expected: str, *, hint: str | None = None) -> NoReturn:
        """Refuse a key.

        Raises:
            InputError: always.
        """
        raise InputError(f"got {got}, expected {expected}", hint=hint, where=self.where(key), code="bad-key")

    def where(self, key: str) -> Where:
        """The place of a key."""
        return Where(self.file, key=f"{self.name}.{key}" if self.name else key)

    def end(self) -> None:
        """Refuse keys that nobody asked for.

        Raises:
            InputError: there is one; near names are in the hint.
        """
        for key in self.values:
            if key not in self._asked:
                table = f"[{self.name}]" if self.name else "the file"
                raise InputError(
                    f"{table} has no such key", hint=near(key, self._asked), where=self.where(key), code="unknown-key"
                )

    def value(self, key: str, default: Any = _REQUIRED, expected: str = "a value") -> Any:
        """What stands at a key; the default where it is missing.

        Raises:
            InputError: it is missing and has no default.
        """
        self._asked.append(key)
        if key in self.values:
            return self.values[key]
        if default is _REQUIRED:
            self.refuse(key, "nothing", expected)
        return default

    def text(self, key: str, default: Any = _REQUIRED, *, choices: Sequence[str] = (), expected: str = "a text") -> Any:
        """A text, one of the choices where there are some."""
        found = self.value(key, default, expected)
        if key in self.values:
            if not isinstance(found, str) or not found.strip():
                self.refuse(key, repr(found), expected)
            if choices and found not in choices:
                self.refuse(key, repr(found), f"one of {', '.join(choices)}", hint=near(found, choices))
        return found

    def number(
        self, key: str, default: Any = _REQUIRED, *, below: float | None = None, expected: str = "a number above zero"
    ) -> Any:
        """A number above zero, written as a number or as people write it: "7B", "1e15"."""
        found = self.value(key, default, expected)
        return found if key not in self.values else self._number(key, found, below, expected)

    def whole(self, key: str, default: Any = _REQUIRED, *, least: int = 1) -> Any:
        """A whole number of at least `least`."""
        expected = f"a whole number of at least {least}"
        found = self.value(key, default, expected)
        if key not in self.values:
            return found
        number = 0.0 if least == 0 and found == 0 else self._number(key, found, None, expected)
        if number != int(number) or number < least:
            self.refuse(key, repr(found), expected)
        return int(number)

    def numbers(self, key: str, default: Any = _REQUIRED, *, expected: str = "a list of numbers above zero") -> Any:
        """Distinct numbers above zero, in rising order."""
        found = self.value(key, default, expected)
        if key not in self.values:
            return found
        if not isinstance(found, list) or not found:
            self.refuse(key, repr(found), expected)
        return tuple(sorted({self._number(key, entry, None, expected) for entry in found}))

    def texts(self, key: str, default: Any = _REQUIRED, *, expected: str = "a table of texts") -> Any:
        """A table whose values are texts or numbers, as texts."""
        found = self.value(key, default, expected)
        if key not in self.values:
            return found
        if not isinstance(found, dict) or any(isinstance(v, dict | list) for v in found.values()):
            self.refuse(key, repr(found), expected)
        return {name: str(value) for name, value in found.items()}

    def table(self, key: str, *, needed: bool = False, expected: str = "a table") -> Table:
        """A table inside this one; an empty one where it is missing and not needed."""
        found = self.value(key, _REQUIRED if needed else {}, expected)
        if not isinstance(found, dict):
            self.refuse(key, repr(found), expected)
        return Table(found, self.file, f"{self.name}.{key}" if self.name else key)

    def tables(self, key: str, *, expected: str = "an array of tables") -> list[Table]:
        """The tables of an array; none where it is missing."""
        found = self.value(key, [], expected)
        if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
            self.refuse(key, repr(found), expected)
        name = f"{self.name}.{key}" if self.name else key
        return [Table(entry, self.file, f"{name}[{i}]") for i, entry in enumerate(found, 1)]

    def _number(self, key: str, found: Any, below: float | None, expected: str) -> float:
        try:
            number = parse_number(found)
        except InputError:
            number = float("nan")
        if not number > 0 or (below is not None and not number < below):
            told = expected if below is None else f"{expected} and below {below:g}"
            self.refuse(key, repr(found), told)
        return number
