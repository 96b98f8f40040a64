"""`--plot FILE`: the picture of an answer, checked before anything is computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gnomon.errors import FileError, InputError, Where

KINDS = (".svg", ".png", ".html")


def check_picture(path: str | None) -> None:
    """Refuse a picture that could not be written anyway, before the work is done.

    Raises:
        InputError: another suffix.
        FileError: the folder is not there.
    """
    if path is None:
        return
    if Path(path).suffix.lower() not in KINDS:
        raise InputError(f"--plot got {path!r}, expected a file ending in {', '.join(KINDS)}")
    check_folder(path)


def check_folder(path: str) -> None:
    """Refuse a file in a folder that is not there.

    Raises:
        FileError: so it is.
    """
    place = Path(path)
    if place.is_dir():
        raise FileError("this is a folder, expected a file to write", where=Where(path))
    if not place.parent.is_dir():
        raise FileError(f"there is no folder {str(place.parent)!r} to write it to", where=Where(path))


def check_page(path: str, option: str) -> None:
    """Refuse a page that could not be written anyway.

    Raises:
        InputError: another suffix.
        FileError: the folder is not there.
    """
    if Path(path).suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{option} got {path!r}, expected a file ending in .html")
    check_folder(path)


def check_kind(kind: str | None, path: str | None) -> None:
    """Refuse a kind of picture that does not exist, or without a file for it, before the work is done.

    Raises:
        InputError: it has no file.
        UnknownNameError: there is no such kind.
    """
    if kind is None:
        return
    if path is None:
        raise InputError("--picture says what to draw, but not where.", hint="Add --plot FILE.svg, .png or .html.")
    from gnomon.report.live.figures import kind_of_picture

    kind_of_picture(kind)


def save_picture(thing: Any, path: str | None, *context: Any, kind: str | None = None) -> str | None:
    """Draw a fit, forecast, backtest, comparison or plan; returns the path, or None when no picture was asked for."""
    if path is None:
        return None
    from gnomon.report import figure_of

    return str(figure_of(thing, *context, kind=kind).save(path))
