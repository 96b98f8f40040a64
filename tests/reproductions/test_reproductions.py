"""The room of reproductions: catalogue, criteria, refusals, documents."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gnomon.reproductions.entries
from gnomon.cli.main import run
from gnomon.datasets import checksums
from gnomon.errors import RefusalError, UnknownNameError
from gnomon.reproductions import CATALOGUE, Quantity, Reproduction, Result, reproduce, reproduction, reproductions
from gnomon.reproductions.document import markdown
from reproductions.stand_ins import loader

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "results" / "reproductions.md"

NANOCHAT = {
    "nanochat/isoflop_optima.csv": {
        "param_count_convention": ["kaplan_with_lm_head"] * 4 + ["all_parameters"] * 4 + ["transformer_only"] * 4,
        "flops": [1e18, 2e18, 5e18, 1e19] * 3,
        "params_optimal": [f**0.54 for f in (1e18, 2.15e18, 4.64e18, 1e19)] * 3,
        "tokens_optimal": [f**0.49 for f in (1e18, 2.15e18, 4.64e18, 1e19)] * 3,
    }
}


def test_every_file_is_in_the_catalogue_and_has_its_own_name() -> None:
    folder = Path(gnomon.reproductions.entries.__file__).parent
    assert sorted(path.stem for path in folder.glob("[!_]*.py")) == sorted(CATALOGUE)
    assert [entry.name for entry in reproductions()] == list(CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_number_has_a_source_and_a_reason_for_its_tolerance(name: str) -> None:
    entry = reproduction(name)
    assert entry.title
    assert entry.source
    assert entry.protocol.endswith(".")
    assert set(entry.tables) <= set(checksums())
    assert entry.quantities
    for quantity in entry.quantities:
        assert quantity.tolerance >= 0
        assert quantity.reason
        assert quantity.source
        assert quantity.meaning


def test_unknown_names_have_near_ones() -> None:
    with pytest.raises(UnknownNameError, match="chinchilla"):
        reproduction("chinchila")


def quantity(criterion: str, tolerance: float = 0.1) -> Quantity:
    return Quantity("q", "a number", 1.0, tolerance, "a reason", "a table", criterion)  # type: ignore[arg-type]


@given(st.floats(-10, 10), st.floats(0, 5))
def test_criteria(ours: float, tolerance: float) -> None:
    within, most, least = (quantity(c, tolerance).agrees(ours) for c in ("within", "at most", "at least"))
    assert most == (ours <= 1 + tolerance)
    assert least == (ours >= 1 - tolerance)
    assert within <= (most and least)
    if abs(abs(ours - 1) - tolerance) > 1e-9:
        assert within == (most and least)


def test_two_quantities_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="one name"):
        Reproduction("r", "t", "s", (), "p.", (quantity("within"), quantity("within")), lambda load: {})


def test_a_number_we_do_not_have_is_none_with_a_reason() -> None:
    entry = Reproduction("r", "t", "s", (), "p.", (quantity("within"),), lambda load: {"q": float("nan")})
    (result,) = entry.run(loader({}))
    assert result.ours is None
    assert result.agrees is None
    document = result.to_dict()
    assert document["ours"] is None
    assert document["ours_reason"]
    assert document["agrees_reason"]


def test_the_finding_is_told_only_where_numbers_differ() -> None:
    known = Quantity("q", "a number", 1.0, 0.1, "a reason", "a table", finding="rounded")
    assert "finding" not in Result("r", known, 1.05).to_dict()
    assert Result("r", known, 1.2).to_dict()["finding"] == "rounded"


def test_what_is_missing_is_told_and_the_rest_is_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    read = loader(NANOCHAT)

    def load(table: str, **options: object) -> object:
        if table not in NANOCHAT:
            raise RefusalError(f"{table} is not on this machine.")
        return read(table, **options)

    found = reproduce(["nanochat", "chinchilla"], load=load)  # type: ignore[arg-type]
    by_name = {o.reproduction.name: o for o in found.outcomes}
    assert by_name["nanochat"].refusal is None
    assert by_name["chinchilla"].refusal == "chinchilla_epoch/points.csv is not on this machine."
    assert all(r.ours is None for r in by_name["chinchilla"].results)
    assert found.counts()["unknown"] == len(reproduction("chinchilla").quantities)
    document = found.to_dict()
    assert document["warnings"][0]["code"] == "not-run"
    with pytest.raises(RefusalError, match="not on this machine"):
        reproduce(["chinchilla"], load=load)  # type: ignore[arg-type]


def test_the_command_refuses_without_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GNOMON_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert run(["reproduce", "nanochat", "--json", "--quiet"]) == 3
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "no-data"
    assert "GNOMON_DATA" in error["hint"]
    assert run(["reproduce", "nothing", "--json"]) == 2


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> None:
    """The made-up table in place of the public one."""
    monkeypatch.setattr("gnomon.datasets.load", loader(NANOCHAT))


def test_the_command_prints_both_numbers(local: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "results" / "page.md"
    assert run(["reproduce", "nanochat", "--json", "--quiet", "--save", str(page)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["kind"] == "reproduce"
    wanted = {"name", "quantity", "published", "ours", "tolerance", "agrees", "source"}
    assert all(wanted <= set(row) for row in document["results"])
    first = document["results"][0]
    assert (first["published"], first["agrees"]) == (0.54, True)
    assert first["ours"] == pytest.approx(0.54)
    assert document["saved"] == str(page)
    text = page.read_text(encoding="utf-8")
    assert f"`gnomon reproduce nanochat --save {page}`" in text
    assert "| kaplan_with_lm_head_params | exponent of the best params, kaplan with lm head | 0.54 | 0.54 |" in text
    assert run(["reproduce", "nanochat", "--quiet"]) == 0
    shown = capsys.readouterr().out
    assert "numbers agree" in shown
    assert "rounded from 2.15e18" in shown


def test_the_list_reads_nothing_and_loads_nothing_heavy() -> None:
    script = (
        "import sys\nfrom gnomon.cli.main import run\n"
        "status = run(['reproduce', '--list', '--json'])\n"
        "heavy = {m.split('.')[0] for m in sys.modules} & {'scipy', 'jax', 'duckdb', 'vl_convert', 'pandas', 'polars'}\n"
        "sys.stderr.write(f'{status} {sorted(heavy)}')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == "0 []"
    assert [row["name"] for row in json.loads(done.stdout)["reproductions"]] == list(CATALOGUE)


def test_the_page_in_the_docs_has_every_number() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert "Written by `gnomon reproduce --save docs/results/reproductions.md`" in text
    for entry in reproductions():
        section = text.partition(f"\n## {entry.name}\n")[2].partition("\n## ")[0]
        assert section, entry.name
        for one in entry.quantities:
            assert f"| {one.name} |" in section, f"{entry.name}: {one.name}"


def test_a_page_without_results_says_why() -> None:
    entry = reproduction("nanochat")

    def load(table: str, **options: object) -> object:
        if table.startswith("nanochat"):
            raise RefusalError("not here.")
        return loader(NANOCHAT)(table, **options)

    from gnomon.reproductions import Outcome, Reproduced

    found = Reproduced((Outcome(entry, entry.unavailable("not here."), 0.0, "not here."),))
    text = markdown(found, date="2026-01-02", command="gnomon reproduce", version="0")
    assert "Not run: not here." in text
    assert "2026-01-02" in text
    assert text.count("| unknown |") >= len(entry.quantities)
