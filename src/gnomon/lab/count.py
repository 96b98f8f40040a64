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


def flops(weights: Mapping[str, Any], tokens: int) -> int:
    """Training FLOPs 6 (N + d V) D: N of `params`, d V the read-out's matrix, D = `tokens` predicted positions.

    Two for a multiply-add forward, four backward; looking up an embedding costs nothing. Mixers whose cost per token
    depends on the sequence (attention) add to this.
    """
    return 6 * (params(weights) + _size(weights.get("readout", ()))) * tokens


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
