"""The multi-power law: a loss curve from the area under the learning rate and a saturating response to each of its drops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gnomon.laws.drops import LEAST_RATE, Drops, drops
from gnomon.laws.jet import Jet, compose, plain
from gnomon.laws.law import Published, exponent, floor, number
from gnomon.laws.references import BIBTEX
from gnomon.laws.schedule_law import Places, ScheduleLaw
from gnomon.laws.starting import amplitudes, best_of, cells
from gnomon.runs.schedule import Schedule

Array = np.ndarray

AUTHORS = "Luo et al. 2025, src/config.py of their repository"


CHECKED = (  # the last logged steps of two of the authors' curves
    ("cosine:steps=24000:peak=3e-4:end=3e-5:warmup=2160", 23920),
    ("two_stage:steps=16000:peak=3e-4:at=8000:end=9e-5:warmup=2160", 14144),
)


def _checks(*values: float) -> tuple[tuple[Mapping[str, Any], float, float], ...]:
    """Points with the value of the sum over all drops, one by one, and how far blocks of drops may be off."""
    return tuple(
        ({"schedule": text, "step": step}, value, 1e-6) for (text, step), value in zip(CHECKED, values, strict=True)
    )


class Mpl(ScheduleLaw):
    """Loss along any learning-rate schedule: a power of the area under it, less a saturating power for each drop.

    L(t) = L0 + A S(t)^-alpha - B sum_{k<=t} (lr_{k-1} - lr_k) G(lr_k^-gamma S_k(t)), G(x) = 1 - (1 + C x)^-beta, where
    S(t) = lr_0 + ... + lr_t and S_k(t) = lr_k + ... + lr_t, warm-up included. Rates below 1e-10 count as that in lr_k^-gamma.

    Source: Luo et al. 2025, the multi-power law.
    """

    id = "mpl"
    question = "What loss curve does a learning-rate schedule give, and which schedule ends lowest?"
    text = "loss = L0 + A * S^-alpha - B * sum_k(drop_k * (1 - (1 + C * S_k / lr_k^gamma)^-beta))"
    source = "Luo et al. 2025, A Multi-Power Law for Loss Curve Prediction Across Learning Rate Schedules"
    bibtex = BIBTEX["luo2025"]
    holds = "Curves of one model, batch size and peak rate; two or three shapes of schedule to fit, others to forecast."
    misleads = "C, beta and gamma trade against each other; what it says of rates below those fitted is extrapolation."
    terms_per_row = 120
    accuracy = 1e-6
    # Where the authors' optimiser starts, and how far it gets in its 200 steps: it moves C ten times as fast as beta and gamma.
    prior = {"C": (0.0, 1.0), "beta": (float(np.log(0.5)), 0.2), "gamma": (0.5, 0.1)}

    L0: float = floor("loss at infinite area", typical=0.85)
    A: float = number(
        "coefficient of the area", bounds=(1e-6, 1e3), linear=True, log=True, units={"loss": 1}, typical=0.15
    )
    alpha: float = exponent("exponent of the area", typical=0.5)
    B: float = number(
        "worth of a drop, per unit of rate", bounds=(1e-6, 1e6), linear=True, log=True, units={"loss": 1}, typical=120.0
    )
    C: float = number("how fast a drop takes effect", bounds=(1e-4, 1e4), log=True, typical=1.0)
    beta: float = number("exponent of the approach to the full effect", bounds=(0.02, 5.0), log=True, typical=0.5)
    gamma: float = number("how much faster drops act at low rates", bounds=(-1.0, 2.0), typical=0.5)

    published = {
        "luo2025_25m": Published(
            {
                "L0": 3.04045406, "A": 0.52468604, "alpha": 0.50786857, "B": 363.7875162,
                "C": 2.06560812, "beta": 0.58279013, "gamma": 0.64142257,
            },
            f"{AUTHORS}, 25M",
            checks=_checks(3.3152924112789615, 3.3950338813915475),
        ),
        "luo2025_100m": Published(
            {
                "L0": 2.6514477, "A": 0.60115152, "alpha": 0.45295811, "B": 437.9464276,
                "C": 2.13245612, "beta": 0.59785199, "gamma": 0.65523644,
            },
            f"{AUTHORS}, 100M",
            checks=_checks(2.990140706124244, 3.0795795664116477),
        ),
    }  # fmt: skip

    def value(self, at: Places) -> Any:
        """L0 + A S^-alpha - B sum(drop G), the sum by `drops`."""
        terms = _drops(at)
        parameters = (self.C, self.beta, self.gamma)
        xp = self.xp()
        if any(isinstance(p, Jet) for p in parameters):
            response: Any = _response_with_derivatives(terms, *parameters)
        elif xp is np:
            response = _response(terms, *parameters)
        else:
            x = self.C * xp.exp(-self.gamma * terms.log_rate) * terms.area
            response = terms.per_step(-terms.weight * xp.expm1(-self.beta * xp.log1p(x)), xp)
        return self.L0 + self.A * terms.total**-self.alpha - self.B * response

    degenerate = ""

    def sensitivity(self, schedule: Schedule) -> tuple[float, Array]:
        """Loss at the last step and its derivative by the rate of every step (T,), all drops taken one by one.

        With d_k = lr_{k-1} - lr_k and g_k = G'(lr_k^-gamma S_k): d(sum)/d lr_j = G_{j+1} - G_j + sum_{k<=j} d_k g_k lr_k^-gamma
        - gamma d_j g_j lr_j^(-gamma-1) S_j.
        """
        rates = np.maximum(schedule.rates, LEAST_RATE)
        total = float(schedule.rates.sum())
        since = np.cumsum(schedule.rates[::-1])[::-1][1:]  # S_k, k = 1 ... T - 1
        drop = -np.diff(schedule.rates)
        factor = rates[1:] ** -self.gamma
        grown = 1.0 + self.C * factor * since
        response = 1.0 - grown**-self.beta
        slope = self.beta * self.C * grown ** (-self.beta - 1.0) * factor * drop
        by_rate = np.zeros(len(rates))
        by_rate[:-1] += response
        by_rate[1:] += np.cumsum(slope) - response - self.gamma * slope * since / rates[1:]
        loss = self.L0 + self.A * total**-self.alpha - self.B * float(drop @ response)
        return float(loss), -self.alpha * self.A * total ** (-self.alpha - 1.0) - self.B * by_rate

    @classmethod
    def quantities(cls, *inputs: Any) -> dict[str, Any]:
        """S (n,), and drop_k, S_k, lr_k (n, k) of every step before each."""
        at = cls.places_of(*inputs)
        steps = np.concatenate([steps for _, steps, _ in at.parts])[at.order]
        longest = int(steps.max())
        found: dict[str, Any] = {name: np.empty((at.count, longest)) for name in ("drop_k", "S_k", "lr_k")}
        found["S"] = np.empty(at.count)
        for schedule, chosen, where in at.parts:
            rates = np.pad(schedule.rates, (0, max(longest + 1 - schedule.steps, 0)), mode="edge")[: longest + 1]
            for row, t in zip(where, chosen, strict=True):
                before = np.arange(1, longest + 1) <= t
                found["S"][row] = rates[: t + 1].sum()
                found["drop_k"][row] = np.where(before, rates[:-1] - rates[1:], 0.0)
                found["S_k"][row] = np.where(before, found["S"][row] - np.cumsum(rates)[:-1], 0.0)
                found["lr_k"][row] = rates[1:]
        return found

    @classmethod
    def starts(cls, inputs: Sequence[Array], output: Array) -> list[dict[str, float]]:
        """L0, A and B solved for on a grid of the others."""
        numbers, steps = inputs
        v = cells(alpha=(0.3, 0.5, 0.8), C=(0.3, 1.0, 3.0), beta=(0.3, 0.6, 1.0), gamma=(0.3, 0.6, 0.9))
        terms = _drops(cls.places_of(numbers, steps))
        response = _response(terms, v["C"], v["beta"], v["gamma"])
        one = np.ones_like(response)
        found, misfit = amplitudes([one, terms.total ** -v["alpha"], -response], output, weights=1.0 / output)
        values = v | {name: np.maximum(found[:, k], 1e-4) for k, name in enumerate(("L0", "A", "B"))}
        return best_of(values, misfit, apart="beta", most=6)


def _drops(at: Places) -> Drops:
    if "drops" not in at.kept:
        rows: list[Drops] = [drops(schedule.rates, steps) for schedule, steps, _ in at.parts]
        at.kept["drops"] = Drops.joined(rows, at.order)
    found: Drops = at.kept["drops"]
    return found


def _response(terms: Drops, C: Any, beta: Any, gamma: Any) -> Array:
    """sum_k drop_k G(lr_k^-gamma S_k), shape (n,) for numbers and (B, n) for parameters (B, 1)."""
    rows = []
    for c, b, g in _draws(C, beta, gamma):
        x = c * np.exp(-g * terms.log_rate)
        x *= terms.area
        x = -b * np.log1p(x)
        x = np.expm1(x, out=x)
        x *= terms.weight
        rows.append(-terms.per_step(x))
    return rows[0] if max(np.ndim(C), np.ndim(beta), np.ndim(gamma)) == 0 else np.stack(rows)


def _draws(*parameters: Any) -> list[tuple[float, ...]]:
    """Parameters draw by draw: the terms of one draw fit the cache, those of a hundred do not."""
    return list(zip(*(np.ravel(p).tolist() for p in np.broadcast_arrays(*parameters)), strict=True))


def _response_with_derivatives(terms: Drops, C: Any, beta: Any, gamma: Any) -> Jet:
    """The response as a jet. With x = C lr^-gamma S, h = (1 + x)^-beta, s = x / (1 + x), v = ln(1 + x), per term

    G = 1 - h, dG/dln x = beta h s, d2G/dln x2 = beta h s (1 - (1 + beta) s), dG/dbeta = h v, d2G/dbeta2 = -h v^2,
    d2G/dbeta dln x = h s (1 - beta v); and dln x/dC = 1 / C, dln x/dgamma = -ln lr.
    """
    values = tuple(plain(p) for p in (C, beta, gamma))
    log, weight, found = -terms.log_rate, terms.weight, []
    part = np.empty((10, len(weight)))
    for c, b, g in _draws(*values):
        x = np.exp(g * log)
        x *= terms.area
        x *= c
        v = np.log1p(x)
        h = np.exp(-b * v)
        h *= weight
        x /= 1.0 + x  # s from here on
        hs = h * x
        np.subtract(weight, h, out=part[0])
        np.multiply(hs, b, out=part[1])  # by ln x
        np.multiply(h, v, out=part[2])  # by beta
        np.multiply(part[1], log, out=part[3])  # by gamma
        x *= -(1.0 + b)
        x += 1.0
        np.multiply(part[1], x, out=part[4])  # by ln x twice
        np.multiply(part[2], v, out=part[7])  # by beta twice, less the sign
        v *= -b
        v += 1.0
        np.multiply(hs, v, out=part[5])  # by beta and ln x
        np.multiply(part[4], log, out=part[6])  # by ln x and gamma
        np.multiply(part[5], log, out=part[8])  # by beta and gamma
        np.multiply(part[6], log, out=part[9])  # by gamma twice
        total = terms.per_step(part)
        total[4] = (total[4] - total[1]) / c**2
        total[[1, 5, 6]] /= c
        found.append(total)
    sums = np.stack(found, 1)  # (10, B, n)
    if max(np.ndim(p) for p in values) == 0:
        sums = sums[:, 0]
    bends = {(0, 0): sums[4], (0, 1): sums[5], (0, 2): sums[6], (1, 1): -sums[7], (1, 2): sums[8], (2, 2): sums[9]}
    return compose((C, beta, gamma), sums[0], list(sums[1:4]), bends)
