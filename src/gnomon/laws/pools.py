"""Data of different quality in limited amounts: how much a pass over a pool is worth, and a pass over several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.errors import InputError
from gnomon.laws.jet import plain
from gnomon.laws.law import Published, number
from gnomon.laws.parameter import FLOOR_BOUNDS
from gnomon.laws.references import BIBTEX
from gnomon.laws.starting import amplitudes, best_of, cells
from gnomon.laws.vector import NOT_NEGATIVE, VectorLaw

FEWER = (1e-9, 50.0)  # utilities in print lie between 0.05 and 1
PASSES = 4000  # passes over the data beyond which a run is refused rather than summed


class FilterUtility(VectorLaw):
    """Error of a model trained for several passes over pools of data whose worth halves from pass to pass.

    y = d + (n_0 / n_1)^(-b(0)) prod_(k >= 1) (n_k / n_(k-1))^(-b(k)), n_k = min(k + 1, e) S the examples after pass k,
    e = n / S the passes over S = sum of the pools; b(k) = sum_i w_i b_i 2^(-k w_i / tau_i), w_i = S_i / S the share of
    pool i. b_i is its utility, tau_i the passes over it alone after which that has halved. n_1 is one number for all
    pools: the examples at which an error of d + 1 would be left. The floor d stands outside the product; the authors'
    code multiplies it as well, so that it shrinks with every pass.

    `filter_utility` reads one pool (tokens, unique_tokens); `filter_utility(tokens, pool_a, pool_b)` any number, one
    column a pool with the examples it holds in that run, 0 where it is left out.

    Source: Goyal et al. 2024, equations 3 and 4 and theorem 1; unequal pools are gnomon's, by the same argument.
    """

    id = "filter_utility"
    question = "Which pools of data, and for how many passes: few good examples repeated, or more of lower quality?"
    inputs = ("tokens", "unique_tokens")
    output = "error"
    source = "Goyal et al. 2024, Scaling Laws for Data Filtering, equations 3 and 4 and theorem 1"
    bibtex = BIBTEX["goyal2024"]
    holds = "An error that keeps falling with passes; the floor known from a run on fresh data."
    misleads = (
        "The floor is not told by repeated runs and moves every forecast of a union; over-fitting it cannot draw."
    )
    leading = 1
    prefix = "pool_"
    fewest = 1

    d: float
    n_1: float

    published = {
        "goyal2024_tmars": Published(
            {"d": 0.1, "n_1": 1e5 / 0.022, "b": 0.13106, "tau": 3.0},
            "Goyal et al. 2024, code (ablations/finding_k.py): one bucket by T-MARS score, ImageNet error",
            checks=(
                ({"tokens": 12.8e6, "unique_tokens": 12.8e6}, 0.9731143876735474, 1e-12),
                ({"tokens": 51.2e6, "unique_tokens": 12.8e6}, 0.8709593728531682, 1e-12),
            ),
            note="Examples are image-text pairs; an illustration in their code, not a result. Their form multiplies d.",
        )
    }

    @classmethod
    def body(cls, inputs: Sequence[str], output: str) -> dict[str, Any]:
        """A utility and a half-life a pool; without a name where there is one."""
        seen, *pools = inputs
        names = [""] if len(pools) == 1 else [f"_{name}" for name in cls.names(inputs)]
        what = [""] if len(pools) == 1 else [f" of {pool}" for pool in pools]
        parameters: dict[str, Any] = {
            "d": number("error that no data goes below", bounds=FLOOR_BOUNDS, linear=True, log=True, typical=0.1),
            "n_1": number(
                "examples at which the error above the floor would be 1", bounds=(1e-12, 1e6), log=True, units={seen: 1}
            ),
        }
        typical = {"d": 0.1, "n_1": 4e6}
        for place, (name, of) in enumerate(zip(names, what, strict=True)):
            parameters[f"b{name}"] = number(f"utility{of} in its first pass", bounds=FEWER, typical=0.3)
            parameters[f"tau{name}"] = number(
                f"passes after which the utility{of} has halved", bounds=(0.05, 1e3), log=True, typical=4.0
            )
            typical |= {f"b{name}": 0.35 - 0.06 * (place % 4), f"tau{name}": 5.0 - 0.8 * (place % 4)}
        alone = len(pools) == 1
        size, where = (pools[0], [f"e = {seen} / {pools[0]}"]) if alone else ("S", [f"e = {seen} / S"])
        parts = []
        for name, pool in zip(names, pools, strict=True):
            before, rate = (f"b{name}", "") if alone else (f"b{name} * w{name}", f" * w{name}")
            later = f"sum(k, e, 2^(-k{rate} / tau{name}) * log(min(k + 1, e) / k))"
            parts.append(f"{before} * (log(min({seen}, {size}) / n_1) + {later})")
            where += [] if alone else [f"w{name} = {pool} / S"]
        where += [] if alone else [f"S = {' + '.join(pools)}"]
        return {
            "text": f"{output} = d + exp(-({' + '.join(parts)})) where {', '.join(where)}",
            "parameters": parameters,
            "typical": typical,
            "domain": {} if len(pools) == 1 else dict.fromkeys(pools, NOT_NEGATIVE),
            "shared_units": dict.fromkeys(pools, seen),
            "fixed_units": {output: "the first factor is measured against an error of 1"},
            "ranges": {seen: (5e6, 2.5e8)} | dict.fromkeys(pools, (6e6, 6e7)),
        }

    def formula(self, seen: Any, *pools: Any) -> Any:
        """D + exp(-sum_i b_i X_i), X_i the logarithms of growth weighted by what is left of the pool's worth."""
        xp = self.xp(seen, *pools)
        _, start, *each = self.parameters
        total: Any = 0.0
        half_lives = [tau for _, tau in _pairs(each)]
        for (b, _), (share, first, later) in zip(_pairs(each), _growth(self, seen, pools, half_lives, xp), strict=True):
            total = total + getattr(self, b) * (share * (first - xp.log(getattr(self, start))) + later)
        return self.d + xp.exp(-total)

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """For a given floor, n_1 and one half-life for all the logarithm of the rest is linear in the utilities."""
        seen, *pools = inputs
        names = list(cls.parameters)[2:]
        low = float(output.min())
        v = cells(
            d=low * np.array([0.05, 0.35, 0.6, 0.8, 0.92]),
            n_1=float(np.exp(np.mean(np.log(seen)))) * np.geomspace(1e-4, 10.0, 8),
            tau=(1.0, 3.0, 9.0, 40.0),
        )
        one = cls(**{name: v["tau"] if name.startswith("tau") else v["d"] for name in cls.parameters})
        above = output - v["d"]
        columns = [
            -(share * (first - np.log(v["n_1"])) + later)
            for share, first, later in _growth(one, seen, pools, [t for _, t in _pairs(names)], np)
        ]
        found, misfit = amplitudes(columns, np.log(above), weights=above / output, signed=True)
        values = {"d": v["d"], "n_1": v["n_1"]}
        for j, (b, tau) in enumerate(_pairs(names)):
            values |= {b: np.clip(found[:, j : j + 1], 1e-3, 5.0), tau: v["tau"]}
        return best_of(values, misfit, apart=names[1], most=32)


def _pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """(b, tau) of every pool."""
    return list(zip(names[::2], names[1::2], strict=True))


def _growth(
    law: FilterUtility, seen: Any, pools: Sequence[Any], half_lives: Sequence[str], xp: Any
) -> list[tuple[Any, Any, Any]]:
    """Per pool: its share, ln of the examples in the first pass, and the weighted growth of all later passes."""
    size = sum(pools[1:], pools[0])
    passes = seen / size
    held, *amounts = (np.asarray(plain(x)) for x in (seen, *pools))  # the number of passes is not differentiated
    last = math.ceil(float(np.max(held / sum(amounts[1:], amounts[0]), initial=0.0)))
    if last > PASSES:
        raise InputError(
            f"filter_utility got {last} passes over the data; it is summed up to {PASSES}.",
            hint="Are tokens and pools counted in the same unit?",
        )
    first = xp.log(xp.minimum(seen, size))
    steps = [(k, xp.log(xp.minimum(xp.maximum(passes / k, 1.0), (k + 1.0) / k))) for k in range(1, last)]
    found = []
    for pool, name in zip(pools, half_lives, strict=True):
        share, tau = pool / size, getattr(law, name)
        rate = share * (-math.log(2.0)) / tau
        later: Any = 0.0 * passes * rate
        for k, growth in steps:
            later = later + xp.exp(rate * k) * growth
        found.append((share, first, share * later))
    return found
