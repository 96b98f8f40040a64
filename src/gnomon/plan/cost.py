"""What training and serving cost in FLOP, as objects: no plan hides a "6"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from gnomon.errors import InputError, UnknownNameError, near


@runtime_checkable
class Cost(Protocol):
    """A cost model. Every method is arithmetic only, so that arrays and the jets of the optimiser pass through it.

    `name` is what a user types, `assumption` the sentence a plan repeats in what it assumes.
    """

    @property
    def name(self) -> str:
        """Short name, such as "6ND"."""

    @property
    def assumption(self) -> str:
        """One sentence: what is counted and what is not."""

    def flops(self, params: Any, tokens: Any) -> Any:
        """Training FLOP of a model of `params` parameters on `tokens` tokens."""

    def tokens(self, flops: Any, params: Any) -> Any:
        """Tokens that `flops` training FLOP buy at `params` parameters."""

    def params(self, flops: Any, tokens: Any) -> Any:
        """Parameters that `flops` training FLOP allow on `tokens` tokens."""

    def serving(self, params: Any) -> Any:
        """FLOP per token served (one forward pass)."""


@dataclass(frozen=True)
class PerParameter:
    """Cost proportional to the parameter count: training takes `train` N D FLOP, serving `serve` N per token.

    Args:
        name: what a user types.
        train: FLOP per parameter and training token.
        serve: FLOP per parameter and served token.
        assumption: what is counted and what is not, as a sentence.
    """

    name: str
    train: float
    serve: float
    assumption: str

    def flops(self, params: Any, tokens: Any) -> Any:
        """Train * params * tokens."""
        return self.train * params * tokens

    def tokens(self, flops: Any, params: Any) -> Any:
        """Flops / (train * params)."""
        return flops / (self.train * params)

    def params(self, flops: Any, tokens: Any) -> Any:
        """Flops / (train * tokens)."""
        return flops / (self.train * tokens)

    def serving(self, params: Any) -> Any:
        """Serve * params."""
        return self.serve * params


# Kaplan et al. 2020, section 2.1: a forward pass is 2 FLOP per parameter and token, a backward pass twice that.
dense6 = PerParameter(
    "6ND",
    train=6.0,
    serve=2.0,
    assumption="training costs 6 FLOP per parameter and token, serving 2; attention over long contexts is not counted",
)
# The same with every activation computed again in the backward pass: one more forward pass.
dense8 = PerParameter(
    "8ND",
    train=8.0,
    serve=2.0,
    assumption="training costs 8 FLOP per parameter and token (activations recomputed), serving 2; "
    "attention over long contexts is not counted",
)

COSTS: dict[str, Cost] = {model.name: model for model in (dense6, dense8)}


def cost_model(cost: str | Cost) -> Cost:
    """A cost model by name, or the object itself.

    Raises:
        UnknownNameError: the name is not known.
        InputError: it is neither a name nor a cost model.
    """
    if isinstance(cost, str):
        if cost not in COSTS:
            raise UnknownNameError(f"No cost model is called {cost!r}.", hint=near(cost, COSTS))
        return COSTS[cost]
    if not isinstance(cost, Cost):
        raise InputError(
            f"A cost model is a name or an object with flops, tokens, params and serving; got {cost!r}.",
            hint='For example cost="6ND", or cost=PerParameter("mine", train=6.3, serve=2.1, assumption="...").',
        )
    return cost
