"""Many small fits at once: every table gets the answer it would get alone, whatever lies beside it or pads it."""

from __future__ import annotations

import numpy as np
import pytest

from gnomon.fit.design import Design
from gnomon.fit.kernel import make_kernel
from gnomon.fit.newton import Prior, minimise
from gnomon.fit.objective import OBJECTIVES
from gnomon.fit.stack import PADDING, SMALL, Stack, stacks
from gnomon.fit.tables import theta_of
from gnomon.forecast.penalised import fit_many, fit_penalised, randomised
from gnomon.laws import law as find_law
from gnomon.laws.chinchilla import Chinchilla
from gnomon.laws.law import Law


def table(n: int, seed: int, law: type[Law] = Chinchilla) -> Design:
    rng = np.random.default_rng(seed)
    params, tokens = 10 ** rng.uniform(7, 9, n), 10 ** rng.uniform(9, 11, n)
    loss = Chinchilla.besiroglu2024(params=params, tokens=tokens) * np.exp(0.01 * rng.standard_normal(n))
    inputs = (params, tokens) if len(law.inputs) == 2 else (params * tokens,)
    return Design(law, inputs, loss, np.arange(n))


@pytest.mark.parametrize("name", ["chinchilla", "sum_power_floor", "product_floor", "m4(x)", "bnsl(x)"])
def test_a_stacked_kernel_gives_each_fit_the_derivatives_of_its_own_table(name: str) -> None:
    law = find_law(name)
    designs = [table(9, s, law) for s in range(3)]
    start = law(**{k: p.typical for k, p in law.parameters.items()})
    owner = np.array([2, 0, 1, 2])
    theta = theta_of(law, start.values)[None] + 0.02 * np.random.default_rng(0).standard_normal((4, designs[0].p))
    stacked = Stack.of(designs)
    kernel = stacked.kernel.rows(np.arange(3)).rows(owner)
    state = kernel.state(theta)
    how = OBJECTIVES["huber"].with_delta(0.01)
    goal = np.log(stacked.target) if kernel.logarithmic else stacked.target
    c = how.curvature(state[0], goal[owner], kernel.logarithmic)
    ours = kernel.normal(theta, state, c.first, c.second, c.positive)
    for b, k in enumerate(owner):
        alone = make_kernel(law, designs[k].scaled_inputs)
        own = alone.state(theta[[b]])
        np.testing.assert_allclose(state[0][b], own[0][0], rtol=1e-13)
        d = how.curvature(own[0], goal[[k]], kernel.logarithmic)
        for mine, theirs in zip(ours, alone.normal(theta[[b]], own, d.first, d.second, d.positive), strict=True):
            np.testing.assert_allclose(mine[..., b], theirs[..., 0], rtol=1e-9, atol=1e-12)


def test_padding_weighs_nothing_and_lengths_of_a_large_stack_are_alike() -> None:
    designs = [table(n, n) for n in (8, 11, 14)]
    stack = Stack.of(designs)
    theta = np.repeat(theta_of(Chinchilla, {"E": 0.7, "A": 0.15, "alpha": 0.3, "B": 0.15, "beta": 0.3})[None], 3, 0)
    weak = Prior(theta[:1], np.full((1, 5), 50.0), np.zeros(5, bool))
    together = stack.minimise(OBJECTIVES["squared_log"], theta, np.arange(3), weak)
    for k, design in enumerate(designs):
        alone = minimise(design.kernel, OBJECTIVES["squared_log"], theta[[k]], design.target, prior=weak)
        assert together.value[k] == pytest.approx(alone.value[0], rel=1e-8)
    many = [table(n, n) for n in (*[10] * (SMALL // 10), *[40] * (SMALL // 40))]
    for places, part in stacks(many):
        sizes = [len(many[i].output) for i in places]
        assert part.target.size <= SMALL + max(sizes) or max(sizes) <= PADDING * min(sizes)


@pytest.mark.parametrize("name", ["chinchilla", "sum_power_floor", "m4(x)"])
def test_the_answer_for_a_table_does_not_depend_on_the_others(name: str) -> None:
    law = find_law(name)
    designs = [table(n, n, law) for n in (7, 20, 12)]
    for design, together in zip(designs, fit_many(designs), strict=True):
        alone = fit_penalised(design)
        at = dict(zip(law.inputs, (x.max() * np.array([1.0, 30.0]) for x in design.inputs), strict=True))
        np.testing.assert_allclose(together.ln_at(at), alone.ln_at(at), atol=2e-5)
        assert together.scale == pytest.approx(alone.scale, rel=1e-3)


def test_refits_of_many_tables_are_those_of_each() -> None:
    fits = fit_many([table(n, n) for n in (9, 25)])
    for one, together in zip(fits, randomised(fits, 20, 3), strict=True):
        np.testing.assert_allclose(together, randomised([one], 20, 3)[0], atol=1e-4)
        assert together.std(0).min() > 0


SEVERAL = ("chinchilla", "sum_power_floor", "pow(params)", "m4(params)", "product_floor")


def test_laws_side_by_side_get_their_own_derivatives() -> None:
    designs = [table(9, s, find_law(name)) for s, name in enumerate(SEVERAL)]
    owner = np.array([4, 0, 3, 1, 2, 3])
    stack = Stack.of(designs)
    kernel = stack.kernel.rows(owner)
    width, rng = max(d.p for d in designs), np.random.default_rng(1)
    theta = np.zeros((len(owner), width))
    for b, k in enumerate(owner):
        law = designs[k].law
        own = theta_of(law, {name: p.typical for name, p in law.parameters.items()})
        theta[b, : len(own)] = own + 0.02 * rng.standard_normal(len(own))
    state = kernel.state(theta)
    how = OBJECTIVES["huber"].with_delta(0.1)
    c = how.curvature(state[0], np.log(stack.target[owner]), True)
    ours = kernel.normal(theta, state, c.first, c.second, c.positive)
    slope = kernel.gradient(theta, state, c.first)
    np.testing.assert_allclose(slope, ours[0], rtol=1e-9, atol=1e-12)
    for b, k in enumerate(owner):
        alone, p = designs[k].kernel, designs[k].p
        own_state = alone.state(theta[[b], :p])
        goal = np.log(designs[k].target) if alone.logarithmic else designs[k].target
        d = how.curvature(own_state[0], goal[None], alone.logarithmic)
        theirs = alone.normal(theta[[b], :p], own_state, d.first, d.second, d.positive)
        for mine, other in zip(ours, theirs, strict=True):
            inside = mine[:p, :p, b] if mine.ndim == 3 else mine[:p, b]
            np.testing.assert_allclose(inside, other[..., 0], rtol=1e-9, atol=1e-12)
        assert not ours[0][p:, b].any()


def test_small_tables_of_several_laws_share_a_batch_and_get_the_same_answers() -> None:
    designs = [
        table(n, n, find_law(name)) for name in ("chinchilla", "sum_no_floor", "product_floor") for n in (12, 20)
    ]
    assert len(stacks(designs)) == 1
    for design, together in zip(designs, fit_many(designs), strict=True):
        alone = fit_penalised(design)
        assert len(together.theta) == design.p
        np.testing.assert_allclose(together.theta, alone.theta, rtol=1e-5, atol=1e-5)
        assert together.scale == pytest.approx(alone.scale, rel=1e-6)


def test_large_tables_of_several_laws_do_not() -> None:
    designs = [table(SMALL // 4, s, find_law(name)) for name in ("chinchilla", "product_floor") for s in range(3)]
    assert [len({designs[i].law for i in places}) for places, _ in stacks(designs)] == [1, 1]
