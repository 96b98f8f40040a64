"""JSON lines of Levanter's json_logger: one row for each `log` event; lines of other loggers may stand between them.

Source: stanford-crfm/levanter, tracker/json_logger.py: {tracker, event: hparams | log | summary | artifact | finish}.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gnomon.runs.importers.logs import Found, RunLog, numbers_of, refuse, settings_of
from gnomon.runs.importers.text_lines import text_lines

EXPECTED = "a log of Levanter's json_logger (lines with tracker and event)"


def read(source: str) -> Found:
    """The run in a log; it is called after its file.

    Raises:
        FileError: no line is such an event.
    """
    found = Found(source)
    run = RunLog(Path(source).stem, [], {}, str(Path(source).resolve()))
    events = 0
    lines = text_lines(source, EXPECTED)
    for number, line in enumerate(lines, start=1):
        at = line.find('{"tracker"')
        if at < 0:
            found.left_out["lines of other loggers"] += bool(line.strip())
            continue
        try:
            event = json.loads(line[at:])
        except ValueError:
            if number < len(lines):
                refuse(source, f"line {number} is not JSON", EXPECTED, code="bad-json")
            found.cut(source, f"{events} events")
            break
        events += 1
        _take(event, run, found)
    if not events:
        refuse(source, f"has {len(lines)} lines and no event", EXPECTED)
    found.runs.append(run)
    return found


def _take(event: dict[str, Any], run: RunLog, found: Found) -> None:
    """Add one event to the run. The last one repeats the last values, so only what no row has is new."""
    kind = event.get("event")
    if kind == "log":
        row = {"step": event.get("step")} if event.get("step") is not None else {}
        run.rows.append(row | numbers_of(event.get("metrics") or {}, found.left_out))
    elif kind == "hparams":
        run.config |= settings_of(event.get("hparams") or {})
    elif kind in ("summary", "finish"):
        logged = {key for row in run.rows for key in row}
        values = numbers_of(event.get("metrics") or event.get("summary") or {}, found.left_out)
        run.config |= {key: value for key, value in values.items() if key not in logged}
    else:
        found.left_out[f"{kind} events"] += 1
