"""Marin's settings: learning rate by batch and width, Adam's second decay by batch, depth by width."""

from __future__ import annotations

import math
from typing import Any

from gnomon.laws.law import Law, Published, number
from gnomon.laws.references import BIBTEX

SOURCE = "Marin 2025, scaling-law module of their repository"


class MarinLR(Law):
    """Learning rate by batch (in sequences) and width, with a cap.

    lr = min(cap, c sqrt(B) / width).

    Source: Marin.
    """

    id = "marin_lr"
    question = "Which learning rate does Marin give a model of a width and a batch?"
    inputs = ("batch_sequences", "width")
    output = "lr"
    text = "lr = min(cap, c * sqrt(batch_sequences) / width)"
    source = SOURCE
    bibtex = BIBTEX["marin2025"]
    holds = "Their isoFLOP runs: widths of 512 to 4096 with the depth of marin_depth."
    misleads = "The batch is counted in sequences: with another sequence length it is another rule."
    ranges = {"batch_sequences": (8.0, 4096.0), "width": (256.0, 8192.0)}

    c: float = number(
        "coefficient",
        bounds=(1e-6, 1e6),
        grid=(0.3, 1.0, 3.0),
        log=True,
        units={"lr": 1, "width": 1, "batch_sequences": -0.5},
    )
    cap: float = number(
        "largest learning rate", bounds=(1e-3, 1e3), grid=(0.5, 1.0, 2.0, 4.0), log=True, units={"lr": 1}, typical=2.0
    )

    published = {
        "marin2025": Published(
            {"c": 0.33, "cap": 0.01},
            SOURCE,
            checks=(
                ({"batch_sequences": 256, "width": 2048}, 0.33 * 16 / 2048, 1e-12),
                ({"batch_sequences": 1024, "width": 512}, 0.01, 1e-12),
            ),
        )
    }

    def formula(self, batch_sequences: Any, width: Any) -> Any:
        """Min(cap, c sqrt(batch) / width)."""
        xp = self.xp(batch_sequences, width)
        return xp.minimum(self.cap + 0.0 * width, self.c * xp.sqrt(batch_sequences) / width)


class MarinBeta2(Law):
    """Adam's second decay by batch (in sequences): its memory holds a fixed number of sequences.

    beta2 = q^(B / 128).

    Source: Marin.
    """

    id = "marin_beta2"
    question = "Which beta2 goes with a batch?"
    inputs = ("batch_sequences",)
    output = "beta2"
    text = "beta2 = exp(-batch_sequences / m)"
    source = SOURCE
    bibtex = BIBTEX["marin2025"]
    holds = "Batches of tens to thousands of sequences, where the memory of the second moment spans several steps."
    misleads = "At very large batches beta2 falls below 0.9 and Adam turns into the sign of the gradient."
    ranges = {"batch_sequences": (8.0, 4096.0)}
    fixed_units = {"beta2": "it is a share of what was there a step before"}

    m: float = number(
        "sequences over which the memory falls by a factor e",
        bounds=(0.01, 1e6),
        grid=(0.1, 1.0, 10.0, 100.0, 1000.0),
        log=True,
        units={"batch_sequences": 1},
        typical=30.0,
    )

    published = {
        "marin2025": Published(
            {"m": -128 / math.log(0.98)},
            SOURCE + ", written there as .98^(batch / 128)",
            checks=(({"batch_sequences": 128}, 0.98, 1e-12), ({"batch_sequences": 512}, 0.98**4, 1e-12)),
        )
    }

    def formula(self, batch_sequences: Any) -> Any:
        """exp(-batch / m)."""
        return self.xp(batch_sequences).exp(-batch_sequences / self.m)


class MarinDepth(Law):
    """Depth by width: wider models are a little flatter.

    depth = width / (a + b log2 width), to be rounded to a whole number.

    Source: Marin.
    """

    id = "marin_depth"
    question = "How many layers should a model of a width have?"
    inputs = ("width",)
    output = "depth"
    text = "depth = width / (a + b * log2(width))"
    source = SOURCE
    bibtex = BIBTEX["marin2025"]
    holds = "Decoders of widths 256 to 8192; the loss is flat in the shape around it."
    misleads = "It gives a real number: round it, and count parameters after rounding."
    ranges = {"width": (128.0, 8192.0)}
    fixed_units = {"width": "its logarithm is added to a number"}

    a: float = number(
        "width of a layer",
        bounds=(1.0, 1e4),
        grid=(10.0, 30.0, 60.0, 120.0),
        log=True,
        units={"depth": -1},
        typical=55.0,
    )
    b: float = number(
        "its growth with each doubling of the width",
        bounds=(0.01, 1e3),
        grid=(1.0, 4.0, 12.0),
        log=True,
        units={"depth": -1},
        typical=4.0,
    )

    published = {
        "marin2025": Published(
            {"a": 55.0, "b": 4.0},
            SOURCE,
            checks=(({"width": 2048}, 2048 / 99, 1e-12), ({"width": 512}, 512 / 91, 1e-12)),
            note="Rounded there to whole layers.",
        )
    }

    def formula(self, width: Any) -> Any:
        """Width / (a + b log2 width)."""
        return width / (self.a + self.b * self.xp(width).log(width) / math.log(2.0))
