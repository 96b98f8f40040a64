"""What one forecast with its interval costs by itself: all laws, the backtests along the target's axis, 100 refits, one table.

    python -m benchmarks.lone_forecast [--repeats 5] [--against OTHER/src]

Tables: a study of each truth of `benchmarks.intervals`. CPU seconds on one thread; another version's source, where given, is measured
in turn with this one, in a process of its own, so that both see the same machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parents[1]
MEASURE = """
import json, time
from benchmarks.intervals import ONE, TWO, study
from gnomon.forecast.recipe import Evidence, constants
def seconds(name, seed):
    task = study(name, "steady 0.5%", seed)
    began = time.process_time()
    evidence = Evidence.of(task.inputs, task.response, task.run)
    evidence.centre(task.targets), constants().multiplier(0.9) * evidence.terms(task.targets).sigma
    return time.process_time() - began
for name in (*TWO, *ONE):
    seconds(name, 99)  # imports and caches
print(json.dumps({name: [seconds(name, seed) for seed in range(3)] for name in (*TWO, *ONE)}))
"""


def measured(source: Path) -> dict[str, list[float]]:
    """CPU seconds of three forecasts per truth, with gnomon from a folder of sources."""
    paths = os.pathsep.join((str(source.resolve()), str(HERE)))
    environment = os.environ | {"PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", MEASURE], env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--against", type=Path, help="src folder of another version")
    options = parser.parse_args()
    sources = [HERE / "src", *([options.against] if options.against else [])]
    found: list[dict[str, list[float]]] = [{} for _ in sources]
    for _ in range(options.repeats):
        for into, source in zip(found, sources, strict=True):
            for name, seconds in measured(source).items():
                into.setdefault(name, []).extend(seconds)
    print(f"{'truth':32} {'least':>7} {'median':>7}" + (f" {'other':>7} {'ratio':>6}" if options.against else ""))
    for name, seconds in found[0].items():
        line = f"{name:32} {np.min(seconds):7.3f} {np.median(seconds):7.3f}"
        if options.against:
            other = np.median(found[1][name])
            line += f" {other:7.3f} {np.median(seconds) / other:6.2f}"
        print(line)


if __name__ == "__main__":
    main()
