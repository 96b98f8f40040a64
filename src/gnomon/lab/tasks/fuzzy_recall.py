"""Fuzzy in-context recall: keys and values of several symbols each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gnomon.errors import InputError
from gnomon.lab.task import Batch
from gnomon.lab.tasks.recall import DEFAULT
from gnomon.lab.tasks.sequences import SEED, Sequences, Sizes, check_length, generate, next_symbols, streams

LONGEST = 3  # symbols of a key or value at most; mad-lab, k_motif_size and v_motif_size
Motif = tuple[int, ...]


def fuzzy_recall(*, symbols: int = 16, length: int = 128, sizes: Sizes = DEFAULT, seed: int = SEED) -> Sequences:
    """In-context recall of keys and values that are one to three different symbols long.

    The last symbol pads on the left; of the others the lower half make keys, the upper half values, without repeats
    inside. In training lengths are even draws of 1 to 3; at test a key always has 3. One pair, planted at an even draw
    of early positions, closes the sequence again. Training targets are all next symbols; test targets the values of keys
    seen before, and the last value.

    Args:
        symbols: V (default 16).
        length: T, positions predicted from (default 128).
        sizes: sequences of each part.
        seed: of the generator.

    Raises:
        InputError: fewer than 7 symbols, or a length below 14.

    Reference: Poli et al. 2024, arXiv 2403.17844; mad-lab, instances.py. There the pair that closes the sequence is
    missing from its earlier part where the pair before the draw happens to be long; here it is always planted.
    """
    if symbols - 1 < 2 * LONGEST:
        raise InputError(
            f"There are {symbols} symbols, expected at least {2 * LONGEST + 1}: keys and values of {LONGEST}."
        )
    check_length(length, least=4 * LONGEST + 2, why="a longest pair to plant and to ask for")
    keys = (symbols - 1) // 2
    values = symbols - 1 - keys

    def draw(part: str, n: int) -> Batch:
        rng = streams(seed, "fuzzy-in-context-recall", part)("all")
        whole = np.full((n, length + 1), symbols - 1)
        counts = np.zeros(whole.shape, bool)
        for row in range(n):
            shown, marks = _sequence(rng, keys, values, length, training=part == "train")
            whole[row, -len(shown) :] = shown
            counts[row, -len(shown) :] = marks
        return next_symbols(whole, None if part == "train" else counts)

    return generate("fuzzy-in-context-recall", symbols, sizes, draw, chance=1 / values)


def _sequence(
    rng: np.random.Generator, keys: int, values: int, length: int, *, training: bool
) -> tuple[list[int], list[bool]]:
    """Symbols of one sequence without its padding, and which of them a test asks for."""
    most = length // 2  # pairs at most
    key_sizes = rng.integers(1, LONGEST + 1, most) if training else np.full(most, LONGEST)
    value_sizes = rng.integers(1, LONGEST + 1, most)
    every_key, every_value = _motifs(rng, most, keys, 0, key_sizes), _motifs(rng, most, values, keys, value_sizes)
    probe, answer = every_key[0], every_value[0]
    size = len(probe) + len(answer)
    planted_from = rng.integers(0, length - 2 * size)
    end = length - size - 2 * LONGEST  # a pair that begins before this leaves room for the last
    seen: dict[Motif, Motif] = {}
    shown: list[int] = []
    marks: list[bool] = []
    for key, value in zip(every_key[1:], every_value[1:], strict=True):
        if len(shown) >= end:
            break
        last = len(shown) + len(key) + len(value) >= end
        if probe not in seen and (len(shown) >= planted_from or last):
            key = probe
        value = answer if key == probe else seen.get(key, value)
        shown += key + value
        marks += [False] * len(key) + [key in seen] * len(value)
        seen[key] = value
    return shown + list(probe + answer), marks + [False] * len(probe) + [True] * len(answer)


def _motifs(rng: np.random.Generator, count: int, symbols: int, first: int, sizes: NDArray[np.int64]) -> list[Motif]:
    """Draws of different symbols from [first, first + symbols), in any order, of the given sizes."""
    ranks = first + rng.random((count, symbols)).argsort(1)[:, :LONGEST]
    return [tuple(row[:size]) for row, size in zip(ranks.tolist(), sizes.tolist(), strict=True)]
