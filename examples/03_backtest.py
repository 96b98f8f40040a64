"""Would this have worked? Hide the largest runs, forecast them, and look at the errors beside two simple baselines."""

from pathlib import Path

import gnomon as gn

runs = gn.read_runs(Path(__file__).with_name("runs.csv"))
result = gn.backtest(["chinchilla", "kaplan_nd", "recipe"], runs, hold_out="largest:flops:4", draws=100)
print(result)
print("best:", result.best)
for hidden in result.points:
    if hidden.law == "recipe":
        print(
            f"{hidden.run}: measured {hidden.measured:.3f}, forecast {hidden.value:.3f} ({hidden.low:.3f} to {hidden.high:.3f})"
        )
