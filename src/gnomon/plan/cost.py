"""What training and serving cost in FLOP, as objects: no plan hides a "6".

A cost model is asked for by name, with options in brackets: "6ND", "exact(context=8192)", "moe(active=0.2)".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, runtime_checkable

from gnomon.errors import InputError, UnknownNameError, near
from gnomon.runs.derive import TRAIN_FLOPS
from gnomon.runs.numbers import parse_number


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


@dataclass(frozen=True)
class MoeActive:
    """A mixture of experts of which each token uses a share: params are all parameters, FLOP those of the active ones.

    C = 6 active N D. Routing, and the imbalance between experts, are not counted.

    Args:
        active: share of the parameters used per token, from 0 to 1; it must be given.
    """

    options: ClassVar[tuple[str, ...]] = ("active",)

    active: float | None = None

    @property
    def name(self) -> str:
        """Name with its option."""
        return "moe" if self.active is None else f"moe(active={self.active:g})"

    @property
    def assumption(self) -> str:
        """What is counted."""
        return (
            f"training costs 6 FLOP per active parameter and token, serving 2; a share of {self._share:g} of the "
            "parameters is active; routing and attention over long contexts are not counted"
        )

    @property
    def _share(self) -> float:
        if self.active is None:
            raise InputError(
                "The cost model moe needs the share of parameters that is active.",
                hint='For example "moe(active=0.2)".',
            )
        if not 0 < self.active <= 1:
            raise InputError(f"active is a share between 0 and 1; got {self.active:g}.")
        return self.active

    def flops(self, params: Any, tokens: Any) -> Any:
        """6 active N D."""
        return 6.0 * self._share * params * tokens

    def tokens(self, flops: Any, params: Any) -> Any:
        """Flops / (6 active params)."""
        return flops / (6.0 * self._share * params)

    def params(self, flops: Any, tokens: Any) -> Any:
        """Flops / (6 active tokens)."""
        return flops / (6.0 * self._share * tokens)

    def serving(self, params: Any) -> Any:
        """2 active N."""
        return 2.0 * self._share * params


# Kaplan et al. 2020, section 2.1: a forward pass is 2 FLOP per parameter and token, a backward pass twice that.
dense6 = PerParameter(
    "6ND",
    train=TRAIN_FLOPS,
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

CALL = re.compile(r"\s*(?P<name>[\w-]+)\s*(?:\((?P<options>[^()]*)\))?\s*")


def costs() -> dict[str, Cost]:
    """Every named cost model, with its usual options."""
    from gnomon.plan.decoder import deepseek_m, exact, kaplan
    from gnomon.plan.serving import kinetics

    models: tuple[Cost, ...] = (dense6, dense8, kaplan, deepseek_m, exact, MoeActive(), kinetics)
    return {model.name: model for model in models}


def cost_model(cost: str | Cost) -> Cost:
    """A cost model by name and options, or the object itself.

    Raises:
        UnknownNameError: the name or an option is not known.
        InputError: it is neither a name nor a cost model, an option cannot be read, or one that must be given is missing.
    """
    if isinstance(cost, str):
        return _named(cost)
    if not isinstance(cost, Cost):
        raise InputError(
            f"A cost model is a name or an object with flops, tokens, params and serving; got {cost!r}.",
            hint='For example cost="6ND", or cost=PerParameter("mine", train=6.3, serve=2.1, assumption="...").',
        )
    return cost


def _named(text: str) -> Cost:
    known = costs()
    call = CALL.fullmatch(text)
    if call is None or call["name"] not in known:
        raise UnknownNameError(f"No cost model is called {text!r}.", hint=near(text.partition("(")[0], known))
    model = known[call["name"]]
    given = _options(model, call["options"]) if call["options"] else {}
    chosen: Cost = replace(model, **given) if given else model  # type: ignore[type-var]
    chosen.flops(1e9, 1e9), chosen.serving(1e9)  # what is missing or out of range says so before any plan is made
    return chosen


def _options(model: Cost, text: str) -> Mapping[str, Any]:
    allowed: tuple[str, ...] = getattr(model, "options", ())
    given: dict[str, Any] = {}
    for word in filter(None, (word.strip() for word in text.split(","))):
        name, equals, value = (part.strip() for part in word.partition("="))
        if name not in allowed:
            raise UnknownNameError(
                f"The cost model {model.name} has no option {name!r}.",
                hint=near(name, allowed) if allowed else "It takes none.",
            )
        if not equals or not value:
            raise InputError(f"The option {name} of {model.name} needs a value.", hint=f"Write {name}=NUMBER.")
        given[name] = value if name == "counted" else parse_number(value)
    return given
