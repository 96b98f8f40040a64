"""Generated videos of simple physics: error within the training range, and violations by combinations seen."""

from __future__ import annotations

import math
from typing import Any

from gnomon.laws.law import Law, Published, coefficient, exponent, floor
from gnomon.laws.references import BIBTEX

SOURCE = "Kang et al. 2024, How Far is Video Generation from World Model: A Physical Law Perspective"
SLOPE = math.log(67 / 10) / math.log(60 / 6)  # exponent through the first and the last of three published ratios


class VideoError(Law):
    """Velocity error of generated videos within the training range, by training videos.

    e = e0 + a n^-alpha, e0 the error of reading velocities off true videos (0.010 there).

    Source: Kang et al. 2024.
    """

    id = "video_error"
    question = "How does a video generator learn physics within its training range?"
    inputs = ("videos",)
    free_inputs = ("videos",)
    output = "velocity_error"
    text = "velocity_error = e0 + a / videos^alpha"
    source = SOURCE
    bibtex = BIBTEX["kang2024"]
    holds = "Within the range of training, e0 checked against the reader's error on true videos."
    misleads = "Outside the range the error need not fall at all: test that its slope excludes 0 before fitting."
    ranges = {"videos": (1e3, 3e6)}

    e0: float = floor("error of the measurement", output="velocity_error", typical=0.5)
    a: float = coefficient("coefficient", output="velocity_error", videos="alpha", typical=0.5)
    alpha: float = exponent("data exponent", typical=0.4)

    def formula(self, videos: Any) -> Any:
        """E0 + a / videos^alpha."""
        return self.e0 + self.a / videos**self.alpha


class VideoAbnormal(Law):
    """Share of generated videos that violate physics on unseen combinations, by combinations trained on.

    AR = k M^-beta.

    Source: Kang et al. 2024.
    """

    id = "video_abnormal"
    question = "Do more combinations in training, or more videos, teach a generator to combine?"
    inputs = ("combinations",)
    output = "abnormal"
    text = "abnormal = k / combinations^beta"
    source = SOURCE
    bibtex = BIBTEX["kang2024"]
    holds = "At a fixed total of videos, with combinations held out of training."
    misleads = "A share is capped at 1; judged by people there and by rules elsewhere, levels do not compare."
    ranges = {"combinations": (2.0, 100.0)}

    k: float = coefficient("coefficient", output="abnormal", combinations="beta")
    beta: float = exponent("exponent", typical=0.8)

    published = {
        "kang2024": Published(
            {"k": 0.67 * 6**SLOPE, "beta": SLOPE},
            "Kang et al. 2024, project page: 67, 18 and 10 % at 6, 30 and 60 templates (DiT-XL); the power is gnomon's",
            checks=(
                ({"combinations": 6}, 0.67, 1e-9),
                ({"combinations": 30}, 0.18, 0.02),
                ({"combinations": 60}, 0.10, 1e-9),
            ),
            note="Through the first and the last of three points; the middle one is met within 2 %.",
        )
    }

    def formula(self, combinations: Any) -> Any:
        """K / combinations^beta."""
        return self.k / combinations**self.beta
