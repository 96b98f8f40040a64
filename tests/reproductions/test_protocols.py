"""The protocols: on made-up tables with known answers, and on the public tables."""

from __future__ import annotations

import numpy as np
import pytest

from gnomon.laws import Chinchilla, ExpLossErr, Muennighoff, Overtrain
from gnomon.reproductions import CATALOGUE, reproduction
from reproductions.stand_ins import grid, loader, texts

SLOW = {
    "learning_curves",
    "loss_curves",
    "opt",
}  # 180 fits of five and six parameters; whole curves; nine times 1000 draws

TRUTH = Chinchilla(E=1.8, A=480.0, alpha=0.35, B=2100.0, beta=0.37)


def measured(name: str, tables: dict[str, dict[str, object]]) -> dict[str, float]:
    return dict(reproduction(name).measure(loader(tables)))


def test_chinchilla_recovers_a_known_law() -> None:
    params, tokens = grid(np.geomspace(1e8, 1e10, 6), np.geomspace(2e9, 2e11, 6))
    noise = np.exp(0.002 * np.random.default_rng(0).standard_normal(len(params)))
    table = {
        "run": [f"r{i}" for i in range(len(params))],
        "params": params,
        "tokens": tokens,
        "loss": TRUTH(params=params, tokens=tokens) * noise,
        "epoch_excluded": np.zeros(len(params)),
    }
    ours = measured("chinchilla", {"chinchilla_epoch/points.csv": table})
    assert ours["alpha"] == pytest.approx(0.35, abs=4 * ours["alpha_se"])
    assert ours["beta"] == pytest.approx(0.37, abs=4 * ours["beta_se"])
    assert ours["alpha"] == ours["alpha_245"]  # nothing is left out of this table
    assert ours["ratio_gopher"] == pytest.approx(ours["tokens_gopher"] / ours["params_gopher"])


def test_opt_recovers_a_family_that_shares_the_size_term() -> None:
    shared = Chinchilla(**(TRUTH.values | {"E": 1.5, "B": 900.0, "beta": 0.31}))

    def table(of: Chinchilla, sizes: list[float], tokens: np.ndarray, seed: int) -> dict[str, object]:
        n, d = (x.ravel() for x in np.meshgrid(sizes, tokens, indexing="ij"))
        noise = np.exp(0.001 * np.random.default_rng(seed).standard_normal(len(n)))
        return {"run": [f"{x:g}" for x in n], "params": n, "tokens": d, "loss": of(params=n, tokens=d) * noise}

    grid_of = table(TRUTH, [1e8, 3e8, 7e8, 1.5e9, 3e9, 6e9], np.geomspace(2e9, 2e11, 5), 1)
    grid_of["run"] = [f"r{i}" for i in range(30)]
    corpora = {name: np.tile(values, 2) for name, values in grid_of.items()} | {
        "family": ["c4"] * 30 + ["redpajama"] * 30,
        "run": [f"r{i}" for i in range(60)],
    }
    ours = measured(
        "opt",
        {
            "hitchhiker/opt_trajectories.csv": table(
                shared, [1.25e8, 1.3e9, 6.7e9, 1.3e10], np.geomspace(1e9, 2.8e11, 20), 2
            ),
            "chinchilla_epoch/points.csv": grid_of | {"epoch_excluded": np.zeros(30)},
            "gadre_overtraining/runs.csv": corpora,
        },
    )
    assert ours["all_error"] < 0.5
    assert ours["finals_refused"] == 1
    assert ours["125m_one_error"] < 3
    last = float(shared(params=1.3e10, tokens=2.8e11))
    assert ours["125m_one_low"] < last < ours["125m_one_high"]
    assert ours["doubled"] > 2


def test_overtraining_forecasts_a_known_law_without_error() -> None:
    law, error = Overtrain.gadre2024_redpajama, ExpLossErr.gadre2024_redpajama
    rows = [(n, m) for n in (1e7, 8e7, 1.5e8, 4e8) for m in (1.0,)]
    rows += [(1e7, 16.0), (1.4e9, 1.0), (6.9e9, 1.0), (1.4e9, 32.0), (1.4e9, 4.0)]
    params, multiplier = np.array(rows * 2).T
    tokens = 20.0 * multiplier * params
    loss = law(params=params, tokens=tokens)
    table = {
        "family": ["redpajama"] * len(rows) + ["c4"] * len(rows),
        "params": params,
        "tokens": tokens,
        "chinchilla_multiplier": multiplier,
        "loss": loss,
        "err_avg_17": error(loss=loss),
    }
    ours = measured("overtraining", {"gadre_overtraining/runs.csv": table})
    for corpus in ("redpajama", "c4"):
        assert ours[f"{corpus}_E"] == pytest.approx(law.E, rel=1e-4)
        assert ours[f"{corpus}_far_loss"] < 1e-3
        assert ours[f"{corpus}_large_error"] < 1e-2


def test_data_constrained_finds_the_decay_it_was_made_with() -> None:
    best = Muennighoff.muennighoff2023
    params, tokens = grid(np.geomspace(1e7, 1e9, 5), np.geomspace(1e9, 1e11, 7))
    unique = np.full(len(params), 1e9)
    table = {
        "params": params,
        "tokens": tokens,
        "unique_tokens": unique,
        "loss": best(params=params, tokens=tokens, unique_tokens=unique),
        "in_published_fit": np.ones(len(params)),
    }
    ours = measured("data_constrained", {"datablations/runs.csv": table})
    assert ours["rows"] == 35
    assert ours["R_D"] == pytest.approx(best.R_D, rel=1e-6)
    assert ours["R_N"] == pytest.approx(best.R_N, rel=1e-6)
    assert ours["r2"] == pytest.approx(1.0)
    assert ours["r2_no_decay"] < ours["r2_data_only"]


def test_isoflop_minima_of_a_symmetric_valley() -> None:
    """ln L a parabola about N* = 10 C^0.5: every way of finding the minimum must give the exponent."""
    from gnomon.reproductions.entries.compute_optimal_steps import STEPS

    rows: dict[str, list[object]] = {
        k: [] for k in ("hparams", "warmup", "decay", "param_count", "flops", "params", "loss")
    }
    optima: dict[str, list[object]] = {k: [] for k in (*list(rows)[:5], "params_optimal")}
    for hparams, warmup, decay, count, _, _ in STEPS.values():
        for flops in (1e16, 1e17, 1e18):
            best = 10.0 * flops**0.5
            names = dict(zip(rows, (hparams, warmup, decay, count), strict=False))
            for size in best * np.geomspace(0.1, 10.0, 9):
                values = names | {"flops": flops, "params": size, "loss": 3.0 * np.exp(0.05 * np.log(size / best) ** 2)}
                for key, value in values.items():
                    rows[key].append(value)
            for key, value in (names | {"flops": flops, "params_optimal": best}).items():
                optima[key].append(value)
    ours = measured("compute_optimal_steps", {"porian/isoflop_points.csv": rows, "porian/isoflop_optima.csv": optima})
    for label in STEPS:
        assert ours[label] == pytest.approx(0.5, abs=0.01)
        assert ours[f"{label}_stored"] == pytest.approx(0.5, abs=1e-9)


def test_moving_average_as_the_ladder_program_has_it() -> None:
    from gnomon.reproductions.entries.olmo_ladder import moving_average

    assert list(moving_average(np.array([2.0, 4.0, 6.0, 8.0]), 3)) == [2.0, 3.0, 4.0, 6.0]
    assert list(moving_average(np.array([2.0, 4.0]), 5)) == [2.0, 3.0]


def test_learning_curves_of_a_power_law_leave_nothing_to_explain() -> None:
    x = np.geomspace(1e3, 1e6, 24)
    families = ("image_classification", "big_bench", "language_modelling", "translation")
    table = {
        "run": np.repeat(texts(*families), 24),
        "family": np.repeat(texts(*families), 24),
        "seen_examples": np.tile(x, 4),
        "loss": np.tile(3.0 * x**-0.2, 4),
        "split": np.tile(np.repeat(texts("fit", "extrapolate"), (18, 6)), 4),
        "duplicate": np.zeros(96),
    }
    ours = measured("learning_curves", {"revisiting_benchmark/curves.parquet": table})
    assert ours["curves"] == 4
    for family in families:
        assert ours[f"{family}_M1"] < 1e-6
        assert ours[f"{family}_M2"] < 1e-2
        assert ours[f"{family}_last"] == pytest.approx(np.sqrt(np.mean((0.2 * np.log(x[18:] / x[17])) ** 2)), rel=1e-9)


def test_loss_curves_of_the_annealing_law() -> None:
    """Curves made by the annealing law: its own constants come back, and without its annealing term they do not fit.

    Over two seconds because of two fits of the multi-power law.
    """
    from gnomon.laws import LrAnnealing
    from gnomon.runs import Schedule

    law = LrAnnealing(L0=3.0, A=0.5, alpha=0.6, C=0.4)
    peak, made = 3e-4, {}
    made["cosine"] = Schedule.cosine(1200, peak, end=3e-5, warmup=60)
    made["constant"] = Schedule.constant(1200, peak, warmup=60)
    made["drop"] = Schedule.two_stage(1200, peak, at=500, end=6e-5, warmup=60)
    made["wsd"] = Schedule.wsd(1200, peak, decay=300, end=3e-5, warmup=60)
    curves: dict[str, list[object]] = {
        k: [] for k in ("run", "family", "schedule", "role", "step", "loss", "total_steps")
    }
    for family in ("25M", "100M"):
        for name, schedule in made.items():
            steps = np.arange(100, 1200, 40)
            for step, loss in zip(steps, law(schedule=schedule, step=steps), strict=True):
                role = "test" if name == "wsd" else "fit"
                row = (f"{family}_{name}", family, name, role, int(step), float(loss), 1200)
                for key, value in zip(curves, row, strict=True):
                    curves[key].append(value)
    rates = {
        "schedule": [name for name in made for _ in range(1200)],
        "step": [step for _ in made for step in range(1200)],
        "lr": [float(rate) for schedule in made.values() for rate in schedule.rates],
    }
    ours = measured("loss_curves", {"multipower/curves.csv": curves, "multipower/schedules.parquet": rates})
    assert ours["25M_annealing_C"] == pytest.approx(0.4, rel=1e-3)
    assert ours["100M_annealing_alpha"] == pytest.approx(0.6, rel=1e-3)
    assert ours["25M_annealing_relative"] < 1e-5 < ours["25M_without"]


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow if n in SLOW else ()) for n in CATALOGUE])
def test_on_public_data_numbers_agree_or_the_difference_is_explained(
    name: str, public_data, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gnomon.datasets import load

    monkeypatch.setenv("GNOMON_DATA", str(public_data(".")))
    entry = reproduction(name)
    for table in entry.tables:
        public_data(table)
    for result in entry.run(load):
        assert result.ours is not None
        assert result.agrees or result.quantity.finding, f"{result.quantity.name}: {result.ours}"
