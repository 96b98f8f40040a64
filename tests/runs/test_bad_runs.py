"""Wrong files and wrong tables: each gives one clear message that names file, row and column, and no traceback."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gnomon.errors import ColumnError, FileError, GnomonError, InputError, Where
from gnomon.runs import read_runs

GOOD = "params,tokens,loss\n1e7,1e9,3.5\n1e8,1e9,3.0\n"
LINES = [json.dumps({"params": 10**7 + i, "tokens": 1e9, "loss": 3 - i / 100}) for i in range(30)]


def lines(number: int, text: str) -> str:
    """A file of JSON lines with one of them replaced."""
    return "\n".join([*LINES[: number - 1], text, *LINES[number:]])


def rows(number: int, text: str, total: int = 40) -> str:
    """A CSV with one data row replaced."""
    body = [f"1e7,1e9,{3 - i / 100}" for i in range(total)]
    body[number - 1] = text
    return "params,tokens,loss\n" + "\n".join(body) + "\n"


PARQUET = b"PAR1" + bytes(200)

#: name of the file, its content, row, column, words of the message
FILES: list[tuple[str, str | bytes, int | None, str | None, str]] = [
    # nothing in it
    ("empty.csv", "", None, None, "is empty"),
    ("blank.csv", "\n  \n\n", None, None, "is empty"),
    ("empty.jsonl", "", None, None, "is empty"),
    ("empty.json", "", None, None, "is empty"),
    ("empty.parquet", b"", None, None, "is empty"),
    ("header.csv", "params,tokens,loss\n", None, None, "has a header and no rows"),
    ("list.json", "[]", None, None, "holds an empty list"),
    ("object.json", "{}", None, None, "holds an object, expected a list of objects"),
    ("keyless.jsonl", "{}\n{}\n", None, None, "holds objects without keys"),
    # not text
    ("zeros.csv", b"params,loss\n1e7,\x00\x00\n", None, None, "holds zero bytes, so it is not text"),
    ("sheet.csv", b"PK\x03\x04rest", None, None, "is a zip archive or an Excel workbook, expected text"),
    ("parquet.csv", PARQUET, None, None, "is a Parquet file, expected text"),
    ("image.jsonl", b"\x89PNG\r\n\x1a\n", None, None, "is a PNG image, expected text"),
    ("gz.csv", b"\x1f\x8b\x08\x00abc", None, None, "is gzip-compressed, expected text"),
    ("broken.csv.gz", b"\x1f\x8b\x08\x00abc", None, None, "cannot be read"),
    ("notgz.csv.gz", b"params,loss\n1,2\n", None, None, "cannot be read"),
    # not UTF-8
    ("latin.csv", b"run,loss\nok,3.1\nf\xfcnf,3.0\n", 2, None, "byte 0xfc is not UTF-8 text"),
    ("latin.jsonl", b'{"run": "ok"}\n{"run": "f\xfcnf"}\n', 2, None, "byte 0xfc is not UTF-8 text"),
    ("utf16.csv", GOOD.encode("utf-16"), None, None, "is UTF-16 text, expected UTF-8"),
    ("cut.csv", "run,loss\nü,3.0\nä".encode()[:-1], 2, None, "is not UTF-8 text"),
    # not a table
    ("nohead.csv", "1e7,1e9,3.5\n1e8,1e9,3.0\n", None, None, "expected the names of the columns"),
    ("double.csv", "params,loss,params\n1,2,3\n", None, "params", "the header has 'params' twice, as columns 1 and 3"),
    ("double.jsonl", '{"loss": 1}\n{"loss": 2, "loss": 3}\n', 2, "loss", "the object has 'loss' twice"),
    ("short.csv", rows(17, "1e7,1e9"), 17, None, "has 2 cells, the header has 3"),
    ("long.csv", rows(40, "1e7,1e9,3.0,x"), 40, None, "has 4 cells, the header has 3"),
    ("comma.csv", rows(5, "1e7,1e9,3,05"), 5, None, "has 4 cells, the header has 3"),
    ("quote.csv", rows(5, '"1e7,1e9,3.0'), 5, None, "does not parse"),
    ("after.csv", rows(5, '"1e7"x,1e9,3.0'), 5, None, "does not parse"),
    ("line17.jsonl", lines(17, '{"params": 1e7, "loss": '), 17, None, "line 17 is not JSON"),
    ("list17.jsonl", lines(17, "[1, 2]"), 17, None, "line 17 holds a list, expected an object"),
    ("number.jsonl", "3\n", 1, None, "line 1 holds a number, expected an object"),
    ("text.jsonl", "params,loss\n1,2\n", 1, None, "line 1 is not JSON"),
    ("cut.json", '[{"loss": 3},\n {"loss": ', 2, None, "line 2 is not JSON"),
    ("number.json", "3.5", None, None, "holds a number, expected a list of objects"),
    ("words.json", '["a", "b"]', 1, None, "got 'a', expected an object"),
    ("nested.json", "[" * 100_000, None, None, "nested too deeply|not JSON"),
    ("lengths.json", '{"params": [1, 2], "loss": [3]}', None, "loss", "has 1 values, but column 'params' has 2"),
    ("cells.json", '{"columns": ["a", "b"], "data": [[1, 2], [3]]}', 2, None, "holds 1 cells, expected a list of 2"),
    ("fit.json", '{"gnomon": "0.1", "kind": "fit"}', None, None, "is a gnomon document of kind 'fit'"),
    ("cut.parquet", PARQUET[:50], None, None, "is a Parquet file cut off after 50 bytes"),
    ("damaged.parquet", PARQUET + b"PAR1", None, None, "is a damaged Parquet file"),
    ("text.parquet", GOOD, None, None, "is not a Parquet file"),
    ("table.txt", GOOD, None, None, "got the suffix '.txt', expected one of .csv"),
    ("table.xlsx", "x", None, None, "got the suffix '.xlsx'"),
    ("table.pkl", "x", None, None, "got the suffix '.pkl'"),
    ("table", GOOD, None, None, "got the suffix ''"),
    # wrong cells
    ("text.csv", rows(17, "1e7,1e9,abc"), 17, "loss", "got 'abc', expected a number of nats/token"),
    ("text.tsv", rows(17, "1e7,1e9,abc").replace(",", "\t"), 17, "loss", "got 'abc', expected a number"),
    (
        "text.jsonl",
        lines(17, '{"params": "big", "loss": 2}'),
        17,
        "params",
        "got 'big', expected a number of parameters",
    ),
    ("list.jsonl", lines(17, '{"params": [1], "loss": 2}'), 17, "params", r"got '\[1\]', expected a number"),
    ("text.json", '[{"loss": 3}, {"loss": "x"}]', 2, "loss", "got 'x', expected a number"),
    ("late.csv", rows(700, "7Q,1e9,3", total=800), 700, "params", "got '7Q', expected a number"),
    ("decimal.csv", "params;tokens;loss\n1e7;1e9;3,05\n", 1, "loss", "got '3,05', expected a number"),
    ("two.csv", rows(3, "1e7,1e9,3.0 3.1"), 3, "loss", "got '3.0 3.1', expected a number"),
    ("unit.csv", rows(3, "1e7,1e9,3 nats"), 3, "loss", "got '3 nats', expected a number"),
    ("alias.csv", "N,val_loss\n1e7,3\nx,2\n", 2, "N", "got 'x', expected a number of parameters"),
]


@pytest.mark.parametrize(
    ("name", "content", "row", "column", "message"), FILES, ids=[f"{c[0]}-{i}" for i, c in enumerate(FILES)]
)
def test_a_wrong_file_says_what_is_wrong(
    tmp_path: Path, name: str, content: str | bytes, row: int | None, column: str | None, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises((FileError, ColumnError), match=message) as caught:
        read_runs(path)
    expect_clear(caught.value, Where(str(path), row, column))


def expect_clear(error: GnomonError, where: Where) -> None:
    """One line, the place, the status of a user's mistake, and a document for programs."""
    assert error.where == where
    assert error.exit_status == 2
    assert "\n" not in str(error)
    assert str(error).startswith(str(where))
    assert "Traceback" not in str(error)
    assert "duckdb" not in str(error).lower()
    assert len(str(error)) < 500
    document = error.to_dict()["error"]
    assert json.dumps(document)
    assert document["code"] not in ("error", "")


def folder_without_tables(path: Path) -> Any:
    (path / "notes.md").write_text("x")
    return path


def folder_of_two_formats(path: Path) -> Any:
    (path / "a.csv").write_text(GOOD)
    (path / "a.jsonl").write_text("\n".join(LINES))
    return path


def second_of_two(path: Path) -> Any:
    (path / "a.csv").write_text(GOOD)
    (path / "b.csv").write_text(rows(2, "1e7,1e9,bad"))
    return [path / "a.csv", path / "b.csv"]


#: what is read, where the message points, words of the message
SOURCES: list[tuple[str, Callable[[Path], Any], Callable[[Path], Where], str]] = [
    ("missing", lambda p: p / "none.csv", lambda p: Where(str(p / "none.csv")), "there is no such file"),
    ("missing folder", lambda p: p / "a" / "b.csv", lambda p: Where(str(p / "a" / "b.csv")), "there is no such file"),
    ("no match", lambda p: str(p / "*.csv"), lambda p: Where(str(p / "*.csv")), "no file matches the pattern"),
    ("empty folder", lambda p: p, lambda p: Where(str(p)), "is a folder without tables"),
    ("no tables", folder_without_tables, lambda p: Where(str(p)), "is a folder without tables"),
    ("two formats", folder_of_two_formats, lambda p: Where(str(p)), "tables of several formats"),
    ("second file", second_of_two, lambda p: Where(str(p / "b.csv"), 2, "loss"), "got 'bad', expected a number"),
    ("no columns", lambda p: {}, lambda p: Where("<table>"), "holds no columns"),
    ("no rows", lambda p: {"loss": []}, lambda p: Where("<table>"), "has a header and no rows"),
    ("empty list", lambda p: [], lambda p: Where("<table>"), "holds an empty list"),
    ("numbers", lambda p: [1, 2], lambda p: Where("<table>", 1), "got 1, expected an object"),
    ("scalar", lambda p: {"loss": 3.0}, lambda p: Where("<table>", None, "loss"), "got 3.0, expected an array"),
    ("string", lambda p: {"loss": "abc"}, lambda p: Where("<table>", None, "loss"), "got 'abc', expected an array"),
    ("matrix", lambda p: {"loss": np.eye(2)}, lambda p: Where("<table>", None, "loss"), r"of shape \(2, 2\)"),
    ("lengths", lambda p: {"a": [1], "b": [1, 2]}, lambda p: Where("<table>", None, "b"), "has 2 values"),
    ("cell", lambda p: {"loss": [3.0, "x"]}, lambda p: Where("<table>", 2, "loss"), "got 'x', expected a number"),
    ("object", lambda p: {"loss": [3.0, object]}, lambda p: Where("<table>", 2, "loss"), "expected a number"),
    (
        "flag",
        lambda p: {"loss": [3.0], "final": ["x"]},
        lambda p: Where("<table>", 1, "final"),
        "expected true or false",
    ),
    ("number", lambda p: 7, lambda p: Where(), "got int, expected a path"),
    ("none", lambda p: None, lambda p: Where(), "got NoneType, expected a path"),
]


@pytest.mark.parametrize(
    ("source", "where", "message"), [case[1:] for case in SOURCES], ids=[case[0] for case in SOURCES]
)
def test_a_wrong_source_says_what_is_wrong(
    tmp_path: Path, source: Callable[[Path], Any], where: Callable[[Path], Where], message: str
) -> None:
    columns = {"is_final": "final"} if message == "expected true or false" else None
    with pytest.raises(InputError, match=message) as caught:
        read_runs(source(tmp_path), columns=columns)
    expect_clear(caught.value, where(tmp_path))


def test_a_close_file_name_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text(GOOD)
    with pytest.raises(FileError) as caught:
        read_runs(tmp_path / "run.csv")
    assert caught.value.hint == "Did you mean runs.csv?"


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.csv"
    path.write_text(GOOD)

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # a test run as root may read everything
    with pytest.raises(FileError, match="no permission to read it") as caught:
        read_runs(path)
    expect_clear(caught.value, Where(str(path)))
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(FileError, match="no permission to read it"):
        read_runs(tmp_path)


def test_truncated_parquet_of_a_real_table(tmp_path: Path) -> None:
    whole = read_runs({"loss": np.arange(1000.0)}).write(tmp_path / "r.parquet").read_bytes()
    for size in (3, 4, 100, len(whole) // 2, len(whole) - 1):
        (tmp_path / "r.parquet").write_bytes(whole[:size])
        with pytest.raises(FileError, match=r"r\.parquet"):
            read_runs(tmp_path / "r.parquet")
    for at in (5, len(whole) // 2, len(whole) - 12):
        hurt = bytearray(whole)
        hurt[at : at + 8] = b"\xff" * 8
        (tmp_path / "r.parquet").write_bytes(bytes(hurt))
        with contextlib.suppress(FileError):  # bytes of a value may be anything
            read_runs(tmp_path / "r.parquet")


@pytest.mark.parametrize("columns", [["params"], "params=N", 3])
def test_a_wrong_mapping(columns: Any) -> None:
    with pytest.raises(InputError, match="expected a mapping"):
        read_runs({"N": [1.0]}, columns=columns)


# What must not be an error.


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        GOOD.replace("3.5", ""),
        GOOD.replace("3.5", "nan"),
        GOOD.replace("3.5", "inf"),
        GOOD.replace("3.5", "-1"),
        GOOD.replace("1e7", " 10M "),
        GOOD.replace("1e7", '"10,000,000"'),
        GOOD.replace("loss", "loss,note").replace("3.5", '3.5,"a, b\nc"').replace("3.0", "3.0,"),
        GOOD + "\n\n\n",
        GOOD.replace("\n", "\r"),
        GOOD.replace("tokens", "seed").replace("1e9", "?"),
        "loss\n3\n2\n\n",
        "params,loss\n" + "7B,2\n" * 1000,
    ],
)
def test_odd_but_readable(tmp_path: Path, content: str) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(content.encode())
    assert len(read_runs(path)) >= 2
