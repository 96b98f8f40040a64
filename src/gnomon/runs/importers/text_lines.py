"""Logs of text, line by line."""

from __future__ import annotations

from pathlib import Path

from gnomon.runs.importers.logs import refuse


def text_lines(source: str, expected: str) -> list[str]:
    """The lines of a UTF-8 file, with their line ends: one without is not whole.

    Raises:
        FileError: it is empty or no text.
    """
    from gnomon.runs.read.files import check_text, open_bytes

    path = Path(source)
    with open_bytes(path, source) as stream:
        if not stream.read(1):
            refuse(source, "is empty", expected, code="empty")
    check_text(path, source, first_row=1)
    with open_bytes(path, source) as stream:
        return stream.read().decode("utf-8-sig").splitlines(keepends=True)
