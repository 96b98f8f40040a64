"""Bayesian intervals: the posterior of a law sampled by NUTS, refused when the chains say that it was not.

Four chains start two Laplace standard deviations apart (in distribution) and adapt a dense metric. The sample is believed when, for every
parameter and noise term but the shared parts of single runs,

    R-hat <= 1.01, effective size >= 400, and at most 1 in 1000 steps diverged

(thresholds of Vehtari et al. 2021, section 4), the effective size being the least of that of the mean and of the two tails.

If not, it is drawn once more with shorter steps and twice the warm-up; if still not, the answer is a refusal, not an interval.
Needs NumPyro: pip install 'gnomon[bayes]'.

Source: Hoffman and Gelman 2014, The No-U-Turn Sampler; Phan et al. 2019, NumPyro.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.errors import InputError, Notice, RefusalError, need
from gnomon.fit.counts import dispersion
from gnomon.fit.design import Design
from gnomon.fit.objective import Objective
from gnomon.fit.posterior import Posterior
from gnomon.fit.profile import covariance
from gnomon.fit.weak_prior import CONFLICT, weak_priors
from gnomon.laws.arrays import doubles

Array = np.ndarray

CHAINS = 4  # Vehtari et al. 2021: at least four
LEAST_KEPT = 1000  # draws a chain: the ends of a 90 % interval are then known to some .08 of an sd
TRIES = ((500, 0.9), (1000, 0.99))  # warm-up steps and wanted acceptance
TAILS = (0.05, 0.95)  # Vehtari et al. 2021, section 4.3
MOST_R_HAT = 1.01  # Vehtari et al. 2021, section 4.2
LEAST_SIZE = 400.0  # Vehtari et al. 2021, section 4.2: 100 a chain
MOST_DIVERGED = 1e-3  # of the steps kept
SPREAD = 2.0  # standard deviations over which chains start: R-hat needs starts wider than the posterior
MOST_ROWS = 20_000  # each of a few 10^5 gradients costs all rows


@dataclass(frozen=True)
class Sample:
    """Draws of the coordinates (B, p) and what the chains say of themselves.

    Args:
        theta: draws.
        r_hat, size: per unknown, split R-hat and effective sample size, the least of mean and tails.
        diverged: divergent steps of `steps` kept.
        accepted: mean acceptance.
        tries: how often the chains were run.
    """

    theta: Array
    r_hat: dict[str, float]
    size: dict[str, float]
    diverged: int
    steps: int
    accepted: float
    tries: int

    def complaints(self) -> list[str]:
        """Why the sample is not to be believed; empty when it is."""
        found = []
        worst = max(self.r_hat, key=lambda k: _bad(self.r_hat[k]))
        if not self.r_hat[worst] <= MOST_R_HAT:
            found.append(f"R-hat of {worst} is {self.r_hat[worst]:.3g} (at most {MOST_R_HAT})")
        least = min(self.size, key=lambda k: -_bad(-self.size[k]))
        if not self.size[least] >= LEAST_SIZE:
            found.append(f"the effective size of {least} is {self.size[least]:.0f} (at least {LEAST_SIZE:.0f})")
        if self.diverged > MOST_DIVERGED * self.steps:
            found.append(f"{self.diverged} of {self.steps} steps diverged")
        return found

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "chains": CHAINS,
            "steps": self.steps,
            "runs": self.tries,
            "r_hat": self.r_hat,
            "effective_size": self.size,
            "divergences": self.diverged,
            "acceptance": self.accepted,
        }


def _bad(x: float) -> float:
    return x if np.isfinite(x) else np.inf


def require() -> None:
    """Make sure that NumPyro is there.

    Raises:
        MissingExtraError: it is not installed.
    """
    need("numpyro", "bayes", "--intervals bayes")


def posterior_of(design: Design, objective: Objective, theta: Array, stated_freedom: float | None = None) -> Posterior:
    """The posterior around an optimum (p,), with the priors of `weak_priors`; degrees of freedom stay where they were stated."""
    errors = np.sqrt(np.maximum(np.diag(covariance(design, objective, theta)), 0.0))
    spread = dispersion(design, theta) if objective.counts else None
    return Posterior(design, objective, weak_priors(design, theta, errors), spread, stated_freedom)


def conflicts(posterior: Posterior, theta: Array) -> list[Notice]:
    """Parameters whose optimum lies far from where the prior expects them."""
    far = [p.name for p, x in zip(posterior.priors, theta, strict=True) if p.distance(float(x)) > CONFLICT]
    if not far:
        return []
    return [
        Notice(
            "prior-conflict",
            f"{', '.join(far)} lie more than {CONFLICT:g} standard deviations from what the prior expects: check the units, or "
            "trust --intervals profile more.",
            {"parameters": far},
        )
    ]


def sample(posterior: Posterior, theta: Array, residual_sd: float, draws: int, seed: int) -> Sample:
    """Draws from a posterior.

    Args:
        posterior: the unknowns.
        theta: optimum (p,) about which chains start.
        residual_sd: sd of the residuals there.
        draws: kept, over all chains; at least 4,000 are made.
        seed: of the chains.

    Raises:
        MissingExtraError: NumPyro is not installed.
        InputError: too many rows, or a law that JAX cannot differentiate.
        RefusalError: the chains did not mix, twice.
    """
    require()
    if len(posterior.design.output) > MOST_ROWS:
        raise InputError(
            f"{len(posterior.design.output):,} rows are too many to sample a posterior over; {MOST_ROWS:,} is the most.",
            hint="So many rows determine a law without a prior: use --intervals bootstrap.",
        )
    for attempt, (warmup, wanted) in enumerate(TRIES, 1):
        found = _run(posterior, theta, residual_sd, draws, seed, attempt, warmup, wanted)
        complaints = found.complaints()
        if not complaints:
            return found
    raise RefusalError(
        f"The posterior could not be sampled: {'; '.join(complaints)}.",
        hint="The runs may not determine this law: try a simpler one, or --intervals profile.",
        code="not-sampled",
    )


def _run(
    posterior: Posterior, theta: Array, sd: float, draws: int, seed: int, attempt: int, warmup: int, wanted: float
) -> Sample:
    import jax
    from numpyro.diagnostics import effective_sample_size, split_gelman_rubin
    from numpyro.infer import MCMC, NUTS

    kept = max(LEAST_KEPT, -(-draws // CHAINS))
    with doubles():
        scale, centre = _whitener(posterior, posterior.start(theta, sd))

        def potential(u: Any) -> Any:
            import jax.numpy as jnp

            return -posterior.log_density(jnp.asarray(centre) + jnp.asarray(scale) @ u)

        rng = np.random.default_rng([seed, attempt, 0xBA7E5])
        starts = jax.numpy.asarray(SPREAD * rng.standard_normal((CHAINS, len(centre))))
        try:
            jax.eval_shape(jax.grad(potential), starts[0])
        except (jax.errors.JAXTypeError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                f"The law {posterior.design.law.id or 'of this formula'} cannot be differentiated by JAX: {type(error).__name__}.",
                hint="Use --intervals bootstrap or profile.",
            ) from error
        kernel = NUTS(potential_fn=potential, dense_mass=True, target_accept_prob=wanted)
        chains = MCMC(
            kernel,
            num_warmup=warmup,
            num_samples=kept,
            num_chains=CHAINS,
            chain_method="vectorized",
            progress_bar=False,
        )
        chains.run(
            jax.random.PRNGKey(seed + attempt - 1), init_params=starts, extra_fields=("diverging", "accept_prob")
        )
        u = np.asarray(chains.get_samples(group_by_chain=True))
        extra = chains.get_extra_fields(group_by_chain=True)
        diverging, accepted = np.asarray(extra["diverging"]), np.asarray(extra["accept_prob"])
    q = centre + u @ scale.T
    names = [*posterior.design.law.parameters, *posterior.names()]
    q_named = {name: q[..., j] for j, name in enumerate(names)}
    flat = posterior.theta(q.reshape(-1, q.shape[-1]))
    return Sample(
        flat[np.linspace(0, len(flat) - 1, min(draws, len(flat))).round().astype(int)],
        {name: float(split_gelman_rubin(values)) for name, values in q_named.items()},
        {name: min(map(float, map(effective_sample_size, _with_tails(values)))) for name, values in q_named.items()},
        int(diverging.sum()),
        int(diverging.size),
        float(accepted.mean()),
        attempt,
    )


def _with_tails(values: Array) -> list[Array]:
    """Draws (chains, draws), and whether each lies below the lower tail's quantile, and the upper one's."""
    return [values, *((values <= cut).astype(float) for cut in np.quantile(values, TAILS))]


def _whitener(posterior: Posterior, start: Array) -> tuple[Array, Array]:
    """Matrix and centre that make the posterior about standard normal: the inverse root of its curvature at its mode.

    The mode is sought from the optimum of the objective; directions without curvature keep the scale of their prior, 1.
    """
    import jax
    from scipy.optimize import minimize

    density = jax.jit(jax.value_and_grad(posterior.log_density))

    def minus(q: Array) -> tuple[float, Array]:
        value, slope = density(q)
        return float(np.nan_to_num(-value, nan=1e30)), np.nan_to_num(-np.asarray(slope, float))

    found = minimize(minus, start, jac=True, method="BFGS", options={"maxiter": 500})
    best = found.x if np.isfinite(found.fun) else start
    curvature = np.nan_to_num(-np.asarray(jax.hessian(posterior.log_density)(best)))
    values, vectors = np.linalg.eigh(0.5 * (curvature + curvature.T))
    return vectors / np.sqrt(np.where(values > 1.0, values, 1.0)), best
