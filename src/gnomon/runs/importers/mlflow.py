"""MLflow: the SQLite database of its newer versions, or the folder `mlruns` of the older ones."""

from __future__ import annotations

from pathlib import Path

from gnomon.runs.importers.logs import Found


def read(source: str) -> Found:
    """The runs in a database, or the run whose `meta.yaml` is given.

    Raises:
        FileError: it is neither.
    """
    path = Path(source)
    if path.name == "meta.yaml":
        from gnomon.runs.importers.mlflow_folder import read_run

        return read_run(path)
    from gnomon.runs.importers.mlflow_database import read_database

    return read_database(path)
