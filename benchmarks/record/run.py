"""Measure all tasks in worker processes. What is finished is on disk and is not done again; a change of code or data starts afresh."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np
import pandas as pd
from benchmarks.record.measure import measure
from benchmarks.record.tasks import Task, tasks

import gnomon

CHUNK = 140  # tasks measured at once: large batches are faster, and as much is lost when killed
ROOMS = ("fit", "forecast", "laws")  # folders of gnomon on which results depend
PLACES = ("sources", "tasks", "baselines", "measure")  # files here on which they depend


def fingerprint(data: Path) -> str:
    """Hash of the code and the data files behind the results."""
    home = Path(gnomon.__file__).parent
    code = sorted(p for room in ROOMS for p in (home / room).glob("*.py"))
    code += [Path(__file__).with_name(f"{name}.py") for name in PLACES]
    digest = hashlib.sha256()
    for path in code:
        digest.update(path.read_bytes())
    for path in sorted(p for p in data.rglob("*") if p.suffix in (".csv", ".parquet")):
        digest.update(f"{path.relative_to(data)} {path.stat().st_size}".encode())
    return digest.hexdigest()[:12]


def chunks(data: Path) -> list[list[Task]]:
    """Tasks of about equal size together, largest first, so that batches carry little padding and the last worker little work."""
    found = sorted(tasks(data), key=lambda t: (len(t.inputs), len(t.response), t.id))
    return [found[i : i + CHUNK] for i in range(0, len(found), CHUNK)][::-1]


def _work(chunk: Sequence[Task], variant: str, axes: Sequence[str], target: Path) -> float:
    began = time.process_time()
    forecasts, backtests = measure(chunk, variant, axes)
    spent = time.process_time() - began
    for table, kind in ((forecasts.assign(cpu=spent / max(len(forecasts), 1)), "forecasts"), (backtests, "backtests")):
        partial = target.with_suffix(f".{kind}.partial")
        table.to_parquet(partial)
        os.replace(partial, target.with_suffix(f".{kind}"))
    return spent


def run(
    data: Path, cache: Path, variant: str, workers: int, axes: Sequence[str] = ()
) -> Iterator[tuple[int, int, float]]:
    """Measure what is missing; yields chunks done, chunks in all, CPU seconds of this one."""
    work = chunks(data)
    folder = _folder(data, cache, variant, axes)
    folder.mkdir(parents=True, exist_ok=True)
    missing = [i for i in range(len(work)) if not (folder / f"{i:03}.backtests").exists()]
    done = len(work) - len(missing)
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # one thread a worker
    with ProcessPoolExecutor(max_workers=workers) as pool:
        waiting = {pool.submit(_work, work[i], variant, axes, folder / f"{i:03}"): i for i in missing}
        for future in as_completed(waiting):
            done += 1
            yield done, len(work), future.result()


def load(data: Path, cache: Path, variant: str, axes: Sequence[str] = ()) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Forecasts and backtests of a finished variant."""
    folder = _folder(data, cache, variant, axes)
    parts = {
        kind: [pd.read_parquet(p) for p in sorted(folder.glob(f"*.{kind}"))] for kind in ("forecasts", "backtests")
    }
    forecasts, backtests = (pd.concat([p for p in parts[k] if len(p)], ignore_index=True) for k in parts)
    return forecasts, backtests


def _folder(data: Path, cache: Path, variant: str, axes: Sequence[str]) -> Path:
    return cache / fingerprint(data) / "-".join([variant, *axes])


def wall(values: np.ndarray) -> float:
    """Sum of CPU seconds."""
    return float(np.sum(values))
