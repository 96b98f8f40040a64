"""MLflow's file store: `mlruns/EXPERIMENT/RUN/` with a file for each metric and parameter.

A metric's file has a line `timestamp value step` for each call; a parameter's holds its value; `meta.yaml` is flat.

Source: mlflow 3.17.2, store/tracking/file_store.py, and a store it wrote.
"""

from __future__ import annotations

from pathlib import Path

from gnomon.errors import FileError, Where
from gnomon.runs.importers.logs import Found, RunLog, refuse

EXPECTED = "meta.yaml of a run or an experiment in mlruns"
LINE = "lines of timestamp, value and step"


def read_run(path: Path) -> Found:
    """The run beside a `meta.yaml`, one row a step; the file of an experiment gives no run.

    Raises:
        FileError: it is no such file, or a metric's file does not hold what it should.
    """
    found = Found(str(path))
    meta = _meta(path)
    if "artifact_location" in meta or ("experiment_id" in meta and "run_id" not in meta and "run_uuid" not in meta):
        return found
    key = meta.get("run_id") or meta.get("run_uuid")
    if not key:
        refuse(str(path), "names neither a run nor an experiment", EXPECTED)
    if meta.get("lifecycle_stage") == "deleted":
        found.left_out["deleted runs"] += 1
        return found
    folder = path.parent
    steps: dict[int, dict[str, float]] = {}
    for file in _files(folder / "metrics"):
        _metric(file, str(file.relative_to(folder / "metrics")), steps, found)
    config = {str(file.relative_to(folder / "params")): _text(file) for file in _files(folder / "params")}
    experiment = folder.parent / "meta.yaml"
    if experiment.exists():
        config["mlflow.experiment"] = _meta(experiment).get("name", "")
    named = folder / "tags" / "mlflow.runName"
    name = _text(named) if named.exists() else meta.get("run_name", "")
    found.runs.append(RunLog(name or key, [steps[step] for step in sorted(steps)], dict(config), key))
    return found


def _metric(file: Path, name: str, steps: dict[int, dict[str, float]], found: Found) -> None:
    """Add the lines of a metric's file. The oldest stores have no step: their lines are counted from 0."""
    text = _text(file)
    lines = text.split("\n")
    for number, line in enumerate(lines):
        try:
            cells = line.split(" ")
            value, step = float(cells[1]), int(cells[2]) if len(cells) > 2 else number
        except (IndexError, ValueError) as error:
            if number and number == len(lines) - 1:
                found.cut(str(file), f"{number} lines")
                break
            where = Where(file=str(file), row=number + 1)
            raise FileError(f"got {line[:40]!r}, expected {LINE}", where=where, code="damaged") from error
        row = steps.setdefault(step, {"step": step})
        title = name if name != "step" else "logged.step"
        if title in row:
            found.left_out[f"{title} (logged again at the same step)"] += 1
        row[title] = value


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else []


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip("\n")
    except UnicodeDecodeError as error:
        raise FileError("is not UTF-8 text", where=Where(file=str(file)), code="encoding") from error


def _meta(path: Path) -> dict[str, str]:
    """The `key: value` lines of a meta.yaml, without the quotes of YAML."""
    pairs = (line.split(": ", 1) for line in _text(path).splitlines() if ": " in line)
    return {key.strip(): value.strip().strip("'\"") for key, value in pairs}
