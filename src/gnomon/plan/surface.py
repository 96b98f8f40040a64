"""A law as a loss surface over model size and budget, one surface a draw, with the limits a plan puts on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.errors import InputError
from gnomon.laws.columns import SETTINGS
from gnomon.laws.law import Law
from gnomon.plan.cost import Cost

# Muennighoff et al. 2023, C4 fit (datablations, README): the worth of the r-th repeat falls as exp(-r / R).
REPEAT_DECAY = 15.387756
DERIVED = ("params", "tokens", "flops", "tokens_per_param", "unique_tokens", "epochs")
SPLIT = ("params", "tokens", "flops", "tokens_per_param")  # two of these decide how a budget is split


def effective_tokens(tokens: Any, unique: float) -> Any:
    """Fresh tokens that `tokens` seen tokens are worth when only `unique` of them differ.

    D' = min(D, U) + U R (1 - exp(-(max(D, U) / U - 1) / R)), R = 15.387756 epochs. Muennighoff et al. 2023, equation 5.
    """
    repeats = np.maximum(tokens, unique) / unique - 1.0
    return np.minimum(tokens, unique) + unique * REPEAT_DECAY * (1.0 - np.exp(-repeats / REPEAT_DECAY))


@dataclass(frozen=True)
class Surface:
    """Loss as a function of x = ln params and u = ln budget, the tokens being what the budget leaves.

    Args:
        law: a law with scalar values, or with one value a draw, shape (draws, 1).
        cost: the cost model.
        inference_tokens: tokens served over the model's life, paid from the same budget.
        unique_tokens: distinct tokens at hand; None for no limit.
    """

    law: Law
    cost: Cost
    inference_tokens: float = 0.0
    unique_tokens: float | None = None

    @property
    def draws(self) -> int:
        """Number of surfaces held."""
        return max(int(np.size(value)) for value in self.law.values.values())

    @property
    def borrows_decay(self) -> bool:
        """The token limit is applied here, because the law itself does not know repetition."""
        return self.unique_tokens is not None and not {"unique_tokens", "epochs"} & set(self.law.inputs)

    def budget(self, params: Any, tokens: Any) -> Any:
        """FLOP of training and serving together."""
        return self.cost.flops(params, tokens) + self.cost.serving(params) * self.inference_tokens

    def tokens(self, params: Any, budget: Any) -> Any:
        """Training tokens that the budget leaves at a size; negative where serving alone exceeds it."""
        return self.cost.tokens(budget - self.cost.serving(params) * self.inference_tokens, params)

    def inputs(self, params: Any, tokens: Any) -> dict[str, Any]:
        """The law's inputs for a model trained on `tokens` tokens (repeats included), by name."""
        limit = self.unique_tokens
        known: dict[str, Any] = {"params": params, "tokens": tokens}
        if self.borrows_decay and limit is not None:
            known["tokens"] = effective_tokens(tokens, limit)
        for name in self.law.inputs:
            match name:
                case "flops":
                    known[name] = self.cost.flops(params, known["tokens"])
                case "tokens_per_param":
                    known[name] = known["tokens"] / params
                case "unique_tokens":
                    known[name] = tokens if limit is None else np.minimum(tokens, limit)
                case "epochs":
                    known[name] = tokens / tokens if limit is None else np.maximum(tokens, limit) / limit
        return {name: known[name] for name in self.law.inputs}

    def loss(self, params: Any, tokens: Any) -> Any:
        """The law's output, for arrays and for jets; no check of the domain."""
        inputs = self.inputs(params, tokens)
        return self.law.formula(*inputs.values())

    def at(self, x: Any, u: Any) -> Any:
        """Loss at x = ln params and u = ln budget, for jets."""
        params = np.exp(x)
        return self.loss(params, self.tokens(params, np.exp(u)))

    def grid(self, x: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Loss on plain arrays; +inf where no tokens are left, where the law is not defined or gives no number."""
        with np.errstate(all="ignore"):
            params = np.exp(x)
            tokens = self.tokens(params, np.exp(u))
            good = tokens > 0
            inputs = self.inputs(params, np.where(good, tokens, 1.0))
            for name, value in inputs.items():
                low, high = self.law.domain.get(name, (0.0, np.inf))
                good = good & (value > low) & (value < high)
            loss = np.asarray(self.law.formula(*inputs.values()), dtype=float)
        return np.where(good & np.isfinite(loss), loss, np.inf)


def plannable(law: Law) -> None:
    """Refuse a law from which no split of a budget follows.

    Raises:
        InputError: the law needs an input that a plan does not set, or does not tell size from data.
    """
    label = law.id or type(law).__name__
    if law.output in SETTINGS:
        raise InputError(
            f"A plan makes a loss small; {label} gives {law.output}, which is a setting.",
            hint="Evaluate it where the plan puts the run: gnomon forecast FIT --at params=7B,tokens=2T.",
        )
    unknown = [name for name in law.inputs if name not in DERIVED]
    if unknown:
        raise InputError(
            f"A split of compute needs a law of params and tokens; {label} also needs {', '.join(unknown)}.",
            hint="Use chinchilla, or write a formula with params and tokens.",
        )
    if len(set(SPLIT) & set(law.inputs)) < 2:
        raise InputError(
            f"A split of compute needs a law of params and tokens; {label} takes only {', '.join(law.inputs)}.",
            hint="Use chinchilla, or write a formula with params and tokens.",
        )


def scalar_law(law: Law) -> Mapping[str, float]:
    """The values of a law that holds one number a parameter.

    Raises:
        InputError: some value is an array.
    """
    arrays = [name for name, value in law.values.items() if np.size(value) != 1]
    if arrays:
        raise InputError(
            f"A plan from a law needs one value a parameter; {', '.join(arrays)} holds several.",
            hint="Pass the fit itself: its draws are used for the intervals.",
        )
    return {name: float(np.ravel(value)[0]) for name, value in law.values.items()}
