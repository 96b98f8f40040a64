"""The trajectory study: its smoke run, and its judge on curves whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gnomon.engines import Tell
from gnomon.errors import RefusalError
from gnomon.fit import Fit
from gnomon.laws import Steps
from gnomon.runs import Runs, read_runs
from gnomon.studies.entries.loss_trajectory import STUDY, generated, judging
from gnomon.studies.entries.loss_trajectory.design import GRIDS, MICRO, TOGETHER
from gnomon.studies.entries.loss_trajectory.training import looks
from gnomon.testing.studies import check_smoke, check_study

LAW = Steps(N_c=2e9, alpha_N=0.07, S_c=60.0, alpha_S=0.5, B_1=2e5, alpha_B=0.3)
PARAMS = {16: 6_736.0, 24: 13_944.0, 32: 25_248.0, 48: 55_536.0}
ASKED = STUDY.asked("quick")


def rows(law: Steps = LAW, *, noise: float = 0.002, anneal: float = 0.06, batch_counts: bool = True) -> Runs:
    """Rows of the quick grid as the law has them; the annealed run gains up to `anneal` in its second half."""
    rng, grid, found = np.random.default_rng(0), GRIDS["quick"], []
    for trial in STUDY.trials(ASKED):
        if "width" not in trial.spec:
            continue
        width, batch, schedule = trial.spec["width"], trial.spec["batch_tokens"], trial.spec["schedule"]
        params, steps = PARAMS[width], grid.tokens[0] // batch
        for step in looks(steps):
            at = law(params=params, step=step, batch_tokens=batch if batch_counts else 2048.0)
            gain = anneal * max(2 * step / steps - 1, 0) if schedule == "linear" else 0.0
            loss = float(at * np.exp(noise * rng.standard_normal() - gain))
            scale = law.critical_batch(loss)  # |G|^2 = 1, tr(Sigma) = scale
            found.append(
                {
                    "run": f"d{width}-b{batch}" + ("" if schedule == "constant" else "-linear"),
                    "family": schedule, "width": width, "params": params, "batch_tokens": batch, "step": step,
                    "loss": loss, "status": "done", "tokens": step * batch, "text_sha256": "4c3e",
                    "grad_sq_small": 1 + scale / MICRO if trial.spec["noise"] else None,
                    "grad_sq_big": 1 + scale / MICRO / TOGETHER if trial.spec["noise"] else None,
                }
            )  # fmt: skip
    return read_runs(found)


@pytest.fixture(scope="module")
def trained() -> Runs:
    return judging.curves(rows(), "constant")


@pytest.fixture(scope="module")
def fitted(trained: Runs) -> Fit:
    return judging.law_of(trained, ASKED)


def test_what_is_declared() -> None:
    check_study(STUDY)


def test_no_fit_sees_what_is_held_out(fitted: Fit, trained: Runs) -> None:
    grid = GRIDS["quick"]
    seen = {(float(p), float(b)) for p, b in zip(fitted.data["params"], fitted.data["batch_tokens"], strict=True)}
    assert seen == {(PARAMS[w], 2048.0) for w in grid.sizes} | {(PARAMS[grid.pivot], float(b)) for b in grid.batches}
    assert len(trained) > fitted.used


def test_curves_of_a_law_are_forecast_by_it(monkeypatch: pytest.MonkeyPatch, trained: Runs) -> None:
    """The law that made the curves wins, the one without batches is far off; 20 refits of two laws take some seconds."""
    monkeypatch.setattr(judging, "DRAWS", 20)
    monkeypatch.setattr(judging, "LAWS", (judging.STEPS, judging.NO_BATCH))
    scored = judging.backtested(trained, ASKED)
    errors = {law: judging.held_out_errors(scored, law, ASKED) for law in (judging.STEPS, judging.NO_BATCH)}
    assert max(errors[judging.STEPS].values()) < 0.01
    assert errors[judging.NO_BATCH]["batch"] > 3 * errors[judging.STEPS]["batch"]


def test_where_the_batch_does_not_count_the_control_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Curves that depend on steps alone: leaving out the batch then costs nothing."""
    monkeypatch.setattr(judging, "DRAWS", 20)
    monkeypatch.setattr(judging, "LAWS", (judging.STEPS, judging.NO_BATCH))
    scored = judging.backtested(judging.curves(rows(batch_counts=False), "constant"), ASKED)
    ratio = [judging.held_out_errors(scored, law, ASKED)["batch"] for law in (judging.NO_BATCH, judging.STEPS)]
    assert ratio[0] < 1.5 * ratio[1]


def test_contours_give_the_critical_batch_of_the_law(trained: Runs) -> None:
    """Level by level the hyperbola holds exactly in the law; what is off is reading between points, and the noise."""
    found = judging.slope(trained, ASKED)
    assert found.value == pytest.approx(-1 / LAW.alpha_B, abs=1.0)
    assert found.high is not None
    assert found.high < 0


def test_curves_that_share_no_loss_have_no_contours(trained: Runs) -> None:
    apart = trained.where("(batch_tokens = 512 and loss > 3) or (batch_tokens = 4096 and loss < 2.9)")
    assert judging.contour(apart)[1] == []


def test_noise_scale_of_the_law_is_its_critical_batch(trained: Runs, fitted: Fit) -> None:
    assert judging.noise_over_critical(trained, fitted).value == pytest.approx(0.0, abs=0.1)


def test_a_run_whose_rate_falls_is_flagged_and_one_that_keeps_it_is_not(trained: Runs, fitted: Fit) -> None:
    for anneal, flagged in ((0.06, True), (0.0, False)):
        falling = judging.curves(rows(anneal=anneal), "linear")
        value = judging.annealed(trained, falling, fitted, ASKED).value
        assert value is not None
        assert (value >= 2) == flagged


def test_runs_of_two_texts_are_not_pooled() -> None:
    two = [{"run": text, "family": "constant", "status": "done", "loss": 2.0, "text_sha256": text} for text in "ab"]
    with pytest.raises(RefusalError, match=r"2 different texts \(a, b\)"):
        judging.curves(read_runs(two), "constant")


def test_controls() -> None:
    assert generated.one_batch(0).value == 0
    assert generated.same_batch(0).value == 0
    assert generated.hyperbola().value == pytest.approx(0, abs=1e-6)


def test_a_replica_tells_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without noise every constant comes out."""
    monkeypatch.setattr(generated, "DRAWS", 20)
    monkeypatch.setattr(generated, "REPLICA_NOISE", 0.0)
    tell: Tell = lambda news: None  # noqa: E731
    found = generated.recover({"replica": 0, "seed": 0}, tell)
    assert [row["constant"] for row in found] == list(generated.TRUTH)
    runs = read_runs([row | {"inside": int(row["constant"] != "N_c")} for row in found])
    told = judging.recovered(runs)
    assert told["recovery"].value == 0
    assert told["recovered-exponents"].value == pytest.approx(0, abs=1e-3)


def test_looks_start_after_the_warm_up_and_end_at_the_end() -> None:
    assert looks(10)[-1] == 10
    assert looks(2000)[0] == 100
    assert looks(2000)[-1] == 2000
    assert all(a < b for a, b in zip(looks(40), looks(40)[1:], strict=False))


@pytest.mark.slow
def test_smoke(tmp_path: Path) -> None:
    check_smoke(STUDY, str(tmp_path / "store.gnomon"))
