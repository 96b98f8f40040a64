"""Rules about mixtures: shares of domains are not negative and sum to 1."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gnomon.runs.findings import Finding, rows_of
from gnomon.runs.rules.view import View
from gnomon.runs.schema import SHARE, SHARE_TOLERANCE


def shares(view: View) -> Iterator[Finding]:
    """`negative-share`, `share-sum`: points that are on no simplex."""
    names = [name for name in view.runs.columns if name.startswith(SHARE) and view.number(name) is not None]
    if len(names) < 2:
        return
    table = np.stack([view.runs.data[name] for name in names])
    with np.errstate(invalid="ignore"):
        negative = np.any(table < 0, axis=0)
        total = table.sum(0)
        off = np.abs(total - 1.0) > SHARE_TOLERANCE
    if negative.any():
        first = names[int(np.argmax((table < 0).any(1)))]
        message = f"a share is negative in {int(negative.sum())} of {len(total)} rows ({first} is the first column)."
        yield Finding("error", "negative-share", message, column=first, **rows_of(view.runs, np.asarray(negative)))
    if off.any():
        typical = float(np.median(total[off]))
        why = (
            "They look like percent: divide by 100."
            if abs(typical - 100.0) <= 100.0 * SHARE_TOLERANCE
            else "A domain may be missing; a law of the mixture leaves these rows out."
        )
        message = (
            f"the {len(names)} shares {names[0]} ... {names[-1]} sum to {typical:.4g} instead of 1 in "
            f"{int(off.sum())} of {len(total)} rows. {why}"
        )
        yield Finding("warning", "share-sum", message, column=names[0], **rows_of(view.runs, off))
