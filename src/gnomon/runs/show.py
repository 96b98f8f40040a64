"""How a table looks in a terminal and in a notebook: what is in it, from where to where, and what was left out."""

from __future__ import annotations

import html

import numpy as np

from gnomon.runs.numbers import Kind, format_number
from gnomon.runs.table import Column, Runs

SHOWN = 14  # columns; more than that is looked at with gnomon check

_KINDS: dict[str, Kind] = {
    "params": "count",
    "active_params": "count",
    "tokens": "count",
    "unique_tokens": "count",
    "planned_tokens": "count",
    "batch_tokens": "count",
    "flops": "flops",
    "loss": "loss",
}


def span_of(runs: Runs, name: str) -> str:
    """From where to where a column goes: `44.1M to 16.2B`, `3 different`, `true in 30`."""
    column, values = runs.columns[name], runs.data[name]
    if column.kind == "text":
        known = {text for text in values.tolist() if text is not None}
        return repr(next(iter(known))) if len(known) == 1 else f"{len(known)} different"
    if column.kind == "flag":
        return f"true in {int(np.nansum(values))}"
    finite = values[np.isfinite(values)]
    if not len(finite):
        return "unknown"
    kind = _KINDS.get(name, "plain")
    low, high = format_number(finite.min(), kind), format_number(finite.max(), kind)
    return low if low == high else f"{low} to {high}"


def note_of(column: Column) -> str:
    """Unit, and where the column comes from."""
    notes = [column.unit or "", column.convention or ""]
    if column.derived:
        notes.append(f"= {column.derived}")
    elif column.original:
        notes.append(f"from {column.original!r}")
    return ", ".join(note for note in notes if note)


def headline(runs: Runs) -> str:
    """`240 of 245 rows from points.csv; 5 left out: --where epoch_excluded = 0 (5)`."""
    rows = f"{len(runs)} of {runs.given} rows" if len(runs) != runs.given else f"{len(runs)} rows"
    text = f"{rows} from {runs.source}"
    if runs.removed:
        reasons = "; ".join(f"{removal.why} ({removal.count})" for removal in runs.removed)
        text += f"; left out: {reasons}"
    return text


def _lines(runs: Runs) -> list[tuple[str, str, str]]:
    return [(name, span_of(runs, name), note_of(runs.columns[name])) for name in runs.names[:SHOWN]]


def as_text(runs: Runs) -> str:
    """The table's summary, one line a column."""
    lines = _lines(runs)
    first = max((len(line[0]) for line in lines), default=0)
    second = max((len(line[1]) for line in lines), default=0)
    text = [f"Runs: {headline(runs)}"]
    text += [f"  {name:<{first}}  {span:<{second}}  {note}".rstrip() for name, span, note in lines]
    if len(runs.names) > SHOWN:
        text.append(f"  and {len(runs.names) - SHOWN} more columns")
    text += [f"  {name}: {' or '.join(found)}?" for name, found in runs.unsettled.items()]
    return "\n".join(text)


def as_html(runs: Runs) -> str:
    """The same as a small HTML table; every text from the file is escaped."""
    rows = "".join(
        "<tr>" + "".join(f"<td style='text-align:left'>{html.escape(text)}</td>" for text in line) + "</tr>"
        for line in _lines(runs)
    )
    more = f"<div>and {len(runs.names) - SHOWN} more columns</div>" if len(runs.names) > SHOWN else ""
    return f"<div><b>Runs</b>: {html.escape(headline(runs))}</div><table>{rows}</table>{more}"
