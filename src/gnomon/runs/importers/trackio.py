"""trackio: one SQLite file a project, with the metrics of each call of `log` as JSON.

Source: trackio 0.43.0, sqlite_storage.py: metrics(run_id, run_name, step, metrics), configs(run_id, run_name, config);
databases of earlier versions have no run_id.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from gnomon.runs.importers.logs import Found, RunLog, numbers_of, refuse, settings_of
from gnomon.runs.importers.sqlite import opened_database

EXPECTED = "the database of a trackio project (tables metrics and configs)"


def read(source: str) -> Found:
    """The runs of a project, one row for each call of `log`.

    Raises:
        FileError: it is no database of trackio.
    """
    found = Found(source)
    runs: dict[str, RunLog] = {}
    with opened_database(Path(source), EXPECTED, ("metrics", "configs")) as base:
        titles = {row["name"] for row in base.execute("PRAGMA table_info(metrics)")}
        if not {"run_name", "step", "metrics"} <= titles:
            refuse(source, f"has a table metrics of {', '.join(sorted(titles))}", EXPECTED)
        for row in base.execute("SELECT * FROM metrics ORDER BY rowid"):
            values = numbers_of(_object(row, "metrics", source), found.left_out)
            values.pop("step", None)
            _run(row, runs).rows.append({"step": row["step"], **values})
        for row in base.execute("SELECT * FROM configs ORDER BY rowid"):
            own = {key: value for key, value in _object(row, "config", source).items() if not key.startswith("_")}
            _run(row, runs).config |= settings_of(own)
        for table in ("system_metrics", "alerts", "traces"):
            if base.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [table]).fetchone():
                count = base.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                if count:
                    found.left_out[table.replace("_", " ")] += count
    found.runs += runs.values()
    return found


def _run(row: sqlite3.Row, runs: dict[str, RunLog]) -> RunLog:
    """The run of a row, by its id, or by its name where the database has no ids."""
    own = str(row["run_id"]) if "run_id" in row.keys() else ""  # noqa: SIM118 a Row iterates over its values
    return runs.setdefault(own or row["run_name"], RunLog(row["run_name"], [], {}, own))


def _object(row: sqlite3.Row, column: str, source: str) -> dict[str, Any]:
    try:
        value = json.loads(row[column])
    except (TypeError, ValueError) as error:
        refuse(source, f"has a row of {column} that is not JSON ({error})", "a JSON object", code="damaged")
    if not isinstance(value, dict):
        refuse(source, f"has a row of {column} that holds {str(value)[:40]}", "a JSON object", code="damaged")
    return value
