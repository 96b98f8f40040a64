"""Loss and downstream error of over-trained models from five and six small runs, as Gadre et al. 2024 forecast them."""

from __future__ import annotations

from collections.abc import Mapping

from gnomon.reproductions.reproduction import Load, Quantity, Reproduction, Trust
from gnomon.runs import Runs

TABLE = "gadre_overtraining/runs.csv"
CORPORA = ("redpajama", "c4")

SMALL = "chinchilla_multiplier = 1 and params < 5e8"  # their four small architectures at 20 tokens per parameter
LONG = "chinchilla_multiplier = 16 and params < 2e7"  # the smallest at 320
SEEN = "chinchilla_multiplier = 1 and params > 1e9 and params < 2e9"  # the 1.4B run, for the error law only
LARGE = "chinchilla_multiplier = 1 and params > 5e9"  # 6.9B at 20 tokens per parameter
FARTHEST = {
    "redpajama": "chinchilla_multiplier = 32 and params > 1e9 and params < 2e9",  # 1.4B at 640
    "c4": "chinchilla_multiplier = 4 and params > 1e9 and params < 2e9",  # 1.4B at 80, the longest there is
}

NOTEBOOK = "Gadre et al. 2024, output of scaling_explorer.ipynb"
AGAIN = "their program run again on these rows; no publication prints them"
DIGITS = "all printed digits: their least squares has one optimum"
SOLVERS = "solvers that stop at 1e-8 agree to half a percent in parameters that five points hardly determine"


def measure(load: Load) -> Mapping[str, float]:
    """Least squares on the loss of five runs; least squares on the mean error of six; both chained to larger runs."""
    ours: dict[str, float] = {}
    for corpus in CORPORA:
        ours |= _corpus(load(TABLE, where=f"family = '{corpus}'"), corpus)
    return ours


def _corpus(runs: Runs, corpus: str) -> dict[str, float]:
    from gnomon.fit import fit

    five = runs.where(f"({SMALL}) or ({LONG})")
    six = runs.where(f"({SMALL}) or ({LONG}) or ({SEEN})")
    loss = fit("overtrain", five, objective="squared", intervals="none").law
    error = fit("exp_loss_err", six, response="err_avg_17", objective="squared", intervals="none").law
    ours = {f"{corpus}_E": loss.values["E"], f"{corpus}_eta": loss.values["eta"]}
    ours |= {f"{corpus}_{name}": error.values[name] for name in ("e", "k", "g")}
    for label, chosen in (("far", FARTHEST[corpus]), ("large", LARGE)):
        target = runs.where(chosen)
        forecast = loss(params=target["params"], tokens=target["tokens"])
        chained = error(loss=forecast)
        ours[f"{corpus}_{label}_loss"] = 100.0 * float(abs(forecast / target["loss"] - 1.0)[0])
        ours[f"{corpus}_{label}_error"] = 100.0 * float(abs(chained / target["err_avg_17"] - 1.0)[0])
    return ours


def _quantities(
    corpus: str, shown: str, far: str, values: Mapping[str, float], parameters: Mapping[str, float], source: str
) -> list[Quantity]:
    trust: Trust = "printed" if source == NOTEBOOK else "recomputed"
    of = {
        "far_loss": f"{shown}: relative error of the loss of 1.4B at {far} tokens per parameter, percent",
        "far_error": f"{shown}: of the mean error of 17 tasks there, percent",
        "large_loss": f"{shown}: of the loss of 6.9B at 20 tokens per parameter, percent",
        "large_error": f"{shown}: of the mean error of 17 tasks there, percent",
    }
    digits = {"far_loss": 1e-3, "far_error": 1e-2, "large_loss": 1e-3, "large_error": 1e-2}
    found = [
        Quantity(
            f"{corpus}_{name}",
            meaning,
            values[name],
            digits[name],
            DIGITS if digits[name] < 2e-3 else "the loss's last digits, carried through the error law",
            source,
            trust=trust,
        )
        for name, meaning in of.items()
    ]
    names = {
        "E": "floor of the loss",
        "eta": "exponent in compute",
        "e": "error without skill",
        "k": "depth of the fall",
        "g": "rate",
    }
    return found + [
        Quantity(
            f"{corpus}_{name}", f"{shown}: {names[name]}", value, 0.005 * value, SOLVERS, AGAIN, trust="recomputed"
        )
        for name, value in parameters.items()
    ]


REPRODUCTION = Reproduction(
    name="overtraining",
    laws=("overtrain", "exp_loss_err"),
    title="Loss and downstream error of over-trained models from six small runs",
    source="Gadre et al. 2024, Language models scale reliably with over-training and on downstream tasks",
    tables=(TABLE,),
    protocol=(
        "Plain least squares of their four-parameter law on the C4 validation loss of five runs (four sizes at 20 "
        "tokens per parameter, the smallest at 320); of error = e - k exp(-g loss) on the mean error of 17 tasks of "
        "those and the 1.4B run; the two chained to the targets. Sizes count embeddings, as theirs do."
    ),
    quantities=(
        *_quantities(
            "redpajama",
            "RedPajama",
            "640",
            {"far_loss": 0.7103, "far_error": 3.6365, "large_loss": 0.7320, "large_error": 0.0464},
            {"E": 1.8366, "eta": 0.13645, "e": 0.8570, "k": 2.2065, "g": 0.7146},
            NOTEBOOK,
        ),
        *_quantities(
            "c4",
            "C4",
            "80",
            {"far_loss": 1.498, "far_error": 9.58, "large_loss": 4.295, "large_error": 0.137},
            {"E": 1.5083, "eta": 0.12125, "e": 0.8497, "k": 2.0789, "g": 0.7561},
            AGAIN,
        ),
    ),
    measure=measure,
)
