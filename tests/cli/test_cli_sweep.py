"""`gnomon sweep`: its pages, its document, its errors, and how it is stopped and gone on with."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gnomon.cli.main import run
from gnomon.cli.sweep import draw_design, draw_sweep
from gnomon.cli.terminal.look import Look
from gnomon.cli.terminal.page import Page
from gnomon.sweep import plan_sweep, read_spec, run_sweep

TINY = Path(__file__).parent.parent / "sweep" / "trainer_tiny.py"
SPEC = """
[trainer]
command = "{python} -S trainer_tiny.py {params} {tokens} --lr {lr} --log {folder}/log.jsonl"
[metrics]
format = "jsonl"
path = "{folder}/log.jsonl"
columns = { loss = "val_loss" }
[size]
knob = "width"
values = [8, 16, 32, 64, 128]
params = "100 * width"
[settings]
lr = { law = "mup_lr", through = { width = 64, lr = 0.1 } }
[ladder]
budget = "4e10"
sizes = 4
[target]
width = 128
tokens_per_param = 20
[engine]
name = "serial"
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file whose name stands in pages as it is typed."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(TINY, tmp_path)
    Path("spec.toml").write_text(SPEC, encoding="utf-8")
    return Path("spec.toml")


def test_the_design_as_a_page(
    spec: Path,
    look: tuple[str, Look],
    snapshot: Callable[[str, str], None],
    drawn: Callable[[Callable[[Page], None], Look], str],
) -> None:
    name, how = look
    found = plan_sweep(replace(read_spec(spec), folder=Path("/home/ada/spec-sweep")))
    snapshot(f"sweep-design-{name}", drawn(lambda page: draw_design(page, found), how))


def test_the_answer_as_a_page_fits(
    spec: Path, drawn: Callable[[Callable[[Page], None], Look], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_FAIL", "800")
    found = run_sweep(spec)
    for width in (60, 80, 120):
        text = drawn(lambda page: draw_sweep(page, found), Look(width, plain=True))
        assert all(len(line) <= width for line in text.splitlines() if str(found.spec.folder) not in line)
    words = " ".join(text.split())
    assert "9 runs of your trainer" in words
    assert "width8-4k failed: The trainer ended with status 1: loading data / out of memory" in words
    assert "3 of 12 trials failed and are left out; --retry runs them again" in words
    assert "forecast of the target" in words
    assert "Confidence" in words
    if found.rungs:
        assert "[[ladder.more]]" in words


def document(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> dict[str, Any]:
    assert run(["sweep", *words, "--json", "--quiet"]) == status
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_the_document(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dry = document(capsys, "spec.toml", "--dry-run")
    assert dry["kind"] == "sweep"
    assert dry["trials"] == {"total": 12, "cached": 0, "failed": 0, "to_run": 12}
    assert (dry["forecast"], dry["forecast_reason"]) == (None, "nothing was run")
    measured = document(capsys, "spec.toml", "--calibrate")
    assert measured["trials"]["to_run"] == 10
    assert measured["seconds_left"] > 0
    whole = document(capsys, "spec.toml")
    assert whole["trials"] == {"total": 12, "cached": 2, "failed": 0, "to_run": 0}
    assert {"gnomon", "name", "folder", "ladder", "fit", "forecast", "next", "files", "warnings"} <= whole.keys()
    first = whole["ladder"][0]
    assert {"run", "trial", "values", "flops", "command", "status", "value", "seconds"} <= first.keys()
    assert whole["forecast"]["points"][0]["at"] == {"params": 12800, "tokens": 256000}
    assert whole["fit"]["law"] == "chinchilla"
    assert Path(whole["files"]["runs"]).exists()
    assert document(capsys, "spec.toml", "--dry-run")["seconds_left"] == 0


def test_errors_have_their_status_and_their_key(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = document(capsys, "spec.tml", status=2)
    assert told["error"]["hint"] == "Did you mean spec.toml?"
    told = document(capsys, "spec.toml", "--dry-run", "--calibrate", status=2)
    assert "choose one of them" in told["error"]["message"]
    told = document(capsys, "spec.toml", "--engine", "cloud", status=2)
    assert "no engine 'cloud'" in told["error"]["message"]
    spec.write_text(SPEC.replace('"4e10"', '"4e3"'), encoding="utf-8")
    told = document(capsys, "spec.toml", "--dry-run", status=3)
    assert told["error"]["code"] == "budget-too-small"
    spec.write_text(SPEC.replace('"4e10"', '"much"'), encoding="utf-8")
    told = document(capsys, "spec.toml", status=2)
    assert told["error"]["where"] == {"file": "spec.toml", "row": None, "column": None, "key": "ladder.budget"}
    assert run(["sweep", "spec.toml"]) == 2
    assert "spec.toml, ladder.budget: got 'much', expected training FLOP" in " ".join(capsys.readouterr().err.split())


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_an_interrupt_says_what_is_kept_and_how_to_go_on(spec: Path) -> None:
    environment = os.environ | {"TINY_WAIT": "0.3"}
    words = [sys.executable, "-m", "gnomon", "sweep", "spec.toml", "--quiet"]
    heard = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731  (a job in the background ignores it)
    driver = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=heard)
    deadline = time.monotonic() + 60
    while not list(Path("spec-sweep").glob("trials/*/finished.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    driver.send_signal(signal.SIGINT)
    _, told = driver.communicate(timeout=60)
    assert driver.returncode == 130
    assert "of 12 trials are kept" in told
    assert "The same command goes on: gnomon sweep spec.toml" in told
