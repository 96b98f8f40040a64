"""Runs on a wandb server, through the package `wandb` and the key it is logged in with."""

from __future__ import annotations

from collections import Counter
from typing import Any

from gnomon.errors import FileError, InputError, Where, need
from gnomon.runs.importers.logs import Found, RunLog, numbers_of, settings_of


def read_server(source: str) -> Found:
    """The runs of a project, or one run: every row of the history, not the sample that the web page shows.

    Args:
        source: `ENTITY/PROJECT` or `ENTITY/PROJECT/RUN`.

    Raises:
        MissingExtraError: the package is not installed.
        InputError: there is no key.
        FileError: the server does not give the runs.
    """
    wandb: Any = need("wandb", "trackers", f"importing {source} from its server")
    try:
        api = wandb.Api()
    except wandb.errors.UsageError as error:
        raise InputError(
            f"{source} lies on a wandb server, and there is no key to ask it with",
            hint="Log in with wandb login, or set WANDB_API_KEY; offline runs are read from their .wandb files.",
            where=Where(file=source),
            code="no-key",
        ) from error
    try:
        chosen = [api.run(source)] if source.count("/") == 2 else list(api.runs(source))
        return runs_of(source, chosen)
    except (wandb.errors.Error, ValueError, OSError) as error:
        raise FileError(f"the server does not give it: {error}", where=Where(file=source), code="no-runs") from error


def runs_of(source: str, chosen: list[Any]) -> Found:
    """Runs of the API as logs: `name`, `id`, `config`, `scan_history()`."""
    found = Found(source)
    left: Counter[str] = found.left_out
    for run in chosen:
        config = settings_of({key: value for key, value in run.config.items() if not key.startswith("_")})
        rows = [numbers_of(row, left) for row in run.scan_history()]
        found.runs.append(RunLog(run.name or run.id, rows, config, run.id))
    return found
