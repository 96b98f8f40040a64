"""The annealing law: a loss curve from the area under the learning rate and the momentum area of its drops."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import numpy as np

from gnomon.errors import InputError
from gnomon.laws.law import coefficient, exponent, floor
from gnomon.laws.references import BIBTEX
from gnomon.laws.schedule_law import Places, ScheduleLaw
from gnomon.runs.schedule import Schedule

Array = np.ndarray

BLOCK = 512  # steps filtered at a time, as one triangular matrix


class LrAnnealing(ScheduleLaw):
    """Loss along any learning-rate schedule: a power of the area under it, less what its drops release.

    L = L0 + A S1^-alpha - C S2, S1 = sum_{i<=s} lr_i, S2 = sum_{i<=s} m_i with m_i = decay m_{i-1} + (lr_{i-1} - lr_i). A
    drop works with a delay of about 1 / (1 - decay) steps, 1000 by default; `lr_annealing(0.9995)` has another decay.
    The warm-up counts as if the rate had been at its peak, as in the authors' program.

    Source: Tissue, Wang, Wang 2024, equations 1 and 4.
    """

    id = "lr_annealing"
    question = "What will the loss be under another learning-rate schedule, and how much does annealing bring?"
    text = "loss = L0 + A * S1^-alpha - C * S2"
    source = "Tissue, Wang, Wang 2024, Scaling Law with Learning Rate Annealing"
    bibtex = BIBTEX["tissue2024"]
    holds = "Curves of one model, batch size and peak rate after the warm-up; comparing families of schedules."
    misleads = "Linear in the drops, so a best free-form schedule is degenerate; short anneals come out too weak."
    degenerate = "it is linear in the drops, so its optimum keeps the peak and then falls at once"
    decay: ClassVar[float] = 0.999

    L0: float = floor("loss that neither more steps nor annealing undercut by much", typical=0.8)
    A: float = coefficient("coefficient of the area", typical=0.2)
    alpha: float = exponent("exponent of the area", typical=0.6)
    C: float = coefficient("worth of the momentum area", typical=0.2)

    def value(self, at: Places) -> Any:
        """L0 + A S1^-alpha - C S2."""
        area, momentum = self._areas(at)
        return self.L0 + self.A * area**-self.alpha - self.C * momentum

    @classmethod
    def _areas(cls, at: Places) -> tuple[Array, Array]:
        key = ("areas", cls.decay)
        if key not in at.kept:
            at.kept[key] = (
                at.gather(lambda s, steps: np.cumsum(s.without_warmup().rates)[steps]),
                at.gather(lambda s, steps: momentum_area(s.without_warmup(), cls.decay)[steps]),
            )
        found: tuple[Array, Array] = at.kept[key]
        return found

    @classmethod
    def quantities(cls, *inputs: Any) -> dict[str, Any]:
        """S1 and S2."""
        area, momentum = cls._areas(cls.places_of(*inputs))
        return {"S1": area, "S2": momentum}

    @classmethod
    def variant(cls, decay: float) -> type[LrAnnealing]:
        """The law with another decay of the annealing momentum.

        Raises:
            InputError: not between 0 and 1.
        """
        if not 0 < decay < 1:
            raise InputError(f"the decay of lr_annealing lies between 0 and 1; got {decay:g}", hint="Usual: 0.999.")
        return _with_decay(float(decay))


def momentum_area(schedule: Schedule, decay: float) -> Array:
    """S2 (T,) of a schedule: the running sum of m_i = decay m_{i-1} + (lr_{i-1} - lr_i), m_0 = 0."""
    drops = np.concatenate([[0.0], schedule.rates[:-1] - schedule.rates[1:]])
    pieces = np.pad(drops, (0, -len(drops) % BLOCK)).reshape(-1, BLOCK)
    lag = np.arange(BLOCK)[:, None] - np.arange(BLOCK)
    inside = pieces @ np.where(lag >= 0, decay ** np.maximum(lag, 0), 0.0).T
    fading = decay ** np.arange(1, BLOCK + 1)
    carried = 0.0
    for row in inside:
        row += carried * fading
        carried = row[-1]
    return np.asarray(np.cumsum(inside.ravel()[: len(drops)]))


@cache
def _with_decay(decay: float) -> type[LrAnnealing]:
    if decay == LrAnnealing.decay:
        return LrAnnealing
    body = {"__doc__": LrAnnealing.__doc__, "__module__": LrAnnealing.__module__, "decay": decay, "arguments": (decay,)}
    made: type[LrAnnealing] = type("LrAnnealing", (LrAnnealing,), body)
    return made
