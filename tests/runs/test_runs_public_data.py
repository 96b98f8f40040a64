"""The public tables: each is read as it is, and check says few and true things about it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from gnomon.runs import check, read_runs

FOLDER = Path(os.environ.get("GNOMON_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
TABLES = sorted(
    str(path.relative_to(FOLDER)) for pattern in ("*/*.csv", "*/*.parquet") for path in FOLDER.glob(pattern)
)

#: Everything above a note, by table; what is not here must not be found.
EXPECTED = {
    "datablations/runs.csv": {"diverged"},  # 12 runs overfit 100M to 400M tokens, losses up to 11
    "datablations/trajectories_c4.parquet": {"fixed-ratio"},  # three sizes, each at 20 tokens per parameter
    "hitchhiker/mamba3b_training_curve.csv": {"mid-schedule", "few-runs"},
    "hitchhiker/opt_trajectories.csv": {"few-runs"},
    "misfitting/checkpoints.csv": {"duplicate-run-step", "diverged"},  # 27 repeated measurements, as its README says
    "mixing_laws/losses.parquet": {"diverged"},  # 19 spikes on DM_Mathematics and Github
    "multipower/curves.csv": {"mid-schedule"},
    "nanochat/isoflop_optima.csv": {"mixed-conventions"},
    "olmo_ladder/ladder.parquet": {"mid-schedule"},
    "porian/isoflop_optima.csv": {"non-finite"},  # three budgets have no optimum
    "revisiting_benchmark/curves.parquet": {"duplicate-rows"},
    "steplaw/dense.csv": {"diverged"},  # learning rates above 0.01
}


@pytest.mark.parametrize("table", TABLES or ["none"])
def test_every_table_is_read_and_checked(table: str, public_data) -> None:
    runs = read_runs(public_data(table))
    assert len(runs) == runs.given > 0
    found = check(runs)
    assert {f.code for f in found if f.severity != "note"} == EXPECTED.get(table, set())
    assert len(found.findings) <= 6
    assert str(runs)


def test_chinchilla(public_data) -> None:
    runs = read_runs(public_data("chinchilla_epoch/points.csv"), where="epoch_excluded = 0")
    assert (len(runs), runs.given) == (240, 245)
    assert runs.removed[0].why == "--where epoch_excluded = 0"
    assert runs.removed[0].count == 5
    assert np.allclose(runs["flops"], 6 * runs["params"] * runs["tokens"])


def test_units_in_names_of_a_real_table(public_data) -> None:
    runs = read_runs(public_data("obsscaling/instruct_benchmarks.csv"))
    known = np.isfinite(runs["flops"])
    ratio = (runs["flops"] / (6 * runs["params"] * runs["tokens"]))[known]
    assert np.all((ratio > 0.9) & (ratio < 1.1))


def test_ends_of_real_runs(public_data) -> None:
    runs = read_runs(public_data("olmo_ladder/ladder.parquet"), where="is_final")
    assert len(runs) == 30
    ends = read_runs(public_data("misfitting/checkpoints.csv"), where="is_final")
    assert np.all(ends["fraction_done"] >= 0.99)


def test_misfitting_has_many_conventions(public_data) -> None:
    runs = read_runs(public_data("misfitting/checkpoints.csv"))
    assert runs.columns["params"].convention is None
    other = read_runs(public_data("misfitting/checkpoints.csv"), columns={"params": "params_no_embed"})
    assert other.columns["params"].convention == "non-embedding"
    assert np.all(other["params"] < runs["params"])
