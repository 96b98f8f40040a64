"""Pre-training for another task: what it is worth in tokens of the task, and what it does to a translation score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.laws.law import Law, Published, coefficient, exponent, number
from gnomon.laws.references import BIBTEX
from gnomon.laws.starting import amplitudes, best_of, cells

QUOTED = (
    "Rounded, quoted at second hand. The paper counts data in characters and parameters without embeddings: "
    "check its unit before you use k."
)
POINT = {"finetune_tokens": 1e8, "params": 1e8}
GROWING = np.geomspace(0.03, 1.2, 13)


class Transfer(Law):
    """Data of the task that pre-training is worth: what a model trained from scratch would need on top.

    D_T = k D_F^a N^b, D_F the data fine-tuned on, N params.

    Source: Hernandez et al. 2021, equation 1.1.
    """

    id = "transfer"
    question = "How much data of my task is pre-training worth?"
    inputs = ("finetune_tokens", "params")
    output = "transferred_tokens"
    text = "transferred_tokens = k * finetune_tokens^a * params^b"
    source = "Hernandez et al. 2021, Scaling Laws for Transfer, equation 1.1"
    bibtex = BIBTEX["hernandez2021"]
    holds = "Where fine-tuning data limit the loss, far from enough of them."
    misleads = "With plenty of task data, where pre-training may even hurt; and for another pair of distributions."
    ranges = {"finetune_tokens": (1e5, 1e9), "params": (1e6, 1e9)}

    k: float = coefficient("coefficient", output="transferred_tokens", finetune_tokens="-a", params="-b")
    a: float = exponent("exponent of the data", bounds=(-1.0, 3.0), grid=GROWING, typical=0.2)
    b: float = exponent("exponent of the size", bounds=(-1.0, 3.0), grid=GROWING, typical=0.4)

    published = {
        "hernandez2021_text_to_python": Published(
            {"k": 1.9e4, "a": 0.18, "b": 0.38},
            "Hernandez et al. 2021, figure 1 (text to python)",
            checks=((POINT, 573790826.87638308, 1e-12),),
            note=QUOTED,
        ),
        "hernandez2021_mixed_to_python": Published(
            {"k": 2.1e5, "a": 0.096, "b": 0.38},
            "Hernandez et al. 2021, figure 1 (half text, half other code to python)",
            checks=((POINT, 1349644206.3657413, 1e-12),),
            note=QUOTED,
        ),
    }

    def formula(self, finetune_tokens: Any, params: Any) -> Any:
        """K finetune_tokens^a params^b."""
        return self.k * finetune_tokens**self.a * params**self.b


class BleuLog(Law):
    """Score of a fine-tuned task by pre-training data: a power of a logarithm.

    f = (ln(A D^alpha))^beta, D the tokens pre-trained on. Cross-entropy on the same task is `pow_floor` in D.

    Source: Isik et al. 2024, equation 1.
    """

    id = "bleu_log"
    question = "Will more pre-training data of this kind improve the score of my fine-tuned task?"
    inputs = ("tokens",)
    output = "score"
    free_inputs = ("tokens",)
    text = "score = log(A * tokens^alpha)^beta"
    source = "Isik et al. 2024, Scaling Laws for Downstream Task Performance of Large Language Models, equation 1"
    bibtex = BIBTEX["isik2024"]
    holds = "BLEU, ROUGE or COMET of a task whose languages the pre-training data contain."
    misleads = (
        "It has no upper end, so it leaves the score's range; a score that does not rise with data is no misfit of it."
    )
    fixed_units = {"score": "a power of a logarithm has no unit of its own: 0 to 1 and 0 to 100 are two fits"}
    ranges = {"tokens": (1e8, 1e11)}
    typical = {"A": 1e-6, "alpha": 1.0, "beta": 0.7}

    A: float = number(
        "pre-training data enter as A D^alpha",
        bounds=(1.001, 1e120),
        log=True,
        units={"tokens": "-alpha"},
        typical=20.0,
    )
    alpha: float = exponent("exponent inside the logarithm", bounds=(1e-4, 30.0), typical=0.5)
    beta: float = number("power of the logarithm", bounds=(0.05, 10.0), typical=0.7)

    def formula(self, tokens: Any) -> Any:
        """(ln A + alpha ln tokens)^beta."""
        xp = self.xp(tokens)
        return (xp.log(self.A) + self.alpha * xp.log(tokens)) ** self.beta

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """For a given beta the score to the power 1 / beta is linear in ln A and alpha."""
        log_x = np.log(inputs[0])
        v = cells(beta=np.geomspace(0.15, 4.0, 16))
        aim = output ** (1.0 / v["beta"])
        columns = [np.ones_like(aim), log_x + 0.0 * aim]
        found, misfit = amplitudes(columns, aim, weights=v["beta"] / aim, signed=True)
        level = np.clip(found[:, :1], 0.01, 270.0)
        return best_of(v | {"A": np.exp(level), "alpha": np.clip(found[:, 1:], 1e-3, 20.0)}, misfit)
