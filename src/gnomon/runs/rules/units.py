"""Rules about units: counts in billions, FLOP that do not fit 6ND, losses in bits."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from gnomon.runs.cells import Array
from gnomon.runs.findings import Finding, Severity, rows_of
from gnomon.runs.match import call
from gnomon.runs.numbers import format_number
from gnomon.runs.rules.view import View
from gnomon.runs.schema import LN2, plain

_SCALES = {1e-21: "units of 1e21", 1e-18: "units of 1e18 (exaFLOP)", 1e-15: "units of 1e15", 1e-12: "trillions"}
_SCALES |= {1e-9: "billions", 1e-6: "millions", 1e-3: "thousands", 1 / 8.64e19: "petaFLOP/s-days"}
BIT = -math.log(LN2)  # the height of a loss in bits above the same in nats, in logarithms
MOST_FITTED = 20_000  # rows: beyond them the rule would cost more than reading the file
_SMALL_COUNT = 2e4  # no language model has fewer parameters or tokens: 20,000 is 20 trillion in billions


def of_counts(view: View) -> Iterator[Finding]:
    """`units-params`, `units-tokens`, `units-mixed`: counts that are too small to be counts."""
    params, tokens = view.number("params"), view.number("tokens")
    for name, values, other in (("params", params, tokens), ("tokens", tokens, params)):
        if values is None or not view.given(name) or view.runs.columns[name].convention == "samples":
            continue
        known = values[np.isfinite(values) & (values > 0)]
        if not len(known):
            continue
        small = known < _SMALL_COUNT
        span = f"{format_number(known.min(), 'plain')} to {format_number(known.max(), 'plain')}"
        if small.all():
            broken = known.max() < 2000 and (known.min() < 1 or bool((known % 1 != 0).any()))
            beside = other is not None and np.nanmax(other, initial=0) > 1e6
            if broken or beside:
                unit = "billions" if known.max() < 2000 else "millions"
                call = f"--column {name}_{unit}={view.runs.columns[name].original or name}"
                message = f"{name} go from {span}: if they are in {unit}, say so with {call}."
                yield Finding("error", f"units-{name}", message, column=name, count=len(known))
        elif _gap(known) > 4 and known[small].size:
            mask = values < _SMALL_COUNT
            message = f"{name} go from {span} with nothing between: some rows seem to be in another unit."
            yield Finding("error", "units-mixed", message, column=name, **rows_of(view.runs, mask))


def _gap(values: Array) -> float:
    """The widest gap between neighbouring values, in decades."""
    ordered = np.log10(np.unique(values))
    return float(np.diff(ordered).max()) if len(ordered) > 1 else 0.0


def of_flops(view: View) -> Iterator[Finding]:
    """`flops-vs-6nd`: compute that differs more than threefold from 6 N D."""
    if not all(view.given(name) for name in ("params", "tokens", "flops")):
        return
    if view.runs.columns["tokens"].convention == "samples":
        return
    size = "active_params" if "active_params" in view.runs.columns else "params"
    n, d, c = view.runs.numbers(size, "tokens", "flops")
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = c / (6 * n * d)
    known = np.isfinite(ratio) & (ratio > 0)
    wrong = known & ((ratio > 3) | (ratio < 0.34))  # 0.34: the forward pass alone is a third
    if not wrong.any():
        return
    typical = float(np.median(ratio[wrong]))
    message = f"flops differ more than threefold from 6 {size} tokens in {int(wrong.sum())} of {int(known.sum())} rows"
    alike = bool(np.all(np.abs(np.log(ratio[wrong] / typical)) < math.log(3)))
    named = next((unit for scale, unit in _SCALES.items() if abs(math.log(typical / scale)) < math.log(3)), None)
    if alike and named:
        message += f"; they are {typical:.2g} of it: flops in {named}?"
    elif alike and abs(math.log(typical * 3)) < math.log(1.3):
        message += "; they are a third of it: the cost of the forward pass alone?"
    else:
        message += f" (typically {typical:.2g} of it): another convention, or a wrong column?"
    severity: Severity = "error" if alike and named and bool(wrong[known].all()) else "warning"
    yield Finding(severity, "flops-vs-6nd", message, column="flops", **rows_of(view.runs, wrong))


def of_loss(view: View) -> Iterator[Finding]:
    """`units-loss`: a loss that is a perplexity, or in bits, by its name, its size or the column beside it."""
    loss = view.number("loss")
    if loss is None:
        return
    column = view.runs.columns["loss"]
    known = loss[np.isfinite(loss) & (loss > 0)]
    if not len(known):
        return
    message = None
    theirs = column.original or "loss"
    called = plain(theirs).split("_")
    ppl, bpb = view.number("perplexity"), view.number("bpb")
    with np.errstate(divide="ignore", invalid="ignore"):
        if column.derived is None and {"bpb", "byte", "bytes"} & set(called):
            message = f"loss is called {theirs!r}: bits per byte fit as well as nats, but with other constants."
        elif column.derived is None and {"bits", "bit"} & set(called):
            message = f"loss is called {theirs!r}: if it is in bits, say so with {call('loss_bits', theirs)}."
        elif ppl is not None and _agree(loss, np.log2(ppl)):
            message = "loss is log2 of perplexity, so in bits: say so with --column loss_bits=loss."
        elif (ppl is not None and _agree(loss, ppl)) or np.median(known) > 15:
            most = format_number(known.max(), "loss")
            message = f"loss goes up to {most}: a perplexity? A law wants its logarithm, in nats."
        elif bpb is not None and _agree(loss, bpb):
            message = "loss is the same as bpb, so in bits per byte, not in nats per token."
    if message:
        yield Finding("warning", "units-loss", message, column="loss", count=len(known))


def _agree(a: Array, b: Array) -> bool:
    known = np.isfinite(a) & np.isfinite(b)
    return bool(known.sum() >= 3 and np.allclose(a[known], b[known], rtol=1e-3))


def of_mixed_loss(view: View) -> Iterator[Finding]:
    """`units-mixed`: some losses in bits and the others in nats.

    The logarithm of the loss is fitted by a quadric in the logarithms of scale plus a step of 1/ln 2 for some rows. It
    is a finding when that explains what the quadric alone leaves, and a step of free height comes out as 1/ln 2 too.
    """
    loss = view.number("loss")
    names = [name for name in ("params", "tokens") if view.number(name) is not None] or ["flops"]
    scales = [values for name in names if (values := view.number(name)) is not None]
    if loss is None or not scales:
        return
    usable = view.final & np.isfinite(loss) & (loss > 0)
    for values in scales:
        usable &= np.isfinite(values) & (values > 0)
    rows = np.flatnonzero(usable)
    logs = [np.log(values[rows]) for values in scales]
    terms = [np.ones(len(rows)), *logs, *(a * b for i, a in enumerate(logs) for b in logs[i:])]
    if not len(terms) + 4 <= len(rows) <= MOST_FITTED:
        return
    bits = _stepped(np.stack(terms, axis=1), np.log(loss[rows]))
    if bits is not None:
        mask = np.zeros(len(view.runs), dtype=bool)
        mask[rows[bits]] = True
        message = f"{int(mask.sum())} losses lie a factor 1.44 above those of like scale: in bits, the others in nats?"
        yield Finding("error", "units-mixed", message, column="loss", **rows_of(view.runs, mask))


def _stepped(design: Array, level: Array) -> Array | None:
    """Mask of the rows that lie one step of ln(1/ln 2) above a linear model of the others, if there are such rows."""
    orthonormal = np.linalg.qr((design - design.mean(0) * (design.std(0) > 0)) / np.maximum(design.std(0), 1e-12))[0]
    left = level - orthonormal @ (orthonormal.T @ level)
    best, chosen = float(np.std(left)), None
    for share in (0.1, 0.25, 0.5, 0.75, 0.9):
        high = left > np.quantile(left, share)
        for _ in range(30):
            base = level - BIT * high
            rest = base - orthonormal @ (orthonormal.T @ base)
            again = rest + BIT * high > BIT / 2
            if np.array_equal(again, high):
                break
            high = again
        if float(np.std(rest)) < best / 3 and 2 <= high.sum() <= len(high) - 2:
            best, chosen = float(np.std(rest)), high
    if chosen is None or best > 0.05:
        return None
    free = np.linalg.lstsq(np.column_stack([orthonormal, chosen]), level, rcond=None)[0][-1]
    return chosen if abs(free - BIT) < 0.05 else None
