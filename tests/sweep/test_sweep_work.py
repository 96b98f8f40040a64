"""One trial: run once, read again for nothing, ended with whoever asked for it, and every failure told."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from trainer_tiny import law

from gnomon.errors import GnomonError
from gnomon.sweep.metrics import FORMATS, Metrics
from gnomon.sweep.work import TimeLimitError, TrainerError, run_trial

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "runs" / "importers" / "fixtures"
TINY = [sys.executable, "-S", str(HERE / "trainer_tiny.py")]
LATER = "\x02folder\x03"  # a placeholder of the place, as a filled command has it


def given(tmp_path: Path, command: list[str], metrics: Metrics, **changes: Any) -> dict[str, Any]:
    usual = {
        "name": "one", "command": command, "environment": {}, "version": "1", "metrics": metrics.to_dict(),
        "home": str(tmp_path / "trials"), "work": str(tmp_path), "log": f"{LATER}/log.jsonl", "minutes": None,
        "threads": {}, "asked": 1000, "trainer": None,
    }  # fmt: skip
    return usual | changes


def silent(news: Any) -> None:
    return None


JSONL = Metrics("jsonl", columns={"loss": "val_loss"})
TRAIN = [*TINY, "500", "1000", "--log", f"{LATER}/log.jsonl"]


def test_its_row_is_the_last_evaluation_or_the_mean_of_several(tmp_path: Path) -> None:
    (row,) = run_trial(given(tmp_path, TRAIN, JSONL), silent)
    assert row["loss"] == pytest.approx(law(500, 1000), rel=0.004)
    assert (row["evaluations"], row["logged_tokens"]) == (4, 1000)
    assert 0 < row["seconds"] < 10
    three = Metrics("jsonl", columns={"loss": "val_loss"}, last=3)
    (mean,) = run_trial(given(tmp_path, TRAIN, three), silent)
    assert mean["loss"] == pytest.approx(sum(law(500, d) for d in (500, 750, 1000)) / 3, rel=0.004)


def test_a_finished_command_is_read_again_and_not_run_again(tmp_path: Path, calls: Callable[[], list[str]]) -> None:
    with pytest.raises(GnomonError, match=r"could be the loss|metrics.columns"):
        run_trial(given(tmp_path, TRAIN, Metrics("jsonl", response="accuracy")), silent)
    run_trial(given(tmp_path, TRAIN, JSONL), silent)
    assert calls() == ["begin 500 1000 0", "end 500 1000 0"]
    run_trial(given(tmp_path, TRAIN, JSONL, version="2"), silent)
    assert len(calls()) == 4, "another version is another trial"


@pytest.mark.parametrize(
    ("format", "file", "log", "response", "expected"),
    [
        ("tensorboard", "tensorboard", ".", "loss", 2.25),
        ("wandb", "run-fixture1.wandb", "run-fixture1.wandb", "loss", 2.25),
        ("mlflow", "mlflow.db", "mlflow.db", "loss", 2.25),
        ("trackio", "trackio.db", "trackio.db", "loss", 2.25),
    ],
)
def test_logs_of_trackers(tmp_path: Path, format: str, file: str, log: str, response: str, expected: float) -> None:
    """A trainer that leaves behind what the real tools wrote: their fixtures end at a loss of 2.25."""
    copy = "import shutil, sys; (shutil.copytree if sys.argv[3] == 'd' else shutil.copy)(sys.argv[1], sys.argv[2])"
    source = FIXTURES / file
    kind = "d" if source.is_dir() else "f"
    command = [sys.executable, "-c", copy, str(source), f"{LATER}/{file}", kind]
    touch = "; import os, pathlib; [os.utime(p) for p in pathlib.Path(sys.argv[2]).rglob('*')]"
    command[2] += touch
    metrics = Metrics(format, response=response, tokens="asked")
    (row,) = run_trial(given(tmp_path, command, metrics, log=f"{LATER}/{log}"), silent)
    assert row[response] == pytest.approx(expected)


def test_csv_and_stdout(tmp_path: Path) -> None:
    (jsonl,) = run_trial(given(tmp_path, TRAIN, JSONL), silent)
    csv = Metrics("csv", columns={"loss": "val_loss"})
    words = [*TINY, "500", "1000", "--format", "csv", "--log", f"{LATER}/log.csv"]
    (other,) = run_trial(given(tmp_path, words, csv, log=f"{LATER}/log.csv"), silent)
    printed = Metrics("stdout", pattern=r"step (?P<step>\d+): tokens (?P<tokens>\d+).* val loss (?P<loss>\S+)")
    (last,) = run_trial(given(tmp_path, [*TINY, "500", "1000", "--format", "stdout"], printed), silent)
    assert other["loss"] == jsonl["loss"]
    assert last["loss"] == pytest.approx(jsonl["loss"], abs=1e-6)
    assert last["logged_tokens"] == 1000
    assert {"stdout", "jsonl", "csv", "tensorboard", "wandb"} <= set(FORMATS)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise SystemExit('no GPU')", r"ended with status 1: no GPU"),
        ("import os; os.kill(os.getpid(), 11)", r"ended with signal 11: it printed nothing"),
    ],
)
def test_a_trainer_that_fails(tmp_path: Path, code: str, told: str) -> None:
    with pytest.raises(TrainerError, match=told) as caught:
        run_trial(given(tmp_path, [sys.executable, "-c", code], JSONL), silent)
    assert Path(caught.value.hint.removeprefix("All it printed: ")).exists()  # type: ignore[union-attr]


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"status 127 \(it cannot be started\): no-such-trainer: No such file"):
        run_trial(given(tmp_path, ["no-such-trainer"], JSONL), silent)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "is empty"),
        (['{"step": 1, "other": 2.0}'], "metrics.columns"),
        (['{"step": 1, "loss": 2.0}', '{"step": 100, "loss": NaN}'], "at step 1 of 100: the run diverged"),
        (['{"step": 1, "loss": 2.0}', '{"step": 2, "loss": Infinity}'], "ends infinite"),
        (['{"step": 1, "loss": NaN}'], "no finite loss"),
        (['{"tokens": 100, "loss": 2.0}'], "counts 100 tokens at its end and was asked for 1,000"),
    ],
)
def test_logs_that_do_not_tell_the_end(tmp_path: Path, lines: list[str], told: str) -> None:
    write = "import sys; open(sys.argv[1], 'w').write('\\n'.join(sys.argv[2:]))"
    command = [sys.executable, "-c", write, f"{LATER}/log.jsonl", *lines]
    with pytest.raises(GnomonError, match=told):
        run_trial(given(tmp_path, command, Metrics("jsonl")), silent)


def test_a_log_of_another_trial_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 1, "loss": 2.0}')
    os.utime(tmp_path / "log.jsonl", (1e9, 1e9))
    with pytest.raises(GnomonError, match="older than the trial"):
        run_trial(given(tmp_path, [sys.executable, "-c", ""], Metrics("jsonl"), log="log.jsonl"), silent)


WAITS = (
    "import subprocess, sys, os, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
)
WAITS += "open(sys.argv[1], 'w').write(f'{os.getpid()} {p.pid}'); time.sleep(60)"


def gone(pids: list[int], within: float = 10.0) -> bool:
    def alive(pid: int) -> bool:
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
        return False

    deadline = time.monotonic() + within
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(alive, pids))


def pids_in(path: Path) -> list[int]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        words = path.read_text().split() if path.exists() else []
        if len(words) == 2:
            return [int(word) for word in words]
        time.sleep(0.02)
    raise AssertionError("the trainer did not begin")


def test_a_limit_of_time_ends_all_it_started(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WAITS, str(tmp_path / "pids")]
    with pytest.raises(TimeLimitError, match=r"ended after 0.02 minutes"):
        run_trial(given(tmp_path, command, JSONL, minutes=0.02), silent)
    assert gone(pids_in(tmp_path / "pids"))


@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX's")
def test_a_trainer_does_not_outlive_a_killed_driver(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WAITS, str(tmp_path / "pids")]
    asked = given(tmp_path, command, JSONL)
    code = f"from gnomon.sweep.work import run_trial; run_trial({asked!r}, print)"
    driver = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
    found = pids_in(tmp_path / "pids")
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert gone(found)


def test_attempts_that_were_stopped_are_cleared_and_checkpoints_stay(tmp_path: Path) -> None:
    asked = given(tmp_path, TRAIN, JSONL)
    run_trial(asked, silent)
    (home,) = (tmp_path / "trials").iterdir()
    (home / "checkpoints" / "step-5").touch()
    (home / "attempt-old").mkdir()
    (home / "finished.json").write_text("{")  # cut short: as good as none
    run_trial(asked, silent)
    assert not (home / "attempt-old").exists()
    assert (home / "checkpoints" / "step-5").exists()
    assert len(list(home.glob("attempt-*"))) == 1
    shutil.rmtree(next(home.glob("attempt-*")))
    (row,) = run_trial(asked, silent)
    assert row["evaluations"] == 4, "a marker without its folder counts for nothing"
