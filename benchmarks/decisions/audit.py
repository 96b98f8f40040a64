"""Does an audit find what was planted, and nothing where nothing was?

    python benchmarks/decisions/audit.py 20

Clean studies are Chinchilla's law with the constants of Besiroglu et al. 2024 and noise of .4 %: 25 runs (5 sizes x 5 lengths), the
same with a column for every rule that reads one, the same with two seeds each, and 20 runs of 8 checkpoints at a constant rate. Every
fault changes one thing in one of them; its rule must speak, at the severity it is planted for, and no other rule above `info`.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import gnomon as gn

Array = np.ndarray
Table = dict[str, Any]

TRUE = gn.laws.Chinchilla.besiroglu2024
NOISE, DRAWS = 0.004, 200
TARGET = {"params": 6e9, "tokens": 2.4e11}  # 9 times beyond in compute


def runs(
    seed: int, sizes: int = 5, lengths: int = 5, low: float = 5e7, high: float = 2e9, noise: float = NOISE
) -> Table:
    """A grid of finished runs."""
    params, tokens = (
        a.ravel() for a in np.meshgrid(np.geomspace(low, high, sizes), np.geomspace(2e9, 8e10, lengths), indexing="ij")
    )
    table: Table = {"run": [f"run{i}" for i in range(len(params))], "params": params, "tokens": tokens}
    return table | {"loss": _loss(params, tokens, np.random.default_rng([seed, 1]), noise)}


def _loss(params: Array, tokens: Array, rng: np.random.Generator, noise: float = NOISE) -> Array:
    return np.asarray(TRUE(params=params, tokens=tokens) * np.exp(noise * rng.standard_normal(len(params))))


def told(seed: int) -> Table:
    """The grid with a column for every rule that reads one, all in order."""
    table = runs(seed)
    params, tokens = table["params"], table["tokens"]
    return table | {
        "params_convention": ["total"] * len(params),
        "planned_tokens": tokens,
        "unique_tokens": np.full(len(params), 1e12),
        "lr_peak": 0.003 * (params / 1e8) ** -0.33,
        "family": ["a", "b"] * (len(params) // 2) + ["a"] * (len(params) % 2),
    }


def repeated(seed: int) -> Table:
    """The grid with two seeds each."""
    one = runs(seed)
    params, tokens = np.repeat(one["params"], 2), np.repeat(one["tokens"], 2)
    names = [f"run{i}" for i in range(len(params))]
    return {
        "run": names,
        "params": params,
        "tokens": tokens,
        "loss": _loss(params, tokens, np.random.default_rng(seed)),
    }


def checkpoints(seed: int, run_noise: float = 0.0, start: float = 0.35) -> Table:
    """Twenty runs of 8 checkpoints, none of them early, at a constant learning rate."""
    one = runs(seed, 5, 4)
    rng = np.random.default_rng([seed, 2])
    params, full = np.repeat(one["params"], 8), np.repeat(one["tokens"], 8)
    tokens = full * np.tile(np.linspace(start, 1, 8), 20)
    noise = run_noise * np.repeat(rng.standard_normal(20), 8)
    rate = 0.003 * (params / 1e8) ** -0.33
    names = np.repeat([f"run{i}" for i in range(20)], 8).tolist()
    return {
        "run": names,
        "params": params,
        "tokens": tokens,
        "loss": _loss(params, tokens, rng) * np.exp(noise),
        "lr": rate,
    }


CLEAN: dict[str, Callable[[int], Table]] = {
    "grid": runs,
    "told": told,
    "repeated": repeated,
    "checkpoints": checkpoints,
}


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Args:
        rule: that must speak.
        severity: at least.
        make: the table, from a seed.
        at: the target.
        options: of the fit.
        also: further rules that the same fault breaks by itself.
        spoil: changes the fit, for faults that no table has.
    """

    rule: str
    severity: str
    make: Callable[[int], Table]
    at: dict[str, float] | None = None
    options: dict[str, Any] | None = None
    also: frozenset[str] = frozenset()
    spoil: Callable[[Any], Any] | None = None


def _with(make: Callable[[int], Table], **columns: Callable[[Table], Any]) -> Callable[[int], Table]:
    return lambda seed: (table := make(seed)) | {name: value(table) for name, value in columns.items()}


def _some_unknown(table: Table) -> Array:
    loss = np.array(table["loss"])
    loss[[3, 9, 11, 16]] = np.nan
    return loss


def _one_diverged(table: Table) -> Array:
    loss = np.array(table["loss"])
    loss[12] *= 2.0
    return loss


def _one_off(table: Table) -> Array:
    loss = np.array(table["loss"])
    loss[-1] *= 0.93
    return loss


def _bent(table: Table) -> Array:
    """A law that turns down within the runs: two percent at either end and as much the other way in the middle."""
    c = np.log(table["params"] * table["tokens"])
    z = (c - c.mean()) / np.ptp(c) * 2
    return np.asarray(table["loss"] * np.exp(0.06 * (z**2 - 1 / 3)))


def _broken(table: Table) -> Array:
    """The largest half decade stays above the law."""
    c = np.log10(table["params"] * table["tokens"])
    return np.asarray(table["loss"] * np.exp(0.3 * np.maximum(c - c.max() + 0.6, 0)))


def _two_settings(table: Table) -> Array:
    sign = np.repeat(np.where(np.arange(len(table["loss"]) // 2) % 3 == 0, 1.0, -0.5), 2)
    return np.asarray(table["loss"] * np.exp(0.015 * sign))


def _swept(seed: int) -> Table:
    """Three learning rates at every setting, all of them in the table."""
    one = runs(seed, noise=0.0)
    n = len(one["params"])
    params, tokens, factor = np.repeat(one["params"], 3), np.repeat(one["tokens"], 3), np.tile([0.5, 1.0, 2.0], n)
    loss = _loss(params, tokens, np.random.default_rng(seed)) * np.where(factor == 1.0, 1.0, 1.01)
    rate = 0.003 * (params / 1e8) ** -0.33 * factor
    return {"run": [f"run{i}" for i in range(3 * n)], "params": params, "tokens": tokens, "loss": loss, "lr_peak": rate}


def _rows(table: Table, chosen: Array) -> Table:
    return {k: np.asarray(v)[chosen] if isinstance(v, np.ndarray) else [v[i] for i in chosen] for k, v in table.items()}


def _six(seed: int) -> Table:
    return _rows(runs(seed, 4, 3, noise=0.001), np.array([0, 3, 5, 6, 10, 11]))


def _no_corner(seed: int) -> Table:
    """Lengths go with sizes: no small run saw many tokens, no large run few."""
    table = runs(seed, 6, 6)
    ratio = table["tokens"] / table["params"]
    return _rows(table, np.flatnonzero((ratio > 3) & (ratio < 300)))


def _narrow(seed: int) -> Table:
    """A factor of three in size and in tokens, measured well."""
    params, tokens = (a.ravel() for a in np.meshgrid(np.geomspace(1e8, 3e8, 6), np.geomspace(2e9, 6e9, 6)))
    return {"params": params, "tokens": tokens, "loss": _loss(params, tokens, np.random.default_rng(seed), 2e-4)}


def _mostly_early(seed: int, above: float) -> Table:
    """Checkpoints evenly in ln tokens; the first of a run lies so far above the law, those from .3 of it on lie on it."""
    table = checkpoints(seed)
    share = np.tile(np.geomspace(0.02, 1, 8), 20)
    tokens = np.repeat(table["tokens"][7::8], 8) * share
    bent = np.exp(above * np.maximum(1 - share / 0.3, 0))
    return table | {"tokens": tokens, "loss": _loss(table["params"], tokens, np.random.default_rng(seed)) * bent}


def _lone_large(seed: int) -> Table:
    """Small runs of much noise, and one large run of another setting, far out."""
    table = runs(seed, 5, 5, 5e7, 2e8, noise=0.002)
    params, tokens = np.append(table["params"], 4e9), np.append(table["tokens"], 8e10)
    loss = np.append(table["loss"], 0.94 * float(TRUE(params=4e9, tokens=8e10)))
    return {"run": [*table["run"], "lone"], "params": params, "tokens": tokens, "loss": loss}


FAULTS: dict[str, Fault] = {
    "rows lost": Fault("rows-left-out", "warn", _with(runs, loss=_some_unknown)),
    "counted two ways": Fault(
        "mixed-conventions",
        "serious",
        _with(runs, params_convention=lambda t: (["total", "non-embedding"] * len(t["run"]))[: len(t["run"])]),
    ),
    "data seen ten times": Fault("repeated-data", "warn", _with(told, unique_tokens=lambda t: t["tokens"] / 10)),
    "a diverged run": Fault("bad-rows", "serious", _with(runs, loss=_one_diverged)),
    "two families": Fault(
        "pooled-families",
        "warn",
        _with(told, loss=lambda t: t["loss"] * np.where(np.array(t["family"]) == "a", 1.006, 0.994)),
    ),
    "six runs": Fault("few-runs", "serious", _six, {"params": 1e9, "tokens": 1e11}, also=frozenset({"identified"})),
    "three sizes": Fault("few-sizes", "warn", lambda seed: runs(seed, 3, 8)),
    "little span": Fault("short-span", "warn", _narrow, {"params": 4e8, "tokens": 8e9}),
    "one ratio": Fault(
        "identified",
        "serious",
        lambda seed: (
            (p := np.geomspace(5e7, 5e9, 14)) is not None
            and {"params": p, "tokens": 20 * p, "loss": _loss(p, 20 * p, np.random.default_rng(seed))}
        ),
        {"params": 1e10, "tokens": 2e11},
        also=frozenset({"influence", "backtest"}),
    ),
    "early checkpoints": Fault("early-checkpoints", "warn", lambda seed: _mostly_early(seed, 0.0)),
    "early ones above the law": Fault(
        "early-checkpoints",
        "warn",
        lambda seed: _mostly_early(seed, 0.04),
        also=frozenset({"backtest", "residuals"}),
    ),
    "checkpoints as runs": Fault(
        "correlated-checkpoints",
        "warn",
        lambda seed: checkpoints(seed, run_noise=0.008),
        options={"intervals": "profile"},
    ),
    "a falling rate": Fault(
        "mid-schedule", "warn", _with(checkpoints, lr=lambda t: t["lr"] * np.tile(np.linspace(1, 0.1, 8), 20))
    ),
    "stopped runs": Fault(
        "unfinished-runs",
        "warn",
        _with(told, planned_tokens=lambda t: t["tokens"] * np.where(np.arange(25) % 8 == 0, 2, 1)),
    ),
    "one rate for all": Fault("learning-rate", "warn", _with(told, lr_peak=lambda t: np.full(25, 3e-4))),
    "a sweep in the table": Fault("learning-rate", "warn", _swept),
    "one start": Fault("starts", "warn", runs, spoil=lambda fit: replace(fit, starts=replace(fit.starts, at_best=1))),
    "another objective": Fault(
        "objective",
        "warn",
        runs,
        spoil=lambda fit: replace(
            fit, second=replace(fit.second, values={**fit.second.values, "E": fit.second.values["E"] * 1.05})
        ),
    ),
    "no intervals": Fault("intervals", "warn", runs, options={"intervals": "none"}),
    "a lone large run": Fault("influence", "serious", _lone_large, {"params": 6e9, "tokens": 2e11}),
    "a bend": Fault("residuals", "warn", _with(runs, loss=_bent), also=frozenset({"backtest", "objective"})),
    "a family that differs": Fault(
        "transferred",
        "serious",
        runs,
        options={"transfer": gn.laws.Chinchilla(**(TRUE.values | {"alpha": 2 * TRUE.values["alpha"]}))},
        also=frozenset({"backtest", "intervals", "residuals"}),
    ),
    "two settings": Fault("seed-noise", "warn", _with(repeated, loss=_two_settings)),
    "a break in the largest": Fault(
        "backtest", "warn", _with(runs, loss=_broken), also=frozenset({"residuals", "objective"})
    ),
    "far away": Fault("distance", "serious", runs, {"params": 2e11, "tokens": 4e12}),
    "a corner": Fault("corner", "serious", _no_corner, {"params": 5e7, "tokens": 8e10}),
    "an error rate": Fault(
        "high-rate",
        "serious",
        lambda seed: {("error" if k == "loss" else k): (v / 3.8 if k == "loss" else v) for k, v in runs(seed).items()},
    ),
}


def audited(table: Table, at: dict[str, float], seed: int, fault: Fault | None = None) -> Any:
    law = "chinchilla" if "loss" in table else "error = E + A / params^alpha + B / tokens^beta"
    options = {"draws": DRAWS, "seed": seed} | ((fault and fault.options) or {})
    if "error" in table:
        options["response"] = "error"
        law = "chinchilla"
    fit = gn.fit(law, table, **options)
    if fault is not None and fault.spoil is not None:
        fit = fault.spoil(fit)
    return gn.audit(fit, at=at)


def loud(found: Any) -> dict[str, str]:
    """Rules above `info`, with their severity."""
    return {f.rule.code: f.severity for f in found.findings if f.severity != "info"}


def main(replicas: int, chosen: list[str]) -> None:
    began = time.process_time()
    print(f"| clean study | serious | warn | of {replicas}: which |\n| --- | ---: | ---: | --- |")
    for name, make in CLEAN.items():
        if chosen and name not in chosen:
            continue
        found = [loud(audited(make(seed), TARGET, seed)) for seed in range(replicas)]
        which = Counter(code for one in found for code in one)
        counts = [sum(severity in one.values() for one in found) for severity in ("serious", "warn")]
        print(f"| {name} | {counts[0]} | {counts[1]} | {', '.join(f'{k} {v}' for k, v in which.items()) or '-'} |")
    print(f"\n| planted | rule | found | alone | beside it, of {replicas} |\n| --- | --- | ---: | ---: | --- |")
    for name, fault in FAULTS.items():
        if chosen and name not in chosen:
            continue
        seeds = range(replicas)
        found = [loud(audited(fault.make(seed), fault.at or TARGET, seed, fault)) for seed in seeds]
        enough = ("serious",) if fault.severity == "serious" else ("serious", "warn")
        hit = sum(one.get(fault.rule) in enough for one in found)
        alone = sum(one.get(fault.rule) in enough and not set(one) - {fault.rule} - fault.also for one in found)
        beside = Counter(code for one in found for code in one if code != fault.rule)
        print(
            f"| {name} | {fault.rule} | {hit} | {alone} | {', '.join(f'{k} {v}' for k, v in beside.items()) or '-'} |"
        )
    print(f"\n{time.process_time() - began:.0f} CPU seconds")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20, sys.argv[2:])
