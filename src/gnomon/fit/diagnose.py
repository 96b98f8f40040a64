"""What a fit must say about itself without being asked: identifiability, influence of single runs, and the choice of objective."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.errors import Notice
from gnomon.fit.design import Design
from gnomon.fit.objective import OBJECTIVES, Objective
from gnomon.fit.profile import covariance, prior_information, run_scores, standard_errors

Array = np.ndarray

MOST_LEFT_OUT = 300  # runs left out one at a time: those that one Newton step ranks highest
WEIGHTS_AT_ONCE = 20_000_000  # row weights held at a time: 160 MB
GROUP_SIZES = (1, 2, 3, 5, 8)  # sizes of the groups of runs left out together
GROUP_SHARE = 0.05  # a group is at most this share of the runs: beyond that it is not a handful of outliers
SHIFT = 2.5  # standard errors a parameter must move: leaving the worst 2 % out of clean normal data moves it by .8 (D: order statistics)
ILL_CONDITIONED = 1e7  # condition number of the scaled information matrix in centred coordinates beyond which a direction is unmeasured


@dataclass(frozen=True)
class Influence:
    """What happens to the parameters when runs are left out.

    Args:
        runs: names of the runs left out one at a time, most influential first.
        change: per run, the largest change of a parameter in standard errors.
        group: names of the few runs that together move a parameter most, empty when none do.
        group_parameter: that parameter.
        group_from: its value with all runs.
        group_to: its value without the group.
        group_shift: the change in standard errors of the fit without them.
    """

    runs: tuple[str, ...] = ()
    change: tuple[float, ...] = ()
    group: tuple[str, ...] = ()
    group_parameter: str | None = None
    group_from: float | None = None
    group_to: float | None = None
    group_shift: float | None = None


@dataclass(frozen=True)
class Identifiability:
    """How well the rows determine the parameters, in centred coordinates (inputs and output over their geometric means)."""

    condition: float
    at_bound: tuple[str, ...]
    weakest: tuple[tuple[str, float], ...]  # parameter and its share of the least measured direction
    pair: tuple[str, str, float] | None  # the strongest correlation as reported, in the user's units


def identifiability(design: Design, objective: Objective, theta: Array) -> Identifiability:
    """Condition number, parameters at a bound, and which parameters make up the least measured direction."""
    names = list(design.law.parameters)
    kernel = design.kernel
    tolerance = 1e-9 * np.maximum(1.0, np.abs(theta))
    at_bound = tuple(
        name
        for j, name in enumerate(names)
        if theta[j] <= kernel.lower[j] + tolerance[j] or theta[j] >= kernel.upper[j] - tolerance[j]
    )
    free = [j for j, name in enumerate(names) if name not in at_bound and name not in design.held]
    information = _information(design, objective, theta)[np.ix_(free, free)]
    d = np.sqrt(np.maximum(np.diag(information), 1e-300))
    values, vectors = np.linalg.eigh(information / np.outer(d, d)) if free else (np.ones(1), np.ones((1, 1)))
    share = vectors[:, 0] ** 2
    weakest = tuple((names[free[k]], float(share[k])) for k in np.argsort(-share)[:3]) if free else ()
    condition = float(values[-1] / max(values[0], 1e-18))
    pair = _raw_pair(design, theta, covariance(design, objective, theta))
    return Identifiability(condition, at_bound, weakest, pair)


def _information(design: Design, objective: Objective, theta: Array) -> Array:
    state = design.kernel.state(theta[None])
    target = objective.goal(design.target, design.kernel.logarithmic)
    c = design.scaled(objective).curvature(state[0], target[None], design.kernel.logarithmic)
    positive = design.load * c.positive
    _, hessian, _ = design.kernel.normal(theta[None], state, 0.0 * c.first, positive, positive)
    return hessian[:, :, 0]


def _raw_pair(design: Design, theta: Array, spread_of: Array) -> tuple[str, str, float] | None:
    """Strongest correlation between the parameters as the user sees them, by pushing the coordinates through the change of units."""
    p = design.p
    if p < 2:
        return None
    step = 1e-5
    raw = np.empty((p, p))
    for j in range(p):
        moved = theta + step * (np.arange(p) == j)
        back = theta - step * (np.arange(p) == j)
        a, b = design.values(moved), design.values(back)
        for i, (name, parameter) in enumerate(design.law.parameters.items()):
            raw[i, j] = (np.log(a[name] / b[name]) if parameter.log else a[name] - b[name]) / (2 * step)
    pushed = raw @ spread_of @ raw.T
    variance = np.diag(pushed)
    spread = np.sqrt(np.where(variance > 0, variance, np.inf))  # at a kink or on a ridge curvature may give none
    table = np.abs(pushed / np.outer(spread, spread)) * (1.0 - np.eye(p))
    i, j = (int(k) for k in np.unravel_index(int(np.argmax(table)), table.shape))
    names = list(design.law.parameters)
    return names[i], names[j], float(pushed[i, j] / (spread[i] * spread[j]))


def influence(design: Design, objective: Objective, theta: Array, names: Array) -> Influence:
    """Leave out each run, then the few that pull a parameter the same way, and see what moves."""
    _, index = np.unique(design.groups, return_inverse=True)
    count = int(index.max()) + 1
    if count < design.free + 3:
        return Influence()
    thetas, candidates = leave_one_out(design, objective, theta)
    moves = (thetas - theta) / np.maximum(standard_errors(design, objective, theta), 1e-300)
    first = _first_names(names, index, candidates)
    order = np.argsort(-np.abs(moves).max(1))[:10]
    runs = tuple(first[int(candidates[k])] for k in order)
    change = tuple(float(np.abs(moves[k]).max()) for k in order)
    group = _group(design, objective, theta, candidates, index, moves, first)
    return Influence(runs, change, **group)


def leave_one_out(design: Design, objective: Objective, theta: Array) -> tuple[Array, Array]:
    """Coordinates (candidates, p) of the fits without one run each, and the number of the run left out.

    One Newton step from the optimum ranks all runs; those that matter most are refitted without.
    """
    _, index = np.unique(design.groups, return_inverse=True)
    count = int(index.max()) + 1
    _, scores, hessians = run_scores(design, objective, theta)
    d = np.sqrt(np.maximum(np.diag(hessians.sum(0) + prior_information(design, theta)), 1e-300))
    scaled = (hessians.sum(0) + prior_information(design, theta)) / np.outer(d, d) + 1e-12 * np.eye(design.p)
    steps = np.linalg.solve(scaled, (scores / d).T).T / d
    errors = np.maximum(standard_errors(design, objective, theta), 1e-300)
    most = int(min(count, MOST_LEFT_OUT, max(1, WEIGHTS_AT_ONCE // len(index))))
    candidates = np.argsort(-np.abs(steps / errors).max(1), kind="stable")[:most]
    weights = np.ones((most, len(index)))
    weights[index[None, :] == candidates[:, None]] = 0.0
    start = np.repeat(theta[None], most, 0)
    return design.solve(objective, start, weights=weights, continuation=0).theta, candidates


def _first_names(names: Array, index: Array, candidates: Array) -> dict[int, str]:
    """Run number to its name."""
    _, first = np.unique(index, return_index=True)
    return {int(g): str(names[first[g]]) for g in candidates}


def _group(
    design: Design,
    objective: Objective,
    theta: Array,
    candidates: Array,
    index: Array,
    moves: Array,
    first: dict[int, str],
) -> dict[str, Any]:
    """The smallest group of runs whose absence moves a nonlinear parameter by SHIFT standard errors or more."""
    count = len(np.unique(index))
    groups = GROUP_SIZES if len(index) * 20 <= WEIGHTS_AT_ONCE else GROUP_SIZES[-2:]
    sizes = [k for k in groups if k <= max(1, GROUP_SHARE * count) and count - k > design.free + 2]
    fitted = [j for j in range(design.p) if not design.frozen[j]]
    shape = [j for j, p in enumerate(design.law.parameters.values()) if not p.linear and j in fitted] or fitted
    trials = []
    for j in shape:
        for sign in (1.0, -1.0):
            ranked = candidates[np.argsort(-sign * moves[:, j])]
            trials += [(j, ranked[:k]) for k in sizes]
    if not trials:
        return {}
    weights = np.ones((len(trials), len(index)))
    for row, (_, members) in enumerate(trials):
        weights[row, np.isin(index, members)] = 0.0
    fits = design.solve(objective, np.repeat(theta[None], len(trials), 0), weights=weights, continuation=1)
    best: tuple[float, int] | None = None
    for row, (j, members) in enumerate(trials):
        if not fits.converged[row]:
            continue
        keep = ~np.isin(index, members)
        error = standard_errors(design.rows(keep), objective, fits.theta[row])[j]
        shift = abs(fits.theta[row, j] - theta[j]) / max(error, 1e-300)
        if shift >= SHIFT and (best is None or shift / len(members) ** 0.5 > best[0]):
            best = (shift / len(members) ** 0.5, row)
    if best is None:
        return {}
    row = best[1]
    j, members = trials[row]
    name = list(design.law.parameters)[j]
    return {
        "group": tuple(first[int(g)] for g in members),
        "group_parameter": name,
        "group_from": float(design.values(theta)[name]),
        "group_to": float(design.values(fits.theta[row])[name]),
        "group_shift": best[0] * len(members) ** 0.5,
    }


def second_objective(design: Design, objective: Objective, theta: Array) -> tuple[Objective, Array]:
    """The same rows under another objective: squared log for a robust fit, squares for counts, Huber for any other."""
    others = {"huber": "squared_log", "student": "squared_log", "binomial": "squared"}
    other = OBJECTIVES[others.get(objective.name, "huber")]
    solution = design.solve(other, theta[None], continuation=2, iterations=200)
    return other, solution.theta[0]


def notices(design: Design, ident: Identifiability, influence: Influence) -> list[Notice]:
    """Warnings that follow from the diagnostics."""
    found = []
    runs = len(np.unique(design.groups))
    slack, many = runs - design.free, f"{runs} run{'' if runs == 1 else 's'}"
    parameters = f"{design.free} {'fitted ' if design.held else ''}parameter{'' if design.free == 1 else 's'}"
    if slack < 3:
        left = "nothing" if slack <= 0 else f"only {slack}"
        found.append(
            Notice(
                "no-slack",
                f"{many} for {parameters} leave{'s' if runs == 1 else ''} {left} to estimate an error from: take no interval of "
                "this fit at its word.",
                {"runs": runs, "parameters": design.free},
            )
        )
    elif slack < design.free:
        found.append(
            Notice(
                "little-slack",
                f"{many} for {parameters}: intervals from so few are rough.",
                {"runs": runs, "parameters": design.free},
            )
        )
    for name in ident.at_bound:
        found.append(
            Notice(
                "at-bound", f"{name} ends at a bound of its range: the runs do not determine it.", {"parameter": name}
            )
        )
    if ident.condition > ILL_CONDITIONED:
        who = " and ".join(name for name, share in ident.weakest if share > 0.1)
        found.append(
            Notice(
                "not-identified",
                f"The runs do not tell {who} apart; forecasts away from them are guesses.",
                {"condition": ident.condition},
            )
        )
    if influence.group:
        found.append(_group_notice(influence))
    return found


def _group_notice(influence: Influence) -> Notice:
    many = len(influence.group)
    who = influence.group[0] if many == 1 else f"{many} runs"
    listed = "" if many == 1 else " (" + ", ".join(influence.group) + ")"
    return Notice(
        "influential-runs",
        f"{who} alone move{'s' if many == 1 else ''} {influence.group_parameter} from {influence.group_to:.3g} to "
        f"{influence.group_from:.3g}{listed}: look at them before you use this fit.",
        {
            "runs": list(influence.group),
            "parameter": influence.group_parameter,
            "without": influence.group_to,
            "with": influence.group_from,
        },
    )
