"""The file of a sweep: trainer, metrics, sizes, settings, ladder, target, fit, engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gnomon.errors import GnomonError, InputError
from gnomon.forecast.direction import better_sign
from gnomon.studies.execution import ENGINES
from gnomon.sweep.keys import Table, read_toml
from gnomon.sweep.ladder import Ladder, read_ladder, read_more
from gnomon.sweep.metrics import Metrics, read_metrics
from gnomon.sweep.setting import Setting, read_setting, settle
from gnomon.sweep.size import Size, Sizes, read_sizes
from gnomon.sweep.trainer import PLACES, Trainer, check_names, names_of, read_trainer

TABLES = ("trainer", "metrics", "size", "settings", "ladder", "target", "fit", "next", "engine")
TAKEN = (*PLACES, "seed", "params", "tokens", "flops", "run")
"""Names no setting may have."""


@dataclass(frozen=True)
class Target:
    """What is forecast.

    Args:
        params, tokens: of the run.
        size: values of the size's placeholders, where the target was given by them.
    """

    params: float
    tokens: float
    size: Mapping[str, Any]

    @property
    def point(self) -> dict[str, float]:
        """As forecasts take it."""
        return {"params": self.params, "tokens": self.tokens}


@dataclass(frozen=True)
class EngineSpec:
    """Where trials run.

    Args:
        name: of an engine.
        workers: trials at a time, where the file says it.
        options: further arguments of the engine.
    """

    name: str = "processes"
    workers: int | None = None
    options: Mapping[str, Any] | None = None

    def at_a_time(self, engine: str) -> int | None:
        """Trials at a time on an engine: on this machine one, unless the file says otherwise; None: all that it takes."""
        return self.workers or (1 if engine in ("serial", "processes") else None)


@dataclass(frozen=True)
class Spec:
    """A sweep as its file describes it.

    Args:
        file: as it was given.
        name: of the sweep.
        folder: where trials, store, runs and fit are kept.
        law: fitted law; None: the forecast is the median of several laws, and the next runs follow chinchilla.
        level: of the intervals.
        next_budget: FLOP for the next runs; None: the ladder's.
    """

    file: str
    name: str
    folder: Path
    trainer: Trainer
    metrics: Metrics
    sizes: Sizes
    settings: tuple[Setting, ...]
    ladder: Ladder
    target: Target
    law: str | None
    level: float
    next_budget: float | None
    engine: EngineSpec

    @property
    def tried(self) -> tuple[Setting, ...]:
        """Settings of which several values are tried."""
        return tuple(setting for setting in self.settings if len(setting.tried) > 1)


def read_spec(path: str | Path, *, folder: str | Path | None = None) -> Spec:
    """Read the file of a sweep.

    Args:
        path: of the TOML file.
        folder: where everything is kept; default: the file's own key, else NAME-sweep beside the file.

    Raises:
        FileError: it cannot be read, or is not TOML.
        InputError: a key is missing, unknown or wrong; file and key are named.
    """
    top = read_toml(path)
    base = Path(path).expanduser().resolve().parent
    name = Path(path).stem
    own = top.text("folder", f"{name}-sweep")
    tables = {
        key: top.table(key, needed=key in ("trainer", "metrics", "ladder", "target")) for key in TABLES if key != "size"
    }
    trainer = read_trainer(tables["trainer"], base)
    settings = _settings(tables["settings"])
    sizes = read_sizes(top, settings)
    top.end()
    _check_settings(settings, sizes)
    metrics = read_metrics(tables["metrics"])
    ladder = read_ladder(tables["ladder"])
    ladder = replace(ladder, more=read_more(tables["ladder"], sizes))
    tables["ladder"].end()
    spec = Spec(
        file=str(path),
        name=name,
        folder=(Path(folder).expanduser().resolve() if folder is not None else base / Path(own).expanduser()),
        trainer=trainer,
        metrics=metrics,
        sizes=sizes,
        settings=settings,
        ladder=ladder,
        target=_target(tables["target"], sizes, settings),
        law=_law(tables["fit"]),
        level=_level(tables["fit"]),
        next_budget=tables["next"].number("budget", None),
        engine=_engine(tables["engine"]),
    )
    tables["fit"].end()
    tables["next"].end()
    _check_placeholders(spec, tables)
    return spec


def _settings(table: Table) -> tuple[Setting, ...]:
    for name in table.values:
        if name in TAKEN or not name.isidentifier():
            table.value(name)
            table.refuse(name, f"a setting called {name!r}", f"another name: {', '.join(TAKEN)} have their meaning")
    return tuple(read_setting(table, name) for name in table.values)


def _check_settings(settings: tuple[Setting, ...], sizes: Sizes) -> None:
    """Refuse settings that are given twice, or that nothing gives their inputs."""
    start = dict.fromkeys(("params", "tokens", "flops", *sizes.names))
    known = set(start) | {setting.name for setting in settings}
    for setting in settings:
        if setting.name in sizes.names:
            raise InputError("is set by [size] already", where=setting.where)
        for name in setting.inputs:
            if name not in known:
                raise InputError(
                    f"{setting.words} reads {name}, which nothing gives",
                    hint=f"Known: {', '.join(sorted(known - {setting.name}))}.",
                    where=setting.where,
                )
    reached = set(start)
    while fresh := [s for s in settings if s.name not in reached and reached.issuperset(s.inputs)]:
        reached |= {setting.name for setting in fresh}
    for setting in settings:
        if setting.name not in reached:
            raise InputError(f"{setting.words} needs a setting that needs it in turn", where=setting.where)


def _check_placeholders(spec: Spec, tables: Mapping[str, Table]) -> None:
    known = ["params", "tokens", "flops", "seed", *spec.sizes.names, *(setting.name for setting in spec.settings)]
    check_names(sorted(spec.trainer.placeholders), known, spec.trainer.where)
    check_names(names_of([spec.metrics.path], tables["metrics"].where("path")), known, tables["metrics"].where("path"))
    if spec.metrics.response in known:
        tables["metrics"].refuse("response", repr(spec.metrics.response), "a measured column, which nothing sets")
    given = spec.trainer.placeholders
    if spec.ladder.seeds > 1 and "seed" not in given:
        tables["ladder"].refuse("seeds", str(spec.ladder.seeds), "1, or a command with {seed}")
    if spec.tried:
        try:
            better_sign(spec.metrics.response, spec.metrics.better)
        except InputError as error:
            error.where, error.hint = tables["metrics"].where("better"), 'Say better = "low" or better = "high".'
            raise
    for setting in spec.tried:
        if setting.name not in given:
            raise InputError(
                f"several values are tried, but the command has no {{{setting.name}}}", where=setting.where
            )


def _target(table: Table, sizes: Sizes, settings: tuple[Setting, ...]) -> Target:
    """[target]: its size by params or by the size's own placeholders, its length by tokens or tokens per parameter."""
    keys = "params, or " + " and ".join(sizes.names) if sizes.names else "params"
    params, values = table.number("params", None), {}
    if params is None:
        values = {name: table.value(name, expected=keys) for name in sizes.names}
        matching = [size.params for size in sizes.found if size.values == values]
        if not values or not (matching or sizes.formula):
            table.refuse("params", "nothing", "the number of parameters of the target")
        params = matching[0] if matching else _params(table, sizes, values, settings)
    tokens, ratio = table.number("tokens", None), table.number("tokens_per_param", None)
    if (tokens is None) == (ratio is None):
        table.refuse("tokens", "both" if tokens else "neither", "one of tokens and tokens_per_param")
    table.end()
    return Target(float(params), float(tokens or ratio * params), values)


def _params(table: Table, sizes: Sizes, values: Mapping[str, Any], settings: tuple[Setting, ...]) -> float:
    """Parameters of a size beyond those of the ladder."""
    assert sizes.formula is not None
    knob = sizes.names[0]
    number = table.number(knob)
    single = [setting for setting in settings if len(setting.tried) < 2]
    return Size(dict(values), sizes.formula.exact(settle({knob: number}, single))).params


def _law(table: Table) -> str | None:
    from gnomon.laws import law

    found = table.text("law", None, expected="a law's name, or a formula of params and tokens")
    if found is None:
        return None
    try:
        inputs = set(law(found).inputs)
    except GnomonError as error:
        error.where = table.where("law")
        raise
    if not inputs <= {"params", "tokens", "flops"}:
        table.refuse(
            "law", f"{found!r}, which reads {', '.join(sorted(inputs))}", "a law of params and tokens, or of flops"
        )
    return str(found)


def _level(table: Table) -> float:
    return float(table.number("level", 0.9, below=1.0))


def _engine(table: Table) -> EngineSpec:
    name = table.text("name", "processes", choices=ENGINES)
    workers = table.whole("workers", None)
    options: dict[str, Any] = {}
    if name == "ray":
        options = {"address": table.text("address", None), "cores": table.number("cores", 1)}
    elif name == "slurm":
        options = {
            "minutes": table.whole("minutes", 60),
            "cores": table.whole("cores", 1),
            "cluster": table.text("cluster", "slurm", choices=("slurm", "local")),
            "options": table.table("options").values,
        }
    table.end()
    return EngineSpec(str(name), workers, options)
