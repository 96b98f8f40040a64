"""Backtests: what is hidden, how it is scored, the baselines beside it, and laws that cannot take part."""

from __future__ import annotations

import json

import numpy as np
import pytest

import gnomon as gn
from gnomon.errors import InputError
from gnomon.laws.chinchilla import Chinchilla


def table(noise: float = 0.003) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    params, tokens = np.repeat(np.geomspace(1e7, 1e9, 6), 5), np.tile(np.geomspace(2e8, 2e10, 5), 6)
    loss = Chinchilla.besiroglu2024(params=params, tokens=tokens) * np.exp(noise * rng.standard_normal(30))
    return {"params": params, "tokens": tokens, "loss": loss, "run": np.array([f"r{i}" for i in range(30)], object)}


@pytest.fixture(scope="module")
def result() -> gn.Backtest:
    return gn.backtest(["chinchilla", "kaplan_nd", "recipe"], table(), hold_out="largest:flops:3", draws=50)


def test_the_largest_runs_are_hidden_and_scored(result: gn.Backtest) -> None:
    flops = table()["params"] * table()["tokens"]
    largest = {f"r{i}" for i in np.argsort(flops)[-3:]}
    assert {p.run for p in result.points if p.law == "chinchilla"} == largest
    assert result.fitted == 27
    score = result.score("chinchilla")
    points = [p for p in result.points if p.law == "chinchilla"]
    assert score.are == pytest.approx(np.mean([abs(p.value / p.measured - 1) for p in points]))
    assert score.coverage == np.mean([p.low <= p.measured <= p.high for p in points])


def test_baselines_are_the_last_and_the_best_value(result: gn.Backtest) -> None:
    t = table()
    flops = t["params"] * t["tokens"]
    seen = np.argsort(flops)[:-3]
    last = t["loss"][seen[-1]]
    assert all(p.value == pytest.approx(last) for p in result.points if p.law == "last_value")
    assert all(p.value == pytest.approx(t["loss"][seen].min()) for p in result.points if p.law == "best_so_far")
    assert result.score("last_value").are > result.score("chinchilla").are


def test_a_size_that_no_run_knows_is_no_size() -> None:
    """A column of sizes may be there and empty, as in a table of several experiments: the rows' order stands in."""
    x = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    runs = {
        "width": x,
        "loss": 3 / x,
        "params": np.full(5, np.nan),
        "run": np.array([f"r{i}" for i in range(5)], object),
    }
    tested = gn.backtest(["k / width^s"], runs, hold_out="where:width > 10", draws=20)
    (point,) = [p for p in tested.points if p.law == "last_value"]
    assert point.value == pytest.approx(3 / 8)


def test_the_true_law_wins(result: gn.Backtest) -> None:
    assert result.best in ("chinchilla", "recipe")
    assert result.score("kaplan_nd").are > result.score("chinchilla").are


def test_the_document_has_the_agreed_shape(result: gn.Backtest) -> None:
    document = json.loads(result.to_json())
    assert document["kind"] == "backtest"
    assert {"law", "error", "coverage", "level", "width", "held_out"} <= set(document["laws"][0])
    assert set(document["baselines"]) == {"last_value", "best_so_far"}


def test_a_law_that_cannot_be_fitted_is_a_record_with_its_reason() -> None:
    small = {k: v[:9] for k, v in table().items()}
    result = gn.backtest(
        ["muennighoff", "pow(tokens)"], small | {"unique_tokens": small["tokens"]}, hold_out="largest:flops:3", draws=30
    )
    refused = result.score("muennighoff")
    assert refused.are is None
    assert refused.reason
    assert any(n.code == "law-refused" for n in result.notices)


def test_no_law_and_unknown_names() -> None:
    with pytest.raises(InputError, match="No law"):
        gn.backtest([], table())
