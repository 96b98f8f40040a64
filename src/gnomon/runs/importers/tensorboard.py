"""TensorBoard event files: TFRecords with `Event` messages, read without TensorBoard.

A record is: length (u64), masked CRC-32C of the length (u32), data, masked CRC-32C of the data (u32). An event is:
wall_time (1), step (2), file_version (3), summary (5); a value of a summary: tag (1), simple_value (2), tensor (8),
metadata (9). Scalars of TensorFlow 2 are tensors whose plugin is `scalars`; hparams give the settings of the run.

Source: tensorflow/core/util/event.proto, framework/summary.proto and lib/io/record_writer.h; the mask is
rotate-right by 15 plus 0xA282EAD8 (lib/hash/crc32c.h).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from gnomon.runs.importers.logs import Found, RunLog, read_bytes, refuse
from gnomon.runs.importers.protobuf import Value, WireError, fields, message, parts, real, signed, text, varint

EXPECTED = "a TensorBoard event file"
CHECKED = 4096  # bytes of data whose checksum is verified: scalars are far below, pictures would take seconds in Python
_LENGTH, _CHECK = struct.Struct("<Q"), struct.Struct("<I")
_FLOAT, _DOUBLE, _INT32, _INT64 = 1, 2, 3, 9  # DataType of a tensor


def read(source: str) -> Found:
    """The scalars of an event file, one row a step; the run is called after its folder.

    Raises:
        FileError: it is empty, something else, or damaged before its end.
    """
    path = Path(source)
    data = read_bytes(path, EXPECTED)
    found = Found(source)
    rows: dict[int, dict[str, Any]] = {}
    config: dict[str, Any] = {}
    for record in _records(data, found):
        try:
            event = message(record)
            for summary in parts(event, 5):
                for value in parts(message(summary), 1):
                    _take(message(value), signed(event, 2), rows, config, found)
        except WireError as error:
            refuse(source, f"holds a record that is no event ({error})", EXPECTED, code="damaged")
    folder = path.resolve().parent
    found.runs.append(RunLog(folder.name, [rows[step] for step in sorted(rows)], config, str(folder)))
    return found


def _records(data: bytes, found: Found) -> Iterator[bytes]:
    """The whole records; one that is cut off at the end is told, not read."""
    at = count = 0
    while at < len(data):
        head = data[at : at + 12]
        if len(head) == 12 and _masked(head[:8]) != _CHECK.unpack(head[8:])[0]:
            got = f"has a damaged record at byte {at}" if at else f"begins with {data[:4]!r}"
            refuse(found.source, got, EXPECTED, code="damaged" if at else "not-a-log")
        size = _LENGTH.unpack(head[:8])[0] if len(head) == 12 else 0
        body = data[at + 12 : at + 12 + size]
        check = data[at + 12 + size : at + 16 + size]
        if len(check) < 4:
            if not count:
                refuse(found.source, f"has {len(data)} bytes and no whole record", EXPECTED, code="truncated")
            found.cut(found.source, f"{count} records")
            return
        if size <= CHECKED and _masked(body) != _CHECK.unpack(check)[0]:
            refuse(found.source, f"has a damaged record at byte {at}", EXPECTED, code="damaged")
        at += 16 + size
        count += 1
        yield body


@cache
def _table() -> tuple[int, ...]:
    """CRC-32C, the Castagnoli polynomial reflected (0x82F63B78), byte by byte."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return tuple(table)


def _masked(data: bytes) -> int:
    """The masked CRC-32C of a record."""
    table, crc = _table(), 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _take(
    value: dict[int, list[Value]], step: int, rows: dict[int, dict[str, Any]], config: dict[str, Any], found: Found
) -> None:
    """Add one value of a summary."""
    tag = text(value, 1)
    metadata = [message(part) for part in parts(value, 9)]
    plugins = [message(part) for entry in metadata for part in parts(entry, 1)]
    plugin = text(plugins[-1], 1) if plugins else ""
    if plugin == "hparams":
        for content in parts(plugins[-1], 2):
            config.update(_hparams(content))
        return
    scalar: float | None = None
    if parts(value, 2):
        scalar = real(parts(value, 2)[-1])
    elif parts(value, 8) and plugin in ("scalars", ""):
        scalar = _tensor(message(parts(value, 8)[-1]))
    if scalar is None:
        found.left_out[f"{tag} ({plugin or 'no scalar'})"] += 1
        return
    row = rows.setdefault(step, {"step": step})
    if tag in row:
        found.left_out[f"{tag} (logged again at the same step)"] += 1
    row[tag if tag != "step" else "logged.step"] = scalar


def _tensor(tensor: dict[int, list[Value]]) -> float | None:
    """The number in a tensor that holds one, else None."""
    kind = signed(tensor, 1)
    formats = {_FLOAT: ("<f", 5), _DOUBLE: ("<d", 6), _INT32: ("<i", 7), _INT64: ("<q", 10)}
    if kind not in formats:
        return None
    layout, number = formats[kind]
    size = struct.calcsize(layout)
    if content := b"".join(parts(tensor, 4)):
        return float(struct.unpack(layout, content)[0]) if len(content) == size else None
    if kind in (_INT32, _INT64):
        packed = parts(tensor, number)
        raw = varint(packed[0], 0)[0] if packed else signed(tensor, number)
        return float(raw - (1 << 64) if raw >= 1 << 63 else raw)
    packed_floats = b"".join(parts(tensor, number))
    return real(packed_floats) if len(packed_floats) == size else None


def _hparams(content: bytes) -> dict[str, Any]:
    """The settings in the hparams plugin's data: session_start_info (3), its map hparams (1) of google.protobuf.Value."""
    config: dict[str, Any] = {}
    for started in parts(message(content), 3):
        for entry in parts(message(started), 1):
            pair = message(entry)
            for number, given in fields(b"".join(parts(pair, 2))):
                if number == 2 and isinstance(given, bytes):
                    config[text(pair, 1)] = real(given)
                elif number == 3 and isinstance(given, bytes):
                    config[text(pair, 1)] = given.decode("utf-8", "replace")
                elif number == 4:
                    config[text(pair, 1)] = bool(given)
    return config
