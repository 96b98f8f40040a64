"""Every mixer against its definition, its own recurrence and the trace of its program."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnomon.errors import InputError
from gnomon.lab import GatedConv
from gnomon.lab.models import (
    RWKV,
    RWKV7,
    GatedLinearAttention,
    Hyena,
    HyenaExperts,
    LinearAttention,
    MultiHeadHyena,
    SelectiveSSM,
)
from gnomon.lab.models.outer_products import FASTEST, read_past
from gnomon.lab.models.recurrent import carried, one_by_one
from gnomon.lab.trace import traced_flops

WIDTH, LENGTH = 16, 32
RECURRENT = {
    "linear": LinearAttention(heads=2),
    "gated": GatedLinearAttention(heads=4, rank=3),
    "ssm": SelectiveSSM(states=3),
    "rwkv": RWKV(heads=2, mix_rank=3, decay_rank=5),
    "rwkv7": RWKV7(heads=2, rank=3),
}
MIXERS: dict[str, Any] = RECURRENT | {
    "hyena": Hyena(LENGTH),
    "wide hyena": Hyena(40, expand=4, groups=4),
    "hyena heads": MultiHeadHyena(LENGTH, heads=4),
    "hyena experts": HyenaExperts(LENGTH, experts=4, inside=3),
}
ELEMENTWISE = {"taps", "log_rate", "first", "mixtures"}  # arrays with two axes that no product sees


def alive(mixer: Any, seed: int = 0) -> dict[str, Any]:
    """Weights none of which is 0 or 1."""
    rng = np.random.default_rng(seed)
    return jax.tree_util.tree_map(
        lambda leaf: (leaf + 0.2 * rng.standard_normal(leaf.shape)).astype(np.float32), mixer.init(rng, WIDTH, 0.5)
    )


def inputs(sequences: int, length: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((sequences * length, WIDTH)).astype(np.float32)


@pytest.mark.parametrize("name", MIXERS)
def test_causal(name: str) -> None:
    mixer, weights = MIXERS[name], alive(MIXERS[name])
    x = inputs(2, 20).reshape(2, 20, WIDTH)
    run = jax.jit(lambda x: mixer(weights, x.reshape(-1, WIDTH), length=20).reshape(2, 20, WIDTH))
    before = np.asarray(run(x))
    for t in (0, 9, 19):
        changed = x.copy()
        changed[:, t] += 1
        after = np.asarray(run(changed))
        np.testing.assert_allclose(after[:, :t], before[:, :t], rtol=1e-5, atol=1e-5)  # transforms mix last bits
        assert (np.abs(after[:, t] - before[:, t]) > 1e-3).any()


@pytest.mark.parametrize("name", MIXERS)
def test_the_first_position_is_seen_from_the_last(name: str) -> None:
    mixer, weights = MIXERS[name], alive(MIXERS[name])
    x = inputs(1, 30)
    x[0] += 3
    run = jax.jit(lambda x: mixer(weights, x, length=30)[-1])
    assert np.abs(run(x) - run(np.concatenate([x[:1] - 3, x[1:]]))).max() > 1e-5  # float32 resolves 1e-7 here


@pytest.mark.parametrize("length", [1, 33])
@pytest.mark.parametrize("name", RECURRENT)
def test_one_by_one_is_all_at_once(name: str, length: int) -> None:
    mixer, weights = RECURRENT[name], alive(RECURRENT[name])
    x = inputs(3, length)
    step, whole = (jax.jit(f, static_argnames="length") for f in (partial(one_by_one, mixer), mixer))
    np.testing.assert_allclose(step(weights, x, length=length), whole(weights, x, length=length), rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", RECURRENT)
def test_state_is_what_is_carried(name: str) -> None:
    mixer = RECURRENT[name]
    for width in (16, 64):
        assert mixer.state_size(width, 128) == mixer.state_size(width, 1024) == carried(mixer, width)


@pytest.mark.parametrize(
    ("mixer", "state"),
    [
        (LinearAttention(heads=16), 1024),
        (GatedLinearAttention(heads=1), 16384),
        (SelectiveSSM(taps=1), 1024),
        (RWKV(heads=8), 128 * 16 + 128),
        (Hyena(128), 2 * 128 * 128 + 2 * 3 * 128),
        (GatedConv(8), 7 * 128),
    ],
)
def test_states_of_the_table(mixer: Any, state: int) -> None:
    assert mixer.state_size(128, 128) == state


@pytest.mark.parametrize("name", MIXERS)
def test_flops_are_those_of_the_traced_program(name: str) -> None:
    mixer, weights = MIXERS[name], MIXERS[name].init(np.random.default_rng(0), WIDTH, 1.0)
    traced = traced_flops(lambda w, x: mixer(w, x, length=LENGTH), weights, inputs(1, LENGTH))
    matrices = sum(
        np.size(leaf)
        for path, leaf in jax.tree_util.tree_leaves_with_path(weights)
        if leaf.ndim > 1 and str(getattr(path[-1], "key", "")) not in ELEMENTWISE
    )
    scan = 2 * 2 * WIDTH * mixer.states if name == "ssm" else 0  # elementwise, so no product
    assert traced == LENGTH * (2 * matrices + mixer.mixing_flops(WIDTH, LENGTH) - scan)


PARAMS = {
    "linear": lambda d: 4 * d * d + 4 * (d // 2) ** 2,
    "gated": lambda d: 5 * d * d + 2 * 3 * d + d + d // 4,
    "ssm": lambda d: 6 * d * d + 4 * 2 * d + 2 * d + (1 + 6) * 2 * d + 2 * d + 2 * d + 3 * 2 * d + 2 * d,
    "rwkv": lambda d: 5 * d * d + d + 5 * d + 2 * 5 * 3 * d + d + 2 * 5 * d + d + 2 * d,
    "hyena": lambda d: 4 * d * d + 9 * d + d + (12 + 16 + 16) + 12 + 4 + 4 * d,
    "rwkv7": lambda d: 4 * d * d + 6 * d + 2 * 3 * 3 * d + 7 * d,
    "hyena heads": lambda d: 4 * d * d + 9 * d + 4 + (12 + 16 + 16) + 12 + 4 + 16,
    "hyena experts": lambda d: 4 * d + 36 * d + 9 * 12 + 12 + 3 * d + (12 + 16 + 16) + 12 + 4 + 4 * 12,
    "wide hyena": lambda d: 3 * d * d + 4 * d * d + 36 * d + 4 * d + (12 + 16 + 16) + 12 + 4 + 16 * d,
}


@pytest.mark.parametrize("name", MIXERS)
def test_parameters(name: str) -> None:
    weights = MIXERS[name].init(np.random.default_rng(0), WIDTH, 1.0)
    leaves = jax.tree_util.tree_leaves(weights)
    assert sum(leaf.size for leaf in leaves) == PARAMS[name](WIDTH)
    assert all(leaf.dtype == np.float32 for leaf in leaves)


@pytest.mark.parametrize("decay", [0.0, 0.3, -FASTEST])
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("length", [5, 16, 40])
def test_outer_products_are_the_sum_written_out(decay: float, own: bool, length: int) -> None:
    rng = np.random.default_rng(3)
    q, k = rng.standard_normal((2, 2, 3, length, 4))
    v, g = rng.standard_normal((2, 3, length, 5)), -decay * rng.random((2, 3, length, 4))
    u = rng.standard_normal((3, 4))
    expected = np.zeros(v.shape)
    for t in range(length):
        for s in range(t + 1):
            if own and s == t:
                strength = np.broadcast_to(u, (2, 3, 4))
            else:  # without the decay of position t where it is read before that decay
                strength = np.exp(g[:, :, s + 1 : t + (0 if own else 1)].sum(2))
            expected[:, :, t] += (q[:, :, t] * strength * k[:, :, s]).sum(-1, keepdims=True) * v[:, :, s]
    small = [x.astype(np.float32) for x in (q, k, v, g, u)]
    found = jax.jit(read_past)(*small[:3], small[3] if decay else None, own=small[4] if own else None)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_gradients_are_finite_where_everything_is_forgotten_at_once() -> None:
    q = jnp.ones((1, 1, 64, 2))
    slope = jax.jit(jax.grad(lambda g: read_past(q, q, q, g).sum()))(jnp.full(q.shape, FASTEST))
    assert np.isfinite(slope).all()


def test_long_convolution_is_the_sum_written_out() -> None:
    from gnomon.lab.models.hyena import filters, long_conv

    mixer = Hyena(24)
    h = np.asarray(filters(alive(mixer)["filter"], 20, 24), float)
    x = np.random.default_rng(2).standard_normal((2, 20, WIDTH))
    expected = [sum(h[lag] * x[:, t - lag] for lag in range(t + 1)) for t in range(20)]
    np.testing.assert_allclose(long_conv(x.astype(np.float32), h.astype(np.float32)), np.stack(expected, 1), atol=1e-4)


def test_filters_do_not_depend_on_the_sequence_and_end_with_their_span() -> None:
    from gnomon.lab.models.hyena import filters

    weights = alive(Hyena(24))["filter"]
    make = jax.jit(filters, static_argnums=(1, 2))
    np.testing.assert_allclose(make(weights, 9, 24), make(weights, 24, 24)[:9], rtol=1e-5, atol=1e-6)
    with pytest.raises(InputError, match="at most the 24"):
        Hyena(24)(alive(Hyena(24)), inputs(1, 25), length=25)


def test_heads_convolve_outer_products() -> None:
    from gnomon.lab.models.hyena import filters, long_conv
    from gnomon.lab.models.short_conv import short_conv

    mixer = MultiHeadHyena(24, heads=4)
    weights, x = alive(mixer), inputs(2, 20)
    streams = short_conv((x @ weights["into"].T).reshape(2, 20, -1), weights["taps"])
    query, key, value = (part.reshape(2, 20, 4, 4) for part in np.split(streams, 3, axis=-1))
    product = np.einsum("bthi,bthj->btijh", key, value)
    h = filters(weights["filter"], 20, 24)
    mixed = long_conv(product.reshape(2, 20, 16, 4).swapaxes(1, 2), h).swapaxes(1, 2).reshape(product.shape)
    mixed = mixed + weights["skip"] * product
    expected = np.einsum("bthi,btijh->bthj", query, mixed).reshape(40, WIDTH) @ weights["out"].T
    np.testing.assert_allclose(mixer(weights, x, length=20), expected, rtol=1e-3, atol=1e-3)


def test_hyena_experts_are_hyenas_on_slices() -> None:
    mixer = HyenaExperts(24, experts=4, active=2, inside=3)
    weights, x = alive(mixer), inputs(2, 20)
    scores = x @ weights["router"].T
    total = np.zeros((40, 3))
    for e in range(4):
        cut = slice(3 * e, 3 * e + 3)
        rows = np.concatenate([np.arange(12 * s, 12 * s + 12)[cut] for s in range(3)])
        own = {
            "into": weights["into"][rows],
            "taps": weights["taps"][:, rows],
            "skip": weights["skip"][cut],
            "out": np.eye(3, dtype=np.float32),
            "filter": weights["filter"],
        }
        best = np.sort(scores, axis=1)[:, -2:]
        share = np.where(scores[:, e] >= best[:, 0], np.exp(scores[:, e]) / np.exp(best).sum(1), 0.0)
        total += share[:, None] * _with_filters(own, x, cut)
    np.testing.assert_allclose(mixer(weights, x, length=20), total @ weights["out"].T, rtol=1e-3, atol=1e-4)


def _with_filters(own: dict[str, Any], x: np.ndarray, cut: slice) -> np.ndarray:
    """The operator written out, with the filters of the channels of a slice of all twelve."""
    from gnomon.lab.models.hyena import filters
    from gnomon.lab.models.short_conv import short_conv

    h = np.asarray(filters(own["filter"], 20, 24))[:, cut]
    first, second, value = np.split(np.asarray(short_conv((x @ own["into"].T).reshape(2, 20, -1), own["taps"])), 3, -1)
    product = second * value
    mixed = np.stack([sum(h[lag] * product[:, t - lag] for lag in range(t + 1)) for t in range(20)], 1)
    return (first * (mixed + own["skip"] * product)).reshape(40, 3)


def test_delta_rule_is_the_one_written_out() -> None:
    """Position by position as in rwkv_v7_numpy.py, in float64."""
    mixer = RWKV7(heads=2, rank=3)
    weights, x = alive(mixer), inputs(1, 9)
    w = jax.tree_util.tree_map(lambda leaf: leaf.astype(float), weights)
    sigmoid, n = (lambda z: 1 / (1 + np.exp(-z))), WIDTH // 2
    memory, before, expected = np.zeros((2, n, n)), np.zeros(WIDTH), []
    for now in x.astype(float):
        xr, xk, xv, xw, xa, xg = now + w["mixtures"] * (before - now)
        before = now
        r, k, v = (m @ z for m, z in zip(w["rkv"], (xr, xk, xv), strict=True))
        decay = np.exp(-sigmoid(w["low_out"][0] @ np.tanh(w["low_in"][0] @ xw) + w["decay"]) / np.e**0.5)
        a = sigmoid(w["low_out"][1] @ (w["low_in"][1] @ xa) + w["rate"])
        gate = w["low_out"][2] @ sigmoid(w["low_in"][2] @ xg)
        kk = (k * w["removal"]).reshape(2, n)
        kk /= np.linalg.norm(kk, axis=1, keepdims=True)
        k = k + k * (a - 1) * w["strength"]
        y = np.zeros((2, n))
        for h in range(2):
            c = slice(h * n, (h + 1) * n)
            memory[h] = memory[h] * decay[c] - np.outer(memory[h] @ kk[h], kk[h] * a[c]) + np.outer(v[c], k[c])
            y[h] = memory[h] @ r[c]
        y = (y - y.mean(1, keepdims=True)) / np.sqrt(y.var(1, keepdims=True) + 64e-5)
        own = (r * k * w["own"]).reshape(2, n).sum(1, keepdims=True) * v.reshape(2, n)
        expected.append(w["out"] @ ((y.ravel() * w["gain"] + w["bias"] + own.ravel()) * gate))
    found = jax.jit(lambda x: mixer(weights, x, length=9))(x)
    np.testing.assert_allclose(found, np.stack(expected), rtol=2e-3, atol=1e-4)


def test_selective_steps_start_in_their_range() -> None:
    bias = SelectiveSSM().init(np.random.default_rng(0), 64, 1.0)["step_bias"].astype(float)
    steps = np.log1p(np.exp(bias))
    assert steps.min() >= 0.99e-3
    assert steps.max() <= 0.101


def test_heads_must_divide_the_width() -> None:
    for mixer in (LinearAttention(3), GatedLinearAttention(3), RWKV(3), RWKV7(3)):
        with pytest.raises(InputError, match="3 heads for a width of 16"):
            mixer.init(np.random.default_rng(0), 16, 1.0)


def test_trace_counts_scans_and_transforms() -> None:
    x = np.zeros((8, 8), np.float32)
    assert traced_flops(lambda x: jax.lax.scan(lambda c, _: (c @ x, None), x, None, length=5)[0], x) == 5 * 2 * 512
    assert traced_flops(lambda x: jnp.fft.irfft(jnp.fft.rfft(x)), x) == 2 * 8 * 60
    with pytest.raises(NotImplementedError):
        traced_flops(lambda x: jax.lax.while_loop(lambda c: c.sum() > 0, lambda c: c @ x, x), x)
