"""Curves of reinforcement learning: reward by compute, and reward by the entropy that is left."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.laws.law import Law, number
from gnomon.laws.references import BIBTEX


class SigmoidCompute(Law):
    """Reward of a run of reinforcement learning by its compute: an S in ln C between a start and a ceiling.

    R = R0 + (A - R0) / (1 + (C_mid / C)^B), A the ceiling, B the steepness, C_mid the compute at half the gain.

    Source: Khatri et al. 2025, equation 1.
    """

    id = "sigmoid_compute"
    question = "Where does a run of reinforcement learning end, and how much compute does half the gain take?"
    inputs = ("flops",)
    output = "reward"
    free_inputs = ("flops",)
    text = "reward = R0 + (A - R0) / (1 + (C_mid / flops)^B)"
    source = "Khatri et al. 2025, The Art of Scaling Reinforcement Learning Compute for LLMs, equation 1"
    bibtex = BIBTEX["khatri2025"]
    holds = "One recipe, reward on held-out prompts, with points well past the steepest part."
    misleads = "Before the bend is passed the ceiling is a guess; the first steps of a run do not lie on it."
    ranges = {"flops": (1e18, 1e22)}
    typical = {"R0": 0.15, "A": 0.61, "C_mid": 3e19, "B": 1.1}

    R0: float = number("reward at the start", bounds=(-100.0, 100.0), linear=True, units={"reward": 1}, typical=0.3)
    A: float = number("ceiling", bounds=(1e-3, 1e3), linear=True, log=True, units={"reward": 1}, typical=1.5)
    C_mid: float = number(
        "compute at half of the gain",
        bounds=(1e-6, 1e6),
        grid=np.geomspace(1e-3, 1e3, 25),
        log=True,
        units={"flops": 1},
    )
    B: float = number("steepness", bounds=(0.02, 20.0), grid=np.geomspace(0.15, 5.0, 10), log=True)

    def formula(self, x: Any) -> Any:
        """R0 + (A - R0) / (1 + (C_mid / x)^B)."""
        return self.R0 + (self.A - self.R0) / (1.0 + (self.C_mid / x) ** self.B)


class EntropyReward(Law):
    """Reward of a policy by the entropy it has left: reward is bought with entropy, and ends when there is none.

    R = b - a exp(H), H the policy's entropy in nats per token; the ceiling at H = 0 is b - a.

    Source: Cui et al. 2025, R = -a exp(H) + b.
    """

    id = "entropy_reward"
    question = "How much reward is left before a policy has no entropy left to trade?"
    inputs = ("entropy",)
    output = "reward"
    text = "reward = b - a * exp(entropy)"
    source = "Cui et al. 2025, The Entropy Mechanism of Reinforcement Learning for Reasoning Language Models"
    bibtex = BIBTEX["cui2025"]
    holds = "One model and data set, policy-gradient training without a term that holds entropy up."
    misleads = "With an entropy bonus or covariance clipping, which move the curve; early steps alone fix no ceiling."
    domain = {"entropy": (-1e-9, np.inf)}  # zero itself is allowed: the ceiling
    fixed_units = {"entropy": "it stands in an exponential, in nats per token"}
    ranges = {"entropy": (0.05, 1.25)}
    typical = {"a": 0.27, "b": 1.18}

    a: float = number("price of entropy", bounds=(1e-9, 1e4), linear=True, log=True, units={"reward": 1}, typical=0.3)
    b: float = number("ceiling plus a", bounds=(1e-6, 1e4), linear=True, log=True, units={"reward": 1}, typical=1.7)

    def formula(self, entropy: Any) -> Any:
        """B - a exp(entropy)."""
        return self.b - self.a * self.xp(entropy).exp(entropy)
