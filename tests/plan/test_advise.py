"""Advice on designs. What it is worth over many families: benchmarks/decisions/advise.py."""

from __future__ import annotations

import json

import numpy as np
import pytest
from benchmarks.decisions.advise import family
from hypothesis import given, settings
from hypothesis import strategies as st

import gnomon as gn
from gnomon.errors import InputError, RefusalError
from gnomon.plan import advising, cost_model, ladders
from gnomon.plan.design_trial import Noise, chinchilla_of, errors, families
from gnomon.plan.ladders import LEAST_RATIO, Ladder, build, designs

TARGET = {"params": 7e9, "tokens": 1.4e11}
BUDGET = 2e20
QUICK = ((1, None), (3, 12), (10, 4))  # the rounds of advice, for tests of what it says rather than how well


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    _shorten(monkeypatch)


def _shorten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(advising, "ROUNDS", QUICK)
    patch.setattr(ladders, "RATIOS", (1.0,))
    patch.setattr(ladders, "SPANS", (16.0, 64.0))


@pytest.fixture(scope="module")
def advice() -> advising.Advice:
    with pytest.MonkeyPatch.context() as patch:
        _shorten(patch)
        return gn.advise(TARGET, budget=BUDGET)


@given(
    sizes=st.integers(2, 8),
    span=st.floats(2, 300),
    lengths=st.integers(1, 4),
    growth=st.floats(0, 1),
    ratio=st.floats(0.1, 10),
    budget=st.floats(1e16, 1e24),
)
@settings(max_examples=60, deadline=None)
def test_a_ladder_costs_its_budget_and_has_the_runs_it_says(
    sizes: int, span: float, lengths: int, growth: float, ratio: float, budget: float
) -> None:
    found = build(Ladder(sizes, span, lengths, growth, ratio, 1), budget, 20.0, cost_model("6ND"))
    assert found.flops.sum() == pytest.approx(budget, rel=1e-9)
    assert found.flops == pytest.approx(6 * found.params * found.tokens)
    assert len(found.params) == found.ladder.runs == sizes * lengths
    assert found.params.max() / found.params.min() == pytest.approx(span)
    largest = found.tokens[-1] / found.params[-1]
    assert largest == pytest.approx(20 * ratio)


def test_every_design_of_the_grid_is_within_the_limits() -> None:
    grid = list(designs(BUDGET, (TARGET["params"], TARGET["tokens"]), cost_model("6ND")))
    assert len(grid) > 200
    for design in grid:
        assert design.flops.sum() <= BUDGET * (1 + 1e-9)
        assert design.params.min() >= 1e7
        assert design.params.max() <= TARGET["params"]
        assert (design.tokens / design.params).min() >= LEAST_RATIO
        assert len(np.unique(design.rows()[1])) > 1


def test_families_are_the_published_laws() -> None:
    at = {"params": 3e8, "tokens": 9e9}
    published = gn.laws.Overtrain.gadre2024_c4
    assert float(chinchilla_of(published)(**at)) == pytest.approx(float(published(**at)), rel=1e-12)
    assert len(families()) == 4
    assert all(1.5 < float(law(**TARGET)) < 3 for law in families().values())


def test_errors_vanish_without_noise_and_grow_with_it() -> None:
    """Without noise the weak prior is as narrow as the rounding of losses, and the rows decide."""
    design = build(Ladder(5, 32, 3, 1, 1, 1), BUDGET, 20.0, cost_model("6ND"))
    found = [errors([design], TARGET, Noise(s, 0.0), replicas=40, seed=0)[0].mean() for s in (0.0, 0.003, 0.01)]
    assert found[0] < 0.002
    assert found[0] < found[1] < found[2]


def test_a_design_is_scored_the_same_in_any_company() -> None:
    some = [build(Ladder(k, 32, 2, 1, 1, rows), BUDGET, 20.0, cost_model("6ND")) for k in (3, 6) for rows in (1, 8)]
    together = errors(some, TARGET, Noise(0.005, 0.005), replicas=4, seed=1)
    alone = [errors([d], TARGET, Noise(0.005, 0.005), replicas=4, seed=1)[0] for d in some]
    for one, other in zip(together, alone, strict=True):
        assert one == pytest.approx(other, rel=1e-3, abs=1e-5)


def test_the_advice_keeps_its_budget_and_its_own_audit(advice: advising.Advice) -> None:
    document = json.loads(advice.to_json())
    assert document["kind"] == "advice"
    best = document["best"]
    assert sum(run["flops"] for run in best["runs"]) == pytest.approx(best["flops"])
    assert best["flops"] <= BUDGET * (1 + 1e-9)
    assert len({run["params"] for run in best["runs"]}) >= 4
    assert best["error_low"] < best["error"] < best["error_high"]
    assert best["error"] == pytest.approx(np.mean(list(best["by_family"].values())))
    assert set(document["choices"]) == set(advising.CHOICES)
    least = [min(row["error"] for row in rows) for rows in document["choices"].values()]
    assert least == pytest.approx([advice.designs[0].error] * len(least))
    errors_ = [d["error"] for d in document["designs"]]
    assert errors_ == sorted(errors_)
    assert document["other_rows"] > 0
    fit = gn.fit("chinchilla", _made(advice.best.design, 0), draws=50)
    assert not {"few-runs", "few-sizes", "short-span", "identified"} & set(gn.audit(fit, at=TARGET).codes("serious"))


def _made(design: object, seed: int) -> dict[str, np.ndarray]:
    n, d = design.params, design.tokens  # type: ignore[attr-defined]
    noise = np.exp(0.004 * np.random.default_rng(seed).standard_normal(len(n)))
    return {"params": n, "tokens": d, "loss": gn.laws.Chinchilla.besiroglu2024(params=n, tokens=d) * noise}


def test_the_error_is_told_in_compute(advice: advising.Advice) -> None:
    """Against the closed form: slope = (alpha A / N^alpha + beta B / D^beta) / (2 L) when N and D grow alike."""
    n, d = TARGET["params"], TARGET["tokens"]
    logs = []
    for law in families().values():
        v = law.values
        reducible = v["alpha"] * v["A"] / n ** v["alpha"] + v["beta"] * v["B"] / d ** v["beta"]
        logs.append(advice.best.error * 2 * float(law(**TARGET)) / reducible)
    assert np.log(advice.as_compute) == pytest.approx(np.mean(logs), rel=1e-4)


@pytest.mark.usefixtures("quick")
def test_the_same_call_gives_the_same_document(advice: advising.Advice) -> None:
    assert gn.advise(TARGET, budget=BUDGET).to_json() == advice.to_json()


def test_advice_is_nearer_than_random_designs_on_families_it_does_not_know(advice: advising.Advice) -> None:
    rng = np.random.default_rng(3)
    grid = [d for d in designs(BUDGET, (7e9, 1.4e11), cost_model("6ND")) if d.ladder.checkpoints == 1]
    random = [grid[int(i)] for i in rng.integers(len(grid), size=25)]
    truths = [family(rng) for _ in range(10)]
    mine, *others = errors(
        [advice.best.design, *random], TARGET, Noise(0.009, 0.009), replicas=4, seed=5, truths=truths
    )
    assert mine.mean() < 0.8 * np.mean(others)


@pytest.mark.usefixtures("quick")
def test_runs_like_those_to_come_stand_for_the_families() -> None:
    design = build(Ladder(4, 16, 4, 1, 1, 1), 1e19, 20.0, cost_model("6ND"))
    found = gn.advise(TARGET, budget=BUDGET, like=_made(design, 1))
    assert found.families == ("the runs given",)
    assert not found.best.ladder.in_step
    assert found.best.ladder.sizes >= 4
    assert found.noise.run == 0.0
    assert 0.002 < found.noise.row < 0.008
    with pytest.raises(InputError, match="without draws"):
        gn.advise(TARGET, budget=BUDGET, like=gn.fit("chinchilla", _made(design, 1), intervals="none"))


def test_bad_calls_are_refused() -> None:
    with pytest.raises(RefusalError, match="train the target"):
        gn.advise(TARGET, budget=1e23)
    with pytest.raises(RefusalError, match="No ladder"):
        gn.advise(TARGET, budget=1e15)
    with pytest.raises(InputError, match="positive tokens"):
        gn.advise({"params": 7e9}, budget=BUDGET)
    with pytest.raises(InputError, match="flops too"):
        gn.advise(TARGET | {"flops": 1e21}, budget=BUDGET)
    with pytest.raises(InputError, match="finals or checkpoints"):
        gn.advise(TARGET, budget=BUDGET, rows="all")
    with pytest.raises(InputError, match="budget must be a positive"):
        gn.advise(TARGET, budget=-1.0)
    with pytest.raises(InputError, match="noise"):
        gn.advise(TARGET, budget=BUDGET, noise=Noise(-1.0, 0.0))
