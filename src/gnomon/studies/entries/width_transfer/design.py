"""The study as data: grid, split, claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gnomon.studies.claim import Claim, Measured, at_least, at_most, between
from gnomon.studies.study import Asked, Paper, Study
from gnomon.studies.trial import Trial

if TYPE_CHECKING:
    from gnomon.report import Figure
    from gnomon.runs import Runs

BASE = 16
"""Width at which all rules are the same."""

LR, DECAY = 2.0**-6, 1.0
"""Settings of hidden matrices at the base width: the steady state, 1/(lr decay) = 64 steps, is reached early."""

STEADY = 3.0  # lr decay steps below which a run has not reached its steady state: e^-3 = 5 % of the start are left
EXPONENTS = (0.5, 0.75, 0.875, 1.0, 1.125)
"""p of the decay rules: constant, the paper's, and around 1, where a toy block with persistent updates lies."""

PAPER_P = 0.75
MATRICES = ("mixer.qkv", "mixer.out", "up", "down")
LAYERS = 2
SWEEP_RATES = tuple(2.0**k for k in range(-10, -3))
CHECK_LR, CHECK_STARTS = 0.02, 8
"""The coordinate check: its large rate at the base width, and the random starts it is made from."""

LIMIT_WIDTHS = (64, 128, 256)
LIMIT_RATES, LIMIT_DECAY = (0.0025, 0.005, 0.01), 0.5
"""Settings of the two limits: lr decay is at most 0.005, up to where the memory of momentum bends no slope."""

FLAT = 0.1  # slope in width that counts as none: a factor of 1.2 over three octaves
CHANGED = 0.2  # and one that must be seen where the rule is taken away
OCTAVES = 0.5  # a shift of the best learning rate that counts as none, over two octaves of width
REGRET = 0.02  # nats; about 1 % of the loss at these sizes


@dataclass(frozen=True)
class Grid:
    """What a scale runs.

    Args:
        widths: of the singular values; the last `held_out` are seen by no fit.
        held_out: number of them.
        exponents: p of the decay rules.
        settings: further learning rates and decays at the base width, under the paper's rule.
        steps: of those runs.
        sweep_widths: widths whose best learning rates are compared.
        sweep_steps: steps of those runs.
        sweep_seeds: seeds of each of them.
        rates: learning rates of the sweep.
        check_widths: of the coordinate check; the first is its base.
    """

    widths: tuple[int, ...]
    held_out: int
    exponents: tuple[float, ...]
    settings: tuple[tuple[float, float], ...]
    steps: int
    sweep_widths: tuple[int, ...]
    sweep_steps: int
    sweep_seeds: int
    rates: tuple[float, ...]
    check_widths: tuple[int, ...]


SMOKE = Grid(
    widths=(16, 32),
    held_out=1,
    exponents=(PAPER_P,),
    settings=(),
    steps=20,
    sweep_widths=(16,),
    sweep_steps=20,
    sweep_seeds=1,
    rates=(LR,),
    check_widths=(16,),
)
QUICK = Grid(
    widths=(16, 24, 32, 48, 64),
    held_out=1,
    exponents=EXPONENTS,
    settings=((LR / 2, DECAY), (LR, DECAY / 2)),
    steps=1250,
    sweep_widths=(16, 64),
    sweep_steps=400,
    sweep_seeds=3,
    rates=SWEEP_RATES,
    check_widths=(32, 64, 128),
)
FULL = replace(
    QUICK,
    widths=(*QUICK.widths, 96, 128),
    held_out=2,
    settings=((LR / 2, DECAY), (LR * 2, DECAY), (LR, DECAY / 2), (LR, DECAY * 2)),
    steps=3000,
    sweep_widths=(32, 128),
    sweep_steps=1000,
    check_widths=(32, 64, 128, 256),
)
GRIDS = {"smoke": SMOKE, "quick": QUICK, "full": FULL}

STUDY = Study(
    name="width-transfer",
    title="Transfer over width: singular values, the decay rule, and whether the best learning rate stays",
    question="I tuned learning rate and weight decay on a narrow model. Which values does a wider one take, without a sweep?",
    paper=Paper(
        title="Robust Layerwise Scaling Rules by Proper Weight Decay Tuning",
        authors="Fan et al. 2025",
        id="arXiv 2510.15262",
        bibtex=(
            "@article{fan2025robust,\n  title={Robust Layerwise Scaling Rules by Proper Weight Decay Tuning},\n"
            "  author={Fan, Zhiyuan and Liu, Yifeng and Zhao, Qingyue and Yuan, Angela and Gu, Quanquan},\n"
            "  journal={arXiv preprint arXiv:2510.15262},\n  year={2025}\n}"
        ),
    ),
    scales={
        "smoke": "2 widths, 20 steps, and the two limits: seconds",
        "quick": "widths 16 to 64, 5 decay rules, 3 settings, 1,250 steps; sweeps at 16 and 64: under six minutes",
        "full": "widths 16 to 128, 5 decay rules, 5 settings, 3,000 steps; sweeps at 32 and 128: about an hour",
    },
    departs=(
        "Widths 16 to 128 instead of 256 to 2,048; two layers, heads of size 8, 64 positions, batches of 8.",
        "Text of 50 symbols (the standard library's documentation) instead of web text.",
        "Two learning rates and two decays at the base width for the singular values at the quick scale; the paper sweeps both.",
        "Queries, keys and values are one matrix, as are both inputs of the SwiGLU; their singular values are taken together.",
        "The rule is judged at the nearest of the exponents 0.5, 0.75, 0.875, 1 and 1.125 to the measured one.",
        f"Runs with lr * decay * steps below {STEADY:g} take no part in what is said of singular values.",
        "Adam's eps is 1e-12, and gradients are not clipped, so that neither depends on width.",
    ),
    split="the largest width (quick: 64; full: 96 and 128); exponents and the rule come from the others; fixed before any run",
    claims=(
        Claim(
            "coordinates",
            "Under muP activations keep their size after 5 steps: steepest slope of ln mean |x| in ln width",
            at_most(FLAT),
            "Yang et al. 2022, Tensor Programs V; the bound is gnomon's",
        ),
        Claim(
            "coordinates-standard",
            "In the standard parametrisation they do not: steepest slope of ln mean |x| in ln width",
            at_least(0.3),
            "Yang et al. 2022: activations of the standard parametrisation grow with width",
            control_of="coordinates",
        ),
        Claim(
            "root",
            "Largest singular values go as (lr/decay)^h: h of the matrix farthest from 1/2",
            between(0.4, 0.6),
            "Fan et al. 2025, abstract: sqrt(lr/decay)",
        ),
        Claim(
            "persistent-rate",
            "With the same update at every step they do not depend on the learning rate: its exponent",
            between(-0.05, 0.05),
            "the weights then tend to update/decay",
            control_of="root",
        ),
        Claim(
            "width-exponent",
            "Largest singular values go as width^p: p of the matrix farthest from 0.75",
            between(0.65, 0.85),
            "Fan et al. 2025, abstract: 0.75",
        ),
        Claim(
            "noise-limit",
            "With gradients of pure noise singular values go as the root of width: p",
            between(0.45, 0.55),
            "random matrix theory: 2 sqrt(width) times the size of an entry",
            control_of="width-exponent",
        ),
        Claim(
            "persistent-limit",
            "With the same update of rank one at every step they go as width: p",
            between(0.95, 1.05),
            "a matrix of signs has singular value width",
            control_of="width-exponent",
        ),
        Claim(
            "paper-rule",
            "Under decay ~ sqrt(width) largest singular values keep their size: steepest slope in width of a matrix",
            at_most(FLAT),
            "Fan et al. 2025, abstract",
        ),
        Claim(
            "measured-rule",
            "The same under decay ~ width^(2p - 1) with p as measured at smaller widths",
            at_most(FLAT),
            "the rule's derivation: sqrt(lr/decay) width^p is constant",
        ),
        Claim(
            "constant-decay",
            "With decay held constant singular values grow faster: mean slope less that under the measured rule",
            at_least(CHANGED),
            "muP without the decay rule",
            control_of="measured-rule",
        ),
        Claim(
            "outputs",
            "Under the measured rule the outputs of sublayers keep their size: steepest slope in width",
            at_most(FLAT),
            "Fan et al. 2025, abstract: sublayer gains are invariant",
        ),
        Claim(
            "outputs-constant",
            "With decay held constant outputs of sublayers change: steepest slope in width",
            at_least(CHANGED),
            "muP without the decay rule",
            control_of="outputs",
        ),
        Claim(
            "forecast",
            "Singular values at the held-out width, forecast from the others: mean relative error over matrices",
            at_most(0.1),
            "gnomon: the slope that counts as none, over one e-fold of width",
        ),
        Claim(
            "forecast-no-width",
            "A law that leaves width out forecasts them worse: mean relative error over matrices",
            at_least(0.1),
            "what lr and decay alone explain",
            control_of="forecast",
        ),
        Claim(
            "optimum",
            "The best learning rate stays from the narrow to a model four times as wide, under muP with the paper's rule: octaves",
            at_most(OCTAVES),
            "Fan et al. 2025, abstract: optima transfer; the bound is gnomon's",
        ),
        Claim(
            "optimum-standard",
            "In the standard parametrisation the best learning rate falls: octaves",
            at_least(1.0),
            "Yang et al. 2022: it falls with width",
            control_of="optimum",
        ),
        Claim(
            "regret",
            "Loss at the wide model for taking the narrow one's rate, over its own best, under muP with the paper's rule: nats",
            at_most(REGRET),
            "gnomon: 1 % of the loss",
        ),
        Claim(
            "regret-standard",
            "In the standard parametrisation the narrow one's rate costs the wide model: nats",
            at_least(REGRET),
            "a rate two octaves of width off",
            control_of="regret",
        ),
    ),
    trials=lambda asked: list(trials(asked)),
    judge=lambda runs, asked: _judge(runs, asked),
    figures=lambda runs, asked: _figures(runs, asked),
    extras=("lab",),
)


def trials(asked: Asked) -> Iterator[Trial]:
    """Wide models first, so that no worker is left with one at the end."""
    grid, seed = GRIDS[asked.scale], asked.seed
    for width in reversed(grid.widths):
        for p, lr, decay in _cells(grid, width):
            cell = {"p": p, "width": width, "lr": lr, "decay": decay, "steps": grid.steps, "seed": seed}
            yield _trial("spectra", cell)
    for width in reversed(grid.sweep_widths):
        for rule in ("mup",) if width == BASE else ("mup", "standard"):  # at the base width they are the same
            for rate in grid.rates:
                for one in range(seed, seed + grid.sweep_seeds):
                    point = {"rule": rule, "width": width, "lr": rate, "steps": grid.sweep_steps, "seed": one}
                    yield _trial("sweep", point)
    for width in reversed(grid.check_widths):
        for rule in ("mup", "standard"):
            base = grid.check_widths[0]
            yield _trial(
                "activations", {"rule": rule, "width": width, "base": base, "starts": CHECK_STARTS, "seed": seed}
            )
    for width in reversed(LIMIT_WIDTHS):
        for lr in LIMIT_RATES if width == LIMIT_WIDTHS[0] else LIMIT_RATES[-1:]:
            for updates in ("noise", "persistent"):
                known = {"updates": updates, "width": width, "lr": lr, "decay": LIMIT_DECAY, "seed": seed}
                yield _trial("limit", known, cost=1 / lr)


def rule_decay(p: float, width: int, base: float = DECAY) -> float:
    """Decay of hidden matrices at a width, under the rule of an exponent: base (width/base width)^(2p - 1)."""
    return float(base * (width / BASE) ** (2 * p - 1))


def _cells(grid: Grid, width: int) -> list[tuple[float, float, float]]:
    """Exponent, learning rate and decay at the base width, each pair of rates that matrices really get once.

    At the base width all rules are one, and further settings can meet a rule elsewhere.
    """
    cells = [(p, LR, DECAY) for p in grid.exponents] + [(PAPER_P, lr, decay) for lr, decay in grid.settings]
    distinct: dict[tuple[float, float], tuple[float, float, float]] = {}
    for p, lr, decay in cells:
        distinct.setdefault((lr, round(rule_decay(p, width, decay), 9)), (p, lr, decay))
    return list(distinct.values())


def _trial(part: str, spec: Mapping[str, Any], *, cost: float = 1.0, version: int = 1) -> Trial:
    module = "limits" if part == "limit" else "training"
    shared = (part, spec["width"], spec.get("p"), spec.get("rule"))
    return Trial(f"gnomon.studies.entries.width_transfer.{module}:{part}", spec, version, kind=shared, cost=cost)


def _judge(runs: Runs, asked: Asked) -> Mapping[str, Measured]:
    from gnomon.studies.entries.width_transfer.judging import judge

    return judge(runs, asked)


def _figures(runs: Runs, asked: Asked) -> Sequence[Figure]:
    from gnomon.studies.entries.width_transfer.judging import figures

    return figures(runs, asked)
