"""How well a law follows whole loss curves: the scores that papers on learning-rate schedules print."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gnomon.laws.law import Law

Array = np.ndarray


@dataclass(frozen=True)
class CurveScore:
    """Scores of one curve, or their means over curves.

    Args:
        r2: 1 - sum of squared errors / sum of squares about the curve's mean.
        mae: mean absolute error, in the unit of the loss.
        rmse: root mean square error.
        relative: mean of |error| / loss.
        worst: largest |error| / loss.
        final: predicted less measured loss of the last row.
        rows: how many rows.
    """

    r2: float
    mae: float
    rmse: float
    relative: float
    worst: float
    final: float
    rows: int


@dataclass(frozen=True)
class CurveScores:
    """Scores by curve and their means, every curve counting the same."""

    curves: dict[str, CurveScore]

    @property
    def mean(self) -> CurveScore:
        """Means over curves; rows are summed."""
        rows = [asdict(score) for score in self.curves.values()]
        means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
        return CurveScore(**{**means, "rows": sum(row["rows"] for row in rows)})


def score_curves(law: Law, runs: Any) -> CurveScores:
    """A law with values scored on measured curves, one score a run (without a column run: a schedule, or the whole table).

    Args:
        law: for example `fit.law`, or published constants.
        runs: a Runs, or whatever `read_runs` takes.

    Raises:
        ColumnError: a column the law needs is missing.
        RefusalError: no row can be used.
    """
    from gnomon.fit.estimate import run_names, usable_rows
    from gnomon.runs import curves_of, read_runs

    cls, table = type(law).laid_on(read_runs(runs))
    used = usable_rows(cls, table)
    predicted = np.asarray(cls(**law.values).formula(*cls.arrays(used)))
    measured, curves, names = np.asarray(used[cls.output], float), curves_of(used), run_names(used)
    found = {}
    for curve in np.unique(curves):
        rows = curves == curve
        found[str(names[rows][0])] = _score(measured[rows], predicted[rows])
    return CurveScores(found)


def _score(measured: Array, predicted: Array) -> CurveScore:
    error = predicted - measured
    spread = float(((measured - measured.mean()) ** 2).sum())
    relative = np.abs(error) / measured
    return CurveScore(
        1.0 - float((error**2).sum()) / spread if spread > 0 else float("nan"),
        float(np.abs(error).mean()),
        float(np.sqrt((error**2).mean())),
        float(relative.mean()),
        float(relative.max()),
        float(error[-1]),
        len(error),
    )
