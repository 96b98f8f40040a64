"""Checks 7, 8 and 12: the page says only what the document says, keeps all its parts, and is the same bytes twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from page_reader import document, read, unexplained

from gnomon.errors import FileError, InputError
from gnomon.report.page import OUTLINES, Bar, Box, BoxCell, Missing, Page, Section, Value

MakePage = Callable[..., Page]


@pytest.fixture(scope="module")
def html(make_plan_page: MakePage) -> str:
    return make_plan_page().html()


def test_every_number_in_the_box_is_in_thedocument(html: str) -> None:
    box = read(html).box.replace("H100-hours", "")
    assert re.search("73.2B", box)
    assert unexplained(box, document(html)) == []


def test_a_number_from_nowhere_is_noticed(html: str) -> None:
    """Negative control of the check above."""
    assert unexplained("Train 99.9B parameters, 12% off", document(html)) == ["99.9B", "12"]


@pytest.mark.parametrize("bare", [False, True])
def test_a_plan_has_ten_headings_in_order(make_plan_page: MakePage, bare: bool) -> None:
    assert tuple(read(make_plan_page(bare=bare).html()).headings) == OUTLINES["plan"]
    assert len(OUTLINES["plan"]) == 10


def test_a_section_without_data_keeps_its_place_and_names_the_option(make_plan_page: MakePage) -> None:
    html = make_plan_page(bare=True).html()
    assert "<b>Not planned.</b> No rule was chosen. <code>gnomon plan hyperparameters</code> gives one." in html
    assert "Nothing was held out. <code>gnomon backtest runs.csv --hold-out largest:flops:3</code>" in html


def test_headings_out_of_order_are_refused(make_plan_page: MakePage) -> None:
    page = make_plan_page()
    with pytest.raises(InputError, match="headings"):
        replace(page, sections=page.sections[::-1])
    with pytest.raises(InputError, match="headings"):
        replace(page, sections=page.sections[:-1])
    with pytest.raises(InputError, match="no kind of report"):
        replace(page, kind="poem")


def test_two_builds_are_the_same_bytes(construct: Any, make_plan_page: MakePage, html: str) -> None:
    assert make_plan_page(construct()).html() == html


def test_the_page_asks_for_nothing(html: str) -> None:
    reader = read(html)
    assert all(source.startswith(("#", "data:")) for source in reader.sources), reader.sources
    assert "default-src 'none'" in html
    assert not re.search(r"@import|url\((?!#)", html)
    assert "http" not in re.sub(r"http-equiv|http://www\.w3\.org/[\w/.]+", "", html)


def test_the_page_is_small(html: str) -> None:
    assert len(html.encode()) <= 700 * 1024
    script = (files("gnomon.report.page") / "script.js").read_text(encoding="utf-8")
    assert len(script.encode()) <= 1024


def test_identifiers_are_unique(html: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    used = set(re.findall(r"url\(#([^)]+)\)", html)) | set(re.findall(r'href="#([^"]+)"', html))
    assert used <= set(ids)


def test_text_cannot_break_out_of_the_page(make_plan_page: MakePage) -> None:
    page = make_plan_page()
    evil = "</script><script>alert(1)</script>`<b>`"
    sections = (*page.sections[:-1], Section("Provenance", (Missing(evil, evil),)))
    text = replace(page, title=evil, lead=evil, sections=sections, document=dict(page.document) | {"x": evil}).html()
    assert "<script>alert" not in text
    assert document(text)["x"] == evil
    read(text)


def test_the_interactive_page_holds_bundle_and_specifications(
    make_plan_page: MakePage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNOMON_CACHE", str(tmp_path))
    text = make_plan_page().html(interactive=True)
    assert "window.vegaEmbed" in text
    assert len(text.encode()) <= 1.8 * 1024 * 1024
    assert text.count('class="view"') == 11


def test_a_page_is_saved_or_says_why_not(make_plan_page: MakePage, tmp_path: Path) -> None:
    path = make_plan_page().save(tmp_path / "plan.html")
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    with pytest.raises(FileError, match="cannot be written"):
        make_plan_page().save(tmp_path / "missing" / "plan.html")


def test_a_bar_stays_on_its_scale() -> None:
    bar = Bar(2.0, 1.5, 9.0, 1.0, 3.0)
    assert bar.place(2.0) == 50
    assert bar.place(9.0) == 100
    assert Bar(1, 1, 1, 1, 1).place(1) == 50


def test_a_page_may_say_that_it_does_not_know(make_plan_page: MakePage) -> None:
    page = make_plan_page()
    unknown = BoxCell("Cost", (Value("unknown"),), notes=("No price was given: `--price` sets it.",))
    text = replace(page, box=Box((*page.box.cells[:2], unknown, page.box.cells[3]))).html()
    assert "<b>unknown</b>" in text
    assert "<code>--price</code>" in text
