"""The global search: eliminate the linear parameters on a grid of the others, then polish the best and some others.

For fixed nonlinear parameters a law is linear in the rest, which non-negative least squares on relative residuals gives exactly
(variable projection, Golub and Pereyra 1973). The grid cells are starts for the robust polish. Random starts are a poor substitute:
on 240 published runs 8 % of wide random starts reach the optimum, of profile starts about nine in ten.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np

from gnomon.errors import RefusalError
from gnomon.fit.design import Design
from gnomon.fit.newton import Solution
from gnomon.fit.objective import Objective
from gnomon.fit.tables import theta_of

Array = np.ndarray

MOST_CELLS = 2500  # grid cells: 50 x 50 for two exponents, 13 for three; a cell costs one evaluation of the law
BEST = 24  # best cells polished
SPREAD = 25  # further cells, spread over the whole grid: they test whether the optimum is the only one
SEARCH_ROWS = 2000  # rows used for the profile grid
POLISH_ROWS = 20_000  # of larger tables the starts are polished on this many rows, evenly spread, and the best ones on all of them
POLISH_TERMS = 60_000  # the same in terms, for laws whose rows are long sums: five hundred rows of the multi-power law
PERSISTENT = 6  # starts that go on where none has converged, from where they stand
PATIENCE = 1500  # their steps: sixteen rows far from the law under a narrow Huber threshold took up to 260
AGREE = 1e-6  # relative difference of objectives that count as the same optimum
TINY = 1e-4  # share of the typical output given to an amplitude which least squares puts at zero


@dataclass(frozen=True)
class Search:
    """Outcome of the multi-start: best theta (p,), objective, decrement, and how the starts ended."""

    theta: Array
    value: float
    decrement: float
    tried: int
    converged: int
    at_best: int
    values: Array


def starts(design: Design, most: int = MOST_CELLS) -> Array:
    """Starting points (S, p): the law's own, else the best and some spread cells of its profile grid of at most `most` cells."""
    law, pick = design.law, _thin(len(design.output), SEARCH_ROWS)
    inputs, output = [x[pick] for x in design.scaled_inputs], design.positive_target[pick]
    own = law.starts(inputs, output)
    if own is not None:
        return design.hold(theta_of(law, {k: np.array([s[k] for s in own]) for k in law.parameters}))
    names = [k for k, p in law.parameters.items() if not p.linear and k not in design.held]
    linear = [k for k, p in law.parameters.items() if p.linear and k not in design.held]
    held = design.held_in_fit_units
    grids = [np.asarray(law.parameters[k].grid, float) for k in names]
    while np.prod([len(g) for g in grids], initial=1) > most:
        longest = int(np.argmax([len(g) for g in grids]))
        grids[longest] = grids[longest][::2]
    cells = np.array(list(product(*grids)), float).reshape(math.prod(map(len, grids)), len(names))
    values = {k: cells[:, j : j + 1] for j, k in enumerate(names)}
    values |= {k: np.full((len(cells), 1), v) for k, v in held.items()}
    amplitudes, misfit = _profile(design, values, linear, inputs, output)
    order = np.argsort(misfit)
    chosen = list(dict.fromkeys([*order[:BEST], *order[_thin(len(order), SPREAD)]]))
    full = {k: v[chosen, 0] for k, v in values.items()} | {k: amplitudes[chosen, j] for j, k in enumerate(linear)}
    return design.hold(theta_of(law, full))


def search(
    design: Design,
    objective: Objective,
    *,
    iterations: int = 150,
) -> Search:
    """Polish every start under the objective and keep the best.

    Raises:
        RefusalError: the law is not defined near these rows from any start.
    """
    points = starts(design)
    if len(design.output) > _polished(design):
        return _search_large(design, objective, points, iterations)
    solution = design.solve(objective, points, continuation=2, iterations=iterations)
    _refuse_undefined(solution, design, len(points))
    if not solution.converged.any():
        solution = _persist(design, objective, solution)
    return summarise(solution)


def _persist(design: Design, objective: Objective, solution: Solution) -> Solution:
    """The most promising starts taken on, with the patience that all of them would not be worth."""
    best = np.argsort(np.where(np.isfinite(solution.value), solution.value, np.inf))[:PERSISTENT]
    further = design.solve(objective, solution.theta[best], continuation=0, iterations=PATIENCE)
    arrays = {}
    for name in Solution.__dataclass_fields__:
        arrays[name] = getattr(solution, name).copy()
        arrays[name][best] = getattr(further, name)
    return Solution(**arrays)


def _search_large(design: Design, objective: Objective, points: Array, iterations: int) -> Search:
    """Multi-start on an even sample of the rows, then the best optima on all rows; agreement is that of the sample's starts."""
    sample = design.rows(_thin(len(design.output), _polished(design)))
    first = sample.solve(objective, points, continuation=2, iterations=iterations)
    _refuse_undefined(first, design, len(points))
    order = np.argsort(np.where(np.isfinite(first.value), first.value, np.inf))[:2]
    polished = summarise(design.solve(objective, first.theta[order], continuation=1, iterations=iterations))
    seen = summarise(first)
    return replace(polished, tried=seen.tried, converged=seen.converged, at_best=seen.at_best)


def _polished(design: Design) -> int:
    """Most rows on which every start is polished."""
    terms = design.law.terms_per_row
    return POLISH_ROWS if terms == 1 else POLISH_TERMS // terms


def _refuse_undefined(solution: Solution, design: Design, tried: int) -> None:
    if not np.isfinite(solution.value).any():
        raise RefusalError(
            f"The law {design.law.id or design.law.__name__} is not defined on these rows from any of {tried} starts.",
            hint="Check the units of the columns and the sign of the response, or choose another law.",
        )


def summarise(solution: Solution) -> Search:
    """The best of a batch of fits of one problem."""
    value = np.where(solution.converged, solution.value, np.inf)
    best = int(np.argmin(value if np.isfinite(value).any() else solution.value))
    reference = solution.value[best]
    agree = solution.value <= reference * (1 + AGREE) + 1e-20
    return Search(
        solution.theta[best],
        float(reference),
        float(solution.decrement[best]) if solution.converged[best] else float("inf"),
        len(solution.value),
        int(solution.converged.sum()),
        int(agree.sum()),
        solution.value,
    )


def _thin(n: int, most: int) -> Array:
    """At most `most` indices spread evenly over range(n)."""
    return np.arange(n) if n <= most else np.unique(np.linspace(0, n - 1, most).round().astype(int))


def _profile(
    design: Design, values: dict[str, Array], linear: list[str], inputs: list[Array], output: Array
) -> tuple[Array, Array]:
    """Amplitudes (G, k) by non-negative least squares on law / output - 1 for each grid cell, and the misfit (G,)."""
    law = design.law
    cells = len(next(iter(values.values()))) if values else 1
    k = len(linear)
    shape = (cells, len(output))

    def at(amplitudes: dict[str, float]) -> Array:
        with np.errstate(all="ignore"):
            return np.broadcast_to(law(**values, **amplitudes).formula(*inputs), shape)

    zero = dict.fromkeys(linear, 0.0)
    offset = at(zero)
    columns = (
        np.stack([(at(zero | {name: 1.0}) - offset) / output for name in linear], 1)
        if k
        else np.empty((cells, 0, len(output)))
    )
    aim = 1.0 - offset / output
    columns, aim = np.nan_to_num(columns, posinf=1e100, neginf=-1e100), np.nan_to_num(aim, posinf=1e100, neginf=-1e100)
    gram = columns @ columns.transpose(0, 2, 1)
    moment = (columns @ aim[:, :, None])[:, :, 0]
    total = (aim * aim).sum(1)
    positive = [law.parameters[name].log for name in linear]
    best, solution = np.full(cells, np.inf), np.full((cells, k), 0.0)
    bounded = [i for i in range(k) if positive[i]]  # those of either sign always take part
    for absent in range(len(bounded) + 1):
        for left_out in combinations(bounded, absent):
            index = [i for i in range(k) if i not in left_out]
            size = len(index)
            block = gram[:, index][:, :, index] if size else np.empty((cells, 0, 0))
            ridge = 1e-12 * np.einsum("gii->g", block)[:, None, None] * np.eye(size) if size else 0.0
            x = (
                np.linalg.solve(block + ridge + 1e-300 * np.eye(size), moment[:, index, None])[:, :, 0]
                if size
                else np.zeros((cells, 0))
            )
            allowed = (
                np.all([(x[:, j] >= 0) | (not positive[i]) for j, i in enumerate(index)], axis=0)
                if size
                else np.ones(cells, bool)
            )
            misfit = total - (x * moment[:, index]).sum(1)
            better = allowed & np.isfinite(misfit) & (misfit < best - 1e-12 * np.abs(total))
            best = np.where(better, misfit, best)
            full = np.zeros((cells, k))
            full[:, index] = x
            solution = np.where(better[:, None], full, solution)
    scale = float(np.median(output))
    floors = np.array([TINY * scale if p else -np.inf for p in positive]) if k else np.zeros(0)
    return np.maximum(solution, floors), best
