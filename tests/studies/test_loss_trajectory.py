"""The trajectory study: its smoke run, and its judge on curves whose truth is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from gnomon.studies.entries.loss_trajectory import STUDY
from gnomon.testing.studies import check_smoke, check_study


def test_what_is_declared() -> None:
    check_study(STUDY)


@pytest.mark.slow
def test_smoke(tmp_path: Path) -> None:
    check_smoke(STUDY, str(tmp_path / "store.gnomon"))
