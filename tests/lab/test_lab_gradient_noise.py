from __future__ import annotations

import jax
import numpy as np
import pytest

from gnomon.errors import InputError
from gnomon.lab import Adam, Decoder, GatedConv, NextSymbol, Recipe, Watch, gradient_noise, train
from gnomon.lab.program import program
from gnomon.lab.task import mean_loss

SMALL, BIG, RATIO, DIMENSION = 4, 32, 20.0, 50


def drawn(batches: int, ratio: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """|g|^2 of Gaussian gradients with tr(Sigma)/|G|^2 = ratio: one small batch and the large one that holds it."""
    rng = np.random.default_rng(seed)
    truth = np.full(DIMENSION, DIMENSION**-0.5)  # of norm 1
    noise = rng.standard_normal((batches, BIG // SMALL, DIMENSION)) * (ratio / DIMENSION / SMALL) ** 0.5
    gradients = truth + noise
    return (gradients[:, 0] ** 2).sum(-1), (gradients.mean(1) ** 2).sum(-1)


@pytest.mark.parametrize("seed", range(3))
def test_noise_scale_of_known_gradients(seed: int) -> None:
    """The mean of ratios, which is often used instead, is off by more than the tolerance."""
    small, big = drawn(200, RATIO, seed)
    assert gradient_noise(small, big, small=SMALL, big=BIG).scale == pytest.approx(RATIO, rel=0.1)
    each = [gradient_noise(a, b, small=SMALL, big=BIG) for a, b in zip(small, big, strict=True)]
    assert np.mean([n.spread / n.signal for n in each]) > 1.1 * RATIO


def test_unit_of_the_batches_is_that_of_the_scale() -> None:
    small, big = drawn(200, RATIO, 0)
    sequences = gradient_noise(small, big, small=SMALL, big=BIG)
    tokens = gradient_noise(small, big, small=SMALL * 128, big=BIG * 128)
    assert sequences.scale is not None
    assert tokens.scale == pytest.approx(128 * sequences.scale)
    assert tokens.signal == pytest.approx(sequences.signal)


def test_no_noise_no_critical_batch() -> None:
    small, big = drawn(50, 0.0, 0)
    found = gradient_noise(small, big, small=SMALL, big=BIG)
    assert found.scale is None
    assert "no critical batch" in found.reason


def test_nothing_but_noise_has_no_scale() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((100, BIG // SMALL, DIMENSION))
    found = gradient_noise((noise[:, 0] ** 2).sum(-1), (noise.mean(1) ** 2).sum(-1), small=SMALL, big=BIG)
    assert found.scale is None
    assert "drowns" in found.reason


def test_what_is_refused() -> None:
    with pytest.raises(InputError, match="expected the first to be the smaller"):
        gradient_noise([1.0], [1.0], small=8, big=8)
    with pytest.raises(InputError, match=r"shapes \(1,\) and \(2,\)"):
        gradient_noise([1.0], [1.0, 2.0], small=1, big=8)


def test_norms_are_those_of_the_gradients(task: NextSymbol) -> None:
    model = Decoder(16, 50, layers=1, mixer=GatedConv(2))
    rng = np.random.default_rng(0)
    weights = model.init(rng)
    weights["readout"] = rng.standard_normal(weights["readout"].shape).astype(np.float32)
    items = task.order(rng, 3, 2)
    ready = program(model, task, Adam(), 4, 8)
    small, big = ready.gradient_norms(ready.start(weights, np.zeros((1, 4), np.int32), np.zeros(1, np.float32)), items)

    @jax.jit
    def gradient(items: np.ndarray) -> dict:
        def loss(w: dict) -> jax.Array:
            batch = task.gather(jax.numpy.asarray(task.resident()), items)
            total, weight = task.loss(model(w, batch.inputs), batch)
            return total / weight

        return jax.grad(loss)(weights)

    def square(tree: dict) -> float:
        return sum(float((np.asarray(leaf, float) ** 2).sum()) for leaf in jax.tree_util.tree_leaves(tree))

    assert small == pytest.approx(np.mean([square(gradient(few)) for few in items]), rel=1e-4)
    assert big == pytest.approx(square(gradient(items.ravel())), rel=1e-4)
    same, together = ready.gradient_norms(
        ready.start(weights, np.zeros((1, 4), np.int32), np.zeros(1, np.float32)), np.repeat(items[:1], 3, axis=0)
    )
    assert gradient_noise(same, together, small=2, big=6).scale is None  # the same batch every time has no noise


def test_watching_noise_and_chosen_steps_moves_nothing(task: NextSymbol) -> None:
    model = Decoder(16, 50, layers=1, mixer=GatedConv(2))
    recipe = Recipe(30, 4, 0.01)
    test = task.windows(task.text.valid, 8)
    watched = train(model, task, recipe, watch=Watch((1, 5, 12), mean_loss, {"test": test}, noise=(4, 2)))
    assert [look.step for look in watched.looks] == [1, 5, 12, 30]
    assert all(look.gradient_sq and look.gradient_sq[0] > 0 for look in watched.looks)
    assert watched.loss == train(model, task, recipe).loss
    with pytest.raises(InputError, match="expected rising numbers"):
        train(model, task, recipe, watch=Watch((5, 5), mean_loss, {"test": test}))
