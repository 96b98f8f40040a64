"""A CSV of a million rows: read, checked and grouped by run, in a fresh process.

    python benchmarks/million_rows.py [--rows 1000000] [--repeats 3] [--keep FILE]

Prints wall and CPU seconds from the start of the interpreter to the end, the share of each part, and the peak of
resident memory, for the median of the repeats. The budget is 3 s and 1.5 GiB on two cores; exit status 1 over it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SECONDS, GIB = 3.0, 1.5  # the budget


def write_table(path: Path, rows: int) -> None:
    """Checkpoints of a thousand runs under a falling learning rate, about 60 bytes a row."""
    rng = np.random.default_rng(0)
    per_run = 1000
    runs = max(1, rows // per_run)
    run = np.repeat(np.arange(runs), per_run)[:rows]
    step = np.tile(np.arange(1, per_run + 1) * 100, runs)[:rows]
    params = np.round(10 ** rng.uniform(7, 9.5, runs))[run]
    tokens = step * 524288.0
    loss = 1.8 + 480 / params**0.35 + 2000 / tokens**0.37 + rng.normal(0, 0.002, len(run))
    lr = 3e-4 * (1 - 0.9 * step / step.max())
    lines = zip(run, params, tokens, step, lr, loss, strict=True)
    with path.open("w", encoding="utf-8") as file:
        file.write("run,family,params,tokens,step,lr,loss\n")
        file.writelines(f"run_{r:04d},c4,{n:.0f},{d:.0f},{s},{e:.6g},{y:.6f}\n" for r, n, d, s, e, y in lines)


def measure(path: Path) -> None:
    """What the fresh process does; prints its figures as JSON."""
    laps = {"import": time.perf_counter()}
    from gnomon.runs import check, read_runs

    laps["read"] = time.perf_counter()
    runs = read_runs(path)
    laps["check"] = time.perf_counter()
    findings = check(runs)
    laps["group"] = time.perf_counter()
    groups = runs.groups()
    end = time.perf_counter()
    marks = [*laps.values(), end]
    parts = {name: marks[i + 1] - marks[i] for i, name in enumerate(laps)}
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "rows": len(runs),
                "runs": int(groups.max()) + 1,
                "findings": list(findings.codes),
                "parts": parts,
                "cpu": usage.ru_utime + usage.ru_stime,
                "gib": usage.ru_maxrss / 2**20,
            }
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Read, check and group a CSV of a million rows.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="where to keep the file")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.measure)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = given.keep or Path(folder, "runs.csv")
        write_table(path, given.rows)
        print(f"{path.stat().st_size / 1e6:.0f} MB, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        found = []
        for _ in range(given.repeats):
            start = time.perf_counter()
            answer = subprocess.run(
                [sys.executable, __file__, "--measure", str(path)], check=True, capture_output=True, text=True
            )
            found.append(json.loads(answer.stdout) | {"wall": time.perf_counter() - start})
    middle = sorted(found, key=lambda figures: figures["wall"])[len(found) // 2]
    parts = "  ".join(f"{name} {seconds:.2f}" for name, seconds in middle["parts"].items())
    walls = " ".join(f"{figures['wall']:.2f}" for figures in found)
    print(f"{middle['rows']} rows of {middle['runs']} runs; findings: {', '.join(middle['findings'])}")
    print(f"wall {middle['wall']:.2f} s   CPU {middle['cpu']:.2f} s   peak {middle['gib']:.2f} GiB   ({parts})")
    print(f"wall of each repeat: {walls}")
    return int(middle["wall"] > SECONDS or middle["gib"] > GIB)


if __name__ == "__main__":
    sys.exit(main())
