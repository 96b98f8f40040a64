"""Importers: files that the tools themselves wrote, files made here byte by byte, and files that are something else."""

from __future__ import annotations

import json
import math
import shutil
import sqlite3
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.cli.main import run
from gnomon.errors import FileError, GnomonError, InputError, MissingExtraError, UnknownNameError
from gnomon.runs import import_runs, read_runs
from gnomon.runs.importers import catalogue
from gnomon.runs.importers.logs import numbers_of, settings_of
from gnomon.runs.importers.protobuf import WireError, message, parts, real, signed, text, varint
from gnomon.runs.importers.wandb_server import runs_of

FIXTURES = Path(__file__).parent / "fixtures"
ROOM = Path(catalogue.__file__).parent
LOSS = [4.0 - step * 0.25 for step in range(8)]  # what write_fixtures.py logged


# The room ------------------------------------------------------------------------------------------------------------


def test_every_file_is_in_the_catalogue_or_read_by_one_that_is() -> None:
    modules = {entry.module for entry in catalogue.IMPORTERS.values()}
    shared = {"__init__", "catalogue", "import_runs", "json_document", "logs", "protobuf", "sqlite", "text_lines"}
    parts_of = {"wandb_offline", "wandb_server", "mlflow_database", "mlflow_folder"}
    assert {file.stem for file in ROOM.glob("*.py")} == modules | shared | parts_of
    for part in parts_of:
        assert f"importers.{part} import" in (ROOM / f"{part.split('_')[0]}.py").read_text(encoding="utf-8")


def test_choosing_an_importer_loads_no_other() -> None:
    code = (
        "import sys; from gnomon.runs.importers.catalogue import importer; importer('tensorboard').read; "
        "print([m for m in ('sqlite3', 'duckdb', 'wandb', 'gnomon.runs.importers.trackio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_kind_is_told_with_near_ones() -> None:
    with pytest.raises(UnknownNameError, match="tensorboard"):
        import_runs("tensorbord", FIXTURES)


# What the tools wrote ------------------------------------------------------------------------------------------------


def test_wandb_offline() -> None:
    found = import_runs("wandb", FIXTURES)
    runs = found.runs
    assert runs["loss"].tolist() == LOSS
    assert runs["step"].tolist() == list(range(8))
    assert runs["val/acc"].tolist() == [step / 8 for step in range(8)]
    assert runs["tokens"].tolist() == [1000.0 * (step + 1) for step in range(8)]
    assert set(runs["run"]) == {"tiny-a"}
    assert set(runs["params"]) == {1e6}
    assert set(runs["lr"]) == {0.003}
    assert set(runs["arch.act"]) == {"gelu"}
    assert set(runs["best"]) == {2.25}
    assert found.left_out == {"lists of files": 1}
    assert not found.notices


def test_tensorboard() -> None:
    found = import_runs("tensorboard", FIXTURES / "tensorboard")
    runs = found.runs
    assert runs["loss"].tolist() == LOSS
    assert runs["accuracy"].tolist() == [step / 8 for step in range(8)]
    assert set(runs["lr"]) == {0.003}
    assert set(runs["optimizer"]) == {"adamw"}
    assert runs.columns["loss"].convention == "training"
    assert set(runs["loss_convention"]) == {"training"}
    assert found.left_out == {"note (text)": 1}


@pytest.mark.parametrize("source", ["mlflow.db", "mlruns"])
def test_mlflow(source: str) -> None:
    runs = import_runs("mlflow", FIXTURES / source).runs
    assert sorted(set(runs["run"])) == ["tiny-a", "tiny-b"]
    for name in ("tiny-a", "tiny-b"):
        assert runs["loss"][runs["run"] == name].tolist() == LOSS
    accuracy = runs["val/acc"]
    assert [value for value in accuracy.tolist() if not math.isnan(value)] == [0.5, 0.5]
    assert runs["step"][~(accuracy != accuracy)].tolist() == [7.0, 7.0]
    assert set(runs["params"]) == {1e6}
    assert set(runs["mlflow.experiment"]) == {"fixture"}


def test_trackio() -> None:
    runs = import_runs("trackio", FIXTURES / "trackio.db").runs
    assert sorted(set(runs["run"])) == ["tiny-a", "tiny-b"]
    assert runs["loss"].tolist() == LOSS * 2
    assert runs["step"].tolist() == [*range(8)] * 2
    assert set(runs["arch.n_layer"]) == {4.0}


@pytest.mark.parametrize(("kind", "source"), [("wandb", "."), ("mlflow", "mlruns"), ("trackio", "trackio.db")])
def test_what_is_written_reads_back(kind: str, source: str, tmp_path: Path) -> None:
    runs = import_runs(kind, FIXTURES / source).runs
    for suffix in (".parquet", ".csv", ".jsonl"):
        again = read_runs(runs.write(tmp_path / f"runs{suffix}"))
        assert again["loss"].tolist() == runs["loss"].tolist()
        assert again["run"].tolist() == runs["run"].tolist()
        assert again["params"].tolist() == runs["params"].tolist()


# Several runs, the same names, deleted ones --------------------------------------------------------------------------


def test_two_runs_of_one_name_stay_two(tmp_path: Path) -> None:
    for place in ("x", "y"):
        shutil.copytree(FIXTURES / "tensorboard" / "tiny-a", tmp_path / place / "tiny-a")
    for source in (str(tmp_path), str(tmp_path / "*")):
        found = import_runs("tensorboard", source)
        assert len(found.runs) == 16
        assert found.to_dict()["runs"] == 2
        assert [notice.code for notice in found.notices] == ["same-name"]


def test_deleted_runs_of_mlflow_are_counted(tmp_path: Path) -> None:
    base = Path(shutil.copy(FIXTURES / "mlflow.db", tmp_path / "mlflow.db"))
    with sqlite3.connect(base) as connection:
        connection.execute("UPDATE runs SET lifecycle_stage = 'deleted' WHERE name = 'tiny-b'")
    found = import_runs("mlflow", base)
    assert set(found.runs["run"]) == {"tiny-a"}
    assert found.left_out["deleted runs"] == 1


def test_held_out_loss_goes_before_training_loss(tmp_path: Path) -> None:
    file = tmp_path / "x.wandb"
    file.write_bytes(wandb_file([{"loss": 3.0, "val/loss": 3.5, "global_step": 10, "_step": 0}], {"lr": 0.1}))
    found = import_runs("wandb", file)
    assert found.runs["loss"].tolist() == [3.5]
    assert found.runs["step"].tolist() == [10.0]
    assert {notice.code for notice in found.notices} == {"chosen-column"}
    assert import_runs("wandb", file, columns={"loss": "loss"}).runs["loss"].tolist() == [3.0]


def test_runs_of_the_server() -> None:
    class Run:
        name, id, config = "tiny", "abc", {"n_params": 10, "_wandb": {}, "arch": {"act": "gelu"}}

        def scan_history(self) -> list[dict[str, Any]]:
            return [{"_step": 0, "loss": 3.0, "hist": {"_type": "histogram"}}, {"_step": 1, "loss": "NaN"}]

    found = runs_of("me/project", [Run()])
    assert found.runs[0].config == {"n_params": 10, "arch.act": "gelu"}
    assert found.left_out == {"hist (histogram)": 1}
    assert math.isnan(found.runs[0].rows[1]["loss"])


def test_the_server_needs_the_package() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "wandb", None)
        with pytest.raises(MissingExtraError, match="wandb"):
            import_runs("wandb", "me/project")


def test_the_server_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    package = ModuleType("wandb")

    class UsageError(Exception):
        pass

    def no_key() -> None:
        raise UsageError("No API key configured.")

    package.Api, package.errors = no_key, SimpleNamespace(UsageError=UsageError, Error=Exception)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "wandb", package)
    with pytest.raises(InputError, match="no key"):
        import_runs("wandb", "me/project")


# Cut off, empty, foreign, damaged ------------------------------------------------------------------------------------

BINARY = [
    ("wandb", FIXTURES / "run-fixture1.wandb"),
    ("tensorboard", FIXTURES / "tensorboard" / "tiny-a" / "events.out.tfevents.1.host"),
]


@pytest.mark.parametrize(("kind", "file"), BINARY)
def test_a_live_run_keeps_what_is_whole(kind: str, file: Path, tmp_path: Path) -> None:
    data = file.read_bytes()
    for cut in range(1, len(data), 97):
        place = tmp_path / file.name
        place.write_bytes(data[:cut])
        try:
            found = import_runs(kind, place)
        except FileError:
            continue  # nothing whole in it yet
        losses = found.runs["loss"].tolist() if "loss" in found.runs else []
        known = [loss for loss in losses if not math.isnan(loss)]
        assert known == LOSS[: len(known)]
    place.write_bytes(data[:-3])
    assert [notice.code for notice in import_runs(kind, place).notices] == ["cut-off"]


@pytest.mark.parametrize(("kind", "file"), BINARY)
def test_a_changed_byte_is_seen(kind: str, file: Path, tmp_path: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0x10
    place = tmp_path / file.name
    place.write_bytes(data)
    with pytest.raises(FileError):
        import_runs(kind, place)


ALL = [*BINARY, ("mlflow", FIXTURES / "mlflow.db"), ("trackio", FIXTURES / "trackio.db")]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(ALL), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8))
def test_damage_anywhere_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, chosen: tuple[str, Path], changes: list[tuple[int, int]]
) -> None:
    kind, file = chosen
    data = bytearray(file.read_bytes())
    for at, byte in changes:
        data[at % len(data)] = byte
    place = tmp_path_factory.mktemp("d") / file.name
    place.write_bytes(data)
    try:
        import_runs(kind, place)
    except GnomonError:
        return


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200))
def test_a_record_of_anything_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    place = tmp_path_factory.mktemp("r") / "x.wandb"
    whole = wandb_file([{"loss": 1.0}], {})
    body = field(2, field(1, content))
    place.write_bytes(whole + struct.pack("<IH", zlib.crc32(b"\x01" + body), len(body)) + b"\x01" + body)
    try:
        import_runs("wandb", place)
    except GnomonError:
        return


FOREIGN = {"empty": b"", "text": b"hello, this is a text\n" * 20, "zeros": bytes(2000), "pdf": b"%PDF-1.7 ....."}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize(
    ("kind", "name"),
    [("wandb", "x.wandb"), ("tensorboard", "events.out.tfevents.1"), ("mlflow", "mlflow.db"), ("trackio", "x.db")],
)
def test_foreign_files_are_refused(
    kind: str, name: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / name
    place.write_bytes(content)
    assert run(["import", kind, str(place), "-o", str(tmp_path / "out.csv"), "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["where"]["file"] == str(place)
    assert "expected" in error["message"]
    assert not (tmp_path / "out.csv").exists()


def test_databases_of_something_else_are_refused() -> None:
    with pytest.raises(FileError, match="without the table"):
        import_runs("mlflow", FIXTURES / "trackio.db")
    with pytest.raises(FileError, match="without the table configs"):
        import_runs("trackio", FIXTURES / "mlflow.db")


def test_folders_without_logs_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is a folder without"):
        import_runs("tensorboard", tmp_path)
    with pytest.raises(FileError, match="no such file"):
        import_runs("mlflow", tmp_path / "nothing.db")
    with pytest.raises(FileError, match="no file matches"):
        import_runs("wandb", str(tmp_path / "*.wandb"))
    with pytest.raises(InputError):
        import_runs("wandb", [])


# The wire format and the record formats, against encoders written from their descriptions -----------------------------


def encoded(value: int) -> bytes:
    """A varint: seven bits a byte, the last without the high bit."""
    value &= (1 << 64) - 1
    out = b""
    while value >= 0x80:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def field(number: int, value: int | float | bytes | str) -> bytes:
    if isinstance(value, int):
        return encoded(number << 3) + encoded(value)
    if isinstance(value, float):
        return encoded(number << 3 | 1) + struct.pack("<d", value)
    raw = value.encode() if isinstance(value, str) else value
    return encoded(number << 3 | 2) + encoded(len(raw)) + raw


@given(st.lists(st.tuples(st.integers(1, 2**20), st.one_of(st.integers(-(2**63), 2**63 - 1), st.binary()))))
def test_the_wire_format_round_trips(pairs: list[tuple[int, int | bytes]]) -> None:
    found = message(b"".join(field(number, value) for number, value in pairs))
    for number, value in dict(pairs).items():
        if isinstance(value, int):
            ints = [v for n, v in pairs if n == number and isinstance(v, int)]
            assert signed(found, number) == ints[-1]
        else:
            assert parts(found, number) == [v for n, v in pairs if n == number and isinstance(v, bytes)]


@given(st.floats(allow_nan=False), st.text())
def test_numbers_and_texts_round_trip(number: float, words: str) -> None:
    found = message(field(1, number) + field(2, words))
    assert real(parts(found, 1)[0]) == number
    assert text(found, 2) == words


@given(st.binary(max_size=60))
def test_random_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        message(data)
    except WireError:
        return


@pytest.mark.parametrize("data", [b"\x80", b"\xff" * 11, b"\x0a\x05ab", b"\x0b", b"\x00\x01"])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        message(data)
    assert varint(b"\xac\x02", 0) == (300, 2)


def wandb_file(rows: list[dict[str, Any]], config: dict[str, Any]) -> bytes:
    """A .wandb file: magic, then records in blocks of 32 KiB."""
    items = [field(1, field(1, key) + field(16, json.dumps(value))) for key, value in config.items()]
    records = [field(17, field(1, "id1") + field(8, "made") + field(4, b"".join(items)))]
    for row in rows:
        logged = [field(1, field(2, key) + field(16, json.dumps(value))) for key, value in row.items()]
        records.append(field(2, b"".join(logged)))
    out = b":W&B\xe1\xbe\x00"
    for record in records:
        first = True
        while True:
            room = 32768 - len(out) % 32768
            if room < 7:
                out += bytes(room)
                continue
            piece, record = record[: room - 7], record[room - 7 :]
            kind = bytes([(1 if first else 4) if not record else (2 if first else 3)])
            out += struct.pack("<IH", zlib.crc32(kind + piece), len(piece)) + kind + piece
            first = False
            if not record:
                break
    return out


VALUES = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=25, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=20), st.integers(0, 40_000))
def test_wandb_records_round_trip_across_blocks(
    tmp_path_factory: pytest.TempPathFactory, losses: list[float], padding: int
) -> None:
    rows = [{"_step": step, "loss": loss} for step, loss in enumerate(losses)]
    file = tmp_path_factory.mktemp("w") / "x.wandb"
    file.write_bytes(wandb_file(rows, {"note": "x" * padding, "n_params": 7}))
    runs = import_runs("wandb", file).runs
    assert runs["loss"].tolist() == losses
    assert set(runs["params"]) == {7.0}


# Cells and settings --------------------------------------------------------------------------------------------------


@given(st.dictionaries(st.text(min_size=1), st.one_of(st.integers(), st.text(), st.booleans(), st.none())))
def test_flat_settings_stay_as_they_are(config: dict[str, Any]) -> None:
    assert settings_of(config) == config


def test_nothing_is_lost_on_the_way() -> None:
    from collections import Counter

    assert settings_of({"a": {"b": {"c": [1, 2]}}, "d": {}}) == {"a.b.c": "[1, 2]", "d": "{}"}
    left: Counter[str] = Counter()
    assert numbers_of({"a": {"b": 1.0}, "c": [1], "d": {"_type": "image"}}, left) == {"a/b": 1.0}
    assert left == {"c (list)": 1, "d (image)": 1}


# The command ---------------------------------------------------------------------------------------------------------


def test_the_command_writes_the_table_and_says_what_it_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "runs.parquet"
    call = ["import", "wandb", str(FIXTURES), "-o", str(target)]
    assert run([*call, "--json", "--quiet"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["kind"] == "import"
    assert (document["importer"], document["runs"], document["rows"]) == ("wandb", 1, 8)
    assert document["left_out"] == [{"what": "lists of files", "count": 1}]
    assert document["output"] == str(target)
    assert read_runs(target)["loss"].tolist() == LOSS
    assert run(call) == 0
    shown = capsys.readouterr().out
    assert "8 rows of 1 run from 1 file" in shown
    assert "not taken over: lists of files (1)" in shown


def test_an_output_of_another_kind_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", "wandb", str(FIXTURES), "-o", str(tmp_path / "runs.xlsx")]) == 2
    assert "runs.xlsx" in capsys.readouterr().err
