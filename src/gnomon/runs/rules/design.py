"""Rules about the set of runs as an experiment: what it can tell apart, and what its columns mean."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gnomon.runs.findings import Finding, rows_of
from gnomon.runs.match import call
from gnomon.runs.numbers import format_number
from gnomon.runs.rules.view import View
from gnomon.runs.schema import QUANTITIES

#: Columns that say how something was counted or measured; rows that differ in them do not belong in one fit.
CONVENTIONS = (
    "params_convention",
    "flops_convention",
    "param_count",
    "loss_kind",
    "loss_unit",
    "loss_type",
    "tokenizer",
    "vocab_size",
)


def few_runs(view: View) -> Iterator[Finding]:
    """`few-runs`, `short-range`: too little to draw a line through."""
    if "loss" not in view.runs.columns:
        return
    if view.count < 5:
        noun = "run" if view.count == 1 else "runs"
        message = f"{view.count} {noun}: a law with three parameters needs five to have any slack."
        yield Finding("warning", "few-runs", message, count=view.count)
    flops = view.number("flops")
    if flops is None:
        return
    known = flops[view.final & np.isfinite(flops) & (flops > 0)]
    if len(known) > 1 and known.max() < 10 * known.min():
        span = f"{format_number(known.min(), 'flops')} to {format_number(known.max(), 'flops')} FLOP"
        message = f"compute spans {np.log10(known.max() / known.min()):.1f} decades ({span}): exponents will be loose."
        yield Finding("note", "short-range", message, column="flops", count=len(known))


def one_size(view: View) -> Iterator[Finding]:
    """`one-size`, `one-token-count`: a quantity that never changes has no exponent."""
    if view.count < 2:
        return
    for name, code, what in (("params", "one-size", "model size"), ("tokens", "one-token-count", "number of tokens")):
        values = view.number(name)
        if values is None or not view.given(name):
            continue
        known = values[np.isfinite(values)]
        if len(known) > 1 and known.max() <= 1.001 * known.min():
            message = (
                f"there is one {what} only ({format_number(known[0])}): a law cannot tell how loss depends on {name}."
            )
            yield Finding("warning", code, message, column=name, count=len(known))


def fixed_ratio(view: View) -> Iterator[Finding]:
    """`fixed-ratio`: params and tokens grow together, so their exponents cannot be told apart."""
    params, tokens = view.number("params"), view.number("tokens")
    if params is None or tokens is None or not (view.given("params") and view.given("tokens")):
        return
    usable = view.final & np.isfinite(params) & np.isfinite(tokens) & (params > 0) & (tokens > 0)
    if usable.sum() < 4:
        return
    n, d = np.log(params[usable]), np.log(tokens[usable])
    if np.ptp(n) > 0.1 and np.ptp(d) > 0.1 and np.corrcoef(n, d)[0, 1] > 0.999:
        ratio = format_number(float(np.exp(np.median(d - n))), "plain", digits=3)
        message = (
            f"params and tokens grow in step (about {ratio} tokens per parameter): a law of both cannot tell "
            "their exponents apart. Fit one of compute, or add runs off the line."
        )
        yield Finding("warning", "fixed-ratio", message, column="tokens", count=int(usable.sum()))


def conventions(view: View) -> Iterator[Finding]:
    """`mixed-conventions`: rows that count or measure differently."""
    for name in CONVENTIONS:
        if name not in view.runs.data:
            continue
        codes = view.codes(name)
        kinds = list(
            dict.fromkeys(str(cell) for cell in view.runs.data[name].tolist() if cell is not None and cell == cell)
        )
        if len(kinds) < 2:
            continue
        mixed = len(np.unique(np.stack([view.families, codes]), axis=1).T) > len(np.unique(view.families))
        shown = ", ".join(kinds[:4])
        where = "within a family" if mixed else "from family to family"
        message = f"{name} differs {where} ({shown}): such losses do not belong in one fit. Choose with --where."
        yield Finding("warning" if mixed else "note", "mixed-conventions", message, column=name, count=len(kinds))


def repeated_data(view: View) -> Iterator[Finding]:
    """`repeated-data`: tokens seen many times, which most laws do not know."""
    epochs, tokens, unique = (view.number(name) for name in ("epochs", "tokens", "unique_tokens"))
    if unique is not None and tokens is not None:
        with np.errstate(invalid="ignore", divide="ignore"):
            seen = tokens / unique
    elif epochs is not None:
        seen = epochs
    else:
        return
    many = seen > 4  # up to four epochs repeats are nearly as good as new tokens (Muennighoff et al. 2023)
    if many.any():
        message = (
            f"{int(many.sum())} rows saw their data more than 4 times: a law of tokens reads repeats as new tokens. "
            "Use muennighoff, or --where to leave them out."
        )
        yield Finding("note", "repeated-data", message, column="tokens", **rows_of(view.runs, many))


def unsettled(view: View) -> Iterator[Finding]:
    """`ambiguous-column`: several columns could be one that gnomon knows."""
    for name, candidates in view.runs.unsettled.items():
        shown = ", ".join(candidates[:4]) + (" ..." if len(candidates) > 4 else "")
        message = f"{name} could be {shown}; say which when you need it: {call(name, candidates[0])}."
        yield Finding("warning" if name in QUANTITIES else "note", "ambiguous-column", message, column=name)


def derived(view: View) -> Iterator[Finding]:
    """`derived-column`: what gnomon computed, and how."""
    for name, column in view.runs.columns.items():
        if column.derived is not None:
            yield Finding("note", "derived-column", f"{name} was computed: {column.derived}.", column=name)
