"""`trainer_state.json` of the Hugging Face Trainer: one row an entry of its log history.

Names get the prefix that the Trainer gives them in trackers: `loss` is `train/loss`, `eval_loss` is `eval/loss`.
`total_flos` of the state belongs to its `global_step`; it is 6 times tokens times parameters without embeddings.

Source: huggingface/transformers, trainer_callback.py (TrainerState), integrations/integration_utils.py
(rewrite_logs), modeling_utils.py (floating_point_ops).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from gnomon.runs.importers.json_document import json_object
from gnomon.runs.importers.logs import Found, RunLog, numbers_of, refuse

EXPECTED = "trainer_state.json of the Hugging Face Trainer (with log_history)"
_SETTINGS = ("max_steps", "num_train_epochs", "train_batch_size")
_AS_THEY_ARE = ("step", "epoch", "learning_rate", "grad_norm", "total_flos", "num_input_tokens_seen")


def read(source: str) -> Found:
    """The run of a state; of a folder of checkpoints the state that went furthest is taken.

    Raises:
        FileError: it is no such state.
    """
    found = Found(source)
    state = json_object(source, EXPECTED)
    history = state.get("log_history")
    if not isinstance(history, list) or not all(isinstance(entry, dict) for entry in history):
        refuse(source, "has no list log_history", EXPECTED)
    rows = [{_named(k): v for k, v in numbers_of(entry, found.left_out).items()} for entry in history]
    last, spent = state.get("global_step"), state.get("total_flos")
    for row in rows:
        if last is not None and row.get("step") == last and isinstance(spent, int | float) and spent > 0:
            row.setdefault("total_flos", spent)
    config: dict[str, Any] = {key: state[key] for key in _SETTINGS if state.get(key) is not None}
    folder = Path(source).resolve().parent
    folder = folder.parent if re.fullmatch(r"checkpoint-\d+", folder.name) else folder
    found.conventions["total_flos"] = "6ND, parameters without embeddings"
    extent = float(last) if isinstance(last, int | float) else float(len(rows))
    found.runs.append(RunLog(folder.name, rows, config, str(folder), extent))
    return found


def _named(key: str) -> str:
    """The name the Trainer gives a value in a tracker."""
    for prefix in ("eval_", "test_"):
        if key.startswith(prefix):
            return f"{prefix[:-1]}/{key.removeprefix(prefix)}"
    return key if key in _AS_THEY_ARE else f"train/{key}"
