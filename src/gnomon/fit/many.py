"""The global search for many tables of one law at once: a batch of small fits costs little more than one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gnomon.errors import InputError
from gnomon.fit.design import Design
from gnomon.fit.newton import Solution
from gnomon.fit.objective import Objective
from gnomon.fit.search import Search, starts, summarise
from gnomon.fit.stack import Stack, stacks

Array = np.ndarray

TRIED = 40  # Newton steps of every start
KEPT = 6  # starts of a table that go on; with 20, of 120 starts, one of 60 public curves ends lower (bnsl)


def search_many(designs: Sequence[Design], objective: Objective) -> list[Search]:
    """The best optimum of each of many tables of one law, in the order given; `converged` counts the starts that went on.

    Args:
        designs: of one law, each in units of its own.
        objective: residual and loss.

    Raises:
        InputError: a design has a prior or weights: a batch has one prior, and none of rows.
    """
    if any(design.prior is not None or design.weights is not None for design in designs):
        raise InputError("Many tables at once are fitted without priors and weights; got a design that has some.")
    found: list[Search | None] = [None] * len(designs)
    for places, stack in stacks(designs):
        for place, outcome in zip(places, _search_stack(stack, objective), strict=True):
            found[place] = outcome
    return [outcome for outcome in found if outcome is not None]


def _search_stack(stack: Stack, objective: Objective) -> list[Search]:
    points = [starts(design) for design in stack.designs]
    owner = np.repeat(np.arange(len(points)), [len(p) for p in points])
    first = stack.minimise(objective, np.concatenate(points), owner, None, iterations=TRIED)
    order = np.argsort(np.where(np.isfinite(first.value), first.value, np.inf), kind="stable")
    kept = np.concatenate([order[owner[order] == i][:KEPT] for i in range(len(points))])
    later = stack.minimise(objective, first.theta[kept], owner[kept], None, continuation=0)
    return [replace(summarise(_fits(later, owner[kept] == i)), tried=len(tried)) for i, tried in enumerate(points)]


def _fits(solution: Solution, which: Array) -> Solution:
    """Some fits of a batch."""
    return Solution(*(getattr(solution, name)[which] for name in Solution.__dataclass_fields__))
