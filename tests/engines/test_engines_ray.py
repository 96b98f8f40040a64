"""The Ray engine keeps the contract of engines, on a local cluster of two workers."""

from __future__ import annotations

from collections.abc import Iterator

import engine_functions as functions
import pytest

from gnomon.engines import Ray
from gnomon.errors import InputError

pytest.importorskip("ray", reason="Ray is not installed (pip install 'gnomon[ray]')")
pytestmark = [
    pytest.mark.slow,  # a local cluster takes seconds to start
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[Ray]:
    with Ray(2, environment={"GNOMON_SAID": "hello"}) as made:
        yield made


def test_every_spec_has_its_outcome(engine: Ray) -> None:
    told = []
    outcomes = list(engine.map(functions.square, [1.0, 2.0, 3.5], tell=lambda i, news: told.append((i, news))))
    assert {o.index: o.record["square"] for o in outcomes} == {0: 1.0, 1: 4.0, 2: 12.25}
    assert sorted(told, key=lambda pair: pair[0]) == [(i, {"half": x / 2}) for i, x in enumerate([1.0, 2.0, 3.5])]
    assert list(engine.map(functions.square, [])) == []


def test_an_exception_is_an_outcome(engine: Ray) -> None:
    outcomes = {o.index: o for o in engine.map(functions.fails_on_three, [1, 2, 3, 4])}
    assert [outcomes[i].record for i in range(4)] == [1, 2, None, 4]
    assert (outcomes[2].failure.kind, outcomes[2].failure.message) == ("ValueError", "three is not served")  # type: ignore[union-attr]


def test_a_killed_worker_costs_its_spec_only(engine: Ray) -> None:
    outcomes = {o.index: o for o in engine.map(functions.dies_on_three, [1, 2, 3, 4, 5])}
    assert [outcomes[i].record for i in range(5)] == [1, 2, None, 4, 5]
    assert outcomes[2].failure.kind == "WorkerDied"  # type: ignore[union-attr]


def test_a_record_that_cannot_travel_is_a_failure(engine: Ray) -> None:
    (outcome,) = engine.map(functions.cannot_travel, [1])
    assert outcome.record is None
    assert "lambda" in outcome.failure.message  # type: ignore[union-attr]


def test_the_environment_reaches_the_workers(engine: Ray) -> None:
    assert [o.record for o in engine.map(functions.environment, ["GNOMON_SAID"])] == ["hello"]


def test_leaving_early_ends_what_is_under_way(engine: Ray) -> None:
    outcomes = engine.map(functions.sleeps, [0.0, 60.0])
    assert next(outcomes).index == 0
    outcomes.close()  # type: ignore[attr-defined]
    assert [o.record["x"] for o in engine.map(functions.square, [2.0])] == [2.0], "the workers are free again"


def test_wrong_settings() -> None:
    with pytest.raises(InputError, match="at least 1"):
        Ray(0)
