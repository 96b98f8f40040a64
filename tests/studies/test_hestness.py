"""The learning-curve study: its smoke run, and its judge on rows whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gnomon.runs import read_runs
from gnomon.studies.entries.hestness import STUDY
from gnomon.studies.entries.hestness.design import HELD_OUT, MODELS, OPTIMISERS, SHARDS
from gnomon.studies.entries.hestness.judging import best_sizes, fit_curve, judge, predictive, size_exponent
from gnomon.testing.studies import check_smoke


def rows(exponents: dict[str, float], *, shuffled: float = 0.0, seed: int = 0) -> list[dict[str, object]]:
    """Rows of a quick study whose curves are 3 m^exponent, with the binomial noise of 400 test images."""
    rng, found = np.random.default_rng(seed), []
    for model in MODELS:
        for optimiser in OPTIMISERS:
            for m in SHARDS:
                for s in range(3):
                    error = rng.binomial(400, min(3.0 * m ** exponents[optimiser], 0.9)) / 400
                    found.append(row(f"{model}-{optimiser}", m, s, max(error, 1 / 800), shuffled=0))
    for m in SHARDS:
        found += [
            row("mlp-adam", m, s, 0.9 * m**shuffled * (1 + 0.01 * rng.standard_normal()), shuffled=1) for s in range(3)
        ]
    return found


def row(family: str, samples: int, seed: int, error: float, *, shuffled: int) -> dict[str, object]:
    name = f"{family}-{samples}-s{seed}-{shuffled}"
    return {
        "run": name, "family": family, "samples": samples, "seed": seed, "error": error, "width": 64,
        "shuffled": shuffled, "status": "done", "tested": 400,
    }  # fmt: skip


def judged(**settings: object) -> dict[str, float | None]:
    found = judge(read_runs(rows(**settings)), STUDY.asked("quick"))  # type: ignore[arg-type]
    return {name: measured.value for name, measured in found.items()}


def test_curves_of_one_exponent_are_found_to_share_it() -> None:
    found = judged(exponents={"adam": -0.7, "momentum": -0.7})
    assert -0.8 < found["power-law"] < -0.55  # type: ignore[operator]  # the flattest of four
    assert found["shared-exponent"] > 0.01  # type: ignore[operator]
    assert found["forecast"] >= 0.75  # type: ignore[operator]


def test_curves_of_two_exponents_are_not() -> None:
    assert judged(exponents={"adam": -0.7, "momentum": -0.4})["shared-exponent"] < 0.01  # type: ignore[operator]


def test_labels_that_can_be_learnt_break_the_control() -> None:
    found = judged(exponents={"adam": -0.7, "momentum": -0.7}, shuffled=-0.3)
    assert found["shuffled-labels"] > 0.05  # type: ignore[operator]


def test_the_noise_of_the_test_set_is_in_the_interval() -> None:
    """The pilot's medians: without it four of four held-out errors lie outside."""
    shards = np.array(SHARDS, float)
    pilot = {
        "adam": [0.372, 0.234, 0.128, 0.084, 0.046, 0.040, 0.020],
        "momentum": [0.360, 0.208, 0.134, 0.084, 0.046, 0.038, 0.028],
    }
    inside = {True: 0, False: 0}
    for errors in pilot.values():
        small = shards < min(HELD_OUT)
        fit = fit_curve({"samples": shards[small], "error": np.array(errors)[small]})
        for m, error in zip(shards[~small], np.array(errors)[~small], strict=True):
            for noise in inside:
                low, high, _ = predictive(fit, int(m), 500, 0, noise=noise)
                inside[noise] += bool(low <= error <= high)
    assert inside[True] > inside[False]


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.2])
def test_best_size_follows_its_data(exponent: float) -> None:
    """Models below m^exponent err by half more, larger ones are equal: the smallest of the equal ones counts."""
    widths, found = 2.0 ** np.arange(14), []
    for m in SHARDS:
        for width in widths:
            enough = width >= 4 * (m / 20) ** exponent
            for s in range(3):
                error = 0.2 * (1.0 if enough else 1.5)
                found.append(row("mlp-adam", m, s, error, shuffled=0) | {"width": width, "params": 10 * width})
    told = size_exponent(best_sizes(read_runs([r | {"run": f"{r['run']}-{r['width']:g}"} for r in found])))
    assert told.value == pytest.approx(exponent, abs=0.1)  # widths are powers of 2
    assert told.low is not None
    assert told.high is not None
    assert told.low <= told.value <= told.high


@pytest.mark.slow
def test_its_smoke_run_keeps_the_contract(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="the digits come with scikit-learn")
    check_smoke(STUDY, str(tmp_path / "store.gnomon"))
