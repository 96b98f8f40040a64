"""Loss by the length of the context a model may read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.laws.law import Law, Published, exponent, floor, number
from gnomon.laws.references import BIBTEX
from gnomon.laws.starting import amplitudes, best_of, cells

QUOTED = "Rounded, as quoted by a secondary source; for the paper's long-context models and validation text."
FOUR_K = {"context_length": 4096.0}


def _set(scale: float, power: float, level: float, size: str, check: float) -> Published:
    return Published(
        {"a": scale, "b": power, "g": level},
        f"Xiong et al. 2023, Effective Long-Context Scaling of Foundation Models, power laws of the {size} model",
        checks=((FOUR_K, check, 1e-12),),
        note=QUOTED,
    )


class Context(Law):
    """Validation loss of one model by the number of tokens it sees before the one it predicts.

    L(c) = (a / c)^b + g, c = context_length in tokens, g the loss with unlimited context.

    Source: Xiong et al. 2023, section on the power law of the context length.
    """

    id = "context"
    question = "What does a longer context buy in loss?"
    inputs = ("context_length",)
    text = "loss = (a / context_length)^b + g"
    source = "Xiong et al. 2023, Effective Long-Context Scaling of Foundation Models"
    bibtex = BIBTEX["xiong2023"]
    holds = "One model, continually trained for long inputs, within the lengths it was trained on."
    misleads = "Beyond the trained length, and as a measure of how well the context is used on tasks."
    ranges = {"context_length": (128.0, 32768.0)}

    a: float = number(
        "context at which the fall left is 1",
        bounds=(1e-12, 1e6),
        log=True,
        units={"context_length": 1, "loss": "1 / b"},
        typical=0.01,
    )
    b: float = exponent("exponent", bounds=(0.05, 3.0), typical=0.5)
    g: float = floor("loss with unlimited context")

    published = {
        "xiong2023_7b": _set(25.4, 0.45, 1.56, "7B", 1.6615343974566237),
        "xiong2023_13b": _set(19.5, 0.48, 1.45, "13B", 1.5267863171698731),
        "xiong2023_34b": _set(17.7, 0.50, 1.41, "34B", 1.4757365123998832),
        "xiong2023_70b": _set(17.9, 0.51, 1.35, "70B", 1.4126111199621640),
    }

    def formula(self, context_length: Any) -> Any:
        """(a / context_length)^b + g."""
        return (self.a / context_length) ** self.b + self.g

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """For a given exponent it is linear in a^b and g."""
        v = cells(b=np.geomspace(0.08, 2.0, 12))
        found, misfit = amplitudes([inputs[0] ** -v["b"], np.ones_like(output)], output, weights=1.0 / output)
        return best_of(v | {"a": found[:, :1] ** (1.0 / v["b"]), "g": found[:, 1:]}, misfit)
