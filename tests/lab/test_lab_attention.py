from __future__ import annotations

import jax
import numpy as np
import pytest
from test_lab_count import products

from gnomon.errors import InputError
from gnomon.lab import Attention, Decoder, count

SYMBOLS = 50
TABLE = {16: 6_656, 24: 13_824, 32: 25_088, 48: 55_296, 64: 100_352, 96: 221_184}  # 2 layers of 4 d^2 + 3 d f, no gains


def jitted(mixer: Attention, weights: dict, x: np.ndarray) -> np.ndarray:
    """The mixer on one sequence, compiled."""
    return np.asarray(jax.jit(lambda w, x: mixer(w, x, length=len(x)))(weights, x))


def by_hand(mixer: Attention, weights: dict, x: np.ndarray) -> np.ndarray:
    """One sequence in float64, one query and one key at a time, rotation as a complex product."""
    width = x.shape[1]
    heads = mixer.heads or width // mixer.head
    shared = mixer.kv_heads or heads
    size = mixer.head
    q, k, v = np.split(weights["qkv"].astype(float) @ x.T, [heads * size, (heads + shared) * size])
    frequency = mixer.base ** (-2 * np.arange(size // 2) / size)

    def turned(vector: np.ndarray, t: int) -> np.ndarray:
        z = (vector[: size // 2] + 1j * vector[size // 2 :]) * np.exp(1j * t * frequency)
        return np.concatenate([z.real, z.imag])

    out = np.zeros((len(x), heads * size))
    for h in range(heads):
        mine, its = slice(h * size, (h + 1) * size), h // (heads // shared)
        theirs = slice(its * size, (its + 1) * size)
        for t in range(len(x)):
            seen = range(max(0, t - (mixer.window or len(x)) + 1), t + 1)
            scores = [turned(q[mine, t], t) @ turned(k[theirs, s], s) for s in seen]
            share = np.exp(np.array(scores) * (mixer.scale or size**-0.5))
            out[t, mine] = sum(p * v[theirs, s] for p, s in zip(share / share.sum(), seen, strict=True))
    return out @ weights["out"].astype(float).T


@pytest.mark.parametrize(
    "mixer",
    [
        Attention(),
        Attention(window=3),
        Attention(kv_heads=2),
        Attention(kv_heads=1, window=1),
        Attention(head=4, heads=3, scale=0.25, base=100.0),
    ],
    ids=str,
)
def test_attention_is_the_one_written_out(mixer: Attention) -> None:
    rng = np.random.default_rng(0)
    weights = mixer.init(rng, 32, 1.0)
    x = rng.standard_normal((2 * 9, 32)).astype(np.float32)
    found = jax.jit(lambda w, x: mixer(w, x, length=9))(weights, x)
    expected = np.concatenate([by_hand(mixer, weights, x[:9]), by_hand(mixer, weights, x[9:])])
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("window", [None, 4])
def test_causal_and_no_further_back_than_the_window(window: int | None) -> None:
    rng = np.random.default_rng(1)
    model = Decoder(16, SYMBOLS, layers=1, mixer=Attention(window=window))
    weights = model.init(rng)
    weights["readout"] = rng.standard_normal(weights["readout"].shape).astype(np.float32)
    inputs = rng.integers(0, SYMBOLS, (1, 12)).astype(np.int32)
    run = jax.jit(model)
    before = np.asarray(run(weights, inputs))
    inputs[0, 5] = (inputs[0, 5] + 1) % SYMBOLS
    touched = (np.asarray(run(weights, inputs)) != before).any(axis=-1)[0]
    assert touched.tolist() == [5 <= t < 5 + (window or 12) for t in range(12)]


def test_a_window_as_long_as_the_sequence_is_no_window() -> None:
    rng = np.random.default_rng(2)
    weights = Attention().init(rng, 16, 1.0)
    x = rng.standard_normal((12, 16)).astype(np.float32)
    plain, windowed = (jitted(Attention(window=w), weights, x) for w in (None, 12))
    np.testing.assert_array_equal(plain, windowed)


def test_shared_keys_are_the_same_keys_repeated() -> None:
    rng = np.random.default_rng(3)
    grouped = Attention(kv_heads=2)
    weights = grouped.init(rng, 32, 1.0)
    q, k, v = np.split(weights["qkv"], [32, 48])
    repeated = [np.repeat(part.reshape(2, 8, 32), 2, axis=0).reshape(32, 32) for part in (k, v)]
    x = rng.standard_normal((10, 32)).astype(np.float32)
    full = jitted(Attention(), {"qkv": np.concatenate([q, *repeated]), "out": weights["out"]}, x)
    np.testing.assert_allclose(jitted(grouped, weights, x), full, rtol=1e-5, atol=1e-6)


def test_positions_matter_by_their_distance_only() -> None:
    """In a window, what a position sees does not depend on where it stands; with the order changed it does."""
    rng = np.random.default_rng(4)
    mixer = Attention(window=4)
    weights = mixer.init(rng, 16, 1.0)
    x = rng.standard_normal((6, 16)).astype(np.float32)
    shifted = np.concatenate([rng.standard_normal((5, 16)).astype(np.float32), x])
    here = jitted(mixer, weights, x)
    there = (jitted(mixer, weights, shifted))[5:]
    np.testing.assert_allclose(here[3:], there[3:], rtol=1e-4, atol=1e-5)
    swapped = jitted(mixer, weights, x[[0, 1, 2, 4, 3, 5]])
    assert not np.allclose(here[5], swapped[5], rtol=1e-3)


@pytest.mark.parametrize("width", TABLE)
def test_parameters(width: int) -> None:
    weights = Decoder(width, SYMBOLS, mixer=Attention()).init(np.random.default_rng(0))
    assert count.params(weights) == TABLE[width] + 5 * width


@pytest.mark.parametrize(
    "mixer",
    [Attention(), Attention(kv_heads=1), Attention(heads=1), Attention(window=32), Attention(window=100)],
    ids=str,
)
def test_flops_are_those_of_the_traced_program(mixer: Attention) -> None:
    """Forward and backward, every matrix product counted; gains are the only numbers that are in no product."""
    model = Decoder(32, SYMBOLS, mixer=mixer)
    weights = model.init(np.random.default_rng(0))
    inputs = np.zeros((4, 32), np.int32)
    training = jax.make_jaxpr(jax.grad(lambda w: model(w, inputs).sum()))(weights)
    gains = 5 * 32
    counted = count.flops(weights, inputs.size, mixing=model.mixing_flops(32))
    assert products(training.jaxpr) == counted - 6 * gains * inputs.size


def test_a_window_counts_only_the_pairs_it_needs() -> None:
    assert Attention(window=8).mixing_flops(32, 128) == 4 * 32 * 8
    assert Attention().mixing_flops(32, 128) == 4 * 32 * 128
    assert Decoder(32, SYMBOLS, layers=3, mixer=Attention()).mixing_flops(128) == 3 * 4 * 32 * 128
    assert Decoder(32, SYMBOLS).mixing_flops(128) == 0


def test_what_attention_refuses() -> None:
    for wrong, message in [
        (lambda: Attention(head=5), "expected an even number"),
        (lambda: Attention(window=0), "expected at least 1"),
        (lambda: Attention().layout(20), "do not fill a width of 20"),
        (lambda: Attention(kv_heads=3).layout(32), "expected a divisor"),
    ]:
        with pytest.raises(InputError, match=message):
            wrong()


def test_no_silent_promotion() -> None:
    model = Decoder(16, SYMBOLS, mixer=Attention())
    with jax.numpy_dtype_promotion("strict"):
        out = jax.jit(model)(model.init(np.random.default_rng(0)), np.zeros((1, 4), np.int32))
    assert out.dtype == np.float32
