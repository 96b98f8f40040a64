"""Write the reference pages of the laws from the catalogue: `python docs/laws/generate.py [FOLDER]`.

One page a law, a picture where one axis shows it, and an index by group. A second run writes the same bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gnomon.laws import catalogue, group
from gnomon.laws.catalogue import GROUPS, OWN_GROUP
from gnomon.report.charts import draw_shape
from gnomon.report.live.shape import shape_numbers
from gnomon.report.svg import framed
from gnomon.reproductions import reproductions

HERE = Path(__file__).parent


def pages(*, pictures: bool = True) -> Iterator[tuple[str, str]]:
    """Name and text of every file."""
    known = catalogue()
    for name, law in known.items():
        picture = _picture(law) if pictures else None
        if picture is not None:
            yield f"{name}.svg", picture
        yield f"{name}.md", page(law)
    yield "README.md", index(known)


def _picture(law: Any) -> str | None:
    numbers = shape_numbers(law)
    return None if numbers is None else framed(draw_shape(numbers).svg("light"), "", "", "light") + "\n"


def page(law: Any) -> str:
    """The page of a law."""
    told = law.to_dict()
    numbers = shape_numbers(law)
    lines = [
        f"# {law.id}",
        "",
        told["question"],
        "",
        "```text",
        told["formula"],
        "```",
        "",
        f"$$ {told['latex']} $$",
        "",
    ]
    if numbers is not None:
        finding = draw_shape(numbers).finding
        lines += [f"![{finding}]({law.id}.svg)", "", f"{finding} Values: {numbers.constants}.", ""]
    lines += [f"**Inputs**: {', '.join(f'`{c}`' for c in told['inputs'])}. **Gives**: `{told['output']}`.", ""]
    lines += [f"**Holds.** {told['holds']}", "", f"**Misleads.** {told['misleads']}", ""]
    lines += ["| parameter | meaning | unit |", "| --- | --- | --- |"]
    lines += [f"| `{p['name']}` | {_cell(p['meaning'])} | {_unit(p['units'])} |" for p in told["parameters"]]
    lines += ["", *_constants(told["constants"])]
    uses = [r for r in reproductions() if law.id in r.laws]
    if uses:
        lines += ["**Held to public data by** " + ", ".join(f"`gnomon reproduce {r.name}`" for r in uses) + ".", ""]
    lines += [f"Source: {told['source']}.", ""]
    if told.get("bibtex"):
        lines += ["```bibtex", told["bibtex"], "```", ""]
    return "\n".join(lines)


def _constants(constants: list[dict[str, Any]]) -> list[str]:
    if not constants:
        return ["No constants of it are published that could be checked.", ""]
    lines = ["| published as | values | source |", "| --- | --- | --- |"]
    for c in constants:
        values = ", ".join(f"{k} = {'open' if v is None else format(v, '.6g')}" for k, v in c["values"].items())
        note = f" {c['note']}" if c.get("note") else ""
        lines.append(f"| `{c['name']}` | {values} | {_cell(c['source'] + '.' + note)} |")
    return [*lines, ""]


def _unit(units: dict[str, Any]) -> str:
    parts = [column if power == 1 else f"{column}^{power}" for column, power in units.items()]
    return " · ".join(f"`{part}`" for part in parts) or "–"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def index(known: dict[str, Any]) -> str:
    """The list of all pages, by group."""
    lines = [
        "# The laws", "",
        f"{len(known)} laws, written by `python docs/laws/generate.py` from the catalogue. `gnomon laws NAME` says the same in a terminal;",
        "[how to choose a law](../how-to-choose.md) is one page.", "",
    ]  # fmt: skip
    for title in (*GROUPS, OWN_GROUP):
        members = [name for name in known if group(name) == title]
        if not members:
            continue
        lines += [f"## {title}", "", "| law | question |", "| --- | --- |"]
        lines += [f"| [{name}]({name}.md) | {_cell(known[name].question)} |" for name in members]
        lines += [""]
    return "\n".join(lines)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    written = set()
    for name, text in pages():
        (folder / name).write_text(text, encoding="utf-8")
        written.add(name)
    for old in sorted(p for p in folder.iterdir() if p.suffix in (".md", ".svg") and p.name not in written):
        old.unlink()
    print(f"{len(written)} files in {folder}")
