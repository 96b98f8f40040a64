"""A short name for a set of rows that does not depend on their order, their file or its format."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from gnomon.runs.cells import Array


def fingerprint(data: Mapping[str, Array]) -> str:
    """The first 16 hex digits of a SHA-256 over column names and values.

    Columns are taken in the order of their names and rows in the order of their values, so that the same data give the
    same fingerprint however rows and columns are arranged. All unknown numbers are one value, and so are 0 and -0.

    Args:
        data: column name -> array, float64 or text.

    Returns:
        16 hex digits.
    """
    digest = hashlib.sha256()
    keys: list[Array] = []
    for name in sorted(data):
        digest.update(f"{len(name)}:{name};".encode())
        values = data[name]
        if values.dtype.kind == "f":
            numbers = values + 0.0  # -0.0 becomes 0.0
            numbers[np.isnan(numbers)] = np.nan  # one bit pattern for all
            keys.append(numbers.astype("<f8").view("<u8"))
            continue
        texts = values.tolist()
        order = {text: code + 1 for code, text in enumerate(sorted({text for text in texts if text is not None}))}
        for text in order:
            digest.update(f"{len(text)}:{text};".encode())
        keys.append(np.array([order.get(text, 0) for text in texts], dtype="<u8"))
    if keys:
        table = np.stack(keys)
        digest.update(np.ascontiguousarray(table[:, np.lexsort(table[::-1])]).tobytes())
    return digest.hexdigest()[:16]
