"""How a command answers: one JSON document, or a page for a person. Both come from the same numbers."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

from gnomon.cli.terminal.look import Look
from gnomon.cli.terminal.page import Page


def answer(document: Mapping[str, Any], draw: Callable[[Page], None], *, as_json: bool) -> None:
    """Write the answer to stdout.

    Args:
        document: what `--json` prints; `gnomon` and `warnings` are added where they are missing.
        draw: adds the answer to a page.
        as_json: write the document instead of the page.
    """
    if as_json:
        sys.stdout.write(document_text(document) + "\n")
        return
    page = Page(Look.of(sys.stdout))
    draw(page)
    sys.stdout.write(f"{page}\n")


def document_text(document: Mapping[str, Any]) -> str:
    """A document as JSON text, with the version and an empty list of warnings where it has none."""
    from gnomon.version import __version__

    whole = {"gnomon": __version__, **document}
    whole.setdefault("warnings", [])
    return json.dumps(plain(whole), indent=1, allow_nan=False)


def plain(value: Any) -> Any:
    """JSON-ready: arrays become lists, numbers of numpy Python's, non-finite numbers null, paths text."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if isinstance(value, PurePath):
        return str(value)
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if value - value == 0 else None
    return value
