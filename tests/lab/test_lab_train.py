from __future__ import annotations

import sys

import jax
import numpy as np
import pytest

from gnomon.errors import InputError
from gnomon.lab import Decoder, NextSymbol, Recipe, train
from gnomon.lab.program import PATIENCE, State, _judge, program
from gnomon.lab.seeds import stream

MODEL = Decoder(16, 50)
RECIPE = Recipe(steps=60, batch=4, lr_peak=0.01)


def test_learns(task: NextSymbol) -> None:
    news = []
    trained = train(MODEL, task, Recipe(300, 4, 0.018), run="a", tell=news.append)
    assert trained.status == "done"
    assert trained.steps == 300
    assert trained.loss is not None
    assert trained.loss < 2.0  # ln 50 = 3.91; the letters' frequencies alone give 2.8
    assert [point[0] for point in trained.curve] == [250, 300]
    assert news == [{"step": step, "steps": 300, "loss": loss} for step, loss in trained.curve]
    assert trained.curve[1][1] < trained.curve[0][1]


def test_loss_is_that_of_the_weights_it_returns(task: NextSymbol) -> None:
    trained = train(MODEL, task, RECIPE, run="a")
    held_out = task.held_out()
    total = weight = 0.0
    for inputs, targets in zip(held_out.inputs, held_out.targets, strict=True):
        part, number = task.loss(MODEL(trained.weights, inputs), held_out._replace(inputs=inputs, targets=targets))
        total, weight = total + float(part), weight + float(number)
    assert weight == 16 * 16
    assert trained.loss == pytest.approx(total / weight, rel=1e-5)


def test_same_seed_same_loss(task: NextSymbol) -> None:
    first = train(MODEL, task, RECIPE, seed=3, run="a")
    again = train(MODEL, task, RECIPE, seed=3, run="a")
    assert first.loss == again.loss
    assert jax.tree_util.tree_all(
        jax.tree_util.tree_map(lambda a, b: bool((a == b).all()), first.weights, again.weights)
    )
    others = {train(MODEL, task, RECIPE, seed=s, run=r).loss for s, r in [(4, "a"), (3, "b")]}
    assert len({first.loss, *others}) == 3


def test_where_the_loop_pauses_does_not_matter(task: NextSymbol, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train(MODEL, task, RECIPE, run="a")
    monkeypatch.setattr(sys.modules["gnomon.lab.train"], "EVERY", 7)
    pieces = train(MODEL, task, RECIPE, run="a")
    assert pieces.loss == whole.loss
    assert len(pieces.curve) == 9


def test_one_program_for_all_runs_of_a_shape(task: NextSymbol) -> None:
    train(MODEL, task, RECIPE)
    compiled = program.cache_info().misses
    for recipe, seed in [(Recipe(25, 4, 0.1), 0), (Recipe(8192, 4, float("nan")), 1), (RECIPE, 2)]:
        train(Decoder(16, 50), task, recipe, seed=seed)
    assert program.cache_info().misses == compiled


def test_a_loss_that_is_not_finite_ends_the_run_as_data(task: NextSymbol) -> None:
    trained = train(MODEL, task, Recipe(2000, 4, float("nan")))
    assert trained.status == "diverged"
    assert trained.loss is None
    assert trained.steps == 250


def test_a_loss_far_above_the_best_for_long_ends_the_run(task: NextSymbol) -> None:
    trained = train(MODEL, task, Recipe(4000, 4, 30.0, warmup=0.5))
    assert trained.status == "diverged"
    assert trained.steps < 4000
    assert np.isfinite(trained.curve[-1][1])


def test_a_bad_spell_shorter_than_the_patience_is_forgiven(task: NextSymbol) -> None:
    compiled = program(MODEL, task, RECIPE.optimiser, 4, 8192)
    order = task.order(np.random.default_rng(0), 100, 4)
    rates = np.zeros(100, np.float32)
    run = compiled.start(MODEL.init(np.random.default_rng(0)), order, rates)
    low = run._replace(state=run.state._replace(best=np.float32(1.0)))  # every step now counts as bad
    low, _, diverged = compiled.advance(low, 0, PATIENCE - 1)
    assert not diverged
    forgiven = low._replace(state=low.state._replace(best=np.float32(9.0)))
    forgiven, _, diverged = compiled.advance(forgiven, 50, 51)
    assert not diverged
    assert int(forgiven.state.bad) == 0
    low, _, diverged = compiled.advance(low, 50, 52)
    assert diverged


def test_one_easy_batch_is_no_standard_for_all_that_follow() -> None:
    """A batch of a repeated line has half the loss of others; thousands of steps later that is no divergence."""
    import jax

    rng = np.random.default_rng(0)
    state = State(np.zeros(1), None, np.float32(np.inf), np.float32(np.inf), np.int32(0))
    judge = jax.jit(
        lambda state, loss: state._replace(**dict(zip(("mean", "best", "bad"), _judge(jax, state, loss), strict=True)))
    )
    for step, loss in enumerate(2.0 + 0.1 * rng.standard_normal(400).astype(np.float32)):
        state = judge(state, np.float32(0.9) if step == 100 else loss)
    assert int(state.bad) == 0
    for _ in range(150):
        state = judge(state, np.float32(5.0))
    assert int(state.bad) == PATIENCE, "a loss that stays high is one"


def test_a_bump_of_a_solved_task_is_no_divergence() -> None:
    """Losses near 0 double without meaning anything; half a nat above the best is another matter."""
    import jax

    state = State(np.zeros(1), None, np.float32(0.01), np.float32(0.01), np.int32(0))
    judge = jax.jit(
        lambda state, loss: state._replace(**dict(zip(("mean", "best", "bad"), _judge(jax, state, loss), strict=True)))
    )
    for _ in range(200):
        state = judge(state, np.float32(0.3))
    assert int(state.bad) == 0
    for _ in range(200):
        state = judge(state, np.float32(0.7))
    assert int(state.bad) == PATIENCE


def test_streams_are_apart() -> None:
    draws = {
        (seed, run, purpose): stream(seed, run, purpose).integers(0, 2**62)
        for seed in (0, 1)
        for run in ("a", "b")
        for purpose in ("init", "order")
    }
    assert len(set(draws.values())) == 8
    assert stream(0, "d16-D100096", "order").integers(0, 1_000_000, 3).tolist() == [72289, 19604, 602067]


def test_a_longer_run_begins_with_the_same_data(task: NextSymbol) -> None:
    short = task.order(stream(0, "a", "order"), 10, 4)
    long = task.order(stream(0, "a", "order"), 50, 4)
    np.testing.assert_array_equal(long[:10], short)
    assert long.min() >= 0
    assert long.max() + task.length < len(task.text.train)


def test_batches_are_the_text(task: NextSymbol) -> None:
    batch = task.gather(jax.numpy.asarray(task.resident()), jax.numpy.asarray([0, 5], dtype=jax.numpy.int32))
    np.testing.assert_array_equal(batch.inputs[1], task.text.train[5:21])
    np.testing.assert_array_equal(batch.targets[1], task.text.train[6:22])


@pytest.mark.parametrize(("steps", "batch"), [(0, 1), (1, 0)])
def test_empty_runs_are_refused(steps: int, batch: int) -> None:
    with pytest.raises(InputError, match="expected at least 1 of each"):
        Recipe(steps, batch, 0.1)


def test_a_task_refuses_what_it_cannot_cut(task: NextSymbol) -> None:
    with pytest.raises(InputError, match="multiple of 16"):
        NextSymbol(task.text, evaluated=100)
    with pytest.raises(InputError, match="expected at least"):
        NextSymbol(task.text, length=100_000)
