from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.errors import InputError
from gnomon.lab import Adam, Decoder, NextSymbol, warmup_linear


def adam_oracle(x: np.ndarray, gradients: list[np.ndarray], rates: list[float], clip: float) -> np.ndarray:
    """Algorithm 1 of Kingma and Ba as printed, in float64, one number at a time."""
    x, m, v = x.astype(float).copy(), [0.0] * len(x), [0.0] * len(x)
    for t, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        norm = float(np.sqrt(sum(float(g) ** 2 for g in gradient)))
        scale = clip / norm if norm > clip else 1.0
        for i, g in enumerate(gradient.astype(float) * scale):
            m[i] = 0.9 * m[i] + 0.1 * g
            v[i] = 0.95 * v[i] + 0.05 * g * g
            x[i] -= rate * (m[i] / (1 - 0.9**t)) / (np.sqrt(v[i] / (1 - 0.95**t)) + 1e-8)
    return x


@pytest.mark.parametrize("size", [0.01, 1.0, 30.0])
def test_adam_is_the_printed_algorithm(size: float) -> None:
    rng = np.random.default_rng(0)
    start = rng.standard_normal(7).astype(np.float32)
    gradients = [(size * rng.standard_normal(7)).astype(np.float32) for _ in range(25)]
    rates = [0.01 * (k + 1) for k in range(25)]
    adam = Adam()
    x = jnp.asarray(start)
    moments = adam.start(x)
    for t, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        x, moments = adam.step(x, moments, jnp.asarray(gradient), rate=jnp.float32(rate), count=jnp.float32(t))
    np.testing.assert_allclose(x, adam_oracle(start, gradients, rates, 1.0), rtol=2e-5, atol=2e-6)


def test_no_gradient_no_step() -> None:
    adam = Adam()
    x = jnp.ones(3)
    after, _ = adam.step(x, adam.start(x), jnp.zeros(3), rate=jnp.float32(0.1), count=jnp.float32(1))
    np.testing.assert_array_equal(after, x)


def test_gradient_agrees_with_differences(task: NextSymbol, decoder_oracle: Callable[..., np.ndarray]) -> None:
    model = Decoder(16, 50)
    rng = np.random.default_rng(5)
    weights = model.init(rng)
    weights["readout"] = (0.3 * rng.standard_normal(weights["readout"].shape)).astype(np.float32)
    batch = task.gather(jnp.asarray(task.resident()), jnp.asarray(task.order(rng, 1, 2)[0]))
    leaves, structure = jax.tree_util.tree_flatten(weights)

    @jax.jit
    def gradient(leaves: list[np.ndarray]) -> list[jax.Array]:
        def loss(leaves: list[np.ndarray]) -> jax.Array:
            total, weight = task.loss(model(structure.unflatten(leaves), batch.inputs), batch)
            return total / weight

        return jax.grad(loss)(leaves)

    def loss_by_hand(leaves: list[np.ndarray]) -> float:
        logits = decoder_oracle(structure.unflatten(leaves), np.asarray(batch.inputs), 8)
        chosen = np.take_along_axis(logits, np.asarray(batch.targets)[..., None], -1)[..., 0]
        return float((np.log(np.exp(logits).sum(-1)) - chosen).mean())

    double = [leaf.astype(np.float64) for leaf in leaves]
    for k, exact in enumerate(gradient(leaves)):
        direction = rng.standard_normal(exact.shape)
        ends = [
            loss_by_hand([leaf + sign * 1e-5 * direction if i == k else leaf for i, leaf in enumerate(double)])
            for sign in (1, -1)
        ]
        slope = (ends[0] - ends[1]) / 2e-5
        assert float((np.asarray(exact, float) * direction).sum()) == pytest.approx(slope, rel=1e-4, abs=1e-6), k


@given(st.integers(11, 5000), st.floats(0.0, 0.9), st.floats(1e-5, 1.0))
def test_schedule(steps: int, share: float, peak: float) -> None:
    warm = max(10, round(share * steps))
    if steps <= warm:
        with pytest.raises(InputError, match="expected more than"):
            warmup_linear(peak, steps, share=share)
        return
    rates = warmup_linear(peak, steps, share=share)
    assert rates.shape == (steps,)
    assert rates.dtype == np.float32
    assert rates.argmax() == warm - 1
    assert rates.max() == np.float32(peak)
    assert rates[-1] == 0
    assert rates[0] == pytest.approx(peak / warm, rel=1e-6)
    assert np.ptp(np.diff(rates[warm - 1 :].astype(float))) < 1e-6
    assert (rates[:-1] > 0).all()


def test_a_run_shorter_than_its_warm_up_is_refused() -> None:
    with pytest.raises(InputError, match="10 steps, expected more than the 10"):
        warmup_linear(0.1, 10)
