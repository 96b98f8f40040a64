"""Importers of trainers and harnesses that write text: documents made here after the sources that the importers name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gnomon.cli.main import run
from gnomon.errors import FileError
from gnomon.runs import import_runs


def written(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def known(values: Any) -> list[float]:
    return [float(value) for value in values if not np.isnan(value)]


# Hugging Face Trainer ------------------------------------------------------------------------------------------------


def state(steps: int) -> dict[str, Any]:
    history: list[dict[str, Any]] = []
    for step in range(1, steps + 1):
        history.append(
            {"epoch": step / 4, "loss": 4.0 - step / 8, "learning_rate": 1e-3, "grad_norm": 1.0, "step": step}
        )
    history.append({"epoch": steps / 4, "eval_loss": 3.5, "eval_runtime": 0.1, "step": steps})
    return {"global_step": steps, "max_steps": 8, "total_flos": 1e12 * steps, "log_history": history}


def test_hf_trainer_takes_the_furthest_state(tmp_path: Path) -> None:
    for steps in (2, 4):
        written(tmp_path / "out" / f"checkpoint-{steps}" / "trainer_state.json", state(steps))
    found = import_runs("hf-trainer", tmp_path)
    runs = found.runs
    assert len(runs) == 5
    assert set(runs["run"]) == {"out"}
    assert found.left_out == {"earlier states of the same run": 1}
    assert known(runs["loss"]) == [3.5]
    assert known(runs["train/loss"]) == [3.875, 3.75, 3.625, 3.5]
    assert known(runs["flops"]) == [4e12, 4e12]  # of the last step only: its training row and its evaluation
    assert set(runs["total_steps"]) == {8.0}
    assert set(runs["flops_convention"]) == {"6ND, parameters without embeddings"}


# lm-evaluation-harness -----------------------------------------------------------------------------------------------


def test_lm_eval_gives_a_row_a_task(tmp_path: Path) -> None:
    document = {
        "results": {
            "arc_easy": {"alias": "arc_easy", "acc,none": 0.5, "acc_stderr,none": 0.01, "acc_norm,none": 0.45},
            "gsm8k": {"alias": "gsm8k", "exact_match,strict-match": 0.1, "exact_match_stderr,strict-match": "N/A"},
            "wikitext": {"alias": "wikitext", "bits_per_byte,none": 0.9},
        },
        "n-shot": {"arc_easy": 0, "gsm8k": 5},
        "versions": {"arc_easy": 1.0},
        "n-samples": {"arc_easy": {"original": 2376, "effective": 100}},
        "config": {
            "model": "hf",
            "model_args": "pretrained=org/tiny,revision=step10",
            "model_num_parameters": 7_000_000,
        },
        "date": 1.0,
    }
    found = import_runs("lm-eval", written(tmp_path / "results_2026.json", document))
    runs = found.runs
    assert runs["task"].tolist() == ["arc_easy", "gsm8k", "wikitext"]
    assert set(runs["run"]) == {"org/tiny@step10"}
    assert set(runs["params"]) == {7e6}
    assert set(runs["params_convention"]) == {"total"}
    assert known(runs["accuracy"]) == [0.5]
    assert known(runs["exact_match,strict-match"]) == [0.1]
    assert known(runs["bpb"]) == [0.9]
    assert known(runs["n_shot"]) == [0.0, 5.0]
    assert known(runs["questions"]) == [100.0]
    assert found.left_out == {"field date": 1, "exact_match_stderr,strict-match (text)": 1}


def test_lm_eval_of_2023_has_no_filters(tmp_path: Path) -> None:
    document = {"results": {"piqa": {"acc": 0.7, "acc_stderr": 0.01}}, "versions": {}, "config": {"model": "gpt2"}}
    runs = import_runs("lm-eval", written(tmp_path / "results.json", document)).runs
    assert runs["accuracy"].tolist() == [0.7]


# Levanter ------------------------------------------------------------------------------------------------------------


def event(kind: str, **rest: Any) -> str:
    return json.dumps({"tracker": "json_logger", "event": kind, **rest})


def test_levanter(tmp_path: Path) -> None:
    lines = [
        "INFO starting",
        event("hparams", hparams={"model": {"hidden_dim": 64}, "seed": 3}),
        *("INFO:levanter.json_logger:" + event("log", step=s, metrics={"train/loss": 4.0 - s}) for s in range(3)),
        event("log", step=2, metrics={"eval/loss": 2.5, "eval": {"bpb": 0.9}}),
        event("summary", metrics={"num_parameters": 1000}),
        event("finish", summary={"train/loss": 2.0, "num_parameters": 1000}),
    ]
    place = written(tmp_path / "a.jsonl", "\n".join(lines) + "\n")
    found = import_runs("levanter", place)
    runs = found.runs
    assert known(runs["loss"]) == [2.5]
    assert known(runs["train/loss"]) == [4.0, 3.0, 2.0]
    assert set(runs["params"]) == {1000.0}
    assert known(runs["bpb"]) == [0.9]
    assert set(runs["seed"]) == {3.0}
    assert found.left_out == {"lines of other loggers": 1}
    place.write_text("\n".join(lines[:5]) + "\n" + lines[5][:30])
    found = import_runs("levanter", place)
    assert [notice.code for notice in found.notices] == ["cut-off"]
    assert len(found.runs) == 3


# nanochat ------------------------------------------------------------------------------------------------------------

HEADER = (
    "flops_budget,depth,model_dim,params_wte,params_value_embeds,params_lm_head,params_transformer,params_scalars,"
    "params_total,num_iterations,tokens_trained,val_bpb,core_score,train_time_sec"
)


def test_nanochat_results(tmp_path: Path) -> None:
    rows = [
        "1e18,10,640,100,200,300,4000,5,4605,50,1000,0.9,0.1,60",
        "1e18,12,768,100,200,400,5000,5,5705,40,800,0.88,0.12,70",
    ]
    runs = import_runs("nanochat", written(tmp_path / "results.csv", "\n".join([HEADER, *rows]) + "\n")).runs
    assert runs["run"].tolist() == ["d10_1e+18", "d12_1e+18"]
    assert runs["params"].tolist() == [4300.0, 5400.0]
    assert runs["params_total"].tolist() == [4605.0, 5705.0]
    assert set(runs["params_convention"]) == {"transformer matrices and output layer"}
    assert runs["tokens"].tolist() == [1000.0, 800.0]
    assert runs["flops"].tolist() == [1e18, 1e18]
    assert runs["bpb"].tolist() == [0.9, 0.88]


LOG = """Vocab size: 65,536
Parameter counts:
wte                     : 100
lm_head                 : 200
transformer_matrices    : 1,800
total                   : 2,100
Estimated FLOPs per token: 1.200000e+04
Total number of training tokens: 1,000
Step 00000 | Validation bpb: 3.200000
step 00000/00010 (0.00%) | loss: 10.900000 | lrm: 0.10 | dt: 9.00ms | tok/sec: 1,234 | bf16_mfu: 0.00 | total time: 0.00m
step 00001/00010 (10.00%) | loss: 9.500000 | lrm: 1.00 | dt: 9.00ms | tok/sec: 1,300 | bf16_mfu: 0.00 | total time: 0.00m
Step 00010 | Validation bpb: 2.100000
Step 00010 | CORE metric: 0.0100
"""


def test_nanochat_log(tmp_path: Path) -> None:
    found = import_runs("nanochat", written(tmp_path / "d4.log", LOG))
    runs = found.runs
    assert runs["step"].tolist() == [0.0, 0.0, 1.0, 10.0, 10.0]
    assert known(runs["bpb"]) == [3.2, 2.1]
    assert known(runs["loss"]) == [10.9, 9.5]
    assert runs.columns["loss"].convention == "training"
    assert set(runs["params"]) == {2000.0}
    assert runs["tokens"].tolist() == [0.0, 0.0, 100.0, 1000.0, 1000.0]
    assert runs["flops"][-1] == 1.2e7
    assert found.left_out == {"other lines": 2}


def test_nanochat_log_of_a_live_run(tmp_path: Path) -> None:
    found = import_runs("nanochat", written(tmp_path / "d4.log", LOG[: LOG.index("2.100000") + 3]))
    assert known(found.runs["bpb"]) == [3.2]  # 2.1 may be the beginning of 2.14
    assert [notice.code for notice in found.notices] == ["cut-off"]


# Empty and foreign files ---------------------------------------------------------------------------------------------

KINDS = {
    "hf-trainer": "trainer_state.json",
    "lm-eval": "results_1.json",
    "levanter": "a.jsonl",
    "nanochat": "a.log",
    "csv": "a.csv",
    "jsonl": "a.jsonl",
    "parquet": "a.parquet",
}


@pytest.mark.parametrize("content", [b"", b'{"a": [1, ', b"\x89PNG\r\n\x1a\n\x00\x00", b"[1, 2]\n"], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_something_else_is_refused(
    kind: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / KINDS[kind]
    place.write_bytes(content)
    assert run(["import", kind, str(place), "-o", str(tmp_path / "out.parquet"), "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["where"]["file"] == str(place)


def test_documents_of_others_are_refused(tmp_path: Path) -> None:
    place = written(tmp_path / "x.json", {"a": 1})
    for kind in ("hf-trainer", "lm-eval"):
        with pytest.raises(FileError, match="expected"):
            import_runs(kind, place)
    with pytest.raises(FileError, match="has the columns a, b"):
        import_runs("nanochat", written(tmp_path / "results.csv", "a,b\n1,2\n"))
