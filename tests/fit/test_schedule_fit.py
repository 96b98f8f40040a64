"""Fitting laws of schedules: recovery, the prior's strength, negative controls, saving, and the published curves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gnomon.errors import InputError, RefusalError
from gnomon.fit import Fit, fit
from gnomon.forecast import backtest
from gnomon.forecast.curves import score_curves
from gnomon.laws import LrAnnealing, Mpl
from gnomon.runs import Runs, Schedule, read_runs

PEAK = 3e-4
TRUE = {"L0": 3.0, "A": 0.5, "alpha": 0.5, "B": 400.0, "C": 2.0, "beta": 0.6, "gamma": 0.65}
TRUTH = {"mpl": Mpl(**TRUE), "lr_annealing": LrAnnealing(L0=3.0, A=0.5, alpha=0.6, C=0.5)}
FITTED = (
    Schedule.cosine(4000, PEAK, end=3e-5, warmup=200, name="cosine"),
    Schedule.constant(4000, PEAK, warmup=200),
    Schedule.two_stage(3000, PEAK, at=1500, end=9e-5, warmup=200),
)
OTHERS = (
    Schedule.wsd(4000, PEAK, decay=800, end=3e-5, warmup=200),
    Schedule.cosine(8000, PEAK, end=3e-5, warmup=200, name="cosine, long"),
)


def curves(schedules: tuple[Schedule, ...], law: Any, noise: float = 0.0, seed: int = 0) -> Runs:
    """Loss every 100 steps after the warm-up, as a law says it, with relative noise."""
    rng = np.random.default_rng(seed)
    rows: dict[str, list[Any]] = {"run": [], "schedule": [], "step": [], "loss": []}
    for schedule in schedules:
        steps = np.arange(400, schedule.steps, 100)
        rows["run"] += [f"run of {schedule.name}"] * len(steps)
        rows["schedule"] += [schedule.name] * len(steps)
        rows["step"] += steps.tolist()
        rows["loss"] += (law(schedule=schedule, step=steps) * np.exp(rng.normal(0, noise, len(steps)))).tolist()
    return read_runs(rows, schedules=list(schedules))


@pytest.fixture(scope="module")
def noisy() -> Fit:
    return fit("mpl", curves(FITTED, Mpl(**TRUE), 5e-4), draws=100)


def test_noise_free_curves_need_no_prior() -> None:
    found = fit("mpl", curves(FITTED, Mpl(**TRUE)), intervals="none")
    assert found.extra["prior"]["strength"] == 0
    assert found.value < 1e-12
    for name, value in TRUE.items():
        assert found.parameters[name].value == pytest.approx(value, rel=1e-3)


def test_fit_forecasts_other_schedules(noisy: Fit) -> None:
    scores = score_curves(noisy.law, curves(OTHERS, Mpl(**TRUE))).mean
    assert scores.relative < 1e-3
    assert noisy.starts.at_best == noisy.starts.tried
    assert noisy.identifiability.weakest


def test_fit_says_what_its_prior_does(noisy: Fit) -> None:
    prior = noisy.extra["prior"]
    assert len(prior["tried"]) == 8
    chosen = {row["strength"]: row["held_out_rms"] for row in prior["tried"]}
    assert chosen[prior["strength"]] == min(chosen.values())
    assert prior["objective_without"] <= noisy.value
    assert any(notice.code == "prior" for notice in noisy.notices)
    assert noisy.to_dict()["prior"] == prior


def test_saved_fit_forecasts_the_same(noisy: Fit, tmp_path: Path) -> None:
    again = Fit.load(noisy.save(tmp_path / "fit.json"))
    assert again.extra == noisy.extra
    for schedule in ("cosine", "wsd:steps=5000:peak=3e-4:decay=1000:end=3e-5:warmup=200"):
        one, other = (f.forecast(schedule=schedule, step=3999).points[0] for f in (noisy, again))
        assert one.at == {"schedule": schedule, "step": 3999.0}
        assert other.value == pytest.approx(one.value, rel=1e-9)
        assert one.low is not None
        assert one.high is not None
        assert one.low < one.value < one.high
    assert again.forecast(schedule=OTHERS[1], step=7999).points[0].horizon == pytest.approx(np.log10(7999 / 3900))


def test_backtest_hides_curves() -> None:
    runs = curves((*FITTED, *OTHERS), Mpl(**TRUE), 5e-4)
    found = backtest(["mpl", "lr_annealing"], runs, hold_out="where:schedule in ('wsd', 'cosine, long')", draws=50)
    assert found.best == "mpl"
    assert found.score("mpl").are is not None
    assert found.score("mpl").are < 1e-3  # type: ignore[operator]
    assert {p.at["schedule"] for p in found.points if p.law == "mpl"} == {"wsd", "cosine, long"}


def test_curves_are_weighed_alike() -> None:
    runs = curves(FITTED[:2], Mpl(**TRUE))
    weights = Mpl.weights_of(runs.where("schedule = 'constant' or step < 1000"))
    names = runs.where("schedule = 'constant' or step < 1000")["schedule"]
    assert weights.mean() == pytest.approx(1)
    assert weights[names == "cosine"].sum() == pytest.approx(weights[names == "constant"].sum())


@pytest.mark.parametrize("law", ["mpl", "lr_annealing"])
def test_constant_rates_alone_are_not_enough(law: str) -> None:
    flat = (Schedule.constant(4000, PEAK, warmup=200), Schedule.constant(3000, PEAK, warmup=200, name="again"))
    found = fit(law, curves(flat, Mpl(**TRUE), 5e-4), draws=50)
    assert not found.identified
    assert any(notice.code == "undetermined" for notice in found.notices)
    told = found.forecast(schedule=FITTED[0], step=3999)
    assert any(notice.code == "undetermined" for notice in told.notices)


@pytest.mark.parametrize(("column", "values"), [("family", ("a", "b")), ("params", (1e7, 2e7))])
def test_curves_of_several_models_are_refused(column: str, values: tuple[Any, Any]) -> None:
    runs = curves(FITTED, TRUTH["lr_annealing"], 5e-4)
    table = {name: np.concatenate([runs[name]] * 2) for name in ("schedule", "step", "loss")}
    n = len(runs)
    table |= {"run": [f"{f} {r}" for f in "ab" for r in runs["run"]], column: [values[0]] * n + [values[1]] * n}
    with pytest.raises(RefusalError, match="curves of 2 models") as refused:
        fit("lr_annealing", read_runs(table, schedules=list(FITTED)), intervals="none")
    assert refused.value.hint is not None
    where = refused.value.hint.partition('"')[2].rpartition('"')[0]
    alone = fit("lr_annealing", read_runs(table, schedules=list(FITTED), where=where), intervals="none")
    assert alone.used == n


@pytest.mark.parametrize("law", ["mpl", "lr_annealing"])
def test_schedules_of_other_curves_do_not_fit(law: str) -> None:
    runs = curves(FITTED, TRUTH[law], 5e-4)
    swapped = {"cosine": "constant", "constant": "cosine", "two_stage": "two_stage"}
    table = {name: runs[name] for name in ("run", "step", "loss")}
    wrong = read_runs(table | {"schedule": [swapped[s] for s in runs["schedule"]]}, schedules=list(FITTED))
    others = curves(OTHERS, TRUTH[law])
    right, shuffled = (
        score_curves(fit(law, rows, intervals="none").law, others).mean.relative for rows in (runs, wrong)
    )
    assert shuffled > 5 * right


def test_points_say_what_they_lack(noisy: Fit) -> None:
    with pytest.raises(InputError, match="has no schedule"):
        noisy.forecast(step=100)
    with pytest.raises(InputError, match="ends at step"):
        noisy.forecast(schedule="cosine", step=4000)


# Published curves: fit cosine_24000, constant_24000 and wsdcon_9, forecast six others. Targets: the published fit's held-out
# RMSE, .00465 and .00592, which the authors reach by stopping early. Each takes a few seconds: 24,000 steps a curve.
@pytest.mark.parametrize(("family", "most", "freely"), [("25M", 0.0047, 1.3847e-4), ("100M", 0.0059, 2.1363e-5)])
def test_published_curves_are_forecast_as_well_as_by_the_authors(
    family: str, most: float, freely: float, public_data: Callable[[str], Path]
) -> None:
    runs = read_runs(
        str(public_data("multipower/curves.csv")),
        where=f"family = '{family}' and step < total_steps",
        schedules=str(public_data("multipower/schedules.parquet")),
    )
    found = fit("mpl", runs.where("role = 'fit'"), intervals="none")
    held_out = runs.where("role = 'test'")
    assert score_curves(found.law, held_out).mean.rmse <= most
    free = type(found.law)(**found.extra["prior"]["parameters_without"])
    assert score_curves(free, held_out).mean.rmse > most
    assert found.extra["prior"]["objective_without"] == pytest.approx(freely, rel=0.1)  # curves, not rows, count alike
    annealing = fit("lr_annealing", runs.where("role = 'fit'"), intervals="none")
    assert score_curves(annealing.law, held_out).mean.relative <= 0.0025
    area_only = type(annealing.law)(**annealing.law.values | {"C": 0.0})
    assert score_curves(area_only, held_out).mean.relative > 2.5 * score_curves(annealing.law, held_out).mean.relative


def test_still_inputs_alone_excuse_a_constant_column() -> None:
    from gnomon.errors import RefusalError
    from gnomon.fit.design import Design
    from gnomon.fit.estimate import check_enough

    class Moving(Mpl):
        still_inputs = ()

    law = Mpl
    inputs = (np.zeros(40), np.arange(500.0, 540.0))
    runs = type("Table", (), {"removed": ()})()
    check_enough(Design(law, inputs, np.linspace(3, 2, 40), np.arange(40), np.ones(40)), runs)
    with pytest.raises(RefusalError, match="schedule is 0"):
        check_enough(Design(Moving, inputs, np.linspace(3, 2, 40), np.arange(40), np.ones(40)), runs)
