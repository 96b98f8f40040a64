"""Laws of architecture against public data and what follows from them in closed form."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from gnomon.fit import fit
from gnomon.laws import ClarkMoe, FrantarSparse, Krajewski, MoeActive, ParScale, PrecisionSize, PrecisionTrain

PublicData = Callable[[str], Path]


def losses(path: Path, family: str) -> dict[str, np.ndarray]:
    with path.open(newline="") as file:
        table = [row for row in csv.DictReader(file) if row["family"] == family]
    return {name: np.array([float(row[name]) for row in table]) for name in ("params", "streams", "loss")}


CORPORA = [("stack_v2_python", "stack", 0.3934, 3.70e-5), ("pile", "pile", 0.334, 1.82e-5)]


@pytest.mark.parametrize(("family", "constants", "worth", "objective"), CORPORA)
def test_parscale_refit(public_data: PublicData, family: str, constants: str, worth: float, objective: float) -> None:
    """Their protocol (Huber 1e-3 on log loss) on the 24 printed losses of a corpus."""
    found = fit("parscale", losses(public_data("parscale/losses.csv"), family), intervals="none")
    assert found.law.k == pytest.approx(worth, abs=0.002)
    assert found.value <= objective
    printed = ParScale.constants()[constants]
    assert found.law.k == pytest.approx(printed.k, abs=1e-3)
    assert found.law.alpha == pytest.approx(printed.alpha, rel=5e-3)


@pytest.mark.parametrize(("family", "mean"), [("stack_v2_python", 0.005), ("pile", 0.003)])
def test_parscale_forecasts_largest_size_and_most_streams(public_data: PublicData, family: str, mean: float) -> None:
    rows = losses(public_data("parscale/losses.csv"), family)
    held = (rows["params"] > 4e9) | (rows["streams"] == 8)
    found = fit("parscale", {k: v[~held] for k, v in rows.items()}, intervals="none").law
    error = np.abs(found(params=rows["params"][held], streams=rows["streams"][held]) / rows["loss"][held] - 1)
    assert held.sum() == 9
    assert error.mean() < mean


def test_permuted_streams_are_worth_nothing(public_data: PublicData) -> None:
    """Negative control: labels of P permuted within each size. Some leave k at its bound, none comes near the real k."""
    rows = losses(public_data("parscale/losses.csv"), "stack_v2_python")
    honest = fit("parscale", rows, intervals="none")
    rng = np.random.default_rng(0)
    worths, objectives = [], []
    for _ in range(5):
        streams = rows["streams"].copy()
        for size in range(6):
            here = np.argsort(rows["params"], kind="stable")[4 * size : 4 * size + 4]
            streams[here] = rng.permutation(streams[here])
        shuffled = fit("parscale", rows | {"streams": streams}, intervals="none")
        worths.append(shuffled.law.k)
        objectives.append(shuffled.value)
    assert max(worths) < 0.5 * honest.law.k
    assert min(worths) == pytest.approx(1e-8)  # the bound
    assert min(objectives) > 3 * honest.value


def test_streams_saturate_less_than_averages_of_correlated_errors(public_data: PublicData) -> None:
    """Fitted to P up to 4, the logarithm forecasts P = 8 better than the saturating form on both corpora."""
    for family, *_ in CORPORA:
        rows = losses(public_data("parscale/losses.csv"), family)
        held = rows["streams"] == 8
        errors = {}
        for name in ("parscale", "parscale_correlated"):
            best = fit(name, {k: v[~held] for k, v in rows.items()}, intervals="none").law
            at = {"params": rows["params"][held], "streams": rows["streams"][held]}
            errors[name] = np.abs(best(**at) / rows["loss"][held] - 1).mean()
        assert errors["parscale"] < errors["parscale_correlated"]


def test_best_precision_does_not_depend_on_compute() -> None:
    """With one exponent and one sensitivity g, C = 6 N D P / 16: P* = 1.9038 g, the root of 3 u e^-u = 1 - e^-u."""
    root = brentq(lambda u: 3 * u * np.exp(-u) - (1 - np.exp(-u)), 0.5, 5.0)
    assert root == pytest.approx(1.9038, abs=1e-4)
    g, alpha = 2.6745, 0.4
    model = PrecisionTrain(E=1.7, A=400.0, alpha=alpha, B=1500.0, beta=alpha, g_w=g, g_a=g, g_kv=g)
    for flops in (1e20, 1e24):

        def least(bits: float, flops: float = flops) -> float:
            split = minimize_scalar(
                lambda x: model(
                    params=np.exp(x),
                    tokens=flops / (6 * np.exp(x) * bits / 16),
                    bits_w=bits,
                    bits_a=bits,
                    bits_kv=bits,
                ),
                bounds=(15.0, 30.0),
                method="bounded",
                options={"xatol": 1e-10},
            )
            return float(split.fun)

        best = minimize_scalar(least, bounds=(2.0, 16.0), method="bounded", options={"xatol": 1e-8}).x
        assert best == pytest.approx(root * g, rel=2e-4)


def test_many_bits_are_full_precision() -> None:
    full = {"bits_w": 200.0, "bits_a": 200.0, "bits_kv": 200.0}
    assert PrecisionSize.kumar2024(**full) == pytest.approx(1.0, rel=1e-12)
    weights, activations, cache = (PrecisionSize.kumar2024(**(full | {part: 4.0})) for part in full)
    assert weights < activations < cache  # weights are the most sensitive, the key-value cache the least


@pytest.mark.parametrize("router", ["s_base", "rl_r", "hash"])
def test_experts_saturate(router: str) -> None:
    """One expert is the dense model with E_start; beyond E_max more experts change nothing."""
    best = ClarkMoe.constants()[router]
    few, many, more = (best(params=1e8, experts=e) for e in (1.0, 1e9, 1e12))
    assert many == pytest.approx(more, rel=1e-6)
    assert many < few
    dense = 10 ** (best.d + best.a * 8 + (best.b + 8 * best.c) * np.log10(best.E_start))
    assert few == pytest.approx(dense, rel=1e-12)


def test_finer_experts_help_less_and_less() -> None:
    best = Krajewski.krajewski2024
    loss = best(params=1e9, tokens=1e11, granularity=np.array([1.0, 2.0, 4.0, 8.0, 16.0]))
    gains = -np.diff(loss)
    assert (gains > 0).all()
    assert (np.diff(gains) < 0).all()


def test_sparser_weights_are_worth_more_each() -> None:
    """At one number of non-zero weights the sparser model has the lower loss: its limit is c_S."""
    best = FrantarSparse.t5_c4
    loss = best(params=1e8, tokens=1e11, density=np.array([1.0, 0.5, 0.25, 0.125]))
    assert (np.diff(loss) < 0).all()
    assert best(params=1e8, tokens=1e11, density=1e-12) > best.c + best.c_S / 1e8**best.b_N


def test_the_heuristic_spans_active_to_total() -> None:
    same = {"E": 1.7, "A": 400.0, "alpha": 0.34, "B": 410.0, "beta": 0.28}
    at = {"active_params": 1e9, "params": 8e9, "tokens": 1e11}
    active, total = MoeActive(**same, w=0.0), MoeActive(**same, w=1.0)
    assert active(**at) == pytest.approx(active(**(at | {"params": 1e9})), rel=1e-13)
    assert total(**at) == pytest.approx(active(**(at | {"active_params": 8e9})), rel=1e-13)
