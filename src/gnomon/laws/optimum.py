"""The best split of a budget in closed form, for laws that rise with a sum of two powers."""

from __future__ import annotations

from typing import Any, NamedTuple


class Split(NamedTuple):
    """Parameters and tokens of the least loss; arrays where the law or the budget holds arrays."""

    params: Any
    tokens: Any


def split_of_two_powers(A: Any, alpha: Any, B: Any, beta: Any, product: Any) -> Split:
    """Params and tokens with params * tokens = product at which A / params^alpha + B / tokens^beta is least.

    With G = (alpha A / (beta B))^(1 / (alpha + beta)): params = G product^(beta / (alpha + beta)) and
    tokens = product^(alpha / (alpha + beta)) / G. Any law that rises with this sum has the same optimum.

    Args:
        A, alpha: size coefficient and exponent.
        B, beta: data coefficient and exponent.
        product: parameters times tokens: FLOP / 6 where training costs 6 N D.

    Source: Hoffmann et al. 2022, equation 4.
    """
    total = alpha + beta
    ratio = (alpha * A / (beta * B)) ** (1.0 / total)
    return Split(ratio * product ** (beta / total), product ** (alpha / total) / ratio)
