"""Conditions: what they select, what they may not do, what they say when they are wrong."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.errors import ColumnError, FormulaError, GnomonError, RefusalError
from gnomon.runs import Runs, read_runs
from gnomon.runs.where import mask_of


@pytest.fixture(scope="module")
def runs() -> Runs:
    return read_runs(
        {
            "run": ["a", "b", "c", "d"],
            "family": ["c4", "pile", None, "c4"],
            "N": ["10M", "100M", "1B", "7B"],
            "loss": [4.0, 3.0, np.nan, 2.0],
            "is_final": [True, False, True, None],
            "eval/loss b": [1.0, 2.0, 3.0, 4.0],
            "Group": ["x", "y", "x", "y"],
            "note": ["it's", 'say "7B"', "", "50%"],
        }
    )


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("loss < 3.5", "bd"),
        ("loss > 1", "abd"),
        ("not loss > 3.5", "bd"),
        ("loss is null", "c"),
        ("loss is not null and params >= 100M", "bd"),
        ("N = 7B", "d"),
        ("params < 0.1B or params > 2e9", "ad"),
        ("params between 50m and 1.5b", "bc"),
        ("family = 'c4'", "ad"),
        ("family <> 'c4'", "b"),
        ("family in ('c4', 'pile')", "abd"),
        ("family not in ('c4')", "b"),
        ("family like 'p%' or family is null", "bc"),
        ("coalesce(family, 'none') = 'none'", "c"),
        ("is_final", "ac"),
        ("is_final = 1", "ac"),
        ("not is_final", "b"),
        ("is_final is null", "d"),
        ('"eval/loss b" > 2', "cd"),
        ("\"group\" = 'x'", "ac"),
        ("LOSS < 2.5", "d"),
        ("log10(params) >= 9", "cd"),
        ("abs(loss - 3) < 0.5", "b"),
        ("params / 1e6 % 3 = 1", "abcd"),
        ("case when loss > 3.5 then true else family = 'pile' end", "ab"),
        ("params::bigint = 1000000000", "c"),
        ("note = 'it''s'", "a"),
        ("note = 'say \"7B\"'", "b"),
        ("note like '%7B%'", "b"),
        ("contains(note, '%')", "d"),
        ("loss < 5 -- a remark", "abd"),
        ("loss < 5 /* a remark */ and family = 'c4'", "ad"),
        ("true", "abcd"),
        ("1 = 1", "abcd"),
    ],
)
def test_what_is_kept(runs: Runs, condition: str, expected: str) -> None:
    assert "".join(runs.where(condition)["run"]) == expected


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("", "got nothing as a condition"),
        ("   ", "got nothing as a condition"),
        ("loss <", "does not parse"),
        ("loss << 3 'x'", "does not parse"),
        ("loss < 5; drop table runs", "does not parse"),
        ("1=1); drop table runs; select (1", "more than one statement"),
        ("1=1) union select (1", "more than a condition"),
        ("1=1) order by (1", "more than a condition"),
        ("1=1) group by (loss", "more than a condition"),
        ("1=1) limit (1", "more than a condition"),
        ("loss in (select 1)", "uses another query"),
        ("exists (select * from read_csv('/etc/passwd'))", "uses another query"),
        ("loss < any(select 1)", "uses another query"),
        ("read_text('/etc/passwd') = 'x'", "calls 'read_text'"),
        ("getenv('HOME') = 'x'", "calls 'getenv'"),
        ("current_setting('threads') = 1", "calls 'current_setting'"),
        ("query('select 1') = 1", "calls 'query'"),
        ("avg(loss) > 1", "calls 'avg'"),
        ("count(*) > 1", "may not"),
        ("row_number() over () = 1", "uses other rows"),
        ("random() < 0.5", "calls 'random'"),
        ("repeat('x', 1000000000) = 'y'", "calls 'repeat'"),
        ("nextval('s') = 1", "calls 'nextval'"),
        ("list_filter([1], lambda x: x > 1) = [1]", "may not"),
        ("#1 > 2", "uses a column by its number"),
        ("loss > ?", "uses a parameter"),
        ("loss > $1", "uses a parameter"),
        ("columns(*) > 1", "may not"),
        ("family collate nocase = 'C4'", "uses a collation"),
        ("{'a': 1}.a = 1", "may not"),
        ("loss::json = '1'", "casts to (JSON|USER)"),
        ("loss", "gives values, expected true or false"),
        ("loss + 1", "gives values, expected true or false"),
        ("'yes'", "gives values, expected true or false"),
        ("family > 3", "cannot be worked out"),
        ("loss = 'abc'", "cannot be worked out"),
        ("(" * 3000 + "loss" + ")" * 3000 + " < 1", "parse|nested"),
        ("loss < 1 or " * 1000 + "loss < 2", "characters as a condition"),
    ],
)
def test_what_is_refused(runs: Runs, condition: str, message: str) -> None:
    with pytest.raises(FormulaError, match=message) as caught:
        runs.where(condition)
    assert caught.value.exit_status == 2
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        ("los < 5", "Did you mean loss?"),
        ('family = "c4"', "Text goes in single quotes: 'c4'."),
        ("eval/loss < 3", '"eval/loss b"'),
        ("rowid < 3", "Known: Group, N"),
        ("runs.loss < 3", "Did you mean"),
        ("params < 7X", None),
    ],
)
def test_unknown_names_come_with_help(runs: Runs, condition: str, hint: str | None) -> None:
    with pytest.raises((ColumnError, FormulaError)) as caught:
        runs.where(condition)
    assert (hint or "") in (caught.value.hint or "")


def test_an_ambiguous_name_asks() -> None:
    runs = read_runs({"params": [1.0], "eval_loss": [1.0], "train_loss": [2.0]})
    with pytest.raises(ColumnError, match="could all be 'loss'"):
        runs.where("loss < 3")
    two = read_runs({"x": [1.0, 2.0], "X": [2.0, 1.0]})
    assert two.where("x < 2").rows.tolist() == [1]
    assert two.where("X < 2").rows.tolist() == [2]


def test_no_file_is_read_or_written(runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    monkeypatch.chdir(tmp_path)
    for condition in (
        f"1=1) union all select * from '{secret}' where (1=1",
        f"loss < (select count(*) from '{secret}')",
        "1=1); copy runs to 'out.csv'; select (1=1",
        "1=1); attach 'x.db' as x; select (1=1",
        "1=1); install httpfs; select (1=1",
        "1=1); set enable_external_access = true; select (1=1",
    ):
        with pytest.raises(FormulaError):
            runs.where(condition)
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


def test_nothing_left_is_a_refusal(runs: Runs) -> None:
    with pytest.raises(RefusalError, match=r"no row meets the condition 'loss > 100' \(4 rows were there\)") as caught:
        runs.where("loss > 100")
    assert caught.value.exit_status == 3
    assert len(caught.value.partial) == 0


def test_errors_have_the_json_form(runs: Runs) -> None:
    with pytest.raises(FormulaError) as caught:
        runs.where("getenv('HOME') = 'x'")
    document = json.loads(json.dumps(caught.value.to_dict()))
    assert document["error"]["code"] == "bad-condition"


COMPARISONS = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "=": np.equal,
    "<>": np.not_equal,
}
NUMBERS = st.floats(min_value=-1e6, max_value=1e6) | st.just(float("nan"))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(NUMBERS, st.sampled_from(["c4", "pile", "ü'x", None])), min_size=1, max_size=30),
    st.sampled_from(sorted(COMPARISONS)),
    st.floats(min_value=-1e6, max_value=1e6),
    st.sampled_from(["c4", "pile", "ü'x"]),
    st.sampled_from(["and", "or"]),
    st.booleans(),
)
def test_a_condition_is_a_numpy_mask(rows: list, sign: str, bound: float, label: str, joint: str, negate: bool) -> None:
    runs = read_runs({"x": [row[0] for row in rows], "t": [row[1] for row in rows]})
    text = "'" + label.replace("'", "''") + "'"
    mask = mask_of(runs, f"({'not ' if negate else ''}x {sign} {bound!r}::double) {joint} t = {text}")
    x, t = runs["x"], runs["t"]
    known_x, known_t = ~np.isnan(x), np.array([cell is not None for cell in t])
    one = COMPARISONS[sign](x, bound)
    one = np.where(known_x, ~one if negate else one, False)
    other = np.where(known_t, t == label, False)
    np.testing.assert_array_equal(mask, one & other if joint == "and" else one | other)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_mask_or_an_error(text: str) -> None:
    runs = read_runs({"loss": [1.0, 2.0], "t": ["a", "b"]})
    with contextlib.suppress(GnomonError):
        assert mask_of(runs, text).shape == (2,)
