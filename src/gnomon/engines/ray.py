"""Specs on a Ray cluster: one that runs already, or a local one that is started and ended with the engine."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import sys
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any

from gnomon.engines.engine import Failure, Function, Outcome, Spec, attempt
from gnomon.engines.processes import available_cores
from gnomon.errors import InputError, need

DIED = "WorkerDied"
ADDRESS = "RAY_ADDRESS"  # Ray's own variable: where a cluster is that one joins


class Ray:
    """An engine of Ray tasks; use it as a context manager.

    Joins the cluster at `address`, or at RAY_ADDRESS; starts a local one where neither is given. Workers of a cluster
    need gnomon and the study's module installed; those of a local one see this process's `sys.path`. Ray places tasks by
    the cores they ask for. A worker or a machine that dies costs its spec (an outcome with a failure), nothing else.

    Args:
        workers: tasks at a time (default: the cores of the cluster).
        address: of a running cluster, as `ray.init` takes it.
        cores: a task asks for (default 1).
        environment: variables added to the workers' environment.

    Raises:
        MissingExtraError: Ray is not installed.
        InputError: there is no cluster at the address.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        address: str | None = None,
        cores: float = 1,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        if workers is not None and workers < 1:
            raise InputError(f"workers is {workers}, expected at least 1.")
        self._ray = need("ray", "ray", "The engine ray")
        self._address = address or os.environ.get(ADDRESS)
        self._workers, self._cores = workers, cores
        self._environment = dict(environment or {})
        self._ours = False  # whether the cluster is ended with the engine

    def map(
        self,
        function: Function[Spec],
        specs: Sequence[Spec],
        *,
        affinity: Callable[[Spec], Hashable] | None = None,
        tell: Callable[[int, Any], None] | None = None,
    ) -> Iterator[Outcome]:
        """Yield the outcome of each spec as it ends; see `Engine.map`. Placement is Ray's: affinity plays no part."""
        self._start()
        task = self._ray.remote(num_cpus=self._cores, max_retries=0, num_returns="streaming")(_serve)
        most = self._workers or max(int(self._ray.cluster_resources().get("CPU", 1) / self._cores), 1)
        pending = list(range(len(specs)))[::-1]
        at_work: dict[Any, int] = {}
        try:
            while pending or at_work:
                while pending and len(at_work) < most:
                    index = pending.pop()
                    at_work[task.remote(pickle.dumps((function, specs[index])), index)] = index
                ready, _ = self._ray.wait(list(at_work), num_returns=1)
                for stream in ready:
                    message = self._next(stream, at_work[stream])
                    if isinstance(message, Outcome):
                        del at_work[stream]
                        yield message
                    elif tell is not None:
                        tell(*message)
        finally:
            for stream in at_work:
                with contextlib.suppress(Exception):  # the cluster may be gone already
                    self._ray.cancel(stream, force=True)

    def _next(self, stream: Any, index: int) -> Any:
        """The next message of a task; its death is an outcome."""
        try:
            return pickle.loads(self._ray.get(next(stream)))
        except StopIteration:
            return Outcome(index, None, Failure(DIED, "The worker ended without an answer.", ""))
        except self._ray.exceptions.RayError as error:
            told = str(error).strip().splitlines()
            return Outcome(index, None, Failure(DIED, "The worker process ended.", "\n".join(told[-20:])))

    def _start(self) -> None:
        """Join or start a cluster, once."""
        if self._ray.is_initialized():
            return
        runtime: dict[str, Any] = {"env_vars": dict(self._environment)}
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR", "include_dashboard": False}
        if self._address is None:
            runtime["env_vars"]["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
            options["num_cpus"] = max(self._workers or available_cores(), 1)
        else:
            options = {"address": self._address, "log_to_driver": False, "logging_level": "ERROR"}
        try:
            self._ray.init(runtime_env=runtime, **options)
        except (ConnectionError, RuntimeError, ValueError) as error:
            where = f"at {self._address}" if self._address else "on this machine"
            raise InputError(
                f"Ray could not be used {where}: {str(error).strip().splitlines()[0]}",
                hint="Give the address of a running cluster (RAY_ADDRESS), or leave it out for a local one.",
            ) from error
        self._ours = True

    def close(self) -> None:
        """Leave the cluster; a local one ends."""
        if self._ours:
            self._ray.shutdown()
        self._ours = False

    def __enter__(self) -> Ray:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _serve(job: bytes, index: int) -> Iterator[bytes]:
    """A task: what the function tells, then its outcome, each as a pickle."""
    messages: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def work() -> None:
        try:
            function, spec = pickle.loads(job)
        except Exception as error:  # the function's module cannot be imported here
            messages.put(Outcome(index, None, Failure.of(error)))
            return
        messages.put(attempt(function, spec, index, lambda told: messages.put((index, told))))

    threading.Thread(target=work, daemon=True).start()
    while True:
        message = messages.get()
        try:
            data = pickle.dumps(message)
        except Exception as error:  # a record that cannot be pickled is the function's fault
            message = Outcome(index, None, Failure.of(error))
            data = pickle.dumps(message)
        yield data
        if isinstance(message, Outcome):
            return
