"""Every kind of source that can be imported, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from gnomon.errors import UnknownNameError, near
from gnomon.runs.importers.logs import Found


@dataclass(frozen=True)
class Importer:
    """A kind of source.

    Args:
        kind: its name on the command line.
        module: the module of this room that reads it, loaded when it is used; its `read(path, name)` gives Found.
        files: patterns of the files it looks for in a folder, from the most to the least telling.
        reads: what SOURCE may be, in a few words.
        remote: SOURCE may be something that is no file.
    """

    kind: str
    module: str
    files: tuple[str, ...]
    reads: str
    remote: bool = False

    @property
    def read(self) -> Callable[[str], Found]:
        """The function that reads one source: a path, or what the kind takes beside paths."""
        found: Callable[[str], Found] = import_module(f"gnomon.runs.importers.{self.module}").read
        return found


_IMPORTERS = (
    Importer(
        "wandb",
        "wandb",
        ("*.wandb",),
        "an offline .wandb file or folder, a CSV exported from the web page, or ENTITY/PROJECT[/RUN] on the server",
        remote=True,
    ),
    Importer("tensorboard", "tensorboard", ("*tfevents*",), "an event file, or the folder of a run or of several"),
    Importer("mlflow", "mlflow", ("mlflow.db", "*.db", "meta.yaml"), "mlflow.db, or the folder mlruns"),
    Importer("trackio", "trackio", ("*.db",), "the database of a project"),
    Importer("hf-trainer", "hf_trainer", ("trainer_state.json",), "trainer_state.json of the Hugging Face Trainer"),
    Importer("lm-eval", "lm_eval", ("results*.json",), "results_*.json of lm-evaluation-harness"),
    Importer("nanochat", "nanochat", ("results.csv", "*.log"), "results.csv of its scaling laws, or the log of a run"),
    Importer("levanter", "levanter", ("*.jsonl", "*.log"), "JSON lines of its json_logger, alone or within a log"),
    Importer("csv", "table", ("*.csv", "*.csv.gz", "*.tsv"), "a table with a header line"),
    Importer("jsonl", "table", ("*.jsonl", "*.ndjson", "*.jsonl.gz"), "one JSON object a line"),
    Importer("parquet", "table", ("*.parquet",), "a Parquet table"),
)

#: Kind -> what reads it.
IMPORTERS = {entry.kind: entry for entry in _IMPORTERS}


def importer(kind: str) -> Importer:
    """The importer of a kind.

    Raises:
        UnknownNameError: there is none; near names are in the hint.
    """
    if kind not in IMPORTERS:
        raise UnknownNameError(f"there is no importer {kind!r}", hint=near(kind, IMPORTERS), code="unknown-kind")
    return IMPORTERS[kind]
