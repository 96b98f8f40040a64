"""From a table of runs to a law, and from the law to a forecast with an interval.

The table beside this file holds 23 small language models that `gnomon quickstart` trained, and the larger one it forecast.
"""

from pathlib import Path

import gnomon as gn

table = Path(__file__).with_name("runs.csv")

# Any CSV, TSV, JSONL, JSON or Parquet file, a glob, or a table in memory; `where` keeps the rows that meet a condition.
runs = gn.read_runs(table, where="role = 'ladder'")
print(runs)

# The law is a name of the catalogue, a class, or a formula. Intervals come from resampling whole runs.
fit = gn.fit("chinchilla", runs)
print(fit)
print(
    "size exponent:",
    fit.parameters["alpha"].value,
    "between",
    fit.parameters["alpha"].low,
    "and",
    fit.parameters["alpha"].high,
)

# A forecast from the runs themselves asks six laws and takes their median; from a fit it stays with the fitted law.
target = gn.read_runs(table, where="role = 'target'")
at = {"params": float(target["params"][0]), "tokens": float(target["tokens"][0])}
point = gn.forecast(runs, at).points[0]
print(
    f"forecast {point.value:.4f}, nine runs in ten between {point.low:.4f} and {point.high:.4f}; grade {point.grade.letter}"
)
print(f"measured {float(target['loss'][0]):.4f}")
