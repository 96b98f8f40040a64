"""The course of the quickstart: ladder, forecast, target, comparison, in this order and no other."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.engines import Cache, available_cores, content_hash, write_atomically
from gnomon.errors import InputError, Notice, RefusalError
from gnomon.lab import stdlib_prose
from gnomon.lab.backend import check_installed
from gnomon.studies.entries.quickstart.control import Forecaster, default_forecaster
from gnomon.studies.entries.quickstart.design import Design, design
from gnomon.studies.entries.quickstart.result import Quickstart
from gnomon.studies.entries.quickstart.trial import Row
from gnomon.studies.entries.quickstart.work import Progress, Work

if TYPE_CHECKING:
    from gnomon.forecast import Forecast
    from gnomon.runs import Runs

MOST_WORKERS = 4  # the ladder has five shapes, and one of them takes a third of the time


def quickstart(
    folder: str | Path,
    *,
    scale: str | Design = "full",
    seed: int = 0,
    level: float = 0.9,
    workers: int | None = None,
    forecaster: Forecaster | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Quickstart:
    """Train a ladder of small language models, forecast a larger one, train it, and compare.

    The forecast is written to `forecast.json` before the target's training starts, and is made from the ladder alone.
    Every finished run is kept at once in `trials/`; a call that was stopped at any moment goes on where it was, and a
    finished run is never trained twice. The same seed gives the same runs, whatever the number of workers.

    Args:
        folder: where to write; made when missing.
        scale: "full", "smoke", or a design of one's own.
        seed: of starts and data orders of all runs.
        level: of the forecast's interval.
        workers: processes that train the ladder (default: one a core, at most 4).
        forecaster: called as forecaster(runs, points, level=level); default `gnomon.forecast.forecast`.
        progress: called with news.

    Raises:
        MissingExtraError: JAX is not installed.
        InputError: this Python carries no text, or the scale or the folder is not usable.
        TrialError: a run failed; the others are kept.
    """
    began = time.monotonic()
    plan = scale if isinstance(scale, Design) else design(scale)
    if seed < 0:
        raise InputError(f"The seed is {seed}, expected 0 or more.")
    check_installed()
    folder = Path(folder)
    *ladder, target = plan.trials(seed=seed, text_sha256=stdlib_prose().sha256)
    with Work(Cache(folder / "trials"), [*ladder, target], began, progress) as work:
        rows = work.train("ladder", ladder, workers=workers or min(available_cores(), MOST_WORKERS))
        runs = _table(rows)
        work.say("forecast", "begin")
        forecast = (forecaster or default_forecaster())(
            runs, [{"params": target.params, "tokens": target.tokens}], level=level
        )
        notices = _keep_forecast(folder / "forecast.json", forecast, rows, measured=target.key in work.cache)
        work.say("forecast", "end", forecast=forecast)
        (measured,) = work.train("target", [target], workers=1)

    notices = [*notices, *_diverged(rows), *forecast.notices]
    result = Quickstart(
        folder=folder,
        scale=plan.name,
        seed=seed,
        ladder=runs,
        target=measured,
        forecast=forecast,
        seconds=time.monotonic() - began,
        notices=tuple(notices),
    )
    result = replace(result, notices=(*notices, *_write(result, _table([*rows, measured]))))
    write_atomically(folder / "quickstart.json", result.to_json() + "\n")
    work.say("done", "end", result=result)
    return result


def _write(result: Quickstart, everything: Runs) -> list[Notice]:
    """What others read on: the table of all runs, one law fitted to the ladder, and a page of the whole."""
    from gnomon.fit import fit
    from gnomon.report import quickstart_report

    folder = result.folder
    everything.write(folder / "runs.parquet")
    try:
        law = fit("chinchilla", result.ladder)
    except RefusalError as refusal:  # a ladder of one's own may be too short for five parameters
        return [Notice("no-fit", f"fit.json and report.html were not written: {refusal.message}")]
    law.save(folder / "fit.json")
    quickstart_report(
        result.to_dict(), found=result.forecast, ladder=result.ladder, fit=law, measured=result.measured
    ).save(folder / "report.html")
    return []


def _table(rows: Sequence[Row]) -> Runs:
    from gnomon.runs import read_runs

    return read_runs([dict(row) for row in rows])


def _keep_forecast(path: Path, forecast: Forecast, ladder: Sequence[Row], *, measured: bool) -> list[Notice]:
    """Write the forecast with the time it was made; one that is there already and says the same is left as it is."""
    document = forecast.to_dict() | {"ladder": content_hash({row["run"]: row["loss"] for row in ladder})}
    document = json.loads(json.dumps(document))
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
        made = before.pop("made")
    except (OSError, ValueError, KeyError, AttributeError):
        before, made = None, None
    if made is not None and before == document:
        return []
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    write_atomically(path, json.dumps(document | {"made": now}, indent=1, allow_nan=False) + "\n")
    if not measured:
        return []
    return [
        Notice(
            "forecast-after-target",
            "The target was trained by an earlier call; this forecast was made after it, from the ladder alone.",
        )
    ]


def _diverged(rows: Sequence[Row]) -> list[Notice]:
    names = [row["run"] for row in rows if row["status"] == "diverged"]
    if not names:
        return []
    return [
        Notice(
            "diverged-runs",
            f"{len(names)} runs of the ladder diverged and carry no loss: {', '.join(names)}.",
            {"runs": names},
        )
    ]
