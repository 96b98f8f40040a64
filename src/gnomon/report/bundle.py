"""The offline Vega bundle, made once for each version of vl-convert and kept in the user's cache folder."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def cache_folder() -> Path:
    """`GNOMON_CACHE`, else the folder `gnomon` under `XDG_CACHE_HOME` or `~/.cache`."""
    chosen = os.environ.get("GNOMON_CACHE")
    return Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gnomon"


def vega_bundle() -> str:
    """JavaScript module that sets `window.vegaEmbed`; needs no network, now or later.

    Making it takes about two seconds, reading it from the cache none. A cache that cannot be written is no error.
    """
    import vl_convert

    version = vl_convert.get_vega_embed_version() + "-" + vl_convert.get_vega_version()
    path = cache_folder() / f"vega-embed-{version}.js"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        kept = path.read_text(encoding="utf-8")
        if "window.vegaEmbed" in kept[-2000:]:
            return kept
    made: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".js")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(made)
        os.replace(name, path)
    return made
