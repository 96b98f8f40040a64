"""Hold-outs: which rows are hidden, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.errors import ColumnError, GnomonError, InputError, RefusalError
from gnomon.runs import Runs, read_runs


@pytest.fixture
def ladder() -> Runs:
    return read_runs(
        {
            "run": ["a", "a", "b", "b", "c", "d", "e"],
            "family": ["x", "x", "x", "x", "y", "y", "y"],
            "flops": [1e18, 2e18, 5e18, 1e19, 3e19, 3e19, np.nan],
            "loss": [3.5, 3.3, 3.2, 3.0, 2.9, 2.8, 2.0],
        }
    )


@pytest.mark.parametrize(
    ("hold_out", "hidden"),
    [
        ("largest:flops:1", [5, 6]),  # c and d are equally large
        ("largest:flops:2", [5, 6]),
        ("largest:flops:50%", [5, 6]),
        ("largest:flops:1%", [5, 6]),
        ("top:flops:0", [5, 6]),
        ("top:flops:0.3", [5, 6]),
        ("top:flops:0.5dex", [3, 4, 5, 6]),
        ("where:family = 'y'", [5, 6, 7]),
        ("where: loss < 3.1 and run <> 'e'", [4, 5, 6]),
    ],
)
def test_what_is_hidden(ladder: Runs, hold_out: str, hidden: list[int]) -> None:
    fit, out = ladder.split(hold_out, leave=1)
    assert out.rows.tolist() == hidden
    assert not set(fit.rows) & set(out.rows)


def test_unknown_sizes_are_on_neither_side(ladder: Runs) -> None:
    fit, out = ladder.split("largest:flops:1", leave=2)
    assert 7 not in {*fit.rows.tolist(), *out.rows.tolist()}
    assert fit.removed[0].why == "flops unknown, so not on either side of the hold-out"
    assert fit.removed[0].rows == (7,)
    assert fit.removed == out.removed


def test_a_run_stays_together(ladder: Runs) -> None:
    fit, out = ladder.split("top:flops:0.5", leave=1)
    assert set(fit["run"]) == {"a"}
    assert set(out["run"]) == {"b", "c", "d"}


def test_three_largest_of_chinchilla(public_data) -> None:
    runs = read_runs(public_data("chinchilla_epoch/points.csv"))
    fit, out = runs.split("largest:flops:3")
    assert (len(fit), len(out)) == (242, 3)
    assert out["flops"].min() >= fit["flops"].max()


@pytest.mark.parametrize(
    ("hold_out", "error", "message"),
    [
        ("random:0.1", InputError, "A random part lies between the other runs"),
        ("random:flops:0.1", InputError, "A random part lies between the other runs"),
        ("largest", InputError, "expected largest:COLUMN:COUNT"),
        ("largest:flops", InputError, "expected largest:COLUMN:COUNT"),
        ("smallest:flops:3", InputError, "expected largest:COLUMN:COUNT"),
        ("where:", InputError, "expected largest:COLUMN:COUNT"),
        ("", InputError, "expected largest:COLUMN:COUNT"),
        ("largest:flops:x", InputError, "got 'x'"),
        ("largest:flops:nan", InputError, "got 'nan'"),
        ("largest:flops:0", InputError, "at least 1"),
        ("largest:flops:1.5", InputError, "whole number"),
        ("largest:flops:-1", InputError, "at least 1"),
        ("top:flops:-1", InputError, "decades >= 0"),
        ("top:flops:xdex", InputError, "got 'x'"),
        ("largest:flop:3", ColumnError, "there is no column 'flop'"),
        ("largest:family:3", ColumnError, "row 1, column 'family': got 'x', expected a number"),
        ("largest:flops:10", RefusalError, "hides 4 runs and leaves 0, expected at least 2"),
        ("largest:flops:3", RefusalError, "hides 3 runs and leaves 1, expected at least 2"),
        ("top:flops:5", RefusalError, "leaves 0"),
        ("where:loss > 100", RefusalError, "hides no run"),
        ("where:los > 100", ColumnError, "Did you mean loss"),
    ],
)
def test_what_is_refused(ladder: Runs, hold_out: str, error: type[GnomonError], message: str) -> None:
    with pytest.raises(error) as caught:
        ladder.split(hold_out)
    assert message in str(caught.value)


def test_nothing_known_to_hold_out_by() -> None:
    with pytest.raises(RefusalError, match="no row has a known 'flops'"):
        read_runs({"flops": [np.nan, np.nan], "loss": [1.0, 2.0]}).split("largest:flops:1")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 10**6), min_size=4, max_size=40), st.integers(1, 3), st.randoms())
def test_the_split_does_not_know_the_order(sizes: list[int], count: int, random) -> None:
    order = list(range(len(sizes)))
    random.shuffle(order)
    runs = read_runs({"flops": [float(s) for s in sizes]})
    shuffled = read_runs({"flops": [float(sizes[i]) for i in order]})
    try:
        fit, out = runs.split(f"largest:flops:{count}", leave=1)
    except RefusalError:
        return
    _, other = shuffled.split(f"largest:flops:{count}", leave=1)
    assert sorted(out["flops"]) == sorted(other["flops"])
    assert len(out) >= count
    assert out["flops"].min() > fit["flops"].max()
