"""The ladder keeps its budget, its ratios and its sizes, whatever is asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.errors import RefusalError
from gnomon.sweep.ladder import Ladder, Rung, design_ladder
from gnomon.sweep.size import Size, Sizes

SIZES = Sizes(("width",), tuple(Size({"width": w}, 12.0 * w * w) for w in range(16, 513, 8)))


@settings(deadline=None)
@given(
    budget=st.floats(1e11, 1e18),
    design=st.sampled_from(["ratios", "isoflop"]),
    sizes=st.integers(3, 7),
    repeats=st.integers(1, 6),
    cost=st.sampled_from(["6ND", "8ND"]),
)
def test_a_ladder_keeps_its_budget(budget: float, design: str, sizes: int, repeats: int, cost: str) -> None:
    ladder = Ladder(budget, design, sizes, cost=cost, ratios=(2.0, 20.0, 200.0))
    try:
        rungs, notices = design_ladder(ladder, SIZES, repeats)
    except RefusalError:
        return
    spent = repeats * sum(map(ladder.flops, rungs))
    assert spent <= budget * 1.001, "tokens are rounded to whole ones"
    assert any(n.code == "budget-left" for n in notices) == (spent < budget / 2)
    assert len({rung.size.params for rung in rungs}) >= 3
    assert [ladder.flops(rung) for rung in rungs] == sorted(map(ladder.flops, rungs), reverse=True)
    ratios = [rung.tokens / rung.size.params for rung in rungs]
    if design == "ratios":
        assert len(rungs) == 3 * len({rung.size.params for rung in rungs})
        assert all(min(abs(r / goal - 1) for goal in ladder.ratios) < 1e-3 for r in ratios)
    else:
        costs = np.log([ladder.flops(rung) for rung in rungs])
        assert len(np.unique(costs.round(2))) == 3
        assert all(1.99 <= r <= 201 for r in ratios)


def test_more_budget_never_gives_a_smaller_top() -> None:
    tops = [design_ladder(Ladder(budget), SIZES, 1)[0][0].size.params for budget in np.geomspace(5e12, 1e15, 20)]
    assert tops == sorted(tops)
    assert tops[0] < tops[-1]


def test_a_budget_that_is_too_small_says_what_the_least_takes() -> None:
    with pytest.raises(RefusalError, match=r"smallest ladder of 3 sizes takes (\S+) FLOP; the budget is 1e9") as caught:
        design_ladder(Ladder(1e9), SIZES, 1)
    least = float(caught.value.message.split("takes ")[1].split(" ")[0])
    design_ladder(Ladder(least * 1.01), SIZES, 1)
    with pytest.raises(RefusalError):
        design_ladder(Ladder(least * 0.9), SIZES, 1)
    with pytest.raises(RefusalError, match="tokens per parameter"):
        design_ladder(Ladder(1e9, "isoflop"), SIZES, 1)


def test_rungs_of_ones_own_come_beside_the_design_once() -> None:
    plain, _ = design_ladder(Ladder(1e14), SIZES, 1)
    own = Rung(SIZES.found[0], 12345)
    more, _ = design_ladder(Ladder(1e14, more=(own, own, plain[0])), SIZES, 1)
    assert {(r.size.params, r.tokens) for r in more} == {(r.size.params, r.tokens) for r in (*plain, own)}
    assert len(more) == len(plain) + 1
