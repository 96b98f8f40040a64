"""In-context recall: a key seen before asks for its value again."""

from __future__ import annotations

import numpy as np

from gnomon.errors import InputError
from gnomon.lab.task import Batch
from gnomon.lab.tasks.sequences import SEED, Sequences, Sizes, check_length, generate, next_symbols, streams

NOISE_SYMBOLS = 16  # mad-lab configs/tasks/noisy-in-context-recall.yml
DEFAULT = Sizes()


def in_context_recall(*, symbols: int = 16, length: int = 128, sizes: Sizes = DEFAULT, seed: int = SEED) -> Sequences:
    """Pairs of a key and its value, k v k v ..., whose map is new in every sequence.

    Keys are the symbols [0, V/2), values [V/2, V). T/2 - 1 pairs with evenly drawn keys; the value of a key is drawn
    when it first appears and repeated later; the last pair asks for one of the keys that were there, all alike.
    Training targets are all next symbols; test targets the values of keys seen before, and the last value.

    Args:
        symbols: V (default 16).
        length: T, symbols of the whole sequence, of which all but the last are inputs (default 128), even.
        sizes: sequences of each part.
        seed: of the generator.

    Raises:
        InputError: too few symbols, or a length that is odd or below 4.

    Reference: Poli et al. 2024, arXiv 2403.17844; mad-lab, instances.py, multi-query form.
    """
    return _recall("in-context-recall", symbols, length, 0, 0.0, sizes, seed)


def noisy_recall(
    *,
    symbols: int = 32,
    noise_symbols: int = NOISE_SYMBOLS,
    noise: float = 0.2,
    length: int = 128,
    sizes: Sizes = DEFAULT,
    seed: int = SEED,
) -> Sequences:
    """In-context recall where some pairs are noise.

    Keys and values share the first V - Vn symbols; each pair is replaced with probability `noise` by two of the last Vn
    symbols, except one evenly drawn pair of each sequence.

    Args:
        symbols: V, the noise included (default 32).
        noise_symbols: Vn (default 16).
        noise: share of noise, 0 to below 1 (default .2).
        length: T (default 128), even.
        sizes: sequences of each part.
        seed: of the generator.

    Raises:
        InputError: too few symbols, a share of noise that is none, or a length that is odd or below 4.

    Reference: as `in_context_recall`. mad-lab draws the kept pair from one more than there are, so that with strong
    noise a sequence may hold no pair at all; here one is always kept.
    """
    return _recall("noisy-in-context-recall", symbols, length, noise_symbols, noise, sizes, seed)


def _recall(
    name: str, symbols: int, length: int, noise_symbols: int, noise: float, sizes: Sizes, seed: int
) -> Sequences:
    if not 0 <= noise < 1 or (noise > 0 and noise_symbols < 1):
        raise InputError(f"The share of noise is {noise:g} of {noise_symbols} symbols, expected 0 to below 1 of some.")
    if symbols - noise_symbols < 4:
        raise InputError(f"{symbols - noise_symbols} symbols are no noise, expected at least 4: two keys, two values.")
    check_length(length, least=4, even=True, why="one pair to present and one to ask for")
    keys = (symbols - noise_symbols) // 2
    values = symbols - noise_symbols - keys

    def draw(part: str, n: int) -> Batch:
        rng = streams(seed, name, part)
        pairs = length // 2 - 1
        key = rng("keys").integers(0, keys, (n, pairs))
        table = keys + rng("values").integers(0, values, (n, keys))  # a value for each key that may appear
        kept = rng("kept").integers(0, pairs, (n, 1)) == np.arange(pairs)
        noisy = (rng("noise").random((n, pairs)) < noise) & ~kept
        shown = (key[..., None] == np.arange(keys)) & ~noisy[..., None]  # (n, pairs, keys)
        asked = np.where(shown.any(1), rng("asked").random((n, keys)), -1.0).argmax(1)
        key = np.concatenate([key, asked[:, None]], 1)
        pair = np.stack([key, np.take_along_axis(table, key, 1)], -1)
        filler = symbols - noise_symbols + rng("filler").integers(0, max(noise_symbols, 1), (n, pairs, 2))
        pair[:, :-1] = np.where(noisy[..., None], filler, pair[:, :-1])
        counts = np.zeros(pair.shape, bool)
        counts[:, :-1, 1] = (shown & (shown.cumsum(1) > 1)).any(-1)  # seen before this pair
        counts[:, -1, 1] = True
        return next_symbols(pair.reshape(n, length), None if part == "train" else counts.reshape(n, length))

    return generate(name, symbols, sizes, draw, chance=1 / values)
