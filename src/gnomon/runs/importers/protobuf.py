"""The wire format of protocol buffers: numbered fields, without the schema and without the library.

Two formats are read with it, wandb's and TensorBoard's, a dozen fields in all. The wire format has been fixed since
2008, while the libraries that bring the schemas weigh 80 and 130 MB and tie the protobuf version of the environment.

Source: Protocol Buffers documentation, "Encoding": a field is a varint key (number << 3 | type) and its value.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types; 3 and 4 are the groups of proto1, which nothing writes
_LONGEST = 10  # bytes of a varint: 64 bits, seven a byte

Value = int | bytes


class WireError(ValueError):
    """The bytes are no protocol buffer."""


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A variable-length integer and the place behind it.

    Raises:
        WireError: it does not end within the data, or has more than 64 bits.
    """
    value = shift = 0
    for index in range(at, min(len(data), at + _LONGEST)):
        value |= (data[index] & 0x7F) << shift
        if data[index] < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, index + 1
        shift += 7
    raise WireError(f"a number at byte {at} does not end")


def fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Number and value of every field: int for varints, raw bytes for everything else.

    Raises:
        WireError: a field reaches beyond the end, or has no known type.
    """
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if not number:
            raise WireError(f"a field before byte {at} has the number 0")
        if kind == VARINT:
            value, at = varint(data, at)
            yield number, value
            continue
        if kind == BYTES:
            size, at = varint(data, at)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
        else:
            raise WireError(f"a field before byte {at} has the wire type {kind}")
        if at + size > len(data):
            raise WireError(f"a field of {size} bytes at byte {at} reaches beyond the end")
        yield number, data[at : at + size]
        at += size


def message(data: bytes) -> dict[int, list[Value]]:
    """All fields of a message, by number, in order.

    Raises:
        WireError: as `fields`.
    """
    found: dict[int, list[Value]] = {}
    for number, value in fields(data):
        found.setdefault(number, []).append(value)
    return found


def parts(fields_of: dict[int, list[Value]], number: int) -> list[bytes]:
    """The values of a field that holds texts or messages."""
    return [value for value in fields_of.get(number, ()) if isinstance(value, bytes)]


def text(fields_of: dict[int, list[Value]], number: int) -> str:
    """The last value of a text field, empty where there is none."""
    found = parts(fields_of, number)
    return found[-1].decode("utf-8", "replace") if found else ""


def signed(fields_of: dict[int, list[Value]], number: int) -> int:
    """The last value of an int64 field, 0 where there is none, as the format says."""
    found = [value for value in fields_of.get(number, ()) if isinstance(value, int)]
    value = found[-1] if found else 0
    return value - (1 << 64) if value >= 1 << 63 else value


def real(data: bytes) -> float:
    """A float or double, by its length.

    Raises:
        WireError: it is neither.
    """
    if len(data) not in (4, 8):
        raise WireError(f"a number of {len(data)} bytes, expected 4 or 8")
    value: float = struct.unpack("<f" if len(data) == 4 else "<d", data)[0]
    return value
