"""Rules about how the loss goes: not at all, the wrong way, off to the sky, or not yet to its end."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gnomon.runs.cells import Array
from gnomon.runs.findings import Finding, rows_of
from gnomon.runs.numbers import format_number
from gnomon.runs.rules.view import View

DIVERGED = 1.5  # times the loss of runs no larger; law-catalogue, section 7
CELLS = 3000  # different sizes that are compared pairwise
_DECAYING = ("cosine", "linear", "wsd", "decay", "cooldown", "trapez", "sqrt", "exponential", "polynomial")


def constant_loss(view: View) -> Iterator[Finding]:
    """`constant-loss`: every loss is the same."""
    loss = view.number("loss")
    if loss is None:
        return
    known = loss[np.isfinite(loss)]
    if len(known) >= 3 and known.min() == known.max():
        message = f"loss is {format_number(known[0], 'loss')} in every row: there is nothing to fit."
        yield Finding("error", "constant-loss", message, column="loss", count=len(known))


def rising_loss(view: View) -> Iterator[Finding]:
    """`loss-increases`: larger runs have larger losses, within families."""
    loss = view.number("loss")
    name = next((name for name in ("flops", "params", "tokens") if view.number(name) is not None), None)
    if loss is None or name is None:
        return
    scale = view.runs.data[name]
    usable = view.final & np.isfinite(loss) & np.isfinite(scale)
    total = weight = 0.0
    for kind in np.unique(view.kinds[usable]):
        chosen = usable & (view.kinds == kind)
        if chosen.sum() < 5 or np.ptp(scale[chosen]) == 0 or np.ptp(loss[chosen]) == 0:
            continue
        total += float(chosen.sum()) * _rank_correlation(scale[chosen], loss[chosen])
        weight += float(chosen.sum())
    if weight and total / weight > 0.3:
        message = (
            f"loss grows with {name} (rank correlation {total / weight:.2f}): an accuracy under another name, "
            "a wrong column, or runs that overfit?"
        )
        yield Finding("warning", "loss-increases", message, column="loss", count=int(weight))


def _rank_correlation(a: Array, b: Array) -> float:
    one, other = (np.unique(values, return_inverse=True)[1].astype(np.float64) for values in (a, b))
    return float(np.corrcoef(one, other)[0, 1])


def diverged(view: View) -> Iterator[Finding]:
    """`diverged`: a loss far above those of runs no larger, or far above what the same run had reached."""
    loss = view.number("loss")
    if loss is None:
        return
    mask = _above_smaller(view, loss) | _above_own_past(view, loss)
    if mask.any():
        message = (
            f"{int(mask.sum())} rows have a loss more than {DIVERGED:g} times that of runs no larger or of an earlier "
            "step: diverged or overfitted? One such row can turn a fit."
        )
        yield Finding("warning", "diverged", message, column="loss", **rows_of(view.runs, mask))


def _above_smaller(view: View, loss: Array) -> Array:
    """Final rows whose loss is high above the median of runs at most as large in both params and tokens."""
    mask = np.zeros(len(view.runs), dtype=bool)
    scales = [values for name in ("params", "tokens") if (values := view.number(name)) is not None]
    if not scales:
        return mask
    usable = view.final & np.isfinite(loss) & (loss > 0)
    for values in scales:
        usable &= np.isfinite(values) & (values > 0)
    rows = np.flatnonzero(usable)
    for kind in np.unique(view.kinds[rows]):
        chosen = rows[view.kinds[rows] == kind]
        logs = np.log(np.stack([values[chosen] for values in scales]))
        for width in (0.02, 0.1, 0.5, 1.0, 2.0):  # coarser until the sizes are few enough to compare all pairs
            cells, cell = np.unique(np.round(logs / width), axis=1, return_inverse=True)
            if cells.shape[1] <= CELLS:
                break
        cell = np.reshape(cell, -1)
        order = np.lexsort([loss[chosen], cell])
        starts = np.searchsorted(cell[order], np.arange(cells.shape[1]))
        counts = np.bincount(cell, minlength=cells.shape[1])
        middle = loss[chosen][order][starts + (counts - 1) // 2]  # lower median of each cell
        near = 2.4 / width  # e^2.4 = 11: no more than a decade smaller
        below = np.ones((cells.shape[1], cells.shape[1]), dtype=bool)
        for axis in cells:
            distance = axis[:, None] - axis[None, :]
            below &= (distance >= 0) & (distance <= near)
        reference = np.array([np.median(middle[line]) for line in below])
        mask[chosen] = loss[chosen] > DIVERGED * reference[cell]
    return mask


def _above_own_past(view: View, loss: Array) -> Array:
    """Rows whose loss is high above the lowest their run had before."""
    if view.along is None or view.count == len(view.runs):
        return np.zeros(len(view.runs), dtype=bool)
    curves = view.groups * (int(view.kinds.max()) + 1) + view.kinds
    order = np.lexsort((view.runs.data[view.along], curves))
    values = np.where(np.isfinite(loss), loss, np.inf)[order]
    best = _running_minimum(values, np.unique(curves[order], return_inverse=True)[1])
    mask = np.zeros(len(view.runs), dtype=bool)
    mask[order] = np.isfinite(values) & (values > DIVERGED * best) & (best > 0)
    return mask


def _running_minimum(values: Array, groups: Array) -> Array:
    """The running minimum within each group of a table sorted by group.

    With ranks that fall from group to group a single running minimum never looks back over a border.
    """
    ranks = np.unique(values, return_inverse=True)
    offset = (groups.max() - groups) * len(ranks[0])
    lowest = np.minimum.accumulate(ranks[1] + offset) - offset
    return np.asarray(ranks[0][lowest])


def unfinished(view: View) -> Iterator[Finding]:
    """`mid-schedule`, `checkpoints`: rows from the middle of runs, which a law of final losses must not see."""
    middle = ~view.final
    if not middle.any():
        return
    decays = _decays(view)
    share = f"{int(middle.sum())} of {len(view.runs)} rows are checkpoints within runs"
    if decays:
        message = (
            f"{share} {decays}: their loss is above that of a run planned to stop there. "
            "For a law of final losses keep the ends: --where is_final."
        )
        yield Finding("warning", "mid-schedule", message, column=view.along, **rows_of(view.runs, middle))
    else:
        message = (
            f"{share}. Right for a law of learning curves; for a law of final losses keep the ends: --where is_final."
        )
        yield Finding("note", "checkpoints", message, column=view.along, **rows_of(view.runs, middle))


def _decays(view: View) -> str | None:
    """How the table shows that its learning rates fall to the end, if it does."""
    lr = view.number("lr")
    if lr is not None and np.isfinite(lr).any():
        known = np.isfinite(lr)
        peak = np.zeros(view.count)
        np.maximum.at(peak, view.groups[known], lr[known])
        last = np.full(view.count, np.nan)
        ends = np.flatnonzero(view.final & known)
        last[view.groups[ends]] = lr[ends]
        with np.errstate(invalid="ignore", divide="ignore"):
            if np.nanmedian(last / peak) < 0.6:
                return "whose learning rate falls to the end"
    peak_column, final_column = view.number("lr_peak"), view.number("lr_final")
    if peak_column is not None and final_column is not None and np.nanmedian(final_column / peak_column) < 0.6:
        return "whose learning rate falls to the end"
    schedule = view.runs.data.get("schedule")
    if schedule is not None:
        words = {str(text).lower() for text in schedule.tolist() if text}
        if any(word in text for text in words for word in _DECAYING):
            return f"with a falling learning rate ({', '.join(sorted(words)[:3])})"
    return None
