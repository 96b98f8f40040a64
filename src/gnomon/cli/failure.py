"""What a person or a program reads when a command fails: the place, what was wrong, what to do; and the exit status."""

from __future__ import annotations

import difflib
import os
import re
import sys
import traceback
from pathlib import Path
from typing import Any

from gnomon.cli.answer import document_text
from gnomon.cli.terminal.look import Look
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.text import bold
from gnomon.errors import GnomonError, InputError, UnknownNameError, near

DEFECT, INTERRUPTED = 1, 130
REPORT = (
    "This is a defect of gnomon, not of your input. Please report it in the project's issue tracker with the command "
    "and this message; GNOMON_DEBUG=1 adds the traceback."
)


class Defect(GnomonError):
    """An exception nobody foresaw (exit status 1)."""

    code = "defect"
    exit_status = DEFECT


class Stopped(GnomonError):
    """Ctrl-C (exit status 130); the message says what is kept, the hint how to go on."""

    code = "interrupted"
    exit_status = INTERRUPTED


def fail(error: GnomonError, *, as_json: bool) -> int:
    """Tell a failure, on stdout as a document or on stderr in words, and return the exit status."""
    if os.environ.get("GNOMON_DEBUG"):
        traceback.print_exception(error.__cause__ or error)
    if as_json:
        sys.stdout.write(document_text(error.to_dict()) + "\n")
    else:
        sys.stderr.write(f"{failure_page(error, Look.of(sys.stderr))}\n")
    return error.exit_status


def failure_page(error: GnomonError, look: Look) -> Page:
    """The failure in words: where and what behind the sign, what to do below it."""
    page = Page(look)
    place = str(error.where)
    kind = "warn" if isinstance(error, Stopped) else "bad"
    lead = [bold(place), ": "] if place else []
    page.mark(kind, *lead, _ended(error.message))
    if error.hint:
        indent = len(look.glyph(kind)) + 1
        page.line("\u00a0" * indent + _ended(error.hint), hang=indent)
    return page


def _ended(text: str) -> str:
    """A sentence with its full stop; none behind a command, where it would be copied."""
    text = text.rstrip()
    last = text.rpartition(". ")[2]
    command = re.search(r"\bgnomon [a-z]|--[a-z]|pip install", last)
    return text if not text or text[-1] in ".?!:" or command else f"{text}."


def from_defect(error: BaseException) -> Defect:
    """An unforeseen exception as one line: what happened and in which file."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if f"{os.sep}gnomon{os.sep}" in f.filename] or frames
    place = f" ({Path(ours[-1].filename).name}, line {ours[-1].lineno})" if ours else ""
    what = str(error).strip().splitlines()
    told = f"{type(error).__name__}: {what[0]}" if what else type(error).__name__
    defect = Defect(f"{told}{place}", hint=REPORT)
    defect.__cause__ = error
    return defect


def from_usage(error: Any) -> GnomonError:
    """An error of the option parser in our words, with near matches."""
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", None) or "gnomon"
    help_hint = f"{path} --help shows what it takes."
    option = getattr(error, "option_name", None)
    if option is not None and hasattr(error, "possibilities"):
        known = [
            name
            for p in getattr(getattr(context, "command", None), "params", [])
            for name in p.opts
            if name.startswith("--")
        ]
        close = difflib.get_close_matches(option, [*known, "--help"], n=3, cutoff=0.6)
        hint = f"Did you mean {' or '.join(close)}?" if close else help_hint
        return UnknownNameError(f"{path} has no option {option!r}", hint=hint, code="unknown-option")
    if type(error).__name__ == "MissingParameter":
        missing = _parameter_name(getattr(error, "param", None))
        return InputError(f"{path} needs {missing}", hint=_example(context) or help_hint, code="missing-argument")
    message = error.format_message()
    if found := re.search(r"unexpected extra arguments? \((.*)\)", message):
        return InputError(f"{path} does not take {found[1]!r} here", hint=help_hint, code="extra-argument")
    if found := re.search(r"(?i)option '?(--?[\w-]+)'? requires (an argument|\d+ arguments)", message):
        return InputError(f"{found[1]} needs a value", hint=help_hint, code="missing-value")
    return InputError(message.rstrip("."), hint=help_hint, code="bad-call")


def unknown_command(name: str, known: list[str], path: str) -> GnomonError:
    """No such command."""
    hint = near(name, known) or f"{path} --help lists the commands."
    return UnknownNameError(f"{path} has no command {name!r}", hint=hint, code="unknown-command")


def _parameter_name(parameter: Any) -> str:
    if parameter is None:
        return "another argument"
    if parameter.param_type_name == "option":
        return f"{parameter.opts[0]} {parameter.metavar or ''}".rstrip()
    return str(parameter.metavar or parameter.name.upper()).rstrip(".")


def _example(context: Any) -> str | None:
    """The first example of the command's help."""
    epilog = getattr(getattr(context, "command", None), "epilog", None)
    return f"For example: {epilog.strip().splitlines()[0].strip()}" if epilog else None
