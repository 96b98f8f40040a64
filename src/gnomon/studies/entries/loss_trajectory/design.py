"""The study as data: grid, split, claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnomon.studies.claim import Claim, Measured, at_least, at_most, between
from gnomon.studies.study import Asked, Paper, Study
from gnomon.studies.trial import Trial

if TYPE_CHECKING:
    from gnomon.report import Figure
    from gnomon.runs import Runs

LENGTH = 128  # bytes of a sequence; a batch in tokens is a multiple
RATE = 8e-3  # middle of the rates tried at REFERENCE: from a sweep at width 24 with another seed, before any run of the study
REFERENCE = 2048  # tokens of a batch; the middle goes with the square root of the batch (Adam)
FACTORS = (0.5, 1.0, 2.0)  # rates tried for every size and batch, over the middle
TRIED = 0.1  # share of the run for which each is tried
WARMUP = 0.05  # share of the run; what lies in it takes part in no fit
LOOKS = 36  # points of a curve, evenly spread in the logarithm of the step from the warm-up to the end
MICRO, TOGETHER = 512, 16  # tokens of the small batch of the noise scale, and how many make the large one
ENDS = 0.1  # of its peak: where the rate of the annealed run ends


@dataclass(frozen=True)
class Grid:
    """What is trained at a scale.

    Args:
        sizes: widths trained at the reference batch.
        pivot: the width trained at all batches.
        batches: tokens of a batch at the pivot.
        size: width held out, and its batch.
        batch: tokens of the batch held out at the pivot.
        tokens: of a run up to `large` parameters' width, and of wider ones.
        replicas: generated tables of runs the law is fitted to.
    """

    sizes: tuple[int, ...]
    pivot: int
    batches: tuple[int, ...]
    size: tuple[int, int]
    batch: int
    tokens: tuple[int, int]
    replicas: int


LARGE = 56  # widths from here on are trained on the larger number of tokens
GRIDS = {
    "smoke": Grid((16,), 16, (2048,), (24, 2048), 2048, (20_480, 20_480), 0),
    "quick": Grid((16, 24, 32), 32, (512, 1024, 2048, 4096), (48, 2048), 8192, (1_500_000, 1_500_000), 20),
    "full": Grid((24, 32, 56, 88), 32, (512, 2048, 8192), (112, 8192), 32_768, (3_000_000, 10_000_000), 50),
}

QUICK_BATCH, FULL_BATCH, SIZE = 0.04, 0.02, 0.03  # bounds on mean relative errors of held-out curves
WORSE = 1.5  # times the error that leaving out the batch must cost
COVERED, REPLICA_NOISE = 0.8, 0.005
FLAGGED = 2.0

STUDY = Study(
    name="loss-trajectory",
    title="Loss at every step for any size and batch, from small runs",
    question="Which loss will a larger model have at every step, and which batch should it be trained with?",
    paper=Paper(
        title="Unraveling the Mystery of Scaling Laws: Part I",
        authors="Su et al. 2024",
        id="arXiv 2403.06563",
        bibtex=(
            "@article{su2024unraveling,\n  title={Unraveling the Mystery of Scaling Laws: Part {I}},\n"
            "  author={Su, Hui and Tian, Zhi and Shen, Xiaoyu and Cai, Xunliang},\n"
            "  journal={arXiv preprint arXiv:2403.06563},\n  year={2024}\n}"
        ),
    ),
    scales={
        "smoke": "2 sizes at one batch, a few steps: seconds",
        "quick": "7k to 55k parameters, batches of 512 to 8,192 tokens, 1.5M tokens a run: under six minutes",
        "full": "14k to 305k parameters, batches of 512 to 32,768 tokens, up to 10M tokens a run: about an hour",
    },
    departs=(
        "Models of 7k to 305k parameters on the bytes of Python's standard library; the paper's have 1M to 60M on C4.",
        "All constants are fitted together to all curves after the warm-up; the paper estimates them one after another.",
        "The learning rate is the best of three on a tenth of the run, for every size and batch, then constant.",
        "One seed; a curve's points share their run, so no claim on an error of one held-out curve has an interval.",
    ),
    split=(
        "one size (quick: width 48, full: width 112) and one batch (quick: 8,192 tokens, full: 32,768), whole curves; "
        "fixed before any run, in no fit"
    ),
    claims=(
        Claim(
            "held-out-batch",
            "The curve of a batch that no fit has seen is forecast: mean relative error",
            at_most(QUICK_BATCH),
            "gnomon: acceptance of the design at quick scale",
        ),
        Claim(
            "held-out-batch-full",
            "The same at full scale, where more runs stand behind it",
            at_most(FULL_BATCH),
            "gnomon: acceptance of the design at full scale",
        ),
        Claim(
            "held-out-size",
            "The curve of a larger model is forecast: mean relative error",
            at_most(SIZE),
            "Su et al. 2024, abstract: the trajectory of a larger model before it is trained",
        ),
        Claim(
            "no-floor",
            "The form without a floor does at least as well on both held-out curves: error with a floor over without",
            at_least(1.0),
            "Su et al. 2024 and Kaplan et al. 2020: pure powers",
        ),
        Claim(
            "critical-batch-grows",
            "The critical batch grows as the loss falls: slope of ln(critical batch) against ln(loss), level by level",
            at_most(0.0),
            "Kaplan et al. 2020, equation 5.3: B_crit = B_1 / L^(1 / alpha_B)",
        ),
        Claim(
            "noise-scale",
            "The noise scale of the gradient gives the order of the critical batch: log10 of their ratio",
            between(-1.0, 1.0),
            "McCandlish et al. 2018: the simple noise scale predicts the critical batch in order of magnitude",
        ),
        Claim(
            "annealed-run",
            "A run whose rate falls is told from those the law is for: residual of its last fifth over their largest",
            at_least(FLAGGED),
            "the law is for constant rates",
        ),
        Claim(
            "recovery",
            "Constants of generated runs lie in their 90% intervals: share of replicas, worst of six constants",
            at_least(COVERED),
            "gnomon: nominal 90%, 4 sizes and 4 batches with 0.5% noise",
        ),
        Claim(
            "recovered-exponents",
            "Exponents of generated runs come out: largest mean relative error of three",
            at_most(0.1),
            "gnomon: acceptance of the design",
        ),
        Claim(
            "hyperbola",
            "Least steps and least tokens of an exact hyperbola come out: largest relative error",
            at_most(1e-6),
            "McCandlish et al. 2018, equation 2.11",
        ),
        Claim(
            "no-batch-correction",
            "Without the critical batch the held-out batch is missed: error of the law with S_min = S over the law's",
            at_least(WORSE),
            "the same powers of size and step, batch left out",
            control_of="held-out-batch",
        ),
        Claim(
            "one-batch",
            "From runs at one batch the law is not fitted, so it forecasts no other: fits given",
            at_most(0.0),
            "one batch says nothing of B_1 and alpha_B",
            control_of="critical-batch-grows",
        ),
        Claim(
            "same-batch",
            "The same batch every time has no noise and no critical batch: scales given",
            at_most(0.0),
            "tr(Sigma) = 0",
            control_of="noise-scale",
        ),
    ),
    trials=lambda asked: trials(asked),
    judge=lambda runs, asked: _judge(runs, asked),
    figures=lambda runs, asked: _figures(runs, asked),
    extras=("lab",),
)


def trials(asked: Asked) -> Sequence[Trial]:
    """One trial a run, the longest first; the annealed run; and generated tables of runs."""
    grid = GRIDS[asked.scale]
    wanted = {(width, REFERENCE, "constant") for width in grid.sizes}
    wanted |= {(grid.pivot, batch, "constant") for batch in (*grid.batches, grid.batch)}
    wanted |= {(*grid.size, "constant")}
    if asked.scale != "smoke":
        wanted |= {(grid.pivot, REFERENCE, "linear")}
    found = []
    for width, batch, schedule in sorted(wanted, reverse=True):
        spec = {
            "width": width, "batch_tokens": batch, "schedule": schedule, "seed": asked.seed,
            "tokens": grid.tokens[width >= LARGE], "noise": int((width, batch) == (grid.pivot, REFERENCE)),
        }  # fmt: skip
        found.append(Trial("gnomon.studies.entries.loss_trajectory.training:train_curve", spec, kind=(width, batch)))
    for replica in range(grid.replicas):
        spec = {"replica": replica, "seed": asked.seed}
        found.append(Trial("gnomon.studies.entries.loss_trajectory.generated:recover", spec, kind="generated"))
    return found


def _judge(runs: Runs, asked: Asked) -> Mapping[str, Measured]:
    from gnomon.studies.entries.loss_trajectory.judging import judge

    return judge(runs, asked)


def _figures(runs: Runs, asked: Asked) -> Sequence[Figure]:
    from gnomon.studies.entries.loss_trajectory.judging import figures

    return figures(runs, asked)
