"""Several specs at a time, each in a worker process that lives as long as the engine."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any

from gnomon.engines.engine import Failure, Function, Outcome, Spec
from gnomon.errors import InputError

_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from gnomon.engines.worker import main; main()"


def available_cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Processes:
    """An engine of worker processes; use it as a context manager, workers are started when first needed and kept.

    A worker is a fresh interpreter that imports the function by name. The caller's script is not run again in it (as
    `multiprocessing` would do), so a script needs no guard. Workers ignore interrupts; the driver ends them, and they
    end by themselves when the driver is gone, however it died. A worker that dies costs its spec (an outcome with a
    failure) and is replaced.

    Args:
        workers: processes at a time (default: one a core).
        environment: variables added to the workers' environment.
    """

    def __init__(self, workers: int | None = None, *, environment: Mapping[str, str] | None = None) -> None:
        if workers is not None and workers < 1:
            raise InputError(f"workers is {workers}, expected at least 1.")
        self.workers = workers or available_cores()
        self._environment = dict(environment or {})
        self._idle: list[_Worker] = []
        self._busy: list[_Worker] = []
        self._inbox: queue.SimpleQueue[tuple[_Worker, Any]] = queue.SimpleQueue()

    def map(
        self,
        function: Function[Spec],
        specs: Sequence[Spec],
        *,
        affinity: Callable[[Spec], Hashable] | None = None,
        tell: Callable[[int, Any], None] | None = None,
    ) -> Iterator[Outcome]:
        """Yield the outcome of each spec as it ends; see `Engine.map`.

        A free worker takes the first spec of the kind it did last, else the first of a kind no other worker is at, else
        the first: put the longest first.
        """
        if getattr(function, "__module__", None) == "__main__":
            name = getattr(function, "__name__", function)
            raise InputError(
                f"{name} is defined in the script itself, where workers cannot find it.",
                hint="Move it to a module of its own and import it.",
            )
        jobs = [pickle.dumps((function, spec)) for spec in specs]
        kinds = [affinity(spec) if affinity else None for spec in specs]
        pending = list(range(len(specs)))
        try:
            while pending or self._busy:
                while pending and len(self._busy) < self.workers:
                    worker = self._free({kinds[index] for index in pending})
                    index = self._choose(worker, pending, kinds)
                    pending.remove(index)
                    self._busy.append(worker)
                    worker.give(index, kinds[index], jobs[index])
                worker, message = self._inbox.get()
                if worker not in self._busy:
                    self._idle = [other for other in self._idle if other is not worker]  # died between two calls
                    worker.stop()
                elif isinstance(message, Outcome):
                    self._busy.remove(worker)
                    if message.failure is not None and message.failure.kind == _DIED:
                        worker.stop()
                    else:
                        self._idle.append(worker)
                    yield message
                elif tell is not None:
                    tell(*message)
        finally:
            if self._busy:  # interrupted, or left early
                self.close()

    def _free(self, kinds: set[Hashable]) -> _Worker:
        """An idle worker, one that did such a kind before if there is one; a new worker when none is idle."""
        if not self._idle:
            return _Worker(self._environment, self._inbox)
        worker = next((worker for worker in self._idle if worker.kind in kinds), self._idle[-1])
        self._idle.remove(worker)
        return worker

    def _choose(self, worker: _Worker, pending: list[int], kinds: list[Hashable]) -> int:
        taken = {other.kind for other in self._busy}
        same = (index for index in pending if kinds[index] == worker.kind)
        free = (index for index in pending if kinds[index] not in taken)
        return next(same, next(free, pending[0]))

    def close(self) -> None:
        """End all workers, whatever they are at."""
        for worker in self._busy + self._idle:
            worker.stop()
        self._busy, self._idle = [], []

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_DIED = "WorkerDied"


class _Worker:
    """The driver's handle of one process."""

    def __init__(self, environment: Mapping[str, str], inbox: queue.SimpleQueue[tuple[_Worker, Any]]) -> None:
        self.index = -1
        self.kind: Hashable = object()  # equal to no spec's kind
        self._written = tempfile.TemporaryFile()  # noqa: SIM115  (what it prints, for the day it dies)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _BOOT, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._written,
            env=os.environ | environment,
            process_group=0 if os.name == "posix" else None,  # a terminal's Ctrl-C goes to the driver alone
        )
        self._listener = threading.Thread(target=self._listen, args=(inbox,), daemon=True)
        self._listener.start()

    def give(self, index: int, kind: Hashable, job: bytes) -> None:
        """Hand over a job; a worker that is dead already is noticed by its listener."""
        self.index, self.kind = index, kind
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(pickle.dumps((index, job)))
            self._process.stdin.flush()

    def stop(self) -> None:
        """Kill the process and free what belongs to it."""
        self._process.kill()
        self._process.wait()
        self._listener.join()
        for stream in (self._process.stdin, self._process.stdout, self._written):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def _listen(self, inbox: queue.SimpleQueue[tuple[_Worker, Any]]) -> None:
        assert self._process.stdout is not None
        while True:
            try:
                message = pickle.load(self._process.stdout)
            except Exception:  # the end of the stream, or a pickle cut short: the process is gone or useless
                inbox.put((self, Outcome(self.index, None, self._obituary())))
                return
            inbox.put((self, message))

    def _obituary(self) -> Failure:
        self._process.kill()
        code = self._process.wait()
        self._written.seek(0)
        lines = self._written.read().decode(errors="replace").splitlines()[-20:]
        how = f"signal {-code}" if code < 0 else f"status {code}"
        return Failure(_DIED, f"The worker process ended with {how}.", "\n".join(lines))
