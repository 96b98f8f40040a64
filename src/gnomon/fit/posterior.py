"""The posterior of a law's parameters and noise as a function of one unbounded vector, in the array namespace of JAX.

    q = (phi (p), ln s [, ln nu] [, ln tau, z (G)] [, logit rho])
    theta_j = lower_j + (upper_j - lower_j) / (1 + exp(-phi_j)),   with the logarithm of its slope added
    r_i = ln y_i - ln law_i - tau z_g(i)        (log residuals; law - y and law / y - 1 likewise)

    objective      residuals                                        further unknowns
    huber, student Student-t(nu) of scale s                         ln s ~ N(ln .01, 2), nu ~ Gamma(2, 0.1)
    squared_log,   normal of sd s                                   ln s ~ N(ln .01, 2)
      squared, relative
    binomial       counts; beta-binomial of correlation rho         logit rho ~ N(-4, 2), where the counts scatter
                   where they scatter beyond chance                 (correlation 2 %, within .04 % and 50 %)

tau is the sd of what all rows of a run share, present where runs have several rows: ln tau ~ N(ln .01, 2), z ~ N(0, 1). Residuals of
1 % within a factor of 50 either way hold every table of losses; nu's prior is that of Juarez and Steel 2010. Rows are in fit units.
The widths of rows whose noise depends on scale are taken as estimated, not sampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.fit.counts import Dispersion
from gnomon.fit.design import Design
from gnomon.fit.noise import NU_RATE, NU_SHAPE
from gnomon.fit.objective import Objective
from gnomon.fit.weak_prior import WeakPrior

Array = np.ndarray

LN_SCALE = (float(np.log(0.01)), 2.0)
LOGIT_RHO = (-4.0, 2.0)
EDGE = 1e-3  # share of its range that a start keeps from a bound
LEAST_SHARE = 1e-12  # a law at or beyond 0 or 1 gives counts this probability


@dataclass(frozen=True)
class Posterior:
    """The unknowns of a fit and their log density.

    Args:
        design: the rows.
        objective: names the residuals.
        priors: one per parameter.
        spread: scatter of counts; None for other objectives.
        stated_freedom: nu of Student-t residuals; None: unknown.
    """

    design: Design
    objective: Objective
    priors: tuple[WeakPrior, ...]
    spread: Dispersion | None
    stated_freedom: float | None = None

    @property
    def heavy(self) -> bool:
        """Whether residuals are Student-t."""
        return self.objective.name in ("huber", "student")

    @property
    def freedom(self) -> float | None:
        """Degrees of freedom, where they were stated."""
        return self.stated_freedom if self.heavy else None

    @property
    def shared(self) -> bool:
        """Whether rows of a run share part of their residual."""
        return self.spread is None and len(np.unique(self.design.groups)) < len(self.design.output)

    @property
    def likelihood(self) -> str:
        """The residuals in words."""
        if self.spread is not None:
            return "beta-binomial" if self.spread.more_than_counts else "binomial"
        return ("Student-t" if self.heavy else "normal") + (
            ", a part shared by the rows of a run" if self.shared else ""
        )

    def names(self) -> list[str]:
        """Unknowns beside the parameters, in the order of q, without z."""
        if self.spread is not None:
            return ["logit rho"] if self.spread.more_than_counts else []
        open_tails = self.heavy and self.freedom is None
        return ["ln s", *(["ln nu"] if open_tails else []), *(["ln tau"] if self.shared else [])]

    def start(self, theta: Array, residual_sd: float) -> Array:
        """q at an optimum, moved off the bounds."""
        low, high = self.design.kernel.lower, self.design.kernel.upper
        share = np.clip((theta - low) / (high - low), EDGE, 1.0 - EDGE)
        usual = {"ln s": np.log(max(residual_sd, 1e-6)), "ln nu": np.log(NU_SHAPE / NU_RATE)}
        usual |= {"ln tau": usual["ln s"], "logit rho": LOGIT_RHO[0]}
        runs = len(np.unique(self.design.groups)) if self.shared else 0
        return np.concatenate([np.log(share / (1 - share)), [usual[n] for n in self.names()], np.zeros(runs)])

    def theta(self, q: Any, xp: Any = np) -> Any:
        """Coordinates (..., p) of q (..., k)."""
        low, high = self.design.kernel.lower, self.design.kernel.upper
        return low + (high - low) / (1.0 + xp.exp(-q[..., : self.design.p]))

    def log_density(self, q: Any) -> Any:
        """ln of prior times likelihood at q (k,), up to a constant; q of jax.numpy."""
        import jax.numpy as jnp
        from jax.scipy.special import betaln, gammaln

        p = self.design.p
        theta = self.theta(q, jnp)
        phi = q[:p]
        total = jnp.sum(-jnp.logaddexp(0.0, -phi) - jnp.logaddexp(0.0, phi))
        for j, prior in enumerate(self.priors):
            coordinate = jnp.log(theta[j]) if prior.logarithmic else theta[j]
            total += -0.5 * ((coordinate - prior.mean) / prior.sd) ** 2 - (coordinate if prior.logarithmic else 0.0)
        other = dict(zip(self.names(), q[p:], strict=False))
        law = self.design.law(**values_of_jax(self.design, theta)).formula(*map(jnp.asarray, self.design.scaled_inputs))
        load, measured = self.design.load, self.design.target
        if self.spread is not None:
            chance = jnp.clip(law, LEAST_SHARE, 1.0 - LEAST_SHARE)
            hits = measured * self.design.trials_of_rows
            misses = self.design.trials_of_rows - hits
            if "logit rho" not in other:
                return total + jnp.sum(
                    load / self.design.trials_of_rows * (hits * jnp.log(chance) + misses * jnp.log1p(-chance))
                )
            total += _normal(other["logit rho"], *LOGIT_RHO)
            size = jnp.exp(-other["logit rho"])  # 1 / rho - 1
            a, b = chance * size, (1.0 - chance) * size
            return total + jnp.sum(betaln(hits + a, misses + b) - betaln(a, b))
        if self.objective.scale == "log":
            residual = jnp.log(measured) - jnp.log(jnp.maximum(law, 1e-300))
        else:
            residual = measured - law if self.objective.scale == "output" else 1.0 - law / measured
        total += _normal(other["ln s"], *LN_SCALE)
        if self.shared:
            total += _normal(other["ln tau"], *LN_SCALE)
            z = q[p + len(self.names()) :]
            total += -0.5 * jnp.sum(z * z)
            residual = residual - jnp.exp(other["ln tau"]) * z[np.unique(self.design.groups, return_inverse=True)[1]]
        unit = residual * jnp.exp(-other["ln s"]) / (1.0 if self.design.widths is None else self.design.widths)
        if not self.heavy:
            return total + jnp.sum(load * (-0.5 * unit * unit - other["ln s"]))
        ln_nu = other["ln nu"] if self.freedom is None else jnp.log(self.freedom)
        nu = jnp.exp(ln_nu)
        total += (
            NU_SHAPE * ln_nu - NU_RATE * nu
        )  # Gamma in nu, with the slope of the exponential; constant where stated
        height = gammaln(0.5 * (nu + 1)) - gammaln(0.5 * nu) - 0.5 * ln_nu - other["ln s"]
        return total + jnp.sum(load * (height - 0.5 * (nu + 1) * jnp.log1p(unit * unit / nu)))


def values_of_jax(design: Design, theta: Any) -> dict[str, Any]:
    """Parameter values in fit units of coordinates (p,) of jax.numpy."""
    import jax.numpy as jnp

    return {name: jnp.exp(theta[j]) if q.log else theta[j] for j, (name, q) in enumerate(design.law.parameters.items())}


def _normal(x: Any, mean: float, sd: float) -> Any:
    return -0.5 * ((x - mean) / sd) ** 2
