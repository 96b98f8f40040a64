"""What a parameter is to a width rule: embedding, hidden matrix, output matrix or vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from gnomon.lab.backend import load

Kind = Literal["embedding", "hidden", "output", "vector"]

NAMED: dict[str, Kind] = {
    "embedding": "embedding",
    "positions": "embedding",
    "readout": "output",
    "log_rate": "vector",  # a few numbers a channel
    "mixtures": "vector",
    "taps": "vector",  # one filter a channel: it grows with the width in one direction only, like a gain
}
"""Parameters known by their name; any other is a vector with one axis and a hidden matrix with more."""


@dataclass(frozen=True)
class ByKind:
    """A number for each kind of parameter.

    Args:
        embedding: tables looked up by symbol or position, and the first matrix of a chain: the width is their output only.
        hidden: matrices both of whose sides grow with the width.
        output: the read-out, and the last matrix of a chain: the width is their input only.
        vector: gains, biases, filters of single channels.
    """

    embedding: float = 1.0
    hidden: float = 1.0
    output: float = 1.0
    vector: float = 1.0

    def __getitem__(self, kind: Kind) -> float:
        return float(getattr(self, kind))


EVEN = ByKind()
"""The same for all kinds."""

HIDDEN_ONLY = ByKind(embedding=0.0, hidden=1.0, output=0.0, vector=0.0)
"""The usual mask of weight decay: matrices of the layers, and nothing else."""


class Part(NamedTuple):
    """So many numbers of one kind, one after another in the flat vector of all parameters."""

    kind: Kind
    size: int


def parts(weights: Any) -> tuple[Part, ...]:
    """The kinds of a tree of weights, leaf by leaf in the order of the flat vector."""
    leaves, _ = load().tree_util.tree_flatten_with_path(weights)
    kinds = named(weights)
    return tuple(Part(kinds[path_of(path)], int(leaf.size)) for path, leaf in leaves)


def named(weights: Any) -> dict[str, Kind]:
    """The kind of every weight by its path, "layers.0.mixer.out", in the order of the flat vector."""
    leaves, _ = load().tree_util.tree_flatten_with_path(weights)
    return {path_of(path): _kind(weights, [_key(k) for k in path], leaf) for path, leaf in leaves}


def path_of(steps: Any) -> str:
    """A path of `jax.tree_util` as names and numbers joined by dots."""
    return ".".join(str(_key(step)) for step in steps)


def _kind(weights: Any, path: list[str | int], leaf: Any) -> Kind:
    """By name where the name says it, else by the place in a chain, else by the number of axes."""
    for name in path:
        if isinstance(name, str) and name in NAMED:
            return NAMED[name]
    if path == ["matrix"]:  # of a network whose last layer stands alone
        return "output"
    if len(path) == 2 and path[0] in ("matrices", "filters"):
        chain, place = weights[path[0]], path[1]
        if place == 0:
            return "embedding"
        if path[0] == "matrices" and place == len(chain) - 1:
            return "output"
    return "hidden" if leaf.ndim > 1 else "vector"


def _key(step: Any) -> str | int:
    """The name or number in one step of a path."""
    return step.key if hasattr(step, "key") else step.idx  # type: ignore[no-any-return]
