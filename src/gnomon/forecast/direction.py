"""Whether more or less of a response is better: declared, or told from its name; never guessed."""

from __future__ import annotations

import re
from typing import Literal

from gnomon.errors import InputError

Better = Literal["low", "high"]

HIGH = frozenset(
    [
        "accuracy",
        "acc",
        "acc1",
        "acc5",
        "top1",
        "top5",
        "recall",
        "precision",
        "f1",
        "auc",
        "score",
        "miou",
        "map",
        "reward",
        "bleu",
        "psnr",
    ]
)
"""Words in the name of a response of which more is better."""

LOW = frozenset(
    [
        "loss",
        "error",
        "err",
        "perplexity",
        "ppl",
        "bpb",
        "bits",
        "nll",
        "fid",
        "mse",
        "rmse",
        "mae",
        "regret",
        "wer",
        "cer",
        "ce",
        "kl",
        "gap",
    ]
)
"""Words in the name of a response of which less is better."""


def better_sign(response: str, better: str | None = None) -> float:
    """1 where less of the response is better, -1 where more is.

    Args:
        response: its column.
        better: "low" or "high"; None takes less for better where the name says so.

    Raises:
        InputError: `better` is neither, more is better by the name, or the name does not say.
    """
    if better is not None:
        if better not in ("low", "high"):
            raise InputError(f"Better is low or high; got {better!r}.", hint="For a loss low, for an accuracy high.")
        return 1.0 if better == "low" else -1.0
    words = set(re.split(r"[^a-z0-9]+", response.lower())) | {response.lower()}
    if words & LOW:
        return 1.0
    if words & HIGH or response.lower() == "pass_rate":
        raise InputError(
            f"Of {response} more is better; unless told so a comparison takes less for better.",
            hint='Say better="high" (--better high), or compare the error, 1 minus it.',
        )
    raise InputError(
        f"Nothing says whether more or less of {response} is better.",
        hint='Say better="low" or better="high" (--better low, --better high).',
    )
