"""Stacks that read both ways: what sees what, how much they hold and do, and that they learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import pytest

from gnomon.lab import Attention, Encoder, EncoderDecoder, Recipe, count, train
from gnomon.lab.models.attention import visible
from gnomon.lab.task import Batch, cross_entropy
from gnomon.lab.trace import traced_flops

V = 7


def random(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, V, shape, dtype=np.int32)


def stirred(weights: Any) -> Any:
    """Weights whose read-out is not 0, so that outputs tell."""
    rng = np.random.default_rng(9)
    return jax.tree_util.tree_map(lambda w: w + 0.3 * rng.standard_normal(w.shape).astype(np.float32), weights)


def test_who_sees_whom() -> None:
    assert visible(4, None, causal=False).all()
    assert (visible(5, 2, causal=False) == (np.abs(np.subtract.outer(np.arange(5), np.arange(5))) < 2)).all()
    both, before = (Attention(causal=c) for c in (False, True))
    weights = both.init(np.random.default_rng(0), 16, 1.0)
    x = np.random.default_rng(1).standard_normal((6, 16)).astype(np.float32)
    y = x.copy()
    y[-1] += 1.0
    for mixer, moves in ((both, True), (before, False)):
        out = [np.asarray(mixer(weights, a, length=6))[0] for a in (x, y)]
        assert np.allclose(*out, atol=1e-6) != moves


def test_the_encoder_reads_all_and_begins_at_the_loss_of_guessing() -> None:
    model = Encoder(16, V, 3)
    weights = model.init(np.random.default_rng(0))
    assert not np.asarray(model(weights, random((2, 5)))).any()
    weights = stirred(weights)
    base = random((1, 6))
    out = np.asarray(model(weights, base))
    assert out.shape == (1, 3)
    for place in range(6):
        other = base.copy()
        other[0, place] = (other[0, place] + 1) % V
        assert not np.allclose(out, np.asarray(model(weights, other)), atol=1e-5)


def test_the_decoder_sees_the_whole_source_and_no_target_to_come() -> None:
    model = EncoderDecoder(16, V)
    weights = stirred(model.init(np.random.default_rng(0)))
    source, target = random((1, 5)), random((1, 4), 1)
    out = np.asarray(model(weights, (source, target)))
    assert out.shape == (1, 4, V)
    for place in range(5):
        other = source.copy()
        other[0, place] = (other[0, place] + 1) % V
        moved = np.abs(np.asarray(model(weights, (other, target))) - out).max((0, 2))
        assert (moved > 1e-5).all()
    for place in range(4):
        other = target.copy()
        other[0, place] = (other[0, place] + 1) % V
        moved = np.abs(np.asarray(model(weights, (source, other))) - out).max((0, 2))
        assert (moved[:place] < 1e-6).all()
        assert moved[place] > 1e-5


def test_counts_are_those_of_the_trace() -> None:
    model = EncoderDecoder(16, V, layers=3)
    weights = model.init(np.random.default_rng(0))
    source, target = random((2, 5)), random((2, 4))
    stack = lambda w: sum(x.size for x in jax.tree_util.tree_leaves(w) if x.ndim > 1)  # noqa: E731
    layers = [stack(weights[part]["layers"]) for part in ("encoder", "decoder")]
    assert layers[1] - layers[0] == 3 * 4 * 16**2
    memory = sum(layer["cross"]["key_value"].size for layer in weights["decoder"]["layers"])
    by_hand = 2 * (layers[0] + memory) * 10 + 2 * (layers[1] - memory + weights["decoder"]["readout"].size) * 8
    assert traced_flops(model, weights, (source, target)) == by_hand + 2 * model.mixing_flops(5, 4)
    encoder = Encoder(16, V, 3)
    weights = encoder.init(np.random.default_rng(0))
    by_hand = 2 * stack(weights["layers"]) * 10 + 2 * weights["readout"].size * 2
    assert traced_flops(encoder, weights, source) == by_hand + 10 * encoder.mixing_flops(5)
    assert count.params_total(weights) == sum(x.size for x in jax.tree_util.tree_leaves(weights))


@dataclass(frozen=True)
class Reversal:
    """Say the source backwards; the target begins with symbol 0."""

    length: int = 4
    name: str = "reversal"
    tokens_per_item: int = 4

    def table(self, seed: int, items: int) -> Batch:
        source = np.random.default_rng(seed).integers(1, V, (items, self.length), dtype=np.int32)
        answer = source[:, ::-1]
        start = np.zeros((items, 1), np.int32)
        return Batch((source, np.concatenate([start, answer[:, :-1]], 1)), answer)

    def resident(self) -> Any:
        return self.table(0, 1000)

    def order(self, rng: np.random.Generator, steps: int, batch: int) -> np.ndarray:
        return rng.integers(0, 1000, (steps, batch), dtype=np.int32)

    def gather(self, resident: Any, items: Any) -> Batch:
        return jax.tree_util.tree_map(lambda x: x[items], resident)

    def loss(self, outputs: Any, batch: Batch) -> Any:
        return cross_entropy(outputs, batch)

    def held_out(self) -> Batch:
        return jax.tree_util.tree_map(lambda x: x[None], self.table(1, 200))


def test_an_encoder_and_decoder_learn_to_say_a_source_backwards() -> None:
    trained = train(EncoderDecoder(16, V), Reversal(), Recipe(400, 32, 1e-2))
    assert trained.curve[0][1] < 1.95  # it began at ln 7
    assert trained.loss == pytest.approx(0.0, abs=0.1)  # guessing gives ln 6 = 1.79
