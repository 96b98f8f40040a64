"""A small text and a small task for the laboratory's tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gnomon.lab import NextSymbol, Text, text

STORY = (
    b"The upright of a sundial is called a gnomon. From the length of its shadow at noon in two towns, and the way "
    b"between them, the size of the Earth was found: a small measurement, a law, and a forecast far beyond it.\n"
)


@pytest.fixture(scope="session", autouse=True)
def _compiled_programs(tmp_path_factory: pytest.TempPathFactory) -> object:
    """Keep compiled programs away from the user's cache folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=0")  # compiles in half the time; speed is no matter
        yield


@pytest.fixture(scope="session")
def story() -> Text:
    """Twenty shuffled copies of a short text, and one held out."""
    words = STORY.split(b" ")
    rng = np.random.default_rng(0)
    train = b" ".join(b" ".join(words[i] for i in rng.permutation(len(words))) for _ in range(40))
    return Text("story", text.encode(train), text.encode(STORY * 2), text.SYMBOLS, "0" * 16)


@pytest.fixture(scope="session")
def task(story: Text) -> NextSymbol:
    """Sequences of 16, 16 of them held out."""
    return NextSymbol(story, length=16, evaluated=16)


@pytest.fixture(scope="session")
def decoder_oracle() -> Callable[..., np.ndarray]:
    """Logits of the decoder, without JAX."""
    return _decoder


def _decoder(weights: dict, inputs: np.ndarray, taps: int) -> np.ndarray:
    """The decoder written out position by position in float64."""

    def norm(x: np.ndarray, gain: np.ndarray) -> np.ndarray:
        return x / np.sqrt((x**2).mean() + 1e-6) * gain

    def silu(x: np.ndarray) -> np.ndarray:
        return x / (1 + np.exp(-x))

    w = _double(weights)
    logits = np.zeros((*inputs.shape, len(w["readout"])))
    for s, sequence in enumerate(inputs):
        x = [w["embedding"][symbol] for symbol in sequence]
        d = len(x[0])
        for layer in w["layers"]:
            both = [layer["mixer"]["into"] @ norm(v, layer["mixer_gain"]) for v in x]
            for t in range(len(x)):
                mixed = sum(layer["mixer"]["taps"][j] * both[t - j][:d] for j in range(taps) if t >= j)
                x[t] = x[t] + layer["mixer"]["out"] @ (mixed * silu(both[t][d:]))
            for t, v in enumerate(x):
                up = layer["up"] @ norm(v, layer["mlp_gain"])
                f = len(up) // 2
                x[t] = v + layer["down"] @ (silu(up[:f]) * up[f:])
        logits[s] = [w["readout"] @ norm(v, w["gain"]) for v in x]
    return logits


def _double(tree: object) -> object:
    if isinstance(tree, dict):
        return {name: _double(part) for name, part in tree.items()}
    if isinstance(tree, list):
        return [_double(part) for part in tree]
    return tree.astype(np.float64)
