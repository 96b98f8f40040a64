"""Reproductions: published results refitted on public data with the publication's own protocol, both numbers side by side.

from gnomon.reproductions import reproduce

for result in reproduce(["chinchilla"]).results:
    print(result.quantity.name, result.quantity.published, result.ours, result.agrees)
"""

from __future__ import annotations

from gnomon.reproductions.catalogue import CATALOGUE, reproduction, reproductions
from gnomon.reproductions.reproduce import Outcome, Reproduced, reproduce
from gnomon.reproductions.reproduction import Load, Quantity, Reproduction, Result

__all__ = [
    "CATALOGUE",
    "Load",
    "Outcome",
    "Quantity",
    "Reproduced",
    "Reproduction",
    "Result",
    "reproduce",
    "reproduction",
    "reproductions",
]
