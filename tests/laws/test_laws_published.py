"""Published constants against the public data and fits they come from, and what is known of laws in closed form."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gnomon.laws import (
    M4,
    Bnsl,
    Chinchilla,
    ChinchillaTied,
    ExpLossErr,
    KaplanD,
    KaplanN,
    KaplanND,
    Muennighoff,
    Overtrain,
    PowFloor,
    ShiftPow,
    Sigmoid4,
    SumNoFloor,
    SumPowerFloor,
    SumPowerNoFloor,
)

N = np.geomspace(1e6, 1e11, 9)[:, None]
D = np.geomspace(1e8, 1e13, 11)

PublicData = Callable[[str], Path]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_over_training_forecasts_of_the_public_runs(public_data: PublicData) -> None:
    """The chain loss -> error as Gadre et al. forecast it; their notebook prints the relative errors."""
    for row in rows(public_data("gadre_overtraining/reference_forecasts.csv")):
        name = f"gadre2024_{row['family']}"
        loss = getattr(Overtrain, name)(params=float(row["params"]), tokens=float(row["tokens"]))
        error = getattr(ExpLossErr, name)(loss=loss)
        assert loss == pytest.approx(float(row["loss_predicted_paper_protocol"]), rel=1e-6)
        assert error == pytest.approx(float(row["err17_predicted_paper_protocol"]), rel=2e-6)
        off = abs(loss / float(row["loss_actual"]) - 1) * 100
        assert off == pytest.approx(float(row["loss_rel_error_percent"]), abs=1e-3)


def test_over_training_constants_solve_the_published_least_squares(public_data: PublicData) -> None:
    """At the minimum the residuals are orthogonal to every column: checked on the five runs of the protocol."""
    table = [r for r in rows(public_data("gadre_overtraining/runs.csv")) if r["family"] == "redpajama"]
    small = [r for r in table if float(r["chinchilla_multiplier"]) == 1 and float(r["params"]) < 5e8]
    long = [r for r in table if float(r["chinchilla_multiplier"]) == 16 and float(r["params"]) < 2e7]
    five = small + long
    assert (len(small), len(long)) == (4, 1)
    params, tokens, loss = (np.array([float(r[c]) for r in five]) for c in ("params", "tokens", "loss"))
    best = Overtrain.gadre2024_redpajama
    residual = loss - best(params=params, tokens=tokens)
    for name, value in best.values.items():
        column = (
            Overtrain(**(best.values | {name: value * (1 + 1e-6)}))(params=params, tokens=tokens) - (loss - residual)
        ) / 1e-6
        assert abs(residual @ column) < 1e-5 * np.linalg.norm(residual) * np.linalg.norm(column)


def test_muennighoff_objective_on_the_public_runs(public_data: PublicData) -> None:
    """Huber sum 0.0158259 (delta 1e-3, log loss) and R2 0.7722 on the 182 runs of the published fit."""
    table = [r for r in rows(public_data("datablations/runs.csv")) if r["in_published_fit"] == "1"]
    assert len(table) == 182
    at = {c: np.array([float(r[c]) for r in table]) for c in ("params", "tokens", "unique_tokens")}
    loss = np.array([float(r["loss"]) for r in table])
    predicted = Muennighoff.muennighoff2023(**at)
    residual = np.abs(np.log(predicted / loss))
    objective = np.where(residual <= 1e-3, 0.5 * residual**2, 1e-3 * (residual - 0.5e-3)).sum()
    assert objective == pytest.approx(0.0158259, rel=1e-5)
    r2 = 1 - ((loss - predicted) ** 2).sum() / ((loss - loss.mean()) ** 2).sum()
    assert r2 == pytest.approx(0.7722, abs=1e-4)


def test_muennighoff_worth_of_repeated_tokens() -> None:
    """D'/D at 2, 4, 8, 16, 40 epochs (law-catalogue): .984 .931 .828 .661 .379."""
    unique, best = 25e9, Muennighoff.muennighoff2023
    tiny = 1e6  # a model far below the optimal size: n = N
    for epochs, share in ((2, 0.984), (4, 0.931), (8, 0.828), (16, 0.661), (40, 0.379)):
        loss = best(params=tiny, tokens=epochs * unique, unique_tokens=unique)
        effective = (best.B / (loss - best.E - best.A / tiny**best.alpha)) ** (1 / best.beta)
        assert effective / (epochs * unique) == pytest.approx(share, abs=5e-4)


def test_muennighoff_without_repetition_is_chinchilla() -> None:
    """One epoch or less, and a model not above the optimal size."""
    best = Muennighoff.muennighoff2023
    tied = ChinchillaTied.muennighoff2023_c4
    for unique in (1e11, 5e11):
        assert best(params=1e8, tokens=1e11, unique_tokens=unique) == pytest.approx(
            tied(params=1e8, tokens=1e11), rel=1e-12
        )


def test_chinchilla_constants_fit_the_public_points(public_data: PublicData) -> None:
    """Plain Huber sum 0.00101827403 at the notebook's optimum, 240 points."""
    table = [r for r in rows(public_data("chinchilla_epoch/points.csv")) if r["epoch_excluded"] == "0"]
    assert len(table) == 240
    at = {c: np.array([float(r[c]) for r in table]) for c in ("params", "tokens")}
    residual = np.abs(np.log(Chinchilla.besiroglu2024_grid(**at) / np.array([float(r["loss"]) for r in table])))
    objective = np.where(residual <= 1e-3, 0.5 * residual**2, 1e-3 * (residual - 0.5e-3)).sum()
    assert objective == pytest.approx(0.00101827403, rel=2e-6)


def test_over_training_law_is_the_tied_law_in_other_coordinates() -> None:
    over = Overtrain.gadre2024_redpajama
    tied = ChinchillaTied(E=over.E, A=over.a * 6**-over.eta, B=over.b * 6**-over.eta, alpha=2 * over.eta)
    np.testing.assert_allclose(over(params=N, tokens=D), tied(params=N, tokens=D), rtol=1e-13)


def test_over_training_slope_in_compute_is_the_same_at_every_ratio() -> None:
    over = Overtrain.gadre2024_redpajama
    flops = np.geomspace(1e18, 1e24, 5)
    for ratio in (5.0, 20.0, 640.0):
        params = np.sqrt(flops / (6 * ratio))
        slope = np.diff(np.log(over(params=params, tokens=ratio * params) - over.E)) / np.diff(np.log(flops))
        np.testing.assert_allclose(slope, -over.eta, rtol=1e-12)


def test_error_law_is_a_power_of_perplexity() -> None:
    best, loss = ExpLossErr.gadre2024_redpajama, np.linspace(2.0, 5.0, 7)
    np.testing.assert_allclose(best(loss=loss), best.e - best.k * np.exp(loss) ** -best.g, rtol=1e-13)


# How the forms of a loss of parameters and tokens contain each other --------------------------------------------------


def test_kaplan_is_the_sum_power_form_with_inner_data_exponent_one() -> None:
    """So the free form is a wider family, not Kaplan's law in another parametrisation."""
    k = KaplanND.kaplan2020
    inner = k.alpha_N / k.alpha_D
    same = SumPowerNoFloor(A=k.N_c**inner, alpha=inner, B=k.D_c, beta=1.0, s=k.alpha_D)
    np.testing.assert_allclose(same(params=N, tokens=D), k(params=N, tokens=D), rtol=1e-12)
    # Its asymptotes fix alpha_D = s beta; the sharpness s is then fixed in Kaplan's law, free in the other.
    sharper = SumPowerNoFloor(A=0.5, alpha=0.6, B=0.5, beta=2.0, s=0.05)
    corner, along = sharper(params=1.0, tokens=1.0), 1e30
    alpha_D = -np.log(sharper(params=along, tokens=10.0) / sharper(params=along, tokens=1.0)) / np.log(10)
    alpha_N = -np.log(sharper(params=10.0, tokens=along) / sharper(params=1.0, tokens=along)) / np.log(10)
    n_c = sharper(params=1.0, tokens=along) ** (1 / alpha_N)
    d_c = sharper(params=along, tokens=1.0) ** (1 / alpha_D)
    kaplan = KaplanND(N_c=n_c, alpha_N=alpha_N, D_c=d_c, alpha_D=alpha_D)
    assert kaplan(params=1.0, tokens=1.0) == pytest.approx(2**alpha_D * d_c**alpha_D, rel=1e-6)
    assert abs(kaplan(params=1.0, tokens=1.0) / corner - 1) > 0.02


def test_nested_forms() -> None:
    best = Chinchilla.hoffmann2022
    joint = SumPowerFloor(**best.values, gamma=1.0)
    np.testing.assert_allclose(joint(params=N, tokens=D), best(params=N, tokens=D), rtol=1e-13)
    bare = {k: v for k, v in best.values.items() if k != "E"}
    np.testing.assert_allclose(
        SumPowerNoFloor(**bare, s=1.0)(params=N, tokens=D), SumNoFloor(**bare)(params=N, tokens=D), rtol=1e-13
    )
    k = KaplanND.kaplan2020
    rich = 1e40
    np.testing.assert_allclose(k(params=N, tokens=rich), KaplanN(N_c=k.N_c, alpha_N=k.alpha_N)(params=N), rtol=1e-9)
    np.testing.assert_allclose(k(params=rich**2, tokens=D), KaplanD(D_c=k.D_c, alpha_D=k.alpha_D)(tokens=D), rtol=1e-9)


# One variable ---------------------------------------------------------------------------------------------------------

X = np.geomspace(1e-3, 1e3, 25)


def test_shifted_power_at_both_ends() -> None:
    law = ShiftPow(E=0.3, k=0.7, x0=2.0, a=0.5)
    assert law(flops=1e-12) == pytest.approx(0.3 + 0.7 / 2**0.5)
    assert law(flops=1e12) == pytest.approx(0.3, abs=1e-6)
    plain = PowFloor(E=0.3, k=0.7, a=0.5)
    np.testing.assert_allclose(ShiftPow(E=0.3, k=0.7, x0=1e-15, a=0.5)(flops=X), plain(flops=X), rtol=1e-10)


def test_break_changes_the_slope_from_c0_to_c0_plus_c1() -> None:
    law = Bnsl(a=0.0, b=1.0, c0=0.1, c1=0.4, d1=1.0, f1=0.2)

    def slope(x: float) -> float:
        return float(np.log(law(flops=x * 1.01) / law(flops=x)) / np.log(1.01))

    assert slope(1e-6) == pytest.approx(-0.1, abs=1e-6)
    assert slope(1e6) == pytest.approx(-0.5, abs=1e-6)
    assert slope(1.0) == pytest.approx(-0.3, abs=2e-2)


def test_sharp_break_far_away_does_not_overflow() -> None:
    with np.errstate(all="raise", under="ignore"):
        law = Bnsl(a=0.1, b=1.0, c0=0.2, c1=0.3, d1=1e-6, f1=0.01)
        corner = 0.1 + X**-0.2 * (X / 1e-6) ** -0.3
        np.testing.assert_allclose(law(flops=X), corner, rtol=1e-12)


def test_breaks_without_change_drop_out() -> None:
    one = {"a": 0.3, "b": 1.0, "c0": 0.2, "c1": 0.3, "d1": 0.5, "f1": 0.4}
    two = Bnsl.variant(2)(**one, c2=0.0, d2=20.0, f2=0.3)
    np.testing.assert_allclose(two(flops=X), Bnsl(**one)(flops=X), rtol=1e-14)
    assert Bnsl.variant(2) is Bnsl.variant(2.0)
    assert list(Bnsl.variant(3).parameters)[-3:] == ["c3", "d3", "f3"]


def test_m4_solves_the_printed_equation_everywhere() -> None:
    """In print: (L - E) / (E + H - L)^q = beta x^-a, with beta = k H^-q."""
    for q in (0.01, 0.3, 1.0, 3.0, 20.0):
        for beta in (1e-9, 1.0, 1e9):
            law = M4(E=0.2, H=2.5, q=q, k=beta * 2.5**q, a=0.7)
            loss = law(flops=np.geomspace(1e-12, 1e12, 49))
            assert np.all((loss >= 0.2) & (loss <= 2.7))
            assert np.all(np.diff(loss) <= 0)
            inside = (loss > 0.2 * (1 + 1e-6)) & (loss < 2.7 * (1 - 1e-6))
            x = np.geomspace(1e-12, 1e12, 49)[inside]
            left = np.log(loss[inside] - 0.2) - q * np.log(2.7 - loss[inside])
            np.testing.assert_allclose(left, np.log(beta) - 0.7 * np.log(x), rtol=1e-6, atol=1e-6)


def test_m4_in_closed_form_for_q_one() -> None:
    """With q = 1 the printed equation (L - E) / (E + H - L) = u gives L = E + H u / (1 + u)."""
    u = 0.8 * X**-0.4
    np.testing.assert_allclose(
        M4(E=0.2, H=2.5, q=1.0, k=0.8 * 2.5, a=0.4)(flops=X), 0.2 + 2.5 * u / (1 + u), rtol=1e-14
    )


def test_m4_tends_to_a_power_above_a_floor() -> None:
    law = M4(E=0.5, H=3.0, q=2.0, k=1.0, a=0.4)
    x = np.geomspace(1e12, 1e14, 5)
    np.testing.assert_allclose(law(flops=x) - 0.5, x**-0.4, rtol=1e-3)


def test_sigmoid_levels() -> None:
    law = Sigmoid4(a=-0.75, b=1.0, k=4.0, x0=0.9)
    assert law(loss=0.9) == pytest.approx(0.625)
    assert law(loss=-100.0) == pytest.approx(1.0)
    assert law(loss=100.0) == pytest.approx(0.25)
    assert law(loss=1.4) == pytest.approx(1.0 - 0.75 / (1 + math.exp(-2.0)))
