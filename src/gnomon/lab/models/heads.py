"""Heads: a width cut into equal parts that mix positions independently."""

from __future__ import annotations

from typing import Any

from gnomon.errors import InputError


def head_width(width: int, heads: int) -> int:
    """Width of a head.

    Raises:
        InputError: the heads do not divide the width.
    """
    if heads < 1 or width % heads:
        raise InputError(f"There are {heads} heads for a width of {width}, expected a number that divides it.")
    return width // heads


def split(x: Any, length: int, heads: int) -> Any:
    """(sequences * length, heads * n) to (sequences, heads, length, n)."""
    return x.reshape(-1, length, heads, x.shape[-1] // heads).transpose(0, 2, 1, 3)


def join(x: Any) -> Any:
    """(sequences, heads, length, n) to (sequences * length, heads * n)."""
    sequences, heads, length, n = x.shape
    return x.transpose(0, 2, 1, 3).reshape(sequences * length, heads * n)
