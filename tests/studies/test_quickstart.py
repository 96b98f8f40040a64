from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import quickstart_tiny as small
from quickstart_tiny import TINY, line, tiny

from gnomon.engines import Cache, Outcome, Processes, TrialError
from gnomon.engines.engine import Failure
from gnomon.errors import InputError, UnknownNameError
from gnomon.lab import stdlib_prose
from gnomon.runs import read_runs
from gnomon.studies.entries.quickstart import Progress, Quickstart, Trial, design

TARGET = "d24-D15872-s0"
COLUMNS = {
    "run", "family", "params", "tokens", "flops", "loss", "step", "lr_peak", "batch_tokens", "seed", "width", "role",
    "text_sha256", "seconds", "status",
}  # fmt: skip


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Quickstart:
    """One undisturbed quickstart with one worker."""
    return tiny(tmp_path_factory.mktemp("reference"), workers=1)


def losses(result: Quickstart) -> dict[str, float]:
    return {row["run"]: row["loss"] for row in rows(result)}


def rows(result: Quickstart) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((result.folder / "trials").iterdir())]


def copy_trials(result: Quickstart, folder: Path, *, without: Sequence[str] = ()) -> None:
    """The kept runs of a result, but some."""
    trials = {trial.run: trial for trial in TINY.trials(seed=result.seed, text_sha256=stdlib_prose().sha256)}
    for row in rows(result):
        if row["run"] not in without:
            Cache(folder / "trials").put(trials[row["run"]].key, row)


def forecast_of(result: Quickstart) -> dict[str, Any]:
    """What forecast.json says, but for the time it was made."""
    document = json.loads((result.folder / "forecast.json").read_text())
    del document["made"]
    return document


# ---------------------------------------------------------------- the design


def test_full_design_is_the_specified_one() -> None:
    *ladder, target = design("full").trials(seed=0, text_sha256="x")
    assert len(ladder) == 23
    assert sorted({trial.params for trial in ladder}) == [6_480, 13_176, 23_712, 51_696, 93_504]
    assert (target.params, target.steps, target.tokens) == (204_768, 7_812, 1_999_872)
    assert target.flops / max(trial.flops for trial in ladder) == pytest.approx(5.42, abs=0.01)
    shape = max(ladder, key=lambda trial: trial.params * trial.tokens)
    assert target.params * target.tokens / (shape.params * shape.tokens) == pytest.approx(5.5, abs=0.05)
    assert {trial.tokens for trial in ladder if trial.width == 16} == {100_096, 199_936, 399_872, 800_000, 1_600_000}
    assert {trial.role for trial in ladder} == {"ladder"}
    assert target.recipe.lr_peak == pytest.approx(0.018 / math.sqrt(6))


def test_smoke_design_is_the_specified_one() -> None:
    *ladder, target = design("smoke").trials(seed=0, text_sha256="x")
    assert len(ladder) == 9
    assert (target.width, target.tokens) == (64, 800_000)
    assert target.flops / max(trial.flops for trial in ladder) == pytest.approx(7.6, abs=0.05)


def test_unknown_scale() -> None:
    with pytest.raises(UnknownNameError, match=r"'small' is not a scale of the quickstart.*smoke"):
        design("small")


def test_the_hash_covers_what_moves_a_loss_and_nothing_else() -> None:
    trial = Trial(16, 20, 0, "x")
    assert trial.key == "57d61d2a0d3eebde"
    others = [
        Trial(24, 20, 0, "x"), Trial(16, 21, 0, "x"), Trial(16, 20, 1, "x"), Trial(16, 20, 0, "y"),
        Trial(16, 20, 0, "x", threads=2),
    ]  # fmt: skip
    assert len({trial.key, *(other.key for other in others)}) == 6
    assert Trial(16, 20, 0, "x", role="target").key == trial.key


# ---------------------------------------------------------------- the course


def test_everything_is_written(reference: Quickstart) -> None:
    folder = reference.folder
    assert sorted(path.name for path in folder.iterdir()) == [
        "forecast.json", "quickstart.json", "runs.parquet", "trials",
    ]  # fmt: skip
    table = read_runs(folder / "runs.parquet")
    assert len(table) == 5
    assert set(table.names) >= COLUMNS
    assert list(table["role"]) == ["ladder"] * 4 + ["target"]
    assert list(table["status"]) == ["done"] * 5
    assert set(table["text_sha256"]) == {stdlib_prose().sha256}
    assert table["tokens"].tolist() == [5_120, 7_936, 5_120, 7_936, 15_872]
    assert table["params"].tolist() == [6_480, 6_480, 13_176, 13_176, 13_176]
    assert table["flops"].tolist() == [
        6 * (n + d * 50) * t for n, d, t in zip(table["params"], [16, 16, 24, 24, 24], table["tokens"], strict=True)
    ]
    assert (table["loss"] > 2).all()
    assert (table["loss"] < math.log(50)).all()
    assert [notice.code for notice in reference.notices] == ["no-fit"]  # four runs for five parameters


def test_document(reference: Quickstart) -> None:
    document = reference.to_dict()
    assert document == json.loads((reference.folder / "quickstart.json").read_text())
    assert document["kind"] == "quickstart"
    assert document["runs"] == 4
    assert set(document["forecast"]) == {"value", "low", "high", "level"}
    assert document["measured"] == losses(reference)[TARGET]
    assert document["error"] == pytest.approx(document["forecast"]["value"] / document["measured"] - 1)
    assert document["inside"] is (document["forecast"]["low"] <= document["measured"] <= document["forecast"]["high"])
    assert document["seconds"] > 0
    assert document["horizon"] == pytest.approx(2.0)


def test_same_seed_same_runs_whatever_the_workers(reference: Quickstart, tmp_path: Path) -> None:
    again = tiny(tmp_path, workers=3)
    assert losses(again) == losses(reference)
    assert forecast_of(again) == forecast_of(reference)
    assert again.error == reference.error


def test_another_seed_is_another_ladder_in_the_same_folder(reference: Quickstart, tmp_path: Path) -> None:
    copy_trials(reference, tmp_path)
    first, second = (tiny(tmp_path, seed=seed) for seed in (0, 1))
    assert list(first.ladder["loss"]) == list(reference.ladder["loss"])
    assert not set(first.ladder["loss"]) & set(second.ladder["loss"])
    assert len(rows(second)) == 10
    with pytest.raises(InputError, match="seed is -1"):
        tiny(tmp_path, seed=-1)


def test_a_finished_quickstart_trains_nothing(reference: Quickstart, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_workers(*_: object, **__: object) -> None:
        raise AssertionError("a worker was started")

    monkeypatch.setattr(Processes, "map", no_workers)
    written = (reference.folder / "forecast.json").read_bytes()
    news: list[Progress] = []
    again = tiny(reference.folder, progress=news.append)
    assert (reference.folder / "forecast.json").read_bytes() == written
    assert again.to_dict() | {"seconds": 0} == reference.to_dict() | {"seconds": 0}
    assert [n.kept for n in news if n.event == "run"] == [True] * 5


def test_news(reference: Quickstart, tmp_path: Path) -> None:
    copy_trials(reference, tmp_path, without=["d16-D5120-s0", TARGET])
    news: list[Progress] = []
    result = tiny(tmp_path, progress=news.append)
    assert [(n.stage, n.event) for n in news if n.event in ("begin", "end")] == [
        ("ladder", "begin"), ("ladder", "end"), ("forecast", "begin"), ("forecast", "end"),
        ("target", "begin"), ("target", "end"), ("done", "end"),
    ]  # fmt: skip
    assert [(n.done, n.kept) for n in news if n.event == "run"] == [
        (1, True), (2, True), (3, True), (4, False), (1, False),
    ]  # fmt: skip
    shares = [n.share for n in news]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)
    steps = [n.step for n in news if n.event == "step" and n.stage == "target"]
    assert [step["step"] for step in steps] == [62]
    assert news[-1].result is result


# ---------------------------------------------------------------- stopped at any moment


@pytest.mark.parametrize("moment", list(small.MOMENTS))
def test_goes_on_after_a_kill(moment: str, reference: Quickstart, tmp_path: Path) -> None:
    if moment != "ladder":
        copy_trials(reference, tmp_path, without=[TARGET])
    script = Path(small.__file__)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(script.parent), *sys.path])}
    process = subprocess.run([sys.executable, script, tmp_path, moment], env=environment, capture_output=True)
    assert process.returncode == -9
    assert not (tmp_path / "runs.parquet").exists()
    kept = {path.name: path.read_bytes() for path in (tmp_path / "trials").glob("*.json")}
    assert len(kept) >= {"ladder": 2, "forecast": 4, "target": 4}[moment]
    news: list[Progress] = []
    result = tiny(tmp_path, progress=news.append)
    assert losses(result) == losses(reference)
    assert forecast_of(result) == forecast_of(reference)
    assert result.notices == reference.notices
    assert sum(n.kept for n in news) == len(kept)
    for name, content in kept.items():
        assert (tmp_path / "trials" / name).read_bytes() == content


def test_a_failed_run_is_reported_and_the_others_kept(
    reference: Quickstart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_fails(self: Processes, function: Any, specs: list[Trial], **_: Any) -> Any:
        known = {row["run"]: row for row in rows(reference)}
        for index, trial in enumerate(specs):
            failure = Failure("MemoryError", "no room") if trial.run == "d16-D7936-s0" else None
            yield Outcome(index, None if failure else known[trial.run], failure)

    with monkeypatch.context() as patch:
        patch.setattr(Processes, "map", one_fails)
        with pytest.raises(TrialError, match="1 of 4 runs failed; the first is d16-D7936-s0: MemoryError: no room"):
            tiny(tmp_path)
    assert not (tmp_path / "forecast.json").exists()
    assert len(list((tmp_path / "trials").iterdir())) == 3
    assert losses(tiny(tmp_path)) == losses(reference)


# ---------------------------------------------------------------- the target is not seen


def test_forecast_is_kept_before_the_target_is_trained(reference: Quickstart, tmp_path: Path) -> None:
    copy_trials(reference, tmp_path, without=[TARGET])
    seen: list[tuple[bool, int]] = []

    def progress(news: Progress) -> None:
        if (news.stage, news.event) == ("target", "begin"):
            seen.append(((tmp_path / "forecast.json").exists(), len(list((tmp_path / "trials").iterdir()))))

    tiny(tmp_path, progress=progress)
    assert seen == [(True, 4)]


def test_forecaster_never_sees_the_target(reference: Quickstart, tmp_path: Path) -> None:
    given: list[tuple[Any, Any]] = []

    def spy(source: Any, at: Any, *, level: float = 0.9) -> Any:
        given.append((source, at))
        return line(source, at, level=level)

    copy_trials(reference, tmp_path)  # the target is measured already
    with_target = tiny(tmp_path, forecaster=spy)
    content = forecast_of(with_target)
    assert with_target.notices[0].code == "forecast-after-target"

    (tmp_path / "forecast.json").unlink()
    (target,) = [p for p in (tmp_path / "trials").iterdir() if json.loads(p.read_text())["role"] == "target"]
    target.unlink()
    without = tiny(tmp_path, forecaster=spy)
    assert json.dumps(forecast_of(without)) == json.dumps(content)

    for source, at in given:
        assert list(source["role"]) == ["ladder"] * 4
        assert reference.measured not in source["loss"]
        assert at == [{"params": 13_176, "tokens": 15_872}]


# ---------------------------------------------------------------- what can go wrong


def test_diverged_runs_are_data(reference: Quickstart, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "trials")
    for trial in TINY.trials(seed=0, text_sha256=stdlib_prose().sha256):
        row = next(row for row in rows(reference) if row["run"] == trial.run)
        if trial.run in ("d16-D7936-s0", TARGET):
            row |= {"loss": None, "status": "diverged"}
        cache.put(trial.key, row)

    def of_the_finite(source: Any, at: Any, *, level: float = 0.9) -> Any:
        return line(source.usable(("loss",)), at, level=level)

    result = tiny(tmp_path, forecaster=of_the_finite)
    document = result.to_dict()
    assert (document["measured"], document["error"], document["inside"]) == (None, None, None)
    assert document["measured_reason"] == "the target's training diverged"
    warnings = {warning["code"]: warning for warning in document["warnings"]}
    assert warnings["diverged-runs"]["runs"] == ["d16-D7936-s0"]
    assert math.isnan(read_runs(tmp_path / "runs.parquet")["loss"][1])


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        tiny(tmp_path / "file")
