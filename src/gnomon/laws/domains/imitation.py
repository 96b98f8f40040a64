"""Imitation learning of robots: environments, objects, their pairs and demonstrations."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.laws.law import Law, Published, coefficient, exponent, floor
from gnomon.laws.references import BIBTEX

FIGURE = "Lin et al. 2024, read from the figure scaling-law-curve of their repository"
# what: a, g, Pearson's r of the logarithms
FITS = {
    "pour_objects": ("Pour Water, objects", 0.825, 0.703, -0.987),
    "pour_environments": ("Pour Water, environments", 1.180, 0.844, -0.960),
    "pour_pairs": ("Pour Water, environment-object pairs", 1.068, 0.579, -0.980),
    "mouse_objects": ("Mouse Arrangement, objects", 0.826, 0.697, -0.991),
    "mouse_environments": ("Mouse Arrangement, environments", 0.827, 0.466, -0.966),
    "mouse_pairs": ("Mouse Arrangement, environment-object pairs", 1.263, 0.683, -0.942),
    "robopocket_mouse_pairs": ("a replication, Mouse Arrangement, pairs 2 to 32", 1.076, 0.241, -0.962),
}
COARSE = np.geomspace(0.1, 1.5, 9)  # three exponents share the grid


class Imitation(Law):
    """Gap of a policy's score to 1 on unseen environments and objects, by how many it was trained on.

    1 - score = a x^-g, x environments, objects, or pairs of them (one object an environment).

    Source: Lin et al. 2024.
    """

    id = "imitation"
    question = "How many environments or objects does a robot policy need?"
    inputs = ("pairs",)
    free_inputs = ("pairs",)
    output = "gap"
    text = "gap = a / pairs^g"
    source = "Lin et al. 2024, Data Scaling Laws in Imitation Learning for Robotic Manipulation"
    bibtex = BIBTEX["lin2024"]
    holds = "Nested subsets, enough demonstrations of each pair (about 50), scores on unseen pairs only."
    misleads = "Six points with r = -0.94 leave large errors in x, and the gap is capped at 1 for few pairs."
    ranges = {"pairs": (1.0, 64.0)}

    a: float = coefficient("gap after one pair", output="gap", pairs="g")
    g: float = exponent("exponent", typical=0.6)

    published = {
        name: Published(
            {"a": a, "g": g},
            f"{FIGURE}, {what}"
            if name != "robopocket_mouse_pairs"
            else f"figure of the RoboPocket project page, {what}",
            checks=(({"pairs": 1.0}, a, 1e-12),)
            + ((({"pairs": (a / 0.01) ** (1 / g)}, 0.01, 1e-9),) if name == "mouse_pairs" else ()),
            note=f"Fitted to six points, r = {r:g}."
            + (
                " The paper needs 1191 pairs for a score of .99; the rounded figure gives 1193."
                if name == "mouse_pairs"
                else ""
            ),
        )
        for name, (what, a, g, r) in FITS.items()
    }

    def formula(self, pairs: Any) -> Any:
        """A / pairs^g."""
        return self.a / pairs**self.g


class ImitationJoint(Law):
    """Gap by pairs and demonstrations of each pair: demonstrations saturate.

    1 - score = y_inf + a x^-g + b x^-g2 K^-h; the last term is what is not yet learnt of the pairs seen.

    Source: gnomon's own extension; to be judged by held-out error.
    """

    id = "imitation_joint"
    question = "Is the next hour better spent on new environments or on more demonstrations of the old?"
    inputs = ("pairs", "demonstrations")
    output = "gap"
    text = "gap = y_inf + a / pairs^g + b / (pairs^g2 * demonstrations^h)"
    source = "gnomon, an extension of Lin et al. 2024 by a term in demonstrations; not published there"
    bibtex = BIBTEX["lin2024"]
    holds = "With a grid of pairs and demonstrations of each pair, gaps below 0.9."
    misleads = (
        "Six parameters, and Lin et al. found no clear power of demonstrations; compare held-out errors with imitation."
    )
    ranges = {"pairs": (1.0, 64.0), "demonstrations": (2.0, 256.0)}

    y_inf: float = floor("gap that stays", output="gap", typical=0.3)
    a: float = coefficient("coefficient of pairs", output="gap", pairs="g")
    g: float = exponent("exponent of pairs", grid=COARSE, typical=0.6)
    b: float = coefficient("coefficient of demonstrations", output="gap", pairs="g2", demonstrations="h")
    g2: float = exponent("exponent of pairs where demonstrations lack", grid=COARSE)
    h: float = exponent("exponent of demonstrations", grid=COARSE, typical=0.8)

    def formula(self, pairs: Any, demonstrations: Any) -> Any:
        """Y_inf + a / pairs^g + b / (pairs^g2 demonstrations^h)."""
        return self.y_inf + self.a / pairs**self.g + self.b / (pairs**self.g2 * demonstrations**self.h)
