"""Reading: every format, every source, and that they agree."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gnomon.errors import ColumnError, FileError
from gnomon.runs import Runs, read_runs

RECORDS = [
    {"run": "a", "family": "c4", "params": 1e7, "tokens": 2e9, "loss": 3.5, "is_final": True, "lr": 1e-3},
    {"run": "b", "family": "c4", "params": 1e8, "tokens": 2e9, "loss": 3.0, "is_final": False, "lr": None},
    {"run": "c", "family": None, "params": 1e9, "tokens": 2e10, "loss": None, "is_final": None, "lr": 3e-4},
]


def same(one: Runs, other: Runs) -> None:
    assert one.names == other.names
    for name in one.names:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
        assert one.columns[name].kind == other.columns[name].kind, name
    assert one.fingerprint == other.fingerprint


CSV = (
    "run,family,params,tokens,loss,is_final,lr\n"
    "a,c4,10M,2B,3.5,true,0.001\n"
    "b,c4,1e8,2e9,3.0,False,\n"
    "c,,1B,20B,nan,,3e-4\n"
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("r.csv", CSV),
        ("r.tsv", CSV.replace(",", "\t")),
        ("r.csv", CSV.replace(",", ";")),
        ("r.csv", "\ufeff" + CSV),
        ("r.csv", CSV.replace("\n", "\r\n")),
        ("r.csv", CSV.replace("\n", "\r\n").replace("\r\nb", "\nb")),
        ("r.csv", "\n\n" + CSV.replace("\nb,", "\n\nb,") + "\n\n"),
        ("r.csv", CSV.replace("a,c4", '"a","c4"')),
        ("R.CSV", CSV),
        ("r [1]*?.csv", CSV),
        ("r.jsonl", "\n".join(json.dumps(record) for record in RECORDS)),
        ("r.ndjson", "\n\n".join(json.dumps(record) for record in RECORDS) + "\n\n"),
        ("r.json", "\n".join(json.dumps(record) for record in RECORDS)),
        ("r.json", json.dumps(RECORDS)),
        ("r.json", json.dumps({key: [record[key] for record in RECORDS] for key in RECORDS[0]})),
        ("r.json", json.dumps({"note": "of May", "best": None, "log_history": RECORDS})),
        ("r.json", json.dumps({"columns": list(RECORDS[0]), "data": [list(record.values()) for record in RECORDS]})),
    ],
)
def test_formats_agree(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8", newline="")
    same(read_runs(path), read_runs(RECORDS))


@pytest.mark.parametrize("name", ["r.csv.gz", "r.jsonl.gz", "r.json.gz"])
def test_gzip(tmp_path: Path, name: str) -> None:
    content = CSV if "csv" in name else json.dumps(RECORDS)
    if "jsonl" in name:
        content = "\n".join(json.dumps(record) for record in RECORDS)
    with gzip.open(tmp_path / name, "wt", encoding="utf-8") as file:
        file.write(content)
    same(read_runs(tmp_path / name), read_runs(RECORDS))


def test_frames_agree() -> None:
    pandas, polars, arrow = (pytest.importorskip(name) for name in ("pandas", "polars", "pyarrow"))
    expected = read_runs(RECORDS)
    same(read_runs(pandas.DataFrame(RECORDS)), expected)
    same(read_runs(pandas.DataFrame(RECORDS).convert_dtypes()), expected)
    same(read_runs(pandas.DataFrame(RECORDS).set_index("run")), expected)
    same(read_runs(pandas.DataFrame(RECORDS).astype({"run": "category"})), expected)
    same(read_runs(polars.DataFrame(RECORDS)), expected)
    same(read_runs(polars.DataFrame(RECORDS).lazy()), expected)
    same(read_runs(arrow.Table.from_pylist(RECORDS)), expected)
    same(read_runs(arrow.Table.from_pylist(RECORDS).to_batches()[0]), expected)
    same(read_runs({key: [record[key] for record in RECORDS] for key in RECORDS[0]}), expected)
    same(read_runs({key: np.array([record[key] for record in RECORDS]) for key in RECORDS[0]}), expected)
    same(read_runs(tuple(RECORDS)), expected)


def test_parquet_written_by_others(tmp_path: Path) -> None:
    pandas, polars, arrow = (pytest.importorskip(name) for name in ("pandas", "polars", "pyarrow"))
    pandas.DataFrame(RECORDS).to_parquet(tmp_path / "pandas.parquet")
    polars.DataFrame(RECORDS).write_parquet(tmp_path / "polars.parquet")
    whole = arrow.table(
        {
            "run": arrow.array(["a", "b", "c"]).dictionary_encode(),
            "family": ["c4", "c4", None],
            "params": arrow.array([10**7, 10**8, 10**9], arrow.int64()),
            "tokens": arrow.array([2e9, 2e9, 2e10], arrow.float32()),
            "loss": [3.5, 3.0, None],
            "is_final": [True, False, None],
            "lr": [1e-3, None, 3e-4],
        }
    )
    from pyarrow import parquet

    parquet.write_table(whole, tmp_path / "arrow.parquet")
    for name in ("pandas", "polars", "arrow"):
        same(read_runs(tmp_path / f"{name}.parquet"), read_runs(RECORDS))


def test_nested_records_open_up(tmp_path: Path) -> None:
    records = [
        {
            "name": "a",
            "config": {"lr": {"desc": None, "value": 1e-3}, "model/n_layers": 4},
            "summary": {"val_loss": 3.0},
        },
        {
            "name": "b",
            "config": {"lr": {"desc": None, "value": 2e-3}},
            "summary": {"val_loss": NAN},
            "tags": ["x", 'y"'],
        },
    ]
    (tmp_path / "r.jsonl").write_text("\n".join(json.dumps(record) for record in records))
    for source in (records, tmp_path / "r.jsonl"):
        runs = read_runs(source)
        assert runs["lr"].tolist() == [1e-3, 2e-3]
        assert runs.columns["lr"].original == "config.lr.value"
        np.testing.assert_array_equal(runs["loss"], [3.0, np.nan])
        np.testing.assert_array_equal(runs["config.model/n_layers"], [4, np.nan])
        assert runs["run"].tolist() == ["a", "b"]


NAN = float("nan")


def test_one_summary_is_one_row(tmp_path: Path) -> None:
    for run in "ab":
        (tmp_path / run).mkdir()
        (tmp_path / run / "wandb-summary.json").write_text(
            json.dumps({"eval/loss": 3.0, "_step": 10, "_wandb": {"t": 1}})
        )
    runs = read_runs(str(tmp_path / "*" / "wandb-summary.json"))
    assert runs["loss"].tolist() == [3.0, 3.0]
    assert runs["step"].tolist() == [10, 10]


def test_text_columns_keep_their_spelling(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("run,tag,loss\n001,007,3\n002,1e5,2\n")
    runs = read_runs(path)
    assert runs["run"].tolist() == ["001", "002"]
    assert runs["tag"].tolist() == [7.0, 100000.0]
    assert read_runs({"run": [1, 2], "loss": [3.0, 2.0]})["run"].tolist() == ["1", "2"]
    assert read_runs([{"run": 1.5}, {"run": None}])["run"].tolist() == ["1.5", None]


def test_labels_that_look_like_sizes_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("family,label,loss\n70M,1B,3\n160M,2B,2\n")
    runs = read_runs(path)
    assert runs["family"].tolist() == ["70M", "160M"]
    assert runs["label"].tolist() == ["1B", "2B"]


def test_a_number_late_in_the_file_that_is_written_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    rows = "".join(f"{10**6 + i},{3 - i / 1000},{i}\n" for i in range(300))
    path.write_text("params,loss,extra\n" + rows + "7B,2.5,text\n")
    runs = read_runs(path)
    assert runs["params"][-1] == 7e9
    assert runs["params"][0] == 1e6
    assert runs.columns["extra"].kind == "text"


def test_unnamed_index_column(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(",params,loss,\n0,1e7,3,\n1,1e8,2,\n")
    assert read_runs(tmp_path / "r.csv").names == ("column1", "params", "loss")


def test_globs_folders_and_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.csv").write_text("params,tokens,loss\n1e7,1e9,3\n1e7,2e9,2.9\n")
    (tmp_path / "two.csv").write_text("loss,params,tokens,seed\n2.5,1e8,1e9,1\n")
    (tmp_path / "notes.md").write_text("none")
    (tmp_path / "fit.json").write_text('{"gnomon": "0.1", "kind": "fit"}')
    (tmp_path / ".hidden.csv").write_text("x\n1\n")
    monkeypatch.chdir(tmp_path)
    for source in ("*.csv", str(tmp_path), ".", ["one.csv", "two.csv"], [Path("one.csv"), Path("two.csv")]):
        runs = read_runs(source)
        assert runs["loss"].tolist() == [3, 2.9, 2.5]
        assert runs["run"].tolist() == ["one", "one", "two"]
        np.testing.assert_array_equal(runs["seed"], [np.nan, np.nan, 1])
        assert runs.rows.tolist() == [1, 2, 3]
        assert runs.place(2).row == 1
        assert str(runs.place(2).file).endswith("two.csv")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "three.csv").write_text("params,tokens,loss\n1e9,1e9,2\n")
    assert len(read_runs("**/*.csv")) == 4


def test_several_files_name_the_right_row(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("params,loss\n1e7,3\n1e7,2.9\n")
    (tmp_path / "two.csv").write_text("params,loss\n1e8,2.5\n1e8,x\n")
    with pytest.raises(ColumnError) as caught:
        read_runs(str(tmp_path / "*.csv"))
    assert str(caught.value.where.file).endswith("two.csv")
    assert (caught.value.where.row, caught.value.where.column) == (2, "loss")


@pytest.mark.parametrize(
    "content",
    [CSV, CSV.replace(",", "\t"), json.dumps(RECORDS), "\n".join(json.dumps(record) for record in RECORDS)],
)
def test_standard_input(monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    runs = read_runs("-")
    same(runs, read_runs(RECORDS))
    assert runs.source == "-"


def test_parquet_from_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = read_runs(RECORDS).write(tmp_path / "r.parquet").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    same(read_runs("-"), read_runs(RECORDS))


def test_errors_from_standard_input_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"loss\nx\n")))
    with pytest.raises(ColumnError, match="<stdin>, row 1, column 'loss'"):
        read_runs("-")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(FileError, match="<stdin>: is empty"):
        read_runs("-")


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".tsv", ".jsonl", ".json"])
def test_what_is_written_reads_back(tmp_path: Path, suffix: str) -> None:
    runs = read_runs([*RECORDS, RECORDS[0] | {"run": 'x, "y"\nz', "loss": 1 / 3, "note": "=1"}])
    back = read_runs(runs.write(tmp_path / f"r{suffix}"))
    same(back, runs)
    assert back.columns["flops"].derived
    assert [path.name for path in tmp_path.iterdir()] == [f"r{suffix}"]


def test_writing_derived_columns_and_errors(tmp_path: Path) -> None:
    runs = read_runs(RECORDS)
    assert "flops" not in runs.write(tmp_path / "a.csv").read_text()
    assert "flops" in runs.write(tmp_path / "b.csv", derived=True).read_text()
    scaled = read_runs({"params_billion": [7.0], "loss": [2.0]}).write(tmp_path / "c.csv")
    assert read_runs(scaled)["params"].tolist() == [7e9]
    with pytest.raises(FileError, match=r"got the suffix '.xlsx', expected one of .parquet"):
        runs.write(tmp_path / "r.xlsx")
    with pytest.raises(FileError, match="cannot be written"):
        runs.write(tmp_path / "missing" / "r.csv")


def test_to_dict_and_frames() -> None:
    runs = read_runs(RECORDS)
    plain = runs.select(list(RECORDS[0])).to_dict()
    assert plain == {key: [record[key] for record in RECORDS] for key in RECORDS[0]}
    json.dumps(plain, allow_nan=False)
    pytest.importorskip("polars")
    pytest.importorskip("pandas")
    same(read_runs(runs.select(list(RECORDS[0])).to_polars()), runs)
    same(read_runs(runs.select(list(RECORDS[0])).to_pandas()), runs)


CELLS = st.one_of(st.none(), st.floats(allow_nan=False, width=64), st.integers(-(2**53), 2**53))
TEXTS = st.one_of(st.none(), st.text("abcäß,;\"'\t|{}[]\\ \n", min_size=1, max_size=6).filter(lambda t: t.strip() == t))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXTS, CELLS, CELLS, TEXTS), min_size=1, max_size=12))
def test_all_formats_give_the_same_runs(tmp_path: Path, rows: list) -> None:
    runs = read_runs([dict(zip(("run", "loss", "extra", "note"), row, strict=True)) for row in rows])
    for suffix in (".csv", ".tsv", ".jsonl", ".json", ".parquet"):
        same(read_runs(runs.write(tmp_path / f"r{suffix}")), runs)


def test_import_is_light() -> None:
    heavy = ("duckdb", "scipy", "pandas", "polars", "pyarrow", "jax", "jinja2", "rich")
    code = f"import sys; import gnomon.runs; print([m for m in {heavy} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
