"""JSON documents: a list of objects, an object of columns, or an object around one of those."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gnomon.errors import FileError, Where
from gnomon.runs.assemble import Raw
from gnomon.runs.read.files import check_text, open_bytes
from gnomon.runs.read.jsonl_file import read_jsonl
from gnomon.runs.read.tables import from_columns, from_records

FORMS = "a list of objects or an object of equally long lists"


def read_json(path: Path, name: str) -> Raw:
    """The table in a JSON document.

    Taken are `[{"params": 7e9, ...}, ...]`, `{"params": [...], ...}`, `{"columns": [...], "data": [[...], ...]}`, an
    object with one list of objects in it, as in `{"log_history": [...]}`, an object of single values (one row), and
    JSON lines under the name .json.

    Raises:
        FileError: it is no JSON, or holds no table.
    """
    check_text(path, name, first_row=1)
    with open_bytes(path, name) as stream:
        text = stream.read().decode("utf-8-sig")
    try:
        document = json.loads(text)
    except RecursionError as error:
        raise FileError("is nested too deeply", where=Where(file=name), code="bad-json") from error
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and text.lstrip().startswith("{"):
            return read_jsonl(path, name)
        raise FileError(
            f"line {error.lineno} is not JSON: {error.msg.lower()} at column {error.colno}",
            where=Where(file=name, row=error.lineno),
            code="bad-json",
        ) from error
    return _table(document, name)


def _table(document: Any, name: str) -> Raw:
    """The table in a parsed document."""
    if isinstance(document, list):
        return from_records(document, name)
    if isinstance(document, Mapping):
        if "gnomon" in document and "kind" in document:
            raise FileError(
                f"is a gnomon document of kind {document['kind']!r}, expected a table of runs",
                where=Where(file=name),
                code="not-a-table",
            )
        columns, rows = document.get("columns"), document.get("data")
        if isinstance(columns, list) and isinstance(rows, list):
            return from_records([_record(columns, row, index, name) for index, row in enumerate(rows, start=1)], name)
        inner = [value for value in document.values() if _is_records(value)]
        if len(inner) == 1:
            return from_records(inner[0], name)
        if document and all(isinstance(values, list) for values in document.values()):
            return from_columns(document, name)
        if any(isinstance(value, int | float) for value in document.values()):
            return from_records([document], name)  # the summary of one run
    kinds = {dict: "an object", str: "a text", bool: "true or false", type(None): "null"}
    found = kinds.get(type(document), "a number")
    raise FileError(f"holds {found}, expected {FORMS}", where=Where(file=name), code="not-a-table")


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _record(columns: list[Any], row: Any, index: int, name: str) -> dict[str, Any]:
    if not isinstance(row, list) or len(row) != len(columns):
        got = f"{len(row)} cells" if isinstance(row, list) else repr(row)[:40]
        raise FileError(
            f"holds {got}, expected a list of {len(columns)} cells",
            where=Where(file=name, row=index),
            code="ragged-row",
        )
    return dict(zip(map(str, columns), row, strict=True))
