"""Whether parameters taken from another family hold on these runs: the largest size hidden and forecast with them.

    z = mean over hidden runs of ln(law / measured) / sqrt(v_draws + s_seed^2 (1 + 1 / hidden runs) + s_row^2 / hidden rows)

The law is fitted to the smaller sizes with the transferred parameters in place; v_draws is the variance of its forecasts over the
donors' draws, s_seed the noise between seeds, which the fitted runs have once and the hidden ones again. With one size there is
nothing to hide: no run then speaks for or against the transfer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.errors import Notice
from gnomon.fit.design import Design
from gnomon.fit.held import Held, tied
from gnomon.fit.objective import Objective
from gnomon.fit.within import noise_if_known
from gnomon.runs.numbers import format_number

Array = np.ndarray

# The spread of public families stays out of v_draws: the question is whether this donor's parameters hold, not whether some family's do.
DRAWS = 200  # refits behind v_draws: known to a tenth
FAR = 1.96  # sds beyond which 5 % of donors whose parameters do hold would lie


@dataclass(frozen=True)
class TransferTest:
    """What the hidden size says; all None with a reason where there is none to hide.

    Args:
        column: along which sizes differ.
        size: the hidden one.
        error: mean relative error of the forecast there, forecast over measured minus 1.
        sd: of the logarithm of the forecast's error, if the parameters hold.
        reason: why there is no test.
    """

    column: str | None = None
    size: float | None = None
    error: float | None = None
    sd: float | None = None
    reason: str | None = None

    @property
    def z(self) -> float | None:
        """The error in sds."""
        return None if self.error is None or self.sd is None else float(np.log1p(self.error) / self.sd)

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        document: dict[str, Any] = {
            "column": self.column,
            "size": self.size,
            "error": self.error,
            "sd": self.sd,
            "z": self.z,
        }
        return (
            document if self.reason is None else document | {f"{name}_reason": self.reason for name in list(document)}
        )

    def notice(self, held: Held) -> Notice | None:
        """What speaks against the transfer, or that nothing can."""
        names = " and ".join(held.transferred)
        if self.reason is not None:
            return Notice(
                "transfer-untestable", f"Whether {names} of another family hold here is untestable: {self.reason}."
            )
        z, error, size = self.z, self.error, self.size
        if z is None or error is None or size is None or abs(z) <= FAR:
            return None
        return Notice(
            "transfer-contradicted",
            f"With {names} of another family the smaller runs forecast those of {self.column} {format_number(size)} "
            f"{abs(error):.1%} too {'high' if error > 0 else 'low'}, {abs(z):.1f} sds off: these parameters do not hold here.",
            self.to_dict(),
        )


def transfer_test(design: Design, objective: Objective, held: Held, theta: Array, seed: int) -> TransferTest:
    """Hide the largest size, forecast it with the transferred parameters, and compare."""
    law = design.law
    columns = [c for c in law.inputs if set(tied(law, c)) & set(held.transferred)]
    if not columns:
        return TransferTest(reason=f"no column goes with {' and '.join(held.transferred)}")
    column = columns[0]
    values = design.inputs[law.inputs.index(column)]
    largest = values >= values.max() * (1 - 1e-9)
    if largest.all():
        return TransferTest(column, reason=f"all runs have {column} {format_number(float(values[0]))}")
    small, large = design.rows(np.flatnonzero(~largest)), design.rows(np.flatnonzero(largest))
    if len(small.output) <= design.free:
        return TransferTest(
            column, reason=f"{len(small.output)} rows of smaller {column} cannot carry {design.free} parameters"
        )
    begin = np.concatenate(
        [theta[None], small.hold(np.repeat(theta[None], DRAWS, 0), held.draws(DRAWS, seed, learnt=False))]
    )
    found = small.solve(objective, begin, continuation=2, iterations=300)
    with np.errstate(divide="ignore", invalid="ignore"):
        predicted = np.log(large.predict(found.theta))
        own = np.log(small.output / small.predict(found.theta[:1])[0])
    error = _per_run(np.log(large.output) - predicted[0], large)
    runs = len(np.unique(large.groups))
    noise = noise_if_known(design)
    seed_sd = 0.0 if noise is None else float(np.mean(noise.at(large.output)))
    row_sd = float(np.sqrt(np.nansum(own**2) / max(len(own) - design.free, 1)))
    spread = float(np.std([_per_run(row, large) for row in predicted[1:]], ddof=1))
    sd = float(np.sqrt(spread**2 + seed_sd**2 * (1 / runs + 1) + row_sd**2 / len(large.output)))
    if not np.isfinite(error) or not sd > 0:
        return TransferTest(column, reason=f"the law is not defined at {column} {format_number(float(values.max()))}")
    return TransferTest(column, float(values.max()), float(np.expm1(-error)), sd)


def _per_run(values: Array, design: Design) -> float:
    """Mean over runs of the mean over their rows."""
    _, index = np.unique(design.groups, return_inverse=True)
    return float(np.mean(np.bincount(index, values) / np.bincount(index)))
