"""Handwritten digits: 1,797 images of 8 x 8 pixels in a split that no version of any library can move."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from gnomon.errors import InputError, need

CLASSES = 10
LEVELS = 16.0  # pixels are 0 to 16
SPLIT_SHA256 = "001093e37cac2aa856e8665f0e9256b09078f2bc6a4d72233f38da52e6928af4"  # of the index lists; a file that was changed is refused


@dataclass(frozen=True)
class Digits:
    """Images in [0, 1], (n, 64) float32, and classes, (n,) int32, by part.

    `pool` (1,280) is what models are trained on, in an order whose first m images are balanced over the classes for any
    m; `valid` (117) decides when to stop, `test` (400) is reported.
    """

    pool: tuple[NDArray[np.float32], NDArray[np.int32]]
    valid: tuple[NDArray[np.float32], NDArray[np.int32]]
    test: tuple[NDArray[np.float32], NDArray[np.int32]]


@functools.cache
def digits() -> Digits:
    """The digits of scikit-learn in the house's split.

    Raises:
        MissingExtraError: scikit-learn is not installed.
        InputError: this installation's images or split are not those the split was made for.
    """
    source = need("sklearn.datasets", "digits", "The digits").load_digits()
    text = (files("gnomon.lab") / "digits_split.json").read_text(encoding="utf-8")
    if hashlib.sha256(text.encode()).hexdigest() != SPLIT_SHA256:
        raise InputError("The split of the digits was changed.", hint="Install gnomon again.")
    lists = json.loads(text)
    images = (source.data / LEVELS).astype(np.float32)
    classes = source.target.astype(np.int32)
    if images.shape != (sum(len(part) for part in lists.values()), 64):
        raise InputError(f"scikit-learn gives {images.shape} digits, expected (1797, 64).", hint="Use another version.")
    return Digits(**{part: (images[index], classes[index]) for part, index in lists.items()})
