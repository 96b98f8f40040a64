"""Plans: how to spend a budget, with the interval of the decision, what it assumes and what would change it."""

from gnomon.plan.advising import Advice, advise
from gnomon.plan.allocate import allocate
from gnomon.plan.cost import Cost, MoeActive, PerParameter, cost_model, costs, dense6, dense8
from gnomon.plan.decoder import DecoderCost, deepseek_m, exact, kaplan
from gnomon.plan.design_trial import Noise
from gnomon.plan.evidence import Evidence
from gnomon.plan.free_form import free_form
from gnomon.plan.isoflop import IsoFlop, isoflop
from gnomon.plan.line import Line, power_line
from gnomon.plan.next_runs import NextRun, NextRuns, next_runs
from gnomon.plan.optimum import Optimum, best_split, cheapest, closed_form
from gnomon.plan.parabola import Parabola, fit_parabola, parabola_bias
from gnomon.plan.plan import Plan
from gnomon.plan.schedule import SchedulePlan, schedule
from gnomon.plan.serving import (
    QWEN3,
    Architecture,
    Generation,
    Kinetics,
    crossover_length,
    generation,
    kinetics,
)
from gnomon.plan.surface import Surface

__all__ = [
    "QWEN3",
    "Advice",
    "Architecture",
    "Cost",
    "DecoderCost",
    "Evidence",
    "Generation",
    "IsoFlop",
    "Kinetics",
    "Line",
    "MoeActive",
    "NextRun",
    "NextRuns",
    "Noise",
    "Optimum",
    "Parabola",
    "PerParameter",
    "Plan",
    "SchedulePlan",
    "Surface",
    "advise",
    "allocate",
    "best_split",
    "cheapest",
    "closed_form",
    "cost_model",
    "costs",
    "crossover_length",
    "deepseek_m",
    "dense6",
    "dense8",
    "exact",
    "fit_parabola",
    "free_form",
    "generation",
    "isoflop",
    "kaplan",
    "kinetics",
    "next_runs",
    "parabola_bias",
    "power_line",
    "schedule",
]
