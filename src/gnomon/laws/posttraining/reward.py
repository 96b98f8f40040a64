"""Over-optimising a learned reward: what the true reward does as the policy moves away from where it started."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.laws.law import Law, coefficient, number
from gnomon.laws.references import BIBTEX

SOURCE = "Gao et al. 2022, Scaling Laws for Reward Model Overoptimization"
MISLEADS = (
    "The coefficients move with the size of the reward model and its data; rows with a reward of 0 or less are out."
)


def best_of_n_divergence(n: Any) -> Any:
    """KL divergence (nats) of best-of-n from the policy it samples: ln n - (n - 1) / n.

    An upper bound in general, exact for a continuous reward. Gao et al. 2022, section 2.
    """
    count = np.asarray(n, float)
    return np.log(count) - (count - 1.0) / count


class OveroptBestOfN(Law):
    """True reward of best-of-n sampling against a learned reward.

    R = d (alpha - beta d), d = sqrt(KL).

    Source: Gao et al. 2022.
    """

    id = "rm_overopt_bon"
    question = "How far can best-of-n optimise a learned reward before the true one falls?"
    inputs = ("kl",)
    output = "reward"
    text = "reward = sqrt(kl) * (alpha - beta * sqrt(kl))"
    source = SOURCE + ", best-of-n"
    bibtex = BIBTEX["gao2022"]
    holds = "Reward measured from the start policy's; KL of best-of-n is ln n - (n - 1) / n. Best at sqrt(KL) = alpha / 2 beta."
    misleads = MISLEADS
    ranges = {"kl": (0.05, 6.0)}

    alpha: float = coefficient("gain at small distance", output="reward", kl=-0.5)
    beta: float = coefficient("loss of it with distance", output="reward", kl=-1, typical=0.2)

    def formula(self, kl: Any) -> Any:
        """D (alpha - beta d), d = sqrt(kl)."""
        d = self.xp(kl).sqrt(kl)
        return d * (self.alpha - self.beta * d)


class OveroptRl(Law):
    """True reward of reinforcement learning against a learned reward.

    R = d (alpha - beta ln d), d = sqrt(KL).

    Source: Gao et al. 2022.
    """

    id = "rm_overopt_rl"
    question = "How far can reinforcement learning optimise a learned reward before the true one falls?"
    inputs = ("kl",)
    output = "reward"
    text = "reward = sqrt(kl) * (alpha - beta * log(sqrt(kl)))"
    source = SOURCE + ", reinforcement learning"
    bibtex = BIBTEX["gao2022"]
    holds = "PPO without a KL penalty, reward measured from the start policy's. Best at ln sqrt(KL) = alpha / beta - 1."
    misleads = MISLEADS
    ranges = {"kl": (0.1, 100.0)}
    fixed_units = {"kl": "its logarithm is multiplied by a coefficient"}

    alpha: float = number("gain at distance 1", bounds=(1e-9, 1e6), linear=True, log=True, units={"reward": 1})
    beta: float = number(
        "loss of it with distance", bounds=(1e-9, 1e6), linear=True, log=True, units={"reward": 1}, typical=0.3
    )

    def formula(self, kl: Any) -> Any:
        """D (alpha - beta ln d), d = sqrt(kl)."""
        xp = self.xp(kl)
        d = xp.sqrt(kl)
        return d * (self.alpha - self.beta * xp.log(d))
