"""The polish: damped Newton steps with the exact Hessian, for a whole batch of fits at once, inside bounds, with optional priors.

A robust objective is approached by continuation: the Huber threshold starts wide (nearly least squares, nearly convex) and shrinks
to the wanted one. Finished fits leave the batch. How each fit ended is data (`Outcome`), never an exception.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from gnomon.fit.objective import Curvature, Objective
from gnomon.fit.quadratic import Quadratic, finite
from gnomon.fit.tables import Kernel

Array = np.ndarray

CONTINUATION = (100.0, 30.0, 10.0, 5.0, 2.5, 1.5)  # widths of the Huber threshold in units of the wanted one
CHUNK = 48_000  # rows x batch worked on at a time: the dozen arrays in flight then stay in the second-level cache
FIRST_STEPS = (
    7  # steps before the fits still moving are pooled: most warm starts are done by then, the rest share one batch
)
PROBE = 1e-4  # share of a step over which the slope of the residuals along it is taken: the bend it sees is a ten-thousandth
KEPT = 0.5  # share of the promised decrease below which the residuals have bent away; .9 costs a fifth more and ends no lower
START_DAMPING = 1e-3  # of the diagonal: nearly a full Newton step, raised sixfold whenever one fails
LEAST_LOG = 1e-3  # a prior on the logarithm of an exponent is flat below this: no law falls that slowly
DECREMENT = 1e-9  # a fit has converged when a full Newton step promises less than this share of the objective
FLOOR = 1e-26  # objective per row at which a noise-free fit is exact: residuals of 1e-13


class Outcome(enum.IntEnum):
    """How one fit of a batch ended."""

    converged = 0
    out_of_steps = 1  # the last step still promised progress: more iterations, or a ridge
    undefined = 2  # the law is not defined at the start, or nowhere near it


@dataclass(frozen=True)
class Prior:
    """Independent normal priors; `mean` and `sd` (B or 1, p), on ln(theta) where `logarithmic` (p,) or (B, p). sd = inf: none."""

    mean: Array
    sd: Array
    logarithmic: Array

    @cached_property
    def precision(self) -> Array:
        """1 / sd^2."""
        return 1.0 / self.sd**2

    @cached_property
    def _plain(self) -> bool:
        return not self.logarithmic.any()

    def penalty(self, theta: Array) -> Array:
        """What is added to the objective (B,)."""
        gap = self._coordinate(theta) - self.mean
        return 0.5 * (self.precision * gap * gap).sum(1)

    def slopes(self, theta: Array) -> tuple[Array, Array]:
        """Its gradient (p, B) and a non-negative curvature (p, B)."""
        pull = self.precision * (self._coordinate(theta) - self.mean)
        if self._plain:
            return pull.T, np.broadcast_to(self.precision, theta.shape).T
        slope = np.where(self.logarithmic, 1.0 / np.maximum(theta, LEAST_LOG), 1.0)
        return (pull * slope).T, (self.precision * slope * slope).T

    def _coordinate(self, theta: Array) -> Array:
        if self._plain:
            return theta
        return np.where(self.logarithmic, np.log(np.maximum(theta, LEAST_LOG)), theta)

    def rows(self, index: Any) -> Prior:
        """The prior of some fits of the batch."""
        shared = self.logarithmic.ndim == 1
        logarithmic = self.logarithmic if shared else _rows(self.logarithmic, index)
        return Prior(_rows(self.mean, index), _rows(self.sd, index), logarithmic)


def _rows(values: Any, index: Any) -> Any:
    """The rows of a batch; a single row or a number serves all of them."""
    return values if np.ndim(values) == 0 or len(values) == 1 else values[index]


@dataclass(frozen=True)
class Solution:
    """Batch of minima: theta (B, p), objective with penalty (B,), Newton decrement relative to it (B,), outcome (B,), steps (B,)."""

    theta: Array
    value: Array
    decrement: Array
    outcome: Array
    steps: Array

    @property
    def converged(self) -> Array:
        """(B,) flags."""
        return self.outcome == Outcome.converged


def minimise(
    kernel: Kernel,
    objective: Objective,
    theta: Array,
    target: Array,
    *,
    weights: Array | None = None,
    prior: Prior | None = None,
    frozen: Array | None = None,
    continuation: int = 1,
    iterations: int = 150,
    tolerance: float = DECREMENT,
) -> Solution:
    """Minimise sum_n weights_n rho(z_n - target_n) + prior, from each row of theta.

    Args:
        kernel: the law on its rows: of one table, or of the table that each fit of the batch owns.
        objective: residual and loss; its delta may be an array (B, 1).
        theta: starts (B, p).
        target: measured output (n,) or (B, n) in the kernel's units; positive unless it is a share of counts.
        weights: (n,) or (B, n); 1 when not given. Bootstrap draws are integer weights.
        prior: penalties on theta.
        frozen: (p,) flags of coordinates that stay at their start (profiles).
        continuation: Newton steps at each wider Huber threshold before the wanted one; 0 starts at the wanted one.
        iterations: most steps at the wanted threshold.
        tolerance: share of the objective that a full Newton step may still promise when a fit counts as converged.
    """
    theta = np.clip(np.atleast_2d(np.asarray(theta, float)), kernel.lower, kernel.upper)
    goal = np.atleast_2d(objective.goal(target, kernel.logarithmic))
    load = np.ones((1, goal.shape[1])) if weights is None else np.atleast_2d(np.asarray(weights, float))
    held = np.zeros(theta.shape[1], bool) if frozen is None else frozen
    problem = _Problem(kernel, objective, goal, load, prior, held, tolerance)
    first = _in_chunks(problem, _State.at(theta), continuation, min(FIRST_STEPS, iterations))
    late = np.flatnonzero(first.outcome == Outcome.out_of_steps)
    if len(late) and iterations > FIRST_STEPS:
        rest = iterations - FIRST_STEPS
        first.put(late, _in_chunks(problem.rows(late), first.rows(late), 0, rest, curved=True))
    first.outcome[~np.isfinite(first.value)] = Outcome.undefined
    return Solution(first.theta, first.value, first.decrement, first.outcome, first.steps)


@dataclass
class _State:
    """Where each fit of a batch stands."""

    theta: Array
    value: Array
    decrement: Array
    outcome: Array
    steps: Array
    damping: Array

    @classmethod
    def at(cls, theta: Array) -> _State:
        b = len(theta)
        start = np.full(b, np.inf)
        return cls(
            theta.copy(),
            start,
            start.copy(),
            np.full(b, Outcome.out_of_steps),
            np.zeros(b, int),
            np.full(b, START_DAMPING),
        )

    def rows(self, index: Any) -> _State:
        return _State(*(getattr(self, f)[index].copy() for f in self.__dataclass_fields__))

    def store(self, index: Any, theta: Array, value: Array, decrement: Array, damping: Array) -> None:
        self.theta[index], self.value[index] = theta, value
        self.decrement[index], self.damping[index] = decrement, damping

    def put(self, index: Any, other: _State) -> None:
        for f in self.__dataclass_fields__:
            getattr(self, f)[index] = getattr(other, f)


def _in_chunks(problem: _Problem, state: _State, continuation: int, iterations: int, *, curved: bool = False) -> _State:
    """Work on as many fits at a time as fit the cache. Those that take long are few: the caller pools them for another round."""
    size = max(1, CHUNK // max(problem.target.shape[1], 1))
    for start in range(0, len(state.theta), size):
        rows = np.arange(start, min(start + size, len(state.theta)))
        part, piece = problem.rows(rows), state.rows(rows)
        if continuation and (np.ndim(problem.objective.delta) > 0 or np.isfinite(problem.objective.delta)):
            damping = np.full(len(rows), 1e-2)
            for width in CONTINUATION:
                piece.theta, damping = _descend(part.widened(width), piece.theta, damping, continuation)
        _finish(part, piece, iterations, curved)
        state.put(rows, piece)
    return state


@dataclass(frozen=True)
class _Problem:
    """One objective on one chunk."""

    kernel: Kernel
    objective: Objective
    target: Array
    weights: Array
    prior: Prior | None
    frozen: Array
    tolerance: float = DECREMENT

    def rows(self, index: Array) -> _Problem:
        return replace(
            self,
            kernel=self.kernel.rows(index),
            objective=self.objective.with_delta(_rows(self.objective.delta, index)),
            target=_rows(self.target, index),
            weights=_rows(self.weights, index),
            prior=self.prior.rows(index) if self.prior else None,
        )

    def widened(self, width: float) -> _Problem:
        return replace(self, objective=self.objective.with_delta(self.objective.delta * width))

    def value(self, theta: Array, state: tuple[Array, ...]) -> tuple[Array, Any]:
        curvature = self.objective.curvature(state[0], self.target, self.kernel.logarithmic)
        with np.errstate(invalid="ignore"):  # a row of weight zero at which the law is not defined: the step is refused
            value = (self.weights * curvature.rho).sum(1)
        if self.prior:
            value = value + self.prior.penalty(theta)
        return np.where(np.isfinite(value), value, np.inf), curvature

    def newton(
        self, theta: Array, state: tuple[Array, ...], curvature: Curvature, damping: Array
    ) -> tuple[Array, Array, Quadratic]:
        """Step (B, p) to subtract, the decrease it promises (B,), and the quadratic it was taken on."""
        w = self.weights
        gradient, hessian, diagonal = self.kernel.normal(
            theta, state, w * curvature.first, w * curvature.second, w * curvature.positive
        )
        if self.prior:
            slope, bend = self.prior.slopes(theta)
            gradient = gradient + slope
            index = np.arange(len(gradient))
            hessian[index, index] += bend
            diagonal = diagonal + bend
        at_low, at_high = (self.kernel.lower >= theta).T, (self.kernel.upper <= theta).T
        held = (at_low & (gradient > 0)) | (at_high & (gradient < 0)) | (at_low & at_high) | self.frozen[:, None]
        quadratic = Quadratic(hessian, diagonal, damping, held)
        step = quadratic.solve(gradient)
        return step.T, 0.5 * (gradient * step).sum(0), quadratic

    def bent(
        self,
        quadratic: Quadratic,
        theta: Array,
        state: tuple[Array, ...],
        curvature: Curvature,
        trial: Array,
        reached: Array,
    ) -> Array:
        """The trial (B, p) moved back onto the curve that the straight step to it has left.

        Near a kink the rows within the threshold hold a fit in a narrow valley, which bends. What the residuals at the
        trial, z `reached` (B, n), differ from their linear forecast is taken back by a step with the same Hessian.
        """
        step = trial - theta
        with np.errstate(all="ignore"):  # a trial where the law is not defined is refused anyway
            slope = (self.kernel.state(theta + PROBE * step)[0] - state[0]) / PROBE
            excess = np.nan_to_num(reached - state[0] - slope, nan=0.0, posinf=0.0, neginf=0.0)
            pull = self.weights * curvature.second * excess
            back = quadratic.solve(self.kernel.gradient(theta, state, pull))
        return _move(self.kernel, trial, back.T)


def _descend(problem: _Problem, theta: Array, damping: Array, steps: int) -> tuple[Array, Array]:
    """A fixed number of damped steps for everybody."""
    state = problem.kernel.state(theta)
    value, curvature = problem.value(theta, state)
    for _ in range(steps):
        step, _, _ = problem.newton(theta, state, curvature, damping)
        trial = _move(problem.kernel, theta, step)
        trial_state = problem.kernel.state(trial)
        trial_value, trial_curvature = problem.value(trial, trial_state)
        better = trial_value < value
        theta = np.where(better[:, None], trial, theta)
        damping = np.clip(np.where(better, damping * 0.2, damping * 5.0), 1e-9, 1e9)
        value = np.where(better, trial_value, value)
        if better.all():
            state, curvature = trial_state, trial_curvature
        else:
            state = problem.kernel.state(theta)
            curvature = problem.value(theta, state)[1]
    return theta, damping


def _finish(problem: _Problem, batch: _State, iterations: int, curved: bool = False) -> None:
    """Newton steps until each fit has converged or runs out of them; the batch is updated in place.

    With `curved`, a step that keeps little of its promise is also tried with the bend of the residuals taken out of it.
    """
    live = np.arange(len(batch.theta))
    part, now, lam = problem, batch.theta.copy(), batch.damping.copy()
    state = part.kernel.state(now)
    current, curvature = part.value(now, state)
    exact = np.broadcast_to(FLOOR * problem.weights.sum(1), len(live))
    before = batch.steps.copy()
    for taken in range(1, iterations + 1):
        step, promise, quadratic = part.newton(now, state, curvature, lam)
        trial = _move(part.kernel, now, step)
        trial_state = part.kernel.state(trial)
        trial_value, trial_curvature = part.value(trial, trial_state)
        with np.errstate(invalid="ignore"):  # neither here nor there is the law defined
            poor = np.flatnonzero(~(current - trial_value > KEPT * promise) & curved)
        if len(poor):
            whole = len(poor) == len(now)
            some, bowl = (part, quadratic) if whole else (part.rows(poor), quadratic.rows(poor))
            here, there = (now, state, curvature), (trial, trial_state[0])
            if not whole:
                here = now[poor], _picked(state, poor), Curvature(*_picked(curvature, poor))
                there = trial[poor], trial_state[0][poor]
            second = some.bent(bowl, *here, *there)
            second_state = some.kernel.state(second)
            second_value, second_curvature = some.value(second, second_state)
            closer = second_value < trial_value[poor]
            if closer.any():
                index = poor[closer]
                trial[index], trial_value[index] = second[closer], second_value[closer]
                trial_state = _replaced(trial_state, index, second_state, closer)
                trial_curvature = Curvature(*_replaced(trial_curvature, index, second_curvature, closer))
        better = trial_value < current
        with np.errstate(invalid="ignore", divide="ignore"):
            relative = np.where(current > 0, np.abs(promise) / current, 0.0)  # nothing is left to gain at exactly 0
        stuck = ~better & (np.abs(step).max(1) < 1e-12)
        done = ((relative < problem.tolerance) & (lam < 1.0)) | (current <= exact[live]) | stuck
        lam = np.clip(np.where(better, lam * 0.15, lam * 6.0), 1e-12, 1e9)
        if better.all():
            now, current, state, curvature = trial, trial_value, trial_state, trial_curvature
        elif better.any():
            now = np.where(better[:, None], trial, now)
            current = np.where(better, trial_value, current)
            state = _merged(better, trial_state, state)
            curvature = Curvature(*_merged(better, trial_curvature, curvature))
        if not done.any() and taken < iterations:
            continue
        batch.store(live, now, current, relative, lam)
        batch.steps[live] = before[live] + taken
        batch.outcome[live[done]] = Outcome.converged
        keep = ~done
        if not keep.any():
            return
        state = tuple(array[keep] for array in state)
        curvature = Curvature(*(array[keep] for array in curvature))
        live, lam, current, now = live[keep], lam[keep], current[keep], now[keep]
        part = problem.rows(live)


def _picked(arrays: Sequence[Array], index: Array) -> tuple[Array, ...]:
    """Rows of arrays with a first axis B."""
    return tuple(array[index] for array in arrays)


def _replaced(arrays: Sequence[Array], index: Array, others: Sequence[Array], chosen: Array) -> tuple[Array, ...]:
    """The arrays with the rows `index` taken from the chosen rows of others."""
    found = tuple(array.copy() for array in arrays)
    for array, other in zip(found, others, strict=True):
        array[index] = other[chosen]
    return found


def _merged(better: Array, new: Sequence[Array], old: Sequence[Array]) -> tuple[Array, ...]:
    """Arrays (B, n), rows of the new ones where the step was taken: cheaper than computing either again."""
    return tuple(np.where(better[:, None], one, other) for one, other in zip(new, old, strict=True))


def _move(kernel: Kernel, theta: Array, step: Array) -> Array:
    """Theta after the step, at most 1 in each coordinate (a factor e in an amplitude), inside the bounds."""
    return np.clip(theta - np.clip(finite(step), -1.0, 1.0), kernel.lower, kernel.upper)
