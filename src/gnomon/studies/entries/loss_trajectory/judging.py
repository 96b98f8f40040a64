"""From curves to numbers: one fit to what is not held out, forecasts of what is, and the critical batch three ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.errors import RefusalError
from gnomon.studies.claim import Measured
from gnomon.studies.entries.loss_trajectory import generated
from gnomon.studies.entries.loss_trajectory.design import GRIDS, MICRO, REFERENCE, TOGETHER
from gnomon.studies.study import Asked

if TYPE_CHECKING:
    from gnomon.fit import Fit
    from gnomon.forecast import Backtest
    from gnomon.report import Figure
    from gnomon.runs import Runs

Array = np.ndarray
DRAWS = 50  # refits behind the intervals of the backtest, which no claim rests on
LEVELS = 8  # losses at which batches are compared
HIGHEST = 0.9 * np.log(256)  # nats: near the loss of guessing no power law holds
LATE = 0.8  # share of a run after which a falling rate shows

STEPS, FLOOR = "steps", "steps_floor"
NO_BATCH = "loss = A / params^a + K / step^b"
NO_BATCH_FLOOR = "loss = E + A / params^a + K / step^b"
LAWS = (STEPS, FLOOR, NO_BATCH, NO_BATCH_FLOOR)


def judge(runs: Runs, asked: Asked) -> dict[str, Measured]:
    """What was measured, by claim id."""
    found = {
        "hyperbola": generated.hyperbola(),
        "one-batch": generated.one_batch(asked.seed),
        "same-batch": generated.same_batch(asked.seed),
    }
    if asked.scale == "smoke":
        return found
    found |= recovered(runs)
    trained = curves(runs, "constant")
    scored = backtested(trained, asked)
    errors = {law: held_out_errors(scored, law, asked) for law in LAWS}
    found["held-out-batch"] = Measured(errors[STEPS]["batch"])
    found["held-out-size"] = Measured(errors[STEPS]["size"])
    if asked.scale == "full":
        found["held-out-batch-full"] = Measured(errors[STEPS]["batch"])
    found["no-batch-correction"] = Measured(errors[NO_BATCH]["batch"] / errors[STEPS]["batch"])
    found["no-floor"] = Measured(sum(errors[FLOOR].values()) / sum(errors[STEPS].values()))
    fitted = law_of(trained, asked)
    found["critical-batch-grows"] = slope(trained, asked)
    found["noise-scale"] = noise_over_critical(trained, fitted)
    found["annealed-run"] = annealed(trained, curves(runs, "linear"), fitted, asked)
    return found


def curves(runs: Runs, schedule: str) -> Runs:
    """Points of the runs of a schedule after the warm-up, away from guessing.

    Raises:
        RefusalError: the runs read different texts, as when a store is used with two versions of Python.
    """
    texts = sorted({str(text) for text in runs["text_sha256"] if text})
    if len(texts) > 1:
        raise RefusalError(
            f"The runs read {len(texts)} different texts ({', '.join(texts)}): their losses are not comparable.",
            hint="Use a store for each version of Python: --store FILE.",
            code="several-texts",
        )
    return runs.where(f"family = '{schedule}' and status = 'done' and loss <= {HIGHEST}")


def held_out(asked: Asked) -> str:
    """The condition that holds for what no fit sees."""
    grid = GRIDS[asked.scale]
    return f"(width = {grid.size[0]}) or (width = {grid.pivot} and batch_tokens = {grid.batch})"


def backtested(trained: Runs, asked: Asked) -> Backtest:
    """The laws, fitted to what is not held out, against what is."""
    from gnomon.forecast import backtest

    return backtest(LAWS, trained, hold_out=f"where:{held_out(asked)}", draws=DRAWS, seed=asked.seed)


def held_out_errors(scored: Backtest, law: str, asked: Asked) -> dict[str, float]:
    """Mean relative error of a law along the curve of the held-out batch, and of the held-out size."""
    grid = GRIDS[asked.scale]
    names = {"batch": f"d{grid.pivot}-b{grid.batch}", "size": f"d{grid.size[0]}-b{grid.size[1]}"}
    found = {}
    for part, run in names.items():
        mine = [p for p in scored.points if p.run == run and _squeezed(p.law) == _squeezed(law)]
        found[part] = float(np.mean([abs(p.value / p.measured - 1) for p in mine])) if mine else np.nan
    return found


def law_of(trained: Runs, asked: Asked, **how: Any) -> Fit:
    """The printed law, fitted to what is not held out."""
    from gnomon.fit import fit

    return fit(STEPS, trained.where(f"not ({held_out(asked)})"), **({"intervals": "none"} | how))


def slope(trained: Runs, asked: Asked) -> Measured:
    """Slope of ln(critical batch) against ln(loss), from a hyperbola at every loss, with 1.645 standard errors."""
    from gnomon.fit import fit

    grid = GRIDS[asked.scale]
    pivot = trained.where(f"width = {grid.pivot} and not ({held_out(asked)})")
    levels, contours = contour(pivot)
    at, critical = [], []
    for level, steps in zip(levels, contours, strict=True):
        batches = np.array(sorted(steps))
        columns = {
            "run": [f"b{b:g}" for b in batches], "batch_tokens": batches, "step": [steps[b] for b in batches.tolist()],
        }  # fmt: skip
        law: Any = fit("noise_scale", columns, intervals="none").law
        at.append(np.log(level))
        critical.append(np.log(law.critical_batch))
    x, y = np.array(at), np.array(critical)
    if len(x) < 3:
        return Measured(None, reason=f"only {len(x)} losses lie inside all curves")
    (value, start), spread = np.polyfit(x, y, 1), ((x - x.mean()) ** 2).sum()
    error = float(np.sqrt(((y - value * x - start) ** 2).sum() / (len(x) - 2) / spread))
    return Measured(float(value), float(value - 1.645 * error), float(value + 1.645 * error))


def contour(pivot: Runs) -> tuple[Array, list[dict[float, float]]]:
    """Losses inside all curves, and at each the steps of every batch, read off between points on a log scale."""
    curve = {}
    for batch in sorted(set(np.asarray(pivot["batch_tokens"], float).tolist())):
        rows = pivot.where(f"batch_tokens = {batch:g}")
        order = np.argsort(np.asarray(rows["step"], float))
        step, loss = (np.asarray(rows[name], float)[order] for name in ("step", "loss"))
        curve[batch] = step, np.minimum.accumulate(loss)  # the first time a loss is reached
    low, high = max(loss[-1] for _, loss in curve.values()), min(loss[0] for _, loss in curve.values())
    if not low < high:
        return np.zeros(0), []
    levels = np.geomspace(high, low, LEVELS + 2)[1:-1]
    found = [
        {
            batch: float(np.exp(np.interp(-np.log(level), -np.log(loss), np.log(step))))
            for batch, (step, loss) in curve.items()
        }
        for level in levels
    ]
    return levels, found


def noise_over_critical(trained: Runs, fitted: Fit) -> Measured:
    """log10 of the noise scale of the later half of a run over the critical batch of the law at its mean loss."""
    from gnomon.lab import gradient_noise

    measured = trained.where(f"grad_sq_small > 0 and batch_tokens = {REFERENCE}")
    small, big, loss, step = (
        np.asarray(measured[name], float) for name in ("grad_sq_small", "grad_sq_big", "loss", "step")
    )
    later = step >= np.median(step)
    noise = gradient_noise(small[later], big[later], small=MICRO, big=MICRO * TOGETHER)
    if noise.scale is None:
        return Measured(None, reason=noise.reason)
    law: Any = fitted.law
    return Measured(float(np.log10(noise.scale / law.critical_batch(loss[later].mean()))))


def annealed(trained: Runs, falling: Runs, fitted: Fit, asked: Asked) -> Measured:
    """Mean log residual of the last fifth of the annealed run over the largest of the runs fitted, in size."""
    grid = GRIDS[asked.scale]
    if not len(falling):
        return Measured(None, reason="the annealed run diverged")
    seen = trained.where(f"not ({held_out(asked)})")
    usual = [abs(_late(seen.where(f"run = '{run}'"), fitted)) for run in sorted(set(seen["run"]))]
    return Measured(abs(_late(falling.where(f"width = {grid.pivot}"), fitted)) / max(usual))


def recovered(runs: Runs) -> dict[str, Measured]:
    """How generated constants came out: coverage of the worst, and the largest mean error of an exponent."""
    rows = runs.where("family = 'generated'")
    names, inside = np.asarray(rows["constant"]), np.asarray(rows["inside"], float)
    truth, estimate = (np.asarray(rows[name], float) for name in ("truth", "estimate"))
    share = {name: float(inside[names == name].mean()) for name in generated.TRUTH}
    worst = min(share, key=lambda name: share[name])
    off = [np.abs(estimate / truth - 1)[names == name].mean() for name in ("alpha_N", "alpha_S", "alpha_B")]
    return {"recovery": Measured(share[worst], reason=worst), "recovered-exponents": Measured(float(max(off)))}


def figures(runs: Runs, asked: Asked) -> Sequence[Figure]:
    """The law through the curves it was fitted to, and what it left over."""
    if asked.scale == "smoke":
        return ()
    from gnomon.report import fit_figure, residual_figure

    fitted = law_of(curves(runs, "constant"), asked)
    return [fit_figure(fitted), residual_figure(fitted)]


def _late(rows: Runs, fitted: Fit) -> float:
    """Mean of ln(measured / law) over the last fifth of one run's steps."""
    columns = {name: np.asarray(rows[name], float) for name in ("params", "step", "batch_tokens", "loss")}
    late = columns["step"] >= LATE * columns["step"].max()
    law = fitted.law(**{name: columns[name] for name in ("params", "step", "batch_tokens")})
    return float(np.log(columns["loss"] / law)[late].mean())


def _squeezed(law: str) -> str:
    """A formula without blanks: laws are known by their text, which may be laid out anew."""
    return law.replace(" ", "")
