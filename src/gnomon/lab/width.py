"""Rules of width: how initial sizes, learning rates and weight decay of each kind of weight change as a model widens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NamedTuple

import numpy as np

from gnomon.errors import InputError
from gnomon.lab.backend import load
from gnomon.lab.kinds import HIDDEN_ONLY, ByKind, Kind, named, path_of
from gnomon.lab.task import Array, Tree

PAPER = 0.75  # exponent of the largest singular value in width, Fan et al. 2025, abstract
FREE = ByKind(embedding=0.0, hidden=0.0, output=0.0, vector=0.0)
"""Exponents of what does not change with width."""

SIDES: dict[Kind, tuple[int, ...]] = {"hidden": (2,), "embedding": (1,), "output": (1,), "vector": (1, 0)}
"""Sides of a weight that grow with width; none of the biases of a read-out."""


class Settings(NamedTuple):
    """What one kind of weight takes at a width: multiplier of its start's standard deviation, learning rate, decay."""

    init: float
    lr: float
    decay: float


@dataclass(frozen=True)
class WidthRule:
    """A parametrisation: by which power of the width ratio m = d / d_base each kind of weight changes.

    Decay is that of hidden matrices; nothing else is decayed, at any width. At m = 1 every multiplier is 1, so a base
    model is the same under all rules.

    Args:
        name: as in tables.
        init: exponents of the standard deviation at the start, relative to the model's own.
        lr: exponents of the learning rate.
        decay: exponent of the weight decay of hidden matrices.
    """

    name: str
    init: ByKind = FREE
    lr: ByKind = FREE
    decay: float = 0.0

    def rates(self, ratio: float) -> ByKind:
        """Learning-rate multipliers at a width ratio, as `AdamW` takes them."""
        return _powers(ratio, self.lr)

    def decays(self, ratio: float) -> ByKind:
        """Decay multipliers at a width ratio, as `AdamW` takes them: m^decay for hidden matrices, else 0."""
        return ByKind(embedding=0.0, hidden=HIDDEN_ONLY.hidden * _powers(ratio, self.decay), output=0.0, vector=0.0)

    def settings(self, ratio: float, *, lr: float, decay: float) -> dict[Kind, Settings]:
        """What each kind takes in a model `ratio` times as wide as the one that was tuned.

        Args:
            ratio: m.
            lr: the tuned learning rate of all kinds.
            decay: the tuned decay of hidden matrices (`AdamW`'s convention "rate").
        """
        init, rates, decays = _powers(ratio, self.init), self.rates(ratio), self.decays(ratio)
        return {kind: Settings(init[kind], lr * rates[kind], decay * decays[kind]) for kind in SIDES}

    def started(self, weights: Tree, ratio: float) -> Tree:
        """The weights a model starts from under the rule, from those it draws itself; dtypes are kept."""
        factors = _powers(ratio, self.init)
        tree = load().tree_util
        kinds = named(weights)

        def scaled(path: Any, leaf: Any) -> Any:
            factor = factors[kinds[path_of(path)]]
            return leaf if factor == 1 else (leaf * factor).astype(leaf.dtype)

        return tree.tree_map_with_path(scaled, weights)


@dataclass(frozen=True)
class Ruled:
    """A model that starts as a rule wants it; its outputs and activations are those of the model.

    Args:
        model: at its own width.
        rule: the parametrisation.
        ratio: m, the model's width over the base width.
    """

    model: Any
    rule: WidthRule = field(compare=False)  # the start is no part of a compiled program: rules share theirs
    ratio: float = field(compare=False)

    def init(self, rng: np.random.Generator) -> Tree:
        """The model's own draw, scaled."""
        return self.rule.started(self.model.init(rng), self.ratio)

    def __call__(self, weights: Tree, inputs: Array) -> Array:
        """Outputs of the model."""
        return self.model(weights, inputs)

    def activations(self, weights: Tree, inputs: Array) -> Mapping[str, Array]:
        """Activations of the model."""
        return self.model.activations(weights, inputs)  # type: ignore[no-any-return]


def standard() -> WidthRule:
    """The standard parametrisation: the model's own start (N(0, 1/fan_in) for matrices), one rate and decay at all widths."""
    return WidthRule("standard")


def mup(p: float = PAPER) -> WidthRule:
    """Maximal update parametrisation for Adam-like optimisers, with the decay that holds a singular value ~ d^p fixed.

        hidden: lr ~ 1/m, decay ~ m^(2p - 1)      output: sd ~ m^-1/2, lr ~ 1/m      embedding, vector: unchanged

    The output's powers are relative to a start of N(0, 1/fan_in). They need no multiplier in the forward pass and equal
    the form with outputs divided by m, sd and lr ~ 1: under Adam without decay a weight of size s behind a multiplier 1/m
    moves as one of size s/m whose rate is divided by m. Attention needs nothing while the size of a head is fixed. Decay
    counts as lr * decay a step (`AdamW`'s convention "rate").

    Args:
        p: exponent of the largest singular value, sigma ~ sqrt(lr/decay) d^p; .5 keeps the decay, .75 (default) is
            the paper's, 1 keeps lr * decay. Measure it: it is empirical.

    References: Yang et al. 2022 (Tensor Programs V), table of Adam; Fan et al. 2025 (arXiv 2510.15262), abstract, for
    p = .75.
    """
    down = ByKind(embedding=0.0, hidden=-1.0, output=-1.0, vector=0.0)
    start = ByKind(embedding=0.0, hidden=0.0, output=-0.5, vector=0.0)
    return WidthRule(f"mup-{p:g}", init=start, lr=down, decay=decay_exponent(p))


def decay_exponent(p: float, *, convention: Literal["rate", "independent"] = "rate") -> float:
    """Exponent of the weight decay in width that keeps a singular value ~ sqrt(lr/decay) d^p fixed where lr ~ 1/d.

    2p - 1 where decay is multiplied by the learning rate; 2p - 2 where it is not and stands for that product.
    """
    return 2 * p - (1 if convention == "rate" else 2)


def kinds_by_growth(narrow: Tree, wide: Tree) -> dict[str, Kind]:
    """Kind of every weight by its path, checked against what grows between two widths of the same model.

    Both sides of a hidden matrix grow, one side of anything else, none of the biases of a read-out. A model whose names
    say otherwise (a table called like a matrix, a width that is held fixed) would be scaled wrongly in silence.

    Args:
        narrow: weights at one width.
        wide: weights at another.

    Raises:
        InputError: the trees differ in more than the sizes of their leaves, nothing grows, or what grows contradicts a
            kind.
    """
    small, large = _shapes(narrow), _shapes(wide)
    if small.keys() != large.keys():
        odd = ", ".join(sorted(small.keys() ^ large.keys()))
        raise InputError(f"The two models differ in their weights: {odd}.", hint="Change the width only.")
    if small == large:
        raise InputError("The two models have the same shapes, expected two different widths.")
    kinds = named(narrow)
    for path, kind in kinds.items():
        a, b = small[path], large[path]
        grown = sum(x != y for x, y in zip(a, b, strict=True)) if len(a) == len(b) else -1
        if grown not in SIDES[kind]:
            told = " or ".join(str(n) for n in SIDES[kind])
            raise InputError(
                f"{path} is of kind {kind}, of which {told} sides grow with width; its shapes are {a} and {b}.",
                hint="Name it in gnomon.lab.kinds.NAMED, or let every inner size grow with the width.",
            )
    return kinds


def _shapes(weights: Tree) -> Mapping[str, tuple[int, ...]]:
    leaves, _ = load().tree_util.tree_flatten_with_path(weights)
    return {path_of(path): tuple(leaf.shape) for path, leaf in leaves}


def _powers(ratio: float, exponents: Any) -> Any:
    """ratio^exponent, for one exponent or one a kind."""
    if not ratio > 0:
        raise InputError(f"The width ratio is {ratio}, expected a number above 0.")
    if isinstance(exponents, ByKind):
        return ByKind(**{f.name: float(ratio ** getattr(exponents, f.name)) for f in fields(ByKind)})
    return float(ratio**exponents)
