"""From a specification to SVG and PNG: rendered once in light, then made small, themed and self-contained."""

from __future__ import annotations

import functools
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from importlib.resources import as_file, files
from typing import Any

from gnomon.report.frame import FONT
from gnomon.report.labels import wrap
from gnomon.report.palette import LIGHT, THEMES, token

_NS = "{http://www.w3.org/2000/svg}"
_ROLE_OF = {value: role for role, value in LIGHT.items()}
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_CIRCLE = re.compile(r"M([\d.]+),0A\1,\1,0,1,1,-\1,0A\1,\1,0,1,1,\1,0")
_MOVE = re.compile(r"translate\((-?[\d.e-]+),(-?[\d.e-]+)\)$")
_HEX = re.compile(r"#[0-9a-f]{6}\b")
_IDLE = {
    "aria-roledescription",
    "aria-hidden",
    "pointer-events",
    "class",
    "version",
    "font-family",
    "stroke-miterlimit",
}
_DEFAULTS = {("opacity", "1"), ("stroke-width", "0"), ("display", "inline"), ("stroke-dashoffset", "0")}

ElementTree.register_namespace("", _NS.strip("{}"))


def render(spec: Mapping[str, Any]) -> str:
    """The specification as plain SVG in the light theme, as Vega writes it."""
    converter = _converter()
    return str(converter.vegalite_to_svg(json.dumps(spec)))


def shrink(svg: str, *, name: str, label: str) -> str:
    """The same picture, smaller and safe to stand beside others in one page.

    Numbers are rounded to two decimals, circles written as circles, attributes without effect and fonts dropped (the
    page decides), and identifiers prefixed with `name`, because Vega counts them through the whole process.

    Args:
        svg: as Vega writes it.
        name: unique in the page.
        label: read aloud for the picture as a whole.
    """
    root = ElementTree.fromstring(svg)
    ids = {e.attrib["id"]: f"{name}-{i}" for i, e in enumerate(e for e in root.iter() if "id" in e.attrib)}
    for element in root.iter():
        _tidy(element, ids)
    _flatten(root)
    for key in ("role", "aria-label"):
        root.attrib.pop(key, None)
    root.attrib |= {"role": "graphics-document", "aria-label": label}
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)


def themed(svg: str, theme: str = "auto") -> str:
    """The light picture with its colours as `var(--role,#hex)` (auto), or as the values of one theme."""
    if theme == "light":
        return svg
    values = {r: token(r) for r in LIGHT} if theme == "auto" else dict(THEMES[theme])
    return _HEX.sub(lambda found: values[_ROLE_OF[found[0]]] if found[0] in _ROLE_OF else found[0], svg)


def framed(svg: str, finding: str, note: str, theme: str = "light") -> str:
    """A picture that stands alone: paper below, the finding above and the note under it, fonts named."""
    colours = THEMES[theme]
    inner = ElementTree.fromstring(themed(svg, theme))
    width, height = float(inner.attrib["width"]), float(inner.attrib["height"])
    margin = 16.0
    head = wrap(finding, width - 4, 15, bold=True)
    foot = wrap(note, width - 4, 11.5)
    top = margin + 20 * len(head) + 8
    total = top + height + (8 + 16 * len(foot) if foot else 0) + margin - 4
    box = {
        "width": f"{width + 2 * margin:g}",
        "height": f"{total:g}",
        "viewBox": f"0 0 {width + 2 * margin:g} {total:g}",
    }
    outer = ElementTree.Element(f"{_NS}svg", box | {"font-family": FONT, "role": "img", "aria-label": finding})
    ElementTree.SubElement(outer, f"{_NS}rect", {"width": "100%", "height": "100%", "fill": colours["paper"]})
    _paragraph(outer, head, margin, margin + 13, 20, {"font-size": "15", "font-weight": "600", "fill": colours["ink"]})
    inner.attrib |= {"x": f"{margin:g}", "y": f"{top:g}"}
    outer.append(inner)
    _paragraph(outer, foot, margin, top + height + 19, 16, {"font-size": "11.5", "fill": colours["muted"]})
    return ElementTree.tostring(outer, encoding="unicode", short_empty_elements=True)


def png(svg: str, scale: float = 2.0) -> bytes:
    """A self-contained SVG as PNG, drawn with the font of the package."""
    return bytes(_converter().svg_to_png(svg, scale=scale))


@functools.cache
def _converter() -> Any:
    """vl-convert, with the package's font registered: its own lacks superscripts and differs between machines."""
    import vl_convert

    with as_file(files("gnomon.report") / "fonts") as folder:
        vl_convert.register_font_directory(str(folder))
    return vl_convert


def _tidy(element: ElementTree.Element, ids: Mapping[str, str]) -> None:
    """Rewrite one element in place."""
    old = dict(element.attrib)
    for key in _IDLE | {k for k, v in old.items() if (k, v) in _DEFAULTS or "xlink" in k}:
        element.attrib.pop(key, None)
    if old.get("role") == "graphics-symbol" and "aria-label" in old:
        element.attrib["role"] = "img"
    elif element.tag != f"{_NS}svg":
        element.attrib.pop("role", None)
        element.attrib.pop("aria-label", None)
    for key, value in list(element.attrib.items()):
        if key == "id":
            element.attrib[key] = ids[value]
        elif value.startswith("url(#"):
            element.attrib[key] = f"url(#{ids[value[5:-1]]})"
        elif key != "aria-label":
            element.attrib[key] = _NUMBER.sub(lambda found: f"{round(float(found[0]), 2):g}", value).removesuffix("px")
    _place(element)


def _place(element: ElementTree.Element) -> None:
    """Write circles as circles, and a shift of a circle, text or line as coordinates."""
    circle = _CIRCLE.match(element.attrib.get("d", "")) if element.tag == f"{_NS}path" else None
    shift = _MOVE.match(element.attrib.get("transform", ""))
    if circle and shift and circle.end() >= len(element.attrib["d"]) - 1:
        element.tag = f"{_NS}circle"
        del element.attrib["d"], element.attrib["transform"]
        element.attrib |= {"cx": shift[1], "cy": shift[2], "r": circle[1]}
    elif shift and element.tag == f"{_NS}text" and not {"x", "y"} & element.attrib.keys():
        del element.attrib["transform"]
        element.attrib |= {"x": shift[1], "y": shift[2]}
    elif shift and float(shift[1]) == 0 and float(shift[2]) == 0:
        del element.attrib["transform"]


def _flatten(parent: ElementTree.Element) -> None:
    """Drop what paints nothing and groups that say nothing."""
    children: list[ElementTree.Element] = []
    for child in parent:
        _flatten(child)
        kind = child.tag.removeprefix(_NS)
        painted = child.attrib.keys() & {"fill", "stroke"}
        if kind == "path" and (child.attrib.get("display") == "none" or not child.attrib.get("d") or not painted):
            continue
        if kind == "g" and not len(child):
            continue
        if kind == "g" and not child.attrib:
            children.extend(child)
        else:
            children.append(child)
    parent[:] = children


def _paragraph(
    parent: ElementTree.Element, lines: list[str], x: float, y: float, leading: float, look: Mapping[str, str]
) -> None:
    for index, text in enumerate(lines):
        place = {"x": f"{x:g}", "y": f"{y + index * leading:g}"}
        ElementTree.SubElement(parent, f"{_NS}text", place | dict(look)).text = text
