"""Audits: what is planted is found, and nothing where nothing is. Rates over many seeds: benchmarks/decisions/audit.py."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.decisions.audit import CLEAN, FAULTS, TARGET, audited, loud, runs, told

import gnomon as gn
from gnomon.errors import InputError, Notice
from gnomon.forecast.audits.rules import RULES

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("name", CLEAN)
def test_a_sound_study_gets_no_warning(name: str) -> None:
    """Negative control."""
    found = audited(CLEAN[name](0), TARGET, 0)
    assert loud(found) == {}
    assert found.worst in ("info", None)
    assert found.grade is not None


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_gets_its_finding_and_no_other(name: str) -> None:
    fault = FAULTS[name]
    found = loud(audited(fault.make(0), fault.at or TARGET, 0, fault))
    assert found.get(fault.rule) in (("serious",) if fault.severity == "serious" else ("serious", "warn"))
    assert set(found) - {fault.rule} <= fault.also


def test_sizes_under_the_wrong_labels_are_not_taken_for_a_law() -> None:
    """Negative control: the same losses beside permuted sizes, over enough runs that no permutation is nearly right."""
    table = runs(0, 6, 4)
    table["params"] = np.random.default_rng(1).permutation(table["params"])
    found = gn.audit(gn.fit("chinchilla", table, draws=100), at=TARGET)
    assert loud(found)
    assert "serious" in loud(found).values()


def test_every_rule_has_a_planted_fault() -> None:
    assert {rule.code for rule in RULES} == {fault.rule for fault in FAULTS.values()}


def test_every_finding_says_what_was_measured_why_it_matters_and_what_to_do() -> None:
    found = gn.audit(gn.fit("chinchilla", runs(0), draws=100), at={"params": 2e11, "tokens": 4e12})
    document = json.loads(found.to_json())
    assert document["kind"] == "audit"
    assert document["worst"] == "serious"
    assert len(document["findings"]) + len(document["passed"]) + len(document["unknown"]) == len(RULES)
    for finding in document["findings"]:
        assert all(finding[name] for name in ("rule", "severity", "message", "why", "source", "do"))
    assert all(one["reason"] for one in document["unknown"])
    far = next(f for f in found.findings if f.rule.code == "distance")
    assert far.seen.measured["horizon"] == pytest.approx(np.log10(2e11 * 4e12 / (2e9 * 8e10)))


def test_without_a_target_rules_about_it_are_unknown_not_passed() -> None:
    found = gn.audit(runs(0), law="chinchilla")
    assert {rule.code for rule, _ in found.unknown} >= {"distance", "corner"}
    assert found.grade is None
    assert found.to_dict()["grade_reason"]


def test_a_saved_fit_is_audited_as_the_fit_was(tmp_path: Path) -> None:
    """With every column that a rule reads, several of them at fault."""
    table = told(0)
    table |= {
        "lr_peak": np.full(25, 3e-4),
        "unique_tokens": table["tokens"] / 10,
        "planned_tokens": table["tokens"] * 2,
    }
    table["params_convention"] = ["total", "non-embedding"] * 12 + ["total"]
    fit = gn.fit("chinchilla", table, draws=50)
    found = gn.audit(fit, at=TARGET).codes()
    assert {"learning-rate", "repeated-data", "unfinished-runs", "mixed-conventions"} <= set(found)
    assert gn.audit(gn.Fit.load(fit.save(tmp_path / "fit.json")), at=TARGET).codes() == found


def test_a_convention_told_by_a_column_name_outlives_saving(tmp_path: Path) -> None:
    table = runs(0)
    table["params_non_embedding"] = table.pop("params")
    fit = gn.fit("chinchilla", table, draws=50)
    read = gn.Fit.load(fit.save(tmp_path / "fit.json"))
    assert read.data.columns["params"].convention == fit.data.columns["params"].convention == "non-embedding"


@pytest.mark.parametrize(
    ("law", "columns"),
    [
        ("pow_floor(flops)", {"flops": np.geomspace(1e18, 1e21, 12)}),
        ("E + A * exp(-k * x)", {"x": np.linspace(0.1, 3, 12)}),
    ],
)
def test_laws_of_other_inputs(law: str, columns: dict[str, np.ndarray]) -> None:
    x = next(iter(columns.values()))
    loss = (2 + (x / x[0]) ** -0.3) * np.exp(0.001 * np.random.default_rng(0).standard_normal(12))
    found = gn.audit(columns | {"loss": loss}, law=law)
    assert len(found.findings) + len(found.passed) + len(found.unknown) == len(RULES)


def test_bad_calls_are_refused() -> None:
    fit = gn.fit("chinchilla", runs(0), draws=50)
    with pytest.raises(InputError, match="name it"):
        gn.audit(runs(0))
    with pytest.raises(InputError, match="for runs only"):
        gn.audit(fit, law="chinchilla")
    with pytest.raises(InputError, match="no tokens"):
        gn.audit(fit, at={"params": 7e9})
    with pytest.raises(InputError, match="between 0 and 1"):
        gn.audit(fit, level=1.5)


def test_the_page_of_rules_lists_every_rule() -> None:
    page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    for rule in RULES:
        assert f"| `{rule.code}` | {rule.asks} | {rule.why} | {rule.source} |" in page


def test_a_transfer_that_one_size_cannot_test_is_unknown_not_passed() -> None:
    table = runs(0, 1, 20)
    found = gn.audit(gn.fit("chinchilla", table, transfer=gn.laws.Chinchilla.besiroglu2024, draws=50))
    reasons = {rule.code: reason for rule, reason in found.unknown}
    assert "untestable" in reasons["transferred"]
    assert "few-sizes" not in found.codes()
    assert next(f for f in found.passed if f.rule.code == "few-runs").seen.measured["parameters"] == 3


@pytest.mark.parametrize(
    ("code", "severity"),
    [("more-than-seed-noise", "serious"), ("prior-conflict", "warn"), ("seed-noise-unknown", "warn")],
)
def test_what_an_interval_engine_says_against_itself_is_found(code: str, severity: str) -> None:
    fit = gn.fit("chinchilla", runs(0), draws=50)
    spoilt = replace(fit, notices=(*fit.notices, Notice(code, "Something is amiss: look.")))
    assert loud(gn.audit(spoilt, at=TARGET)) == {"intervals": severity}


def test_parameters_that_are_held_do_not_count_against_the_runs() -> None:
    """Six runs for two fitted parameters are enough, for five they are not."""
    six = FAULTS["six runs"].make(0)
    held = {"alpha": 0.3478, "beta": 0.3658, "E": 1.8172}
    assert "few-runs" in gn.audit(gn.fit("chinchilla", six, draws=50)).codes()
    assert "few-runs" not in gn.audit(gn.fit("chinchilla", six, fixed=held, draws=50)).codes()
