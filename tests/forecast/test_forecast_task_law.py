"""A level of guessing is not emergence; two circuits are; and what cannot be told is not told."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from gnomon.errors import InputError, RefusalError
from gnomon.forecast.task_law import emergence

SIZES = np.geomspace(10**7.5, 10**10, 10)
CIRCUITS = ((67.1, 0.1), (2.02e5, 0.5))  # pass-until, test vectors: noisy-or -0.0549, product +0.0189 per (ln N)^2


def task(c: float, alpha: float, sizes: np.ndarray = SIZES) -> np.ndarray:
    """The task law."""
    return np.exp(-c * sizes**-alpha)


def draw(p: np.ndarray, trials: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).binomial(trials, p)


def test_a_level_of_guessing_is_not_called_emergence() -> None:
    """Four options: accuracy is flat at a quarter for small models and then rises, all of it one smooth law."""
    above = task(4.0e4, 0.5)
    accuracy = 0.25 + 0.75 * above
    assert accuracy[0] == pytest.approx(0.25, abs=0.01)  # small models do no better than guessing
    assert accuracy[-1] > 0.7
    verdicts = Counter(emergence(SIZES, draw(accuracy, 2000, k), 2000, chance=0.25).verdict for k in range(200))
    assert verdicts["accelerated"] <= 20  # 5 % on this side are promised; 6 % in 400 replicas
    assert verdicts["scaling law"] + verdicts["cannot tell"] >= 160  # 90 % promised, 86 % in 400
    found = [emergence(SIZES, draw(accuracy, 2000, k), 2000, chance=0.25) for k in range(20)]
    assert np.mean([len(one.at_chance) > 0 for one in found]) > 0.8
    assert np.median([one.slope for one in found]) == pytest.approx(-0.5, abs=0.05)


def test_ignoring_the_level_of_guessing_bends_the_curve() -> None:
    """The negative control has teeth: the same scores without their chance level look like anything but a scaling law."""
    accuracy = 0.25 + 0.75 * task(4.0e4, 0.5)
    wrong = Counter(emergence(SIZES, draw(accuracy, 2000, k), 2000).verdict for k in range(20))
    assert wrong["scaling law"] + wrong["cannot tell"] == 0


def test_a_law_without_a_level_of_guessing_is_a_law() -> None:
    verdicts = Counter(emergence(SIZES, draw(task(67.1, 0.2), 5000, k), 5000).verdict for k in range(200))
    assert 200 - verdicts["scaling law"] <= 34  # 10 % are promised, three standard deviations more


def test_two_circuits_that_take_over_are_emergence_and_steps_in_a_row_are_not() -> None:
    one, two = (task(*constants) for constants in CIRCUITS)
    either, both = 1 - (1 - one) * (1 - two), one * two
    sharp = emergence(SIZES, np.round(either * 10**7), 10**7)
    assert sharp.verdict == "accelerated"
    assert -0.0549 < sharp.bend < -0.02  # points are weighted by what they say, those of the vectors are not
    assert emergence(SIZES, np.round(both * 10**9), 10**9).verdict == "sub-scaling"


def test_few_answers_cannot_tell() -> None:
    verdicts = Counter(emergence(SIZES, draw(task(20.0, 0.2), 12, k), 12).verdict for k in range(40))
    assert verdicts["cannot tell"] >= 32
    assert verdicts["scaling law"] == 0


def test_scores_at_guessing_and_wrong_counts_are_refused() -> None:
    with pytest.raises(RefusalError, match="level of guessing"):
        emergence(SIZES, draw(np.full(10, 0.25), 400, 1), 400, chance=0.25)
    with pytest.raises(InputError, match="passes <= trials"):
        emergence(SIZES, 5, 4)
    with pytest.raises(InputError, match="positive"):
        emergence([-1.0, 1.0, 2.0, 3.0], 1, 4)
    with pytest.raises(InputError, match="chance lies"):
        emergence(SIZES, 1, 4, chance=1.0)
