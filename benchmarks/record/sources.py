"""The public runs behind the record: one reader per folder of GNOMON_DATA, each yielding families of comparable runs.

A family is one corpus, recipe and metric, within which a single law may hold. Nothing here was chosen by its forecast error: the
rules are those of docs/results/record.md. A folder that is not there yields nothing; one that cannot be read raises.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

CHECKPOINTS = 12  # rows per run with checkpoints
BURN_IN = 0.02  # share of a run before which no checkpoint is used: warm-up
MIXTURES = 60  # curves of mixing_laws, chosen by a hash of their names


@dataclass(frozen=True)
class Family:
    """Runs within which one law may hold.

    Args:
        dataset: the source it belongs to.
        name: within the source.
        checkpoints: whether rows are checkpoints of runs rather than final losses.
        run: run of each row (n,).
        inputs: (params, tokens) or (x,), name to (n,) values.
        response: measured (n,): a loss or an error rate.
        rate: whether it is an error rate, between 0 and 1.
    """

    dataset: str
    name: str
    checkpoints: bool
    run: np.ndarray
    inputs: dict[str, np.ndarray]
    response: np.ndarray
    rate: bool = False


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)


def thin(table: pd.DataFrame, rows: int = CHECKPOINTS, along: str = "tokens") -> pd.DataFrame:
    """At most `rows` rows of each run, evenly in the logarithm of `along`."""
    kept = []
    for _, run in table.groupby("run"):
        run = run.sort_values(along)
        run = run[run[along] >= BURN_IN * run[along].max()]
        wanted = np.geomspace(run[along].iloc[0], run[along].iloc[-1], rows)
        nearest = np.abs(np.log(run[along].to_numpy())[:, None] - np.log(wanted)).argmin(0)
        kept.append(run.iloc[np.unique(nearest)])
    return pd.concat(kept)


def surface(
    dataset: str,
    name: str,
    table: pd.DataFrame,
    *,
    checkpoints: bool = False,
    params: str = "params",
    tokens: str = "tokens",
    response: str = "loss",
    rate: bool = False,
) -> Family:
    """A family over two inputs."""
    inputs = {"params": table[params].to_numpy(float), "tokens": table[tokens].to_numpy(float)}
    run = table["run"].astype(str).to_numpy()
    return Family(dataset, name, checkpoints, run, inputs, table[response].to_numpy(float), rate)


def curve(dataset: str, name: str, x: Any, response: Any, *, checkpoints: bool = False, rate: bool = False) -> Family:
    """A family over one input; every row counts as its own run."""
    x = np.asarray(x, float)
    run = np.arange(len(x)).astype(str)
    return Family(dataset, name, checkpoints, run, {"x": x}, np.asarray(response, float), rate)


def chinchilla(folder: Path) -> Iterator[Family]:
    yield surface("chinchilla", "figure4", read(folder / "points.csv"))


def gadre(folder: Path) -> Iterator[Family]:
    table = read(folder / "runs.csv")
    losses = [c for c in table if c.startswith("loss_") and not c.endswith(("_lo95", "_hi95"))]
    for corpus, part in table.groupby("family"):
        for loss in losses[:3]:
            yield surface("gadre", f"{corpus}|{loss}", part.dropna(subset=[loss]), response=loss)


def misfitting(folder: Path) -> Iterator[Family]:
    """Best learning rate of each size and planned length; then the checkpoints of those runs."""
    table = read(folder / "checkpoints.csv")
    finals = table[table.fraction_done >= 0.999]
    best = finals.sort_values("loss").groupby(["family", "planned_tokens"]).head(1)
    yield surface("misfitting", "final_best_lr", best)
    yield surface("misfitting", "checkpoints", thin(table[table.run.isin(best.run)]), checkpoints=True)


def isoflops(folder: Path) -> Iterator[Family]:
    """Without the curator's outliers, and without copies of runs that are data sets of their own here."""
    table = read(folder / "points.csv")
    table = table[table.curator_outlier.fillna(0) == 0]
    for name, part in table.groupby("family"):
        if not name.startswith(("epochai_chinchilla", "ml_scalefit", "misfitting")) and "exp_loss" not in name:
            yield surface(name.split("_")[0], name, part)


def porian(folder: Path) -> Iterator[Family]:
    for name, part in read(folder / "isoflop_points.csv").groupby("family"):
        if "attention" not in name:
            yield surface("porian", name, part)
    for name, part in read(folder / "isoflop_optima.csv").dropna(subset=["loss"]).groupby("family"):
        if "attention" not in name:
            yield curve("porian", f"optima|{name}", part.flops, part.loss)


def xlstm(folder: Path) -> Iterator[Family]:
    table = read(folder / "isoflop_runs.csv")
    table = table[table.finished.astype(bool)].dropna(subset=["loss"])
    for (model, context), part in table.groupby(["family", "context_length"]):
        yield surface("xlstm", f"{model}_{context}", part)


def gemstones(folder: Path) -> Iterator[Family]:
    for file in ("checkpoints.parquet", "validation.csv"):
        for name, part in read(folder / file).groupby("family"):
            yield surface("gemstones", name, thin(part), checkpoints=True)


def datablations(folder: Path) -> Iterator[Family]:
    table = read(folder / "runs.csv")
    table = table[table.dedup_variant.fillna(0) == 0]
    yield surface("datablations", "epochs<=4", table[table.epochs <= 4.05])
    yield surface("datablations", "epochs<=1", table[table.epochs <= 1.05])
    table = read(folder / "trajectories_c4.parquet")
    for name, part in thin(table[table.epochs_planned <= 7], 30).groupby("run"):
        yield curve("datablations", f"curve|{name}", part.tokens, part.loss, checkpoints=True)


def olmo_ladder(folder: Path) -> Iterator[Family]:
    """Finals are means of the last three checkpoints."""
    table = read(folder / "ladder.parquet").sort_values("tokens")
    responses = [c for c in table if c.startswith("loss_")][:4] + [c for c in table if c.startswith("bpb_")][:2]
    ends = table.groupby("run").tail(3).groupby("run")
    finals = ends.agg({**dict.fromkeys(responses, "mean"), "params": "last", "tokens": "last"}).reset_index()
    for name in responses:
        yield surface("olmo_ladder", f"final|{name}", finals.dropna(subset=[name]), response=name)
    for name in responses[:2]:
        rows = thin(table.dropna(subset=[name]))
        yield surface("olmo_ladder", f"checkpoints|{name}", rows, checkpoints=True, response=name)


def hitchhiker(folder: Path) -> Iterator[Family]:
    yield surface("opt", "opt", thin(read(folder / "opt_trajectories.csv"), 20), checkpoints=True)
    for name, part in read(folder / "convnets_match_digitised.csv").groupby("family"):
        yield curve("nfnets", name, part.x_compute_axis, part.error_percent)
    table = thin(read(folder / "mamba3b_training_curve.csv").assign(run="mamba"), 60, "step")
    yield curve("mamba3b", "curve", table.step, table.loss, checkpoints=True)


def steplaw(folder: Path) -> Iterator[Family]:
    """The best learning rate and batch of each (size, tokens); active parameters of mixtures of experts are read off their labels."""
    for kind in ("dense", "moe"):
        table = read(folder / f"{kind}_cell_optima.csv")
        table["run"] = table.cell
        if kind == "moe" and "active_params" not in table:
            table["params"] = table.cell.str.extract(r"Na([\d.]+)M")[0].astype(float) * 1e6
        yield surface("steplaw", kind, table.dropna(subset=["params"]), response="best_loss")


def parscale(folder: Path) -> Iterator[Family]:
    for (corpus, streams), part in read(folder / "losses.csv").groupby(["family", "streams"]):
        yield curve("parscale", f"{corpus}_P{streams}", part.params, part.loss)


def pythia(folder: Path) -> Iterator[Family]:
    table = read(folder / "task_metrics.csv")
    table = table[table.step >= 1000]
    table = table.assign(loss=np.log(table.ppl_lambada_openai)).dropna(subset=["loss"])
    for (suite, shots), part in table.groupby(["family", "shots"]):
        yield surface("pythia", f"lambada_{suite}_{shots}", part, checkpoints=True, params="params_nominal")


def laion_clip(folder: Path) -> Iterator[Family]:
    """Error = 1 - score, best of each (size, samples); families of at least 50 points."""
    table = read(folder / "zero_shot.csv")
    table = table.assign(loss=1 - table.value).dropna(subset=["params"])
    for name, part in table.groupby(["family", "train_corpus", "lr_schedule", "benchmark", "metric"]):
        best = part.sort_values("loss").groupby(["params", "samples_seen_nominal"]).head(1)
        if len(best) >= 50:
            yield surface("laion_clip", "|".join(name), best, tokens="samples_seen_nominal", rate=True)


def revisiting_benchmark(folder: Path) -> Iterator[Family]:
    table = read(folder / "curves.parquet")
    for name, part in table[table.duplicate == 0].groupby("run"):
        domain = part.family.iloc[0]
        means = part.groupby("seen_examples", as_index=False).agg(loss=("loss", "mean")).assign(run=name)
        means = thin(means, 60, "seen_examples")
        rate = domain == "image_classification"  # the other domains mix losses and scores
        yield curve(f"rev_{domain}", name, means.seen_examples, means.loss, checkpoints=True, rate=rate)


def mixing_laws(folder: Path) -> Iterator[Family]:
    table = read(folder / "losses.parquet")
    table = table[(table.step > 0) & table.family.isin(["2Mix", "5Mix"])]
    parts = ("family", "size", "mixture_id", "domain")
    table = table.assign(curve=table[list(parts)].astype(str).agg("|".join, axis=1))
    chosen = sorted(table.curve.unique(), key=lambda s: zlib.crc32(s.encode()))[:MIXTURES]
    for name, part in table[table.curve.isin(chosen)].groupby("curve"):
        if part.step.nunique() >= 8:
            means = part.groupby("step", as_index=False).loss.mean()
            yield curve("mixing_laws", name, means.step, means.loss, checkpoints=True)


def extra(folder: Path) -> Iterator[Family]:
    """Any further tables: columns dataset, family, run, params, tokens, loss, or dataset, family, x, loss."""
    for file in sorted([*folder.glob("*.csv"), *folder.glob("*.parquet")]):
        for (dataset, name), part in read(file).groupby(["dataset", "family"]):
            if "tokens" in part:
                rows = part.dropna(subset=["params", "tokens", "loss"])
                yield surface(dataset, name, rows, checkpoints=bool(part.run.duplicated().any()))
            else:
                yield curve(dataset, name, part.x, part.loss, checkpoints=True)


READERS: dict[str, Callable[[Path], Iterator[Family]]] = {
    "chinchilla_epoch": chinchilla,
    "datablations": datablations,
    "extra": extra,
    "gadre_overtraining": gadre,
    "gemstones": gemstones,
    "hitchhiker": hitchhiker,
    "isoflops": isoflops,
    "laion_clip": laion_clip,
    "misfitting": misfitting,
    "mixing_laws": mixing_laws,
    "olmo_ladder": olmo_ladder,
    "parscale": parscale,
    "porian": porian,
    "pythia_evals": pythia,
    "revisiting_benchmark": revisiting_benchmark,
    "steplaw": steplaw,
    "xlstm": xlstm,
}


def families(root: Path) -> Iterator[Family]:
    """Every family of every folder that is there."""
    for folder, reader in READERS.items():
        if (root / folder).is_dir():
            yield from reader(root / folder)
