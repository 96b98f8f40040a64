"""Measure all tasks in worker processes. What is finished is on disk and is not done again; a change of code or data starts afresh."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
from benchmarks.record.measure import measure
from benchmarks.record.tasks import Task, tasks

import gnomon

CHUNK = 140  # tasks measured at once: large batches are faster, and as much is lost when killed
CODE = (
    "fit/*.py",
    "laws/*.py",
    *(f"forecast/{n}.py" for n in ("centre", "early", "penalised", "recipe", "scale")),
)  # results depend on it
PLACES = ("sources", "tasks", "baselines", "measure")  # files here on which they depend


def fingerprint(data: Path) -> str:
    """Hash of the code and the data files behind the results."""
    home = Path(gnomon.__file__).parent
    code = sorted(p for pattern in CODE for p in home.glob(pattern))
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


@dataclass(frozen=True)
class Variant:
    """What is measured: the recipe as it ships, or with simulated truths, or without some of its choices."""

    simulate: bool = False
    without: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Folder of its results."""
        return "-".join(["simulated" if self.simulate else "recipe", *(f"no-{w}" for w in self.without)])


def _work(chunk: Sequence[Task], variant: Variant, target: Path) -> float:
    began = time.process_time()
    table = measure(chunk, variant.simulate, variant.without)
    partial = target.with_suffix(".partial")
    table.to_parquet(partial)
    seconds = time.process_time() - began
    target.with_suffix(".seconds").write_text(f"{seconds:.2f}", encoding="utf-8")
    os.replace(partial, target)
    return seconds


def run(data: Path, cache: Path, variant: Variant, workers: int) -> Iterator[tuple[int, int, float]]:
    """Measure what is missing; yields chunks done, chunks in all, CPU seconds of this one."""
    work = chunks(data)
    folder = cache / fingerprint(data) / variant.name
    folder.mkdir(parents=True, exist_ok=True)
    missing = [i for i in range(len(work)) if not (folder / f"{i:03}.parquet").exists()]
    done = len(work) - len(missing)
    yield done, len(work), 0.0
    os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1"))  # the workers are the threads
    with ProcessPoolExecutor(max_workers=workers, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(_work, work[i], variant, folder / f"{i:03}.parquet") for i in missing]
        for future in as_completed(waiting):
            done += 1
            yield done, len(work), future.result()


def load(data: Path, cache: Path, variant: Variant) -> pd.DataFrame:
    """Forecasts of a finished variant."""
    parts = [pd.read_parquet(p) for p in sorted((cache / fingerprint(data) / variant.name).glob("*.parquet"))]
    return pd.concat([p for p in parts if len(p)], ignore_index=True)


def spent(data: Path, cache: Path, variant: Variant) -> float:
    """CPU seconds that measuring a variant took."""
    folder = cache / fingerprint(data) / variant.name
    return sum(float(p.read_text(encoding="utf-8")) for p in folder.glob("*.seconds"))
