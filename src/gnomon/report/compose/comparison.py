"""The report of a comparison: who wins at the point, from where on, and what that is worth in compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.report.charts import draw_crossing
from gnomon.report.compose.cells import range_of, shared_scale
from gnomon.report.compose.risks import risk_section
from gnomon.report.frame import PHONE
from gnomon.report.live.comparison import crossing_numbers
from gnomon.report.live.leave_out import where_words
from gnomon.report.page import Box, BoxCell, Check, Head, Lead, Page, Record, Section, Spread, Table, Value
from gnomon.report.words import interval, listed, loss, number, percent, plural, quantity, rounded, times

if TYPE_CHECKING:
    from gnomon.forecast import Comparison
    from gnomon.forecast.comparison_result import Pair


def comparison_report(found: Comparison, *, source: str = "", again: str = "") -> Page:
    """The page of a comparison.

    Args:
        found: from `gnomon.compare`.
        source: the file behind the runs.
        again: the command that makes this page.
    """
    numbers = crossing_numbers(found)
    drawn = Lead(draw_crossing(numbers), draw_crossing(numbers, width=PHONE))
    noise = max(f.residual_sd for f in found.families)
    sections = (
        Section("Families", (families(found),), f"at {where_words(found.at)}"),
        Section("Evidence", (drawn, pairs(found)), "each family under the same law"),
        risk_section(found.notices, None, noise=noise),
        Section("Provenance", (Record(_provenance(found, source, again)),)),
    )
    rows = sum(f.rows for f in found.families)
    return Page(
        "compare",
        f"Which {found.by.replace('_', ' ')} wins at {where_words(found.at)}",
        f"From {plural(rows, 'row')} of {plural(len(found.families), 'family', 'families')}{f' of {source}' if source else ''}.",
        Box((_winner(found), _crossing(found), _multiplier(found), _basis(found)), "Answer"),
        sections,
        found.to_dict(),
        summary(found),
    )


def families(found: Comparison) -> Table:
    """Every family at the point, the best first."""
    ordered = sorted(found.families, key=lambda f: f.value, reverse=found.better == "high")
    scale = shared_scale([end for f in ordered for end in (f.low, f.high)])
    rows = []
    for f in ordered:
        half = (f.high - f.low) / 2
        shown = Spread(
            loss(f.value, half, more=1),
            interval(f.low, f.high, more=1),
            range_of(f.value, (f.low, f.high), scale=scale),
        )
        rows.append((f.name, f"{f.runs:,}", shown, percent(f.wins)))
    heads = (
        Head(found.by.replace("_", " "), "left"),
        Head("runs"),
        Head(f"{found.response.replace('_', ' ')} {percent(found.level)}"),
        Head("highest in" if found.better == "high" else "lowest in"),
    )
    marked = next((i for i, f in enumerate(ordered) if f.name == found.winner), None)
    return Table(
        heads, tuple(rows), marked, "The last column: share of paired draws in which the family is best at the point."
    )


def pairs(found: Comparison) -> Table:
    """Every two families: where they cross, and the compute that the worse one needs more."""
    rows = []
    for pair in found.pairs:
        crossing = pair.crossing
        where = _place(found, pair) if crossing.value is not None else "no crossing in sight"
        stated = "stated" if crossing.reported else "open"
        rows.append((f"{pair.first} and {pair.second}", where, percent(crossing.share), stated, _worth(pair)))
    heads = (
        Head("pair", "left"),
        Head("crossing", "left"),
        Head("draws that cross"),
        Head("", "left"),
        Head(f"{'compute' if found.axis == 'flops' else found.axis} the loser needs", "left"),
    )
    return Table(heads, tuple(rows), note=f"Intervals at {percent(found.level)}, over draws of all families together.")


def best_pair(found: Comparison) -> Pair:
    """The two families that are best at the point."""
    names = {f.name for f in sorted(found.families, key=lambda f: f.value, reverse=found.better == "high")[:2]}
    return next(p for p in found.pairs if {p.first, p.second} == names)


def _place(found: Comparison, pair: Pair) -> str:
    """`b overtakes a at 4.2·10¹⁹ FLOP (3.2·10¹⁹ to 9.1·10¹⁹)`."""
    crossing = pair.crossing
    kind = "flops" if found.axis == "flops" else "count"
    low = "the start" if crossing.low is None else number(crossing.low, kind)
    high = "never" if crossing.high is None else number(crossing.high, kind)
    at = "nowhere" if crossing.value is None else quantity(crossing.value, found.axis)
    return f"{crossing.winner} overtakes {crossing.loser} at {at} ({low} to {high})"


def _worth(pair: Pair) -> str:
    worth = pair.multiplier
    loser = pair.second if worth.winner == pair.first else pair.first
    if worth.value is None:
        return f"{loser} does not get there"
    low, high = ("?" if end is None else times(end) for end in (worth.low, worth.high))
    return f"{loser}: {times(worth.value)} ({low} to {high})"


def _winner(found: Comparison) -> BoxCell:
    if found.winner is None:
        best = max(found.families, key=lambda f: f.wins)
        return BoxCell(
            "Winner",
            (Value("undecided"),),
            notes=(f"{best.name} is best in {percent(best.wins)} of draws; {percent(found.level)} would decide.",),
        )
    won = next(f for f in found.families if f.name == found.winner)
    half = (won.high - won.low) / 2
    return BoxCell(
        "Winner",
        (Value(won.name),),
        notes=(
            f"Best in {percent(won.wins)} of draws; {found.response.replace('_', ' ')} {loss(won.value, half)} "
            f"({interval(won.low, won.high)}).",
        ),
    )


def _crossing(found: Comparison) -> BoxCell:
    pair = best_pair(found)
    crossing = pair.crossing
    if crossing.value is None:
        start, end = (quantity(x, found.axis) for x in crossing.searched)
        return BoxCell("From where on", (Value("no crossing"),), notes=(f"Between {start} and {end}.",))
    if not crossing.reported:
        note = f"{percent(crossing.share)} of draws cross in this direction: too few to state where."
        return BoxCell("From where on", (Value("open"),), notes=(note,))
    inside = "inside the runs of both" if crossing.inside else "beyond the runs of one of them"
    return BoxCell(
        "From where on",
        (Value(quantity(rounded(crossing.value, 3), found.axis)),),
        notes=(f"{_place(found, pair)}; {inside}.",),
    )


def _multiplier(found: Comparison) -> BoxCell:
    worth = best_pair(found).multiplier
    if worth.value is None:
        return BoxCell(
            "Worth", (Value("unbounded"),), notes=(f"{_worth(best_pair(found))} with any compute looked at.",)
        )
    noun = "the compute" if found.axis == "flops" else f"the {found.axis.replace('_', ' ')}"
    return BoxCell("Worth", (Value(times(worth.value), noun),), notes=(f"Needed by {_worth(best_pair(found))}.",))


def _basis(found: Comparison) -> BoxCell:
    checks = (
        Check(found.paired, "draws share the noise of runs in common" if found.paired else "no runs in common to pair"),
        Check(
            found.winner is not None, f"decided at {percent(found.level)}" if found.winner else "undecided is an answer"
        ),
    )
    return BoxCell("Law", (Value(found.law),), notes=(f"`{found.formula}`",), checks=checks)


def _provenance(found: Comparison, source: str, again: str) -> tuple[tuple[str, str], ...]:
    kept = "the best run of each factor of two in scale" if found.frontier else "all"
    return (
        ("runs", f"{source or 'a table in memory'}, by {found.by}; {kept}"),
        ("law", f"{found.law}: `{found.formula}`"),
        ("draws", f"{found.draws:,}, {'paired' if found.paired else 'not paired'}, {percent(found.level)}"),
        ("gnomon", found.version),
        ("again", f"`{again or 'gnomon compare RUNS --law NAME --report report.html'}`"),
    )


def summary(found: Comparison) -> str:
    """The verdict and a line a pair."""
    names = listed([f.name for f in found.families])
    head = (
        f"{found.winner} wins at {where_words(found.at)}"
        if found.winner
        else f"Undecided between {names} at {where_words(found.at)}"
    )
    lines = [f"{head} ({percent(found.level)})."]
    lines += [_place(found, p) + "." for p in found.pairs if p.crossing.value is not None and p.crossing.reported]
    return "\n".join(lines)
