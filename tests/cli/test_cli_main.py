"""The program itself: start, help, exit statuses, pipes, interrupts, defects, and whole commands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gnomon.cli.failure import failure_page, from_defect
from gnomon.cli.main import run
from gnomon.cli.terminal.look import Look
from gnomon.errors import ColumnError, GnomonError, InputError, RefusalError, Where
from gnomon.version import __version__

SRC = Path(__file__).resolve().parents[2] / "src"
HEAVY = [
    "scipy",
    "jax",
    "altair",
    "vl_convert",
    "duckdb",
    "fastapi",
    "pandas",
    "polars",
    "pyarrow",
    "numpy",
    "jinja2",
    "rich",
]
COMMANDS = ["quickstart", "laws", "check", "fit", "backtest", "forecast", "report", "reproduce", "sweep"]


def gnomon(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own."""
    known = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "GNOMON_DEBUG")}
    return subprocess.run(
        [sys.executable, "-m", "gnomon", *arguments],
        env=known | {"PYTHONPATH": str(SRC), "OPENBLAS_NUM_THREADS": "1"} | environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A table with a little noise."""
    path = tmp_path / "runs.csv"
    lines = ["run,params,tokens,loss"]
    for i, (n, d) in enumerate((a * 1e7, b * 1e9) for a in (4, 8, 16, 32, 64, 128) for b in (1, 2, 4, 8)):
        lines.append(
            f"r{i},{n:g},{d:g},{(1.8 + 480 / n**0.35 + 2100 / d**0.37) * (1 + 0.002 * (-1) ** (i * i // 3)):.5f}"
        )
    path.write_text("\n".join(lines) + "\n")
    return path


# Start ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["--help"], ["fit", "--help"], ["--version"]])
def test_start_loads_nothing_heavy(arguments: list[str]) -> None:
    """How long it takes is measured by benchmarks/cold_start.py."""
    code = (
        "import sys; from gnomon.cli.main import run; status = run(sys.argv[1:]); "
        f"print('LOADED', [m for m in {HEAVY} if m in sys.modules], status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": str(SRC)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.rstrip().endswith("LOADED [] 0")


def test_help_fits_and_names_every_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for width in (40, 80, 120):
        monkeypatch.setenv("COLUMNS", str(width))
        for arguments in (
            [],
            ["--help"],
            ["-h"],
            ["plan"],
            ["plan", "allocate", "--help"],
            ["plan", "schedule", "--help"],
            ["plan", "next-runs", "--help"],
            *(["study", c, "--help"] for c in ("list", "show", "run", "verify")),
            *([c, "--help"] for c in COMMANDS),
        ):
            assert run(arguments) == 0
            text = capsys.readouterr().out
            assert max(map(len, text.splitlines())) <= width
            assert text.isascii()
            if not arguments:
                assert all(re.search(rf"^  {c} ", text, re.M) for c in (*COMMANDS, "plan allocate", "study run"))


def test_every_example_of_the_help_parses(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Examples name files that are not there; what they must not do is fail as calls. They write into an empty folder."""
    import shlex

    monkeypatch.chdir(tmp_path)

    from gnomon.cli import (
        backtest,
        check,
        fit,
        forecast,
        laws,
        plan,
        plan_next_runs,
        plan_schedule,
        report,
        reproduce,
        sweep,
    )

    for module in (backtest, check, fit, forecast, laws, plan, plan_next_runs, plan_schedule, report, reproduce, sweep):
        for line in module.EXAMPLES.splitlines():
            words = shlex.split(line.partition("<")[0] if line.endswith(".csv") and " < " in line else line)[1:]
            if "-" in words:
                continue
            run([*words, "--json"])
            told = json.loads(capsys.readouterr().out)
            assert told["kind"] != "error" or told["error"]["code"] in ("bad-file", "no-file", "no-data"), (line, told)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"gnomon {__version__}\n"


# Ends ----------------------------------------------------------------------------------------------------------------


def broken(error: BaseException) -> Any:
    def call(*_: Any, **__: Any) -> None:
        raise error

    return call


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ZeroDivisionError("division by zero"), 1, "defect"),
        (KeyError("x"), 1, "defect"),
        (InputError("wrong"), 2, "bad-input"),
        (MemoryError(), 2, "out-of-memory"),
        (OSError(28, "No space left on device"), 2, "bad-file"),
        (PermissionError(13, "Permission denied", "/x/y"), 2, "bad-file"),
        (RefusalError("cannot"), 3, "cannot-answer"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_every_end_has_its_status(
    error: BaseException,
    status: int,
    code: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("gnomon.laws.catalogue", broken(error))
    assert run(["laws"]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert run(["laws", "--json"]) == status
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["code"] == code
    assert err == ""


def test_a_defect_says_where_to_report_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("gnomon.laws.catalogue", broken(ZeroDivisionError("division by zero")))
    run(["laws"])
    err = " ".join(capsys.readouterr().err.split())
    assert (
        "ZeroDivisionError: division by zero (test_cli_main.py" in err
        or "ZeroDivisionError: division by zero (laws.py" in err
    )
    assert "issue tracker" in err
    monkeypatch.setenv("GNOMON_DEBUG", "1")
    run(["laws"])
    assert "Traceback" in capsys.readouterr().err


def test_a_closed_pipe_is_quiet() -> None:
    done = subprocess.run(
        f"{sys.executable} -m gnomon laws | head -1; echo ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        env=os.environ | {"PYTHONPATH": str(SRC)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "0"


def test_the_module_ends_with_the_status() -> None:
    done = gnomon("laws", "chincila")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("xx There is no law 'chincila'")


def test_ctrl_c_during_a_fit(runs: Path) -> None:
    import signal
    import time

    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gnomon",
            "fit",
            "runs.csv",
            "--law",
            "chinchilla",
            "--draws",
            "50k",
            "--save",
            "f.json",
        ],
        env=os.environ | {"PYTHONPATH": str(SRC), "OPENBLAS_NUM_THREADS": "1"},
        cwd=runs.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(1.5)  # reading takes a second, these draws take many
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == ""
    assert "Traceback" not in err
    assert "Stopped" in err
    assert not (runs.parent / "f.json").exists()


# Messages ------------------------------------------------------------------------------------------------------------

MESSAGES: dict[str, GnomonError] = {
    "cell": ColumnError(
        "got 'abc', expected a number of nats/token",
        hint="Correct the cell, or leave it empty if the value is unknown.",
        where=Where("runs.csv", 7, "loss"),
    ),
    "column": ColumnError(
        "there is no column 'params'",
        hint="If it is 'n_params', say so: --column params=n_params.",
        where=Where("a/rather/long/path/to/a/table/of/runs/that/does/not/end.csv", None, "params"),
    ),
    "refusal": RefusalError(
        "4 rows for the 5 parameters of chinchilla: at least 6 are needed.",
        hint="Add runs or choose a law with fewer parameters (gnomon laws).",
    ),
    "odd": InputError("x" * 200 + " \x1b[31mred\x1b[0m\nsecond line – ≥ 模型"),
    "defect": from_defect(ZeroDivisionError("division by zero")),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name: str, snapshot: Any) -> None:
    texts = [
        str(failure_page(MESSAGES[name], Look(width, plain=plain)))
        for width, plain in ((80, True), (80, False), (40, True))
    ]
    snapshot(f"message-{name}", "\n\n".join(texts))


# Whole commands ------------------------------------------------------------------------------------------------------


def test_fit_forecast_plan(runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The thread from runs to a plan, as documents: kinds, files, order of points."""
    monkeypatch.chdir(runs.parent)

    def ask(*arguments: str) -> dict[str, Any]:
        assert run([*arguments, "--json", "--quiet"]) == 0, capsys.readouterr()
        out, err = capsys.readouterr()
        assert err == ""
        told = json.loads(out)
        assert told["gnomon"] == __version__
        assert isinstance(told["warnings"], list)
        return told

    fit = ask("fit", "runs.csv", "--law", "chinchilla", "--draws", "60", "--save", "fit.json", "--where", "tokens > 1B")
    assert fit["kind"] == "fit"
    assert fit["saved"] == "fit.json"
    assert fit["rows"]["removed"][0]["why"] == "--where tokens > 1B"
    assert fit["backtest"]["held_out"] > 0
    assert fit["miss"]["worst"] >= fit["miss"]["median"] > 0

    (runs.parent / "points.csv").write_text("N,D\n7B,2T\n1B,20B\n")
    points = ask("forecast", "fit.json", "--at", "params=70B,tokens=1.4T", "--at-file", "points.csv")["points"]
    assert [p["at"]["params"] for p in points] == [7e10, 7e9, 1e9]
    again = ask("forecast", "fit.json", "--at", "N=70B, D=1.4T")["points"]
    assert again[0] == points[0]
    third = ask("forecast", "fit.json", "--at", f"params=70B,flops={6 * 7e10 * 1.4e12:g}")["points"]
    assert third[0]["value"] == pytest.approx(points[0]["value"])
    median = ask("forecast", "runs.csv", "--at", "params=1B,tokens=20B")
    assert median["source"] == {"kind": "runs", "name": "runs.csv", "rows": 24}
    assert len(median["laws"]) > 1

    plan = ask("plan", "allocate", "fit.json", "--flops", "5.76e23")
    assert plan["kind"] == "plan"
    assert plan["decision"]["params"] > 1e9
    scores = ask(
        "backtest", "runs.csv", "--law", "chinchilla", "--law", "pow_floor(flops)", "--hold-out", "largest:flops:4"
    )
    assert [s["law"] for s in scores["laws"]] == ["chinchilla", "pow_floor"]
    assert ask("check", "runs.csv")["rows"] == 24
    assert {law["id"] for law in ask("laws")["laws"]} >= {"chinchilla", "pow_floor", "bnsl"}


def test_several_files_are_one_table(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(runs.parent)
    (runs.parent / "more.csv").write_text(runs.read_text().replace("\nr", "\nq"))
    assert run(["check", "runs.csv", "more.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 48


def test_runs_from_standard_input(runs: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gnomon", "check", "-", "--json"],
        input=runs.read_text(),
        env=os.environ | {"PYTHONPATH": str(SRC)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["rows"] == 24


def test_a_failed_record_never_fails_the_fit(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(runs.parent)
    monkeypatch.setattr("gnomon.forecast.backtesting.backtest", broken(RefusalError("nothing to hide")))
    call = ["fit", "runs.csv", "--law", "chinchilla", "--draws", "20"]
    assert run(call) == 0
    assert "?? not tested on hidden runs: nothing to hide" in capsys.readouterr().out
    few = (runs.read_text().splitlines()[:8]).__add__([""])
    runs.write_text("\n".join(few))
    assert run(["fit", "runs.csv", "--law", "pow_floor(tokens)", "--draws", "20", "--quiet"]) == 0


def test_plain_output_in_a_pipe_and_under_no_color(runs: Path) -> None:
    call = ["fit", str(runs), "--law", "chinchilla", "--draws", "20", "--no-backtest"]
    piped = gnomon(*call)
    assert piped.returncode == 0
    assert piped.stdout.isascii()
    assert piped.stderr == ""
    assert max(map(len, piped.stdout.splitlines())) <= 80
    coloured = gnomon(*call, FORCE_COLOR="1", LANG="C.UTF-8", COLUMNS="120")
    assert "\x1b[1mchinchilla\x1b[0m" in coloured.stdout
    assert "●" in coloured.stdout
    assert gnomon(*call, FORCE_COLOR="1", NO_COLOR="1").stdout.isascii()
    assert gnomon(*call, FORCE_COLOR="1", LANG="C", LC_ALL="C").stdout.isascii()
