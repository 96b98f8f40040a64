"""Compute-optimal exponents of nanochat under three ways of counting parameters, from its four printed optima."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gnomon.reproductions.reproduction import Load, Quantity, Reproduction

TABLE = "nanochat/isoflop_optima.csv"
SWEPT = np.array([1e18, 2.15e18, 4.64e18, 1e19])  # FLOP, runs/scaling_laws.sh; the log prints 1e18, 2e18, 5e18, 1e19
PRINTED = {
    "kaplan_with_lm_head": (0.54, 0.49),
    "all_parameters": (0.37, 0.50),
    "transformer_only": (0.70, 0.41),
}
LOG = "karpathy/nanochat, dev/LOG.md, January 2026"
DIGIT = "half the last printed digit"


def measure(load: Load) -> Mapping[str, float]:
    """Straight lines through the logarithms of four optima, at the budgets that were swept and at those printed."""
    from gnomon.plan import power_line

    table = load(TABLE)
    ours: dict[str, float] = {}
    for convention in PRINTED:
        rows = table.where(f"param_count_convention = '{convention}'")
        order = np.argsort(rows["flops"])
        for name, column in (("params", "params_optimal"), ("tokens", "tokens_optimal")):
            values = rows[column][order]
            ours[f"{convention}_{name}"] = power_line(SWEPT, values).slope
            ours[f"{convention}_{name}_rounded"] = power_line(rows["flops"][order], values).slope
    return ours


REPRODUCTION = Reproduction(
    name="nanochat",
    title="Compute-optimal exponents of nanochat under three ways of counting parameters",
    source="Karpathy 2026, nanochat",
    tables=(TABLE,),
    protocol=(
        "Least squares through ln N* and ln D* against ln C at the four printed optima. The log rounds its budgets: the "
        "script that ran the sweep has 1e18, 2.15e18, 4.64e18, 1e19, and with those all six printed exponents come out; "
        "with the rounded ones (last six rows) they do not."
    ),
    quantities=(
        *(
            Quantity(
                f"{convention}_{name}",
                f"exponent of the best {name}, {convention.replace('_', ' ')}",
                value,
                0.005,
                DIGIT,
                LOG,
            )
            for convention, pair in PRINTED.items()
            for name, value in zip(("params", "tokens"), pair, strict=True)
        ),
        *(
            Quantity(
                f"{convention}_{name}_rounded",
                f"the same at the budgets as printed: {name}, {convention.replace('_', ' ')}",
                value,
                0.005,
                DIGIT,
                LOG,
                finding="the printed budgets 2e18 and 5e18 are rounded from 2.15e18 and 4.64e18",
            )
            for convention, pair in PRINTED.items()
            for name, value in zip(("params", "tokens"), pair, strict=True)
        ),
    ),
    measure=measure,
)
