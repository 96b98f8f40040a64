from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import engine_functions as functions
import pytest

from gnomon.engines import Processes, Serial
from gnomon.errors import InputError

HERE = Path(__file__).parent


@pytest.fixture(params=["serial", "one", "two"])
def engine(request: pytest.FixtureRequest) -> object:
    made = {"serial": Serial, "one": lambda: Processes(1), "two": lambda: Processes(2)}[request.param]()
    with made:
        yield made


def alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state not in "ZX"
    return False


def gone(pid: int, within: float = 5.0) -> bool:
    deadline = time.monotonic() + within
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


def test_every_spec_has_its_outcome(engine: Processes) -> None:
    told = []
    outcomes = list(engine.map(functions.square, [1.0, 2.0, 3.5, 4.0], tell=lambda i, news: told.append((i, news))))
    assert sorted(outcome.index for outcome in outcomes) == [0, 1, 2, 3]
    assert {o.index: o.record["square"] for o in outcomes} == {0: 1.0, 1: 4.0, 2: 12.25, 3: 16.0}
    assert all(o.failure is None for o in outcomes)
    assert sorted(told, key=lambda pair: pair[0]) == [(i, {"half": x / 2}) for i, x in enumerate([1.0, 2.0, 3.5, 4.0])]
    assert list(engine.map(functions.square, [])) == []
    assert [o.record["x"] for o in engine.map(functions.square, [5.0])] == [5.0]


def test_an_exception_is_an_outcome(engine: Processes) -> None:
    outcomes = {o.index: o for o in engine.map(functions.fails_on_three, [1, 2, 3, 4])}
    assert [outcomes[i].record for i in range(4)] == [1, 2, None, 4]
    failure = outcomes[2].failure
    assert (failure.kind, failure.message) == ("ValueError", "three is not served")
    assert "fails_on_three" in failure.detail


def test_a_dead_worker_costs_its_spec_only() -> None:
    with Processes(2) as engine:
        outcomes = {o.index: o for o in engine.map(functions.dies_on_three, [1, 2, 3, 4, 5])}
    assert [outcomes[i].record for i in range(5)] == [1, 2, None, 4, 5]
    failure = outcomes[2].failure
    assert (failure.kind, failure.message) == ("WorkerDied", "The worker process ended with signal 9.")
    assert failure.detail == "last words"


def test_a_record_that_cannot_travel_is_a_failure() -> None:
    with Processes(1) as engine:
        (outcome,) = engine.map(functions.cannot_travel, [1])
    assert outcome.record is None
    assert "pickle" in outcome.failure.message.lower() or "lambda" in outcome.failure.message


def test_a_worker_keeps_to_its_kind() -> None:
    specs = ["a"] * 4 + ["b"] * 4 + ["c"] * 2
    with Processes(2) as engine:
        pids = [o.record for o in sorted(engine.map(functions.who, specs, affinity=str), key=lambda o: o.index)]
    assert len(set(pids)) == 2
    assert len(set(pids[:4])) == 1  # nobody else helps while a kind is left that nobody is at
    assert len(set(pids[4:8])) == 1


def test_workers_are_kept_between_calls() -> None:
    with Processes(1) as engine:
        first = [o.record for o in engine.map(functions.who, [1])]
        assert [o.record for o in engine.map(functions.who, [1])] == first
    assert gone(first[0])


def test_a_worker_that_died_between_calls_is_replaced() -> None:
    with Processes(1) as engine:
        (first,) = [o.record for o in engine.map(functions.who, [1])]
        os.kill(first, signal.SIGKILL)
        assert gone(first)
        time.sleep(0.1)
        outcomes = list(engine.map(functions.who, [1, 2]))
    assert len({o.record for o in outcomes if o.failure is None} - {first}) == 1


def test_leaving_early_ends_what_is_under_way(tmp_path: Path) -> None:
    pids: list[int] = []
    specs = [(role, str(tmp_path / "here")) for role in ("waits", "stays")]
    with Processes(2) as engine:
        for _ in engine.map(functions.meets, specs, tell=lambda _, pid: pids.append(pid)):
            break
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


def test_environment_reaches_the_workers() -> None:
    with Processes(1, environment={"GNOMON_TEST": "yes"}) as engine:
        (outcome,) = engine.map(functions.environment, ["GNOMON_TEST"])
    assert outcome.record == "yes"
    assert "GNOMON_TEST" not in os.environ


def driver(body: str) -> subprocess.Popen[str]:
    """A script without a guard that starts workers."""
    code = f"import sys; sys.path[:0] = {[str(HERE), *sys.path]!r}\n" + textwrap.dedent(body)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


LONG = """
    import engine_functions as functions
    from gnomon.engines import Processes
    with Processes(2) as engine:
        for outcome in engine.map(functions.sleeps, [60.0, 60.0], tell=lambda i, pid: print(pid, flush=True)):
            print("done", outcome)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_their_driver(how: signal.Signals) -> None:
    process = driver(LONG)
    try:
        assert process.stdout is not None
        pids = [int(process.stdout.readline()) for _ in range(2)]
        assert all(alive(pid) for pid in pids)
        os.kill(process.pid, how)
        out, err = process.communicate(timeout=10)
    finally:
        process.kill()
    assert out == ""
    assert all(gone(pid) for pid in pids)
    assert process.returncode == -how
    assert err.count("Traceback") == (1 if how == signal.SIGINT else 0)  # the driver's own, none of a worker


@pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")
def test_workers_ignore_an_interrupt() -> None:
    with Processes(1) as engine:
        pids: list[int] = []

        def interrupt(_: int, pid: int) -> None:
            pids.append(pid)
            os.kill(pid, signal.SIGINT)

        (outcome,) = engine.map(functions.sleeps, [0.2], tell=interrupt)
    assert outcome.failure is None
    assert pids


def test_a_script_needs_no_guard() -> None:
    process = driver(
        """
        import engine_functions as functions
        from gnomon.engines import Processes
        with Processes(2) as engine:
            print(sorted(o.record["x"] for o in engine.map(functions.square, [1.0, 2.0, 3.0])))
        """
    )
    out, err = process.communicate(timeout=30)
    assert (out, err) == ("[1.0, 2.0, 3.0]\n", "")


def test_a_function_of_the_script_itself_is_refused() -> None:
    process = driver(
        """
        from gnomon.engines import Processes
        from gnomon.errors import InputError
        def mine(x, tell): return x
        try:
            list(Processes(1).map(mine, [1]))
        except InputError as error:
            print(error)
        """
    )
    out, _ = process.communicate(timeout=30)
    assert out.startswith("mine is defined in the script itself")


def test_no_workers_are_refused() -> None:
    with pytest.raises(InputError, match="workers is 0"):
        Processes(0)
