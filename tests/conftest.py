"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def public_data() -> Callable[[str], Path]:
    """Path of a public data file under GNOMON_DATA (default ../shared/data); skips where it is missing."""
    folder = Path(os.environ.get("GNOMON_DATA", ROOT.parent / "shared" / "data"))

    def find(relative: str) -> Path:
        path = folder / relative
        if not path.exists():
            pytest.skip(f"public data {relative} not found; set GNOMON_DATA to its folder")
        return path

    return find
