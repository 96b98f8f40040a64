"""Laws are chosen by their forecasts of hidden runs."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import gnomon as gn
from gnomon.errors import RefusalError
from gnomon.forecast.selection import admissible
from gnomon.laws import law


def surface(seed: int = 0, count: int = 40) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    flops, params = 10 ** rng.uniform(18, 21, count), 10 ** rng.uniform(7.5, 9.5, count)
    tokens = flops / 6 / params
    loss = gn.laws.Chinchilla.besiroglu2024(params=params, tokens=tokens) * np.exp(0.002 * rng.standard_normal(count))
    return {"params": params, "tokens": tokens, "flops": flops, "loss": loss}


def curve(seed: int, *, break_at: float | None = None) -> dict[str, np.ndarray]:
    flops = np.geomspace(1e18, 1e22, 18)
    loss = 1.7 + 2e3 * flops**-0.18
    if break_at is not None:
        loss = 30 * flops**-0.05 * (1 + (flops / break_at) ** 4) ** (-0.15 / 4)
    return {"flops": flops, "loss": loss * np.exp(0.002 * np.random.default_rng(seed).standard_normal(18))}


def test_the_columns_decide_which_laws_take_part() -> None:
    names = {cls.spec() for cls in admissible(gn.read_runs(surface()))}
    assert {"chinchilla", "kaplan_nd", "overtrain"} <= names
    assert not {name for name in names if name.startswith(("pow", "bnsl", "m4"))}
    assert {cls.spec() for cls in admissible(gn.read_runs(curve(0)))} == {
        "pow", "pow_floor", "shift_pow", "m3", "m4", "bnsl",
    }  # fmt: skip
    repeated = surface() | {"unique_tokens": surface()["tokens"] / np.tile([1, 2, 4, 8], 10)}
    assert "muennighoff" in {cls.spec() for cls in admissible(gn.read_runs(repeated))}


OWN = """
from gnomon.laws import Law, coefficient, exponent

class Mine(Law):
    id = "mine"
    question = "?"
    inputs = ("params", "tokens")
    text = "loss = A / (params * tokens)^a"
    A: float = coefficient("coefficient", params="a", tokens="a")
    a: float = exponent("exponent")
    def formula(self, params, tokens):
        return self.A / (params * tokens) ** self.a
"""


def test_a_law_of_ones_own_takes_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text(OWN)
    monkeypatch.setenv("GNOMON_LAWS", str(tmp_path))
    assert "mine" in {cls.spec() for cls in admissible(gn.read_runs(surface()))}


def test_the_truth_forecasts_best_and_r2_is_no_criterion() -> None:
    found = gn.select(surface())
    assert found.best in ("chinchilla", "sum_power_floor", "chinchilla_tied", "overtrain")
    errors = [c.error for c in found.candidates if c.error is not None]
    assert errors == sorted(errors)
    assert "r2" not in str(found.to_dict()).lower()
    assert found.to_dict()["candidates"][0]["aicc"] is not None


def test_a_power_with_floor_is_not_taken_for_a_broken_one() -> None:
    """Negative control: a broken law has seven parameters and may not win by them; where there is a break, it wins."""
    pair = [law(name).of("flops") for name in ("pow_floor", "bnsl")]
    plain = [gn.select(curve(seed), laws=pair).best for seed in range(5)]
    assert plain.count("pow_floor") > plain.count("bnsl")
    assert [gn.select(curve(seed, break_at=1e20), laws=pair).best for seed in range(2)] == ["bnsl", "bnsl"]


def test_aicc_is_the_textbooks() -> None:
    table = curve(0)
    candidate = next(c for c in gn.select(table).candidates if c.law == "pow_floor")
    fit = gn.fit("pow_floor", table, intervals="none")
    n, k, rss = 18, 4, float((fit.residuals**2).sum())
    assert candidate.aicc == pytest.approx(n * math.log(rss / n) + 2 * k * n / (n - k - 1), rel=1e-12)


def test_what_cannot_be_chosen_is_refused() -> None:
    with pytest.raises(RefusalError, match="No law of the catalogue"):
        gn.select({"colour": np.arange(1.0, 9), "loss": np.arange(1.0, 9)})
    few = {name: column[:6] for name, column in surface().items()}
    with pytest.raises(RefusalError, match="too few"):
        gn.select(few)
