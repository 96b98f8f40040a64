"""Wrong files and calls, end to end: one clear message with its place, the right status, no traceback, also as JSON."""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from gnomon.cli.main import run

HEAD = "run,params,tokens,loss\n"
SIZES = [(a * 1e7, b * 1e9) for a in (4, 8, 16, 32, 64) for b in (1, 2, 4, 8)]
ROWS = [(f"r{i}", n, d, round(1.8 + 480 / n**0.35 + 2100 / d**0.37, 4)) for i, (n, d) in enumerate(SIZES)]


def table(rows: list[tuple[object, ...]], head: str = HEAD) -> str:
    """CSV text."""
    return head + "".join(",".join(map(str, row)) + "\n" for row in rows)


def json_lines() -> str:
    lines = [json.dumps(dict(zip(("run", "params", "tokens", "loss"), row, strict=True))) for row in ROWS]
    lines[16] = '{"run": "r16", "params": 1e8,'
    return "\n".join(lines)


def document(**more: object) -> str:
    return json.dumps({"gnomon": "0.1.0", "kind": "fit"} | more)


FILES: dict[str, str | bytes] = {
    "good.csv": table(ROWS),
    "empty.csv": "",
    "header.csv": HEAD,
    "binary.csv": bytes(range(256)) * 20,
    "utf16.csv": table(ROWS).encode("utf-16"),
    "latin1.csv": (HEAD + "größe,1e8,2e9,3.1\n" * 8).encode("latin-1"),
    "nan.csv": table([(r, n, d, "nan") for r, n, d, _ in ROWS]),
    "zero.csv": table([(r, 0, d, x) for r, _, d, x in ROWS]),
    "negative.csv": table([(r, n, -d, x) for r, n, d, x in ROWS]),
    "text.csv": table([(r, n, d, "abc" if i == 6 else x) for i, (r, n, d, x) in enumerate(ROWS)]),
    "duplicate.csv": table([(r, n, d, x, x) for r, n, d, x in ROWS], "run,params,tokens,loss,loss\n"),
    "no_tokens.csv": table([(r, n, x) for r, n, _, x in ROWS], "run,params,loss\n"),
    "two.csv": table([(r, n, n * 0.9, d, x) for r, n, d, x in ROWS], "run,n_params,num_parameters,tokens,loss\n"),
    "one_size.csv": table([(r, 1e8, d, x) for r, _, d, x in ROWS]),
    "few.csv": table([*ROWS[:4]]),
    "constant.csv": table([(r, n, d, 2.5) for r, n, d, _ in ROWS]),
    "ragged.csv": table(ROWS) + "r99,1e8\n",
    "broken.jsonl": json_lines(),
    "broken.json": "[{]",
    "scalar.json": "42",
    "cut.parquet": b"PAR1" + b"\x15\x04" * 30,
    "named.parquet": table(ROWS),
    "sheet.xlsx": b"PK\x03\x04",
    "old.pkl": b"\x80\x04",
    "fit.json": document(),
    "future.json": document(saved={"format": 99}),
    "half.json": '{"gnomon": "0.1.0", "kind": "fit", "sav',
    "lost.json": document(saved={"format": 1}),
    "at_text.csv": "params,tokens\n1e9,2e10\nabc,3\n",
    "at_zero.csv": "params,tokens\n1e9,2e10\n0,3e9\n",
    "at_gap.csv": "params,tokens\n1e9,\n",
    "at_half.csv": "params\n1e9\n",
}
FIT = "--law chinchilla --draws 20 --no-backtest"
AT = "--at params=1B,tokens=20B"
FLOPS = "--flops 1e20"


@dataclass(frozen=True)
class Bad:
    """A call and what must be said about it."""

    call: str
    status: int
    says: tuple[str, ...]
    file: str | None = None
    row: int | None = None
    column: str | None = None
    law: str | None = None  # given apart, because it has blanks
    stdin: str | None = None

    @property
    def arguments(self) -> list[str]:
        return self.call.split() + (["--law", self.law] if self.law is not None else [])

    def __str__(self) -> str:
        return " ".join(self.arguments)[:70]


FILES_TOLD = [
    Bad(f"fit empty.csv {FIT}", 2, ("empty",), "empty.csv"),
    Bad(f"fit header.csv {FIT}", 2, ("header", "no rows"), "header.csv"),
    Bad(f"fit binary.csv {FIT}", 2, ("not text",), "binary.csv"),
    Bad(f"fit utf16.csv {FIT}", 2, ("UTF-16", "UTF-8"), "utf16.csv"),
    Bad(f"fit latin1.csv {FIT}", 2, ("UTF-8", "Latin-1"), "latin1.csv", row=1),
    Bad(f"fit nan.csv {FIT}", 3, ("loss", "20"), "nan.csv"),
    Bad(f"fit zero.csv {FIT}", 3, ("params not positive", "20"), "zero.csv"),
    Bad(f"fit negative.csv {FIT}", 3, ("tokens not positive",), "negative.csv"),
    Bad(f"fit text.csv {FIT}", 2, ("'abc'", "number"), "text.csv", row=7, column="loss"),
    Bad(f"fit duplicate.csv {FIT}", 2, ("twice",), "duplicate.csv", column="loss"),
    Bad(f"fit no_tokens.csv {FIT}", 2, ("tokens", "--column tokens="), "no_tokens.csv"),
    Bad(
        f"fit two.csv {FIT}", 2, ("n_params", "num_parameters", "--column params=n_params"), "two.csv", column="params"
    ),
    Bad(f"fit one_size.csv {FIT}", 3, ("params", "20 rows"), "one_size.csv"),
    Bad(f"fit few.csv {FIT}", 3, ("4 rows", "5 parameters", "6"), "few.csv"),
    Bad(f"fit constant.csv {FIT}", 3, ("loss", "constant"), "constant.csv"),
    Bad(f"fit ragged.csv {FIT}", 2, ("2", "4"), "ragged.csv", row=21),
    Bad(f"fit broken.jsonl {FIT}", 2, ("line 17", "JSON"), "broken.jsonl", row=17),
    Bad(f"fit broken.json {FIT}", 2, ("JSON", "line 1"), "broken.json", row=1),
    Bad(f"fit scalar.json {FIT}", 2, ("number",), "scalar.json"),
    Bad(f"fit cut.parquet {FIT}", 2, ("Parquet",), "cut.parquet"),
    Bad(f"fit named.parquet {FIT}", 2, ("not a Parquet file",), "named.parquet"),
    Bad(f"fit sheet.xlsx {FIT}", 2, (".xlsx", "CSV"), "sheet.xlsx"),
    Bad(f"fit old.pkl {FIT}", 2, (".pkl", "Parquet"), "old.pkl"),
    Bad(f"fit folder {FIT}", 2, ("folder",), "folder"),
    Bad(f"fit goood.csv {FIT}", 2, ("no such file", "good.csv"), "goood.csv"),
    Bad(f"fit nothing*.csv {FIT}", 2, ("no file matches",), "nothing*.csv"),
    Bad(f"fit fit.json {FIT}", 2, ("'fit'", "table of runs"), "fit.json"),
    Bad(f"fit - {FIT}", 2, ("empty",), "<stdin>", stdin=""),
    Bad(f"fit good.csv goood.csv {FIT}", 2, ("no such file",), "goood.csv"),
    Bad("check goood.csv", 2, ("no such file", "good.csv"), "goood.csv"),
    Bad("check folder", 2, ("folder",), "folder"),
]
CALLS_TOLD = [
    Bad("fit", 2, ("RUNS", "gnomon fit runs.csv")),
    Bad("fit good.csv", 2, ("--law",)),
    Bad("fit good.csv --law", 2, ("--law", "value")),
    Bad("fit good.csv", 2, ("'chincilla'", "chinchilla"), law="chincilla"),
    Bad("fit good.csv", 2, ("'foo'", "gnomon laws"), law="foo(params)"),
    Bad("fit good.csv", 2, ("character",), law="loss = E + A/params^"),
    Bad("fit good.csv", 2, ("cannot read",), law="E + A/N^a + __import__('os').system('true')"),
    Bad("fit good.csv", 2, ("open",), law="E + open(N)"),
    Bad("fit good.csv", 2, ("empty",), law=""),
    Bad("fit good.csv", 2, ("lr", "Known"), "good.csv", law="pow(lr)"),
    Bad(f"fit good.csv {FIT} --where loss<", 2, ("does not parse",), "good.csv"),
    Bad(f"fit good.csv {FIT} --where lss<3", 2, ("'lss'", "loss"), "good.csv", column="lss"),
    Bad(f"fit good.csv {FIT} --where loss<(select(1))", 2, ("may not",), "good.csv"),
    Bad(f"fit good.csv {FIT} --where loss<0", 3, ("no row", "20"), "good.csv"),
    Bad(f"fit good.csv {FIT} --column params", 2, ("NAME=THEIRS",)),
    Bad(f"fit good.csv {FIT} --column params=N", 2, ("'N'", "params"), "good.csv"),
    Bad(f"fit good.csv {FIT} --column parms=params", 2, ("'parms'", "--column params=params"), "good.csv"),
    Bad(f"fit good.csv {FIT} --column params=run --column params=loss", 2, ("twice",)),
    Bad(f"fit good.csv {FIT} --response err", 2, ("'err'",), "good.csv", column="err"),
    Bad(f"fit good.csv {FIT} --objective hubr", 2, ("'hubr'", "huber")),
    Bad(f"fit good.csv {FIT} --intervals bootstrp", 2, ("'bootstrp'", "bootstrap")),
    Bad(f"fit good.csv {FIT} --draws 3", 2, ("20", "3")),
    Bad(f"fit good.csv {FIT} --draws many", 2, ("--draws", "'many'")),
    Bad(f"fit good.csv {FIT} --level 90", 2, ("--level", "90%")),
    Bad(f"fit good.csv {FIT} --seed 1.5", 2, ("--seed", "whole number")),
    Bad(f"fit good.csv {FIT} --seed -1", 2, ("--seed", "at least 0")),
    Bad(f"fit good.csv {FIT} --save nowhere/f.json", 2, ("no folder 'nowhere'",), "nowhere/f.json"),
    Bad(f"fit good.csv {FIT} --save folder", 2, ("folder",), "folder"),
    Bad(f"fit good.csv {FIT} --plot p.pdf", 2, (".svg", "'p.pdf'")),
    Bad(f"fit good.csv {FIT} --frobnicate", 2, ("--frobnicate", "--help")),
    Bad(f"fit good.csv {FIT} --drws 5", 2, ("--drws", "--draws")),
    Bad("frobnicate", 2, ("'frobnicate'",)),
    Bad("fitt good.csv", 2, ("'fitt'", "fit")),
    Bad("--jsn", 2, ("--jsn",)),
    Bad("forecast saved.json", 2, ("--at", "--at-file")),
    Bad("forecast saved.json --at params", 2, ("NAME=NUMBER",)),
    Bad("forecast saved.json --at params=7B", 2, ("tokens",)),
    Bad("forecast saved.json --at parms=7B,tokens=1T", 2, ("'parms'", "params")),
    Bad("forecast saved.json --at params=seven,tokens=1T", 2, ("params", "'seven'")),
    Bad("forecast saved.json --at params=-7B,tokens=1T", 2, ("params", "above zero")),
    Bad("forecast saved.json --at params=1B,params=2B", 2, ("twice",)),
    Bad("forecast saved.json --at-file at_text.csv", 2, ("'abc'",), "at_text.csv", row=2, column="params"),
    Bad("forecast saved.json --at-file at_zero.csv", 2, ("above zero",), "at_zero.csv", row=2, column="params"),
    Bad("forecast saved.json --at-file at_gap.csv", 2, ("empty",), "at_gap.csv", row=1, column="tokens"),
    Bad("forecast saved.json --at-file at_half.csv", 2, ("tokens",), "at_half.csv", column="tokens"),
    Bad("forecast saved.json --at-file goood.csv", 2, ("no such file",), "goood.csv"),
    Bad(f"forecast saved.json good.csv {AT}", 2, ("alone",)),
    Bad(f"forecast saved.json {AT} --where loss<3", 2, ("--where", "saved.json")),
    Bad(f"forecast saved.json {AT} --response err", 2, ("'err'", "'loss'")),
    Bad(f"forecast fit.json {AT}", 2, ("not a fit saved", "--save"), "fit.json"),
    Bad(f"forecast future.json {AT}", 2, ("format 99",), "future.json"),
    Bad(f"forecast half.json {AT}", 2, ("JSON", "line 1"), "half.json"),
    Bad(f"forecast lost.json {AT}", 2, ("incomplete",), "lost.json"),
    Bad(f"forecast few.csv {AT}", 3, ("4 rows",), "few.csv"),
    Bad("forecast good.csv --at lr=3", 2, ("'lr'",), "good.csv", column="lr"),
    Bad("backtest good.csv", 2, ("--law",)),
    Bad("backtest good.csv --law chinchilla --hold-out random:10%", 2, ("random", "largest:")),
    Bad("backtest good.csv --law chinchilla --hold-out largest:flops:x", 2, ("'x'",)),
    Bad(
        "backtest good.csv --law chinchilla --hold-out largest:flps:3",
        2,
        ("'flps'", "flops"),
        "good.csv",
        column="flps",
    ),
    Bad("backtest good.csv --law chinchilla --hold-out largest:flops:200", 3, ("leaves 0",), "good.csv"),
    Bad("plan allocat", 2, ("'allocat'", "allocate")),
    Bad("plan allocate", 2, ("--constants",)),
    Bad("plan allocate saved.json", 2, ("--flops", "--loss")),
    Bad("plan allocate saved.json --flops 1e20 --loss 2", 2, ("both",)),
    Bad("plan allocate saved.json --flops lots", 2, ("--flops", "'lots'")),
    Bad("plan allocate saved.json --flops 0", 2, ("--flops", "above zero")),
    Bad("plan allocate saved.json --loss 0.1", 3, ("0.1", "1.8")),
    Bad(f"plan allocate saved.json {FLOPS} --cost 7ND", 2, ("'7ND'", "6ND")),
    Bad(f"plan allocate good.csv {FLOPS}", 2, ("no fit", "--save fit.json"), "good.csv"),
    Bad(f"plan allocate gone.json {FLOPS}", 2, ("read",), "gone.json"),
    Bad(f"plan allocate --constants chinchilla {FLOPS}", 2, ("LAW.NAME", "chinchilla.besiroglu2024")),
    Bad(f"plan allocate --constants chinchilla.besiroglu {FLOPS}", 2, ("chinchilla.besiroglu2024",)),
    Bad(f"plan allocate --constants nope.x {FLOPS}", 2, ("'nope'",)),
    Bad("laws chincila", 2, ("'chincila'", "chinchilla")),
    Bad("laws quantum gravity", 2, ("'quantum gravity'",)),
    Bad("quickstart --scale huge", 2, ("'huge'", "smoke")),
    Bad("quickstart --seed x", 2, ("--seed", "'x'")),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All the files, and one good fit."""
    place = tmp_path_factory.mktemp("bad")
    for name, content in FILES.items():
        (place / name).write_bytes(content.encode() if isinstance(content, str) else content)
    (place / "folder").mkdir()
    noisy = [(r, n, d, x * (1 + 0.002 * (-1) ** i)) for i, (r, n, d, x) in enumerate(ROWS)]
    (place / "noisy.csv").write_text(table(noisy))
    before = Path.cwd()
    os.chdir(place)
    try:
        assert run(["fit", "noisy.csv", *FIT.split(), "--save", "saved.json", "--quiet", "--json"]) == 0
    finally:
        os.chdir(before)
    return place


@pytest.mark.parametrize("bad", [*FILES_TOLD, *CALLS_TOLD], ids=str)
def test_bad_calls(bad: Bad, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "1000")
    before = sorted(folder.iterdir())

    def call(*more: str) -> tuple[int, str, str]:
        if bad.stdin is not None:
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(bad.stdin.encode())))
        status = run([*bad.arguments, *more])
        out, err = capsys.readouterr()
        return status, out, err

    status, out, err = call()
    assert status == bad.status
    assert out == ""
    assert "Traceback" not in err
    assert err.startswith("xx ")
    assert err.count("\nxx ") == 0, "one message, not several"
    for word in (*bad.says, bad.file or "", f"row {bad.row}" if bad.row else "", bad.column or ""):
        assert word in " ".join(err.split())

    status, out, err = call("--json")
    assert status == bad.status
    told = json.loads(out)
    assert told["kind"] == "error"
    assert set(told) == {"gnomon", "kind", "error", "warnings"}
    assert set(told["error"]) == {"code", "message", "where", "hint"}
    where = told["error"]["where"]
    assert where["row"] == bad.row
    assert bad.column is None or where["column"] == bad.column
    assert bad.file is None or where["file"] == bad.file
    assert told["error"]["message"]
    assert "Traceback" not in out + err
    assert sorted(folder.iterdir()) == before, "a call that fails writes nothing"


def test_there_are_enough_of_them() -> None:
    assert len(FILES_TOLD) + len(CALLS_TOLD) >= 100


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
def test_no_permission(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(folder)
    locked = folder / "locked.csv"
    locked.write_text(table(ROWS))
    locked.chmod(0)
    assert run(["check", "locked.csv"]) == 2
    assert "locked.csv" in capsys.readouterr().err
