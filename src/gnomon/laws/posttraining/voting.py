"""Majority voting: how the error falls with samples, over a data set and for one question."""

from __future__ import annotations

from typing import Any

from gnomon.laws.anchored import Anchored
from gnomon.laws.law import Law, Published, coefficient, exponent, floor, number
from gnomon.laws.references import BIBTEX

SOURCE = "Feng et al. 2025, Optimal Self-Consistency for Efficient Reasoning with Large Language Models"


class SelfConsistency(Anchored):
    """Error of majority voting over a data set, by samples a question.

    error = e0 + a n^-g; e0 is the share of questions whose most frequent answer is wrong. g = 1/2 where the gap between
    the two most frequent answers has a positive density at 0.

    Source: Feng et al. 2025.
    """

    id = "self_consistency"
    question = "How does the error of majority voting fall with the number of samples?"
    inputs = ("samples",)
    output = "error"
    text = "error = e0 + a / samples^g"
    source = SOURCE
    bibtex = BIBTEX["feng2025"]
    holds = "Free answers, fitted on 4 samples and more; resample questions, not sample counts, for the interval."
    misleads = "n = 1 and n = 2 give the same error and bend the fit; sets of multiple choice need not be monotone."
    ranges = {"samples": (4.0, 1024.0)}
    amplitude = "a"

    e0: float = floor("error of infinitely many samples", output="error", typical=0.5)
    a: float = coefficient("coefficient", output="error", samples="g", typical=0.7)
    g: float = exponent("exponent", typical=0.5)

    shapes = {
        "all_aligned": Published(
            {"e0": 0.0, "g": 0.5},
            SOURCE + ": Laplace transform of a margin density ~ m^-1/2 near 0",
            note="For questions whose most frequent answer is right; the exponent is a limit, approached slowly.",
        )
    }

    def formula(self, samples: Any) -> Any:
        """E0 + a / samples^g."""
        return self.e0 + self.a / samples**self.g


class VoteQuestion(Law):
    """Chance that the majority on one question is not its most frequent answer.

    P <= k (1 - m)^n with the margin m = (sqrt p1 - sqrt p2)^2 of the two most frequent answers; k = K - 1 rivals bound it.

    Source: Feng et al. 2025; the bound follows from the exponential moment of the count difference.
    """

    id = "vote_question"
    question = "How many samples settle one question by majority?"
    inputs = ("samples",)
    output = "error"
    text = "error = k * exp(samples * log(1 - m))"
    source = SOURCE + ", exponential rate of one question"
    bibtex = BIBTEX["feng2025"]
    holds = "As a bound for each question and as the rate in the limit of many samples."
    misleads = "At practical n the true error is several times below the bound: a factor n^-1/2 is missing."
    ranges = {"samples": (2.0, 64.0)}
    fixed_units = {"samples": "the law counts independent draws"}

    k: float = number("rivals", bounds=(1e-6, 1e6), linear=True, log=True, units={"error": 1})
    m: float = number(
        "margin", bounds=(1e-6, 0.999999), grid=(0.003, 0.01, 0.03, 0.1, 0.2, 0.4, 0.7), log=True, typical=0.05
    )

    def formula(self, samples: Any) -> Any:
        """K (1 - m)^samples."""
        xp = self.xp(samples)
        return self.k * xp.exp(samples * xp.log(1.0 - self.m))
