"""The training of the quickstart: trials in worker processes, each record kept at once, and news of how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from gnomon.engines import Cache, Failure, Processes, TrialError
from gnomon.lab.backend import environment
from gnomon.studies.entries.quickstart.design import Trial
from gnomon.studies.entries.quickstart.trial import Row, train_trial

if TYPE_CHECKING:
    from gnomon.forecast import Forecast
    from gnomon.studies.entries.quickstart.result import Quickstart


@dataclass(frozen=True)
class Progress:
    """News on the way; how it is shown is the caller's business.

    Args:
        stage: "ladder", "forecast", "target" or "done".
        event: "begin" a stage, "step" within a run, "run" finished (or found finished), "end" of a stage.
        done: runs of this stage that are finished.
        total: runs of this stage.
        share: of all training (in FLOPs) that is done, 0 to 1.
        seconds: since the call.
        row: the finished run, for "run".
        step: {"run", "step", "steps", "loss"} of the run at work, for "step".
        kept: the run of "run" was there from an earlier call.
        forecast: for the end of "forecast".
        result: for the end of all.
    """

    stage: Literal["ladder", "forecast", "target", "done"]
    event: Literal["begin", "step", "run", "end"]
    done: int
    total: int
    share: float
    seconds: float
    row: Mapping[str, Any] | None = None
    step: Mapping[str, Any] | None = None
    kept: bool = False
    forecast: Forecast | None = None
    result: Quickstart | None = None


class Work:
    """Trains trials that have no record yet, keeps each record at once, and tells how far it is."""

    def __init__(
        self, cache: Cache, trials: Sequence[Trial], began: float, progress: Callable[[Progress], None] | None
    ) -> None:
        self.cache, self._began, self._progress = cache, began, progress
        self._all = sum(trial.flops for trial in trials)
        self._finished = 0.0  # FLOPs
        self._under_way: dict[int, float] = {}
        self._engine: Processes | None = None
        self._threads = 0

    def train(self, stage: Literal["ladder", "target"], trials: Sequence[Trial], *, workers: int) -> list[Row]:
        """The rows of trials, in their order.

        Args:
            stage: what the trials are for.
            trials: of one number of threads.
            workers: processes at a time.

        Raises:
            TrialError: a trial failed; all others were finished and kept first.
        """
        rows: dict[int, Row] = {}
        self.say(stage, "begin", total=len(trials))

        def finished(index: int, row: Row, kept: bool) -> None:
            rows[index] = row
            self._under_way.pop(index, None)
            self._finished += trials[index].flops
            self.say(stage, "run", done=len(rows), total=len(trials), row=row, kept=kept)

        for index, trial in enumerate(trials):
            row = self.cache.get(trial.key)
            if row is not None:
                finished(index, row | {"role": trial.role}, kept=True)
        todo = [index for index in _longest_first(trials) if index not in rows]
        failures: dict[str, Failure] = {}
        if todo:

            def tell(position: int, news: Mapping[str, Any]) -> None:
                index = todo[position]
                self._under_way[index] = trials[index].flops * news["step"] / news["steps"]
                step = {"run": trials[index].run, **news}
                self.say(stage, "step", done=len(rows), total=len(trials), step=step)

            engine = self._processes(min(workers, len(todo)), threads=trials[0].threads)
            specs = [trials[index] for index in todo]
            for outcome in engine.map(train_trial, specs, affinity=lambda trial: trial.width, tell=tell):
                trial = specs[outcome.index]
                if outcome.failure is not None:
                    failures[trial.run] = outcome.failure
                    continue
                self.cache.put(trial.key, outcome.record)
                finished(todo[outcome.index], outcome.record, kept=False)
        if failures:
            run, failure = next(iter(failures.items()))
            raise TrialError(
                f"{len(failures)} of {len(trials)} runs failed; the first is {run}: {failure.kind}: {failure.message}",
                hint=f"Finished runs are kept in {self.cache.folder}; the same call goes on from them.",
                partial=failures,
            )
        self.say(stage, "end", done=len(rows), total=len(trials))
        return [rows[index] for index in range(len(trials))]

    def _processes(self, workers: int, *, threads: int) -> Processes:
        """Workers of a number of threads; those of another number are ended, they would only hold memory."""
        if self._engine is None or self._threads != threads:
            self.close()
            self._engine, self._threads = Processes(workers, environment=environment(threads=threads)), threads
        return self._engine

    def close(self) -> None:
        """End the workers."""
        if self._engine is not None:
            self._engine.close()
        self._engine = None

    def __enter__(self) -> Work:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def say(self, stage: Any, event: Any, *, done: int = 0, total: int = 0, **more: Any) -> None:
        """Tell the caller."""
        if self._progress is not None:
            share = (self._finished + sum(self._under_way.values())) / self._all
            self._progress(Progress(stage, event, done, total, share, time.monotonic() - self._began, **more))


def _longest_first(trials: Sequence[Trial]) -> list[int]:
    """Positions: the widths with the most work first, and within a width the longest run, which evens out the end."""
    work: dict[int, int] = {}
    for trial in trials:
        work[trial.width] = work.get(trial.width, 0) + trial.flops
    return sorted(range(len(trials)), key=lambda i: (-work[trials[i].width], trials[i].width, -trials[i].steps))
