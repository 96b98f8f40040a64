"""Columns that follow from others: the third of params, tokens and FLOP, and which row ends its run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gnomon.runs.cells import Array
from gnomon.runs.schema import FIELDS
from gnomon.runs.table import Column, Runs

TRAIN_FLOPS = 6.0
"""FLOP per parameter and token of training, where nothing else is known: forward 2, backward 4 (Kaplan et al. 2020, section 2.1)."""


def derive(runs: Runs) -> Runs:
    """Add what follows from the columns of a table, each marked with its formula.

    - C = 6 N D gives the missing one of `params`, `tokens`, `flops`. It is a model of the cost of a dense transformer
      without attention; with `active_params` N is those. A quantity that is in the table is never filled up or changed.
    - `accuracy` and `error` follow from `passes` and `trials`, where neither of them is in the table.
    - `is_final` marks the last row of each run, by step or tokens, where runs have several rows; where the length of
      the schedule is known, a run that stopped before it has no final row.

    Args:
        runs: a table as read.
    """
    data, columns = dict(runs.data), dict(runs.columns)

    def add(name: str, values: Array, formula: str, convention: str | None = None) -> None:
        known = FIELDS[name]
        data[name] = values
        columns[name] = Column(name, known.kind, known.unit, known.meaning, None, formula, convention)

    third = _third(runs)
    if third is not None:
        add(*third)
    for share in _shares(runs):
        add(*share)
    final = None if "is_final" in runs or "is_final" in runs.unsettled else _last_rows(runs)
    if final is not None:
        add("is_final", *final)
    return runs if len(data) == len(runs.data) else replace(runs, data=data, columns=columns)


def _third(runs: Runs) -> tuple[str, Array, str, str] | None:
    """The missing one of the three by 6ND: name, values, formula, convention."""
    missing = [name for name in ("params", "tokens", "flops") if name not in runs.data]
    if len(missing) != 1 or missing[0] in runs.unsettled:
        return None
    if "tokens" in runs and runs.columns["tokens"].convention == "samples":
        return None
    size = "active_params" if "active_params" in runs.data else "params"
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if missing == ["flops"]:
            n, d = runs.numbers(size, "tokens")
            return "flops", TRAIN_FLOPS * n * d, f"6 {size} tokens", "6ND"
        if missing == ["tokens"]:
            n, c = runs.numbers(size, "flops")
            return "tokens", _finite(c / (TRAIN_FLOPS * n)), f"flops / (6 {size})", "6ND"
        if size == "active_params":
            return None  # FLOP say nothing about the parameters that are not active
        d, c = runs.numbers("tokens", "flops")
        return "params", _finite(c / (TRAIN_FLOPS * d)), "flops / (6 tokens)", "6ND"


def _shares(runs: Runs) -> list[tuple[str, Array, str]]:
    """Shares of right and wrong answers from counts: name, values, formula."""
    taken = {*runs.data, *runs.unsettled}
    if not {"passes", "trials"} <= set(runs.data) or taken & {"accuracy", "error"}:
        return []
    passes, trials = runs.numbers("passes", "trials")
    right = np.where(
        (trials > 0) & (passes >= 0) & (passes <= trials), passes / np.where(trials > 0, trials, 1), np.nan
    )
    return [("accuracy", right, "passes / trials"), ("error", 1.0 - right, "1 - passes / trials")]


def _finite(values: Array) -> Array:
    return np.where(np.isfinite(values), values, np.nan)


def _last_rows(runs: Runs) -> tuple[Array, str] | None:
    """Flags of the last row of each run and the rule, or None where rows are not checkpoints."""
    if "run" not in runs.data:
        return None
    along = next((name for name in ("step", "tokens") if name in runs.data), None)
    groups = runs.groups()
    count = int(groups.max()) + 1 if len(groups) else 0
    if along is None or count == len(runs):
        return None
    (values,) = runs.numbers(along)
    known = np.where(np.isnan(values), -np.inf, values)
    last = np.full(count, -np.inf)
    np.maximum.at(last, groups, known)
    first = np.full(count, np.inf)
    np.minimum.at(first, groups, np.where(np.isnan(values), np.inf, values))
    if not np.any(last > first):
        return None
    final = known == last[groups]
    for name, whole in (("total_steps", "step"), ("planned_tokens", "tokens"), ("fraction_done", None)):
        if name not in runs.data or (whole is not None and whole not in runs.data):
            continue
        (end,) = runs.numbers(name)
        done = end if whole is None else runs.numbers(whole)[0] / np.where(end > 0, end, np.nan)
        final &= ~(done < 0.99)  # the last logged step is often one evaluation before the end
        return final.astype(np.float64), f"last {along} of its run, and {name} reached"
    return final.astype(np.float64), f"last {along} of its run"
