"""How JAX is started: where compiled programs are kept and how many threads a process computes with."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

from gnomon.errors import need

CACHE = "JAX_COMPILATION_CACHE_DIR"


def load() -> Any:
    """JAX, imported on first use.

    Compiled programs are kept in the user's cache folder (`cache_folder`) unless the user chose a place; the setting
    takes effect only when JAX was not imported before. Nothing else of the process is changed.

    Raises:
        MissingExtraError: JAX is not installed.
    """
    if "jax" not in sys.modules:
        for name, value in _kept(threads=None).items():
            os.environ.setdefault(name, value)
    return need("jax", "lab", "The laboratory")


def check_installed() -> None:
    """Refuse early, without paying for the import, where JAX is missing.

    Raises:
        MissingExtraError: JAX is not installed.
    """
    if importlib.util.find_spec("jax") is None:
        need("jax", "lab", "The laboratory")


def environment(*, threads: int = 1) -> dict[str, str]:
    """Environment variables for a process that trains on the CPU with a fixed number of threads.

    The number of threads is part of a run: XLA cuts large products by it, which moves the last bits of a loss. With the
    number fixed the bits do not depend on the number of cores, and compilation may still use all of them (measured with
    jaxlib 0.10.2: bits equal on one core and on two for 1 and for 2 threads; compilation 1.8 s against 3.5 s when the
    process is pinned to one core instead). No XLA flag is set: at widths 16 to 96 each one tried was neutral or slower.

    Args:
        threads: threads of one XLA computation (default 1: many small runs side by side).
    """
    return {
        "PJRT_NPROC": str(threads),  # the name XLA reads first
        "NPROC": str(threads),  # and the older one
        "JAX_PLATFORMS": "cpu",
        "JAX_ENABLE_X64": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    } | _kept(threads)


def cache_folder() -> Path | None:
    """The user's cache folder for compiled programs (XDG_CACHE_HOME/gnomon/jax); None where it cannot be made."""
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        folder = (Path(home) if home else Path.home() / ".cache") / "gnomon" / "jax"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return folder if os.access(folder, os.W_OK) else None


def _kept(threads: int | None) -> dict[str, str]:
    """Settings of the persistent compilation cache; empty when the user made their own or no folder can be written."""
    folder = cache_folder()
    if CACHE in os.environ or folder is None:
        return {}
    return {
        CACHE: str(folder / ("any" if threads is None else f"threads-{threads}")),  # programs differ by thread count
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",  # the default skips what compiles in under a second
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
    }
