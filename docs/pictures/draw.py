"""Draw the picture of the README from the runs beside the examples: `python docs/pictures/draw.py`."""

from pathlib import Path

import gnomon as gn
from gnomon.report.compose.evidence import lead

here = Path(__file__).parent
table = here.parent.parent / "examples" / "runs.csv"
ladder, target = (gn.read_runs(table, where=f"role = '{role}'") for role in ("ladder", "target"))
at = {name: float(target[name][0]) for name in ("params", "tokens")}
forecast = gn.forecast(ladder, at).points[0]
figure = lead(gn.fit("chinchilla", ladder), forecast, measured=float(target["loss"][0])).wide
print(figure.finding)
print(figure.save(here / "quickstart.svg"))
