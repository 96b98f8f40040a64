"""JSON lines: one object a line. Nested objects become columns with dotted names."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

from gnomon.errors import FileError, Where
from gnomon.runs.assemble import Raw
from gnomon.runs.match import text_columns
from gnomon.runs.read.engine import connect, engine_error, fetch, literal
from gnomon.runs.read.files import check_text, open_bytes

DEPTH = 3  # levels of objects that become columns; what lies deeper stays JSON text
LONGEST_LINE = 64 << 20  # bytes

Keys = tuple[str, ...]


def read_jsonl(path: Path, name: str) -> Raw:
    """The table in a file of JSON lines; a key that a line lacks is unknown there.

    Raises:
        FileError: a line is no JSON object; the first is named.
    """
    check_text(path, name, first_row=1)
    with connect() as connection:
        try:
            lines = f"read_ndjson_objects(?, maximum_object_size={LONGEST_LINE})"
            connection.execute(f"CREATE TEMP TABLE lines AS SELECT json AS j FROM {lines}", [literal(path)])
            kinds = {kind for (kind,) in connection.execute("SELECT DISTINCT json_type(j) FROM lines").fetchall()}
        except engine_error() as error:
            raise _wrong_line(path, name) from error
        if kinds != {"OBJECT"}:
            raise _wrong_line(path, name)
        found = _columns(connection, name, ())
        if not found:
            raise FileError("holds objects without keys", where=Where(file=name), code="no-columns")
        names = tuple(".".join(keys) for keys in found)
        pointers = [_pointer(keys) for keys in found]
        connection.execute("CREATE TEMP TABLE cells AS SELECT json_extract_string(j, ?) AS c FROM lines", [pointers])
        cells = [f"c[{i}]" for i in range(1, len(found) + 1)]
        whole = ", ".join(f"count({cell}) = count(try_cast({cell} AS DOUBLE)) AND count({cell}) > 0" for cell in cells)
        casts = connection.execute(f"SELECT {whole} FROM cells").fetchall()[0]
        texts = text_columns(names)
        numeric = [cast and column not in texts for cast, column in zip(casts, names, strict=True)]
        return Raw(names, tuple(fetch(connection, "cells", cells, numeric)), name)


def _columns(connection: Any, name: str, above: Keys) -> list[Keys]:
    """Paths of the columns below a key, in order of first appearance; objects are opened."""
    at = ", ?" if above else ""
    query = f"SELECT json_keys(j{at}) AS k, min(rowid) AS r FROM lines GROUP BY k HAVING len(k) > 0 ORDER BY r"
    lists = connection.execute(query, [_pointer(above)] if above else []).fetchall()
    for keys, row in lists:
        double = next((key for key in keys if keys.count(key) > 1), None)
        if double is not None:
            where = Where(file=name, row=row + 1, column=double)
            raise FileError(f"the object has {double!r} twice", where=where, code="duplicate-header")
    paths = [(*above, key) for key in dict.fromkeys(itertools.chain.from_iterable(keys for keys, _ in lists))]
    if not paths:
        return []
    query = "SELECT DISTINCT json_type(j, ?) FROM lines"
    kinds = connection.execute(query, [[_pointer(path) for path in paths]]).fetchall()
    columns: list[Keys] = []
    for index, path in enumerate(paths):
        if {row[0][index] for row in kinds} - {None, "NULL"} == {"OBJECT"} and len(path) < DEPTH:
            columns += _columns(connection, name, path)
        else:
            columns.append(path)
    return columns


def _pointer(keys: Keys) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)


def _wrong_line(path: Path, name: str) -> FileError:
    """The message for the first line that is no JSON object."""
    with open_bytes(path, name) as stream:
        for number, line in enumerate(stream, start=1):
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            if not text:
                continue
            try:
                value = json.loads(text)
            except (ValueError, RecursionError) as error:
                said = str(error).split(": line")[0].lower()
                shown = text if len(text) <= 40 else f"{text[:37]}..."
                return FileError(
                    f"line {number} is not JSON: {said} in {shown!r}",
                    hint="Each line must hold one whole JSON object.",
                    where=Where(file=name, row=number),
                    code="bad-json",
                )
            if not isinstance(value, dict):
                return FileError(
                    f'line {number} holds {_kind(value)}, expected an object like {{"params": 7e9, "loss": 2.1}}',
                    where=Where(file=name, row=number),
                    code="bad-json",
                )
    return FileError("cannot be read as JSON lines", where=Where(file=name), code="bad-json")


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
