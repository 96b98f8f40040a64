"""What a first answer costs: CPU seconds and peak memory of fresh processes, best of several.

    python benchmarks/cold_start.py [--repeat 5] [--json]

Rows: numpy alone; `import gnomon` (its cost beyond numpy is the figure that counts); `gnomon --help`; one fit of 240 runs, from
Python and from the command line; scipy's curve_fit on the same rows for comparison.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

FIT = "import gnomon as gn; gn.fit('chinchilla', {path!r}, intervals={intervals!r})"
SCIPY = """
import csv, numpy as np
from scipy.optimize import curve_fit
rows = list(csv.DictReader(open({path!r})))
N, D, L = (np.array([float(r[c]) for r in rows]) for c in ("params", "tokens", "loss"))
law = lambda x, E, a, b, al, be: np.log(E + np.exp(a - al * np.log(x[0])) + np.exp(b - be * np.log(x[1])))
curve_fit(law, (N, D), np.log(L), p0=(1.7, 6, 6, .34, .28))
"""


def table(path: Path) -> None:
    """240 synthetic runs of Chinchilla's law with 0.5 % noise, so that the benchmark needs no data."""
    rng = np.random.default_rng(0)
    flops, params = 10 ** rng.uniform(18.5, 22, 240), 10 ** rng.uniform(7.8, 10, 240)
    tokens = flops / (6 * params)
    loss = (1.8172 + 477.8 / params**0.3473 + 2143.4 / tokens**0.3672) * np.exp(0.005 * rng.standard_normal(240))
    rows = "\n".join(
        f"run{i},{n:.6g},{d:.6g},{v:.6f}" for i, (n, d, v) in enumerate(zip(params, tokens, loss, strict=True))
    )
    path.write_text(f"run,params,tokens,loss\n{rows}\n", encoding="utf-8")


def cost(command: list[str], repeat: int) -> dict[str, float]:
    """Least user + system seconds, and the peak memory of the process, over fresh processes."""
    best, peak = float("inf"), 0.0
    for _ in range(repeat):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        peak = after.ru_maxrss / 1024
    return {"cpu_s": best, "peak_mib_so_far": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runs.csv"
        table(path)
        python = [sys.executable, "-c"]
        command = [str(Path(sys.executable).parent / "gnomon")]
        if not Path(command[0]).exists():
            command = [sys.executable, "-m", "gnomon"]
        jobs = {
            "numpy": [*python, "import numpy"],
            "import gnomon": [*python, "import gnomon"],
            "gnomon --help": [*command, "--help"],
            "fit, no interval (Python)": [*python, FIT.format(path=str(path), intervals="none")],
            "fit, 1000 draws (Python)": [*python, FIT.format(path=str(path), intervals="bootstrap")],
            "gnomon fit --intervals none": [
                *command,
                "fit",
                str(path),
                "--law",
                "chinchilla",
                "--intervals",
                "none",
                "--no-backtest",
            ],
            "gnomon fit": [*command, "fit", str(path), "--law", "chinchilla"],
            "scipy curve_fit, one start": [*python, SCIPY.format(path=str(path))],
        }
        results = {name: cost(job, options.repeat) for name, job in jobs.items()}
    results["import gnomon beyond numpy"] = {"cpu_s": results["import gnomon"]["cpu_s"] - results["numpy"]["cpu_s"]}
    if options.json:
        print(json.dumps(results))
        return
    for name, row in results.items():
        print(f"{name:32} {row['cpu_s']:.3f} CPU s")


if __name__ == "__main__":
    main()
