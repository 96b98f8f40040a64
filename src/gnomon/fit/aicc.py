"""The corrected information criterion, to compare laws on the same rows; it stands beside held-out error, not before it."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.errors import InputError


def aicc(squares: Any, rows: int, parameters: int) -> Any:
    """AICc of a least-squares fit on the logarithm, up to a constant that is the same for every law on the same rows.

    AICc = n ln(RSS / n) + 2 k + 2 k (k + 1) / (n - k - 1), k = parameters + 1: the noise is one of them.

    Args:
        squares: RSS, sum of squared residuals of ln(output); an array for a batch of fits.
        rows: n.
        parameters: of the law.

    Raises:
        InputError: fewer than parameters + 3 rows, for which the correction is not defined.

    Source: Hurvich and Tsai 1989.
    """
    k = parameters + 1
    if rows - k - 1 <= 0:
        raise InputError(f"AICc needs at least {k + 2} rows for {parameters} parameters; got {rows}.")
    with np.errstate(divide="ignore"):
        return rows * np.log(np.asarray(squares, float) / rows) + 2.0 * k + 2.0 * k * (k + 1.0) / (rows - k - 1.0)
