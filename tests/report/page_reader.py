"""What a person and a machine read from a report page."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from gnomon.report import words


class Reader(HTMLParser):
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


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    assert not reader.open
    return reader


def document(html: str) -> Any:
    found = re.search(r'<script type="application/json" id="document">(.*?)</script>', html, re.S)
    assert found
    return json.loads(found[1])


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)
    elif isinstance(value, str):  # reasons of a grade are sentences
        yield from (
            float(text) / scale
            for text in re.findall(r"(?<![\w.])\d+\.?\d*(?:e[+-]?\d+)?", value)
            for scale in (1, 100)
        )


def spellings(value: float) -> set[str]:
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
    known = {spelling for value in numbers(document) if math.isfinite(value) for spelling in spellings(value)}
    written = re.findall(r"(?<![A-Za-z\d.])\d[\d,]*(?:\.\d+)?(?:·10[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)?[kMBT]?(?![A-Za-z\d])", box)
    return [text for text in written if text.replace(",", "") not in known]
