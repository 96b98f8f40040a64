"""Trying a design before it is trained: families from published constants, runs with noise, refits, errors at the target.

    ln y = ln law_f + s_run z_run + s_row z_row          error = |exp(ln refit - ln law_f) - 1| at the target, without noise

The refits are those of the forecasts' main law: squared residuals of the logarithm under the weak prior of `forecast.penalised`, on the
scale of the noise. They begin at the family's own constants: what is tried is the design, not the search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from gnomon.fit.design import Design as Rows
from gnomon.fit.newton import Prior
from gnomon.fit.objective import OBJECTIVES
from gnomon.fit.stack import stacks
from gnomon.forecast.penalised import FLOOR_GAP, LEAST_SCALE, is_floor, weak_prior
from gnomon.laws.chinchilla import Chinchilla
from gnomon.laws.law import Law
from gnomon.laws.overtrain import Overtrain
from gnomon.plan.ladders import Design

Array = np.ndarray

STEPS, PRECISE = 25, 1e-5  # as the refits behind the forecasts' bootstrap term


@dataclass(frozen=True)
class Noise:
    """Sd of ln loss: `run` in common to the rows of a run (its seed), `row` of each row beside it."""

    run: float
    row: float

    @property
    def total(self) -> float:
        """Of a single row."""
        return float(np.hypot(self.run, self.row))


@cache
def families() -> Mapping[str, Law]:
    """The published constants that stand for families: text, losses in nats per token, one for each set of runs, none second-hand."""
    found: dict[str, Law] = {name: getattr(Chinchilla, name) for name in ("besiroglu2024", "muennighoff2023_c4")}
    return found | {name: chinchilla_of(getattr(Overtrain, name)) for name in ("gadre2024_c4", "gadre2024_redpajama")}


def chinchilla_of(law: Law) -> Law:
    """The over-training law in Chinchilla's coordinates: A = a / 6^eta, B = b / 6^eta, both exponents 2 eta."""
    v = law.values
    scale = 6.0 ** v["eta"]
    return Chinchilla(E=v["E"], A=v["a"] / scale, alpha=2 * v["eta"], B=v["b"] / scale, beta=2 * v["eta"])


def errors(
    designs: Sequence[Design],
    target: Mapping[str, float],
    noise: Noise,
    *,
    replicas: int,
    seed: int,
    truths: Sequence[Law] | None = None,
) -> list[Array]:
    """Relative errors (families, replicas) of the forecast of a noise-free target, for each of many designs.

    Args:
        designs: to be tried; all their refits are made in a few batches.
        target: params and tokens.
        noise: of the runs.
        replicas: simulated studies a family and design.
        seed: of the noise. A design's errors do not depend on the others.
        truths: laws of Chinchilla's form in place of the published families.
    """
    laws = list(families().values()) if truths is None else list(truths)
    at = {name: np.array([float(target[name])]) for name in ("params", "tokens")}
    true = np.log([float(np.ravel(law(**at))[0]) for law in laws])
    tables = [_table(design, laws) for design in designs]
    found: list[Array] = [np.empty((0, 0))] * len(designs)
    for places, stack in stacks([rows for rows, _ in tables]):
        studies = [_studies(designs[i], *tables[i], noise, replicas, seed) for i in places]
        count, width = len(laws) * replicas, stack.target.shape[1]
        measured = np.zeros((len(places) * count, width))
        for k, study in enumerate(studies):
            measured[k * count : (k + 1) * count, : study.shape[1]] = study
        start = [np.repeat([tables[i][0].theta(law.values) for law in laws], replicas, axis=0) for i in places]
        mean = [_prior_mean(tables[i][0], study) for i, study in zip(places, studies, strict=True)]
        prior, _ = weak_prior(Chinchilla, stack.designs[0])
        theta = stack.minimise(
            OBJECTIVES["squared_log"],
            np.concatenate(start),
            np.repeat(np.arange(len(places)), count),
            Prior(np.concatenate(mean), prior.sd / max(noise.total, LEAST_SCALE), prior.logarithmic),
            target=np.exp(measured),
            continuation=0,
            iterations=STEPS,
            tolerance=PRECISE,
        ).theta
        for k, i in enumerate(places):
            with np.errstate(all="ignore"):
                refit = np.log(tables[i][0].at(at).predict(theta[k * count : (k + 1) * count]))
            found[i] = np.abs(np.expm1(refit.reshape(len(laws), replicas) - true[:, None]))
    return found


def _table(design: Design, laws: Sequence[Law]) -> tuple[Rows, Array]:
    """The rows of a design, and ln loss of every family on them (families, n)."""
    params, tokens, run = design.rows()
    true = np.log([law(params=params, tokens=tokens) for law in laws])
    return Rows(Chinchilla, (params, tokens), np.exp(true[0]), run), true


def _studies(design: Design, rows: Rows, true: Array, noise: Noise, replicas: int, seed: int) -> Array:
    """ln loss in fit units of simulated studies (families x replicas, n)."""
    rng = np.random.default_rng([seed, 0xAD5E, *np.frombuffer(np.float64(design.params[-1]).tobytes(), np.uint32)])
    shape, run = (len(true), replicas), rows.groups
    shocks = noise.run * rng.standard_normal((*shape, len(design.params)))[:, :, run]
    shocks += noise.row * rng.standard_normal((*shape, len(run)))
    return np.asarray((true[:, None, :] + shocks - np.log(rows.scales["loss"])).reshape(-1, len(run)))


def _prior_mean(rows: Rows, measured: Array) -> Array:
    """Centres of the weak prior (B, p); that of the floor lies below the smallest loss of each simulated study."""
    mean = np.repeat(weak_prior(Chinchilla, rows)[0].mean, len(measured), axis=0)
    for j, parameter in enumerate(Chinchilla.parameters.values()):
        if is_floor(parameter):
            mean[:, j] = measured.min(axis=1) + FLOOR_GAP[0]
    return mean
