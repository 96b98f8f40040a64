"""The global search for many tables of one law at once: a batch of small fits costs little more than one of them."""

from __future__ import annotations

import math
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

ROUNDS = (  # Newton steps of every start still in, and the share of a table's starts that goes on: few are worth many steps
    (7, 0.3),
    (7, 0.1),
)  # on 60 public curves a third to half of the time of 40 steps for all, and lowest points that are as low (bnsl, m4)
KEPT = 6  # starts of a table that always go on


def search_many(designs: Sequence[Design], objective: Objective) -> list[Search]:
    """The best optimum of each of many tables of one law, in the order given; `converged` counts the starts that went on.

    Args:
        designs: of one law, each in units of its own.
        objective: residual and loss.

    Raises:
        InputError: a design has a prior or weights: a batch has one prior, and none of rows. Or they have several laws.
    """
    if len({design.law for design in designs}) > 1:
        raise InputError("Many tables at once are searched under one law; got designs of several.")
    if any(design.prior is not None or design.weights is not None for design in designs):
        raise InputError("Many tables at once are fitted without priors and weights; got a design that has some.")
    found: list[Search | None] = [None] * len(designs)
    for places, stack in stacks(designs):
        for place, outcome in zip(places, _search_stack(stack, objective), strict=True):
            found[place] = outcome
    return [outcome for outcome in found if outcome is not None]


def _search_stack(stack: Stack, objective: Objective) -> list[Search]:
    points = [starts(design) for design in stack.designs]
    theta, owner = np.concatenate(points), np.repeat(np.arange(len(points)), [len(p) for p in points])
    for place, (steps, share) in enumerate(ROUNDS):
        widths = 1 if place == 0 else 0  # wider Huber thresholds come first, once
        solution = stack.minimise(objective, theta, owner, None, continuation=widths, iterations=steps)
        order = np.argsort(np.where(np.isfinite(solution.value), solution.value, np.inf), kind="stable")
        most = [max(KEPT, math.ceil(share * len(p))) for p in points]
        kept = np.concatenate([order[owner[order] == i][:n] for i, n in enumerate(most)])
        theta, owner = solution.theta[kept], owner[kept]
    last = stack.minimise(objective, theta, owner, None, continuation=0)
    return [replace(summarise(_fits(last, owner == i)), tried=len(tried)) for i, tried in enumerate(points)]


def _fits(solution: Solution, which: Array) -> Solution:
    """Some fits of a batch."""
    return Solution(*(getattr(solution, name)[which] for name in Solution.__dataclass_fields__))
