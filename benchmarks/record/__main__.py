"""The record: how good gnomon's forecasts and intervals are on real runs that were hidden from it.

    python -m benchmarks.record [--write docs/results/record.md] [--learn src/gnomon/forecast/recipe_constants.json]

Needs the public runs in $GNOMON_DATA (default ../shared/data). May be killed at any time: what is measured stays in --cache, and the
next call goes on. Exit status 1 when something that must hold does not.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from benchmarks.record.assess import OURS, assess
from benchmarks.record.learn import LEVELS, document
from benchmarks.record.measure import WITHOUT
from benchmarks.record.page import GROUPS, SCORES, notes, page
from benchmarks.record.picture import draw
from benchmarks.record.run import Variant, load, run, spent
from benchmarks.record.score import decades, groups


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.record", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("GNOMON_DATA", "../shared/data")))
    parser.add_argument("--cache", type=Path, default=Path("build/record"), help="where measured tasks are kept")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--without", choices=WITHOUT, action="append", default=[], help="switch off a choice of the recipe"
    )
    parser.add_argument("--write", type=Path, help="write the page here, and its picture into ../pictures beside it")
    parser.add_argument("--learn", type=Path, help="write the constants learnt on all data sets here")
    options = parser.parse_args()
    if not options.data.is_dir():
        parser.error(f"there is no folder {options.data}; set GNOMON_DATA to the public runs")
    variants = [Variant(without=tuple(options.without)), Variant(simulate=True, without=tuple(options.without))]
    for variant in variants:
        for done, every, seconds in run(options.data, options.cache, variant, options.workers):
            print(
                f"{variant.name}: {done} of {every} parts measured ({seconds:.0f} CPU s)", file=sys.stderr, flush=True
            )
    table, simulated = (load(options.data, options.cache, v) for v in variants)
    found = assess(table, simulated)
    ours = found.intervals[OURS]
    for title, part, columns in (
        ("BY DATA SET", groups(table, table.dataset.to_numpy(), found.forecast, ours), GROUPS),
        (
            "BY DECADES BEYOND THE FITTED RUNS",
            groups(table, decades(table.horizon.to_numpy()), found.forecast, ours),
            GROUPS,
        ),
        ("INTERVALS", found.scores(), SCORES),
        ("ERRORS", found.errors(), {"ours / theirs": "ours / theirs", "better on": "better on"}),
    ):
        print(f"\n{title}\n{part[list(columns)].rename(columns=columns).to_string(float_format='{:.3f}'.format)}")
    print("\nMUST HOLD")
    checks = found.requirements()
    for name, bound, value, holds in checks:
        print(f"{'ok  ' if holds else 'FAIL'} {name}: {value:.4g} ({bound})")
    if options.learn:
        options.learn.write_text(json.dumps(document(found.learnt), indent=1) + "\n", encoding="utf-8")
    if options.write:
        options.write.parent.mkdir(parents=True, exist_ok=True)
        options.write.write_text(
            page(found, spent(options.data, options.cache, variants[0]), notes()), encoding="utf-8"
        )
        pictured = {
            "gnomon": OURS,
            "curve_fit": "curve_fit, covariance",
            "bootstrap of runs": "Huber 1e-3, bootstrap of runs",
        }
        scores = found.scores()
        caught = {name: [scores.loc[method, f"cov{k:.0%}"] for k in LEVELS] for name, method in pictured.items()}
        target = options.write.parent.parent / "pictures" / "record.svg"
        target.parent.mkdir(parents=True, exist_ok=True)
        draw(LEVELS, caught, len(table), table.dataset.nunique()).save(target)
    return 0 if all(holds for *_, holds in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
