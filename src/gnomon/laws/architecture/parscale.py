"""Parallel streams: P learned variants of one set of weights run side by side, their outputs mixed."""

from __future__ import annotations

from typing import Any

from gnomon.laws.law import Law, Published, coefficient, exponent, floor, number
from gnomon.laws.references import BIBTEX

OUR_REFIT = (
    "Chen et al. 2025, losses printed in parametric_fit.py of their repository, refit here with its protocol "
    "(Huber 1e-3 on log loss)"
)


class ParScale(Law):
    """Loss by size and parallel streams: P streams are worth a factor 1 + k ln P in parameters.

    L = E + (A / (N (k ln P + 1)))^alpha, natural logarithm, at one number of tokens.

    Source: Chen et al. 2025.
    """

    id = "parscale"
    question = "How many parameters are P parallel streams of the same weights worth?"
    inputs = ("params", "streams")
    text = "loss = E + (A / (params * (k * log(streams) + 1)))^alpha"
    source = "Chen et al. 2025, Parallel Scaling Law for Language Models, and parametric_fit.py of their repository"
    bibtex = BIBTEX["chen2025_parscale"]
    holds = "At one number of tokens, 1 to 8 streams, with diversity between the streams."
    misleads = "Training costs P times the compute: at fixed compute the comparison is another one."
    domain = {"streams": (0.5, float("inf"))}  # whole numbers from 1; below, the logarithm would turn the sign
    ranges = {"params": (5e8, 5e9), "streams": (1.0, 8.0)}
    fixed_units = {"streams": "its logarithm is added to one"}

    E: float = floor("floor of the loss", typical=0.7)
    A: float = number(
        "size at which the reducible loss is 1",
        bounds=(1e-12, 1e6),
        grid=(1e-6, 1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3),
        log=True,
        units={"params": 1, "loss": "1 / alpha"},
        typical=0.01,
    )
    alpha: float = exponent("size exponent", typical=0.2)
    k: float = number("worth of ln P", bounds=(1e-8, 10.0), grid=(0.05, 0.2, 0.4, 1.0), log=True, typical=0.4)

    published = {
        "stack": Published(
            {"E": 0.6911266607, "A": 0.01130841565e9, "alpha": 0.1893218339, "k": 0.3934114766},
            OUR_REFIT + ", Stack-V2 (Python)",
            checks=(
                ({"params": 535813376, "streams": 1}, 1.1722, 2e-3),
                ({"params": 4.35e9, "streams": 8}, 0.9794, 3e-3),
            ),
            note="The paper is quoted (from memory) with k = 0.39. E and A trade off: quote k, not A.",
        ),
        "pile": Published(
            {"E": 1.289741688, "A": 0.1965136276e9, "alpha": 0.196659266, "k": 0.3341812626},
            OUR_REFIT + ", Pile",
            checks=(
                ({"params": 535813376, "streams": 1}, 2.1113, 2e-3),
                ({"params": 4.35e9, "streams": 8}, 1.7772, 3e-3),
            ),
            note="The paper is quoted (from memory) with k = 0.33. E and A trade off: quote k, not A.",
        ),
    }

    def formula(self, params: Any, streams: Any) -> Any:
        """E + (A / (params (k ln streams + 1)))^alpha."""
        gain = self.k * self.xp(params, streams).log(streams) + 1.0
        return self.E + (self.A / (params * gain)) ** self.alpha


class ParScaleCorrelated(Law):
    """Averaging P streams whose errors are correlated: the gain saturates.

    L = E + A / N^alpha (1 + (P - 1) rho) / P: with residual errors of pairwise correlation rho the mean of P streams has
    that share of the variance. The rival of parscale: compare them on held-out P.

    Source: the argument behind parscale with a constant correlation.
    """

    id = "parscale_correlated"
    question = "Do parallel streams saturate, as averages of correlated errors do?"
    inputs = ("params", "streams")
    text = "loss = E + A / params^alpha * (1 + (streams - 1) * rho) / streams"
    source = "the mean of P predictions with pairwise error correlation rho, on the size term of Chen et al. 2025"
    bibtex = BIBTEX["chen2025_parscale"]
    holds = "As the rival of parscale: which of the two forecasts the largest P says whether the gain saturates."
    misleads = "With P up to 4 both forms fit alike; the limit rho is then an extrapolation."
    domain = {"streams": (0.5, float("inf"))}
    ranges = {"params": (5e8, 5e9), "streams": (1.0, 8.0)}
    fixed_units = {"streams": "it is counted from one"}

    E: float = floor("floor of the loss", typical=0.7)
    A: float = coefficient("size coefficient", params="alpha", typical=0.5)
    alpha: float = exponent("size exponent", typical=0.2)
    rho: float = number(
        "correlation of the streams' errors", bounds=(0.0, 1.0), grid=(0.2, 0.5, 0.8, 0.95), typical=0.8
    )

    def formula(self, params: Any, streams: Any) -> Any:
        """E + A / params^alpha (1 + (streams - 1) rho) / streams."""
        return self.E + self.A / params**self.alpha * ((1.0 + (streams - 1.0) * self.rho) / streams)
