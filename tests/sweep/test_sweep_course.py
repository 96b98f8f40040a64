"""The course of a sweep: designed, run once, kept, gone on with after any stop, fitted, forecast, continued."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from trainer_tiny import law

from gnomon.errors import InputError, RefusalError
from gnomon.runs import read_runs
from gnomon.runs.store import Store
from gnomon.sweep import Step, calibrate, plan_sweep, read_spec, run_sweep
from gnomon.sweep.duration import learn_duration

Write = Callable[..., Path]
Calls = Callable[[], list[str]]
TRUE = law(25600, 512000)


def test_from_a_file_to_a_forecast_and_the_next_runs(write: Write, calls: Calls) -> None:
    path = write()
    heard: list[Step] = []
    plan = plan_sweep(path)
    assert (len(plan.waiting), plan.seconds_left, calls()) == (12, None, [])
    sweep = run_sweep(path, progress=heard.append)
    assert len(calls()) == 24
    assert (sweep.cached, sweep.failed, sweep.waiting) == (0, (), ())
    assert sweep.design.flops <= 4e10
    runs = sweep.runs
    assert runs is not None
    assert np.allclose(runs["loss"], law(runs["params"], runs["tokens"]), rtol=0.004)
    assert sweep.forecast is not None
    point = sweep.forecast.points[0]
    assert point.low is not None
    assert point.high is not None
    assert point.low < TRUE < point.high
    assert abs(point.value / TRUE - 1) < 0.03
    assert heard[-1].doing == "next"
    shares = [step.share for step in heard]
    assert shares == sorted(shares)
    assert sweep.next_runs is not None
    assert sweep.next_runs.spent <= 4e10 * 1.001
    there = {(one.rung.size.params, one.rung.tokens) for one in sweep.planned}
    for rung, run in zip(sweep.rungs, sweep.next_runs.runs, strict=True):
        assert rung.size in sweep.spec.sizes.found
        assert run.at == {"params": rung.size.params, "tokens": rung.tokens}
        assert (rung.size.params, rung.tokens) not in there
    for file in sweep.files.values():
        assert file.exists()


def test_nothing_is_run_twice_and_next_runs_are_added_to_the_file(finished: Path, calls: Calls) -> None:
    assert plan_sweep(finished).seconds_left == 0.0
    first = run_sweep(finished).to_dict()
    assert calls() == []
    assert first["trials"] == {"total": 12, "cached": 12, "failed": 0, "to_run": 0}
    added = len(first["next"]["rungs"])
    assert added > 0
    finished.write_text(finished.read_text() + first["next"]["toml"], encoding="utf-8")
    second = run_sweep(finished)
    assert second.cached == 12
    assert len(calls()) == 2 * added
    assert second.runs is not None
    assert len(second.runs) == 12 + added


def test_processes_give_the_runs_of_the_serial_engine(write: Write, finished: Path) -> None:
    found = run_sweep(write(('name = "serial"', "workers = 2"))).runs
    serial = read_runs(finished.parent / "spec-sweep" / "runs.csv")
    assert found is not None
    for name in ("run", "params", "tokens", "loss"):
        assert found[name].tolist() == serial[name].tolist()


def test_a_queue_runs_trials_too(write: Write, finished: Path) -> None:
    pytest.importorskip("submitit", reason="submitit is not installed")
    plan = calibrate(write(('name = "serial"', 'name = "slurm"\nworkers = 2\ncluster = "local"')))
    serial = plan_sweep(finished)
    done = [one for one in plan.planned if plan.status(one) == "done"]
    assert len(done) == 2
    for one in done:
        assert plan.measured(one)["loss"] == serial.measured(one)["loss"]


def test_failed_trials_are_records_and_are_run_again_on_request(
    write: Write, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_FAIL", "6400")
    path = write()
    sweep = run_sweep(path)
    assert {one.rung.size.params for one in sweep.failed} == {6400}
    document = sweep.to_dict()
    assert document["trials"]["failed"] == len(sweep.failed) == 3
    failure = next(one["failure"] for one in document["ladder"] if one["status"] == "failed")
    assert failure["kind"] == "TrainerError"
    assert "status 1: loading data / out of memory" in failure["message"]
    assert any(notice.code == "trials-failed" for notice in sweep.notices)
    begun = len(calls())
    run_sweep(path)
    assert len(calls()) == begun, "not tried again by itself"
    monkeypatch.delenv("TINY_FAIL")
    mended = run_sweep(path, retry=True)
    assert mended.failed == ()
    assert len(calls()) == begun + 6


def test_nothing_but_failures_and_too_few_runs(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = write(("trainer_tiny.py", "trainer_gone.py"))
    with pytest.raises(InputError, match=r"All 12 trials failed; width64-.*trainer_gone.py") as caught:
        run_sweep(broken)
    assert len(caught.value.partial.failed) == 12
    with pytest.raises(InputError, match=r"calibration failed"):
        calibrate(broken)
    only = write(
        ("values = [8, 16, 32, 64, 128, 256]", "values = [8, 16, 32]"),
        ("sizes = 4", "tokens_per_param = [20, 21]"),
    )
    monkeypatch.setenv("TINY_FAIL", "3200")
    with pytest.raises(RefusalError, match=r"4 of 6 trials are finished and kept in .*runs.csv, but: ") as refused:
        run_sweep(only, folder=only.parent / "few")
    assert refused.value.exit_status == 3
    assert len(refused.value.partial.runs) == 4


def test_values_that_are_tried_count_by_their_best(write: Write) -> None:
    changes = (
        ("--log", "--lr {lr} --log"),
        ("[target]", "[settings]\nlr = [0.05, 0.1, 0.3]\n[target]"),
        ("sizes = 4", "sizes = 3\ntokens_per_param = [10, 40]"),
    )
    sweep = run_sweep(write(*changes))
    assert len(sweep.planned) == 18
    assert sweep.runs is not None
    best = sweep.runs.where("is_best")
    assert len(best) == 6
    assert set(best["lr"]) == {0.1}
    assert sweep.fit is not None
    assert sweep.fit.used == 6
    assert not any(n.code == "tried-edge" for n in sweep.notices)
    edge = run_sweep(write(*((old, new.replace("0.05, 0.1, 0.3", "0.3, 0.5, 0.1")) for old, new in changes)))
    assert edge.cached == 12
    (notice,) = (n for n in edge.notices if n.code == "tried-edge")
    assert "at an end of the tried values in 6 of 6 runs" in notice.message


def test_seeds_are_repeats(write: Write) -> None:
    path = write(("--log", "--seed {seed} --log"), ("sizes = 4", "sizes = 4\nseeds = 2"), ('"4e10"', '"8e10"'))
    sweep = run_sweep(path)
    assert sweep.runs is not None
    assert len(sweep.runs) == 24
    assert sorted(set(sweep.runs["seed"])) == [0, 1]
    assert len(set(sweep.runs["loss"])) == 24


@pytest.mark.parametrize(("formula", "inputs"), [("E + A/N^a + B/D^b", ["params", "tokens"]), ("E + A/C^a", ["flops"])])
def test_a_law_of_the_users_own(finished: Path, formula: str, inputs: list[str]) -> None:
    finished.write_text(finished.read_text().replace("[target]", f'[fit]\nlaw = "{formula}"\nlevel = 0.8\n[target]'))
    sweep = run_sweep(finished)
    assert sweep.forecast is not None
    assert list(sweep.forecast.points[0].at) == inputs
    assert sweep.forecast.points[0].level == 0.8
    assert sweep.fit is not None
    assert sweep.fit.parameters["E"].low is not None
    assert (sweep.next_runs is None) == ("next" in sweep.reasons)


def test_what_changed_in_the_trainer_is_told(finished: Path) -> None:
    assert not any(n.code == "trainer-changed" for n in plan_sweep(finished).notices)
    trainer = finished.parent / "trainer_tiny.py"
    trainer.write_text(trainer.read_text() + "# a comment\n")
    notices = plan_sweep(finished).notices
    assert any(n.code == "trainer-changed" and n.data == {"trials": 12} for n in notices)
    finished.write_text(finished.read_text().replace("[metrics]", "version = 2\n[metrics]"))
    assert len(plan_sweep(finished).waiting) == 12


def test_other_metrics_are_read_without_training(finished: Path, calls: Calls) -> None:
    finished.write_text(
        finished.read_text().replace('path = "{folder}/log.jsonl"', 'path = "{folder}/*.jsonl"\nlast = 2')
    )
    plan = calibrate(finished)
    assert (calls(), len(plan.waiting)) == ([], 10)
    for one in plan.planned:
        if plan.status(one) == "done":
            expected = (
                law(one.rung.size.params, one.rung.tokens) + law(one.rung.size.params, one.rung.tokens * 0.75)
            ) / 2
            assert plan.measured(one)["loss"] == pytest.approx(expected, rel=0.004)


def test_parameters_that_the_trainer_counts_otherwise_are_told(write: Write) -> None:
    printed = r"""format = "stdout"
pattern = 'step (?P<params>\d+): tokens (?P<tokens>\d+).* val loss (?P<loss>\S+)'
"""
    old = 'format = "jsonl"\ncolumns = { loss = "val_loss" }\npath = "{folder}/log.jsonl"\n'
    sweep = calibrate(write(("--log {folder}/log.jsonl", "--format stdout"), (old, printed)))
    (notice,) = (n for n in sweep.notices if n.code == "params-differ")
    assert "the trainer counts 4 parameters at width16, the file 1,600" in notice.message


def test_an_interrupt_keeps_what_was_finished(write: Write, calls: Calls) -> None:
    path = write()

    def stop(step: Step) -> None:
        if step.news.done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_sweep(path, progress=stop)
    assert len(plan_sweep(path).waiting) == 7
    assert run_sweep(path).cached == 5
    assert len(calls()) == 24


def test_two_sweeps_in_one_folder_do_not_meet(write: Write) -> None:
    path = write()

    def meet(step: Step) -> None:
        with pytest.raises(InputError, match="another gnomon sweep is at work in this folder"):
            calibrate(path)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_sweep(path, progress=meet)
    calibrate(path)  # it was let go


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX's")
def test_kill_9_of_the_driver_loses_at_most_the_trials_in_flight(
    write: Write, calls: Calls, tmp_path: Path, finished: Path
) -> None:
    """Killed twice, at another moment each: what was finished is kept, the store is whole, the end is the same."""
    path = write(('name = "serial"', "workers = 2"))
    folder = tmp_path / "spec-sweep"
    code = f"from gnomon.sweep import run_sweep; run_sweep({str(path)!r})"
    environment = os.environ | {"TINY_WAIT": "0.15"}
    rng, before = np.random.default_rng(0), 0
    for _ in range(2):
        driver = subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL)
        wanted, deadline = before + 3, time.monotonic() + 60
        while time.monotonic() < deadline and _kept(folder) < wanted and driver.poll() is None:
            time.sleep(0.01)
        time.sleep(float(rng.uniform(0, 0.2)))
        driver.send_signal(signal.SIGKILL)
        driver.wait()
        kept = _kept(folder)
        assert kept >= wanted
        before = kept
    time.sleep(0.3)  # trainers that were in flight are gone by now
    ended = sum(line.startswith("end") for line in calls())
    begun = len(calls()) - ended
    assert begun - before <= 2 * 2, "two trials in flight at each kill"
    with Store(folder / "store.gnomon") as store:
        done = store.trials()
    assert all(one.status == "done" for one in done)
    last = run_sweep(path)
    assert last.cached == before
    assert last.runs is not None
    undisturbed = read_runs(finished.parent / "spec-sweep" / "runs.csv")
    assert last.runs["run"].tolist() == undisturbed["run"].tolist()
    assert last.runs["loss"].tolist() == undisturbed["loss"].tolist()


def _kept(folder: Path) -> int:
    with contextlib.suppress(Exception), Store(folder / "store.gnomon") as store:
        return len(store.trials())
    return 0


def test_calibration_forecasts_the_rest(write: Write, calls: Calls) -> None:
    path = write()
    plan = calibrate(path)
    assert len(calls()) == 4
    done = sorted(one.flops for one in plan.planned if plan.status(one) == "done")
    assert done[0] == min(one.flops for one in plan.planned)
    assert done[1] >= 4 * done[0]
    assert plan.seconds_left is not None
    assert 0 < plan.seconds_left < 60
    assert plan.duration is not None
    assert plan.duration.trials == 2


def test_durations_are_recovered() -> None:
    flops = np.geomspace(1e6, 1e9, 8)
    found = learn_duration(list(flops), list(2.0 + 3e-9 * flops))
    assert found is not None
    assert found.start == pytest.approx(2.0, rel=1e-6)
    assert found.per_flop == pytest.approx(3e-9, rel=1e-6)
    assert found.whole([1e9, 1e9, 1e9], 2) == pytest.approx(10.0, rel=1e-6)
    assert learn_duration([], []) is None
    single = learn_duration([1e9], [4.0])
    assert single is not None
    assert single.of(2e9) == pytest.approx(8.0)
    for rising in ([5.0, 1.0], [1.0, 100.0]):
        odd = learn_duration([1e6, 1e7], rising)
        assert odd is not None
        assert min(odd.start, odd.per_flop) >= 0


def test_the_document_is_json_and_says_why_something_is_missing(write: Write) -> None:
    spec = read_spec(write())
    document = json.loads(plan_sweep(spec).to_json())
    assert document["kind"] == "sweep"
    assert document["forecast"] is None
    assert document["forecast_reason"] == "nothing was run"
    assert document["seconds_left"] is None
    assert "--calibrate" in document["seconds_left_reason"]
    assert {one["status"] for one in document["ladder"]} == {"to run"}
    assert document["ladder"][0]["command"][0] == "{python}"
