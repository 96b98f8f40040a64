"""Checks 7, 8 and 12: the page says only what the document says, keeps all its parts, and is the same bytes twice."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from gnomon.errors import FileError, InputError
from gnomon.report import words
from gnomon.report.page import OUTLINES, Bar, Box, BoxCell, Missing, Page, Section, Value

MakePage = Callable[..., Page]


@pytest.fixture(scope="module")
def html(make_plan_page: MakePage) -> str:
    return make_plan_page().html()


class _Reader(HTMLParser):
    """Headings, text of the box, and every tag that is opened must be closed."""

    VOID = frozenset({"meta", "link", "br", "img", "input", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.headings: list[str] = []
        self.box = ""
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.sources += [v for k in ("src", "href", "xlink:href", "action") if (v := values.get(k))]
        if tag == "h2":
            self.headings.append("")
        if tag not in self.VOID:
            self.open.append((tag, values.get("class") or ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open[-1][0] == tag, (tag, self.open[-3:])
        self.open.pop()

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _ in self.open]
        if "h2" in tags and "small" not in tags:
            self.headings[-1] += data.strip()
        if ("section", "box") in self.open and "h2" not in tags:
            self.box += f" {data.strip()}"


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    assert not reader.open
    return reader


def _document(html: str) -> Any:
    found = re.search(r'<script type="application/json" id="document">(.*?)</script>', html, re.S)
    assert found
    return json.loads(found[1])


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _numbers(inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)


def _spellings(value: float) -> set[str]:
    """Every way the page may write a number of the document."""
    texts = {
        f"{value:g}",
        f"{value:.3g}",
        f"{value:.2g}",
        words.number(value, "count"),
        words.times(value),
        words.compute(value),
    }
    texts |= {f"{value:.{places}f}" for places in range(5)}
    texts |= {words.percent(value), f"{100 * value:.0f}%", words.percent(value, digits=3)}
    return {re.sub(r"[×%]", "", text) for text in texts}


def unexplained(box: str, document: Any) -> list[str]:
    """Numbers in the box that no number of the document is spelt as."""
    known = {spelling for value in _numbers(document) if math.isfinite(value) for spelling in _spellings(value)}
    written = re.findall(r"(?<![A-Za-z\d.])\d[\d,]*(?:\.\d+)?(?:·10[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)?[kMBT]?(?![A-Za-z\d])", box)
    return [text for text in written if text.replace(",", "") not in known]


def test_every_number_in_the_box_is_in_the_document(html: str) -> None:
    box = _read(html).box.replace("H100-hours", "")
    assert re.search("73.2B", box)
    assert unexplained(box, _document(html)) == []


def test_a_number_from_nowhere_is_noticed(html: str) -> None:
    """Negative control of the check above."""
    assert unexplained("Train 99.9B parameters, 12% off", _document(html)) == ["99.9B", "12"]


@pytest.mark.parametrize("bare", [False, True])
def test_a_plan_has_ten_headings_in_order(make_plan_page: MakePage, bare: bool) -> None:
    assert tuple(_read(make_plan_page(bare=bare).html()).headings) == OUTLINES["plan"]
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
    reader = _read(html)
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
    assert _document(text)["x"] == evil
    _read(text)


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
