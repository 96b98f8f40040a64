"""Width transfer: learning rate, weight decay and singular values of matrices as the model grows wider."""

from __future__ import annotations

from typing import Any

from gnomon.laws.anchored import Anchored
from gnomon.laws.hyperparameters.step_law import signed
from gnomon.laws.law import Published, coefficient, number
from gnomon.laws.references import BIBTEX


class MupLR(Anchored):
    """Learning rate of matrix-like weights by width.

    lr = c d^-p; p = 1 for Adam under maximal update parametrisation (embeddings, gains and biases keep theirs).

    Source: Yang et al. 2022.
    """

    id = "mup_lr"
    question = "Which learning rate does a wider model take when one was tuned on a narrow one?"
    inputs = ("width",)
    output = "lr"
    text = "lr = c / width^p"
    source = "Yang et al. 2022, Tensor Programs V, and the mup package (Adam)"
    bibtex = BIBTEX["yang2022"]
    holds = "Hidden matrices under Adam with muP initialisation and multipliers, depth and head size fixed."
    misleads = "In standard parametrisation the best exponent is another; with weight decay see width_wd."
    ranges = {"width": (64.0, 16384.0)}
    amplitude = "c"

    c: float = coefficient("coefficient", output="lr", width="p")
    p: float = signed("width exponent", 1.0)

    shapes = {
        "mup_adam": Published({"p": 1.0}, "Yang et al. 2022, table of Adam: hidden weights 1 / fan_in"),
        "width_free": Published({"p": 0.0}, "Yang et al. 2022: vector-like weights (embeddings, gains, biases)"),
    }

    def formula(self, width: Any) -> Any:
        """C / width^p."""
        return self.c / width**self.p


class WidthDecay(Anchored):
    """Weight decay by width that keeps the largest singular value of a matrix, and so its gain, as it was.

    wd = c d^(2 s - 1) when lr ~ 1 / d and the largest singular value goes as sqrt(lr / wd) d^s. s = 0.75 is measured in
    the paper: wd ~ sqrt(d). s = 1/2 (updates like noise) keeps wd; s = 1 (persistent updates) keeps lr wd.

    Source: Fan et al. 2025.
    """

    id = "width_wd"
    question = "Which weight decay does a wider model take?"
    inputs = ("width",)
    output = "weight_decay"
    text = "weight_decay = c * width^(2 * s - 1)"
    source = "Fan et al. 2025, Robust Layerwise Scaling Rules by Proper Weight Decay Tuning"
    bibtex = BIBTEX["fan2025"]
    holds = "Decay multiplied by the learning rate (PyTorch, optax), runs longer than 3 / (lr wd) steps, lr of mup_lr."
    misleads = "s is empirical: measure it (width_singular); in a toy model it came out near 1 instead of 0.75."
    ranges = {"width": (64.0, 16384.0)}
    amplitude = "c"

    c: float = coefficient("coefficient", output="weight_decay", width="1 - 2 * s")
    s: float = number(
        "exponent of the largest singular value", bounds=(-1.0, 2.0), grid=(0.2, 0.5, 0.75, 1.0, 1.3), typical=0.75
    )

    shapes = {
        "fan2025": Published({"s": 0.75}, "Fan et al. 2025, abstract"),
        "noise": Published({"s": 0.5}, "random matrix theory: updates uncorrelated between steps"),
        "independent": Published({"s": 1.0}, "the mup package: weight decay times the width ratio, lr wd fixed"),
    }

    def formula(self, width: Any) -> Any:
        """C width^(2 s - 1)."""
        return self.c * width ** (2.0 * self.s - 1.0)


class WidthSingular(Anchored):
    """Largest singular value of a weight matrix in the steady state of AdamW.

    sigma = k (lr / wd)^h d^s; h = 1/2, s = 0.75.

    Source: Fan et al. 2025.
    """

    id = "width_singular"
    question = "How do singular values of weights grow with width, learning rate and weight decay?"
    inputs = ("lr", "weight_decay", "width")
    output = "sigma_max"
    text = "sigma_max = k * (lr / weight_decay)^h * width^s"
    source = "Fan et al. 2025, Robust Layerwise Scaling Rules by Proper Weight Decay Tuning"
    bibtex = BIBTEX["fan2025"]
    holds = (
        "In the steady state: after more than 3 / (lr wd) steps at a constant learning rate, before any decay of it."
    )
    misleads = "Spectra measured after the learning rate has decayed, or too early, follow other powers."
    ranges = {"lr": (1e-4, 1e-1), "weight_decay": (1e-2, 1.0), "width": (64.0, 8192.0)}
    amplitude = "k"

    k: float = coefficient("coefficient", output="sigma_max", lr="-h", weight_decay="h", width="-s")
    h: float = number("exponent of lr / wd", bounds=(-1.0, 2.0), grid=(0.2, 0.5, 0.8), typical=0.5)
    s: float = number("width exponent", bounds=(-1.0, 2.0), grid=(0.2, 0.5, 0.75, 1.0), typical=0.75)

    shapes = {
        "fan2025": Published({"h": 0.5, "s": 0.75}, "Fan et al. 2025, abstract"),
        "noise": Published({"h": 0.5, "s": 0.5}, "random matrix theory: updates uncorrelated between steps"),
    }

    def formula(self, lr: Any, weight_decay: Any, width: Any) -> Any:
        """K (lr / wd)^h width^s."""
        return self.k * (lr / weight_decay) ** self.h * width**self.s
