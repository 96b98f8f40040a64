"""The store: what is written is there, whenever the writer dies."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gnomon.errors import FileError
from gnomon.runs.store import Store

ROWS = [{"run": "a", "loss": 2.5}, {"run": "a", "loss": None}]


def test_what_is_put_is_there_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "new" / "store.gnomon"
    with Store(path) as store:
        store.put("k", study="s", spec={"seed": 1}, rows=ROWS, seconds=2.0)
    with Store(path) as store:
        kept = store.get(["k", "unknown"])
        assert list(kept) == ["k"]
        assert list(kept["k"].rows) == ROWS
        assert (kept["k"].study, kept["k"].spec, kept["k"].status, kept["k"].seconds) == ("s", {"seed": 1}, "done", 2.0)
        assert [k.key for k in store.trials("s")] == ["k"]
        assert store.trials("other") == []


def test_looking_makes_no_file(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.gnomon")
    assert store.get(["k"]) == {}
    assert store.trials() == []
    assert not store.path.exists()


def test_a_failure_never_replaces_rows_and_rows_replace_a_failure(tmp_path: Path) -> None:
    failure = {"kind": "ValueError", "message": "no", "traceback": ""}
    with Store(tmp_path / "store.gnomon") as store:
        store.fail("k", study="s", spec={}, failure=failure)
        assert store.get(["k"])["k"].failure == failure
        store.put("k", study="s", spec={}, rows=ROWS, seconds=None)
        store.fail("k", study="s", spec={}, failure=failure)
        kept = store.get(["k"])["k"]
        assert (kept.status, kept.attempts, len(kept.rows)) == ("done", 2, 2)


def test_what_is_no_store_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "store.gnomon"
    path.write_bytes(b"no database, but long enough to look like one" * 40)
    with pytest.raises(FileError, match="store cannot be used") as caught:
        Store(path).trials()
    assert caught.value.where.file == str(path)
    with pytest.raises(FileError, match="store cannot be used"):
        Store(tmp_path).trials()


WRITER = """
import sys
from gnomon.runs.store import Store
store = Store(sys.argv[1])
first = int(sys.argv[2])
for i in range(first, first + 100000):
    store.put(f"k{i}", study="s", spec={"i": i}, rows=[{"run": str(i), "loss": float(i)}] * 20, seconds=0.0)
    print(i, flush=True)
"""


def test_kill_9_at_twenty_random_moments_loses_nothing_that_was_written(tmp_path: Path) -> None:
    path = tmp_path / "store.gnomon"
    rng = np.random.default_rng(0)
    told: list[int] = []
    for attempt in range(20):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(attempt * 100_000)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        told.append(int(writer.stdout.readline()))
        time.sleep(float(rng.uniform(0, 0.05)))
        os.kill(writer.pid, signal.SIGKILL)
        told += [int(line) for line in writer.stdout.read().split("\n")[:-1]]
        writer.wait()
        writer.stdout.close()
    with Store(path) as store:
        kept = store.get(f"k{i}" for i in told)
    assert len(kept) == len(told) >= 20
    assert all(len(k.rows) == 20 for k in kept.values())
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
