"""From the file to trials: every rung of the ladder with its settings, its command, and the hash that finds its record."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gnomon.engines import available_cores
from gnomon.errors import InputError, Notice, Where
from gnomon.runs.numbers import format_number
from gnomon.studies.trial import Trial
from gnomon.sweep.ladder import Rung, design_ladder
from gnomon.sweep.setting import settle
from gnomon.sweep.spec import Spec
from gnomon.sweep.trainer import filled

WORK = "gnomon.sweep.work:run_trial"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Planned:
    """A trial that is to be run, or was.

    Args:
        run: its name in the table.
        rung: size and tokens.
        seed: of the repeat.
        values: every placeholder's value, without those of its place.
        flops: its training compute.
        trial: as engines take it.
    """

    run: str
    rung: Rung
    seed: int
    values: Mapping[str, Any]
    flops: float
    trial: Trial

    @property
    def place(self) -> tuple[float, int, int]:
        """What trials that differ only in a tried setting share."""
        return self.rung.size.params, self.rung.tokens, self.seed

    @property
    def command(self) -> list[str]:
        """The words of its command, with the placeholders of its place as they are written."""
        return [word.replace("\x02", "{").replace("\x03", "}") for word in self.trial.spec["command"]]


@dataclass(frozen=True)
class Design:
    """All trials of a sweep, the longest first.

    Args:
        planned: the trials.
        notices: what is to be known about them.
    """

    planned: tuple[Planned, ...]
    notices: tuple[Notice, ...]

    @property
    def flops(self) -> float:
        """Training compute of all trials."""
        return sum(one.flops for one in self.planned)


def design_sweep(spec: Spec) -> Design:
    """Lay the ladder and give every trial its settings and its command.

    Raises:
        RefusalError: the budget is too small.
        InputError: a setting cannot be computed, or two trials would run the same command.
    """
    choices = list(itertools.product(*(setting.tried for setting in spec.tried)))
    rungs, notices = design_ladder(spec.ladder, spec.sizes, spec.ladder.seeds * len(choices))
    fingerprint = spec.trainer.fingerprint()
    planned = []
    for rung in rungs:
        for seed, choice in itertools.product(range(spec.ladder.seeds), choices):
            tried = {setting.name: value for setting, value in zip(spec.tried, choice, strict=True)}
            values = values_at(spec, rung, {"seed": seed} | tried)
            planned.append(_planned(spec, rung, seed, tried, values, fingerprint))
    _check_distinct(spec, planned)
    planned = _told_apart(planned)
    beyond = [setting.notice([one.values for one in planned]) for setting in spec.settings]
    return Design(tuple(planned), (*notices, *(notice for notice in beyond if notice is not None)))


def values_at(spec: Spec, rung: Rung, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every placeholder's value at a rung, without those of its place."""
    start = {
        **rung.size.values,
        "params": _whole(rung.size.params),
        "tokens": rung.tokens,
        "flops": spec.ladder.flops(rung),
        **given,
    }
    return settle(start, spec.settings)


def _planned(
    spec: Spec, rung: Rung, seed: int, tried: Mapping[str, Any], values: Mapping[str, Any], fingerprint: str | None
) -> Planned:
    parts = [rung.size.label, format_number(rung.tokens), *(f"{name}{value}" for name, value in tried.items())]
    run = "-".join([*parts, f"s{seed}"] if spec.ladder.seeds > 1 else parts)
    trial = Trial(
        WORK,
        {
            "command": spec.trainer.command(values),
            "environment": spec.trainer.variables(values),
            "version": spec.trainer.version,
            "metrics": spec.metrics.to_dict(),
        },
        place={
            "name": run,
            "home": str(spec.folder / "trials"),
            "work": str(spec.trainer.folder),
            "log": filled(spec.metrics.path, values),
            "minutes": spec.trainer.minutes,
            "threads": _threads(spec),
            "asked": rung.tokens,
            "trainer": fingerprint,
        },
    )
    return Planned(run, rung, seed, values, spec.ladder.flops(rung), trial)


def _told_apart(planned: list[Planned]) -> list[Planned]:
    """The trials with distinct names: lengths that look alike when rounded get a piece of the hash."""
    counts = Counter(one.run for one in planned)
    return [replace(one, run=f"{one.run}-{one.trial.key[:4]}") if counts[one.run] > 1 else one for one in planned]


def _threads(spec: Spec) -> dict[str, str]:
    """Variables that keep trainers side by side from using each other's cores; a cluster allots cores itself."""
    workers = spec.engine.at_a_time(spec.engine.name)
    if spec.engine.name != "processes" or workers in (1, None):
        return {}
    return dict.fromkeys(THREADS, str(max(available_cores() // workers, 1)))


def _check_distinct(spec: Spec, planned: list[Planned]) -> None:
    """Refuse commands or logs that two trials share.

    Raises:
        InputError: there are two.
    """
    commands: dict[str, Planned] = {}
    logs: dict[str, Planned] = {}
    for one in planned:
        if (other := commands.setdefault(one.trial.key, one)) is not one:
            raise InputError(
                f"{other.run} and {one.run} would run the same command",
                hint="Its placeholders must tell sizes and lengths apart, for example {tokens}.",
                where=spec.trainer.where,
            )
        log = str(one.trial.place["log"])
        if "{folder}" not in spec.metrics.path and (other := logs.setdefault(log, one)) is not one:
            raise InputError(
                f"{other.run} and {one.run} would log to the same place",
                hint="Let the trainer write into {folder}, which is the trial's own.",
                where=Where(spec.file, key="metrics.path"),
            )


def _whole(number: float) -> float | int:
    return int(number) if number == int(number) else number
