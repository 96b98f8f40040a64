"""A law of your own: typed as a formula, or written as a class with declared parameters."""

from pathlib import Path
from typing import Any

import gnomon as gn

runs = gn.read_runs(Path(__file__).with_name("runs.csv"), where="role = 'ladder'")

# Names that are columns (or N, D, C, L for params, tokens, flops, loss) are inputs, all others are parameters.
typed = gn.fit("E + A/N^a + B/D^b", runs, draws=100)
print(typed)


class Cornered(gn.Law):
    """Loss with a floor and one power of a weighted sum of two scarcities."""

    id = "cornered"
    inputs = ("params", "tokens")
    text = "loss = E + A / params^alpha + B / tokens^alpha"

    E: float = gn.floor("floor of the loss")
    A: float = gn.coefficient("size coefficient", params="alpha")
    B: float = gn.coefficient("data coefficient", tokens="alpha")
    alpha: float = gn.exponent("common exponent")

    def formula(self, params: Any, tokens: Any) -> Any:
        """E + A / params^alpha + B / tokens^alpha."""
        return self.E + self.A / params**self.alpha + self.B / tokens**self.alpha


own = gn.fit(Cornered, runs, draws=100)
print(own)
print("rows explained to", f"{own.residual_sd:.2%}", "against", f"{typed.residual_sd:.2%}")
