"""Writes the small files under fixtures/ with the tools themselves.

Needs wandb, tensorboard, mlflow-skinny (with sqlalchemy and alembic) and trackio, none of which the tests need:

    python tests/runs/importers/write_fixtures.py

Written with wandb 0.31.0, tensorboard 2.21.0, mlflow-skinny 3.17.2, trackio 0.43.0. Every run logs `loss_at(step)`.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures"
STEPS = 8
CONFIG = {"n_params": 1_000_000, "lr": 0.003, "arch": {"n_layer": 4, "act": "gelu"}}


def loss_at(step: int) -> float:
    """A made-up loss that float32 holds exactly."""
    return 4.0 - step * 0.25


def write_wandb(folder: Path) -> None:
    import wandb

    settings = wandb.Settings(
        mode="offline", console="off", x_disable_stats=True, x_disable_meta=True, disable_git=True, silent=True
    )
    with wandb.init(
        project="fixture", name="tiny-a", id="fixture1", dir=folder, config=CONFIG, settings=settings
    ) as run:
        for step in range(STEPS):
            run.log({"loss": loss_at(step), "val": {"acc": step / 8}, "tokens": 1000 * (step + 1)})
        run.summary["best"] = 2.25
    (found,) = (folder / "wandb").glob("offline-run-*/*.wandb")
    shutil.copy(found, FIXTURES / found.name)


def write_tensorboard(folder: Path) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import summary_v2 as hparams
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(folder))
    started = hparams.hparams_pb({"lr": 0.003, "optimizer": "adamw", "tied": True})
    writer.add_event(Event(wall_time=1.0, summary=Summary.FromString(started.SerializeToString())))
    note = Summary.Value(tag="note")  # what is no scalar, as a text or a histogram would be
    note.metadata.plugin_data.plugin_name = "text"
    note.tensor.string_val.append(b"hello")
    writer.add_event(Event(wall_time=1.5, step=0, summary=Summary(value=[note])))
    for step in range(STEPS):
        plain = Summary(value=[Summary.Value(tag="train/loss", simple_value=loss_at(step))])
        writer.add_event(Event(wall_time=2.0 + step, step=step, summary=plain))
        scalar = Summary.Value(tag="val/acc")  # as TensorFlow 2 writes it: a tensor, marked as a scalar
        scalar.metadata.plugin_data.plugin_name = "scalars"
        scalar.tensor.dtype = 1  # DT_FLOAT
        scalar.tensor.float_val.append(step / 8)
        writer.add_event(Event(wall_time=2.5 + step, step=step, summary=Summary(value=[scalar])))
    writer.close()
    (found,) = folder.glob("events.out.tfevents.*")
    target = FIXTURES / "tensorboard" / "tiny-a"
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(found, target / "events.out.tfevents.1.host")


def write_mlflow(folder: Path) -> None:
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    import mlflow

    for uri in (f"sqlite:///{folder / 'mlflow.db'}", (folder / "mlruns").as_uri()):
        mlflow.set_tracking_uri(uri)
        mlflow.create_experiment("fixture", artifact_location=(folder / "artifacts").as_uri())
        mlflow.set_experiment("fixture")
        for name in ("tiny-a", "tiny-b"):
            with mlflow.start_run(run_name=name):
                mlflow.log_params({"n_params": 1_000_000, "optimizer": "adamw"})
                for step in range(STEPS):
                    mlflow.log_metric("loss", loss_at(step), step=step)
                mlflow.log_metric("val/acc", 0.5, step=STEPS - 1)
    # only the tables that hold runs: a fresh mlflow.db has dozens of empty ones, and weighs half a megabyte
    target = FIXTURES / "mlflow.db"
    target.unlink(missing_ok=True)
    with sqlite3.connect(target) as small:
        small.execute("PRAGMA page_size=1024")
        small.execute("ATTACH ? AS whole", [str(folder / "mlflow.db")])
        for table in ("experiments", "runs", "metrics", "params", "tags"):
            (made,) = small.execute("SELECT sql FROM whole.sqlite_master WHERE name = ?", [table]).fetchone()
            small.execute(made)
            small.execute(f"INSERT INTO {table} SELECT * FROM whole.{table}")
        small.execute("UPDATE runs SET artifact_uri = NULL, user_id = NULL, source_name = NULL")
        small.execute("UPDATE experiments SET artifact_location = NULL")
        small.execute("DELETE FROM tags WHERE key LIKE 'mlflow.%' AND key <> 'mlflow.runName'")
        small.commit()
        small.execute("DETACH whole")
        small.execute("VACUUM")
    shutil.rmtree(FIXTURES / "mlruns", ignore_errors=True)
    shutil.copytree(
        folder / "mlruns", FIXTURES / "mlruns", ignore=shutil.ignore_patterns("artifacts", ".trash", "models")
    )
    for meta in (FIXTURES / "mlruns").rglob("meta.yaml"):
        lines = meta.read_text().splitlines()
        meta.write_text("\n".join(x for x in lines if not x.startswith(("artifact_", "user_id", "source_"))) + "\n")
    for tag in (FIXTURES / "mlruns").rglob("tags/mlflow.*"):
        if tag.name != "mlflow.runName":
            tag.unlink()


def write_trackio(folder: Path) -> None:
    os.environ |= {"TRACKIO_DIR": str(folder), "TRACKIO_DISABLE_SERVER": "1", "HF_HUB_OFFLINE": "1"}
    from trackio.sqlite_storage import SQLiteStorage

    for name in ("tiny-a", "tiny-b"):
        SQLiteStorage.bulk_log(
            "fixture",
            name,
            [{"loss": loss_at(step), "val/acc": step / 8} for step in range(STEPS)],
            steps=list(range(STEPS)),
            config=CONFIG,
        )
    (found,) = folder.glob("fixture*.db")
    with sqlite3.connect(found) as base:
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        base.execute("PRAGMA journal_mode=DELETE")
        tables = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:  # those without rows only weigh
            if not table.startswith("sqlite_") and base.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,):
                base.execute(f"DROP TABLE {table}")
        base.commit()
        base.execute("PRAGMA page_size=1024")
        base.execute("VACUUM")
    shutil.copy(found, FIXTURES / "trackio.db")


if __name__ == "__main__":
    FIXTURES.mkdir(exist_ok=True)
    for write in (write_wandb, write_tensorboard, write_mlflow, write_trackio):
        with tempfile.TemporaryDirectory() as place:
            write(Path(place))
    for file in sorted(FIXTURES.rglob("*")):
        if file.is_file():
            print(f"{file.stat().st_size:8d} {file.relative_to(FIXTURES)}")
