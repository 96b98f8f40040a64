"""Checks 13 to 16: every kind of chart is valid, labelled as asked, themed, and loses no point."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gnomon.errors import InputError
from gnomon.report import svg as drawing
from gnomon.report.charts import HeldOutNumbers, ResidualNumbers, draw_contour, draw_fit, draw_held_out, draw_residuals
from gnomon.report.figure import Figure
from gnomon.report.palette import LIGHT

KINDS = (
    "fit", "held_out", "calibration", "residuals", "influence", "plateau", "allocation", "contour", "isoflop", "ladder",
    "distance", "forecast", "shape", "crossing", "profile", "next_runs",
)  # fmt: skip
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def figures(constructed: Any) -> dict[str, Figure]:
    return constructed.figures()


def test_the_kit_is_complete(figures: dict[str, Figure]) -> None:
    assert tuple(figures) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_specifications_fit_the_schema(figures: dict[str, Figure], kind: str) -> None:
    pytest.importorskip("altair", reason="altair validates the specifications")
    assert figures[kind].altair().to_dict()["layer"]


@pytest.mark.parametrize("kind", KINDS)
def test_axes_carry_every_label_asked_for(figures: dict[str, Figure], kind: str) -> None:
    spec = figures[kind].spec
    wanted = []
    for channel in ("x", "y"):
        axis = spec["encoding"][channel]["axis"]
        if axis is not None:
            wanted += json.loads(axis["labelExpr"].partition("[indexof")[0])
    drawn = []
    for group in ElementTree.fromstring(drawing.render(spec)).iter(f"{SVG}g"):
        if "role-axis-label" in group.get("class", ""):
            drawn += [text.text for text in group.iter(f"{SVG}text")]
    assert sorted(drawn) == sorted(wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_no_colour_is_left_outside_a_token(figures: dict[str, Figure], kind: str) -> None:
    svg = figures[kind].svg()
    painted = {v for key in ("fill", "stroke") for v in re.findall(rf' {key}="([^"]+)"', svg)} - {"none"}
    assert painted
    assert all(re.fullmatch(r"var\(--[a-z0-9-]+,#[0-9a-f]{6}\)", value) for value in painted), painted
    assert not re.search(r"rgba?\(|hsla?\(", svg)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_cut_off_or_unnamed(figures: dict[str, Figure], kind: str) -> None:
    """Texts start and end inside the picture by the wider of two fonts, and no number is left unrounded."""
    root = ElementTree.fromstring(figures[kind].svg())
    wide = float(root.get("width", 0))
    edges = _text_edges(root, 0.0)
    assert edges
    assert min(left for left, _ in edges) >= -1
    assert max(right for _, right in edges) <= wide + 2
    assert not re.search(r"\d\.\d{3,}", re.sub(r'aria-label="[^"]*"', "", figures[kind].svg()))


def _text_edges(element: ElementTree.Element, shift: float) -> list[tuple[float, float]]:
    from gnomon.report.labels import text_width

    moved = re.match(r"translate\((-?[\d.e-]+)", element.get("transform", ""))
    shift += float(moved[1]) if moved else 0.0
    edges = []
    if element.tag == f"{SVG}text" and element.text:
        x = shift + float(element.get("x", 0))
        wide = text_width(element.text, float(element.get("font-size", 11)), bold=element.get("font-weight") == "600")
        start = {"middle": x - wide / 2, "end": x - wide}.get(element.get("text-anchor", "start"), x)
        edges.append((start, start + wide))
    return edges + [edge for child in element for edge in _text_edges(child, shift)]


@pytest.mark.parametrize("kind", KINDS)
def test_findings_and_notes_are_sentences(figures: dict[str, Figure], kind: str) -> None:
    figure = figures[kind]
    for text in (figure.finding, figure.note):
        assert text[-1] in ".?"
        assert "  " not in text
        assert "nan" not in text
        assert "None" not in text
    assert figure.finding[0].isupper() or figure.finding[0].isdigit()
    assert figure.table.rows
    assert all(len(row) == len(figure.table.columns) for row in figure.table.rows)


@pytest.mark.parametrize("kind", KINDS)
def test_two_drawings_of_one_figure_are_the_same_bytes(construct: Any, kind: str) -> None:
    """Vega numbers its clip paths through the whole process; that must not show."""
    first, second = (construct().figures()[kind] for _ in range(2))
    assert first.svg() == second.svg()
    assert first.svg(name="f7").count("f7-") >= 0
    assert "clip" not in "".join(re.findall(r'id="([^"]+)"', first.svg()))


@pytest.mark.parametrize("count", [5, 96, 1999, 5000])
def test_points_given_are_points_drawn_or_counted(construct: Any, count: int) -> None:
    data = construct(count)
    measured = data.loss.copy()
    measured[:3] *= 2.5  # far above the window
    figure = draw_fit(replace(data.fit(), y=measured))
    dots, triangles, cells = _counted(figure)
    assert dots + triangles + cells == count
    assert triangles <= max(3, count // 50)
    assert (cells > 0) == (count > 2000)


@pytest.mark.parametrize("count", [5, 300, 5000])
def test_residuals_lose_no_point(construct: Any, count: int) -> None:
    data = construct(count)
    residual = np.log(data.loss / data.fitted)
    residual[0] = 0.4
    figure = draw_residuals(ResidualNumbers(data.flops, residual, names=data.names))
    dots, triangles, cells = _counted(figure)
    assert dots + triangles + cells == count
    assert triangles == 1
    assert "1 run above the window" in figure.note


def _counted(figure: Figure) -> tuple[int, int, int]:
    """Dots in the picture, triangles at its edge, runs that the note counts into cells."""
    said = [e.get("aria-label", "") for e in ElementTree.fromstring(figure.svg()).iter() if e.get("role") == "img"]
    edge = sum(
        int(n.replace(",", ""))
        for n in re.findall(r"([\d,]+) (?:left-out )?runs? (?:above|below|left of|right of)", figure.note)
    )
    cells = sum(int(n.replace(",", "")) for n in re.findall(r"Cells: ([\d,]+) runs", figure.note))
    marks = [s for s in said if not s.startswith("Forecast at") and not s.endswith("runs here")]
    return len(marks) - edge, edge, cells


def test_held_out_draws_few_of_very_many_and_says_so(constructed: Any) -> None:
    rng = np.random.default_rng(0)
    value = np.full(4000, 2.0)
    numbers = HeldOutNumbers(
        "law",
        np.geomspace(1e20, 1e22, 4000),
        value * np.exp(rng.normal(0, 0.01, 4000)),
        value,
        value * 0.98,
        value * 1.02,
    )
    figure = draw_held_out(numbers)
    assert re.search(r"Drawn: \d+ of 4,000 runs", figure.note)
    assert len(figure.svg()) < 120_000
    assert len(figure.table.rows) == 4000


def test_one_size_needs_no_legend(constructed: Any) -> None:
    numbers = replace(constructed.fit(), size=np.full(len(constructed.names), 1e9))
    assert "1B" not in re.findall(r">([^<]+)</text>", draw_fit(numbers).svg())


def test_a_fit_without_intervals_says_so(constructed: Any) -> None:
    from gnomon.report.charts import Curve, Target

    c = constructed.curve()
    figure = draw_fit(replace(constructed.fit(), curve=Curve(c.x, c.value), target=Target(1e23, 2.0)))
    assert "no intervals" in figure.note
    assert "no interval" in figure.finding
    assert LIGHT["band-new"] not in figure.svg()


def test_the_largest_picture_stays_small(construct: Any) -> None:
    data = construct(5000)
    assert len(draw_fit(data.fit()).svg()) < 500_000
    assert len(draw_contour(data.contour()).svg()) < 500_000


def test_figures_are_saved_by_their_suffix(
    figures: dict[str, Figure], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNOMON_CACHE", str(tmp_path / "cache"))
    figure = figures["plateau"]
    assert figure.save(tmp_path / "a.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    svg = figure.save(tmp_path / "a.svg").read_text(encoding="utf-8")
    words = " ".join(re.findall(r">([^<]+)</text>", svg))
    assert figure.finding in words
    assert figure.note in words
    assert "var(" not in svg
    assert json.loads(figure.save(tmp_path / "a.json").read_text(encoding="utf-8")) == json.loads(
        json.dumps(figure.spec)
    )
    page = figure.save(tmp_path / "a.html").read_text(encoding="utf-8")
    assert "window.vegaEmbed" in page
    assert "var(--law,#0068a8)" in page
    assert len(list((tmp_path / "cache").iterdir())) == 1
    assert len(page) < 1.2 * 1024 * 1024


def test_another_suffix_is_refused(figures: dict[str, Figure], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.pdf"):
        figures["fit"].save(tmp_path / "a.pdf")
    with pytest.raises(InputError, match="theme"):
        figures["fit"].svg("sepia")


def test_dark_is_the_same_picture_in_other_colours(figures: dict[str, Figure]) -> None:
    light, dark = figures["fit"].svg("light"), figures["fit"].svg("dark")
    assert light != dark
    assert re.sub(r"#[0-9a-f]{6}", "#", light) == re.sub(r"#[0-9a-f]{6}", "#", dark)


def test_figures_show_themselves(figures: dict[str, Figure]) -> None:
    figure = figures["fit"]
    assert repr(figure).startswith("Figure fit: At 5.76·10²³ FLOP")
    shown = figure._repr_html_()
    assert shown.startswith("<figure")
    assert "<svg" in shown
    with pytest.raises(FrozenInstanceError):
        figure.finding = "another"  # type: ignore[misc]


def test_text_from_the_data_is_escaped(constructed: Any) -> None:
    names = ["<script>alert(1)</script>" for _ in constructed.names]
    figure = draw_fit(replace(constructed.fit(), names=names))
    assert "<script>" not in figure.svg()
    assert "<script>alert" not in figure._repr_html_()
