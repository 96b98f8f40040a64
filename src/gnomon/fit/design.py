"""The rows of a fit in fit units: inputs and output divided by their geometric means, with the runs they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from gnomon.fit.held import powers
from gnomon.fit.kernel import make_kernel
from gnomon.fit.newton import Prior, Solution, minimise
from gnomon.fit.objective import Objective
from gnomon.fit.tables import Kernel, theta_of, values_of
from gnomon.laws.law import Law

Array = np.ndarray


@dataclass(frozen=True)
class Design:
    """A law class over rows.

    Args:
        law: the class to be fitted.
        inputs: one array (n,) per input of the law, in the user's units.
        output: measured values (n,), positive.
        groups: index of the run each row belongs to (n,); resampling moves whole runs.
        weights: how much each row counts (n,), 1 on average; None: all the same.
        prior: what is known of the coordinates beforehand; None: nothing.
        held: parameters that are not fitted, at their values in the user's units.
        trials: of which each output is a share (n,), for the binomial objective; None: the outputs are no counts.
        widths: noise of each row (n,) in units of the typical one; residuals are divided by it. None: all the same.
    """

    law: type[Law]
    inputs: tuple[Array, ...]
    output: Array
    groups: Array
    weights: Array | None = None
    prior: Prior | None = None
    held: Mapping[str, float] = field(default_factory=dict)
    trials: Array | None = None
    widths: Array | None = None

    @cached_property
    def scales(self) -> dict[str, float]:
        """Unit of each column in fit units: its geometric mean, or 1 where the law is tied to its units.

        A held amplitude ties a column whose exponent is fitted: in other units its value would depend on that exponent.
        A share of counted trials has no unit.
        """
        law = self.law
        scales = law.scales(dict(zip((*law.inputs, law.output), (*self.inputs, self.output), strict=True)))
        if self.trials is not None:
            scales[law.output] = 1.0
        for name in self.held:
            for column, power in (law.parameters[name].units or {}).items():
                if any(p not in self.held for p in powers(power)):
                    scales |= {c: 1.0 for c in scales if law.unit_of(c) == law.unit_of(column)}
        return scales

    @cached_property
    def scaled_inputs(self) -> tuple[Array, ...]:
        """Inputs in fit units."""
        return tuple(x / self.scales[name] for name, x in zip(self.law.inputs, self.inputs, strict=True))

    @cached_property
    def target(self) -> Array:
        """Output in fit units."""
        return self.output / self.scales[self.law.output]

    @cached_property
    def positive_target(self) -> Array:
        """Output in fit units for starts, which divide by it and take its logarithm; of counts (k + 1/2) / (m + 1)."""
        if self.trials is None:
            return self.target
        return (self.output * self.trials + 0.5) / (self.trials + 1.0)

    @property
    def trials_of_rows(self) -> Array:
        """Trials behind each row (n,).

        Raises:
            ValueError: the outputs are no counts, which is for the caller to know.
        """
        if self.trials is None:
            raise ValueError("This design has no trials.")
        return self.trials

    @cached_property
    def kernel(self) -> Kernel:
        """The solver's view of the law on these rows. What is held may lie beyond the bounds of a fit."""
        kernel = make_kernel(self.law, self.scaled_inputs)
        if self.held:
            kernel.lower = np.where(self.frozen, -np.inf, kernel.lower)
            kernel.upper = np.where(self.frozen, np.inf, kernel.upper)
        return kernel

    @property
    def p(self) -> int:
        """Number of parameters, held ones included."""
        return len(self.law.parameters)

    @property
    def free(self) -> int:
        """Number of parameters that are fitted."""
        return self.p - len(self.held)

    @cached_property
    def frozen(self) -> Array:
        """Flags (p,) of the coordinates that are held."""
        return np.array([name in self.held for name in self.law.parameters], bool)

    def theta(self, values: Mapping[str, Any]) -> Array:
        """Coordinates (..., p) of parameter values in the user's units."""
        inside = self._law(values, 1.0).values
        theta = theta_of(self.law, inside)
        return self._placed(theta, inside) if self.held else theta

    def hold(self, theta: Array, held: Mapping[str, Any] | None = None) -> Array:
        """Coordinates (..., p) with the held ones at their values, or at others (...) in the user's units."""
        if not self.held:
            return theta
        values: dict[str, Any] = {name: p.typical for name, p in self.law.parameters.items()}
        inside = self._law(values | dict(self.held if held is None else held), 1.0).values
        return self._placed(np.array(theta, float), inside)

    @property
    def held_in_fit_units(self) -> dict[str, float]:
        """The held parameters for scaled inputs and target."""
        values = {name: p.typical for name, p in self.law.parameters.items()} | dict(self.held)
        inside = self._law(values, 1.0).values
        return {name: float(inside[name]) for name in self.held}

    def _placed(self, theta: Array, inside: Mapping[str, Any]) -> Array:
        """Held coordinates from values in fit units, bounds or not."""
        for j, (name, p) in enumerate(self.law.parameters.items()):
            if name in self.held:
                theta[..., j] = np.log(inside[name]) if p.log else inside[name]
        return theta

    def values(self, theta: Array) -> dict[str, Any]:
        """Parameter values in the user's units of coordinates (..., p)."""
        return self._law(values_of(self.law, theta), -1.0).values

    def _law(self, values: Mapping[str, Any], power: float) -> Law:
        scales = {k: v**power for k, v in self.scales.items() if v != 1.0}
        instance = self.law(**values)
        return instance.rescaled(**scales) if scales else instance

    def rows(self, index: Array) -> Design:
        """Some of the rows, in the same units."""
        part = Design(
            self.law,
            tuple(x[index] for x in self.inputs),
            self.output[index],
            self.groups[index],
            None if self.weights is None else self.weights[index],
            self.prior,
            self.held,
            None if self.trials is None else self.trials[index],
            None if self.widths is None else self.widths[index],
        )
        object.__setattr__(part, "scales", self.scales)
        return part

    def solve(
        self,
        objective: Objective,
        theta: Array,
        *,
        weights: Array | None = None,
        prior: Prior | None = None,
        target: Array | None = None,
        **how: Any,
    ) -> Solution:
        """`minimise` on these rows from each row of theta (B, p), with the design's own weights and prior.

        Args:
            objective: residual and loss.
            theta: starts.
            weights: (n,) or (B, n), multiplied with those of the rows: draws of a bootstrap, runs left out.
            prior: instead of the design's own.
            target: (B, n) output in fit units, instead of the measured one: simulated measurements.
            how: continuation, iterations, frozen, tolerance of `minimise`.
        """
        own = None if self.weights is None and self.trials is None else self.load
        load = weights if own is None else own if weights is None else own * weights
        goal = self.target if target is None else target
        if self.held:
            how["frozen"] = self.frozen | how.get("frozen", False)
        return minimise(
            self.kernel, self.scaled(objective), theta, goal, weights=load, prior=prior or self.prior, **how
        )

    def scaled(self, objective: Objective) -> Objective:
        """The objective with the widths of these rows."""
        return objective if self.widths is None else replace(objective, width=self.widths)

    @property
    def load(self) -> Array:
        """Weights of the rows (n,), of counts times their trials."""
        load = np.ones(len(self.output)) if self.weights is None else self.weights
        return load if self.trials is None else load * self.trials

    def at(self, points: Mapping[str, Any]) -> Design:
        """The same units for other inputs: a design without output, for prediction."""
        inputs = tuple(np.atleast_1d(np.asarray(points[name], float)) for name in self.law.inputs)
        other = Design(self.law, inputs, np.ones(len(inputs[0])), np.arange(len(inputs[0])), held=self.held)
        object.__setattr__(other, "scales", self.scales)
        return other

    def predict(self, theta: Array) -> Array:
        """The law's output (B, n), in the user's units, for coordinates (B, p)."""
        z = self.kernel.state(np.atleast_2d(theta))[0]
        return (np.exp(z) if self.kernel.logarithmic else z) * self.scales[self.law.output]
