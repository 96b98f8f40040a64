"""Memorization: a map that is the same in every sequence, to be kept in the weights."""

from __future__ import annotations

import numpy as np

from gnomon.errors import InputError
from gnomon.lab.seeds import stream
from gnomon.lab.task import Batch
from gnomon.lab.tasks.sequences import SEED, Sequences, Sizes, check_length, generate, streams

DEFAULT = Sizes(train=256)  # mad-lab configs/tasks/memorization.yml


def memorization(*, symbols: int = 256, length: int = 32, sizes: Sizes = DEFAULT, seed: int = SEED) -> Sequences:
    """Name the value of each key, by a map that every sequence of all parts shares.

    Of the first V - 1 symbols the lower half are keys, the upper half values, each shuffled and paired off; symbol V - 1
    stands where a value is asked for. T/2 evenly drawn keys, each followed by that symbol, whose target is the value.

    Args:
        symbols: V (default 256).
        length: T (default 32), even.
        sizes: sequences of each part (default 256 to train on).
        seed: of the generator and of the map.

    Raises:
        InputError: fewer than 5 symbols, or a length that is odd.

    Reference: Poli et al. 2024, arXiv 2403.17844; mad-lab, instances.py.
    """
    if symbols < 5:
        raise InputError(f"There are {symbols} symbols, expected at least 5: two keys, two values and one that asks.")
    check_length(length, least=2, even=True, why="a key and where its value is asked for")
    keys = (symbols - 1) // 2
    rng = stream(seed, "memorization", "map")
    names, meanings = rng.permutation(keys), (keys + rng.permutation(symbols - 1 - keys))[:keys]
    value = np.zeros(keys, int)
    value[names] = meanings

    def draw(part: str, n: int) -> Batch:
        key = streams(seed, "memorization", part)("keys").integers(0, keys, (n, length // 2))
        ask = np.full_like(key, symbols - 1)
        inputs, targets, weights = (
            np.stack(columns, -1).reshape(n, length)
            for columns in ((key, ask), (np.zeros_like(key), value[key]), (np.zeros_like(key), np.ones_like(key)))
        )
        return Batch(inputs.astype(np.int32), targets.astype(np.int32), weights.astype(np.float32))

    return generate("memorization", symbols, sizes, draw, chance=1 / keys)
