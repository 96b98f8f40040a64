"""The catalogue of studies: complete, listed without JAX, every member under contract."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import gnomon.studies.entries
from gnomon.studies.catalogue import STUDIES, studies, study
from gnomon.testing.studies import check_study

FOLDER = Path(gnomon.studies.entries.__file__).parent
OTHERS = {"quickstart"}  # a command of its own, with no claims to judge


def test_every_entry_is_in_the_catalogue() -> None:
    entries = {p.stem for p in FOLDER.iterdir() if not p.name.startswith("_")} - OTHERS
    assert entries == {module.rpartition(".")[2] for module in STUDIES.values()}


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_keeps_the_contract(name: str) -> None:
    assert study(name).name == name
    check_study(study(name))


def test_listing_loads_nothing_heavy() -> None:
    code = (
        "import sys; from gnomon.studies.catalogue import studies; studies();"
        "print([m for m in ('jax', 'scipy', 'sklearn', 'duckdb', 'vl_convert') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_studies_come_by_name() -> None:
    assert [s.name for s in studies()] == sorted(STUDIES)


def test_no_study_imports_another() -> None:
    for path in FOLDER.rglob("*.py"):
        own = path.relative_to(FOLDER).parts[0].removesuffix(".py")
        text = path.read_text(encoding="utf-8")
        for other in {p.stem for p in FOLDER.iterdir()} - {own}:
            assert f"studies.entries.{other}" not in text, f"{path.name} imports {other}"
