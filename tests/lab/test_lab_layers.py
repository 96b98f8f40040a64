"""What layers are made of: stripes of mixers, layers without one, experts, and the one-vector model."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from gnomon.errors import InputError
from gnomon.lab import count
from gnomon.lab.models import Attention, AutoEncoder, Decoder, Experts, GatedConv, Hyena, SelectiveSSM
from gnomon.lab.models.autoencoder import position_codes
from gnomon.lab.trace import traced_flops

SYMBOLS = 16
TABLE = {16: 6_656, 24: 13_824, 32: 25_088, 64: 100_352}  # matrices of two layers of attention and SwiGLU [D, by hand]


def alive(model: Any, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    return jax.tree_util.tree_map(
        lambda leaf: (leaf + 0.1 * rng.standard_normal(leaf.shape)).astype(np.float32), model.init(rng)
    )


def symbols(sequences: int = 2, length: int = 12) -> np.ndarray:
    return np.random.default_rng(1).integers(0, SYMBOLS, (sequences, length)).astype(np.int32)


@pytest.mark.parametrize("width", TABLE)
def test_parameters_of_the_usual_decoder(width: int) -> None:
    weights = Decoder(width, SYMBOLS, mixer=Attention()).init(np.random.default_rng(0))
    assert count.params(weights) == TABLE[width] + 5 * width


def test_stripes_take_turns() -> None:
    a, b = Attention(), SelectiveSSM()
    model = Decoder(16, SYMBOLS, layers=3, mixer=(a, b))
    assert model.mixers == (a, b, a)
    assert [("qkv" in layer["mixer"]) for layer in model.init(np.random.default_rng(0))["layers"]] == [
        True,
        False,
        True,
    ]
    assert model.state_size(10) == 2 * a.state_size(16, 10) + b.state_size(16, 10)
    assert model.mixing_flops(10) == 2 * a.mixing_flops(16, 10) + b.mixing_flops(16, 10)


def test_one_mixer_and_stripes_of_it_are_the_same_model() -> None:
    one, many = Decoder(16, SYMBOLS), Decoder(16, SYMBOLS, mixer=(GatedConv(), GatedConv()))
    weights = alive(one)
    np.testing.assert_array_equal(jax.jit(one)(weights, symbols()), jax.jit(many)(weights, symbols()))


def test_without_a_mixer_a_position_sees_itself_only() -> None:
    model = Decoder(16, SYMBOLS, mixer=None)
    weights, run = alive(model), jax.jit(model)
    assert model.state_size(12) == 0
    assert "mixer" not in weights["layers"][0]
    before = symbols(1)
    after = before.copy()
    after[0, 5] = (after[0, 5] + 1) % SYMBOLS
    changed = np.abs(np.asarray(run(weights, before)) - run(weights, after)).max(-1)[0] > 0
    assert changed.tolist() == [t == 5 for t in range(12)]


def test_a_window_as_long_as_the_sequence_is_no_window() -> None:
    whole, window = (Decoder(16, SYMBOLS, mixer=Attention(window=w)) for w in (None, 12))
    weights = alive(whole)
    np.testing.assert_array_equal(jax.jit(whole)(weights, symbols()), jax.jit(window)(weights, symbols()))
    assert whole.state_size(12) == window.state_size(12) == 2 * 2 * 16 * 12
    assert Attention(window=5).state_size(16, 12) == 2 * 16 * 5
    assert Attention(kv_heads=1).state_size(16, 12) == 2 * 8 * 12


def test_the_inside_of_the_swiglu_is_free() -> None:
    weights = Decoder(16, SYMBOLS, inside=7).init(np.random.default_rng(0))
    assert weights["layers"][0]["up"].shape == (14, 16)


@pytest.mark.parametrize("leaky", [False, True])
def test_experts_are_the_sum_written_out(leaky: bool) -> None:
    channel = Experts(experts=4, active=2, inside=3, leaky=leaky)
    weights = channel.init(np.random.default_rng(0), 8, 1.0)
    x = np.random.default_rng(1).standard_normal((20, 8)).astype(np.float32)
    scores = x @ weights["router"].T
    up = (x @ weights["up"].T).reshape(20, 2, 4, 3)
    inner = up[:, 0] * np.asarray(jax.nn.gelu(up[:, 1]))
    expected = np.zeros((20, 8))
    for i in range(20):
        best = np.argsort(scores[i])[-2:]
        masked = np.full(4, 0.0 if leaky else -np.inf)
        masked[best] = scores[i, best]
        share = np.exp(masked) / np.exp(masked).sum()
        for e in range(4):
            expected[i] += share[e] * weights["down"][e] @ inner[i, e]
        assert (share > 0).sum() == (4 if leaky else 2)
    np.testing.assert_allclose(jax.jit(channel)(weights, x), expected, rtol=1e-4, atol=1e-5)


def test_experts_count_what_is_active() -> None:
    channel = Experts(experts=8, active=2, inside=16)
    weights = channel.init(np.random.default_rng(0), 32, 1.0)
    every = sum(leaf.size for leaf in weights.values())
    assert every == 8 * 32 + 8 * 3 * 16 * 32
    assert traced_flops(channel, weights, np.zeros((1, 32), np.float32)) == 2 * every
    assert 2 * every + channel.mixing_flops(32) == 2 * (8 * 32 + 2 * 3 * 16 * 32)
    assert Experts(leaky=True).mixing_flops(32) == 0
    with pytest.raises(InputError, match="expected 1 to all"):
        Experts(experts=2, active=3)


def test_experts_in_the_place_of_the_swiglu() -> None:
    channel = Experts()
    model = Decoder(16, SYMBOLS, mixer=Attention(), channel=channel)
    weights = alive(model)
    assert "up" not in weights["layers"][0]
    assert np.isfinite(jax.jit(model)(weights, symbols())).all()
    assert model.mixing_flops(12) == 2 * (Attention().mixing_flops(16, 12) + channel.mixing_flops(16))


def test_the_autoencoder_knows_a_sequence_by_its_last_vector() -> None:
    model = AutoEncoder(Decoder(16, SYMBOLS, mixer=None))
    weights, run = alive(model), jax.jit(model)
    x = symbols(1)
    other = x.copy()
    other[0, :-1] = (x[0, :-1] + 3) % SYMBOLS
    np.testing.assert_array_equal(run(weights, x), run(weights, other))
    said = np.asarray(run(weights, x))[0]
    assert np.abs(said[0] - said[5]).max() > 1e-3, "positions are told apart by their code"
    seeing = AutoEncoder(Decoder(16, SYMBOLS, mixer=Hyena(12)))
    weights = alive(seeing)
    assert np.abs(jax.jit(seeing)(weights, x) - jax.jit(seeing)(weights, other)).max() > 1e-3


def test_position_codes() -> None:
    codes = position_codes(50, 16)
    for t, i in ((0, 0), (7, 3), (49, 7)):
        angle = t * 10_000 ** (-i / 7)
        assert codes[t, [i, 8 + i]].tolist() == pytest.approx([np.sin(angle), np.cos(angle)], abs=1e-6)
