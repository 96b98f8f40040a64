"""nanochat's rules: learning rate and weight decay for another batch and another number of tokens."""

from __future__ import annotations

from typing import Any

from gnomon.laws.anchored import Anchored
from gnomon.laws.hyperparameters.step_law import signed
from gnomon.laws.law import Published, coefficient
from gnomon.laws.references import BIBTEX

SOURCE = "Karpathy 2026, nanochat, base_train.py"


class BatchLR(Anchored):
    """Learning rate for another batch.

    lr = c B^p; p = 1/2 for Adam and its kin, 1 for SGD.

    Source: nanochat.
    """

    id = "nanochat_lr"
    question = "Which learning rate goes with another batch size?"
    inputs = ("batch_tokens",)
    output = "lr"
    text = "lr = c * batch_tokens^p"
    source = SOURCE
    bibtex = BIBTEX["karpathy2026"]
    holds = "Batches below the critical one, from a learning rate tuned at one of them."
    misleads = "Above the critical batch the learning rate no longer grows; at very small ones other limits bind."
    ranges = {"batch_tokens": (3e4, 4e6)}
    amplitude = "c"

    c: float = coefficient("coefficient", output="lr", batch_tokens="-p")
    p: float = signed("batch exponent", 0.5)

    shapes = {
        "nanochat": Published({"p": 0.5}, SOURCE),
        "linear": Published({"p": 1.0}, "the linear rule of SGD with small batches"),
    }

    def formula(self, batch_tokens: Any) -> Any:
        """C batch^p."""
        return self.c * batch_tokens**self.p


class BatchDecay(Anchored):
    """Weight decay for another batch and another number of tokens: it keeps the time scale of AdamW a share of training.

    wd = c B^p / D^q; p = 1/2 and q = 1 with the learning rate of nanochat_lr.

    Source: nanochat.
    """

    id = "nanochat_wd"
    question = "Which weight decay goes with another batch and another number of tokens?"
    inputs = ("batch_tokens", "tokens")
    output = "weight_decay"
    text = "weight_decay = c * batch_tokens^p / tokens^q"
    source = SOURCE
    bibtex = BIBTEX["karpathy2026"]
    holds = "Beside the square-root rule of nanochat_lr, from one tuned run of the same size."
    misleads = "It keeps B / (lr wd D) fixed: power_lines_wd says how that should change with tokens per parameter."
    ranges = {"batch_tokens": (3e4, 4e6), "tokens": (1e9, 1e12)}
    amplitude = "c"

    c: float = coefficient("coefficient", output="weight_decay", batch_tokens="-p", tokens="q")
    p: float = signed("batch exponent", 0.5)
    q: float = signed("data exponent", 1.0)

    shapes = {"nanochat": Published({"p": 0.5, "q": 1.0}, SOURCE)}

    def formula(self, batch_tokens: Any, tokens: Any) -> Any:
        """C batch^p / tokens^q."""
        return self.c * batch_tokens**self.p / tokens**self.q
