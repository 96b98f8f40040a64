"""Reading back a saved fit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gnomon.errors import FileError, Notice, Where
from gnomon.fit.diagnose import Identifiability, Influence
from gnomon.fit.held import Held
from gnomon.fit.result import FORMAT, Estimate, Fit, SecondOpinion, Starts


def load(path: Path) -> Fit:
    """The fit in a file written by `Fit.save`."""
    document = read_document(path)
    if document.get("kind") != "fit" or "saved" not in document:
        raise FileError(
            "This is not a fit saved by gnomon.",
            hint="Save one with: gnomon fit RUNS --law NAME --save fit.json",
            where=Where(str(path)),
        )
    saved = document["saved"]
    if saved.get("format") != FORMAT:
        raise FileError(
            f"This fit was saved in format {saved.get('format')}; this version of gnomon reads format {FORMAT}.",
            hint="Fit the runs again.",
            where=Where(str(path)),
        )
    try:
        return _rebuild(document, saved, path)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise FileError(
            f"The saved fit is incomplete: {error}.", hint="Fit the runs again.", where=Where(str(path))
        ) from error


def read_document(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        FileError: it cannot be read or is not a JSON object.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(f"The file cannot be read: {error.strerror}.", where=Where(str(path))) from error
    except UnicodeDecodeError as error:
        raise FileError("The file is not text in UTF-8.", where=Where(str(path))) from error
    except json.JSONDecodeError as error:
        raise FileError(
            f"The file is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno}).",
            where=Where(str(path)),
        ) from error
    if not isinstance(document, dict):
        raise FileError("The file holds no JSON object.", where=Where(str(path)))
    return document


def _rebuild(document: dict[str, Any], saved: dict[str, Any], path: Path) -> Fit:
    from gnomon.laws import law

    rows = saved["rows"]
    data = _rows_from_source(document, path) if rows is None else _rows(rows, saved)
    name = document["law"]
    cls = law(document["formula"] if name == "custom" else name, columns=data.names, response=document["response"])
    if name != "custom" and cls.text != document["formula"]:
        cls = law(document["formula"], columns=data.names, response=document["response"])
    reasons = {k: v.get("low_reason") for k, v in document["parameters"].items()}
    parameters = {
        k: Estimate(v["value"], v["low"], v["high"], v["se"], v.get("at_bound", False), reasons[k])
        for k, v in document["parameters"].items()
    }
    influence = saved["influence"]
    ident = saved["identifiability"]
    cls, data = cls.laid_on(data)
    inputs = cls.arrays(data)
    best = cls(**saved["values"])
    measured = np.asarray(data[document["response"]], float)
    with np.errstate(divide="ignore", invalid="ignore"):
        residuals = np.log(measured / best.formula(*inputs))
    residuals[np.isneginf(residuals)] = np.nan  # as in a fresh fit
    return Fit(
        law=best,
        response=document["response"],
        objective=document["objective"]["name"],
        value=saved["value"],
        parameters=parameters,
        draws=None if saved["draws"] is None else {k: np.array(v, float) for k, v in saved["draws"].items()},
        level=document["level"],
        intervals=document["intervals"],
        seed=document["draws"]["seed"],
        starts=Starts(**saved["starts"]),
        data=data,
        given=document["rows"]["given"],
        removed=tuple((why, count) for why, count in saved["removed"]),
        residuals=residuals,
        residual_sd=document["residual_sd"],
        identified=document["identified"],
        identifiability=Identifiability(
            ident["condition"],
            tuple(ident["at_bound"]),
            tuple(map(tuple, ident["weakest"])),
            tuple(ident["pair"]) if ident["pair"] else None,
        ),
        influence=Influence(**(influence | {k: tuple(influence[k]) for k in ("runs", "change", "group")})),
        second=SecondOpinion(document["second_objective"]["name"], document["second_objective"]["parameters"]),
        notices=tuple(Notice(*n) for n in saved["notices"]),
        fingerprint=document["fingerprint"],
        seconds=document["seconds"],
        version=document["gnomon"],
        source=document["source"],
        held=_held(document, saved),
        extra={
            name: document[name] for name in ("prior", "counts", "noise", "bayes", "transfer_test") if name in document
        },
    )


def _held(document: dict[str, Any], saved: dict[str, Any]) -> Held | None:
    """What the fit held; fits saved before parameters could be held have no such part."""
    held = document.get("held")
    return None if held is None else Held.from_dict(held, saved["donors"])


def _rows(rows: dict[str, Any], saved: dict[str, Any]) -> Any:
    from gnomon.runs import Schedules, read_runs

    runs = read_runs(
        {k: _column(v) for k, v in rows.items()}, schedules=Schedules.from_dict(saved.get("schedules") or {})
    )
    told = {k: replace(runs.columns[k], convention=v) for k, v in saved.get("conventions", {}).items() if k in runs}
    return replace(runs, columns={**runs.columns, **told})


def _column(values: list[Any]) -> np.ndarray:
    if all(v is None or isinstance(v, int | float) for v in values):
        return np.array([np.nan if v is None else v for v in values], float)
    return np.array(values, object)


def _rows_from_source(document: dict[str, Any], path: Path) -> Any:
    raise FileError(
        f"This fit used {document['rows']['used']} rows of {document['source']}, too many to be saved with it.",
        hint="Give the runs themselves instead of the fit.",
        where=Where(str(path)),
    )
