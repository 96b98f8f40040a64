"""What a plan is made from: a law with values, and the draws, runs and warnings of the fit behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gnomon.errors import InputError
from gnomon.laws.law import Law
from gnomon.plan.surface import plannable, scalar_law


@dataclass(frozen=True)
class Source:
    """A law with values and what is known of its uncertainty.

    Args:
        law: the best values.
        draws: the law with one value a draw, shape (draws, 1); None without.
        missing: why there are no draws.
        fit: the fit; None for published constants.
    """

    law: Law
    draws: Law | None
    missing: str
    fit: Any

    @property
    def label(self) -> str:
        """Id of the law, or its formula."""
        return self.law.id or self.law.text or type(self.law).__name__

    @property
    def response(self) -> str:
        """Name of what is minimised."""
        return str(self.fit.response) if self.fit is not None else self.law.output


def find_source(law_or_fit: Any) -> Source:
    """A law or a fit as the source of a plan.

    Raises:
        InputError: it is neither, or no split of a budget follows from it.
    """
    if isinstance(law_or_fit, Law):
        plannable(law_or_fit)
        scalar_law(law_or_fit)
        return Source(law_or_fit, None, "the constants come as single values, without draws", None)
    if not (hasattr(law_or_fit, "law") and hasattr(law_or_fit, "law_draws")):
        raise InputError(
            f"A plan is made from a fit or from a law with values; got {type(law_or_fit).__name__}.",
            hint='For example gnomon.fit("chinchilla", runs), or gnomon.laws.Chinchilla.besiroglu2024.',
        )
    plannable(law_or_fit.law)
    missing = f"the fit was made with intervals={law_or_fit.intervals!r}: it holds no draws"
    return Source(law_or_fit.law, law_or_fit.law_draws(), missing, law_or_fit)
