"""One trial: the trainer's command in a folder of its own, and what it measured."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gnomon.engines import Tell, content_hash, write_atomically
from gnomon.errors import GnomonError
from gnomon.sweep import guard
from gnomon.sweep.metrics import OUTPUT, measure
from gnomon.sweep.trainer import interpreter, placed

FINISHED = "finished.json"  # written when the command has ended well: a second reading of its log needs no second run
LINES = 3  # last lines of a failed trainer's output that its record quotes


class TrainerError(GnomonError, RuntimeError):
    """The trainer ended with an error."""

    code = "trainer-failed"


class TimeLimitError(GnomonError, TimeoutError):
    """The trainer took longer than it may."""

    code = "time-limit"


def run_trial(given: Mapping[str, Any], tell: Tell) -> list[dict[str, Any]]:
    """Run the command of a trial, unless it has been run before, and read what it measured.

    The command runs in the trainer's folder. Each attempt has a folder of its own, {folder}, so that nothing that was
    stopped can mix with it; {checkpoints} is the same folder for every attempt.

    Args:
        given: `command`, `environment`, `version`, `metrics` (what the rows depend on); `name`, `home`, `work`, `log`, `minutes`,
            `threads`, `asked`, `trainer` (where and how it is run, as `gnomon.sweep.design` lays them down).
        tell: called with {"began": name of the trial}.

    Returns:
        One row.

    Raises:
        TrainerError, TimeLimitError: the command did not end well.
        GnomonError: its log cannot be read.
    """
    tell({"began": given["name"]})
    key = content_hash({name: given[name] for name in ("command", "environment", "version")})
    home = Path(given["home"]) / key
    done = _finished(home)
    if done is None:
        done = _attempt(given, home)
    folder = home / done["folder"]
    log = Path(given["work"], placed(given["log"], _places(home, folder)))
    found = measure(given["metrics"], log, folder / OUTPUT, asked=float(given["asked"]), begun=float(done["begun"]))
    return [found | {"seconds": done["seconds"], "trainer": done["trainer"]}]


def _places(home: Path, folder: Path) -> dict[str, str]:
    return {"folder": str(folder), "checkpoints": str(home / "checkpoints"), "python": interpreter()}


def _finished(home: Path) -> dict[str, Any] | None:
    """What the marker of an attempt that ended well says; None where there is none."""
    try:
        found = json.loads((home / FINISHED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if (home / found["folder"]).is_dir() else None


def _attempt(given: Mapping[str, Any], home: Path) -> dict[str, Any]:
    """Run the command in a new folder; attempts that were stopped are cleared away."""
    (home / "checkpoints").mkdir(parents=True, exist_ok=True)
    for old in home.glob("attempt-*"):
        shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix="attempt-", dir=home))
    places = _places(home, folder)
    words = [placed(word, places) for word in given["command"]]
    environment = os.environ | given["threads"]
    environment |= {name: placed(value, places) for name, value in given["environment"].items()}
    begun = time.time()
    limit = None if given["minutes"] is None else 60.0 * float(given["minutes"])
    status = _guarded(words, Path(given["work"]), environment, folder / OUTPUT, limit)
    if status != 0:
        raise TrainerError(
            f"The trainer ended with {_how(status)}: {_quoted(folder / OUTPUT)}",
            hint=f"All it printed: {folder / OUTPUT}",
        )
    done = {"folder": folder.name, "begun": begun, "seconds": time.time() - begun, "trainer": given["trainer"]}
    write_atomically(home / FINISHED, json.dumps(done) + "\n")
    return done


def _guarded(words: list[str], work: Path, environment: Mapping[str, str], output: Path, limit: float | None) -> int:
    """Exit status of a command that ends with this process at the latest."""
    with output.open("wb") as stream:
        watched = subprocess.Popen(
            [sys.executable, "-I", str(guard.__file__), *words],
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=work,
            env=environment,
            process_group=0 if os.name == "posix" else None,  # a terminal's Ctrl-C goes to the driver alone
        )
        try:
            return watched.wait(limit)
        except subprocess.TimeoutExpired as error:
            raise TimeLimitError(
                f"The trainer was ended after {(limit or 0.0) / 60:g} minutes.",
                hint="Raise trainer.minutes, or make the largest trials smaller.",
            ) from error
        finally:
            assert watched.stdin is not None
            with contextlib.suppress(OSError):
                watched.stdin.close()  # where the command still runs, this ends it
            watched.wait()


def _how(status: int) -> str:
    if status == guard.UNKNOWN:
        return "status 127 (it cannot be started)"
    return f"signal {status - 128}" if status > 128 else f"status {status}"


def _quoted(output: Path) -> str:
    """The last lines that were printed."""
    lines = [line.strip() for line in output.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return " / ".join(lines[-LINES:]) if lines else "it printed nothing"
