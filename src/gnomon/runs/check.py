"""check: what is in a table of runs, and what in it would mislead a fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gnomon.runs.findings import Check, Finding
from gnomon.runs.rules import curves, design, mixture, repeats, units, values
from gnomon.runs.rules.view import View
from gnomon.runs.table import Runs

#: Every rule; each looks at the table and yields what it finds.
RULES: tuple[Callable[[View], Iterator[Finding]], ...] = (
    values.not_finite,
    values.not_positive,
    values.text_in_numbers,
    repeats.repeated_rows,
    repeats.repeated_steps,
    repeats.changing_size,
    units.of_counts,
    units.of_loss,
    units.of_mixed_loss,
    units.of_flops,
    curves.constant_loss,
    curves.rising_loss,
    curves.diverged,
    curves.unfinished,
    mixture.shares,
    design.few_runs,
    design.one_size,
    design.fixed_ratio,
    design.conventions,
    design.repeated_data,
    design.unsettled,
    design.derived,
)

_ORDER = {"error": 0, "warning": 1, "note": 2}


def check(runs: Runs) -> Check:
    """Look a table over before a fit.

    Args:
        runs: the table; rows already left out are not looked at.

    Returns:
        The findings, errors first. An empty list means that no rule found anything, not that the data are right.
    """
    view = View(runs)
    found = [finding for rule in RULES for finding in rule(view)]
    return Check(runs, tuple(sorted(found, key=lambda finding: _ORDER[finding.severity])))
