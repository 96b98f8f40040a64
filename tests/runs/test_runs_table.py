"""Runs: looking, leaving out, deriving, fingerprints."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.errors import ColumnError, InputError, RefusalError
from gnomon.runs import Runs, read_runs


@pytest.fixture
def runs() -> Runs:
    return read_runs(
        {
            "name": ["a", "a", "b", "c", None],
            "N": ["10M", "10M", "100M", "1B", "1B"],
            "D": [1e9, 2e9, 2e9, "20B", None],
            "loss": [3.9, 3.5, 3.2, 2.8, np.nan],
            "lr": [1e-3, 1e-3, 1e-3, 3e-4, 3e-4],
            "good": [True, False, True, True, None],
            "note": ["x", None, "y", "x", "x"],
        }
    )


def test_names_units_and_what_was_derived(runs: Runs) -> None:
    assert runs.names == ("run", "params", "tokens", "loss", "lr", "good", "note", "flops", "is_final")
    assert runs.columns["params"].original == "N"
    assert runs.columns["params"].unit == "parameters"
    assert runs.columns["flops"].derived == "6 params tokens"
    assert runs.columns["flops"].convention == "6ND"
    assert runs.columns["good"].kind == "flag"
    assert runs.columns["note"].kind == "text"
    assert runs.source == "<table>"
    assert (len(runs), runs.given) == (5, 5)


def test_values(runs: Runs) -> None:
    np.testing.assert_array_equal(runs["params"], [1e7, 1e7, 1e8, 1e9, 1e9])
    np.testing.assert_array_equal(runs["flops"], [6e16, 1.2e17, 1.2e18, 1.2e20, np.nan])
    np.testing.assert_array_equal(runs["good"], [1, 0, 1, 1, np.nan])
    assert runs["note"].tolist() == ["x", None, "y", "x", "x"]
    assert runs["params"].dtype == np.float64


def test_columns_go_by_their_old_names_too(runs: Runs) -> None:
    assert runs["N"] is runs["params"]
    assert "N" in runs
    assert "M" not in runs
    assert runs.numbers("N", "lr")[0] is runs["params"]


def test_arrays_cannot_be_changed(runs: Runs) -> None:
    with pytest.raises(ValueError, match="read-only"):
        runs["loss"][0] = 1.0
    with pytest.raises(TypeError):
        runs.data["loss"] = np.zeros(5)  # type: ignore[index]
    with pytest.raises(AttributeError):
        runs.source = "other"  # type: ignore[misc]


def test_the_table_does_not_share_memory_with_what_it_was_read_from() -> None:
    mine = np.array([1.0, 2.0, 3.0])
    read_runs({"loss": mine})
    mine[0] = 5.0
    assert mine.flags.writeable


def test_a_missing_column_says_what_is_there(runs: Runs) -> None:
    with pytest.raises(ColumnError, match="there is no column 'losses'") as caught:
        runs["losses"]
    assert "'loss'" in (caught.value.hint or "")
    with pytest.raises(ColumnError) as caught:
        read_runs({"N_paramz": [1.0], "loss": [2.0]})["params"]
    assert "--column params=N_paramz" in str(caught.value)
    with pytest.raises(ColumnError) as caught:
        read_runs({"x": [1.0], "y": [2.0]})["tokens"]
    assert "The table has x, y" in str(caught.value)


def test_an_ambiguous_column_asks() -> None:
    runs = read_runs({"params": [1e7, 1e8], "eval_loss": [3.0, 2.5], "train_loss": [2.9, 2.4]})
    assert "loss" not in runs
    assert runs["eval_loss"].tolist() == [3.0, 2.5]
    with pytest.raises(ColumnError, match="'eval_loss' and 'train_loss' could all be 'loss'") as caught:
        runs["loss"]
    assert "--column loss=eval_loss or --column loss=train_loss" in str(caught.value)
    assert caught.value.code == "ambiguous-column"
    settled = read_runs({"params": [1e7], "eval_loss": [3.0], "train_loss": [2.9]}, columns={"loss": "train_loss"})
    assert settled["loss"].tolist() == [2.9]


def test_the_same_values_twice_are_no_question() -> None:
    runs = read_runs({"learning_rate": [1e-3, 2e-3], "train/learning_rate": [1e-3, 2e-3], "loss": [3.0, 2.0]})
    assert runs["lr"].tolist() == [1e-3, 2e-3]
    assert runs.names == ("lr", "train/learning_rate", "loss")
    both = read_runs({"run_id": ["r1", "r1", "r2"], "run_name": ["first", "first", "second"]})
    assert both.groups().tolist() == [0, 0, 1]


def test_a_candidate_that_holds_no_numbers_is_none() -> None:
    runs = read_runs({"model_size": ["small", "large"], "loss": [3.0, 2.0]})
    assert runs["model_size"].tolist() == ["small", "large"]
    runs = read_runs({"param_count": ["total", "total"], "n_params": [1e7, 1e8]})
    assert runs["params"].tolist() == [1e7, 1e8]


def test_the_users_choice_beside_an_exact_name() -> None:
    runs = read_runs({"loss": [1.0, 2.0], "val_loss": [3.0, 4.0]}, columns={"loss": "val_loss"})
    assert runs["loss"].tolist() == [3.0, 4.0]
    assert runs["original_loss"].tolist() == [1.0, 2.0]


def test_units_in_names_are_worked_in() -> None:
    runs = read_runs({"params (B)": [0.07, 7], "tokens_T": [0.3, 2]})
    np.testing.assert_allclose(runs["params"], [7e7, 7e9])
    np.testing.assert_allclose(runs["tokens"], [3e11, 2e12])
    assert runs.columns["params"].derived == "1e+09 * params (B)"
    np.testing.assert_allclose(read_runs({"N": [7.0]}, columns={"params_billion": "N"})["params"], [7e9])
    np.testing.assert_allclose(read_runs({"bits_per_token": [3.0]})["loss"], [3 * np.log(2)])


@pytest.mark.parametrize(
    ("given_columns", "name", "value"),
    [
        ({"params": [1e9], "tokens": [2e10]}, "flops", 1.2e20),
        ({"params": [1e9], "flops": [1.2e20]}, "tokens", 2e10),
        ({"tokens": [2e10], "flops": [1.2e20]}, "params", 1e9),
        ({"params": [8e9], "active_params": [1e9], "tokens": [2e10]}, "flops", 1.2e20),
    ],
)
def test_the_third_of_three(given_columns: dict, name: str, value: float) -> None:
    runs = read_runs(given_columns)
    assert runs[name] == pytest.approx(value)
    assert runs.columns[name].derived


def test_what_is_not_derived() -> None:
    assert "flops" not in read_runs({"params": [1e9], "samples_seen": [1e6]})
    assert "tokens" not in read_runs({"params": [1e9], "loss": [2.0]})
    assert "params" not in read_runs({"tokens": [1e9], "flops": [1e20], "active_params": [1e8]})
    kept = read_runs({"params": [1e9, 1e9], "tokens": [1e9, 1e9], "flops": [5.0, np.nan]})
    np.testing.assert_array_equal(kept["flops"], [5.0, np.nan])


def test_which_row_ends_its_run(runs: Runs) -> None:
    assert runs["is_final"].tolist() == [0, 1, 1, 1, 1]
    assert runs.columns["is_final"].derived == "last tokens of its run"
    assert "is_final" not in read_runs({"run": ["a", "b"], "step": [1, 2]})
    planned = read_runs({"run": ["a", "a", "b", "b"], "step": [1, 10, 1, 5], "total_steps": [10] * 4})
    assert planned["is_final"].tolist() == [0, 1, 0, 0]


def test_groups(runs: Runs) -> None:
    assert runs.groups().tolist() == [0, 0, 1, 2, 3]
    assert read_runs({"loss": [1.0, 2.0]}).groups().tolist() == [0, 1]
    several = read_runs({"run": ["a", None, "a", None]}).groups().tolist()
    assert several[0] == several[2]
    assert len(set(several)) == 3
    with pytest.raises(ColumnError, match="could all be 'run'"):
        read_runs({"run_id": ["a", "b", "b"], "run_name": ["x", "x", "y"]}).groups()


def test_rows_left_out_are_named_and_counted(runs: Runs) -> None:
    kept = runs.where("params > 10M").keep([True, False, True], "by hand")
    assert [(r.why, r.count, r.rows) for r in kept.removed] == [
        ("--where params > 10M", 2, (1, 2)),
        ("by hand", 1, (4,)),
    ]
    assert kept.rows.tolist() == [3, 5]
    assert (len(kept), kept.given) == (2, 5)
    assert runs.keep([True] * 5, "nothing") is runs
    with pytest.raises(InputError, match="expected one value a row"):
        runs.keep([True], "short")


def test_usable_rows(runs: Runs) -> None:
    kept = runs.usable(["loss", "tokens"], positive=["loss"])
    assert len(kept) == 4
    assert [(r.why, r.count) for r in kept.removed] == [("loss missing or not finite", 1)]
    zero = read_runs({"loss": [0.0, 2.0, -1.0, np.inf], "tokens": [1.0, 0.0, 1.0, 1.0]})
    with pytest.raises(RefusalError, match="none of the 4 rows can be used") as caught:
        zero.usable(["loss", "tokens"], positive=["loss", "tokens"])
    assert "loss not positive: 2" in caught.value.message
    assert caught.value.exit_status == 3
    with pytest.raises(ColumnError, match="there is no column 'epochs'"):
        runs.usable(["epochs"])


def test_only_twenty_row_numbers_are_kept() -> None:
    runs = read_runs({"loss": np.arange(1000.0)})
    (removal,) = runs.keep(runs["loss"] >= 900, "small").removed
    assert removal.count == 900
    assert removal.rows == tuple(range(1, 21))


def test_numbers_of_a_text_column_name_the_cell() -> None:
    runs = read_runs({"score": ["1.5", "2", "oops", "3"], "loss": [1, 2, 3, 4]}).where("loss > 1")
    assert runs["score"].tolist() == ["2", "oops", "3"]
    with pytest.raises(ColumnError, match="<table>, row 3, column 'score': got 'oops', expected a number"):
        runs.numbers("score")
    assert read_runs({"size": ["7B", "1B", "x"]}).where("size <> 'x'").numbers("size")[0].tolist() == [7e9, 1e9]


def test_select_and_take(runs: Runs) -> None:
    small = runs.select(["N", "loss"])
    assert small.names == ("params", "loss")
    assert small.take(np.array([3, 3, 0]))["params"].tolist() == [1e9, 1e9, 1e7]
    assert small.take(np.array([3, 3, 0])).rows.tolist() == [4, 4, 1]


def test_it_prints_what_is_in_it(runs: Runs) -> None:
    text = repr(runs.where("params > 10M"))
    assert text.startswith("Runs: 3 of 5 rows from <table>; left out: --where params > 10M (2)")
    assert "100M to 1B" in text
    assert "= 6 params tokens" in text
    page = read_runs({"loss": [1.0], "<script>": ["<b>"]})._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_it_can_be_sent_to_another_process(runs: Runs) -> None:
    back = pickle.loads(pickle.dumps(runs.where("loss > 3")))
    assert back.fingerprint == runs.where("loss > 3").fingerprint
    assert back.removed == runs.where("loss > 3").removed
    assert not back["loss"].flags.writeable


def test_runs_are_returned_as_they_are(runs: Runs) -> None:
    assert read_runs(runs) is runs
    assert len(read_runs(runs, where="loss > 3")) == 3
    other = read_runs(runs, columns={"loss": "lr"})
    np.testing.assert_array_equal(other["loss"], runs["lr"])
    np.testing.assert_array_equal(other["original_loss"], runs["loss"])
    assert other.columns["params"].original == "N"


@settings(max_examples=50, deadline=None)
@given(st.permutations(range(6)), st.permutations(["N", "loss", "family", "extra"]))
def test_the_fingerprint_does_not_know_the_order(rows: list[int], names: list[str]) -> None:
    table = {
        "N": [1e7, 1e7, 1e8, 1e8, np.nan, 1e9],
        "loss": [3.0, 2.5, -0.0, 2.0, 1.9, 1.8],
        "family": ["a", "b", None, "a", "b", "ü"],
        "extra": [1, 2, 3, 4, 5, 6],
    }
    shuffled = {name: [table[name][row] for row in rows] for name in names}
    assert read_runs(shuffled).fingerprint == read_runs(table).fingerprint


@pytest.mark.parametrize(
    "change", [{"loss": [3.0, 2.6]}, {"family": ["a", "a"]}, {"family": ["a", None]}, {"seed": [1, 2]}]
)
def test_the_fingerprint_knows_every_value(change: dict) -> None:
    table = {"loss": [3.0, 2.5], "family": ["a", "b"]}
    assert read_runs(table | change).fingerprint != read_runs(table).fingerprint


def test_the_fingerprint_is_the_same_tomorrow() -> None:
    runs = read_runs({"params": [1e7, 1e8], "loss": [3.0, 2.5], "family": ["a", "b"]})
    assert runs.fingerprint == runs.where("loss > 0").fingerprint
    assert runs.fingerprint == "8132b6cd0c89c16c"
