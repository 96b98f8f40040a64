"""`compare(law, runs, by=...)`: two or more families under one law each, who wins at a scale, from which scale on, with how much compute.

Draws are paired: rows of different families that share a cell (the same size and tokens) move together, so that what the families
have in common cancels in their difference. What comes out is given the law: another law may cross elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from gnomon.errors import InputError, Notice
from gnomon.fit.estimate import make_design
from gnomon.forecast.best_split import curves, place_of, response_at
from gnomon.forecast.comparison_result import REACH, Comparison, Family, Multiplier, Pair
from gnomon.forecast.crossing import equal_response, find_crossing
from gnomon.forecast.direction import better_sign
from gnomon.forecast.pairing import family_rows, frontier_refits, paired_refits, shared_cells
from gnomon.forecast.penalised import fit_penalised
from gnomon.runs.derive import TRAIN_FLOPS

Array = np.ndarray

POINTS = 121  # of the axis: with linear interpolation between them a crossing is placed to 1e-3 of its logarithm
BEYOND = 100.0  # the axis is searched so many times beyond the largest run (model comparison, section 11)
SHORT = 1.5  # decades of the axis below which a warning is due (model comparison, section 7)


def compare(
    law: Any,
    runs: Any,
    *,
    by: str = "family",
    at: Mapping[str, float] | None = None,
    response: str | None = None,
    better: str | None = None,
    pair_by: Sequence[str] | None = None,
    frontier: bool = False,
    level: float = 0.9,
    draws: int = 1000,
    seed: int = 0,
) -> Comparison:
    """Fit one law to each family and compare them.

    Args:
        law: id, class or formula, the same for every family: of one column, or of params and tokens.
        runs: a Runs, or whatever `read_runs` takes.
        by: column that names the family.
        at: where: the law's inputs; flops for the best split of params and tokens. Default: the largest run common to all.
        response: column that is compared; default: the law's.
        better: "low" or "high", which end of the response wins; default: low where its name says so, else refused.
        pair_by: columns whose values make a cell; default: params and tokens, or the law's inputs.
        frontier: keep the best run of each factor of two along the axis, selected anew in every draw.
        level: of the intervals; a verdict needs the difference's interval to leave out zero (Holm-corrected for several pairs).
        draws: refits.
        seed: of every random draw.

    Raises:
        ColumnError: a column is missing.
        InputError: the point does not fit the law, or which end of the response is better is not known.
        RefusalError: fewer than two families have enough runs.
    """
    from gnomon.laws import law as find_law
    from gnomon.runs import read_runs
    from gnomon.version import __version__

    if not 0 < level < 1:
        raise InputError(f"The level must lie between 0 and 1; got {level:g}.", hint="For nine in ten write 0.9.")
    if draws < 100:
        raise InputError(f"At least 100 draws are needed for a probability; got {draws}.", hint="The default is 1000.")
    table = read_runs(runs)
    cls = find_law(law, columns=(*table.names, *table.unsettled), response=response)
    sign = better_sign(cls.output, better)
    two = set(cls.inputs) == {"params", "tokens"}
    if len(cls.inputs) != 1 and not two:
        raise InputError(
            f"A comparison runs along one scale: a law of one column, or of params and tokens; {cls.id or 'this law'} reads "
            f"{', '.join(cls.inputs)}.",
            hint="For example --law pow_floor(flops), or chinchilla.",
        )
    axis = "flops" if two else cls.inputs[0]
    needed = (*cls.inputs, cls.output)
    used = table.usable(needed, positive=needed)
    notices: list[Notice] = []
    parts = family_rows(used, by, notices, len(cls.parameters))
    designs = {name: make_design(cls, used.take(rows)) for name, rows in parts.items()}
    places = {name: place_of(design, two) for name, design in designs.items()}
    end = min(float(p.max()) for p in places.values())
    point = _point(cls, axis, two, at, end)
    cells, keys, paired = shared_cells(used, parts, cls.inputs, pair_by)
    if frontier and two:
        raise InputError("A frontier is taken along one column; params and tokens have their own best split.")
    begin = min(float(p.min()) for p in places.values())
    top = max(float(p.max()) for p in places.values())
    target = point.get(axis, TRAIN_FLOPS * point.get("params", 1.0) * point.get("tokens", 1.0))
    grid = np.geomspace(min(begin, target), max(top * BEYOND, target * 2), POINTS)
    wide = np.geomspace(grid[0] / REACH, grid[-1] * REACH, 2 * POINTS)
    if target > 10 * end:
        notices.append(
            Notice(
                "far", f"The point lies {target / end:.3g}x beyond the largest run all families have: the law decides."
            )
        )
    short = [n for n, p in places.items() if np.log10(p.max() / p.min()) < SHORT]
    if short:
        notices.append(
            Notice(
                "short-range",
                f"The runs of {', '.join(short)} span less than {SHORT:g} decades of {axis}: expect wide intervals.",
            )
        )
    notices.append(
        Notice(
            "given-the-law",
            "Probabilities and intervals hold if the law does; try another law to see how much they rest on it.",
        )
    )
    fitted, thetas, rows_used = {}, {}, {}
    if frontier:
        for name, design in designs.items():
            found = frontier_refits(design, places[name], keys[name], draws, seed, sign)
            fitted[name], thetas[name], rows_used[name] = found
    else:
        fitted = {name: fit_penalised(design) for name, design in designs.items()}
        thetas = paired_refits(fitted, designs, cells, draws, seed)
        rows_used = {name: np.ones(len(design.output), bool) for name, design in designs.items()}
    lines = {n: curves(fitted[n].design, fitted[n].theta[None], thetas[n], grid, two, sign) for n in designs}
    wides = {n: curves(fitted[n].design, fitted[n].theta[None], thetas[n], wide, two, sign) for n in designs}
    here = {
        n: response_at(fitted[n].design, np.concatenate([fitted[n].theta[None], thetas[n]]), point, axis, two, sign)
        for n in designs
    }
    if (
        frontier
    ):  # minima of noisy runs: the median of draws of one row a cell is not lower where a family has more rows
        lines, wides = ({n: (np.median(d, axis=0), d) for n, (_, d) in found.items()} for found in (lines, wides))
        here = {n: np.concatenate([[np.median(v[1:])], v[1:]]) for n, v in here.items()}
    tail = (1 - level) / 2
    stacked = np.stack([v[1:] for v in here.values()])
    lowest = np.bincount(np.argmin(stacked, axis=0), minlength=len(designs)) / stacked.shape[1]
    families = []
    for i, (name, design) in enumerate(designs.items()):
        low, high = np.sort(np.exp(sign * np.quantile(here[name][1:], [tail, 1 - tail])))
        edge = np.sort(np.exp(sign * np.quantile(lines[name][1], [tail, 1 - tail], axis=0)), axis=0)
        families.append(
            Family(
                name,
                len(design.output),
                len(np.unique(design.groups)),
                {k: float(v) for k, v in fitted[name].design.values(fitted[name].theta).items()},
                fitted[name].rms,
                (float(places[name].min()), float(places[name].max())),
                float(np.exp(sign * here[name][0])),
                float(low),
                float(high),
                float(lowest[i]),
                places[name],
                design.output,
                np.exp(sign * lines[name][0]),
                edge[0],
                edge[1],
                rows_used[name],
            )
        )
    pairs = _pairs(families, here, lines, wides, grid, wide, target, level, sign)
    return Comparison(
        cls.id or "formula",
        cls.text,
        cls.output,
        "low" if sign > 0 else "high",
        by,
        axis,
        point,
        level,
        tuple(families),
        pairs,
        _winner(families, pairs),
        paired,
        frontier,
        draws,
        grid,
        tuple(notices),
        __version__,
    )


def _point(cls: Any, axis: str, two: bool, at: Mapping[str, float] | None, end: float) -> dict[str, float]:
    """The point in the law's inputs, or compute for the best split."""
    if at is None:
        return {axis: end}
    point = {k: float(v) for k, v in at.items()}
    if any(not np.isfinite(v) or v <= 0 for v in point.values()):
        raise InputError("A point to compare at needs positive numbers.")
    allowed = [{axis}, {"params", "tokens"}] if two else [{axis}]
    if set(point) not in allowed:
        raise InputError(
            f"{cls.id or 'The law'} is compared at {' or '.join(', '.join(sorted(a)) for a in allowed)}; got {', '.join(point)}.",
            hint=f"For example --at {axis}=1e22.",
        )
    return point


def _pairs(
    families: Sequence[Family],
    here: Mapping[str, Array],
    lines: Mapping[str, tuple[Array, Array]],
    wides: Mapping[str, tuple[Array, Array]],
    grid: Array,
    wide: Array,
    target: float,
    level: float,
    sign: float,
) -> tuple[Pair, ...]:
    """All pairs, from curves of which the lower is better; verdicts are corrected for their number as Holm 1979 does."""
    tail = (1 - level) / 2
    found = []
    for a, b in combinations(families, 2):
        gap = here[a.name][1:] - here[b.name][1:]
        low, high = np.quantile(gap, [tail, 1 - tail])
        chance = float((gap < 0).mean())
        crossing = find_crossing(
            (a.name, b.name),
            grid,
            (lines[a.name][0], lines[b.name][0]),
            (lines[a.name][1], lines[b.name][1]),
            level,
            (a.range, b.range),
        )
        first = here[a.name][0] <= here[b.name][0]
        up, down = (a.name, b.name) if first else (b.name, a.name)
        worth = _multiplier(up, here[up], wides[down], wide, target, level)
        middle = float(here[a.name][0] - here[b.name][0])
        low, middle, high = sorted((sign * low, sign * middle, sign * high))
        found.append((a.name, b.name, middle, float(low), float(high), chance, crossing, worth))
    p = np.array([2 * min(f[5], 1 - f[5]) for f in found])
    decided = np.zeros(len(p), bool)
    for rank, i in enumerate(np.argsort(p)):
        if p[i] > (1 - level) / (len(p) - rank):
            break
        decided[i] = True
    return tuple(
        Pair(*f[:6], (f[0] if f[5] > 0.5 else f[1]) if decided[i] else "undecided", *f[6:]) for i, f in enumerate(found)
    )


def _multiplier(
    winner: str, wanted: Array, curves: tuple[Array, Array], wide: Array, target: float, level: float
) -> Multiplier:
    every = np.concatenate([curves[0][None], curves[1]])
    factor = equal_response(wide, every, wanted) - np.log(target)
    tail = (1 - level) / 2
    low, high = np.quantile(factor[1:], [tail, 1 - tail], method="inverted_cdf")

    def shown(x: float) -> float | None:
        return float(np.exp(x)) if np.isfinite(x) else None

    return Multiplier(winner, shown(factor[0]), shown(low), shown(high), float(np.isfinite(factor[1:]).mean()))


def _winner(families: Sequence[Family], pairs: Sequence[Pair]) -> str | None:
    """The family that wins all its pairs."""
    for family in families:
        mine = [p for p in pairs if family.name in (p.first, p.second)]
        if all(p.verdict == family.name for p in mine):
            return family.name
    return None
