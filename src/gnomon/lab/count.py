"""Counting: parameters from the weights themselves, training FLOPs from the parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

OUTSIDE = frozenset(
    {"embedding", "readout", "positions"}
)  # not part of N: they grow with the vocabulary, not the model


def params(weights: Mapping[str, Any]) -> int:
    """N: every trained number except embedding, read-out and position tables; gains of norms included.

    Args:
        weights: a tree of arrays as a model's `init` gives it.
    """
    return sum(_size(part) for name, part in weights.items() if name not in OUTSIDE)


def params_total(weights: Mapping[str, Any]) -> int:
    """Every trained number."""
    return _size(weights)


def flops(weights: Mapping[str, Any], tokens: int, *, mixing: int = 0) -> int:
    """Training FLOPs (6 (N + d V) + 3 mixing) D: N of `params`, d V the read-out's matrix.

    Two for a multiply-add forward, four backward; looking up an embedding costs nothing.

    Args:
        weights: a tree of arrays as a model's `init` gives it.
        tokens: D, predicted positions.
        mixing: forward FLOPs a position of what is not a product with weights, `Decoder.mixing_flops(length)`: 0
            (default) for convolutions, 4 d_attn min(length, window) a layer for attention.
    """
    return (6 * (params(weights) + _size(weights.get("readout", ()))) + 3 * mixing) * tokens


def flops_6nd(weights: Mapping[str, Any], tokens: int) -> int:
    """The usual shorthand 6 N D, without the read-out."""
    return 6 * params(weights) * tokens


def _size(tree: Any) -> int:
    return sum(int(leaf.size) for leaf in _leaves(tree))


def _leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, Mapping):
        for part in tree.values():
            yield from _leaves(part)
    elif isinstance(tree, Sequence):
        for part in tree:
            yield from _leaves(part)
    else:
        yield tree
