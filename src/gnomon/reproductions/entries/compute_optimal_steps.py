"""How the compute-optimal exponent falls from Kaplan's to Chinchilla's, correction by correction."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gnomon.reproductions.reproduction import Load, Quantity, Reproduction

POINTS, OPTIMA = "porian/isoflop_points.csv", "porian/isoflop_optima.csv"

DRAWS = 1000  # noise draws a budget (analysis.py, bootstrap_iters)
NOISE = 0.002  # standard deviation of a loss: RW_SEED_CONFIG gives 0.002 up to exp(3) nats, above every loss here
FINER = 25  # points of the interpolation grid per measured size (interp_num_multiplier)
LEAST = 0.33  # of the distance between two sizes: smallest standard deviation of a minimum (min_std_factor)

# label: hparams, warmup, decay, param_count, published exponent, its 95 % interval
STEPS = {
    "kaplan": ("base", "long", "kaplan", "kaplan", 0.8353000425, (0.8235140031, 0.8459584006)),
    "head": ("base", "long", "kaplan", "standard", 0.7064699122, (0.6914877453, 0.7169261645)),
    "warmup": ("base", "short", "kaplan", "standard", 0.6020375267, (0.591428457, 0.6172816803)),
    "decay": ("base", "short", "chinchilla", "standard", 0.5714947856, (0.5598008877, 0.5885206791)),
    "tuned": ("tuned", "short", "const", "standard", 0.4968950782, (0.4906815956, 0.5045239562)),
    "head_attention": ("base", "long", "kaplan", "attention", 0.7170576329, (0.7028810123, 0.7272738535)),
    "warmup_attention": ("base", "short", "kaplan", "attention", 0.6222511037, (0.6072023171, 0.6320450197)),
    "decay_attention": ("base", "short", "chinchilla", "attention", 0.5771931451, (0.5620008327, 0.5924895019)),
    "tuned_attention": ("tuned", "short", "const", "attention", 0.5052660845, (0.4962200768, 0.5123171054)),
    "kaplan_tuned": ("tuned", "long", "const", "kaplan", 0.7114881417, (0.7026126573, 0.7214138625)),
}
MEANINGS = {
    "kaplan": "Kaplan's recipe",
    "head": "the head counted",
    "warmup": "and a short warm-up",
    "decay": "and the decay matched to the run",
    "tuned": "tuned, constant rate",
    "head_attention": "attention counted too: long warm-up",
    "warmup_attention": "attention counted too: short warm-up",
    "decay_attention": "attention counted too: decay matched",
    "tuned_attention": "attention counted too: tuned, constant rate",
    "kaplan_tuned": "tuned, but Kaplan's counting and warm-up",
}


def measure(load: Load) -> Mapping[str, float]:
    """Minima of interpolated isoFLOP curves under noise, and the weighted regression of their medians on compute."""
    from gnomon.plan import power_line

    points, optima = load(POINTS), load(OPTIMA)
    rng = np.random.default_rng(0)
    ours: dict[str, float] = {}
    for label, (hparams, warmup, decay, count, _, _) in STEPS.items():
        chosen = f"hparams = '{hparams}' and warmup = '{warmup}' and decay = '{decay}' and param_count = '{count}'"
        rows = points.where(chosen)
        medians, spreads, budgets = [], [], []
        for budget in np.unique(rows["flops"]):
            at = rows["flops"] == budget
            found = _minimum(rows["params"][at], rows["loss"][at], rng)
            if found is not None:
                medians.append(found[0])
                spreads.append(found[1])
                budgets.append(budget)
        line = power_line(np.array(budgets), np.array(medians), weights=1.0 / np.array(spreads) ** 2)
        ours[label] = line.slope
        stored = optima.where(chosen).usable(["flops", "params_optimal"])
        ours[f"{label}_stored"] = power_line(stored["flops"], stored["params_optimal"]).slope
    return ours


def _minimum(params: np.ndarray, loss: np.ndarray, rng: np.random.Generator) -> tuple[float, float] | None:
    """Median size of the interpolated minimum over noise draws and the spread of its logarithm; None at an edge."""
    from scipy.interpolate import Akima1DInterpolator

    sizes, place = np.unique(params, return_inverse=True)
    best = np.full(len(sizes), np.inf)
    np.minimum.at(best, place, loss)  # of runs of one size the best counts
    if len(sizes) < 3:
        return None
    grid = np.geomspace(sizes[0], sizes[-1], (len(sizes) - 1) * FINER)
    noisy = best[:, None] + NOISE * rng.standard_normal((len(sizes), DRAWS))
    curves = Akima1DInterpolator(np.log(sizes), np.log(noisy))(np.log(grid))
    lowest = np.argmin(curves, axis=0)
    inside = lowest[(lowest > 0) & (lowest < len(grid) - 1)]
    plain = int(np.argmin(Akima1DInterpolator(np.log(sizes), np.log(best))(np.log(grid))))
    if len(inside) < DRAWS // 2 or plain in (0, len(grid) - 1):
        return None
    drawn = np.log(grid[inside])
    least = LEAST * FINER * float(np.log(grid[1] / grid[0]))
    return float(np.exp(np.median(drawn))), max(float(drawn.std()), least) * DRAWS / len(inside)


REPRODUCTION = Reproduction(
    name="compute_optimal_steps",
    title="The compute-optimal exponent from Kaplan's recipe to Chinchilla's",
    source="Porian et al. 2024, Resolving Discrepancies in Compute-Optimal Scaling of Language Models",
    tables=(POINTS, OPTIMA),
    protocol=(
        "Their analysis.py on RefinedWeb: Akima interpolation of ln loss in ln N at every budget, 1000 draws with noise "
        "of 0.002 nats, minima at the edge left out, regression of ln N* (median of the draws) on ln C with weights "
        "1 / sd^2. Beside it, marked stored, a plain regression of the optima their program stored."
    ),
    quantities=(
        *(
            Quantity(
                label,
                f"exponent of N* in compute: {MEANINGS[label]}",
                value,
                0.5 * (high - low),
                "half the width of their own 95 % interval: the noise is drawn again",
                "Porian et al. 2024, stored fits (summary_df*.pickle.xz)",
            )
            for label, (*_, value, (low, high)) in STEPS.items()
        ),
        *(
            Quantity(
                f"{label}_stored",
                f"the same from their stored optima, unweighted: {MEANINGS[label]}",
                value,
                0.5 * (high - low),
                "half the width of their own 95 % interval: weights and medians are left out",
                "Porian et al. 2024, stored fits (summary_df*.pickle.xz)",
            )
            for label, (*_, value, (low, high)) in STEPS.items()
        ),
    ),
    measure=measure,
)
