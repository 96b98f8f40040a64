"""From rows to numbers, claim by claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.studies.claim import Measured
from gnomon.studies.entries.width_transfer.design import BASE, GRIDS, PAPER_P, Grid
from gnomon.studies.entries.width_transfer.singular import (
    Slope,
    errors_at,
    exponents,
    log_slope,
    measured_rule,
    rule_slopes,
    steady,
    steepest,
)
from gnomon.studies.entries.width_transfer.sweeps import Valley, regret, shift, valleys
from gnomon.studies.study import Asked

if TYPE_CHECKING:
    from gnomon.report import Figure
    from gnomon.runs import Runs

WITH_WIDTH, WITHOUT = "width_singular", "k * (lr / weight_decay)^h"


def judge(runs: Runs, asked: Asked) -> dict[str, Measured]:
    """What was measured, by claim id."""
    found = _limits(runs.where("part = 'limit'"))
    if asked.scale == "smoke":
        return found
    grid = GRIDS[asked.scale]
    found |= _coordinates(runs.where("part = 'activations'"))
    found |= _singular(runs.where("part = 'spectra'"), grid, asked.seed)
    found |= _optima(runs.where("part = 'sweep' and status = 'done'"), grid)
    return found


def figures(runs: Runs, asked: Asked) -> Sequence[Figure]:
    """The law of singular values, fitted to each matrix of the first layer."""
    if asked.scale == "smoke":
        return ()
    from gnomon.report import fit_figure

    rows = steady(runs.where("part = 'spectra'")).where(f"layer = 0 and width < {_first_held(GRIDS[asked.scale])}")
    return [fit_figure(fit) for fit in exponents(rows, WITH_WIDTH, asked.seed).values()]


def _limits(rows: Runs) -> dict[str, Measured]:
    """Exponents where they are known: of width at one setting, of the learning rate at one width."""
    found = {}
    for claim, updates in (("noise-limit", "noise"), ("persistent-limit", "persistent")):
        one = rows.where(f"updates = '{updates}' and lr = {max(rows['lr'])}")
        found[claim] = Measured(log_slope(one["width"], one["sigma_max"]))
    narrow = rows.where(f"updates = 'persistent' and width = {min(rows['width'])}")
    found["persistent-rate"] = Measured(log_slope(narrow["lr"], narrow["sigma_max"]))
    return found


def _coordinates(rows: Runs) -> dict[str, Measured]:
    """Steepest slope of an activation, either way under muP, upwards in the standard parametrisation; means over starts."""
    from gnomon.lab import coordinates

    found = {}
    for claim, rule in (("coordinates", "mup"), ("coordinates-standard", "standard")):
        of_rule = rows.where(f"rule = '{rule}'")
        starts: dict[int, dict[int, dict[str, float]]] = {}
        for seed, width, name, size in zip(
            of_rule["seed"], of_rule["width"], of_rule["activation"], of_rule["mean_abs"], strict=True
        ):
            starts.setdefault(int(seed), {}).setdefault(int(width), {})[str(name)] = float(size)
        slopes = [coordinates.slopes(by_width) for by_width in starts.values()]
        means = {name: _mean([one[name] for one in slopes]) for name in slopes[0]}
        if rule == "mup":
            found[claim] = max((_absolute(m) for m in means.values()), key=lambda m: m.value or 0.0)
        else:
            found[claim] = max(means.values(), key=lambda m: m.value or 0.0)
    return found


def _singular(rows: Runs, grid: Grid, seed: int) -> dict[str, Measured]:
    rows = steady(rows)
    first_held = _first_held(grid)
    seen = rows.where(f"width < {first_held}")
    fits = exponents(seen, WITH_WIDTH, seed)
    p = measured_rule(seen, grid.exponents, seed)
    paper, rule, constant = (rule_slopes(rows, q) for q in (PAPER_P, p, min(grid.exponents)))
    outputs, changed = (rule_slopes(rows, q, "output_size") for q in (p, min(grid.exponents)))
    difference = [constant[name].value - rule[name].value for name in rule]
    return {
        "root": _farthest([fit.parameters["h"] for fit in fits.values()], 0.5),
        "width-exponent": _farthest([fit.parameters["s"] for fit in fits.values()], PAPER_P),
        "paper-rule": _size(steepest(paper)),
        "measured-rule": _size(steepest(rule)),
        "constant-decay": _mean(difference),
        "outputs": _size(steepest(outputs)),
        "outputs-constant": _size(steepest(changed)),
        "forecast": _mean(errors_at(rows, WITH_WIDTH, first_held, seed)),
        "forecast-no-width": _mean(errors_at(rows, WITHOUT, first_held, seed)),
    }


def _optima(rows: Runs, grid: Grid) -> dict[str, Measured]:
    found = {}
    narrow, wide = min(grid.sweep_widths), max(grid.sweep_widths)
    every = valleys(rows)
    for suffix, rule in (("", "mup"), ("-standard", "standard")):
        start = every["mup" if narrow == BASE else rule, narrow]  # at the base width all rules are one
        pair: tuple[Valley, Valley] = start, every[rule, wide]
        found[f"optimum{suffix}"] = shift(*pair, signed=rule == "standard")
        found[f"regret{suffix}"] = regret(*pair)
    return found


def _first_held(grid: Grid) -> int:
    """Smallest width that no fit sees."""
    return grid.widths[-grid.held_out]


def _farthest(estimates: Sequence[Any], centre: float) -> Measured:
    """The estimate farthest from a value, with its own interval."""
    one = max(estimates, key=lambda e: abs(e.value - centre))
    return Measured(one.value, one.low, one.high)


def _size(slope: Slope) -> Measured:
    """|slope| with its interval."""
    return _absolute(Measured(slope.value, slope.low, slope.high))


def _absolute(measured: Measured) -> Measured:
    """The size of a value, with the interval of sizes."""
    assert measured.value is not None
    assert measured.low is not None
    assert measured.high is not None
    low, high = sorted((abs(measured.low), abs(measured.high)))
    return Measured(abs(measured.value), 0.0 if measured.low < 0 < measured.high else low, high)


def _mean(values: Sequence[float] | Mapping[Any, float]) -> Measured:
    """Mean over matrices or starts with its 90% interval (Student's t)."""
    from scipy.special import stdtrit

    x = np.asarray(list(values.values()) if isinstance(values, Mapping) else values, float)
    half = float(stdtrit(len(x) - 1, 0.95)) * float(x.std(ddof=1)) / len(x) ** 0.5
    return Measured(float(x.mean()), float(x.mean()) - half, float(x.mean()) + half)
