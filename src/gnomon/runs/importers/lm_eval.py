"""`results_*.json` of lm-evaluation-harness: one row a task (or group of tasks) of one model.

A metric `acc,none` is `acc`; behind another filter than `none` it keeps it (`exact_match,strict-match`); older files
have no filter. `model_num_parameters`, where the harness knew it, is the size.

Source: EleutherAI/lm-evaluation-harness, loggers/evaluation_tracker.py and evaluator_utils.py.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from gnomon.runs.importers.json_document import json_object
from gnomon.runs.importers.logs import Found, RunLog, numbers_of, refuse, settings_of

EXPECTED = "results of lm-evaluation-harness (an object with results by task)"
_TAKEN = {"results", "config", "versions", "n-shot", "n_shot", "model_name", "n-samples"}


def read(source: str) -> Found:
    """The results in a file.

    Raises:
        FileError: it holds no such results.
    """
    found = Found(source)
    document = json_object(source, EXPECTED)
    results = document.get("results")
    if not isinstance(results, dict) or not results or not all(isinstance(v, dict) for v in results.values()):
        refuse(source, "has no results by task", EXPECTED)
    config = _object(document, "config")
    shots = _object(document, "n-shot") or _object(document, "n_shot")
    rows = [_row(task, values, document, shots, found) for task, values in results.items()]
    found.left_out.update({f"field {key}": 1 for key in document if key not in _TAKEN})
    arguments = _arguments(config.get("model_args"))
    own = settings_of(
        {key: value for key, value in config.items() if key not in ("model_args", "model_num_parameters")}
    )
    known = {f"harness.{key}": value for key, value in own.items()} | {f"model.{k}": v for k, v in arguments.items()}
    if isinstance(config.get("model_num_parameters"), int) and config["model_num_parameters"] > 0:
        known["params"] = config["model_num_parameters"]
        found.conventions["params"] = "total"
    name = document.get("model_name") or arguments.get("pretrained") or Path(source).stem
    revision = arguments.get("revision")
    found.runs.append(RunLog(f"{name}@{revision}" if revision else str(name), rows, known, source))
    return found


def _row(
    task: str, values: dict[str, Any], document: dict[str, Any], shots: dict[str, Any], found: Found
) -> dict[str, Any]:
    """The metrics of one task."""
    row: dict[str, Any] = {
        "task": task,
        "n_shot": shots.get(task),
        "task_version": _object(document, "versions").get(task),
    }
    samples = _object(document, "n-samples").get(task)
    if isinstance(samples, dict):
        row["questions"] = samples.get("effective", samples.get("original"))
    for key, value in numbers_of(values, found.left_out).items():
        if key == "alias":
            continue  # the task's name once more
        if isinstance(value, str):  # N/A for a spread that was not computed
            found.left_out[f"{key} (text)"] += 1
            continue
        row[re.sub(r",none$", "", key)] = value
    return row


def _object(document: dict[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _arguments(text: Any) -> dict[str, Any]:
    """`pretrained=EleutherAI/pythia-70m,revision=step1000`, or the same as an object."""
    if isinstance(text, dict):
        return settings_of(text)
    pairs = (part.partition("=") for part in str(text or "").split(","))
    return {key.strip(): value.strip() for key, sign, value in pairs if sign}
