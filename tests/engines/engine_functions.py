"""What the workers of the engine tests do: a module of its own, so that other processes can import it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def square(x: float, tell: Callable[[Any], None]) -> dict[str, float]:
    tell({"half": x / 2})
    print("anything printed must not disturb the channel")
    return {"x": x, "square": x * x}


def fails_on_three(x: int, tell: Callable[[Any], None]) -> int:
    if x == 3:
        raise ValueError("three is not served")
    return x


def dies_on_three(x: int, tell: Callable[[Any], None]) -> int:
    if x == 3:
        print("last words", file=sys.stderr, flush=True)
        os.kill(os.getpid(), 9)
    return x


def who(x: Any, tell: Callable[[Any], None]) -> int:
    time.sleep(0.05)
    return os.getpid()


def cannot_travel(x: Any, tell: Callable[[Any], None]) -> Any:
    return lambda: x


def environment(name: str, tell: Callable[[Any], None]) -> str | None:
    return os.environ.get(name)


def sleeps(seconds: float, tell: Callable[[Any], None]) -> None:
    tell(os.getpid())
    time.sleep(seconds)


def meets(spec: tuple[str, str], tell: Callable[[Any], None]) -> None:
    """One waits until the other is there; the other stays for a minute."""
    role, place = spec
    tell(os.getpid())
    if role == "stays":
        Path(place).touch()
        time.sleep(60)
    while not Path(place).exists():
        time.sleep(0.01)
    time.sleep(0.1)
