"""Reinforcement learning after pre-training: how fast the test error falls, by model size."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.laws.law import Law, Published, coefficient, number
from gnomon.laws.references import BIBTEX

# variant, axis, protocol: K_max, N0 in billions, R2 of the fit, and the check value at 7B. Tan et al. 2025, table 6.
TABLE = {
    "base_compute_intra": (0.1349, 13.09),
    "base_compute_inter": (0.1518, 17.37),
    "base_data_intra": (0.1348, 11.52),
    "base_data_inter": (0.1631, 16.95),
    "instruct_compute_intra": (0.1276, 17.27),
    "instruct_compute_inter": (0.1443, 28.33),
    "instruct_data_intra": (0.1325, 17.08),
    "instruct_data_inter": (0.1484, 27.15),
}
NOTE = (
    "Qwen2.5, GRPO on mathematics. Pooled R2 says nothing of the slope: the intercept of every size is free, and the "
    "published 72B extrapolation calibrates it on 72B data."
)


def _constants(check: bool) -> dict[str, Published]:
    return {
        name: Published(
            {"K_max": top, "N_0": half * 1e9},
            f"Tan et al. 2025, table 6, {name.replace('_', ' ')}",
            checks=(({"params": half * 1e9}, top / 2, 1e-12),) if check else (),
            note=NOTE,
        )
        for name, (top, half) in TABLE.items()
    }


class RlSlope(Law):
    """Learning efficiency of RL post-training by model size: the exponent k of error ~ X^-k, X compute or prompts.

    k = K_max / (1 + N_0 / N).

    Source: Tan et al. 2025.
    """

    id = "rl_slope"
    question = "How does the efficiency of RL post-training grow with the model, and where does it saturate?"
    inputs = ("params",)
    output = "learning_efficiency"
    text = "learning_efficiency = K_max / (1 + N_0 / params)"
    source = "Tan et al. 2025, Scaling Behaviors of LLM Reinforcement Learning Post-Training, equation 2"
    bibtex = BIBTEX["tan2025"]
    holds = "Within one model family, task and recipe, on the stretch where error falls as a power."
    misleads = "Sizes below N_0 leave K_max open by a factor: the ceiling is then an extrapolation."
    ranges = {"params": (5e8, 1e11)}

    K_max: float = coefficient("efficiency of a very large model", output="learning_efficiency")
    N_0: float = number(
        "size with half of it",
        bounds=(1e-4, 1e4),
        grid=np.geomspace(0.01, 100.0, 17),
        log=True,
        units={"params": 1},
    )

    published = _constants(check=True)

    def formula(self, params: Any) -> Any:
        """K_max / (1 + N_0 / params)."""
        return self.K_max / (1.0 + self.N_0 / params)


class RlEfficiency(Law):
    """Test error of an RL run relative to an earlier point of the same run.

    error(X) / error(X_0) = (X / X_0)^-k, k = K_max / (1 + N_0 / N): equations 1 and 2 with the free intercept of every
    size, which no law gives, taken from a measured point of the run.

    Source: Tan et al. 2025.
    """

    id = "rl_efficiency"
    question = "How far does RL post-training lower the error of a model with more compute or prompts?"
    inputs = ("params", "compute_ratio")
    output = "error_ratio"
    text = "error_ratio = compute_ratio^(-K_max / (1 + N_0 / params))"
    source = "Tan et al. 2025, Scaling Behaviors of LLM Reinforcement Learning Post-Training, equations 1 and 2"
    bibtex = BIBTEX["tan2025"]
    holds = "From a tenth of the run on, while the error is below about 0.95 and prompts repeat at most 25 times."
    misleads = "It gives slopes, not levels: how high a new model starts must be measured. Error cannot fall for ever."
    ranges = {"params": (5e8, 1e11), "compute_ratio": (1.0, 1e3)}
    fixed_units = {
        "compute_ratio": "it is a ratio to a point of the same run",
        "error_ratio": "it is a ratio to a point of the same run",
    }

    K_max: float = number(
        "efficiency of a very large model", bounds=(1e-4, 5.0), grid=np.geomspace(0.01, 1.0, 9), log=True, typical=0.15
    )
    N_0: float = number(
        "size with half of it",
        bounds=(1e-4, 1e4),
        grid=np.geomspace(0.01, 100.0, 9),
        log=True,
        units={"params": 1},
    )

    published = _constants(check=False)

    def formula(self, params: Any, compute_ratio: Any) -> Any:
        """compute_ratio^-(K_max / (1 + N_0 / params))."""
        xp = self.xp(params, compute_ratio)
        return xp.exp(-self.K_max / (1.0 + self.N_0 / params) * xp.log(compute_ratio))
