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

ZOO = ("attention", "window", "linear", "gated", "hyena", "ssm", "attention+ssm", "attention+hyena")
TASKS = ("recall", "noisy", "fuzzy", "copying", "compression", "memorization")

STEPS = {"smoke": 24, "quick": 1600, "full": 1600}
"""The rise of attention on recall comes late and at once: at 800 steps a window of 8 is ahead of it, at 1,600 behind."""

LR = 5e-3  # of the quick scale
SWEEP = (2e-3, 5e-3)
SEEDS = {"smoke": 1, "quick": 3, "full": 1}

QUICK: Mapping[str, tuple[str, ...]] = {
    "recall": ("attention", "window", "gated", "swiglu"),
    "copying": ("attention", "window", "gated", "swiglu"),
    "compression": ("attention", "linear", "gated", "gated-wide", "ssm", "swiglu"),
    "memorization": ("attention", "swiglu"),
}
SMOKE: Mapping[str, tuple[str, ...]] = {"recall": ("attention", "swiglu")}
FULL: Mapping[str, tuple[str, ...]] = dict.fromkeys(TASKS, (*ZOO, "swiglu")) | {
    "compression": (*ZOO, "swiglu", "gated-wide")
}
LADDER_WIDTHS = (32, 48, 72)  # 25,000, 55,000 and 124,000 parameters
LADDER_FLOPS = 5e11

SOLVED, CHANCE_OF_EIGHT, COMPRESSED = 0.95, 0.18, 0.19

STUDY = Study(
    name="mad",
    title="Synthetic tasks that tell in minutes what a block can do",
    question="Which block should I scale: attention, a window, linear attention, a long convolution, a state space?",
    paper=Paper(
        title="Mechanistic Design and Scaling of Hybrid Architectures",
        authors="Poli et al. 2024",
        id="arXiv 2403.17844",
        bibtex=(
            "@article{poli2024mechanistic,\n  title={Mechanistic Design and Scaling of Hybrid Architectures},\n"
            '  author={Poli, Michael and Thomas, Armin W and Nguyen, Eric and Ponnusamy, Pragaash and Deiseroth, Bj{\\"o}rn\n'
            "    and Kersting, Kristian and Suzuki, Taiji and Hie, Brian and Ermon, Stefano and R{\\'e}, Christopher and\n"
            "    Zhang, Ce and Massaroli, Stefano},\n  journal={arXiv preprint arXiv:2403.17844},\n  year={2024}\n}"
        ),
    ),
    scales={
        "smoke": "1 task, 2 architectures, 24 steps: seconds; and the controls that need no training",
        "quick": "4 tasks, up to 6 architectures each, 3 seeds, 1,600 steps: under six minutes",
        "full": "6 tasks in 2 settings, 8 architectures, 2 learning rates, and a ladder of language models: about an hour",
    },
    departs=(
        "Width 32, two heads, 12 to 32 symbols and 1,600 steps of 32 sequences; the paper: width 128, up to 1,024 "
        "symbols, 200 epochs of up to 12,800.",
        "All architectures have the parameters of attention with a usual SwiGLU: the SwiGLU is narrower where the mixer "
        "is larger. The paper keeps the SwiGLU.",
        "One learning rate at the quick scale; two at the full one, chosen on a validation part. The paper sweeps six "
        "settings and chooses on the part it reports.",
        "float32, cosine to 0 after a short warm-up; the paper: bf16, and a schedule its public code may not apply.",
        "The linear attention here has no normaliser; values of the gated one are as wide as the model, half the paper's.",
        "The language models of the full scale have 25,000 to 124,000 parameters and one budget, so that there is no "
        "law of perplexity against state.",
    ),
    split="512 test sequences a task, drawn from a stream of their own; a validation part of 512 chooses the learning rate",
    claims=(
        Claim(
            "recall-attention",
            "In-context recall: accuracy of attention",
            at_least(SOLVED),
            "a pilot of the same size: .983",
        ),
        Claim(
            "recall-window",
            "In-context recall: accuracy of a window of 8 in both layers, which cannot see every pair",
            between(0.5, 0.85),
            "a pilot of the same size: .676",
        ),
        Claim(
            "memorization-no-mixer",
            "Memorization: accuracy of SwiGLU alone, with nothing that looks back",
            at_least(SOLVED),
            "the map is the same in every sequence, but a value is asked for at the symbol after its key",
        ),
        Claim(
            "copying-window",
            "Selective copying: accuracy of a window of 8",
            at_most(0.6),
            "two windows of 8 reach 14 positions back, the content lies 5 to 31 back",
        ),
        Claim(
            "copying-attention",
            "Selective copying: accuracy of attention less that of a window of 8, in the same data",
            at_least(0.2),
            "same",
        ),
        Claim(
            "compression-linear",
            "Compression: accuracy of linear attention, gated linear attention and state space less that of attention, least of the three",
            at_least(-0.05),
            "expected of blocks whose whole state is handed on anyway; no number of the paper",
        ),
        Claim(
            "compression-state",
            "Compression: what twice the state adds to the accuracy of gated linear attention, in the same data",
            at_least(0.0),
            "Poli et al. 2024, on state-optimal scaling: what counts is the size of the state",
        ),
        Claim(
            "isoflop",
            "100 sets of generated parabolas with N* growing as C^0.5: share of 90% intervals that hold 0.5",
            between(0.84, 0.97),
            "coverage of 90 % in 100 sets: .84 to .97 is within two standard errors",
        ),
        Claim(
            "ranking",
            "Scores rank the language models' losses: share of all orders that agree as well (one-sided)",
            at_most(0.05),
            "Poli et al. 2024, a figure of score against compute-optimal perplexity without a coefficient",
        ),
        Claim(
            "recall-no-mixer",
            "In-context recall: accuracy of SwiGLU alone",
            at_most(CHANCE_OF_EIGHT),
            "a value is one of eight: .125 by chance; a pilot: .122",
            control_of="recall-attention",
        ),
        Claim(
            "untrained",
            "Accuracy over chance of models before training, largest over tasks and architectures",
            at_most(0.02),
            "nothing was learnt yet",
            control_of="recall-window",
        ),
        Claim(
            "memorization-other-map",
            "Memorization: accuracy of the trained model when asked by a map it was never trained on",
            at_most(0.1),
            "what was memorized is this map; the other agrees with it in two keys of 31",
            control_of="memorization-no-mixer",
        ),
        Claim(
            "copying-no-mixer",
            "Selective copying: accuracy of SwiGLU alone",
            at_most(0.12),
            "content is one of fourteen: .071 by chance",
            control_of="copying-window",
        ),
        Claim(
            "window-whole",
            "A window as long as the sequence is no window: largest difference of its logits from attention's",
            at_most(0.0),
            "the same sums over the same positions",
            control_of="copying-attention",
        ),
        Claim(
            "compression-no-mixer",
            "Compression: accuracy of SwiGLU alone, which sees the last symbol only",
            at_most(COMPRESSED),
            "chance is (11/15 + 1)/12 = .144, the last position being known",
            control_of="compression-linear",
        ),
        Claim(
            "isoflop-other",
            "The same where N* grows as C^0.6: share of intervals that hold 0.5",
            at_most(0.1),
            "an exponent that is wrong by .1 must be told",
            control_of="isoflop",
        ),
        Claim(
            "ranking-permuted",
            "Scores of eight dealt out at random: share of orders that are called a ranking",
            at_most(0.05),
            "all 40,320 orders",
            control_of="ranking",
        ),
    ),
    trials=lambda asked: trials(asked),
    judge=lambda runs, asked: _judge(runs, asked),
    figures=lambda runs, asked: _figures(runs, asked),
    extras=("lab",),
)

_WORK = "gnomon.studies.entries.mad"


def trials(asked: Asked) -> Sequence[Trial]:
    """Runs on tasks, longest first; models before training; the window that is none; at the full scale the ladder."""
    scale = asked.scale
    found = []
    if scale == "full":
        for width in reversed(LADDER_WIDTHS):
            found += [ladder_trial(name, width, asked.seed) for name in ZOO]
    grid = {"smoke": SMOKE, "quick": QUICK, "full": FULL}[scale]
    for task, architectures in grid.items():
        for architecture in architectures:
            for harder in (0, 1) if scale == "full" else (0,):
                for lr in SWEEP if scale == "full" else (LR,):
                    for seed in range(asked.seed, asked.seed + SEEDS[scale]):
                        found.append(task_trial(task, architecture, lr, STEPS[scale], seed, harder=harder))
    every = ("attention", "swiglu") if scale == "smoke" else (*ZOO, "swiglu")
    tasks = ("recall", "copying") if scale == "smoke" else TASKS
    for name in every:
        spec = {"architecture": name, "tasks": list(tasks), "seed": asked.seed}
        found.append(Trial(f"{_WORK}.training:untrained", spec, kind=("untrained", name)))
    found.append(Trial(f"{_WORK}.training:same_as_window", {"seed": asked.seed}))
    return found


def task_trial(task: str, architecture: str, lr: float, steps: int, seed: int, *, harder: int = 0) -> Trial:
    """One run on a task."""
    spec = {"task": task, "harder": harder, "architecture": architecture, "lr": lr, "steps": steps, "seed": seed}
    return Trial(f"{_WORK}.training:train_task", spec, kind=(task, harder, architecture))


def ladder_trial(architecture: str, width: int, seed: int) -> Trial:
    """One language model."""
    spec = {"architecture": architecture, "width": width, "flops": LADDER_FLOPS, "seed": seed}
    return Trial(f"{_WORK}.ladder:train_language", spec, kind=("ladder", architecture, width))


def _judge(runs: Runs, asked: Asked) -> Mapping[str, Measured]:
    from gnomon.studies.entries.mad.judging import judge

    return judge(runs, asked)


def _figures(runs: Runs, asked: Asked) -> Sequence[Figure]:
    from gnomon.studies.entries.mad.figures import figures

    return figures(runs, asked)
