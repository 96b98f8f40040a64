"""check: every rule finds what it is for, and says nothing about sound tables."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gnomon.runs import Runs, check, read_runs


def ladder(**changes: Any) -> dict[str, Any]:
    """Sixteen sound runs: four sizes, four token counts, a clean law."""
    params, tokens = (grid.ravel() for grid in np.meshgrid([1e7, 3e7, 1e8, 3e8], [3e8, 1e9, 3e9, 1e10]))
    loss = 1.8 + 480 / params**0.35 + 2000 / tokens**0.37
    return {"run": [f"r{i}" for i in range(16)], "params": params, "tokens": tokens, "loss": loss} | changes


def curves(lr: Callable[[np.ndarray], np.ndarray] | None = None, **changes: Any) -> dict[str, Any]:
    """Six runs with twenty checkpoints each."""
    size = np.repeat([1e7, 2e7, 4e7, 8e7, 2e8, 4e8], 20)
    step = np.tile(np.arange(1, 21) * 100.0, 6)
    loss = 1.8 + 480 / size**0.35 + 20 / step**0.5
    table: dict[str, Any] = {"run": np.repeat(list("abcdef"), 20), "params": size, "step": step, "loss": loss}
    if lr is not None:
        table["lr"] = lr(step)
    return table | changes


def codes(table: Any) -> set[str]:
    runs = table if isinstance(table, Runs) else read_runs(table)
    return set(check(runs).codes) - {"derived-column"}


def finding(table: Any, code: str) -> Any:
    return next(found for found in check(read_runs(table)) if found.code == code)


def put(values: Any, **cells: Any) -> np.ndarray:
    out = np.array(values, dtype=float)
    for where, value in cells.items():
        out[int(where[1:])] = value
    return out


SOUND = ladder()


def test_a_sound_table_has_no_findings() -> None:
    assert codes(ladder()) == set()
    assert codes(ladder(flops=6 * SOUND["params"] * SOUND["tokens"] * 1.3)) == set()
    assert codes(ladder(seed=np.arange(16), note=["x"] * 16, epochs=np.ones(16))) == set()
    assert codes(ladder(family=["c4"] * 8 + ["pile"] * 8)) == set()


def test_noise_and_outliers_within_reason_are_no_finding() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        assert codes(ladder(loss=SOUND["loss"] * np.exp(rng.normal(0, 0.02, 16)))) == set()


P, D, L = SOUND["params"], SOUND["tokens"], SOUND["loss"]


@pytest.mark.parametrize(
    ("table", "code", "severity", "rows"),
    [
        (ladder(loss=put(L, r2=np.nan)), "non-finite", "warning", (3,)),
        (ladder(loss=put(L, r2=np.inf)), "non-finite", "warning", (3,)),
        (ladder(tokens=put(D, r0=np.nan, r5=np.nan)), "non-finite", "note", (1, 6)),
        (ladder(loss=np.full(16, np.nan)), "empty-column", "error", ()),
        (ladder(loss=put(L, r4=0)), "non-positive", "error", (5,)),
        (ladder(loss=-L), "non-positive", "error", tuple(range(1, 17))),
        (ladder(params=put(P, r15=-1)), "non-positive", "error", (16,)),
        (ladder(tokens=put(D, r15=0)), "non-positive", "note", (16,)),
        (ladder(score=["0.1"] * 15 + ["oops"]), "text-in-number", "warning", (16,)),
        (ladder(seed=[str(i) for i in range(15)] + ["?"]), "text-in-number", "warning", (16,)),
        (ladder(params=P / 1e9), "units-params", "error", ()),
        (ladder(params=P / 1e6), "units-params", "error", ()),
        (ladder(tokens=D / 1e9), "units-tokens", "error", ()),
        (ladder(params=put(P, r0=0.01, r1=0.03)), "units-mixed", "error", (1, 2)),
        (ladder(tokens=put(D, r8=3.0)), "units-mixed", "error", (9,)),
        (ladder(flops=6 * P * D / 1e18), "flops-vs-6nd", "error", tuple(range(1, 17))),
        (ladder(flops=2 * P * D), "flops-vs-6nd", "warning", tuple(range(1, 17))),
        (ladder(flops=put(6 * P * D, r3=6e19, r4=1e30)), "flops-vs-6nd", "warning", (4, 5)),
        (ladder(perplexity=np.exp(L), loss=L / math.log(2)), "units-loss", "warning", ()),
        (ladder(perplexity=np.exp(L), loss=np.exp(L)), "units-loss", "warning", ()),
        (ladder(loss=np.exp(L)), "units-loss", "warning", ()),
        (ladder(bpb=L), "units-loss", "warning", ()),
        (ladder(loss=np.where(np.arange(16) % 2, L, L / math.log(2))), "units-mixed", "error", tuple(range(1, 17, 2))),
        (ladder(loss=np.full(16, 3.0)), "constant-loss", "error", ()),
        (ladder(loss=5 - L), "loss-increases", "warning", ()),
        (ladder(loss=put(L, r15=9.9)), "diverged", "warning", (16,)),
        (ladder(params=np.full(16, 1e8)), "one-size", "warning", ()),
        (ladder(tokens=np.full(16, 1e9)), "one-token-count", "warning", ()),
        (ladder(tokens=20 * P), "fixed-ratio", "warning", ()),
        (ladder(params_convention=["total"] * 15 + ["non-embedding"]), "mixed-conventions", "warning", ()),
        (
            ladder(family=["a"] * 8 + ["b"] * 8, tokenizer=["gpt2"] * 8 + ["llama"] * 8),
            "mixed-conventions",
            "note",
            (),
        ),
        (ladder(unique_tokens=D / 10), "repeated-data", "note", tuple(range(1, 17))),
        (ladder(epochs=put(np.ones(16), r3=10)), "repeated-data", "note", (4,)),
        ({name: values[:3] for name, values in SOUND.items()}, "few-runs", "warning", ()),
        (ladder(params=P[0] * np.linspace(1, 1.5, 16), tokens=np.linspace(1e9, 2e9, 16)), "short-range", "note", ()),
        (ladder(learning_rate=P, optim_lr_=D, **{"train/lr": L}), "ambiguous-column", "note", ()),
    ],
)
def test_what_each_rule_finds(table: dict[str, Any], code: str, severity: str, rows: tuple[int, ...]) -> None:
    found = finding(table, code)
    assert found.severity == severity
    assert found.message.endswith((".", "?", ")"))
    if rows:
        assert found.rows == rows
        assert found.count == len(rows)


def test_repeated_rows() -> None:
    table = {name: [*values, values[3], values[3]] for name, values in SOUND.items()}
    found = finding(table, "duplicate-rows")
    assert found.rows == (17, 18)
    table["loss"][-1] += 0.1
    assert finding(table, "duplicate-rows").rows == (17,)
    assert finding(table, "duplicate-run-step").rows == (18,)


def test_measurements_under_several_settings_are_no_repeats() -> None:
    twice = {name: [*values, *values] for name, values in SOUND.items()}
    twice["loss"] = [*L, *(L * 1.1)]
    assert "duplicate-run-step" in codes(twice)
    assert "duplicate-run-step" not in codes(twice | {"corpus": ["c4"] * 16 + ["pile"] * 16})
    assert "duplicate-run-step" not in codes(twice | {"shots": [0] * 16 + [5] * 16})
    assert "duplicate-run-step" not in codes(twice | {"seed": [0] * 16 + [1] * 16})


def test_one_name_for_two_models() -> None:
    found = finding(ladder(run=["a", "a", *map(str, range(14))]), "run-changes-size")
    assert found.rows == (1, 2)


def test_checkpoints_of_a_falling_learning_rate() -> None:
    table = curves(lambda step: 1e-3 * (1 - 0.9 * step / 2000))
    found = finding(table, "mid-schedule")
    assert found.count == 6 * 19
    assert "learning rate falls" in found.message
    assert "--where is_final" in found.message
    assert "mid-schedule" not in codes(read_runs(table, where="is_final"))
    assert "mid-schedule" in codes(curves(schedule=["cosine"] * 120))
    assert "mid-schedule" in codes(curves(lr_peak=[1e-3] * 120, lr_final=[1e-4] * 120))


@pytest.mark.parametrize(
    "table",
    [
        curves(),
        curves(lambda step: np.full(len(step), 1e-3)),
        curves(lambda step: 1e-3 * np.minimum(step / 200, 1)),
        curves(schedule=["constant"] * 120),
    ],
)
def test_checkpoints_of_a_steady_learning_rate(table: dict[str, Any]) -> None:
    assert "checkpoints" in codes(table)
    assert "mid-schedule" not in codes(table)


def test_a_spike_in_a_curve() -> None:
    table = curves()
    table["loss"][35] *= 2
    assert finding(table, "diverged").rows == (36,)
    table["loss"] = np.where(np.arange(120) % 20 > 15, np.nan, curves()["loss"])
    assert "diverged" not in codes(table)


def test_a_high_learning_rate_among_sound_ones() -> None:
    table = {name: np.repeat(values, 3) for name, values in SOUND.items()}
    table["run"] = [f"r{i}" for i in range(48)]
    table["lr"] = np.tile([1e-3, 3e-3, 1e-2], 16)
    table["loss"] = np.repeat(L, 3) * np.tile([1.0, 1.01, 1.0], 16)
    assert "diverged" not in codes(table)
    table["loss"][5] = 10.5
    assert finding(table, "diverged").rows == (6,)


def test_losses_of_different_kinds_are_not_compared() -> None:
    table = {name: [*values, *values] for name, values in SOUND.items()}
    table["loss"] = [*L, *(3 * L)]
    table["run"] = [f"r{i}" for i in range(32)]
    table["corpus"] = ["code"] * 16 + ["news"] * 16
    assert codes(table) == set()


def test_messages_name_the_call_that_helps() -> None:
    assert "--column params_billions=params" in finding(ladder(params=P / 1e9), "units-params").message
    assert codes(read_runs(ladder(params=P / 1e9), columns={"params_billions": "params"})) == set()
    theirs = {"val_loss": L, "train_loss": L - 0.01, "params": P, "tokens": D}
    assert "--column loss=val_loss" in finding(theirs, "ambiguous-column").message
    assert "units of 1e18" in finding(ladder(flops=6 * P * D / 1e18), "flops-vs-6nd").message
    assert "forward pass" in finding(ladder(flops=2 * P * D), "flops-vs-6nd").message
    assert "log-likelihood" in finding(ladder(loss=-L), "non-positive").message


def test_tiny_models_are_not_billions() -> None:
    rng = np.random.default_rng(0)
    table = {
        "params": rng.integers(50, 5000, 30),
        "tokens": rng.integers(1000, 10**6, 30),
        "loss": rng.uniform(1, 2, 30),
    }
    assert not {"units-params", "units-tokens", "units-mixed"} & codes(table)


def test_a_byte_loss_by_its_name() -> None:
    runs = read_runs({"val_bpb": L / 3, "params": P, "tokens": D}, columns={"loss": "val_bpb"})
    assert "units-loss" in codes(runs)


def test_samples_are_not_held_to_6nd() -> None:
    assert codes({"params": P, "samples_seen": D / 500, "flops": 2 * P * D, "loss": L}) == set()


def test_mixture_of_experts_counts_active_parameters() -> None:
    assert codes(ladder(params=P * 10, active_params=P, flops=6 * P * D)) == set()


def test_the_document_of_the_command() -> None:
    runs = read_runs(ladder(loss=put(L, r2=np.nan), note=["x"] * 15 + [None]))
    document = json.loads(json.dumps(check(runs).to_dict(), allow_nan=False))
    assert document["kind"] == "check"
    assert document["rows"] == 16
    assert document["findings"][0].keys() >= {"severity", "code", "message", "rows"}
    columns = {column["name"]: column for column in document["columns"]}
    assert columns["loss"]["missing"] == 1
    assert columns["loss"]["unit"] == "nats/token"
    assert columns["note"]["distinct"] == 1
    assert columns["flops"]["derived"] == "6 params tokens"
    severities = [found["severity"] for found in document["findings"]]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)


def test_it_prints() -> None:
    text = repr(check(read_runs(ladder(loss=put(L, r2=-1), tokens=20 * P))))
    assert "1 error, 1 warning, 1 note" in text
    assert "✗ loss is zero or negative in 1 of 16 rows." in text
    assert "nothing found" in repr(check(read_runs({"loss": L, "params": P})))
    assert "<li><b>error</b>" in check(read_runs(ladder(loss=-L)))._repr_html_()


@pytest.mark.parametrize("columns", [["loss"], ["params"], ["run"], ["run", "loss"], ["tokens", "loss"]])
def test_any_part_of_a_table_can_be_checked(columns: list[str]) -> None:
    check(read_runs({name: SOUND[name] for name in columns}))
    check(read_runs({name: SOUND[name][:1] for name in columns}))


def test_a_table_without_rows_can_be_checked() -> None:
    empty = read_runs(ladder()).keep(np.zeros(16, bool), "all")
    check(empty)
    repr(empty)
    assert empty.fingerprint


def test_shares_that_are_no_mixture_are_findings() -> None:
    good = {"mix_a": [0.5, 0.25], "mix_b": [0.5, 0.754], "loss": [3.0, 3.1]}
    assert not {"negative-share", "share-sum"} & set(codes(good))
    negative = check(read_runs({"mix_a": [0.5, -0.25], "mix_b": [0.5, 1.25], "loss": [3.0, 3.1]}))
    (found,) = [f for f in negative.findings if f.code == "negative-share"]
    assert (found.severity, found.rows, found.column) == ("error", (2,), "mix_a")
    percent = check(read_runs({"mix_a": [50.0, 25.0], "mix_b": [50.0, 75.0], "loss": [3.0, 3.1]}))
    (found,) = [f for f in percent.findings if f.code == "share-sum"]
    assert "divide by 100" in found.message
    missing = check(read_runs({"mix_a": [0.5, 0.25], "mix_b": [0.3, 0.75], "loss": [3.0, 3.1]}))
    (found,) = [f for f in missing.findings if f.code == "share-sum"]
    assert found.rows == (1,)
    assert "A domain may be missing" in found.message
