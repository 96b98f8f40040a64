"""Compression: a whole sequence in one vector."""

from __future__ import annotations

import numpy as np

from gnomon.errors import InputError
from gnomon.lab.task import Batch
from gnomon.lab.tasks.recall import DEFAULT
from gnomon.lab.tasks.sequences import SEED, Sequences, Sizes, check_length, generate, streams


def compression(*, symbols: int = 16, length: int = 32, sizes: Sizes = DEFAULT, seed: int = SEED) -> Sequences:
    """Say a random sequence again from the vector at its last position.

    T - 1 even draws from the first V - 1 symbols, then the symbol V - 1, at which the model has to keep all of them.
    Targets are all T inputs; the model is one that sees its last vector only (`gnomon.lab.models.AutoEncoder`).

    Args:
        symbols: V (default 16).
        length: T (default 32).
        sizes: sequences of each part.
        seed: of the generator.

    Raises:
        InputError: fewer than 3 symbols, or a length below 2.

    Reference: Poli et al. 2024, arXiv 2403.17844; mad-lab, instances.py. Its score counts the last position too, where
    the answer is known beforehand: chance is ((T - 1)/(V - 1) + 1)/T.
    """
    if symbols < 3:
        raise InputError(f"There are {symbols} symbols, expected at least 3: two to keep and one that ends.")
    check_length(length, least=2, why="something to keep and the symbol that ends")

    def draw(part: str, n: int) -> Batch:
        drawn = streams(seed, "compression", part)("symbols").integers(0, symbols - 1, (n, length - 1))
        inputs = np.pad(drawn, ((0, 0), (0, 1)), constant_values=symbols - 1).astype(np.int32)
        return Batch(inputs, inputs, None)

    return generate("compression", symbols, sizes, draw, chance=((length - 1) / (symbols - 1) + 1) / length)
