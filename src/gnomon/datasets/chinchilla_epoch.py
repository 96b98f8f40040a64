"""The table of Epoch AI's 245 Chinchilla points, from the file they published."""

from __future__ import annotations

import csv
import io

EXCLUDED = 5  # the highest losses, which Besiroglu et al. 2024 leave out of their fit


def points(original: bytes) -> dict[str, str]:
    """`data/svg_extracted_data.csv` as a table of runs.

    Tokens are FLOP / (6 params), as Epoch computes them; `epoch_excluded` marks the five highest losses.
    """
    rows = list(csv.DictReader(io.StringIO(original.decode("utf-8"))))
    losses = sorted((float(row["loss"]) for row in rows), reverse=True)
    lowest_excluded = losses[EXCLUDED - 1]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["run", "family", "params", "tokens", "flops", "loss", "epoch_excluded"])
    for index, row in enumerate(rows):
        params, flops, loss = (float(row[name]) for name in ("Model Size", "Training FLOP", "loss"))
        excluded = int(loss >= lowest_excluded)
        writer.writerow(
            [f"chinchilla_{index:03d}", "chinchilla", params, flops / (6.0 * params), flops, loss, excluded]
        )
    return {"chinchilla_epoch/points.csv": out.getvalue()}
