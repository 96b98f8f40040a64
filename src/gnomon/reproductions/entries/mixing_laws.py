"""The exponential mixing law of two domains, at every size and step that the public notebook prints."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gnomon.reproductions.reproduction import Load, Quantity, Reproduction

TABLE = "mixing_laws/losses.parquet"
DOMAINS = {"Github": "p1", "Pile-CC": "p2"}  # domain: its own share, the input of its law
FLOORS = 1000  # candidates for the floor, from 0 to the least loss (cell 4)
DELTA = 0.02  # of the Huber loss, nats (cell 4)
START = (-2.0, -0.5)  # inside their grid of starts; the optimum is unique

# size, domain, step: k, b and the mean Huber loss
PRINTED = {
    ("70M", "Github", 10000): (-2.4381, -0.5978, 1.0180e-5),
    ("70M", "Github", 20000): (-1.5473, -0.6506, 6.9308e-6),
    ("70M", "Github", 30000): (-1.6405, -0.6819, 3.6705e-6),
    ("70M", "Pile-CC", 10000): (-2.9041, -0.5333, 9.0037e-7),
    ("70M", "Pile-CC", 20000): (-2.2959, -0.5862, 2.7244e-6),
    ("70M", "Pile-CC", 30000): (-2.5189, -0.6257, 1.6657e-6),
    ("160M", "Github", 10000): (-3.6654, -0.1843, 8.9776e-5),
    ("160M", "Github", 20000): (-1.6850, -0.7528, 4.9897e-6),
    ("160M", "Github", 30000): (-1.6139, -0.7760, 2.7010e-6),
    ("160M", "Pile-CC", 10000): (-0.1236, 1.3070, 3.7849e-4),
    ("160M", "Pile-CC", 20000): (-2.4178, -0.5877, 3.5467e-6),
    ("160M", "Pile-CC", 30000): (-2.7239, -0.6131, 3.3023e-6),
}
CELL = "Ye et al. 2024, output of mix_2_domains.ipynb, cell 4"
SINGLE = "their fit is in single precision and stops after 100 rounds"


def measure(load: Load) -> Mapping[str, float]:
    """L = c + exp(k r + b): c by the best correlation of ln(L - c) with r, then k and b by the Huber loss of L - c."""
    runs = load(TABLE, where="family = '2Mix'")
    ours: dict[str, float] = {}
    for size, domain, step in PRINTED:
        rows = runs.where(f"size = '{size}' and domain = '{domain}' and step = {step}")
        share, loss = rows[DOMAINS[domain]], rows["loss"]
        k, b, value = _fit(share, loss - _floor(share, loss))
        label = _label(size, domain, step)
        ours |= {f"{label}_k": k, f"{label}_b": b, f"{label}_huber": value}
    return ours


def _floor(share: np.ndarray, loss: np.ndarray) -> float:
    """The candidate below the least loss at which ln(L - c) is straightest in the share."""
    candidates = np.linspace(0.0, loss.min(), FLOORS)[:-1]  # at the least loss itself the logarithm is not defined
    above = np.log(loss - candidates[:, None])
    x, y = share - share.mean(), above - above.mean(1, keepdims=True)
    return float(candidates[np.argmax(np.abs(y @ x) / np.sqrt(x @ x * (y * y).sum(1)))])


def _fit(share: np.ndarray, above: np.ndarray) -> tuple[float, float, float]:
    """k, b and the mean Huber loss."""
    from scipy.optimize import least_squares

    def residual(p: np.ndarray) -> np.ndarray:
        return np.asarray(np.exp(p[0] * share + p[1]) - above)

    tight = {"xtol": 1e-14, "ftol": 1e-14, "gtol": 1e-14}  # what double precision leaves
    found = least_squares(residual, START, loss="huber", f_scale=DELTA, **tight)
    return float(found.x[0]), float(found.x[1]), float(found.cost) / len(share)


def _label(size: str, domain: str, step: int) -> str:
    return f"{size}_{domain.replace('-', '').lower()}_{step // 1000}k"


def _quantities() -> list[Quantity]:
    found = []
    for (size, domain, step), (k, b, value) in PRINTED.items():
        label, of = _label(size, domain, step), f"{size}, loss on {domain} after {step:,} steps"
        found += [
            Quantity(f"{label}_k", f"k: {of}", k, 0.01, SINGLE, CELL),
            Quantity(f"{label}_b", f"b: {of}", b, 0.01, SINGLE, CELL),
            Quantity(f"{label}_huber", f"mean Huber loss: {of}", value, 0.01 * value, SINGLE, CELL, "at most"),
        ]
    return found


REPRODUCTION = Reproduction(
    name="mixing_laws",
    laws=("mixing_exp",),
    title="The exponential mixing law of two domains at two sizes and three steps",
    source="Ye et al. 2024, Data Mixing Laws",
    tables=(TABLE,),
    protocol=(
        "L = c + exp(k r + b) with r the domain's own share, five mixtures a fit; c is the candidate with the best "
        "correlation of ln(L - c) and r, k and b minimise the Huber loss (delta 0.02) of L - c. Theirs: L-BFGS from 121 "
        "starts in single precision; ours: least squares with the same Huber loss from one start."
    ),
    quantities=tuple(_quantities()),
    measure=measure,
)
