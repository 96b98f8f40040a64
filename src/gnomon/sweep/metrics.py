"""What a trial measured, read from where its trainer writes it, and reduced to one row."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.errors import ColumnError, InputError, RefusalError
from gnomon.runs.importers.catalogue import IMPORTERS
from gnomon.sweep.keys import Table

if TYPE_CHECKING:
    from gnomon.runs import Runs

STDOUT = "stdout"
OUTPUT = "output.txt"  # what the trainer prints, in the folder of its attempt
FORMATS = (STDOUT, *(name for name, entry in IMPORTERS.items() if name != "lm-eval"))
"""stdout, or a kind of `gnomon import`."""

NUMBER = r"[-+]?(?:\d[\d,_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf(?:inity)?)"
EARLY = 0.9  # share of the way at which the last evaluation must lie: trainers evaluate every so many steps
OFF = 0.1  # by which the tokens a trainer counts may differ from those it was asked for: rounding to whole batches


@dataclass(frozen=True)
class Metrics:
    """Where the metrics of a trial appear.

    Args:
        format: one of `FORMATS`.
        path: of the log, with placeholders; relative ones lie in the trainer's folder.
        pattern: regular expression with named groups, of stdout.
        response: column that is forecast.
        columns: canonical name -> name in the log.
        last: evaluations whose mean counts.
        tokens: "logged": what the trainer counts, where it does; "asked": what it was asked for.
        better: "low" or "high", where the response's name does not say it.
    """

    format: str
    path: str = "{folder}"
    pattern: str = ""
    response: str = "loss"
    columns: Mapping[str, str] | None = None
    last: int = 1
    tokens: str = "logged"
    better: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """For the spec of a trial, without what does not change its row."""
        found = asdict(self) | {"columns": dict(self.columns or {})}
        del found["better"]
        return found


def read_metrics(table: Table) -> Metrics:
    """[metrics].

    Raises:
        InputError: a key is wrong.
    """
    chosen = table.text("format", choices=FORMATS)
    response = table.text("response", "loss")
    pattern = ""
    if chosen == STDOUT:
        example = r"'step (?P<step>\d+).* val loss (?P<loss>\S+)'"
        pattern = table.text("pattern", expected=f"a regular expression with a named group, such as {example}")
        try:
            groups = re.compile(pattern).groupindex
        except re.error as error:
            table.refuse("pattern", f"{pattern!r} ({error})", "a regular expression")
        if response not in groups:
            table.refuse("pattern", repr(pattern), f"a group (?P<{response}>...)")
    path = table.text("path", "{folder}") if chosen != STDOUT else "{folder}"
    found = Metrics(
        chosen,
        path,
        pattern,
        response,
        table.texts("columns", {}),
        table.whole("last", 1),
        table.text("tokens", "logged", choices=("logged", "asked")),
        table.text("better", None, choices=("low", "high")),
    )
    table.end()
    return found


def measure(metrics: Mapping[str, Any], log: Path, output: Path, *, asked: float, begun: float) -> dict[str, Any]:
    """One row of what a finished trial measured: the response, how many evaluations it has, tokens and parameters
    where the trainer counts them.

    Args:
        metrics: `Metrics.to_dict`.
        log: the file or folder of the log.
        output: what the trainer printed.
        asked: tokens it was asked for.
        begun: when it was begun, seconds since 1970: an older log is another trial's.

    Raises:
        GnomonError: there is no log, it has no such column, or it does not reach the end of training.
    """
    response = str(metrics["response"])
    try:
        if metrics["format"] == STDOUT:
            runs = _printed(output, str(metrics["pattern"]), metrics["columns"])
        else:
            runs = _logged(str(metrics["format"]), log, metrics["columns"], begun)
        (values,) = runs.numbers(response)
    except ColumnError as error:
        error.hint = f'Say which column it is: metrics.columns = {{ {response} = "ITS NAME IN THE LOG" }}.'
        raise
    _check_end(runs, values, response)
    known = np.flatnonzero(np.isfinite(values))
    row: dict[str, Any] = {response: float(np.mean(values[known[-int(metrics["last"]) :]])), "evaluations": len(known)}
    for name in ("params", "tokens"):
        counted = _last(runs, name)
        if counted is not None:
            row[f"logged_{name}"] = counted
    if metrics["tokens"] == "logged" and "logged_tokens" in row and abs(row["logged_tokens"] / asked - 1) > OFF:
        raise RefusalError(
            f"The trainer counts {row['logged_tokens']:,.0f} tokens at its end and was asked for {asked:,.0f}.",
            hint='It stopped early, or counts something else: metrics.tokens = "asked" takes what it was asked for.',
            code="other-tokens",
        )
    return row


def _printed(output: Path, pattern: str, columns: Mapping[str, str]) -> Runs:
    """The matches of the pattern in what was printed, a row each."""
    from gnomon.runs import read_runs

    text = output.read_text(encoding="utf-8", errors="replace")
    rows = [
        {name: _number(name, value) for name, value in match.groupdict().items() if value is not None}
        for match in re.finditer(pattern, text, re.MULTILINE)
    ]
    if not rows:
        raise InputError(
            f"metrics.pattern matches nothing in {len(text.splitlines())} lines that were printed", code="no-metrics"
        )
    return read_runs(rows, columns=columns or None)


def _number(name: str, text: str) -> float:
    """A printed number, with what a pattern of `\\S+` takes along."""
    found = re.match(NUMBER, text.strip(), re.IGNORECASE)
    if found is None:
        raise InputError(f"metrics.pattern: group {name} got {text!r}, expected a number", code="bad-number")
    return float(found[0].replace(",", ""))


def _logged(kind: str, log: Path, columns: Mapping[str, str], begun: float) -> Runs:
    from gnomon.runs import import_runs

    found = import_runs(kind, str(log), columns=columns or None)
    newest = max(Path(file).stat().st_mtime for file in found.files)
    if newest < begun - 1:  # second: clocks of file systems are no finer than that in places
        raise InputError(
            f"{log} is older than the trial: another one wrote it",
            hint="Let the trainer write into {folder}, which is the trial's own.",
            code="stale-metrics",
        )
    return found.runs


def _check_end(runs: Runs, values: np.ndarray, response: str) -> None:
    """Refuse a log without the response, or whose last one is not that of the end.

    Raises:
        RefusalError: it diverged, stopped, or was evaluated too early.
    """
    known = np.isfinite(values)
    if not known.any():
        raise RefusalError(f"The log has no finite {response}.", hint="Did the run diverge?", code="no-metrics")
    if np.isinf(values[np.flatnonzero(known)[-1] :]).any():
        raise RefusalError(f"The {response} ends infinite: the run diverged.", code="diverged")
    if "is_final" in runs and runs.columns["is_final"].derived is None:
        return
    for name in ("step", "tokens"):
        if name in runs and runs.columns[name].derived is None:
            (along,) = runs.numbers(name)
            if np.isfinite(along).any() and np.nanmax(along) > 0:
                reached, whole = float(np.nanmax(np.where(known, along, -np.inf))), float(np.nanmax(along))
                if reached < EARLY * whole:
                    raise RefusalError(
                        f"The last finite {response} is at {name} {reached:g} of {whole:g}: the run diverged, or was not "
                        "evaluated at its end.",
                        code="no-final",
                    )
                return


def _last(runs: Runs, name: str) -> float | None:
    """The largest value of a column that the log itself has."""
    if name not in runs or runs.columns[name].derived is not None:
        return None
    (values,) = runs.numbers(name)
    known = values[np.isfinite(values)]
    found = float(known.max()) if len(known) else math.nan
    return found if found > 0 else None
