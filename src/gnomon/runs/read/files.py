"""What every reader does first: open the file, see that it is text, and say what it is when it is not."""

from __future__ import annotations

import codecs
import gzip
from pathlib import Path
from typing import BinaryIO, cast

from gnomon.errors import FileError, Where

_BLOCK = 1 << 20
_MAGIC = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\x1f\x8b": "gzip-compressed",
    b"\x28\xb5\x2f\xfd": "zstd-compressed",
    b"\x89PNG": "a PNG image",
    b"%PDF": "a PDF",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "an SQLite database",
    b"ARROW1": "an Arrow file",
    b"\x80\x04\x95": "a Python pickle",
    b"\x80\x05\x95": "a Python pickle",
}


def open_bytes(path: Path, name: str) -> BinaryIO:
    """The file as a binary stream, decompressed if it ends in .gz.

    Raises:
        FileError: it cannot be opened.
    """
    try:
        stream = gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # noqa: SIM115 the caller closes it
        stream.read(1)
        stream.seek(0)
    except PermissionError as error:
        raise FileError("no permission to read it", where=Where(file=name), code="no-permission") from error
    except FileNotFoundError as error:
        raise FileError("there is no such file", where=Where(file=name), code="no-file") from error
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileError(f"cannot be read: {reason}", where=Where(file=name)) from error
    return cast(BinaryIO, stream)


def check_text(path: Path, name: str, first_row: int) -> int:
    """See that a file is UTF-8 text and not empty.

    Args:
        path: the file.
        name: what messages call it.
        first_row: number of the row on the first line: 0 for a header, 1 for data.

    Returns:
        How many lines it has.

    Raises:
        FileError: it is empty, binary, or in another encoding; the first wrong byte is named by its row.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    read = lines = 0
    end = b""
    with open_bytes(path, name) as stream:
        try:
            while block := stream.read(_BLOCK):
                if not read:
                    _refuse_binary(block, name)
                if b"\0" in block:
                    raise FileError("holds zero bytes, so it is not text", where=Where(file=name), code="binary")
                if not block.isascii() or decoder.getstate()[0]:
                    decoder.decode(block)
                read += len(block) if read or not block.isspace() else 0
                lines += block.count(b"\n")
                end = block[-1:]
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            row = first_row + lines + error.object[: error.start].count(b"\n")
            raise FileError(
                f"byte 0x{error.object[error.start]:02x} is not UTF-8 text",
                hint="The file looks like Latin-1 or Windows-1252: save it as UTF-8.",
                where=Where(file=name, row=row or None),
                code="encoding",
            ) from error
        except (OSError, EOFError) as error:
            raise FileError(f"is damaged: {error}", where=Where(file=name)) from error
    if not read:
        raise FileError("is empty", where=Where(file=name), code="empty")
    return lines + (end != b"\n")


def _refuse_binary(head: bytes, name: str) -> None:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileError(
            "is UTF-16 text, expected UTF-8", hint="Save it as UTF-8.", where=Where(file=name), code="encoding"
        )
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            raise FileError(
                f"is {what}, expected text",
                hint="Give it its own suffix, or export a CSV.",
                where=Where(file=name),
                code="binary",
            )
