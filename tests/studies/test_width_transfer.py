"""The width study: its limits against theory, and its judge on rows whose truth is known."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from gnomon.errors import RefusalError
from gnomon.runs import Runs, read_runs
from gnomon.studies.claim import verdicts
from gnomon.studies.entries.width_transfer import STUDY
from gnomon.studies.entries.width_transfer.design import (
    BASE,
    DECAY,
    EXPONENTS,
    GRIDS,
    LAYERS,
    LIMIT_DECAY,
    LIMIT_RATES,
    LIMIT_WIDTHS,
    LR,
    MATRICES,
)
from gnomon.studies.entries.width_transfer.judging import judge
from gnomon.studies.entries.width_transfer.limits import limit
from gnomon.studies.entries.width_transfer.singular import errors_at, exponents, measured_rule, rule_slopes, steady
from gnomon.studies.entries.width_transfer.sweeps import regret, shift, valleys
from gnomon.testing.studies import check_smoke

GRID = GRIDS["quick"]


def spectra(p: float, h: float = 0.5, *, sd: float = 0.01, seed: int = 0) -> Runs:
    """Rows of the quick study's own trials whose singular values are the law's, but for noise."""
    rng, rows = np.random.default_rng(seed), []
    for spec in (t.spec for t in STUDY.trials(STUDY.asked("quick")) if "p" in t.spec):
        width, m = spec["width"], spec["width"] / BASE
        lr, decay = spec["lr"] / m, spec["decay"] * m ** (2 * spec["p"] - 1)
        for k in range(LAYERS):
            for i, name in enumerate(MATRICES):
                sigma = (1 + i) * (lr / decay) ** h * width**p * math.exp(sd * rng.standard_normal())
                rows.append(
                    {
                        "run": f"{spec['p']}-{width}-{spec['lr']}-{spec['decay']}", "p": spec["p"], "width": width,
                        "layer": k, "matrix": name, "lr": lr, "weight_decay": decay, "base_lr": spec["lr"],
                        "base_decay": spec["decay"], "sigma_max": sigma, "exposure": lr * decay * GRID.steps,
                        "output_size": sigma if name == "down" else None, "status": "done",
                    }
                )  # fmt: skip
    return read_runs(rows)


@pytest.mark.parametrize("p", [0.5, 0.75, 1.0])
def test_the_exponent_that_was_put_in_is_measured_and_its_rule_is_flat(p: float) -> None:
    rows = spectra(p).where("layer = 0")
    for fit in exponents(rows, "width_singular", 0).values():
        for name, truth in (("s", p), ("h", 0.5)):
            found = fit.parameters[name]
            assert found.value == pytest.approx(truth, abs=4 * found.se), name  # four standard errors: one in 16,000
            assert found.se < 0.05
    assert measured_rule(rows, EXPONENTS, 0) == p
    for rule in EXPONENTS:  # sqrt(lr/decay) d^p with decay ~ d^(2 rule - 1)
        assert rule_slopes(rows, rule)[0, "up"].value == pytest.approx(p - rule, abs=0.05)
    assert list(rule_slopes(rows, p, "output_size")) == [(0, "down")]


def test_a_law_that_knows_width_forecasts_the_held_out_one() -> None:
    rows = spectra(1.0).where("layer = 0")
    held = GRID.widths[-1]
    assert max(errors_at(rows, "width_singular", held, 0).values()) < 0.06
    assert min(errors_at(rows, "k * (lr / weight_decay)^h", held, 0).values()) > 0.1


def test_runs_that_remember_their_start_are_refused() -> None:
    rows = [
        dict(zip(table, row, strict=True))
        for table in [spectra(1.0).to_dict()]
        for row in zip(*table.values(), strict=True)
    ]
    rows[3]["exposure"] = 2.9
    table = read_runs(rows)
    with pytest.raises(RefusalError, match=r"lr \* decay \* steps = 2.9, expected at least 3"):
        exponents(table, "width_singular", 0)
    assert len(steady(table)) == len(table) - 1
    with pytest.raises(RefusalError, match="2 widths, expected at least 3"):
        exponents(steady(table).where("width < 32"), "width_singular", 0)


@pytest.mark.parametrize("scale", ["quick", "full"])
def test_no_run_is_made_twice(scale: str) -> None:
    """Rules meet at the base width, and settings elsewhere: m^(1/2) / 2 = 1 at m = 4."""
    trials = STUDY.trials(STUDY.asked(scale))
    spectra = [t.spec for t in trials if "p" in t.spec]
    real = {(s["width"], s["lr"], round(s["decay"] * (s["width"] / BASE) ** (2 * s["p"] - 1), 9)) for s in spectra}
    assert len(real) == len(spectra)
    assert {s["p"] for s in spectra if s["width"] == BASE and (s["lr"], s["decay"]) == (LR, DECAY)} == {EXPONENTS[0]}


def limits(updates: str, cells: list[tuple[int, float]], decay: float = LIMIT_DECAY) -> list[dict]:
    return [
        limit({"updates": updates, "width": d, "lr": lr, "decay": decay, "seed": 0}, lambda _: None)[0]
        for d, lr in cells
    ]


def slope(x: list[float], y: list[float]) -> float:
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


@pytest.mark.slow  # four thousand steps of AdamW at the lowest rate: shorter runs have not reached their steady state
def test_noise_has_the_exponents_of_random_matrices() -> None:
    """Entries sqrt(kappa lr/(2 decay)), largest singular value 2 sqrt(d) times that: 1/2 and 1/2."""
    wide = limits("noise", [(d, LIMIT_RATES[-1]) for d in LIMIT_WIDTHS])
    assert slope([r["width"] for r in wide], [r["sigma_max"] for r in wide]) == pytest.approx(0.5, abs=0.05)
    for row in wide:
        assert row["sigma_max"] == pytest.approx(2 * row["width"] ** 0.5 * row["entry"], rel=0.1)
    hot = limits("noise", [(LIMIT_WIDTHS[0], lr) for lr in LIMIT_RATES])
    assert slope([r["lr"] / r["weight_decay"] for r in hot], [r["entry"] for r in hot]) == pytest.approx(0.5, abs=0.03)


def test_persistent_updates_reach_update_over_decay() -> None:
    """W -> u/decay, u a d x d matrix of signs: d/decay, whatever the rate; e^-5 of the way is left."""
    found = limits("persistent", [(64, 0.01), (128, 0.01), (64, 0.005)]) + limits("persistent", [(64, 0.01)], 1.0)
    for row in found:
        assert row["sigma_max"] == pytest.approx(row["width"] / row["weight_decay"] * (1 - math.exp(-5)), rel=0.005)


def swept(best: dict[tuple[str, int], float], *, sd: float = 0.002, seeds: int = 2) -> Runs:
    """Losses 2 + .05 (octaves from the best rate)^2, with what seeds have in common and what they have not."""
    rng, rows = np.random.default_rng(0), []
    for (rule, width), rate in best.items():
        for seed in range(seeds):
            for lr in GRID.rates:
                loss = 2 + 0.05 * math.log2(lr / rate) ** 2 + 0.1 * seed + sd * rng.standard_normal()
                rows.append(
                    {
                        "run": f"{rule}-{width}-{lr}-{seed}",
                        "rule": rule,
                        "width": width,
                        "lr": lr,
                        "seed": seed,
                        "loss": loss,
                    }
                )
    return read_runs(rows)


def test_a_shift_of_the_best_rate_is_read_between_octaves() -> None:
    best = {("mup", 16): 2**-6.3, ("mup", 64): 2**-6.0, ("standard", 16): 2**-5.6, ("standard", 64): 2**-7.5}
    found = valleys(swept(best))
    still = shift(found["mup", 16], found["mup", 64])
    moved = shift(found["standard", 16], found["standard", 64], signed=True)
    assert still.value == pytest.approx(0.3, abs=0.1)
    assert moved.value == pytest.approx(1.9, abs=0.1)
    for measured, truth in ((still, 0.3), (moved, 1.9)):
        assert measured.low is not None
        assert measured.high is not None
        assert measured.low <= truth <= measured.high
    assert regret(found["mup", 16], found["mup", 64]).value == pytest.approx(0.05 * 0.3**2, abs=0.005)
    assert regret(found["standard", 16], found["standard", 64]).value == pytest.approx(0.05 * 1.9**2, abs=0.03)


def test_a_best_rate_at_the_edge_is_no_answer() -> None:
    found = valleys(swept({("mup", 16): 2**-6, ("mup", 64): 2**-12}))
    measured = shift(found["mup", 16], found["mup", 64])
    assert measured.value is None
    assert "edge of the grid" in measured.reason
    assert regret(found["mup", 16], found["mup", 64]).value is None


def test_the_judge_measures_every_claim() -> None:
    """Rows of a world in which the paper is right: every claim and control comes out as it should."""
    parts = [
        ("spectra", spectra(0.75)),
        (
            "sweep",
            swept(
                {(r, d): 2.0 ** (-6 if r == "mup" or d == 16 else -8) for r in ("mup", "standard") for d in (16, 64)}
            ),
        ),
    ]
    rows = [
        {"part": part, "status": "done"} | {k: v for k, v in zip(table.to_dict(), row, strict=True) if v is not None}
        for part, table in parts
        for row in zip(*table.to_dict().values(), strict=True)
    ]
    for width in GRID.check_widths:
        for rule, exponent in (("mup", 0.0), ("standard", 0.5)):
            for seed in range(3):
                mean = (1 + 0.01 * seed) * width ** (exponent + 0.001 * seed)
                rows.append(
                    {
                        "run": f"c{rule}{width}{seed}", "part": "activations", "rule": rule, "width": width, "seed": seed,
                        "activation": "stream", "mean_abs": mean,
                    }
                )  # fmt: skip
    for updates, exponent in (("noise", 0.5), ("persistent", 1.0)):
        for width, lr in [(d, LIMIT_RATES[-1]) for d in LIMIT_WIDTHS] + [
            (LIMIT_WIDTHS[0], lr) for lr in LIMIT_RATES[:-1]
        ]:
            sigma = width**exponent * (lr**0.5 if updates == "noise" else 1)
            rows.append(
                {
                    "run": f"l{updates}{width}{lr}",
                    "part": "limit",
                    "updates": updates,
                    "width": width,
                    "lr": lr,
                    "sigma_max": sigma,
                }
            )
    found = verdicts(STUDY.claims, judge(read_runs(rows), STUDY.asked("quick")))
    assert {v.claim.id: v.word for v in found} == {c.id: "holds" for c in STUDY.claims}


@pytest.mark.slow
def test_its_smoke_run_keeps_the_contract(tmp_path: Path) -> None:
    check_smoke(STUDY, str(tmp_path / "store.gnomon"))
