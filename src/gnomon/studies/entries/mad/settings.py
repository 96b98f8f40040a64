"""The tasks of the study at its own size, and the settings of the paper."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from gnomon.lab.tasks import (
    Sequences,
    Sizes,
    compression,
    fuzzy_recall,
    in_context_recall,
    memorization,
    noisy_recall,
    selective_copying,
)

Setting = Mapping[str, Any]
SIZES = Sizes(train=3200, valid=512, test=512)

MAKE: dict[str, Callable[..., Sequences]] = {
    "recall": in_context_recall,
    "noisy": noisy_recall,
    "fuzzy": fuzzy_recall,
    "copying": selective_copying,
    "compression": compression,
    "memorization": memorization,
}

BASELINE: dict[str, Setting] = {
    "recall": {"symbols": 16, "length": 32},
    "noisy": {"symbols": 32, "length": 32},
    "fuzzy": {"symbols": 16, "length": 32},
    "copying": {"symbols": 16, "length": 32, "content": 4},
    "compression": {"symbols": 16, "length": 12},
    "memorization": {"symbols": 64, "length": 32},
}

HARDER: dict[str, Setting] = {
    "recall": {"symbols": 32},
    "noisy": {"noise": 0.4},
    "fuzzy": {"symbols": 32},
    "copying": {"content": 8},
    "compression": {"length": 24},
    "memorization": {"symbols": 128},
}
"""One change to the baseline."""


@functools.cache
def task(name: str, harder: bool = False, seed: int = 12345) -> Sequences:
    """A task at the study's size.

    Args:
        name: one of `MAKE`.
        harder: with the change of `HARDER`.
        seed: of the generator (default that of the paper's).
    """
    change = HARDER[name] if harder else {}
    return MAKE[name](**{**BASELINE[name], **change}, sizes=SIZES, seed=seed)


SHARED = {"symbols": (32, 64, 128), "length": (256, 512, 1024), "train": (6400, 3200, 1600, 800)}
PUBLISHED: dict[str, Mapping[str, tuple[float, ...]]] = {
    "recall": SHARED,
    "noisy": SHARED | {"symbols": (48, 80, 144), "noise": (0.4, 0.6, 0.8)},
    "fuzzy": SHARED,
    "copying": SHARED | {"length": (512, 1024), "content": (32, 64, 96)},
    "compression": SHARED | {"length": (64, 128, 256)},
    "memorization": {"symbols": (512, 1024, 2048, 4096, 8192)},
}
"""What the paper changes, one at a time, in its own baselines, which are the defaults of the tasks (mad-lab configs/tasks)."""

SWEEP = tuple((lr, decay) for lr in (1e-4, 5e-4, 1e-3) for decay in (0.0, 0.1))
"""The paper's learning rates and weight decays, of which each setting counts by its best (mad-lab configs.py)."""


def published_settings(name: str) -> list[Setting]:
    """The paper's settings of a task: its baseline, then every change; arguments of the task's function.

    A change of `train` is the number of training sequences (`Sizes`).
    """
    return [{}] + [{key: value} for key, values in PUBLISHED[name].items() for value in values]
