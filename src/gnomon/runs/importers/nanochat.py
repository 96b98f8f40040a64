"""nanochat: `results.csv` of its scaling-law runs, or the log that a run printed.

Of its five parameter counts, `params` is that of the matrices of the blocks plus the output layer, which nanochat's own
laws use; where the table lacks them it is the total. FLOP are nanochat's estimate for its architecture.

Source: karpathy/nanochat, scripts/base_train.py (the printed lines; get_scaling_params) and runs/scaling_laws.sh.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from gnomon.runs.assemble import Raw
from gnomon.runs.importers.logs import Found, RunLog, refuse
from gnomon.runs.importers.text_lines import text_lines
from gnomon.runs.read.tables import array_of

EXPECTED = "results.csv of nanochat's scaling laws, or the log of its base_train"
CONVENTION = "transformer matrices and output layer"
_NUMBER = r"(-?\d[\d.,]*(?:e[+-]?\d+)?|nan|-?inf)"
_STEP = re.compile(rf"step (\d+)/(\d+) \([\d.]+%\) \| loss: {_NUMBER} \| lrm: {_NUMBER} \|(.*)")
_EVALUATED = re.compile(rf"Step (\d+) \| (Validation bpb|CORE metric): {_NUMBER}")
_COUNT = re.compile(r"(wte|value_embeds|lm_head|transformer_matrices|scalars|total)\s*: ([\d,]+)")
_PER_TOKEN = re.compile(r"Estimated FLOPs per token: " + _NUMBER)
_TOKENS = re.compile(r"Total number of training tokens: ([\d,]+)")


def read(source: str) -> Found:
    """The runs of a table, or the run of a log: one row for each printed step and each evaluation.

    Raises:
        FileError: it is neither.
    """
    return _table(source) if Path(source).suffix == ".csv" else _log(source)


def _table(source: str) -> Found:
    """`results.csv`: one row a run."""
    from gnomon.runs.importers.table import read as read_table

    found = read_table(source)
    raw = found.tables[0]
    columns = dict(zip(raw.names, raw.values, strict=True))
    if not {"flops_budget", "depth", "tokens_trained", "val_bpb"} <= set(columns):
        refuse(source, f"has the columns {', '.join(raw.names[:5])}", EXPECTED)
    numbers = columns.values()
    names = [f"d{depth:g}_{flops:g}" for depth, flops in zip(columns["depth"], columns["flops_budget"], strict=True)]
    if not all(values.dtype.kind == "f" for values in numbers):
        refuse(source, "has a cell that is no number", EXPECTED)
    added: dict[str, Any] = {"run": array_of(names), "flops": columns["flops_budget"]}
    if {"params_transformer", "params_lm_head"} <= set(columns):
        added["params"] = columns["params_transformer"] + columns["params_lm_head"]
        found.conventions["params"] = CONVENTION
    found.conventions["flops"] = "nanochat's estimate"
    found.tables[0] = Raw((*added, *raw.names), (*added.values(), *raw.values), raw.file)
    return found


def _log(source: str) -> Found:
    """The log of a run."""
    found = Found(source)
    run = RunLog(Path(source).stem, [], {}, str(Path(source).resolve()))
    counts: dict[str, float] = {}
    per_token = total = steps = None
    lines = text_lines(source, EXPECTED)
    if not lines[-1].endswith("\n"):  # a number there may lack its last digits
        found.cut(source, f"{len(lines) - 1} lines")
        lines.pop()
    for line in lines:
        if match := _STEP.match(line):
            steps = int(match[2])
            row = {"step": int(match[1]), "train/loss": _number(match[3]), "lrm": _number(match[4])}
            run.rows.append(row | _further(match[5]))
        elif match := _EVALUATED.match(line):
            name = "val/bpb" if match[2] == "Validation bpb" else "core_metric"
            run.rows.append({"step": int(match[1]), name: _number(match[3])})
        elif match := _COUNT.match(line):
            counts[match[1]] = _number(match[2])
        elif match := _PER_TOKEN.match(line):
            per_token = _number(match[1])
        elif match := _TOKENS.match(line):
            total = _number(match[1])
        elif line.strip():
            found.left_out["other lines"] += 1
    if not run.rows:
        refuse(source, "has no line of a step or of an evaluation", EXPECTED)
    run.config |= {f"params_{name}": value for name, value in counts.items()}
    if {"transformer_matrices", "lm_head"} <= set(counts):
        run.config["params"] = counts["transformer_matrices"] + counts["lm_head"]
        found.conventions["params"] = CONVENTION
    for row in run.rows:
        if total is not None and steps:
            row["tokens"] = total / steps * row["step"]  # nanochat's batch is constant
            if per_token is not None:
                row["flops"] = per_token * row["tokens"]
                found.conventions["flops"] = "nanochat's estimate"
    found.runs.append(run)
    return found


def _further(rest: str) -> dict[str, float]:
    """`dt: 12.3ms | tok/sec: 1,234 | ...`: the speed, the only part that is not about the clock or the file of data."""
    match = re.search(r"tok/sec: ([\d,]+)", rest)
    return {"tok_per_sec": _number(match[1])} if match else {}


def _number(text: str) -> float:
    return float(text.replace(",", ""))
