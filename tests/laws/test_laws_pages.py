"""The reference pages are those the catalogue gives."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gnomon.laws import CATALOGUE, law
from gnomon.report.charts import draw_shape
from gnomon.report.live.shape import shape_numbers

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "laws"


@pytest.fixture(scope="module")
def generate() -> Any:
    spec = importlib.util.spec_from_file_location("generate_law_pages", FOLDER / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_what_the_catalogue_gives(generate: Any) -> None:
    """`python docs/laws/generate.py` writes them anew."""
    expected = dict(generate.pages(pictures=False))
    there = {p.name: p.read_text(encoding="utf-8") for p in FOLDER.glob("*.md")}
    assert set(there) == set(expected) == {"README.md", *(f"{name}.md" for name in CATALOGUE)}
    stale = [name for name in expected if there[name] != expected[name]]
    assert stale == []


def test_every_picture_a_page_shows_is_there() -> None:
    for page in FOLDER.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert (f"]({page.stem}.svg)" in text) == (FOLDER / f"{page.stem}.svg").exists()


def test_a_picture_shows_what_its_finding_says() -> None:
    numbers = shape_numbers(law("chinchilla"))
    assert numbers is not None
    assert (np.diff(numbers.curves, axis=1) < 0).all()
    assert draw_shape(numbers).finding.startswith("Loss of chinchilla falls from ")
    rising = shape_numbers(law("optimal_params"))
    assert rising is not None
    assert " rises from " in draw_shape(rising).finding


@pytest.mark.parametrize("name", ["mpl", "mixing_exp(2)", "obs_law"])
def test_what_no_single_axis_shows_has_no_picture(name: str) -> None:
    assert shape_numbers(law(name.replace("(2)", ""))) is None
