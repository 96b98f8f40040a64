"""Specs as jobs of a Slurm queue, through submitit."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from gnomon.engines.engine import Failure, Function, Outcome, Spec, Tell, attempt
from gnomon.errors import InputError, need

DIED = "WorkerDied"
LOOK = 1.0  # seconds between two looks at the queue; submitit itself asks Slurm far less often


class Slurm:
    """An engine of Slurm jobs: one array job a call, one task a spec.

    Args:
        folder: of logs and pickles, on a file system that the nodes share.
        workers: tasks at a time (default: as many as there are specs).
        minutes: limit of one task.
        cores: of one task.
        environment: variables set before a task's work is imported.
        options: further `slurm_...` settings as submitit takes them: partition, account, gpus.
        cluster: "slurm", or "local" to run the tasks as processes of this machine.

    Raises:
        MissingExtraError: submitit is not installed.
        InputError: this machine has no Slurm, or a setting is not known.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        workers: int | None = None,
        minutes: int = 60,
        cores: int = 1,
        environment: Mapping[str, str] | None = None,
        options: Mapping[str, Any] | None = None,
        cluster: Literal["slurm", "local"] = "slurm",
    ) -> None:
        if workers is not None and workers < 1:
            raise InputError(f"workers is {workers}, expected at least 1.")
        submitit = need("submitit", "slurm", "The engine slurm")
        self._environment = dict(environment or {})
        more = {f"slurm_{name}": value for name, value in (options or {}).items()}
        if cluster == "slurm" and workers is not None:
            more["slurm_array_parallelism"] = workers
        self._workers = workers if cluster == "local" else None
        try:
            self._executor = submitit.AutoExecutor(folder=str(folder), cluster=cluster)
            self._executor.update_parameters(timeout_min=minutes, cpus_per_task=cores, name="gnomon", **more)
        except (RuntimeError, NameError, TypeError, AssertionError, ValueError) as error:
            raise InputError(
                f"Slurm cannot be used: {str(error).strip().splitlines()[0] if str(error) else type(error).__name__}",
                hint="Run it where sbatch is, or take the engine processes or ray.",
            ) from error

    def map(
        self,
        function: Function[Spec],
        specs: Sequence[Spec],
        *,
        affinity: Callable[[Spec], Hashable] | None = None,
        tell: Callable[[int, Any], None] | None = None,
    ) -> Iterator[Outcome]:
        """Yield the outcome of each spec as its job ends; see `Engine.map`. Jobs tell nothing on the way."""
        pending = list(enumerate(specs))
        at_work: dict[int, Any] = {}
        try:
            while pending or at_work:
                room = len(pending) if self._workers is None else self._workers - len(at_work)
                batch, pending = pending[:room], pending[room:]
                if batch:
                    with self._executor.batch():
                        jobs = [self._executor.submit(_work, function, spec, i, self._environment) for i, spec in batch]
                    at_work |= {i: job for (i, _), job in zip(batch, jobs, strict=True)}
                ended = [index for index, job in at_work.items() if job.done()]
                for index in ended:
                    yield _outcome(index, at_work.pop(index))
                if not ended:
                    time.sleep(LOOK)
        finally:
            for job in at_work.values():  # interrupted, or left early
                with contextlib.suppress(Exception):
                    job.cancel()

    def __enter__(self) -> Slurm:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def _work(function: Function[Spec], spec: Spec, index: int, environment: Mapping[str, str]) -> Outcome:
    import os

    os.environ.update(environment)
    silent: Tell = lambda news: None  # noqa: E731
    return attempt(function, spec, index, silent)


def _outcome(index: int, job: Any) -> Outcome:
    """The outcome a job left, or its obituary."""
    error = job.exception()
    if error is None:
        return Outcome(index, (left := job.result()).record, left.failure)
    lines = (job.stderr() or str(error)).strip().splitlines()
    return Outcome(index, None, Failure(DIED, f"Job {job.job_id} ended in state {job.state}.", "\n".join(lines[-20:])))
