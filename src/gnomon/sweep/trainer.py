"""The user's trainer: a command with placeholders, where it is run, and for how long."""

from __future__ import annotations

import hashlib
import shlex
import string
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnomon.errors import InputError, Where, near
from gnomon.sweep.keys import Table

PLACES = ("folder", "checkpoints", "python")
"""Placeholders of the place a trial runs at: they are filled in last and do not make it another trial."""

COMMAND = 'the command of one training run, such as "python train.py --width {width} --tokens {tokens}"'


@dataclass(frozen=True)
class Trainer:
    """A trainer as a command.

    Args:
        words: of the command, with placeholders.
        folder: where it is run.
        environment: variables added to it, with placeholders.
        minutes: limit of one trial; None for none.
        version: raised by the user when the trainer measures something else.
        where: place of the command in the file.
    """

    words: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    minutes: float | None
    version: str
    where: Where

    @property
    def placeholders(self) -> set[str]:
        """Names the command and its variables mention."""
        return set(names_of([*self.words, *self.environment.values()]))

    def command(self, values: Mapping[str, Any]) -> list[str]:
        """The words of a trial; those of its place are left open."""
        return [filled(word, values, self.where) for word in self.words]

    def variables(self, values: Mapping[str, Any]) -> dict[str, str]:
        """The variables of a trial; those of its place are left open."""
        return {name: filled(value, values, self.where) for name, value in self.environment.items()}

    def fingerprint(self) -> str | None:
        """12 hex digits over the files that the command names; None where it names none."""
        digest, seen = hashlib.sha256(), False
        for word in self.words:
            path = self.folder / word
            if "{" not in word and path.is_file():
                digest.update(path.read_bytes())
                seen = True
        return digest.hexdigest()[:12] if seen else None


def read_trainer(table: Table, base: Path) -> Trainer:
    """[trainer].

    Args:
        table: of the file.
        base: folder of the file.

    Raises:
        InputError: a key is wrong.
    """
    command = table.value("command", expected=COMMAND)
    if isinstance(command, str) and command.strip():
        try:
            words = shlex.split(command)
        except ValueError as error:
            table.refuse("command", f"a command that cannot be split ({error})", COMMAND)
    elif isinstance(command, list) and command and all(isinstance(word, str) for word in command):
        words = list(command)
    else:
        table.refuse("command", repr(command), COMMAND)
    folder = (base / Path(table.text("folder", ".")).expanduser()).resolve()
    if not folder.is_dir():
        table.refuse("folder", repr(str(folder)), "a folder that is there")
    trainer = Trainer(
        tuple(words),
        folder,
        table.texts("environment", {}),
        table.number("minutes", None),
        str(table.value("version", "1")),
        table.where("command"),
    )
    table.end()
    for word in (*trainer.words, *trainer.environment.values()):
        names_of([word], trainer.where)
    return trainer


def names_of(texts: Iterable[str], where: Where | None = None) -> list[str]:
    """The placeholders of texts, in order.

    Raises:
        InputError: a brace is open, or a placeholder has no name.
    """
    found: dict[str, None] = {}
    for text in texts:
        try:
            fields = [field for _, field, _, _ in string.Formatter().parse(text) if field is not None]
        except ValueError as error:
            raise InputError(
                f"got {text!r} ({error}), expected placeholders such as {{tokens}}",
                hint="A brace that is meant is doubled: {{ }}.",
                where=where,
            ) from error
        for field in fields:
            if not field.isidentifier():
                raise InputError(
                    f"got the placeholder {{{field}}}, expected a name such as {{tokens}}",
                    hint="A brace that is meant is doubled: {{ }}.",
                    where=where,
                )
            found[field] = None
    return list(found)


def filled(text: str, values: Mapping[str, Any], where: Where | None = None) -> str:
    """A text with its placeholders filled in, `{lr:.1e}` as Python formats; those of the place are left open.

    Raises:
        InputError: a value cannot be written as its placeholder asks.
    """
    known = dict(values) | {name: _Later(name) for name in PLACES}
    try:
        return string.Formatter().vformat(text, (), known)
    except (ValueError, TypeError) as error:
        raise InputError(f"got {text!r}, whose format does not fit its value ({error})", where=where) from error


def placed(text: str, places: Mapping[str, str]) -> str:
    """A filled text with its place: the last step."""
    for name, value in places.items():
        text = text.replace(str(_Later(name)), value)
    return text


def check_names(given: Sequence[str], known: Sequence[str], where: Where) -> None:
    """Refuse placeholders that nothing fills in.

    Raises:
        InputError: there is one.
    """
    for name in given:
        if name not in known and name not in PLACES:
            raise InputError(
                f"got the placeholder {{{name}}}, expected one of {', '.join([*known, *PLACES])}",
                hint=near(name, [*known, *PLACES]),
                where=where,
            )


def interpreter() -> str:
    """What {python} stands for: the Python that runs gnomon."""
    return sys.executable


class _Later:
    """A placeholder that stays one, in a form no user writes."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __format__(self, spec: str) -> str:
        return f"\x02{self._name}\x03"

    def __str__(self) -> str:
        return format(self)
