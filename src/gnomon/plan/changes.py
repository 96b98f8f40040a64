"""What would change a plan, with numbers: serving, a limit on unique tokens, another objective, the draws."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from gnomon.plan.optimum import best_split, cheapest
from gnomon.plan.options import Bench
from gnomon.plan.surface import Surface
from gnomon.runs.numbers import format_number

EPOCHS = 10.0  # repeats matter from about four epochs on (Muennighoff et al. 2023): with ten the answer moves
SMALL = 0.02  # changes of the size under 2 % are no change


def changes(
    bench: Bench,
    fit: Any,
    params: float,
    tokens: float,
    budget: float,
    loss: float | None,
    drawn: tuple[float, float] | None,
) -> tuple[str, ...]:
    """Sentences, each with the size that would then be best.

    Args:
        bench: the law and its draws.
        fit: the fit, for its second objective; None for published constants.
        params, tokens, budget: the plan.
        loss: the target in target-loss mode.
        drawn: interval of the best size over draws.
    """
    law = bench.law
    lines = []
    if law.inference_tokens:
        lines.append(_line("if nothing were served", replace(law, inference_tokens=0.0), params, budget, loss))
    else:
        served = replace(law, inference_tokens=tokens)
        asked = f"if it also serves {format_number(tokens)} tokens, as many as it is trained on (--inference-tokens)"
        lines.append(_line(asked, served, params, budget, loss))
    if law.unique_tokens is None:
        limit = tokens / EPOCHS
        asked = f"if only {format_number(limit)} different tokens are at hand (--unique-tokens)"
        lines.append(_line(asked, replace(law, unique_tokens=limit), params, budget, loss))
    elif tokens > law.unique_tokens:
        lines.append(_line("with unlimited unique tokens", replace(law, unique_tokens=None), params, budget, loss))
    second = getattr(fit, "second", None)
    if second is not None:
        other = replace(law, law=type(law.law)(**second.values))
        lines.append(_line(f"if fitted under {second.objective} instead", other, params, budget, loss))
    if drawn is not None:
        lines.append(
            f"over the draws of the fit ({100 * bench.level:g}%) the best size runs from "
            f"{format_number(drawn[0])} to {format_number(drawn[1])} parameters"
        )
    return tuple(line for line in lines if line is not None)


def _line(asked: str, surface: Surface, params: float, budget: float, loss: float | None) -> str | None:
    """The best size under another premise, in words; None when the premise cannot be planned for."""
    spent = budget if loss is None else float(cheapest(surface, loss)[0])
    if not np.isfinite(spent) or spent <= 0:
        return f"{asked}: the loss of {loss:g} is then out of reach"
    best = best_split(surface, spent)
    if not best.inside[0]:
        return None
    size, data = float(best.params[0]), float(best.tokens[0])
    if abs(size / params - 1.0) < SMALL:
        return f"{asked}: no change"
    more = "" if loss is None else f" for {format_number(spent, 'flops')} FLOP"
    return f"{asked}: {format_number(size)} parameters on {format_number(data)} tokens{more}"
