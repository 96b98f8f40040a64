from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnomon.errors import InputError
from gnomon.lab import (
    CNN,
    MLP,
    Adam,
    AdamW,
    Attention,
    ByKind,
    Decoder,
    GatedConv,
    NextSymbol,
    Recipe,
    train,
)
from gnomon.lab.kinds import Part, parts
from gnomon.lab.seeds import stream


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


PARTS = (Part("embedding", 3), Part("hidden", 4), Part("output", 2), Part("vector", 2))
RATES = ByKind(embedding=2.0, hidden=0.25, output=0.5, vector=3.0)


def adamw_oracle(x: np.ndarray, gradients: list[np.ndarray], rates: list[float], per_step: dict) -> np.ndarray:
    """Algorithm 2 of Loshchilov and Hutter in float64: a step of Adam and, apart from it, the share that is lost."""
    x, m, v = x.astype(float).copy(), [0.0] * len(x), [0.0] * len(x)
    kinds = [part.kind for part in PARTS for _ in range(part.size)]
    for t, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        for i, g in enumerate(gradient.astype(float)):
            m[i] = 0.9 * m[i] + 0.1 * g
            v[i] = 0.95 * v[i] + 0.05 * g * g
            move = rate * RATES[kinds[i]] * (m[i] / (1 - 0.9**t)) / (np.sqrt(v[i] / (1 - 0.95**t)) + 1e-8)
            x[i] = x[i] - move - rate * per_step[kinds[i]] * x[i]
    return x


@pytest.mark.parametrize(
    ("optimiser", "per_step"),
    [
        (AdamW(0.3, rates=RATES, clip=np.inf), {"embedding": 0, "hidden": 0.3 * 0.25, "output": 0, "vector": 0}),
        (
            AdamW(0.3, "independent", 0.2, rates=RATES, clip=np.inf),
            {"embedding": 0, "hidden": 0.3 / 0.2, "output": 0, "vector": 0},
        ),
        (
            AdamW(0.3, rates=RATES, decays=ByKind(0.0, 1.0, 2.0, 0.5), clip=np.inf),
            {"embedding": 0, "hidden": 0.3 * 0.25, "output": 0.3 * 2 * 0.5, "vector": 0.3 * 0.5 * 3},
        ),
    ],
)
def test_adamw_is_the_printed_algorithm(optimiser: AdamW, per_step: dict) -> None:
    rng = np.random.default_rng(0)
    start = rng.standard_normal(11).astype(np.float32)
    gradients = [rng.standard_normal(11).astype(np.float32) for _ in range(20)]
    rates = [0.01 * (20 - k) for k in range(20)]
    x = jnp.asarray(start)
    memory = optimiser.start(x, PARTS)
    for t, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        x, memory = optimiser.step(x, memory, jnp.asarray(gradient), rate=jnp.float32(rate), count=jnp.float32(t))
    np.testing.assert_allclose(x, adamw_oracle(start, gradients, rates, per_step), rtol=3e-5, atol=3e-6)
    for kind, share in per_step.items():
        assert optimiser.shrinkage(kind, 0.1) == pytest.approx(0.1 * share)


def test_adamw_without_decay_is_adam() -> None:
    rng = np.random.default_rng(1)
    x = y = jnp.asarray(rng.standard_normal(11), jnp.float32)
    adam, adamw = Adam(), AdamW(0.0)
    m, w = adam.start(x), adamw.start(y, PARTS)
    for t in range(1, 8):
        gradient = jnp.asarray(5 * rng.standard_normal(11), jnp.float32)
        x, m = adam.step(x, m, gradient, rate=jnp.float32(0.1), count=jnp.float32(t))
        y, w = adamw.step(y, w, gradient, rate=jnp.float32(0.1), count=jnp.float32(t))
    np.testing.assert_allclose(x, y, rtol=1e-6)


def test_without_gradient_only_what_decays_moves() -> None:
    optimiser = AdamW(0.5)
    x = jnp.ones(11)
    after, _ = optimiser.step(x, optimiser.start(x, PARTS), jnp.zeros(11), rate=jnp.float32(0.1), count=jnp.float32(1))
    np.testing.assert_allclose(after, [1.0] * 3 + [0.95] * 4 + [1.0] * 4, rtol=1e-6)


def test_what_adamw_refuses() -> None:
    with pytest.raises(InputError, match=r"'independent' got peak = None"):
        AdamW(convention="independent")
    with pytest.raises(InputError, match=r"'rate' got peak = 0.1"):
        AdamW(peak=0.1)
    with pytest.raises(InputError, match="hold 11 parameters, the vector 12"):
        AdamW().start(jnp.ones(12), PARTS)


def test_kinds_of_the_decoder() -> None:
    weights = Decoder(16, 50, mixer=Attention()).init(np.random.default_rng(0))
    found = dict.fromkeys(("embedding", "hidden", "output", "vector"), 0)
    for part in parts(weights):
        found[part.kind] += part.size
    assert found == {"embedding": 800, "hidden": 2 * (4 * 16**2 + 3 * 16 * 48), "output": 800, "vector": 5 * 16}
    order = [leaf.size for leaf in jax.tree_util.tree_leaves(weights)]
    assert [part.size for part in parts(weights)] == order


def test_kinds_of_other_models() -> None:
    rng = np.random.default_rng(0)
    assert [part.kind for part in parts(MLP(8, (4, 4), 3).init(rng))] == ["vector"] * 3 + [
        "embedding",
        "hidden",
        "output",
    ]
    assert {part.kind: part.size for part in parts(CNN(8, 2, 3).init(rng)) if part.kind != "vector"} == {
        "embedding": 9 * 2,
        "hidden": 9 * 2 * 4,
        "output": 16 * 3,
    }
    taps = [part for part in parts(Decoder(16, 50, mixer=GatedConv(3)).init(rng)) if part.size == 3 * 16]
    assert [part.kind for part in taps] == ["vector"] * 2


def test_training_with_adamw(task: NextSymbol) -> None:
    """A kind with rate 0 and no decay stays where it was; the rest learns."""
    optimiser = AdamW(rates=ByKind(embedding=0.0))
    trained = train(Decoder(16, 50, layers=1), task, Recipe(40, 4, 0.02, optimiser=optimiser))
    start = Decoder(16, 50, layers=1).init(stream(0, "", "init"))
    np.testing.assert_array_equal(trained.weights["embedding"], start["embedding"])
    assert trained.loss is not None
    assert trained.loss < np.log(50) - 0.3
