"""The worker's side of `Processes`: read jobs from standard input, do them, write outcomes to standard output."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import sys
import threading
from typing import IO, Any

from gnomon.engines.engine import Failure, Outcome, attempt


def main() -> None:
    """Serve until the driver goes away; then end at once, whatever is under way.

    Messages are pickles. In: (index, pickled (function, spec)). Out: (index, what the function told), then an Outcome.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the driver's to handle
    inward, outward = _private_channel()
    jobs: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(inward, jobs), daemon=True).start()
    while True:
        index, job = jobs.get()
        _send(outward, _do(index, job, outward))


def _do(index: int, job: bytes, outward: IO[bytes]) -> Outcome:
    try:
        function, spec = pickle.loads(job)
    except Exception as error:  # the function's module cannot be imported here
        return Outcome(index, None, Failure.of(error))
    return attempt(function, spec, index, lambda news: _send(outward, (index, news)))


def _listen(inward: IO[bytes], jobs: queue.SimpleQueue[tuple[int, bytes]]) -> None:
    """Hand on jobs; when the driver's end closes, which its death does too, end this process."""
    while True:
        try:
            jobs.put(pickle.load(inward))
        except (EOFError, OSError, pickle.UnpicklingError):
            os._exit(0)


def _send(outward: IO[bytes], message: Any) -> None:
    try:
        data = pickle.dumps(message)
    except Exception as error:  # a record that cannot be pickled is the function's fault
        if not isinstance(message, Outcome):
            raise
        data = pickle.dumps(Outcome(message.index, None, Failure.of(error)))
    try:
        outward.write(data)
        outward.flush()
    except OSError:
        os._exit(0)  # the driver is gone


def _private_channel() -> tuple[IO[bytes], IO[bytes]]:
    """The driver's pipes, moved away from 0 and 1, so that nothing a library reads or prints can disturb them."""
    inward, outward = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    return inward, outward
