"""A figure: the picture, the sentence it states, how to read it, and the numbers behind it."""

from __future__ import annotations

import functools
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnomon.errors import FileError, InputError, need
from gnomon.report import svg as drawing
from gnomon.report.bundle import vega_bundle
from gnomon.report.palette import THEMES, css
from gnomon.report.words import number

FORMATS = (".svg", ".png", ".html", ".json")


@dataclass(frozen=True)
class Numbers:
    """The numbers of a figure: named columns with the way they are spelt, and rows."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[float | str | None, ...], ...]

    def spelt(self, most: int | None = None) -> list[list[str]]:
        """The first `most` rows as text."""
        kinds = [kind for _, kind in self.columns]
        return [[_cell(v, k) for v, k in zip(row, kinds, strict=True)] for row in self.rows[:most]]


@dataclass(frozen=True)
class Figure:
    """What a chart function returns.

    Attributes:
        kind: the chart, e.g. `fit`.
        spec: Vega-Lite specification, a plain dictionary, in the light theme.
        finding: the title: a sentence computed from the data.
        note: the caption: how to read the picture, what was left out of it.
        table: the numbers drawn.
    """

    kind: str
    spec: Mapping[str, Any]
    finding: str
    note: str
    table: Numbers

    def svg(self, theme: str = "auto", *, name: str | None = None) -> str:
        """The picture without words, to stand in a page.

        Args:
            theme: `auto` writes every colour as `var(--role,#hex)`, so that the page's theme decides; `light`, `dark`.
            name: prefix of identifiers, unique in the page; default the kind.
        """
        if theme != "auto" and theme not in THEMES:
            raise InputError(f"theme {theme!r} is not known", hint="Choose auto, light or dark.")
        shrunk = drawing.shrink(self._drawn, name=name or self.kind, label=self.finding)
        return drawing.themed(shrunk, theme)

    def png(self, scale: float = 2.0, *, theme: str = "light", words: bool = True) -> bytes:
        """The picture as PNG at `scale` times its size, with finding and note unless `words` is off."""
        note = self.note if words else ""
        return drawing.png(drawing.framed(self.svg("light"), self.finding if words else "", note, theme), scale)

    def html(self) -> str:
        """One page that draws the picture with tooltips and needs no network."""
        spec = drawing.themed(json.dumps(self.spec, ensure_ascii=False), "auto").replace("</", "<\\/")
        return _PAGE.format(
            title=html.escape(self.finding),
            note=html.escape(self.note),
            light=css("light"),
            dark=css("dark"),
            spec=spec,
            bundle=vega_bundle().replace("</script", "<\\/script"),
        )

    def save(self, path: str | Path, *, theme: str = "light") -> Path:
        """Write the figure as its suffix says: .svg, .png, .html (interactive, offline) or .json (the specification).

        Raises:
            InputError: another suffix.
            FileError: the file cannot be written.
        """
        path = Path(path)
        if path.suffix.lower() not in FORMATS:
            raise InputError(
                f"cannot write a figure as {path.suffix or path.name!r}", hint=f"Use {', '.join(FORMATS)}."
            )
        if path.suffix.lower() == ".png":
            content = self.png(theme=theme)
        elif path.suffix.lower() == ".svg":
            content = drawing.framed(self.svg("light"), self.finding, self.note, theme).encode()
        elif path.suffix.lower() == ".html":
            content = self.html().encode()
        else:
            content = (json.dumps(self.spec, ensure_ascii=False, indent=1) + "\n").encode()
        try:
            path.write_bytes(content)
        except OSError as error:
            raise FileError(f"{path} cannot be written: {error.strerror}", hint="Choose another folder.") from error
        return path

    def altair(self) -> Any:
        """The figure as an altair chart (needs `gnomon[notebook]`)."""
        return need("altair", "notebook", "Figure.altair").LayerChart.from_dict(dict(self.spec))

    def __repr__(self) -> str:
        return f"Figure {self.kind}: {self.finding}"

    def _repr_html_(self) -> str:
        """In a notebook: the finding, the picture and the note on a light card."""
        style = (
            f"{css('light')}background:var(--paper);color:var(--ink);padding:12px 16px;max-width:44em;border-radius:6px"
        )
        return (
            f'<figure style="{style};font:13px/1.5 Inter,system-ui,sans-serif;margin:0">'
            f"<b>{html.escape(self.finding)}</b>{self.svg()}"
            f'<figcaption style="color:var(--muted)">{html.escape(self.note)}</figcaption></figure>'
        )

    @functools.cached_property
    def _drawn(self) -> str:
        """As Vega writes it; drawn once."""
        return drawing.render(self.spec)


def _cell(value: float | str | None, kind: str) -> str:
    return value if isinstance(value, str) else number(value, kind)


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none';style-src 'unsafe-inline';script-src 'unsafe-inline';img-src data:">
<title>{title}</title><link rel="icon" href="data:,">
<style>:root{{{light}color-scheme:light dark}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}
body{{margin:2rem auto;padding:0 1rem;width:fit-content;max-width:calc(100% - 2rem);
background:var(--paper);color:var(--ink);
font:16px/1.5 Inter,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}}
h1{{font-size:1.1rem;max-width:44rem}}p{{color:var(--muted);font-size:13px;max-width:44rem}}
#figure{{overflow-x:auto}}#vg-tooltip-element{{font:12px/1.4 inherit}}</style>
<h1>{title}</h1><div id="figure"></div><p>{note}</p>
<script type="application/json" id="spec">{spec}</script>
<script type="module">{bundle}
vegaEmbed("#figure",JSON.parse(document.getElementById("spec").textContent),{{ast:true,renderer:"svg",actions:false}});
</script></html>
"""
