"""Mixtures of experts: what more experts, or finer ones, are worth in parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.laws.law import Law, Published, coefficient, exponent, floor, number
from gnomon.laws.references import BIBTEX
from gnomon.laws.starting import amplitudes, best_of, cells

LN10 = float(np.log(10.0))
COARSE = (0.06, 0.12, 0.2, 0.32)  # exponents tried for a start: published ones of these laws lie in .11 to .19


def saturating(experts: Any, start: Any, most: Any) -> Any:
    """Effective experts E^: `start` for one expert, `most` for infinitely many.

    1/E^ = 1/(E - 1 + 1/(1/start - 1/most)) + 1/most. Clark et al. 2022, section 5 (the form is quoted from memory).
    """
    return 1.0 / (1.0 / (experts - 1.0 + 1.0 / (1.0 / start - 1.0 / most)) + 1.0 / most)


class ClarkMoe(Law):
    """Loss of routed models by the size of the dense model they extend and the number of experts.

    log10 L = a log10 N + b log10 E^ + c log10 N log10 E^ + d, E^ the effective experts, which saturate at E_max.
    a, b < 0; c > 0: experts help large models less. N counts the dense model, not the experts.

    Source: Clark et al. 2022.
    """

    id = "clark_moe"
    question = "What are E experts worth for a model of a given dense size?"
    inputs = ("params", "experts")
    text = (
        "loss = 10^(d + a * n + b * e + c * n * e) where n = log10(params), e = -log10(1 / (experts - 1 + "
        "1 / (1 / E_start - 1 / E_max)) + 1 / E_max)"
    )
    source = "Clark et al. 2022, Unified Scaling Laws for Routed Language Models, saturating bilinear form"
    bibtex = BIBTEX["clark2022"]
    holds = "One amount of data, routed models of 15M to 1.3B dense parameters, up to 512 experts."
    misleads = "Data are not in it: at another number of tokens the worth of experts changes; far out c turns the sign."
    ranges = {"params": (1.5e7, 1.3e9), "experts": (1.0, 512.0)}
    fixed_units = {
        "params": "its logarithm is multiplied by that of the experts",
        "experts": "it is counted from one",
        "loss": "its logarithm is what the law gives",
    }

    a: float = number("size exponent", bounds=(-1.0, 0.5), typical=-0.08)
    b: float = number("expert exponent at one parameter", bounds=(-2.0, 2.0), typical=-0.12)
    c: float = number("how experts lose worth with size", bounds=(-0.2, 0.2), typical=0.01)
    d: float = number("decimal logarithm of the loss at one parameter", bounds=(-5.0, 10.0), typical=1.1)
    E_start: float = number("effective experts of the dense model", bounds=(1.0, 50.0), log=True, typical=1.8)
    E_max: float = number("where effective experts saturate", bounds=(20.0, 1e5), log=True, typical=300.0)

    published = {
        name: Published(
            dict(zip(("a", "b", "c", "d", "E_start", "E_max"), values, strict=True)),
            f"Clark et al. 2022, {router}; quoted here from a secondary source",
            checks=(({"params": 1e9, "experts": 1.0}, check, 1e-9),),
            note="The logarithms are decimal: natural ones would give 0.55 nats for the dense billion.",
        )
        for name, router, values, check in (
            ("s_base", "S-BASE", (-0.082, -0.108, 0.009, 1.104, 1.847, 314.5), 2.28457486219),
            ("rl_r", "RL-R", (-0.083, -0.126, 0.012, 1.111, 1.880, 470.0), 2.28594174545),
            ("hash", "HASH", (-0.087, -0.136, 0.012, 1.157, 4.175, 477.7), 2.27311610298),
        )
    }

    def formula(self, params: Any, experts: Any) -> Any:
        """10^(d + a n + b e + c n e), n = log10 params, e = log10 of the effective experts."""
        xp = self.xp(params, experts)
        n = xp.log(params) / LN10
        e = xp.log(saturating(experts, self.E_start, self.E_max)) / LN10
        return xp.exp(LN10 * (self.d + self.a * n + self.b * e + self.c * n * e))

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """For given E_start and E_max the logarithm of the loss is linear in a, b, c, d."""
        params, experts = inputs
        v = cells(E_start=(1.2, 1.8, 3.0, 6.0), E_max=(100.0, 300.0, 1000.0))
        n = np.log10(params) + np.zeros_like(v["E_start"])
        e = np.log10(saturating(experts, v["E_start"], v["E_max"]))
        found, misfit = amplitudes([np.ones_like(n), n, e, n * e], np.log10(output), signed=True)
        return best_of(v | {k: found[:, j : j + 1] for j, k in enumerate("dabc")}, misfit)


class Krajewski(Law):
    """Loss of a mixture of experts by active size, tokens and granularity.

    L = c + (g / G^gamma + a) / N^alpha + b / D^beta, G how many times finer the experts are than the dense layer.
    The routing costs compute that grows with G: an optimum over G needs a cost model that counts it.

    Source: Krajewski et al. 2024.
    """

    id = "krajewski"
    question = "How fine should the experts of a mixture be?"
    inputs = ("params", "tokens", "granularity")
    text = "loss = c + (g / granularity^gamma + a) / params^alpha + b / tokens^beta"
    source = "Krajewski et al. 2024, Scaling Laws for Fine-Grained Mixture of Experts"
    bibtex = BIBTEX["krajewski2024"]
    holds = "For a fixed ratio of total to active size, granularity 1 to 16."
    misleads = "A finer model always looks better: the price of routing stands outside the law."
    ranges = {"params": (5e7, 5e9), "tokens": (1e9, 1e12), "granularity": (1.0, 32.0)}

    c: float = floor("floor of the loss", typical=0.5)
    g: float = coefficient("cost of coarse experts", params="alpha", granularity="gamma", typical=0.3)
    gamma: float = exponent("granularity exponent", grid=np.geomspace(0.15, 1.5, 6), typical=0.6)
    a: float = coefficient("size coefficient", params="alpha", typical=0.5)
    alpha: float = exponent("size exponent", typical=0.15)
    b: float = coefficient("data coefficient", tokens="beta", typical=0.5)
    beta: float = exponent("data exponent", typical=0.15)

    published = {
        "krajewski2024": Published(
            {"a": 18.1, "alpha": 0.115, "b": 30.8, "beta": 0.147, "g": 2.1, "gamma": 0.58, "c": 0.47},
            "Krajewski et al. 2024, table of fitted coefficients (64 experts); quoted here from two secondary sources",
            checks=(({"params": 1e9, "tokens": 2e10, "granularity": 1.0}, 3.27613323473, 1e-10),),
            note="Rounded. Their dense baseline is a chinchilla law with E 0.47, A 16.3, alpha .126, B 26.7, beta .127.",
        )
    }

    def formula(self, params: Any, tokens: Any, granularity: Any) -> Any:
        """C + (g / granularity^gamma + a) / params^alpha + b / tokens^beta."""
        size = (self.g / granularity**self.gamma + self.a) / params**self.alpha
        return self.c + size + self.b / tokens**self.beta


class JointMoe(Law):
    """Loss of dense models and mixtures of experts together, by active size, tokens and experts.

    L = c + a E^^delta / N^(alpha + gamma ln E^) + b E^^omega / D^(beta + zeta ln E^), N the active parameters and
    E^ the effective experts as in clark_moe.

    Source: Ludziejewski et al. 2025.
    """

    id = "joint_moe"
    question = "Under a limit of memory or compute, how many experts should a model have?"
    inputs = ("active_params", "tokens", "experts")
    text = (
        "loss = c + a * exp(delta * e - (alpha + gamma * e) * log(active_params)) + "
        "b * exp(omega * e - (beta + zeta * e) * log(tokens)) where "
        "e = -log(1 / (experts - 1 + 1 / (1 / E_start - 1 / E_max)) + 1 / E_max)"
    )
    source = "Ludziejewski et al. 2025, Joint MoE Scaling Laws: Mixture of Experts Can Be Memory Efficient"
    bibtex = BIBTEX["ludziejewski2025"]
    holds = "From dense models to 32 experts, one expert active, up to a few billion active parameters."
    misleads = "Eleven parameters: with less than a hundred runs over all three axes most of them are guesses."
    ranges = {"active_params": (5e7, 5e9), "tokens": (2e9, 5e11), "experts": (1.0, 32.0)}
    fixed_units = {
        "active_params": "its exponent depends on the experts",
        "tokens": "its exponent depends on the experts",
        "experts": "it is counted from one",
    }

    c: float = floor("floor of the loss", typical=1.4)
    a: float = number("size coefficient", bounds=(1e-3, 1e6), log=True, linear=True, units={"loss": 1}, typical=36.0)
    alpha: float = exponent("size exponent at one effective expert", bounds=(0.005, 1.5), grid=COARSE, typical=0.19)
    gamma: float = number("its change with ln experts", bounds=(-0.3, 0.3), grid=(0.0,), typical=-0.01)
    delta: float = number("expert exponent of the size term", bounds=(-3.0, 3.0), grid=(0.0,), typical=0.2)
    b: float = number("data coefficient", bounds=(1e-3, 1e6), log=True, linear=True, units={"loss": 1}, typical=36.0)
    beta: float = exponent("data exponent at one effective expert", bounds=(0.005, 1.5), grid=COARSE, typical=0.18)
    zeta: float = number("its change with ln experts", bounds=(-0.3, 0.3), grid=(0.0,), typical=0.03)
    omega: float = number("expert exponent of the data term", bounds=(-3.0, 3.0), grid=(0.0,), typical=-0.5)
    E_start: float = number(
        "effective experts of the dense model", bounds=(1.0, 50.0), grid=(2.0,), log=True, typical=2.1
    )
    E_max: float = number(
        "where effective experts saturate", bounds=(20.0, 1e5), grid=(300.0,), log=True, typical=290.0
    )

    published = {
        "ludziejewski2025": Published(
            {
                "a": 35.91, "alpha": 0.1889, "delta": 0.2285, "gamma": -0.0098, "b": 35.98, "beta": 0.1775,
                "omega": -0.5529, "zeta": 0.0259, "c": 1.3637, "E_start": 2.07, "E_max": 290.45,
            },
            "Ludziejewski et al. 2025, table of fitted coefficients; quoted here from one secondary source",
            checks=(({"active_params": 1e9, "tokens": 2e10, "experts": 1.0}, 2.57274870765, 1e-10),),
            note="Doubtful: the signs of gamma, omega and zeta were not checked against the paper.",
        )
    }  # fmt: skip

    def formula(self, active_params: Any, tokens: Any, experts: Any) -> Any:
        """C + a E^^delta / N^(alpha + gamma ln E^) + b E^^omega / D^(beta + zeta ln E^)."""
        xp = self.xp(active_params, tokens, experts)
        e = xp.log(saturating(experts, self.E_start, self.E_max))
        size = xp.exp(self.delta * e - (self.alpha + self.gamma * e) * xp.log(active_params))
        data = xp.exp(self.omega * e - (self.beta + self.zeta * e) * xp.log(tokens))
        return self.c + self.a * size + self.b * data

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """From laws whose exponents do not depend on the experts, with the floor and coefficients solved for."""
        params, tokens, experts = inputs
        v = cells(alpha=COARSE, beta=COARSE, delta=(-0.3, 0.1), omega=(-0.5, 0.0, 0.2))
        e = np.log(saturating(experts, 2.0, 300.0))
        size = np.exp(v["delta"] * e - v["alpha"] * np.log(params))
        data = np.exp(v["omega"] * e - v["beta"] * np.log(tokens))
        found, misfit = amplitudes([np.ones_like(size), size, data], output, weights=1.0 / output)
        v |= {k: found[:, j : j + 1] for j, k in enumerate(("c", "a", "b"))}
        v |= {"a": np.maximum(v["a"], 0.01), "b": np.maximum(v["b"], 0.01)}
        zero = np.zeros_like(v["alpha"])
        return best_of(v | {"gamma": zero, "zeta": zero, "E_start": zero + 2.0, "E_max": zero + 300.0}, misfit, most=24)


class MoeActive(Law):
    """A rule of thumb: Chinchilla's law in an effective size between active and total parameters.

    L = E + A / n^alpha + B / D^beta, n = active^(1 - w) total^w. w = 0 counts the active parameters, w = 1/2 takes
    their geometric mean with the total; a fit finds the w of the runs at hand.

    Source: a heuristic without a paper behind its numbers.
    """

    id = "moe_active"
    question = "Which size does a mixture of experts count for: the active, the total, or something between?"
    inputs = ("active_params", "params", "tokens")
    text = "loss = E + A / n^alpha + B / tokens^beta where n = active_params^(1 - w) * params^w"
    source = "a heuristic: Hoffmann et al. 2022, equation 2, in the geometric mean of active and total parameters"
    bibtex = BIBTEX["hoffmann2022"]
    holds = "As a first look at runs with several ratios of active to total parameters."
    misleads = "It is a heuristic: w is no constant of nature and moves with routing, granularity and data."
    shared_units = {"active_params": "params"}
    ranges = {"active_params": (5e7, 5e9), "params": (1e8, 5e10), "tokens": (1e9, 1e12)}

    E: float = floor("floor of the loss")
    A: float = coefficient("size coefficient", params="alpha")
    alpha: float = exponent("size exponent")
    B: float = coefficient("data coefficient", tokens="beta")
    beta: float = exponent("data exponent")
    w: float = number("weight of the total", bounds=(-1.0, 2.0), grid=(0.0, 0.25, 0.5, 0.75, 1.0), typical=0.5)

    def formula(self, active_params: Any, params: Any, tokens: Any) -> Any:
        """E + A / (active^(1 - w) total^w)^alpha + B / tokens^beta."""
        size = active_params ** (1.0 - self.w) * params**self.w
        return self.E + self.A / size**self.alpha + self.B / tokens**self.beta
