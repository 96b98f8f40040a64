"""How long a study will take, from the first steps of a trial of every kind; by a clock that the trials move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from study_tiny import TINY

from gnomon.engines import Serial, TrialError
from gnomon.studies import pace
from gnomon.studies.pace import expected_duration, time_trial
from gnomon.studies.trial import Trial

NOW = [0.0]


def walk(spec: Mapping[str, Any], tell: Any) -> list[dict[str, Any]]:
    """5 seconds of getting ready, then steps of .01 seconds, told every tenth."""
    NOW[0] += 5.0
    for step in range(1, spec["steps"] + 1):
        NOW[0] += 0.01
        if step % 10 == 0 and spec.get("tells", True):
            tell({"step": step, "steps": spec["steps"], "loss": 1.0})
    NOW[0] += spec.get("after", 0.0)
    return [{"run": "a", "x": 1, "loss": 1.0}]


def twice(spec: Mapping[str, Any], tell: Any) -> list[dict[str, Any]]:
    """Two trainings in a row, each counting from 1."""
    return walk(spec, tell) + walk(spec, tell)


def stumble(spec: Mapping[str, Any], tell: Any) -> list[dict[str, Any]]:
    """No rows."""
    raise ValueError("no data")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    NOW[0] = 0.0
    monkeypatch.setattr(pace.time, "perf_counter", lambda: NOW[0])


def trial(steps: int, kind: str = "a", cost: float = 1.0, work: str = "walk", **spec: Any) -> Trial:
    return Trial(f"test_study_pace:{work}", {"steps": steps, "kind": kind, **spec}, kind=kind, cost=cost)


def test_a_long_trial_is_left_after_some_seconds() -> None:
    found = time_trial(trial(100_000), lambda told: None)
    assert found.begin == pytest.approx(5.0)
    assert found.rest == pytest.approx(1000.0)
    assert NOW[0] < 5 + 2 * pace.WATCHED  # and not a thousand


def test_a_short_or_silent_trial_is_run_to_its_end() -> None:
    found = time_trial(trial(100, after=0.5), lambda told: None)
    assert (found.begin, found.rest) == (pytest.approx(5.0), pytest.approx(1.5))
    found = time_trial(trial(100, tells=False), lambda told: None)
    assert (found.begin, found.rest) == (0.0, pytest.approx(6.0))


def test_a_trial_that_counts_anew_is_not_extrapolated() -> None:
    found = time_trial(trial(150, work="twice"), lambda told: None)
    assert found.begin + found.rest == pytest.approx(2 * (5 + 1.5))


def test_kinds_add_up_and_cost_scales_within_a_kind() -> None:
    grid = [trial(1000), trial(3000, cost=3.0), trial(2000, kind="b")]
    study = replace(TINY, trials=lambda asked: grid)
    found = expected_duration(study, workers=2, engine=Serial())
    assert (found.trials, found.kinds, found.workers) == (3, 2, 2)
    assert found.core_seconds == pytest.approx(5 + 10 + 30 + 5 + 20)
    assert found.seconds == pytest.approx(35.0)
    longest = replace(TINY, trials=lambda asked: [trial(100), trial(9000, kind="b")])
    assert expected_duration(longest, workers=2, engine=Serial()).seconds == pytest.approx(95.0)


def test_a_trial_that_fails_says_why() -> None:
    study = replace(TINY, trials=lambda asked: [trial(100, work="stumble")])
    with pytest.raises(TrialError, match="ValueError: no data"):
        expected_duration(study, engine=Serial())
