"""Selective copying: what stood between the blanks, in its order."""

from __future__ import annotations

import numpy as np

from gnomon.errors import InputError
from gnomon.lab.task import Batch
from gnomon.lab.tasks.recall import DEFAULT
from gnomon.lab.tasks.sequences import SEED, Sequences, Sizes, check_length, generate, streams


def selective_copying(
    *, symbols: int = 16, length: int = 256, content: int = 16, sizes: Sizes = DEFAULT, seed: int = SEED
) -> Sequences:
    """Copy n symbols that stand among blanks, in their order, once the copy symbol was read.

    Symbols 0 to V - 3 are content, V - 2 is the blank, V - 1 asks for the copy. T - 2n - 1 blanks are put in front of
    evenly drawn content symbols, then follow the copy symbol and n blanks. Targets, in training too, are the last n
    positions only.

    Args:
        symbols: V (default 16).
        length: T (default 256).
        content: n, symbols to copy (default 16).
        sizes: sequences of each part.
        seed: of the generator.

    Raises:
        InputError: fewer than 4 symbols, no content, or a length without a blank.

    Reference: Poli et al. 2024, arXiv 2403.17844; mad-lab, instances.py, which draws the places of the blanks from
    numpy's global generator, so that its sequences cannot be made again; here they come from the seed.
    """
    if symbols < 4 or content < 1:
        raise InputError(f"There are {symbols} symbols and {content} to copy, expected at least 4 and 1.")
    check_length(length, least=2 * content + 2, why="the content twice, the copy symbol and a blank")
    blanks = length - 2 * content - 1

    def draw(part: str, n: int) -> Batch:
        rng = streams(seed, "selective-copying", part)
        wanted = rng("content").integers(0, symbols - 2, (n, content))
        before = rng("blanks").integers(0, content, (n, blanks))  # the content symbol each blank stands in front of
        gaps = np.zeros((n, content), int)
        np.add.at(gaps, (np.arange(n)[:, None], before), 1)
        places = np.arange(content) + gaps.cumsum(1)
        inputs = np.full((n, length), symbols - 2)
        np.put_along_axis(inputs, places, wanted, 1)
        inputs[:, content + blanks] = symbols - 1
        targets = np.zeros_like(inputs)
        targets[:, -content:] = wanted
        weights = np.zeros(inputs.shape, np.float32)
        weights[:, -content:] = 1
        return Batch(inputs.astype(np.int32), targets.astype(np.int32), weights)

    return generate("selective-copying", symbols, sizes, draw, chance=1 / (symbols - 2))
