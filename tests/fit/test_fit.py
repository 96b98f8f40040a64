"""`fit` as a user calls it: published numbers, invariances, refusals, what it warns about by itself, saving."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gnomon as gn
from gnomon.errors import ColumnError, FileError, InputError, RefusalError, UnknownNameError
from gnomon.laws.chinchilla import Chinchilla


def synthetic(n: int = 40, noise: float = 0.003, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    params, tokens = np.exp(rng.uniform(np.log(1e7), np.log(1e9), n)), np.exp(rng.uniform(np.log(1e9), np.log(1e11), n))
    loss = Chinchilla.besiroglu2024(params=params, tokens=tokens) * np.exp(noise * rng.standard_normal(n))
    return {"params": params, "tokens": tokens, "loss": loss}


# --- published numbers ------------------------------------------------------------------------------------------------


def test_the_published_replication_is_reproduced(chinchilla_table: dict[str, np.ndarray]) -> None:
    fit = gn.fit("chinchilla", chinchilla_table, draws=200)
    assert fit.value == pytest.approx(0.001018274, rel=1e-6)  # Besiroglu et al. 2024, data_analysis.ipynb cell 18
    assert fit.parameters["E"].value == pytest.approx(1.8172, abs=5e-5)
    assert fit.parameters["alpha"].value == pytest.approx(0.34731, abs=5e-6)
    assert fit.parameters["beta"].value == pytest.approx(0.36717, abs=5e-6)
    assert fit.identified
    assert not any(n.code == "influential-runs" for n in fit.notices)


def test_standard_errors_are_the_published_ones(chinchilla_table: dict[str, np.ndarray]) -> None:
    fit = gn.fit("chinchilla", chinchilla_table, draws=4000)
    published = {"E": (0.02566, 0.02), "alpha": (0.01540, 0.02), "beta": (0.02060, 0.02), "A": (124.522, 0.04)}
    loose = 0.06  # seeds of 4000 draws differ: the sd of an sd is 1.1 %, of a skewed one more
    for name, (value, _) in published.items():
        assert fit.parameters[name].se == pytest.approx(value, rel=loose)
    assert fit.starts.draws_converged >= 3996
    share = fit.draws["beta"] / (fit.draws["alpha"] + fit.draws["beta"])
    assert share.std() == pytest.approx(0.020, rel=0.1)


def test_five_outliers_are_named_without_being_asked(chinchilla_245: dict[str, np.ndarray]) -> None:
    fit = gn.fit("chinchilla", chinchilla_245, draws=100)
    assert fit.parameters["alpha"].value == pytest.approx(0.349, abs=5e-4)
    assert fit.parameters["beta"].value == pytest.approx(0.453, abs=5e-4)
    warned = next(n for n in fit.notices if n.code == "influential-runs")
    excluded = chinchilla_245["run"][chinchilla_245["epoch_excluded"] == 1]
    assert set(warned.data["runs"]) == set(excluded)
    assert warned.data["without"] == pytest.approx(0.36717, abs=1e-4)


def test_clean_data_raise_no_alarm_about_single_runs() -> None:
    alarms = 0
    for seed in range(20):
        fit = gn.fit("chinchilla", synthetic(60, seed=seed), draws=20)
        alarms += any(n.code == "influential-runs" for n in fit.notices)
    assert alarms <= 2


# --- invariances ------------------------------------------------------------------------------------------------------


@given(st.permutations(range(40)))
@settings(max_examples=5, deadline=None)
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    table = synthetic()
    a = gn.fit("chinchilla", table, intervals="none")
    b = gn.fit("chinchilla", {k: v[order] for k, v in table.items()}, intervals="none")
    for name in a.parameters:
        assert a.parameters[name].value == pytest.approx(b.parameters[name].value, rel=1e-5)
    assert a.fingerprint == b.fingerprint


@given(st.floats(-9, 9), st.floats(-9, 9), st.floats(-1, 1))
@settings(max_examples=8, deadline=None)
def test_units_rescale_the_fit_exactly(params: float, tokens: float, loss: float) -> None:
    table = synthetic()
    a = gn.fit("chinchilla", table, draws=20)
    scales = {"params": 10**params, "tokens": 10**tokens, "loss": 10**loss}
    b = gn.fit("chinchilla", {k: v / scales[k] for k, v in table.items()}, draws=20)
    expected = a.law.rescaled(**scales)
    for name, value in expected.values.items():
        assert b.parameters[name].value == pytest.approx(value, rel=1e-5)
    assert b.parameters["alpha"].low == pytest.approx(a.parameters["alpha"].low, rel=1e-4)


def test_the_seed_decides_the_draws() -> None:
    a, b, c = (gn.fit("chinchilla", synthetic(), draws=30, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(a.draws["alpha"], b.draws["alpha"])
    assert not np.array_equal(a.draws["alpha"], c.draws["alpha"])


def test_checkpoints_of_one_run_move_together() -> None:
    table = synthetic(12)
    repeated = {k: np.repeat(v, 5) for k, v in table.items()} | {
        "run": np.repeat([f"r{i}" for i in range(12)], 5).astype(object)
    }
    by_run = gn.fit("chinchilla", repeated, draws=200)
    single = gn.fit("chinchilla", table, draws=200)
    assert by_run.runs_used == 12
    assert by_run.parameters["alpha"].se == pytest.approx(single.parameters["alpha"].se, rel=1e-3)


# --- intervals --------------------------------------------------------------------------------------------------------


def test_profile_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    inside = []
    for seed in range(60):
        fit = gn.fit("chinchilla", synthetic(40, noise=0.005, seed=seed), objective="squared_log", intervals="profile")
        for name, truth in (("alpha", 0.34781), ("beta", 0.36585)):
            inside.append(fit.parameters[name].low <= truth <= fit.parameters[name].high)
    assert 0.80 <= np.mean(inside) <= 0.97


def test_without_intervals_the_ends_are_unknown_with_a_reason() -> None:
    fit = gn.fit("chinchilla", synthetic(), intervals="none")
    assert fit.parameters["alpha"].low is None
    document = json.loads(fit.to_json())
    assert document["parameters"]["alpha"]["low"] is None
    assert document["parameters"]["alpha"]["low_reason"]


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_fewer_runs_than_parameters_are_refused() -> None:
    with pytest.raises(RefusalError, match="5 rows for the 5 parameters"):
        gn.fit("chinchilla", synthetic(5))


def test_one_size_only_is_refused() -> None:
    table = synthetic() | {"params": np.full(40, 1e8)}
    with pytest.raises(RefusalError, match="params is 1e\\+08 in all 40 rows"):
        gn.fit("chinchilla", table)


def test_a_constant_loss_is_refused() -> None:
    with pytest.raises(RefusalError, match="loss is 2 in all"):
        gn.fit("chinchilla", synthetic() | {"loss": np.full(40, 2.0)})


def test_little_slack_is_said_and_six_runs_still_fit() -> None:
    fit = gn.fit("chinchilla", synthetic(7, noise=1e-4), draws=50)
    assert any(n.code == "no-slack" for n in fit.notices)


def test_bad_options_are_named() -> None:
    with pytest.raises(UnknownNameError, match="bootstrap"):
        gn.fit("chinchilla", synthetic(), intervals="bootstrp")
    with pytest.raises(InputError, match="between 0 and 1"):
        gn.fit("chinchilla", synthetic(), level=90)
    with pytest.raises(UnknownNameError, match="chinchilla"):
        gn.fit("chinchila", synthetic())
    with pytest.raises(ColumnError, match="tokens"):
        gn.fit("chinchilla", {"params": [1.0, 2.0], "loss": [1.0, 2.0]})
    with pytest.raises(InputError, match="draws"):
        gn.fit("chinchilla", synthetic(), draws=3)


# --- saving -----------------------------------------------------------------------------------------------------------


def test_a_saved_fit_comes_back_whole(tmp_path: Path) -> None:
    table = synthetic() | {"run": np.array([f"run {i}" for i in range(40)], object)}
    fit = gn.fit("chinchilla", table, draws=50)
    back = gn.Fit.load(fit.save(tmp_path / "fit.json"))
    assert back.to_dict() == fit.to_dict()
    assert back.law == fit.law
    np.testing.assert_allclose(back.residuals, fit.residuals, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(back.draws["A"], fit.draws["A"], rtol=1e-9)
    assert back.data.fingerprint == fit.data.fingerprint


def test_a_formula_is_saved_as_its_text(tmp_path: Path) -> None:
    fit = gn.fit("E + A/N^a + B/D^b", synthetic(), draws=50)
    same = gn.fit("chinchilla", synthetic(), draws=50)
    assert fit.parameters["a"].value == pytest.approx(same.parameters["alpha"].value, rel=1e-6)
    back = gn.Fit.load(fit.save(tmp_path / "fit.json"))
    assert back.law(params=1e9, tokens=1e10) == pytest.approx(fit.law(params=1e9, tokens=1e10), rel=1e-12)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not valid JSON"),
        ("[1]", "no JSON object"),
        ('{"kind": "plan"}', "not a fit"),
        ('{"kind": "fit", "saved": {"format": 1}}', "incomplete"),
    ],
)
def test_a_broken_file_is_one_clear_message(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "fit.json"
    path.write_text(content)
    with pytest.raises(FileError, match=message):
        gn.Fit.load(path)
