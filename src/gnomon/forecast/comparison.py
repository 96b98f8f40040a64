"""`compare(law, runs, by=...)`: two or more families under one law each, who wins at a scale, from which scale on, with how much compute.

Draws are paired: rows of different families that share a cell (the same size and tokens) move together, so that what the families
have in common cancels in their difference. What comes out is given the law: another law may cross elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from gnomon.errors import ColumnError, InputError, Notice, RefusalError, near
from gnomon.fit.design import Design
from gnomon.fit.estimate import make_design
from gnomon.fit.newton import minimise
from gnomon.fit.objective import OBJECTIVES
from gnomon.forecast.crossing import Crossing, equal_response, find_crossing
from gnomon.forecast.frontier import frontier as select_frontier
from gnomon.forecast.frontier import one_a_cell
from gnomon.forecast.penalised import HUBER_EFFICIENT, Penalised, fit_penalised
from gnomon.forecast.simulate import in_common, noise, redrawn, refits, within_run

Array = np.ndarray

LEAST_RUNS = 5  # of a family (model comparison, section 7)
MOST_FAMILIES = 8  # beyond that a table of pairs is not read
POINTS = 121  # of the axis: with linear interpolation between them a crossing is placed to 1e-3 of its logarithm
BEYOND = 100.0  # the axis is searched so many times beyond the largest run (model comparison, section 11)
REACH = 1e4  # how many times more compute is looked at for a loser that never gets there
SPLITS = 81  # sizes among which the best split of a budget is sought, over SPLIT_SPAN decades: loss to 1e-5
SPLIT_SPAN = 3.0  # decades either side of the middle of the sizes measured
SHORT = 1.5  # decades of the axis below which a warning is due (model comparison, section 7)
BETTER_HIGH = ("accuracy", "acc", "recall", "score", "miou", "reward", "pass_rate")  # responses of which more is better


@dataclass(frozen=True)
class Family:
    """One family: its rows, its law, and what that says at the point compared at."""

    name: str
    rows: int
    runs: int
    parameters: Mapping[str, float]
    residual_sd: float
    range: tuple[float, float]
    value: float
    low: float
    high: float
    wins: float
    x: Array = field(repr=False)
    y: Array = field(repr=False)
    curve: Array = field(repr=False)
    curve_low: Array = field(repr=False)
    curve_high: Array = field(repr=False)
    used: Array = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """JSON form, without the curve."""
        return {
            "family": self.name,
            "rows": self.rows,
            "runs": self.runs,
            "parameters": dict(self.parameters),
            "residual_sd": self.residual_sd,
            "range": list(self.range),
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "wins": self.wins,
        }


@dataclass(frozen=True)
class Multiplier:
    """Times the compute the loser needs to do what the winner does at the point; ends are None where it does not get there."""

    winner: str
    value: float | None
    low: float | None
    high: float | None
    reached: float

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        document = dict(vars(self))
        for end in ("value", "low", "high"):
            if document[end] is None:
                document[f"{end}_reason"] = f"not reached within {REACH:g} times the compute"
        return document


@dataclass(frozen=True)
class Pair:
    """Two families at the point: ln difference, chance that the first is lower, verdict, crossing, compute multiplier."""

    first: str
    second: str
    difference: float
    low: float
    high: float
    probability: float
    verdict: str
    crossing: Crossing
    multiplier: Multiplier

    def to_dict(self) -> dict[str, Any]:
        """JSON form; differences are ln(first / second), roughly relative."""
        return vars(self) | {"crossing": self.crossing.to_dict(), "multiplier": self.multiplier.to_dict()}


@dataclass(frozen=True)
class Comparison:
    """What `compare` returns."""

    law: str
    formula: str
    response: str
    by: str
    axis: str
    at: dict[str, float]
    level: float
    families: tuple[Family, ...]
    pairs: tuple[Pair, ...]
    winner: str | None
    paired: bool
    frontier: bool
    draws: int
    grid: Array = field(repr=False)
    notices: tuple[Notice, ...] = ()
    version: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The document of `gnomon compare --json`."""
        document: dict[str, Any] = {
            "gnomon": self.version,
            "kind": "compare",
            "law": self.law,
            "formula": self.formula,
            "response": self.response,
            "by": self.by,
            "axis": self.axis,
            "at": self.at,
            "level": self.level,
            "families": [f.to_dict() for f in self.families],
            "pairs": [p.to_dict() for p in self.pairs],
            "winner": self.winner,
        }
        if self.winner is None:
            document["winner_reason"] = "undecided: no family is lower than all others at this level"
        return document | {
            "paired": self.paired,
            "frontier": self.frontier,
            "draws": self.draws,
            "warnings": [n.to_dict() for n in self.notices],
        }

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def __repr__(self) -> str:
        rows = [f"comparison of {self.response} by {self.by} under {self.law}: {self.winner or 'undecided'}"]
        rows += [
            f"  {f.name}: {f.value:.4g} ({f.low:.4g} to {f.high:.4g}), wins in {f.wins:.0%}" for f in self.families
        ]
        return "\n".join(rows)


def compare(
    law: Any,
    runs: Any,
    *,
    by: str = "family",
    at: Mapping[str, float] | None = None,
    response: str | None = None,
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
        response: column that is compared, lower is better; default: the law's.
        pair_by: columns whose values make a cell; default: params and tokens, or the law's inputs.
        frontier: keep the best run of each factor of two along the axis, selected anew in every draw.
        level: of the intervals; a verdict needs the difference's interval to leave out zero (Holm-corrected for several pairs).
        draws: refits.
        seed: of every random draw.

    Raises:
        ColumnError: a column is missing.
        InputError: the point does not fit the law, or more of the response is better.
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
    _check_direction(cls.output)
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
    parts = _parts(used, by, notices, len(cls.parameters))
    designs = {name: make_design(cls, used.take(rows)) for name, rows in parts.items()}
    places = {name: _axis(design, two) for name, design in designs.items()}
    end = min(float(p.max()) for p in places.values())
    point = _point(cls, axis, two, at, end)
    cells, keys, paired = _cells(used, parts, cls.inputs, pair_by)
    if frontier and two:
        raise InputError("A frontier is taken along one column; params and tokens have their own best split.")
    begin = min(float(p.min()) for p in places.values())
    top = max(float(p.max()) for p in places.values())
    target = point.get(axis, 6 * point.get("params", 1.0) * point.get("tokens", 1.0))
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
            found = _frontier_refits(design, places[name], keys[name], draws, seed)
            fitted[name], thetas[name], rows_used[name] = found
    else:
        fitted = {name: fit_penalised(design) for name, design in designs.items()}
        thetas = _paired_refits(fitted, designs, cells, draws, seed)
        rows_used = {name: np.ones(len(design.output), bool) for name, design in designs.items()}
    lines = {n: _curves(fitted[n].design, fitted[n].theta[None], thetas[n], grid, two) for n in designs}
    wides = {n: _curves(fitted[n].design, fitted[n].theta[None], thetas[n], wide, two) for n in designs}
    here = {
        n: _at(fitted[n].design, np.concatenate([fitted[n].theta[None], thetas[n]]), point, axis, two) for n in designs
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
        low, high = np.exp(np.quantile(here[name][1:], [tail, 1 - tail]))
        edge = np.exp(np.quantile(lines[name][1], [tail, 1 - tail], axis=0))
        families.append(
            Family(
                name,
                len(design.output),
                len(np.unique(design.groups)),
                {k: float(v) for k, v in fitted[name].design.values(fitted[name].theta).items()},
                fitted[name].rms,
                (float(places[name].min()), float(places[name].max())),
                float(np.exp(here[name][0])),
                float(low),
                float(high),
                float(lowest[i]),
                places[name],
                design.output,
                np.exp(lines[name][0]),
                edge[0],
                edge[1],
                rows_used[name],
            )
        )
    pairs = _pairs(families, here, lines, wides, grid, wide, target, level)
    return Comparison(
        cls.id or "formula",
        cls.text,
        cls.output,
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


def _check_direction(response: str) -> None:
    if response.lower() in BETTER_HIGH or response.lower().startswith(("acc_", "accuracy_")):
        raise InputError(
            f"Of {response} more is better; a comparison takes a response of which less is better.",
            hint="Compare the error, 1 minus it.",
        )


def _parts(used: Any, by: str, notices: list[Notice], p: int) -> dict[str, Array]:
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


def _axis(design: Design, two: bool) -> Array:
    if not two:
        return design.inputs[0]
    return np.asarray(6.0 * design.inputs[0] * design.inputs[1])  # C = 6 N D, Kaplan et al. 2020, section 2.1


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


def _cells(
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


def _paired_refits(
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
    tau = [within_run(fitted[n].residual, designs[n].groups) for n in names]
    shocks = noise([cells[n] for n in names], groups, tau, min(found), draws, seed)
    return {
        name: refits(fitted[name], designs[name].groups, shocks[i], seed + 1009 * (i + 1))
        for i, name in enumerate(names)
    }


def _frontier_refits(design: Design, x: Array, cells: Array, draws: int, seed: int) -> tuple[Penalised, Array, Array]:
    """Law on the frontier, and on the frontiers of resamples of one row a cell; whether each row is on the first."""
    chosen = select_frontier(x, design.output, np.ones((1, len(x))))[0]
    if chosen.sum() <= design.p:
        raise RefusalError(
            f"The frontier has {int(chosen.sum())} runs for {design.p} parameters.",
            hint="Take a law with fewer parameters, or compare without --frontier.",
            code="too-few-rows",
        )
    fitted = fit_penalised(design.rows(chosen))
    load = one_a_cell(cells, draws, seed)
    marks = select_frontier(x, design.output, load)
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


def _curves(design: Design, best: Array, draws: Array, grid: Array, two: bool) -> tuple[Array, Array]:
    """ln response along the axis, of the law (m,) and of its draws (B, m)."""
    theta = np.concatenate([best, draws])
    found = _along(design, theta, grid) if two else _ln(design, theta, {design.law.inputs[0]: grid})
    return found[0], found[1:]


def _at(design: Design, theta: Array, point: Mapping[str, float], axis: str, two: bool) -> Array:
    """ln response at the point, (B,)."""
    if two and axis in point:
        return _along(design, theta, np.array([point[axis]]))[:, 0]
    return _ln(design, theta, {k: np.array([v]) for k, v in point.items()})[:, 0]


def _ln(design: Design, theta: Array, points: Mapping[str, Array]) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(design.at(points).predict(theta)))


def _along(design: Design, theta: Array, flops: Array) -> Array:
    """ln response at the best split of each budget, (B, m): the smallest over sizes around those measured."""
    sizes = dict(zip(design.law.inputs, design.inputs, strict=True))
    ratio = float(np.exp(np.mean(np.log(sizes["params"] / np.sqrt(6 * sizes["params"] * sizes["tokens"])))))
    offset = np.logspace(-SPLIT_SPAN / 2, SPLIT_SPAN / 2, SPLITS)
    best = np.full((len(theta), len(flops)), np.inf)
    for k in offset:
        params = ratio * k * np.sqrt(flops)
        best = np.fmin(best, _ln(design, theta, {"params": params, "tokens": flops / (6 * params)}))
    return best


def _pairs(
    families: Sequence[Family],
    here: Mapping[str, Array],
    lines: Mapping[str, tuple[Array, Array]],
    wides: Mapping[str, tuple[Array, Array]],
    grid: Array,
    wide: Array,
    target: float,
    level: float,
) -> tuple[Pair, ...]:
    """All pairs; verdicts are corrected for their number as Holm 1979 does."""
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
