"""Plans: how to spend a budget, with the interval of the decision, what it assumes and what would change it."""

from gnomon.plan.allocate import allocate
from gnomon.plan.cost import COSTS, Cost, PerParameter, cost_model, dense6, dense8
from gnomon.plan.evidence import Evidence
from gnomon.plan.isoflop import IsoFlop, isoflop
from gnomon.plan.line import Line, power_line
from gnomon.plan.optimum import Optimum, best_split, cheapest, closed_form
from gnomon.plan.parabola import Parabola, fit_parabola, parabola_bias
from gnomon.plan.plan import Plan
from gnomon.plan.surface import Surface

__all__ = [
    "COSTS",
    "Cost",
    "Evidence",
    "IsoFlop",
    "Line",
    "Optimum",
    "Parabola",
    "PerParameter",
    "Plan",
    "Surface",
    "allocate",
    "best_split",
    "cheapest",
    "closed_form",
    "cost_model",
    "dense6",
    "dense8",
    "fit_parabola",
    "isoflop",
    "parabola_bias",
    "power_line",
]
