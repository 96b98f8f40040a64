"""Weights & Biases: what is offline is read without the package; what is on its server needs package and key."""

from __future__ import annotations

import re
from pathlib import Path

from gnomon.runs.importers.logs import Found, refuse

EXPECTED = "a .wandb file, a CSV exported from the web page, or ENTITY/PROJECT or ENTITY/PROJECT/RUN"


def read(source: str) -> Found:
    """The runs in an offline file, an export, or on the server.

    Raises:
        FileError: it is none of them.
        MissingExtraError: the server is asked for and the package `wandb` is not installed.
    """
    path = Path(source)
    if path.suffix == ".wandb":
        from gnomon.runs.importers.wandb_offline import read_offline

        return read_offline(path)
    if path.suffix == ".csv":
        from gnomon.runs.importers.table import read as read_table

        return read_table(source)
    if not path.exists() and re.fullmatch(r"[\w.-]+/[\w.-]+(/[\w.-]+)?", source):
        from gnomon.runs.importers.wandb_server import read_server

        return read_server(source)
    return refuse(source, f"got the suffix {path.suffix!r}", EXPECTED)
