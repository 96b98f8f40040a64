"""MLflow's SQLite database.

Source: mlflow 3.17.2, store/tracking/dbmodels: runs(run_uuid, name, lifecycle_stage, experiment_id),
metrics(run_uuid, key, value, timestamp, step, is_nan), params(run_uuid, key, value), experiments(experiment_id, name).
"""

from __future__ import annotations

import math
from pathlib import Path

from gnomon.runs.importers.logs import Found, RunLog
from gnomon.runs.importers.sqlite import opened_database

EXPECTED = "a database of MLflow (tables runs, metrics, params)"


def read_database(path: Path) -> Found:
    """The runs of all experiments, one row a step; deleted runs are counted, not read.

    Raises:
        FileError: it is no database of MLflow.
    """
    found = Found(str(path))
    with opened_database(path, EXPECTED, ("experiments", "runs", "metrics", "params")) as base:
        experiments = {row["experiment_id"]: row["name"] for row in base.execute("SELECT * FROM experiments")}
        for row in base.execute("SELECT * FROM runs ORDER BY start_time, run_uuid"):
            if row["lifecycle_stage"] != "active":
                found.left_out["deleted runs"] += 1
                continue
            key = row["run_uuid"]
            steps: dict[int, dict[str, float]] = {}
            logged = "SELECT * FROM metrics WHERE run_uuid = ? ORDER BY step, timestamp"
            for metric in base.execute(logged, [key]):
                at = steps.setdefault(metric["step"], {"step": metric["step"]})
                name = metric["key"] if metric["key"] != "step" else "logged.step"
                if name in at:
                    found.left_out[f"{name} (logged again at the same step)"] += 1
                at[name] = math.nan if metric["is_nan"] else metric["value"]
            config = {p["key"]: p["value"] for p in base.execute("SELECT * FROM params WHERE run_uuid = ?", [key])}
            config["mlflow.experiment"] = experiments.get(row["experiment_id"])
            found.runs.append(RunLog(row["name"] or key, list(steps.values()), config, key))
    return found
