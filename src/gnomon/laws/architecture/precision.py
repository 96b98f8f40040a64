"""Precision: what fewer bits cost, while training and when a trained model is quantized."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.laws.law import Law, Published, coefficient, exponent, floor, number
from gnomon.laws.references import BIBTEX

QUOTED = "Kumar et al. 2024, table of fitted coefficients; quoted here from secondary sources"
RECOMPUTE = "The 7 to 8 bits the paper calls optimal cannot be recomputed from these rounded constants."


def _sensitivity(what: str, column: str) -> Any:
    """Bits at which 63 % of the size is left."""
    return number(
        f"bits of {what} at which 63 % of the size counts",
        bounds=(0.02, 20.0),
        grid=np.geomspace(0.1, 0.8, 4),
        log=True,
        units={column: 1},
        typical=0.35,
    )


class PrecisionSize(Law):
    """Share of its parameters that a model trained with few bits is worth.

    N_eff / N = (1 - exp(-P_w / g_w)) (1 - exp(-P_a / g_a)) (1 - exp(-P_kv / g_kv)), P the bits of weights, activations and
    the key-value cache.

    Source: Kumar et al. 2024.
    """

    id = "precision_size"
    question = "How many full-precision parameters is a model trained with few bits worth?"
    inputs = ("bits_w", "bits_a", "bits_kv")
    output = "size_share"
    text = "size_share = (1 - exp(-bits_w / g_w)) * (1 - exp(-bits_a / g_a)) * (1 - exp(-bits_kv / g_kv))"
    source = "Kumar et al. 2024, Scaling Laws for Precision, equation of the effective parameter count"
    bibtex = BIBTEX["kumar2024"]
    holds = "Integer-like training precisions of 3 to 12 bits in the range of their runs (up to 1.7B parameters)."
    misleads = "The three parts multiply by assumption: several low precisions at once may interact otherwise."
    fixed_units = {"size_share": "it is a share of 1"}
    ranges = {"bits_w": (2.0, 16.0), "bits_a": (2.0, 16.0), "bits_kv": (2.0, 16.0)}

    g_w: float = _sensitivity("weights", "bits_w")
    g_a: float = _sensitivity("activations", "bits_a")
    g_kv: float = _sensitivity("the key-value cache", "bits_kv")

    published = {
        "kumar2024": Published(
            {"g_w": 2.6745, "g_a": 2.2102, "g_kv": 0.9578},
            QUOTED,
            checks=(({"bits_w": 8.0, "bits_a": 8.0, "bits_kv": 8.0}, 0.924107459133, 1e-10),),
            note=RECOMPUTE,
        )
    }

    def formula(self, bits_w: Any, bits_a: Any, bits_kv: Any) -> Any:
        """The product of three shares."""
        xp = self.xp(bits_w, bits_a, bits_kv)
        return -xp.expm1(-bits_w / self.g_w) * xp.expm1(-bits_a / self.g_a) * xp.expm1(-bits_kv / self.g_kv)


class PrecisionTrain(Law):
    """Loss of models trained with few bits: Chinchilla's law in the effective parameters.

    L = E + A / n^alpha + B / D^beta, n = N prod_x (1 - exp(-P_x / g_x)) over weights, activations and key-value cache.
    Compute scales with the bits: C = 6 N D P / 16 with one precision P for all.

    Source: Kumar et al. 2024.
    """

    id = "precision_train"
    question = "With how many bits should a model be trained?"
    inputs = ("params", "tokens", "bits_w", "bits_a", "bits_kv")
    text = (
        "loss = E + A / n^alpha + B / tokens^beta where "
        "n = params * (1 - exp(-bits_w / g_w)) * (1 - exp(-bits_a / g_a)) * (1 - exp(-bits_kv / g_kv))"
    )
    source = "Kumar et al. 2024, Scaling Laws for Precision, equation of the training loss"
    bibtex = BIBTEX["kumar2024"]
    holds = "With runs at several precisions of each part, crossed with sizes and tokens."
    misleads = "Only some of the published constants were at hand (precision_size has them): fit your own."
    ranges = {
        "params": (3e7, 2e9),
        "tokens": (1e9, 3e10),
        "bits_w": (2.0, 16.0),
        "bits_a": (2.0, 16.0),
        "bits_kv": (2.0, 16.0),
    }

    E: float = floor("floor of the loss")
    A: float = coefficient("size coefficient", params="alpha")
    alpha: float = exponent("size exponent", grid=np.geomspace(0.1, 1.0, 5), typical=0.45)
    B: float = coefficient("data coefficient", tokens="beta")
    beta: float = exponent("data exponent", grid=np.geomspace(0.1, 1.0, 5), typical=0.4)
    g_w: float = _sensitivity("weights", "bits_w")
    g_a: float = _sensitivity("activations", "bits_a")
    g_kv: float = _sensitivity("the key-value cache", "bits_kv")

    def formula(self, params: Any, tokens: Any, bits_w: Any, bits_a: Any, bits_kv: Any) -> Any:
        """E + A / n^alpha + B / tokens^beta."""
        size = params * PrecisionSize(g_w=self.g_w, g_a=self.g_a, g_kv=self.g_kv).formula(bits_w, bits_a, bits_kv)
        return self.E + self.A / size**self.alpha + self.B / tokens**self.beta


class PrecisionPtq(Law):
    """How much loss rises when a trained model is quantized: more, the longer it was trained.

    dL = C_T D^g_D / N^g_N exp(-P / g_post), P the bits of the weights after training.

    Source: Kumar et al. 2024.
    """

    id = "precision_ptq"
    question = "How much loss does quantizing a trained model cost?"
    inputs = ("params", "tokens", "bits_w")
    output = "loss_increase"
    text = "loss_increase = C_T * tokens^g_D / params^g_N * exp(-bits_w / g_post)"
    source = "Kumar et al. 2024, Scaling Laws for Precision, equation of post-training quantization"
    bibtex = BIBTEX["kumar2024"]
    holds = "Plain rounding of weights after training, 3 to 8 bits, over-trained models included."
    misleads = (
        "Methods that choose the rounding (GPTQ, AWQ) lie lower; the exponent in bits is steep, extrapolate little."
    )
    ranges = {"params": (3e7, 2e9), "tokens": (1e9, 1e12), "bits_w": (3.0, 8.0)}

    C_T: float = coefficient("coefficient", output="loss_increase", params="g_N", tokens="-g_D")
    g_D: float = exponent("data exponent", typical=0.5)
    g_N: float = exponent("size exponent", typical=0.35)
    g_post: float = number(
        "bits that lower the increase by a factor e",
        bounds=(0.005, 20.0),
        grid=np.geomspace(0.03, 1.0, 8),
        log=True,
        units={"bits_w": 1},
        typical=0.12,
    )

    published = {
        "kumar2024": Published(
            {"C_T": 0.0598, "g_D": 0.5068, "g_N": 0.3439, "g_post": 0.5907},
            QUOTED,
            checks=(({"params": 1e9, "tokens": 1e11, "bits_w": 4.0}, 0.0206785934574, 1e-10),),
            note="Rounded.",
        )
    }

    def formula(self, params: Any, tokens: Any, bits_w: Any) -> Any:
        """C_T tokens^g_D / params^g_N exp(-bits_w / g_post)."""
        xp = self.xp(params, tokens, bits_w)
        return self.C_T * tokens**self.g_D / params**self.g_N * xp.exp(-bits_w / self.g_post)
