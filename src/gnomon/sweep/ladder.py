"""The ladder: which sizes are trained on how many tokens, so that all of it costs at most the budget.

Two designs in use:

- ratios: every size at several tokens per parameter (the OLMo ladder, Bhagia et al. 2024: 1, 2, 5 and 10 times 20);
- isoflop: several budgets, and at each several sizes (Hoffmann et al. 2022, approach 2; nanochat; Marin).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gnomon.errors import InputError, Notice, RefusalError
from gnomon.plan.cost import Cost, cost_model
from gnomon.runs.numbers import format_number
from gnomon.sweep.keys import Table
from gnomon.sweep.size import LEAST, Size, Sizes

DESIGNS = ("ratios", "isoflop")
SIZES = 5  # between the OLMo ladder's four and nanochat's six
RATIOS = (5.0, 20.0, 80.0)  # tokens per parameter: 20 (Hoffmann et al. 2022) and a factor of four to either side
BUDGETS = 3  # two draw the line of optima, the third can contradict it
FACTOR = 10**0.5  # between budgets: nanochat's are 2.2 apart, Marin's 2 to 3.3
USED = 0.5  # of the budget: a ladder that takes less is told, because the sizes or the lengths stop it


@dataclass(frozen=True)
class Rung:
    """A size and the tokens it is trained on."""

    size: Size
    tokens: int


@dataclass(frozen=True)
class Ladder:
    """How rungs are chosen.

    Args:
        budget: FLOP for all trials.
        design: one of `DESIGNS`.
        sizes: how many.
        ratios: tokens per parameter; of isoflop the least and the most.
        budgets: how many, of isoflop.
        seeds: of each rung.
        cost: how FLOP are counted.
        more: rungs beside the design.
    """

    budget: float
    design: str = "ratios"
    sizes: int = SIZES
    ratios: tuple[float, ...] = RATIOS
    budgets: int = BUDGETS
    seeds: int = 1
    cost: str = "6ND"
    more: tuple[Rung, ...] = ()

    @property
    def model(self) -> Cost:
        """The cost model."""
        return cost_model(self.cost)

    def flops(self, rung: Rung) -> float:
        """Training FLOP of one trial of a rung."""
        return float(self.model.flops(rung.size.params, float(rung.tokens)))


def read_ladder(table: Table) -> Ladder:
    """[ladder] without its further rungs.

    Raises:
        InputError: a key is wrong.
    """
    design = table.text("design", "ratios", choices=DESIGNS)
    expected = "training FLOP for all trials, such as '1e15'"
    cost = table.text("cost", "6ND")
    try:
        cost_model(cost)
    except InputError as error:
        error.where = table.where("cost")
        raise
    ratios = table.numbers("tokens_per_param", RATIOS)
    if len(ratios) < 2:
        table.refuse(
            "tokens_per_param", f"{len(ratios)} value", "at least two", hint="One ratio cannot tell size from data."
        )
    return Ladder(
        budget=table.number("budget", expected=expected),
        design=design,
        sizes=table.whole("sizes", SIZES, least=LEAST),
        ratios=ratios,
        budgets=table.whole("budgets", BUDGETS, least=2),
        seeds=table.whole("seeds", 1),
        cost=cost,
    )


def read_more(table: Table, sizes: Sizes) -> tuple[Rung, ...]:
    """[[ladder.more]]: rungs of the user's own, as `gnomon sweep` proposes them.

    Raises:
        InputError: one names no size of the trainer, or no tokens.
    """
    found = []
    for entry in table.tables("more"):
        given = {name: entry.value(name, expected=f"the size: {', '.join(sizes.names)}") for name in sizes.names}
        if not given:
            given, matching = {}, [sizes.nearest(entry.number("params"))]
        else:
            matching = [size for size in sizes.found if size.values == given]
        tokens = entry.whole("tokens")
        entry.end()
        if not matching:
            entry.refuse(sizes.names[0], repr(given), "one of the sizes of [size]")
        found.append(Rung(matching[0], tokens))
    return tuple(found)


def design_ladder(ladder: Ladder, sizes: Sizes, repeats: int) -> tuple[tuple[Rung, ...], tuple[Notice, ...]]:
    """The rungs, the longest first, and what is to be known about them.

    Args:
        ladder: how they are chosen.
        sizes: what the trainer can be asked for.
        repeats: trials of each rung: seeds, and values that are tried.

    Raises:
        RefusalError: not even the smallest ladder fits the budget.
    """
    share = ladder.budget / repeats
    rungs = _ratios(ladder, sizes, share) if ladder.design == "ratios" else _isoflop(ladder, sizes, share)
    notices = []
    spent = sum(map(ladder.flops, rungs)) * repeats
    if spent < USED * ladder.budget:
        message = (
            f"the ladder takes {format_number(spent, 'flops')} of the {format_number(ladder.budget, 'flops')} FLOP: "
            "larger sizes, or more tokens per parameter, would use the rest"
        )
        notices.append(Notice("budget-left", message, {"flops": spent}))
    whole = {(id(rung.size), rung.tokens): rung for rung in (*rungs, *ladder.more)}
    return tuple(sorted(whole.values(), key=ladder.flops, reverse=True)), tuple(notices)


def _ratios(ladder: Ladder, sizes: Sizes, share: float) -> list[Rung]:
    """The largest top size with which every size at every ratio fits the share."""
    cheapest = 0.0
    for top in reversed(sizes.found):
        chosen = sizes.spread(sizes.found[0].params, top.params, ladder.sizes)
        if len({size.params for size in chosen}) < LEAST:
            break
        rungs = [Rung(size, round(size.params * ratio)) for size in chosen for ratio in ladder.ratios]
        cheapest = sum(map(ladder.flops, rungs))
        if cheapest <= share:
            return rungs
    raise _too_small(ladder, cheapest, share)


def _isoflop(ladder: Ladder, sizes: Sizes, share: float) -> list[Rung]:
    """At each budget the sizes whose tokens per parameter lie within the ratios."""
    steps = [FACTOR**-k for k in range(ladder.budgets)]
    top = share / ladder.sizes / sum(steps)
    rungs = []
    for step in steps:
        flops = top * step
        inside = [
            size
            for size in sizes.found
            if ladder.ratios[0] <= float(ladder.model.tokens(flops, size.params)) / size.params <= ladder.ratios[-1]
        ]
        chosen: Sequence[Size] = sizes.spread(inside[0].params, inside[-1].params, ladder.sizes) if inside else ()
        if len({size.params for size in chosen}) < LEAST:
            raise RefusalError(
                f"At {format_number(flops, 'flops')} FLOP only {len(chosen)} sizes have {ladder.ratios[0]:g} to "
                f"{ladder.ratios[-1]:g} tokens per parameter; a budget takes {LEAST}.",
                hint="Allow other sizes in [size], more ratios in ladder.tokens_per_param, or another ladder.budget.",
                code="no-ladder",
            )
        rungs += [Rung(size, max(round(float(ladder.model.tokens(flops, size.params))), 1)) for size in chosen]
    return rungs


def _too_small(ladder: Ladder, cheapest: float, share: float) -> RefusalError:
    told = format_number(cheapest * ladder.budget / share, "flops") if cheapest else "more"
    return RefusalError(
        f"The smallest ladder of {LEAST} sizes takes {told} FLOP; the budget is {format_number(ladder.budget, 'flops')}.",
        hint="Raise ladder.budget, allow smaller sizes, or fewer tokens per parameter.",
        code="budget-too-small",
    )
