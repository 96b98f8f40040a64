"""Progress on stderr: one line, rewritten on a terminal; plain milestones elsewhere; silent when asked."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any, Self

from gnomon.cli.terminal.look import Look
from gnomon.cli.terminal.text import Span, shorten, width_of, written

PATIENCE = 0.4  # seconds before a line appears: what is done sooner needs none
EVERY = 0.1  # seconds between two pictures of the line
CELLS = 16  # columns of the bar


class Progress:
    """A line that says what is being done, for how long and, where that is known, how much of it is done.

    Used as a context: the line is gone when it ends, whatever ended it.
    """

    def __init__(self, text: str, *, quiet: bool = False, stream: Any = None) -> None:
        self.stream = sys.stderr if stream is None else stream
        self.look = Look.of(self.stream)
        self.quiet = quiet
        self.alive = not quiet and _rewrites(self.stream)
        self._text = text
        self._share: float | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._shown = False
        self._began = self._since = time.monotonic()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self.alive:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2 * EVERY)
        with self._lock:
            self._clear()

    def now(self, text: str, share: float | None = None) -> None:
        """What is being done now, and the share of it that is done (0 to 1)."""
        with self._lock:
            if text != self._text:
                self._since = time.monotonic()
            self._text, self._share = text, share

    def write(self, text: str, stream: Any = None) -> None:
        """Text that is finished, on another stream; the line makes room for it. Without a stream it is a milestone."""
        if stream is None and self.quiet:
            return
        with self._lock:
            self._clear()
            out = self.stream if stream is None else stream
            out.write(text)
            out.flush()

    @property
    def seconds(self) -> float:
        """Time since the beginning."""
        return time.monotonic() - self._began

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            if self.seconds < PATIENCE:
                continue
            with self._lock:
                if not self._stop.is_set():
                    self._draw()

    def _draw(self) -> None:
        seconds = f"{time.monotonic() - self._since:.0f} s"
        tail = f"  {seconds}"
        if self._share is not None:
            done = min(max(self._share, 0.0), 1.0)
            full = round(done * CELLS)
            line, rest = ("#", ".") if self.look.plain else ("━", "╌")
            tail = f"  {line * full}{rest * (CELLS - full)}  {100 * done:3.0f}%{tail}"
        look = Look(Look.of(self.stream).width, self.look.plain)  # the window may have changed
        room = look.width - 1 - width_of(tail)
        text = shorten(look.spell(self._text), max(room, 8), look)
        self.stream.write("\r\x1b[2K" + written((Span(text), Span(tail, "dim")), look))
        self.stream.flush()
        self._shown = True

    def _clear(self) -> None:
        if self._shown:
            self.stream.write("\r\x1b[2K")
            self.stream.flush()
            self._shown = False


def _rewrites(stream: Any) -> bool:
    """Whether a line on the stream can be taken back."""
    try:
        return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"
    except (AttributeError, ValueError):
        return False
