"""JSON files that hold one object, as trainers and harnesses write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gnomon.errors import FileError, Where
from gnomon.runs.importers.logs import refuse


def json_object(source: str, expected: str) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        FileError: it is empty, no JSON, or holds something else.
    """
    from gnomon.runs.read.files import check_text, open_bytes

    path = Path(source)
    with open_bytes(path, source) as stream:
        if not stream.read(1):
            refuse(source, "is empty", expected, code="empty")
    check_text(path, source, first_row=1)
    with open_bytes(path, source) as stream:
        raw = stream.read().decode("utf-8-sig")
    try:
        document = json.loads(raw)
    except json.JSONDecodeError as error:
        where = Where(file=source, row=error.lineno)
        raise FileError(
            f"is not JSON ({error.msg.lower()}), expected {expected}", where=where, code="bad-json"
        ) from error
    except RecursionError as error:
        raise FileError(
            f"is nested too deeply, expected {expected}", where=Where(file=source), code="bad-json"
        ) from error
    if not isinstance(document, dict):
        refuse(source, f"holds {str(document)[:40]}", expected)
    return document
