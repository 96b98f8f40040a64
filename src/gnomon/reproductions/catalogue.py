"""Every reproduction by name. A file in `entries/` that is not here is found by a test."""

from __future__ import annotations

from importlib import import_module

from gnomon.errors import UnknownNameError, near
from gnomon.reproductions.reproduction import Reproduction

CATALOGUE = (
    "chinchilla",
    "overtraining",
    "data_constrained",
    "olmo_ladder",
    "learning_curves",
    "compute_optimal_steps",
    "nanochat",
    "isoflops",
    "misfitting",
    "opt",
    "step_law",
    "parscale",
    "mixing_laws",
    "regmix",
    "observational",
    "loss_curves",
    "generative",
)


def reproduction(name: str) -> Reproduction:
    """A reproduction by its name.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name not in CATALOGUE:
        raise UnknownNameError(f"There is no reproduction {name!r}.", hint=near(name, CATALOGUE))
    found: Reproduction = import_module(f"gnomon.reproductions.entries.{name}").REPRODUCTION
    return found


def reproductions() -> tuple[Reproduction, ...]:
    """All of them, in the catalogue's order."""
    return tuple(reproduction(name) for name in CATALOGUE)
