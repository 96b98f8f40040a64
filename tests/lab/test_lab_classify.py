"""Small classifiers: the split of the digits, the nets against their textbook form, and what is watched on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.errors import InputError
from gnomon.lab import CNN, MLP, Momentum, Recipe, Watch, constant, train
from gnomon.lab.classify import Classify, Labelled, scores

jax = pytest.importorskip("jax", reason="the laboratory needs JAX")


def items(count: int, seed: int = 0) -> Labelled:
    rng = np.random.default_rng(seed)
    classes = np.arange(count, dtype=np.int32) % 3
    middle = np.random.default_rng(9).standard_normal((3, 16))
    return Labelled((middle[classes] + 0.7 * rng.standard_normal((count, 16))).astype(np.float32), classes)


POOL, VALID = items(60), items(48, 1)


def test_the_digits_are_split_as_said() -> None:
    pytest.importorskip("sklearn", reason="the digits come with scikit-learn")
    from gnomon.lab.digits import digits

    found = digits()
    assert [len(part[1]) for part in (found.pool, found.valid, found.test)] == [1280, 117, 400]
    images = np.concatenate([part[0] for part in (found.pool, found.valid, found.test)])
    assert (images.min(), images.max()) == (0, 1)
    for shard in (20, 40, 80, 160, 320, 640):
        assert np.ptp(np.bincount(found.pool[1][:shard], minlength=10)) == 0, "balanced for every shard"


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 60), st.integers(1, 40), st.integers(1, 12))
def test_a_run_sees_its_samples_equally_often(samples: int, steps: int, batch: int) -> None:
    task = Classify(POOL, VALID, samples)
    order = task.order(np.random.default_rng(0), steps, batch)
    assert order.shape == (steps, batch)
    counts = np.bincount(order.ravel(), minlength=samples)
    assert len(counts) == samples
    assert np.ptp(counts) <= 1


def test_tasks_on_one_pool_share_a_program() -> None:
    assert Classify(POOL, VALID, 10) == Classify(POOL, VALID, 20)
    assert Classify(POOL, VALID, 10) != Classify(items(60), VALID, 10)
    with pytest.raises(InputError, match="61 samples"):
        Classify(POOL, VALID, 61)


def test_the_mlp_is_what_numpy_says() -> None:
    model = MLP(16, (7, 5), 3)
    weights = model.init(np.random.default_rng(0))
    x = POOL.inputs
    for matrix, bias in list(zip(weights["matrices"], weights["biases"], strict=True))[:-1]:
        x = np.maximum(x @ matrix + bias, 0)
    expected = x @ weights["matrices"][-1] + weights["biases"][-1]
    np.testing.assert_allclose(model(weights, POOL.inputs), expected, rtol=1e-4, atol=1e-5)


def test_the_cnn_is_what_a_convolution_says() -> None:
    model = CNN(8, 4, 10)
    weights: dict[str, Any] = model.init(np.random.default_rng(0))
    images = np.random.default_rng(1).random((5, 64), dtype=np.float32)
    x = images.reshape(5, 8, 8, 1)
    for filters, bias in zip(weights["filters"], weights["biases"], strict=True):
        x = jax.lax.conv_general_dilated(x, filters, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")) + bias
        x = jax.nn.relu(x)
        x = jax.lax.reduce_window(x, 0.0, jax.lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID") / 4
    expected = x.reshape(5, -1) @ weights["matrix"] + weights["bias"]
    np.testing.assert_allclose(model(weights, images), expected, rtol=2e-4, atol=1e-5)


def test_momentum_is_the_textbooks() -> None:
    optimiser, x, u = Momentum(0.5), np.array([1.0, -2.0], np.float32), np.zeros(2, np.float32)
    here, memory = x, optimiser.start(x)
    for count in (1, 2, 3):
        g = 2 * x
        u = 0.5 * u + g
        here, memory = optimiser.step(here, memory, 2 * here, rate=0.1, count=float(count))
        x = x - 0.1 * u
    np.testing.assert_allclose(here, x, rtol=1e-6)


def test_constant_rates_after_a_warm_up() -> None:
    np.testing.assert_allclose(constant(0.4, 6, share=0.5, least=2), [0.4 / 3, 0.8 / 3, 0.4, 0.4, 0.4, 0.4], rtol=1e-6)
    np.testing.assert_allclose(constant(0.4, 3), [0.4] * 3, rtol=1e-6)


def test_watching_changes_no_step_and_sees_learning() -> None:
    task, recipe = Classify(POOL, VALID, 30), Recipe(60, 10, 0.05, 0.0, Momentum(), constant)
    watch = Watch(20, scores, {"valid": VALID.whole(), "pool": POOL.whole()})
    seen = train(MLP(16, (8,), 3), task, recipe, watch=watch)
    plain = train(MLP(16, (8,), 3), task, recipe)
    assert seen.loss == plain.loss
    assert [look.step for look in seen.looks] == [20, 40, 60]
    assert seen.looks[-1].scores["valid"]["loss"] == pytest.approx(seen.loss, rel=1e-5)
    assert seen.looks[-1].scores["pool"]["error"] < 0.2 < 2 / 3
    assert plain.looks == ()
