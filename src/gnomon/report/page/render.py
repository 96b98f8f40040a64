"""One offline HTML file from the parts of a report: no request, no library, and less than a kilobyte of script."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from gnomon.errors import FileError, InputError
from gnomon.report.bundle import vega_bundle
from gnomon.report.figure import Figure
from gnomon.report.page.document import OUTLINES, Box, Section
from gnomon.report.palette import css
from gnomon.report.svg import themed

MOST_NUMBERS = 300
"""At most this many rows of a figure's numbers stand in the page."""

_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Page:
    """A report.

    Attributes:
        kind: `plan`, `fit`, `forecast`, `compare` or `quickstart`; decides the headings.
        title: what was asked.
        lead: from what it is answered.
        box: the answer in four cells.
        sections: the rest, in the fixed order of the kind.
        document: what `--json` prints; every number of the page comes from it.
        summary: a few lines of text to paste elsewhere.
    """

    kind: str
    title: str
    lead: str
    box: Box
    sections: tuple[Section, ...]
    document: Mapping[str, Any]
    summary: str = ""

    def __post_init__(self) -> None:
        if self.kind not in OUTLINES:
            raise InputError(f"{self.kind!r} is no kind of report", hint=f"Use one of {', '.join(OUTLINES)}.")
        wanted = OUTLINES[self.kind]
        given = (self.box.title, *(section.title for section in self.sections))
        if given != wanted:
            raise InputError(f"a {self.kind} report has the headings {', '.join(wanted)}, not {', '.join(given)}")

    def html(self, *, interactive: bool = False) -> str:
        """The page; `interactive` has Vega draw the charts in the browser, from their specifications (1 MiB more)."""
        drawn = _Drawer(interactive)
        context = {
            "page": self,
            "draw": drawn,
            "style": _file("style.css").replace("/*light*/", css("light")).replace("/*dark*/", css("dark")),
            "script": _file("script.js").strip(),
            "document": json.dumps(self.document, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c"),
            "bundle": vega_bundle().replace("</script", "<\\/script") if interactive else "",
            "interactive": interactive,
        }
        text: str = _environment().get_template("page.html.j2").render(context)
        return re.sub(r"\n\s*\n+", "\n", text)

    def save(self, path: str | Path, *, interactive: bool = False) -> Path:
        """Write the page.

        Raises:
            FileError: the file cannot be written.
        """
        path = Path(path)
        try:
            path.write_text(self.html(interactive=interactive), encoding="utf-8")
        except OSError as error:
            raise FileError(f"{path} cannot be written: {error.strerror}", hint="Choose another folder.") from error
        return path

    def __repr__(self) -> str:
        return f"Page {self.kind}: {self.title}"


class _Drawer:
    """Draws the figures of one page, each with a name of its own, so that no two share an identifier."""

    def __init__(self, interactive: bool) -> None:
        self.count = 0
        self.interactive = interactive

    def __call__(self, figure: Figure) -> Any:
        from markupsafe import Markup

        self.count += 1
        drawn = figure.svg("auto", name=f"f{self.count}")
        if self.interactive:
            spec = themed(json.dumps(figure.spec, ensure_ascii=False), "auto").replace("<", "\\u003c")
            drawn = f'<div class="view">{drawn}<script type="application/json">{spec}</script></div>'
        return Markup(drawn)


def marked(text: str) -> Any:
    """Escaped text with `code` between backticks."""
    from markupsafe import Markup, escape

    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def _numbers(figure: Figure) -> tuple[list[list[str]], int]:
    """Rows of a figure's numbers as text, and how many more there are."""
    return figure.table.spelt(MOST_NUMBERS), max(0, len(figure.table.rows) - MOST_NUMBERS)


@functools.cache
def _environment() -> Any:
    import jinja2

    def load(name: str) -> str:
        return _file(f"templates/{name}")

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(load),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["marked"] = marked
    environment.filters["numbers"] = _numbers
    return environment


@functools.cache
def _file(name: str) -> str:
    return (files("gnomon.report.page") / name).read_text(encoding="utf-8")
