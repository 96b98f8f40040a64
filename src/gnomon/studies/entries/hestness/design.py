"""The study as data: grid, split, claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gnomon.studies.claim import Claim, Measured, at_least, at_most, between
from gnomon.studies.study import Asked, Paper, Study
from gnomon.studies.trial import Trial

if TYPE_CHECKING:
    from gnomon.report import Figure
    from gnomon.runs import Runs

SHARDS = (20, 40, 80, 160, 320, 640, 1280)
HELD_OUT = (640, 1280)
"""The last two octaves; no fit sees them."""

SEEDS = {"smoke": 1, "quick": 3, "full": 5}
WIDTHS = {"smoke": (16,), "quick": (64,), "full": (8, 16, 32, 64, 128)}
SMOKE_SHARDS = (20, 80)
MODELS, OPTIMISERS = ("mlp", "cnn"), ("adam", "momentum")

LEVEL = 0.9
NARROW = 0.6  # half width over value below which an interval is of use (digits: four times the binomial sd of 2 %)
REJECTED = 0.01  # significance at which a shared exponent is given up
SAME = 0.05  # change of ln(error) per octave-free ln(samples) that a shuffled task may show by accident

STUDY = Study(
    name="hestness",
    title="Learning curves: how many samples for an error, and what the optimiser changes",
    question="My error with m samples is e. How many samples reach a target, and would another optimiser do it?",
    paper=Paper(
        title="Deep Learning Scaling is Predictable, Empirically",
        authors="Hestness et al. 2017",
        id="arXiv 1712.00409",
        bibtex=(
            "@article{hestness2017deep,\n  title={Deep Learning Scaling is Predictable, Empirically},\n"
            "  author={Hestness, Joel and Narang, Sharan and Ardalani, Newsha and Diamos, Gregory and Jun, Heewoo and\n"
            "    Kianinejad, Hassan and Patwary, Md. Mostofa Ali and Yang, Yang and Zhou, Yanqi},\n"
            "  journal={arXiv preprint arXiv:1712.00409},\n  year={2017}\n}"
        ),
    ),
    scales={
        "smoke": "2 shards, 1 seed, width 16: seconds",
        "quick": "7 shards, 3 seeds, width 64, two models, two optimisers: under five minutes",
        "full": "7 shards, 5 seeds, widths 8 to 128: under an hour",
    },
    departs=(
        "Digits of 8 x 8 pixels instead of translation, language, ImageNet and speech; 20 to 1,280 samples.",
        "One fixed width at the quick scale; the paper searches the best size for each shard.",
        "Peak rates are fixed per optimiser (Adam 1e-3, momentum .05), not searched for each shard.",
        "Training stops at the smallest validation error; what is reported is the error on a third part, never used to choose.",
    ),
    split="the two largest shards, 640 and 1,280 samples, of every curve; fixed before any run",
    claims=(
        Claim(
            "power-law",
            "Error falls as a power of the number of samples: exponent of error against samples",
            at_most(-0.07),
            "Hestness et al. 2017, abstract: exponents -0.07 to -0.35",
        ),
        Claim(
            "forecast",
            "The held-out shards' median errors lie in their 90% interval: share inside",
            at_least(0.75),
            "interval for a new run with the binomial noise of the test set; six of eight is the 5 % point of 90 %",
        ),
        Claim(
            "forecast-width",
            "The interval is of use: largest half width over value at the held-out shards",
            at_most(NARROW),
            "gnomon: four times the binomial sd at 2 % of 400 images",
        ),
        Claim(
            "shared-exponent",
            "Adam and momentum share the exponent: p-value of their difference, smallest of both models",
            at_least(REJECTED),
            "Hestness et al. 2017, abstract: optimisers shift the curve, not its exponent",
        ),
        Claim(
            "best-size",
            "The best model grows more slowly than its data: exponent of parameters against samples, full scale only",
            between(0.0, 1.0),
            "Hestness et al. 2017, abstract: model size scales sublinearly with data size",
        ),
        Claim(
            "shuffled-labels",
            "With shuffled labels there is no power law: size of the exponent",
            at_most(SAME),
            "nothing can be learnt from labels that do not belong to their images",
            control_of="power-law",
        ),
        Claim(
            "unequal-exponents",
            "Two generated curves of exponents -0.25 and -0.5 are told apart: p-value of their difference",
            at_most(REJECTED),
            "the same test on curves that differ",
            control_of="shared-exponent",
        ),
        Claim(
            "no-binomial-noise",
            "Without the noise of the test set the interval is too narrow: its width over the honest one, at 2 % error",
            at_most(0.9),
            "400 images with 2 % error have a binomial sd of .7 points",
            control_of="forecast",
        ),
    ),
    trials=lambda asked: trials(asked),
    judge=lambda runs, asked: _judge(runs, asked),
    figures=lambda runs, asked: _figures(runs, asked),
    extras=("lab", "digits"),
)


def trials(asked: Asked) -> Sequence[Trial]:
    """One trial a run: model, optimiser, width, shard, seed; and shuffled labels for the smallest grid of them."""
    shards = SMOKE_SHARDS if asked.scale == "smoke" else SHARDS
    found = []
    for seed in range(asked.seed, asked.seed + SEEDS[asked.scale]):
        for width in WIDTHS[asked.scale]:
            for model in MODELS:
                for optimiser in OPTIMISERS:
                    for samples in reversed(shards):
                        found.append(_trial(model, optimiser, width, samples, seed, shuffled=False))
        found += [_trial("mlp", "adam", WIDTHS[asked.scale][0], m, seed, shuffled=True) for m in reversed(shards)]
    return found


def _trial(model: str, optimiser: str, width: int, samples: int, seed: int, *, shuffled: bool) -> Trial:
    spec = {
        "model": model, "optimiser": optimiser, "width": width, "samples": samples, "seed": seed, "shuffled": shuffled,
    }  # fmt: skip
    return Trial(
        "gnomon.studies.entries.hestness.training:train_digits", spec, kind=(model, optimiser, width, shuffled)
    )


def _judge(runs: Runs, asked: Asked) -> Mapping[str, Measured]:
    from gnomon.studies.entries.hestness.judging import judge

    return judge(runs, asked)


def _figures(runs: Runs, asked: Asked) -> Sequence[Figure]:
    from gnomon.studies.entries.hestness.judging import figures

    return figures(runs, asked)
