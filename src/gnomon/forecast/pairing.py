"""Rows of each family, the cells that families share, and refits of their laws that share the noise of those cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from gnomon.errors import ColumnError, InputError, Notice, RefusalError, near
from gnomon.fit.design import Design
from gnomon.fit.newton import minimise
from gnomon.fit.objective import OBJECTIVES
from gnomon.forecast.frontier import frontier as select_frontier
from gnomon.forecast.frontier import one_a_cell
from gnomon.forecast.penalised import HUBER_EFFICIENT, Penalised, fit_penalised
from gnomon.forecast.simulate import in_common, noise, redrawn, refits, within_run

Array = np.ndarray

LEAST_RUNS = 5  # of a family (model comparison, section 7)
MOST_FAMILIES = 8  # beyond that a table of pairs is not read


def family_rows(used: Any, by: str, notices: list[Notice], p: int) -> dict[str, Array]:
    """Rows of each family with enough runs, in order of first appearance."""
    if by not in used:
        raise ColumnError(f"There is no column {by!r} to compare by.", hint=near(by, used.names))
    names = np.array(["" if v is None else str(v) for v in used[by]], object)
    groups = used.groups()
    parts, small = {}, []
    for name in dict.fromkeys(names):
        rows = np.flatnonzero(names == name)
        if not name or len(np.unique(groups[rows])) < max(LEAST_RUNS, 1) or len(rows) <= p:
            small.append(name or "(none)")
        else:
            parts[str(name)] = rows
    if small:
        notices.append(
            Notice(
                "family-left-out", f"Left out, with fewer than {max(LEAST_RUNS, p + 1)} runs: {', '.join(small[:8])}."
            )
        )
    if len(parts) < 2:
        raise RefusalError(
            f"A comparison needs two families with {max(LEAST_RUNS, p + 1)} runs each; {by} has {len(parts)} such.",
            hint="Choose another --by, or a law with fewer parameters.",
            code="too-few-families",
        )
    if len(parts) > MOST_FAMILIES:
        raise InputError(
            f"{by} has {len(parts)} families; a comparison takes at most {MOST_FAMILIES}.",
            hint=f"Choose some with --where, for example {by} = '{next(iter(parts))}' or ...",
        )
    return parts


def shared_cells(
    used: Any, parts: Mapping[str, Array], inputs: Sequence[str], pair_by: Sequence[str] | None
) -> tuple[dict[str, Array], dict[str, Array], bool]:
    """A label per row of each family, shared by a run and by one cell of two families; the cell of each row; whether any is shared."""
    names = list(pair_by) if pair_by else [n for n in ("params", "tokens") if n in used] or list(inputs)
    for name in names:
        used[name]  # raises with near matches
    groups = used.groups()
    keys = list(zip(*(_rounded(used[name]) for name in names), strict=True))
    label: dict[str, Array] = {}
    shared: dict[Any, set[str]] = {}
    run_key: dict[str, dict[int, Any]] = {}
    for family, rows in parts.items():
        last: dict[int, Any] = {}
        for i in rows:
            last[int(groups[i])] = keys[i]  # a run's last row stands for it
        run_key[family] = last
        for key in last.values():
            shared.setdefault(key, set()).add(family)
    for family, rows in parts.items():
        label[family] = np.array(
            [
                f"cell {run_key[family][int(groups[i])]}"
                if len(shared[run_key[family][int(groups[i])]]) > 1
                else f"run {groups[i]}"
                for i in rows
            ]
        )
    own = {family: np.array([str(keys[i]) for i in rows]) for family, rows in parts.items()}
    return label, own, any(len(v) > 1 for v in shared.values())


def _rounded(values: Array) -> list[Any]:
    return [float(f"{v:.3g}") if isinstance(v, float | int | np.floating | np.integer) else v for v in values]


def paired_refits(
    fitted: Mapping[str, Penalised],
    designs: Mapping[str, Design],
    cells: Mapping[str, Array],
    draws: int,
    seed: int,
) -> dict[str, Array]:
    """Coordinates (B, p) per family; draw b of all families shares the noise of the cells they share."""
    names = list(designs)
    found = [
        in_common((fitted[a].residual, cells[a]), (fitted[b].residual, cells[b])) for a, b in combinations(names, 2)
    ]
    groups = [designs[n].groups for n in names]
    tau = [within_run(fitted[n].residual, designs[n].groups, designs[n].p) for n in names]
    shocks = noise([cells[n] for n in names], groups, tau, min(found), draws, seed)
    return {
        name: refits(fitted[name], designs[name].groups, shocks[i], seed + 1009 * (i + 1))
        for i, name in enumerate(names)
    }


def frontier_refits(
    design: Design, x: Array, cells: Array, draws: int, seed: int, sign: float
) -> tuple[Penalised, Array, Array]:
    """Law on the frontier, and on the frontiers of resamples of one row a cell; whether each row is on the first; sign -1: highest rows."""
    chosen = select_frontier(x, design.output**sign, np.ones((1, len(x))))[0]
    if chosen.sum() <= design.p:
        raise RefusalError(
            f"The frontier has {int(chosen.sum())} runs for {design.p} parameters.",
            hint="Take a law with fewer parameters, or compare without --frontier.",
            code="too-few-rows",
        )
    fitted = fit_penalised(design.rows(chosen))
    load = one_a_cell(cells, draws, seed)
    marks = select_frontier(x, design.output**sign, load)
    s = max(fitted.scale, fitted.rms)
    prior = redrawn(fitted, draws, np.random.default_rng([seed, 0xF208]))
    whole = Design(design.law, design.inputs, design.output, design.groups)
    object.__setattr__(whole, "scales", fitted.design.scales)
    theta = minimise(
        whole.kernel,
        OBJECTIVES["huber"].with_delta(HUBER_EFFICIENT * s),
        np.repeat(fitted.theta[None], draws, 0),
        whole.target,
        weights=marks * 1.0,
        prior=prior,
        iterations=60,
        tolerance=1e-5,
    ).theta
    return fitted, theta, chosen
