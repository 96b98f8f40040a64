"""What a plan says around its numbers: the question, what it assumes, and the warnings that travel with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gnomon.errors import Notice
from gnomon.plan.isoflop import IsoFlop
from gnomon.plan.optimum import Optimum
from gnomon.plan.source import Source
from gnomon.plan.surface import REPEAT_DECAY, Surface
from gnomon.runs.numbers import format_number

LEAST_BUDGETS = 3  # a line through two minima has nothing to be tested by


def inherited(source: Source) -> list[Notice]:
    """Warnings of the fit or of the published constants."""
    notices = list(getattr(source.fit, "notices", ()) if source.fit is not None else ())
    note = source.law.provenance.note if source.law.provenance is not None else ""
    if note:
        notices.append(Notice("published-note", note))
    return notices


def warnings(
    spread: Optimum | None,
    surface: Surface,
    loss: float | None,
    best: Optimum,
    study: IsoFlop | None,
    params: tuple[float, float] | None,
) -> list[Notice]:
    """What a reader of the plan must know besides: draws without an optimum, the verdict of a second method.

    Args:
        spread: best split of every draw.
        surface: the law and the limits of the plan.
        loss: the target in target-loss mode.
        best: the plan's own optimum.
        study: the isoFLOP cross-check.
        params: interval of the best size.
    """
    notices = []
    if spread is not None and not spread.inside.all():
        share = float(np.mean(~spread.inside))
        said = (
            f"In {100 * share:.1f} % of the draws no compute reaches the loss; the intervals place them last."
            if loss is not None
            else f"In {100 * share:.1f} % of the draws the best split lies at an edge; the intervals place them last."
        )
        notices.append(Notice("draws-without-optimum", said, {"share": share}))
    if study is not None and study.line is not None:
        notices += [n for n in study.notices if n.code in ("isoflop-edge", "flops-convention")]
        if study.bracketed >= LEAST_BUDGETS and not surface.inference_tokens and surface.unique_tokens is None:
            flops = study.flops_ratio * float(surface.cost.flops(best.params[0], best.tokens[0]))
            notices += _disagreement(study, flops, params)
    return notices


def skewed(flat: Mapping[str, Any], regret: float | None) -> list[Notice]:
    """A warning when the size of least expected loss over the draws beats the plan by more than the tolerance."""
    least = flat["least"]
    if regret is None or regret - least["excess"] <= flat["tolerance"]:
        return []
    text = (
        f"Over the draws {format_number(least['params'])} parameters are expected to lose least "
        f"({100 * least['excess']:.2g}% instead of {100 * regret:.2g}%): the best values lie aside of the draws."
    )
    return [Notice("draws-lopsided", text, {"params": least["params"]})]


def _disagreement(study: IsoFlop, flops: float, params: tuple[float, float] | None) -> list[Notice]:
    """A warning when the parabolas, their bias taken out, put the best size outside the law's interval."""
    line = study.corrected or study.line
    value, low, high = line.at(flops) if line is not None else (0.0, None, None)
    if params is None or low is None or high is None or (low <= params[1] and high >= params[0]):
        return []
    sizes = ", ".join(format_number(size) for size in (value, low, high))
    text = f"The isoFLOP parabolas put the best size (value, low, high) at {sizes}, outside the interval of the law."
    return [Notice("isoflop-disagrees", text, {"params": value, "low": low, "high": high})]


def assumes(surface: Surface, source: Source, loss: float | None) -> tuple[str, ...]:
    """What the decision stands on, a sentence each."""
    law = source.law
    origin = (
        law.provenance.source
        if law.provenance is not None
        else "the values given"
        if source.fit is None
        else "the fitted runs"
    )
    lines = [
        f"the law {law.text} holds at the plan; values from {origin}",
        surface.cost.assumption,
        "data, tokenizer, schedule, tuning and the way of counting parameters are those of the runs behind the law",
    ]
    if surface.inference_tokens:
        lines.append(
            f"{format_number(surface.inference_tokens)} tokens are served over the model's life; "
            + ("their FLOP are part of the budget" if loss is None else "training and serving are minimised together")
        )
    if surface.unique_tokens is None:
        lines.append("every training token is seen once: there are as many unique tokens as the plan asks for")
    elif surface.borrows_decay:
        lines.append(
            f"{format_number(surface.unique_tokens)} unique tokens; this law does not know repetition: repeats are "
            "worth what Muennighoff et al. 2023 measured on C4: D' = U + U R (1 - exp(-(D/U - 1)/R)), "
            f"R = {REPEAT_DECAY:.4g}, a borrowed constant"
        )
    else:
        lines.append(
            f"{format_number(surface.unique_tokens)} unique tokens; the law itself says what repeats are worth"
        )
    return tuple(lines)


def question(flops: float | None, loss: float | None, inference: float | None, unique: float | None) -> str:
    """What was asked, as a sentence."""
    if flops is not None:
        asked = f"What to train with {format_number(flops, 'flops')} FLOP"
    else:
        asked = f"What reaches a loss of {loss:g} with the fewest FLOP"
    if inference:
        asked += f", serving included ({format_number(inference)} tokens)"
    if unique is not None:
        asked += f", with {format_number(unique)} unique tokens"
    return asked + "?"
