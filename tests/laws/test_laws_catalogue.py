"""Finding laws: by id, on the columns at hand, by words, from a folder of one's own; and importing them is light."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gnomon.errors import ColumnError, FileError, InputError, UnknownNameError
from gnomon.laws import CATALOGUE, Bnsl, Chinchilla, ExpLossErr, Pow, Sigmoid4, catalogue, law, search
from gnomon.laws.columns import LABELS, LETTERS, RANGES, SAME_UNIT, SCALES
from gnomon.laws.formula import FUNCTIONS


def test_by_id_class_and_instance() -> None:
    assert law("chinchilla") is Chinchilla
    assert law(" chinchilla ") is Chinchilla
    assert law(Chinchilla) is Chinchilla
    assert law(Chinchilla.besiroglu2024) is Chinchilla


def test_calls() -> None:
    assert law("pow(tokens)") is Pow.of("tokens")
    assert law("err = pow( tokens )") is Pow.of("tokens", output="err")
    assert law("chinchilla(active_params, tokens)") is Chinchilla.of("active_params", "tokens")
    assert law("bnsl(1)") is Bnsl
    assert law("bnsl(2, tokens)") is Bnsl.variant(2).of("tokens")
    assert law("pow", response="err") is Pow.of("flops", output="err")
    assert law(Chinchilla, response="loss_c4").output == "loss_c4"


@pytest.mark.parametrize(
    ("spec", "kind", "said"),
    [
        ("chinchila", UnknownNameError, "Did you mean chinchilla"),
        ("chinchila(params, tokens)", UnknownNameError, "Did you mean chinchilla"),
        ("xyzzy", UnknownNameError, "gnomon laws"),
        ("pow(2)", InputError, "no variants"),
        ("bnsl(9)", InputError, "1 to 4 breaks"),
        ("bnsl(1.5)", InputError, "1 to 4 breaks"),
        ("pow(a)", InputError, "both a column and a parameter"),
        ("chinchilla(params)", InputError, "reads 2 column"),
        ("", InputError, "empty"),
        (7, InputError, "A law is a name"),
        (None, InputError, "A law is a name"),
        (int, InputError, "A law is a name"),
    ],
)
def test_refused(spec: object, kind: type[InputError], said: str) -> None:
    with pytest.raises(kind) as raised:
        law(spec)  # type: ignore[arg-type]
    assert said in str(raised.value)


def test_a_free_input_takes_the_only_scale_there_is() -> None:
    assert law("pow", columns=["run", "tokens", "loss"]) is Pow.of("tokens")
    assert law("pow", columns=["run", "flops", "tokens", "loss"]) is Pow
    assert law("pow", columns=["examples", "loss", "family"]) is Pow.of("examples")
    assert law("err = pow", columns=["tokens", "loss", "err"]) is Pow.of("tokens", output="err")
    assert law(Pow, columns=["tokens", "loss"]) is Pow.of("tokens")


def test_a_free_input_asks_when_there_are_several() -> None:
    with pytest.raises(ColumnError) as raised:
        law("pow", columns=["params", "tokens", "loss"])
    assert "Say which: pow(params) or pow(tokens)." in str(raised.value)
    with pytest.raises(ColumnError, match="usually flops"):
        law("pow", columns=["run", "loss"])


def test_missing_columns_are_named_with_near_matches() -> None:
    with pytest.raises(ColumnError) as raised:
        law("chinchilla", columns=["params", "tokns", "loss"])
    assert "reads tokens" in str(raised.value)
    assert "Did you mean tokns?" in str(raised.value)
    assert "--column tokens=THEIRS" in str(raised.value)
    with pytest.raises(ColumnError, match="reads tokns"):
        law("pow(tokns)", columns=["tokens", "loss"])


def test_an_error_or_accuracy_column_is_found_when_it_is_the_only_one() -> None:
    assert law("exp_loss_err", columns=["loss", "err_avg_17"]) is ExpLossErr.of("loss", output="err_avg_17")
    assert law("exp_loss_err", columns=["loss", "error"]) is ExpLossErr
    assert law("sigmoid4", columns=["loss", "acc_mmlu"]) is Sigmoid4.of("loss", output="acc_mmlu")
    assert law("exp_loss_err", columns=["loss", "err_a", "err_b"], response="err_a").output == "err_a"
    with pytest.raises(ColumnError, match="--response: err_a, err_b"):
        law("exp_loss_err", columns=["loss", "err_a", "err_b"])


def test_catalogue_loads_every_law_in_its_order() -> None:
    found = catalogue()
    assert list(found) == list(CATALOGUE)
    assert all(entry.id == name for name, entry in found.items())
    json.dumps([entry.to_dict() for entry in found.values()], allow_nan=False)


def test_ids_cannot_be_taken_for_functions() -> None:
    assert not set(CATALOGUE) & set(FUNCTIONS)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("chinchilla", "chinchilla"),
        ("unique_tokens", "muennighoff"),
        ("epochs", "muennighoff"),
        ("benchmark error", "exp_loss_err"),
        ("accuracy", "sigmoid4"),
        ("random guessing", "shift_pow"),
        ("break", "bnsl"),
    ],
)
def test_search(words: str, first: str) -> None:
    assert search(words)[0].id == first


def test_search_without_result_is_empty() -> None:
    assert search("astrology") == []


def test_columns_are_those_of_runs() -> None:
    from gnomon.runs.schema import FIELDS

    numbers = {name for name, field in FIELDS.items() if field.kind == "number"}
    assert set(RANGES) == numbers - {"seed"}
    assert set(LABELS) == set(FIELDS) - set(RANGES)
    assert set(SCALES) | set(LETTERS.values()) | set(SAME_UNIT) | set(SAME_UNIT.values()) <= set(RANGES)


def test_importing_the_laws_is_light() -> None:
    code = """
import sys
import gnomon.laws as laws
assert "gnomon.laws.m4" not in sys.modules
laws.law("chinchilla")
assert "gnomon.laws.m4" not in sys.modules, "looking up one law loads one file"
laws.catalogue()
heavy = [m for m in ("scipy", "jax", "duckdb", "pandas", "altair", "rich", "jinja2", "typer") if m in sys.modules]
assert not heavy, heavy
assert callable(laws.law) and callable(laws.catalogue)
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)


OWN = """
from gnomon.laws import Law, coefficient, exponent

class Own(Law):
    \"\"\"A law of one's own.\"\"\"
    id = "{id}"
    question = "What is it?"
    inputs = ("params",)
    text = "loss = A / params^a"
    A: float = coefficient("coefficient", params="a")
    a: float = exponent("exponent")
    def formula(self, params):
        return self.A / params**self.a
"""


def test_laws_of_ones_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text(OWN.format(id="mine"))
    monkeypatch.setenv("GNOMON_LAWS", str(tmp_path))
    assert law("mine")(A=2.0, a=1.0)(params=2.0) == 1.0
    assert "mine" in catalogue()
    assert law("mine(tokens)").inputs == ("tokens",)
    assert law("mine") is law("mine")
    (tmp_path / "other.py").write_text(OWN.format(id="mine"))
    with pytest.raises(InputError, match="Two laws are called 'mine'"):
        law("mine")
    (tmp_path / "other.py").write_text(OWN.format(id="chinchilla"))
    with pytest.raises(InputError, match="'chinchilla'"):
        law("mine")
    (tmp_path / "other.py").write_text("1/0")
    with pytest.raises(FileError, match="ZeroDivisionError") as raised:
        law("mine")
    assert str(raised.value.where.file).endswith("other.py")
    monkeypatch.setenv("GNOMON_LAWS", str(tmp_path / "nowhere"))
    with pytest.raises(FileError, match="does not exist"):
        law("chinchilla2")
    assert law("chinchilla") is Chinchilla
    monkeypatch.delenv("GNOMON_LAWS")
    with pytest.raises(UnknownNameError):
        law("mine")
