"""The `.wandb` file of a run: LevelDB's log format with protocol buffers in it, read without the package.

The file begins with 7 bytes (`:W&B`, the magic 0xBEE1, the version 0), which count as part of the first block. Then come
blocks of 32 KiB with records: CRC-32 of type and data (u32), length (u16), type (u8: 1 whole, 2 first, 3 middle, 4
last), data. A block's last bytes are zeros where no header fits. Each whole record is a `Record` message.

Source: wandb 0.31.0, wandb_internal.proto, and files it wrote; the numbers of the fields stand beside their names below.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gnomon.runs.importers.logs import Found, RunLog, numbers_of, read_bytes, refuse, settings_of
from gnomon.runs.importers.protobuf import Value, WireError, message, parts, real, signed, text

MAGIC = b":W&B\xe1\xbe\x00"
BLOCK = 32 * 1024
_HEADER = struct.Struct("<IHB")
_WHOLE, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4

# numbers of the fields of Record
_HISTORY, _SUMMARY, _CONFIG, _RUN = 2, 3, 5, 17
_LEFT = {4: "console output", 7: "system statistics", 8: "artifacts", 9: "TensorBoard records", 13: "console output"}
_LEFT |= {6: "lists of files", 10: "alerts", 24: "artifacts", 26: "environment"}

EXPECTED = "an offline run of wandb (it begins with :W&B)"


def read_offline(path: Path) -> Found:
    """The run in a `.wandb` file: one row for each call of `log`.

    Raises:
        FileError: it is empty, something else, or damaged before its end.
    """
    name = str(path)
    data = read_bytes(path, EXPECTED)
    if not data.startswith(MAGIC[: len(data)][:4]) or len(data) < len(MAGIC):
        refuse(name, f"begins with {data[:4]!r}", EXPECTED)
    found = Found(name)
    run = RunLog(path.stem, [])
    found.runs.append(run)
    summary: dict[str, Any] = {}
    for record in _records(data, found):
        try:
            _take(message(record), run, summary, found)
        except (WireError, ValueError) as error:
            refuse(name, f"holds a record that is not wandb's ({error})", EXPECTED, code="damaged")
    logged = {key for row in run.rows for key in row}
    single = numbers_of({key: value for key, value in summary.items() if key not in logged}, found.left_out)
    run.config |= {key: value for key, value in single.items() if key not in logged and not key.startswith("_")}
    if not run.rows and single:
        run.rows.append({})
    return found


def _records(data: bytes, found: Found) -> Iterator[bytes]:
    """The whole records, put together from their pieces; one that is cut off at the end is told, not read."""
    at, pieces = len(MAGIC), b""
    count = 0
    while at < len(data):
        room = BLOCK - at % BLOCK
        if room < _HEADER.size:
            at += room
            continue
        header = data[at : at + _HEADER.size]
        if not any(header):  # the rest of a file whose space was reserved and not written
            if any(data[at:]):
                refuse(found.source, f"has a hole at byte {at}", EXPECTED, code="damaged")
            break
        whole = len(header) == _HEADER.size
        check, size, kind = _HEADER.unpack(header) if whole else (0, 0, 0)
        piece = data[at + _HEADER.size : at + _HEADER.size + size]
        if not whole or len(piece) < size:
            found.cut(found.source, f"{count} records")
            return
        if kind not in (_WHOLE, _FIRST, _MIDDLE, _LAST) or zlib.crc32(piece, zlib.crc32(bytes([kind]))) != check:
            refuse(found.source, f"has a damaged record at byte {at}", EXPECTED, code="damaged")
        at += _HEADER.size + size
        pieces = piece if kind in (_WHOLE, _FIRST) else pieces + piece
        if kind in (_WHOLE, _LAST):
            count += 1
            yield pieces
            pieces = b""
    if pieces:
        found.cut(found.source, f"{count} records")


def _take(record: dict[int, list[Value]], run: RunLog, summary: dict[str, Any], found: Found) -> None:
    """Add one record to the run."""
    for history in parts(record, _HISTORY):
        fields = message(history)
        row = _items(parts(fields, 1))
        for step in parts(fields, 2):
            row.setdefault("_step", signed(message(step), 1))
        run.rows.append(numbers_of(row, found.left_out))
    for started in parts(record, _RUN):
        fields = message(started)
        run.id = text(fields, 1)
        run.name = text(fields, 8) or run.id or run.name
        for key, number in (("project", 3), ("group", 6), ("job_type", 7)):
            if text(fields, number):
                run.config[f"wandb.{key}"] = text(fields, number)
        for config in parts(fields, 4):
            run.config |= settings_of(_settings(config))
    for config in parts(record, _CONFIG):
        run.config |= settings_of(_settings(config))
    for values in parts(record, _SUMMARY):
        summary |= _items(parts(message(values), 1))
    for number in record:
        if number in _LEFT:
            found.left_out[_LEFT[number]] += 1


def _settings(config: bytes) -> dict[str, Any]:
    """The settings of a config record, without `_wandb`, which is about the client."""
    return {key: value for key, value in _items(parts(message(config), 1)).items() if not key.startswith("_wandb")}


def _items(items: list[bytes]) -> dict[str, Any]:
    """Keys and values: key (1) or nested key (2), and the value as JSON (16) or typed (3 to 8)."""
    values: dict[str, Any] = {}
    for item in items:
        fields = message(item)
        nested = [part.decode("utf-8", "replace") for part in parts(fields, 2)]
        key = text(fields, 1) or "/".join(nested)
        written = text(fields, 16) or text(fields, 8)
        if written:
            values[key] = json.loads(written)
        elif 6 in fields:
            values[key] = real(b"".join(parts(fields, 6)[-1:]))
        elif 5 in fields:
            values[key] = signed(fields, 5)
        elif 4 in fields:
            values[key] = bool(signed(fields, 4))
        elif 7 in fields:
            values[key] = text(fields, 7)
    return values
