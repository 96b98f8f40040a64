"""Protocols about mixtures, settings, streams, scores and budgets, on made-up tables with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from gnomon.laws import Chinchilla, ParScale
from gnomon.reproductions import reproduction
from reproductions.stand_ins import grid, loader, texts


def measured(name: str, tables: dict[str, dict[str, object]]) -> dict[str, float]:
    return dict(reproduction(name).measure(loader(tables)))


def test_step_law_of_bowls_whose_best_settings_follow_a_law() -> None:
    """Loss 2 + 0.01 (distance in octaves)^2 about lr = 100 N^-0.7 D^0.2, batch = 2 D^0.5."""
    rows: dict[str, list[object]] = {k: [] for k in ("cell", "params", "tokens", "lr", "batch_tokens", "loss")}
    for n in (1e8, 3e8, 1e9):
        for d in (1e10, 1e11):
            lr, batch = 100.0 * n**-0.7 * d**0.2, 2.0 * d**0.5
            for i in range(-4, 5):
                for j in range(-2, 3):
                    row = (f"{n:g}-{d:g}", n, d, lr * 2 ** (i / 2), batch * 2.0**j, 2.0 + 0.01 * ((i / 2) ** 2 + j**2))
                    for key, value in zip(rows, row, strict=True):
                        rows[key].append(value)
    draws = {
        "bootstrap": [0, 1],
        "lr_intercept": [0.0, 1.0],
        "lr_coefN": [-0.7, -0.7],
        "lr_coefD": [0.3, 0.3],
        "bs_intercept": [0.0, 0.0],
        "bs_coefD": [0.5, 0.6],
    }
    ours = measured(
        "step_law",
        {"steplaw/dense.csv": rows, "steplaw/moe.csv": rows, "steplaw/published_bootstrap_fits.csv": draws},
    )
    assert ours["lr_c_mean"] == 0.5
    assert ours["batch_D_mean"] == pytest.approx(0.55)
    assert ours["lr_N"] == pytest.approx(-0.7)
    assert ours["lr_D"] == pytest.approx(0.2)
    assert ours["batch_D"] == pytest.approx(0.5)
    assert np.exp(ours["lr_c"]) == pytest.approx(100.0)
    assert ours["left_out_cost"] == pytest.approx(0.0, abs=1e-9)
    assert ours["constant_cost"] > 0
    assert ours["dense_cost"] == ours["moe_cost"]


def test_parscale_recovers_k_and_shuffling_destroys_it() -> None:
    law = ParScale(**ParScale.published["stack"].values)
    sizes = np.geomspace(5e8, 4.4e9, 6)
    params, streams = grid(sizes, np.array([1.0, 2.0, 4.0, 8.0]))
    noise = np.exp(2e-4 * np.random.default_rng(1).standard_normal(len(params)))
    table = {
        "family": ["stack_v2_python"] * len(params) + ["pile"] * len(params),
        "params": np.tile(params, 2),
        "params_base_p1": np.tile(params, 2),
        "streams": np.tile(streams, 2),
        "loss": np.tile(law(params=params, streams=streams) * noise, 2),
    }
    ours = measured("parscale", {"parscale/losses.csv": table})
    assert ours["stack_k"] == pytest.approx(law.k, rel=0.02)
    assert ours["stack_shuffled"] < 0.04
    assert ours["stack_hidden"] < 0.1


def test_mixing_laws_find_an_exact_exponential() -> None:
    from gnomon.reproductions.entries.mixing_laws import DOMAINS, PRINTED

    columns = ("family", "size", "domain", "step", "p1", "p2", "loss", "params_nominal")
    rows: dict[str, list[object]] = {k: [] for k in columns}
    for size, domain, step in PRINTED:
        for share in (0.25, 0.375, 0.5, 0.625, 0.75):
            own = share if DOMAINS[domain] == "p1" else 1.0 - share
            row = ("2Mix", size, domain, step, share, 1.0 - share, 2.0 + np.exp(-1.5 * own - 0.5), 7e7)
            for key, value in zip(rows, row, strict=True):
                rows[key].append(value)
    ours = measured("mixing_laws", {"mixing_laws/losses.parquet": rows})
    assert len(ours) == 36
    assert ours["70M_github_10k_k"] == pytest.approx(-1.5, abs=0.01)
    assert ours["160M_pilecc_30k_b"] == pytest.approx(-0.5, abs=0.01)
    assert ours["160M_pilecc_30k_huber"] < 1e-8


def test_regmix_ranks_an_exponential_law_better_than_a_line() -> None:
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(0.3 * np.ones(5), 300)
    loss = 3.0 + np.exp(shares @ np.array([-4.0, 0.5, 0.2, -0.5, 0.1]))
    table: dict[str, object] = {f"mix_{i}": np.tile(shares[:, i], 2) for i in range(5)}
    table |= {
        "family": np.repeat(texts("1m", "60m"), 300),
        "split": np.tile(np.repeat(texts("train", "test"), (200, 100)), 2),
        "loss_pile_cc": np.concatenate([loss, loss - 1.0]),
    }
    ours = measured("regmix", {"regmix/mixtures.csv": table})
    assert ours["mixing_1m"] > 0.999
    assert ours["mixing_1m"] >= ours["linear_1m"]
    assert ours["mixing_60m"] > 0.999
    assert ours["shuffled"] < 0.2


def test_observational_one_factor_and_none() -> None:
    skill = np.random.default_rng(0).normal(size=60)
    table: dict[str, object] = {f"acc_{i}": 0.5 + 0.1 * skill for i in range(8)}
    table["acc_0"] = np.where(np.arange(60) == 3, np.nan, table["acc_0"])
    ours = measured("observational", {"obsscaling/base_benchmarks.csv": table})
    assert ours["pc1"] == pytest.approx(100.0)
    assert ours["top3"] == pytest.approx(100.0)
    assert ours["shuffled"] < 50.0


def test_isoflops_of_a_symmetric_surface() -> None:
    """With equal exponents the parabolas have no bias: the exponents are one half, whatever the grid."""
    law = Chinchilla(E=1.5, A=400.0, alpha=0.35, B=400.0, beta=0.35)
    rows: dict[str, list[object]] = {
        k: [] for k in ("family", "params", "tokens", "flops_budget", "loss", "curator_outlier")
    }
    families = ("epochai_chinchilla__massivetext__chinchilla", "llama_3__raw_loss")
    families += ("marin_202603__comma__llama_2", "marin_202603__dclm__llama_2")
    for family in families:
        for budget in (1e18, 1e19, 1e20, 1e21):
            for ratio in np.geomspace(0.25, 4.0, 7):
                params = np.sqrt(budget / 6.0) * ratio
                tokens = budget / 6.0 / params
                row = (family, params, tokens, budget, law(params=params, tokens=tokens), 0.0)
                for key, value in zip(rows, row, strict=True):
                    rows[key].append(value)
    ours = measured("isoflops", {"isoflops/points.csv": rows})
    for name in ("chinchilla_a", "chinchilla_b", "llama_a", "chinchilla_b_curated"):
        assert ours[name] == pytest.approx(0.5, abs=1e-6)
    assert ours["llama_alpha"] == pytest.approx(0.35, abs=1e-4)
    assert ours["comma_E"] == pytest.approx(1.5, abs=1e-3)


def test_misfitting_keeps_the_best_learning_rate() -> None:
    law = Chinchilla(E=1.8, A=480.0, alpha=0.35, B=2100.0, beta=0.37)
    params, tokens = grid(np.geomspace(1e8, 1e9, 4), np.geomspace(2e9, 2e10, 4))
    loss = law(params=params, tokens=tokens)
    labels = np.array([f"size{n:g}" for n in params], object)
    table = {
        "family": np.tile(labels, 3),
        "params": np.tile(params, 3),
        "tokens": np.tile(tokens, 3),
        "planned_tokens": np.tile(tokens, 3),
        "fraction_done": np.repeat([1.0, 1.0, 0.5], len(params)),
        "loss": np.concatenate([1.1 * loss, loss, 0.5 * loss]),
    }
    ours = measured("misfitting", {"misfitting/checkpoints.csv": table})
    assert ours["rows"] == len(params)
    assert ours["alpha"] == pytest.approx(0.35, abs=1e-4)
    assert ours["E"] == ours["E_here"] == pytest.approx(1.8, abs=1e-3)
