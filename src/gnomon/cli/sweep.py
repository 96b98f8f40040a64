"""`gnomon sweep`: the small runs of the user's own trainer, from one TOML file to a forecast and the next runs."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gnomon.cli.answer import answer
from gnomon.cli.failure import Stopped
from gnomon.cli.options import JsonOption, QuietOption
from gnomon.cli.terminal.numbers import column_value, counted, number, quantity, seconds
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.progress import Progress
from gnomon.cli.terminal.table import Column
from gnomon.cli.terminal.text import bold, dim, verbatim
from gnomon.errors import InputError

if TYPE_CHECKING:
    from gnomon.sweep import Planned, Step, Sweep

EXAMPLES = """gnomon sweep spec.toml --dry-run
gnomon sweep spec.toml --calibrate
gnomon sweep spec.toml
gnomon sweep spec.toml --engine slurm --retry"""

MOST_FAILED = 3  # failures told in words; --json lists all

SpecArgument = Annotated[
    str, typer.Argument(metavar="SPEC.toml", help="trainer, metrics, sizes, budget, target", show_default=False)
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="show the runs, their cost and how long they take; start none")
]
CalibrateOption = Annotated[
    bool, typer.Option("--calibrate", help="run two cheap trials, which count, then as --dry-run")
]
EngineOption = Annotated[
    str | None,
    typer.Option("--engine", metavar="NAME", help="instead of the file's: processes, serial, ray or slurm"),
]
FolderOption = Annotated[
    str | None,
    typer.Option("--folder", metavar="FOLDER", help="where all is kept; default: NAME-sweep beside the file"),
]
RetryOption = Annotated[bool, typer.Option("--retry", help="run failed trials again")]


def sweep(
    spec: SpecArgument,
    dry_run: DryRunOption = False,
    calibrate: CalibrateOption = False,
    engine: EngineOption = None,
    folder: FolderOption = None,
    retry: RetryOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Design, launch and collect the small runs of your own trainer.

    Lays a ladder of runs within the budget, launches those that have not been run, fits what they log, forecasts the
    target, and says which runs to add. Stopped at any moment, the same command goes on.
    """
    from gnomon.sweep import calibrate as run_cheapest
    from gnomon.sweep import plan_sweep, read_spec, run_sweep

    if dry_run and calibrate:
        raise InputError("--dry-run starts nothing and --calibrate runs two trials; choose one of them.")
    latest: list[Step] = []
    chosen = read_spec(spec, folder=folder)
    with Progress("getting ready", quiet=quiet) as progress:

        def hear(step: Step) -> None:
            latest[:] = [step]
            progress.now(going_on(step), step.share)

        try:
            if calibrate:
                progress.now("running two cheap trials")
                found = run_cheapest(chosen, engine=engine)
            elif dry_run:
                found = plan_sweep(chosen)
            else:
                found = run_sweep(chosen, engine=engine, retry=retry, progress=hear)
        except KeyboardInterrupt:
            raise _stopped(latest, spec, engine, folder) from None
    draw = draw_design if dry_run or calibrate else draw_sweep
    answer(found.to_dict(), lambda page: draw(page, found), as_json=json)


def going_on(step: Step) -> str:
    """The line on stderr."""
    if step.doing != "trials":
        return "fitting the laws" if step.doing == "fit" else "ranking the next runs"
    news = step.news
    left = f", about {seconds(step.seconds_left)} left" if step.seconds_left else ""
    failed = f", {news.failed} failed" if news.failed else ""
    return f"trial {min(news.done + 1, news.total)} of {news.total}{failed}{left}"


def _stopped(latest: list[Step], spec: str, engine: str | None, folder: str | None) -> Stopped:
    """What is kept after Ctrl-C."""
    parts = ["gnomon sweep", shlex.quote(spec)]
    parts += [f"--engine {engine}"] if engine else []
    parts += [f"--folder {shlex.quote(folder)}"] if folder else []
    kept = (
        f"{latest[0].news.done} of {latest[0].news.total} trials are kept"
        if latest
        else "Trials that had ended are kept"
    )
    return Stopped(f"Stopped. {kept}.", hint=f"The same command goes on: {' '.join(parts)}")


def draw_design(page: Page, found: Sweep) -> None:
    """The runs, what they cost, and how long they take."""
    spec = found.spec
    spent, budget = (quantity(flops, "flops") for flops in (found.design.flops, spec.ladder.budget))
    own = len(spec.ladder.more)
    cost = f"{spent} FLOP, {own} of [[ladder.more]] beside a budget of {budget}" if own else f"{spent} of {budget} FLOP"
    page.line(bold(f"{counted(len(found.planned), 'run')} of your trainer"), dim(f", {cost}"))
    page.blank()
    _draw_trials(page, found, designed=True)
    page.blank()
    facts = _facts(found)
    lead = max(len(name) for name, _ in facts) + 2
    for name, told in facts:
        page.line(dim(f"{name:{lead}}"), told, hang=lead)
    _draw_notices(page, found)
    page.blank()
    page.command(f"gnomon sweep {shlex.quote(spec.file)}", lead=dim("next: "))


def _facts(found: Sweep) -> list[tuple[str, Any]]:
    """What stands below the table: target, rules, command, place, time."""
    spec = found.spec
    target = ", ".join(f"{name} {quantity(value)}" for name, value in spec.target.point.items())
    rules = [(setting.name, f"by {setting.words}") for setting in spec.settings if setting.words]
    command = verbatim(shlex.join(found.planned[-1].command))
    place = verbatim(str(spec.folder))
    return [("target", target), *rules, ("command", command), ("kept in", place), ("time", _time(found))]


def _time(found: Sweep) -> str:
    if not found.waiting:
        return "every run has its record"
    if found.seconds_left is None or found.duration is None:
        return "unknown before one of them has ended; --calibrate runs two"
    learnt = counted(found.duration.trials, "finished run")
    return f"about {seconds(found.seconds_left)} for {counted(len(found.waiting), 'run')}, learnt from {learnt}"


def draw_sweep(page: Page, found: Sweep) -> None:
    """The runs and what they measured, the forecast, and what to run next."""
    from gnomon.cli.confidence import draw_grade
    from gnomon.cli.forecast import draw_notices, draw_points

    done = len(found.planned) - len(found.failed)
    told = f", {found.cached} of them from an earlier call" if found.cached else ""
    page.line(bold(f"{counted(done, 'run')} of your trainer"), dim(f"{told}; {seconds(found.seconds)}"))
    page.blank()
    _draw_trials(page, found, designed=False)
    for one in found.failed[:MOST_FAILED]:
        why = found.known[one.trial.key].failure or {}
        page.mark("warn", f"{one.run} failed: {why.get('message')}")
    if len(found.failed) > MOST_FAILED:
        page.mark("warn", f"and {counted(len(found.failed) - MOST_FAILED, 'more failed run')}; --json lists them")
    _draw_notices(page, found)
    if found.forecast is not None:
        page.blank()
        laws = counted(len(found.forecast.laws), "law")
        page.line(bold("forecast of the target"), dim(f", {found.forecast.method} ({laws})"))
        draw_points(page, found.forecast)
        draw_notices(page, found.forecast)
        draw_grade(page, found.forecast.points[0].grade)
    page.blank()
    _draw_next(page, found)
    page.blank()
    for path in found.files.values():
        page.line(dim("written "), verbatim(str(path)))


def _draw_next(page: Page, found: Sweep) -> None:
    """Runs to add, as they are added to the file."""
    from gnomon.cli.plan_next_runs import draw
    from gnomon.sweep.outcome import toml_of

    if found.next_runs is None:
        page.line(dim("next runs "), found.reasons.get("next", ""), hang=10)
        return
    draw(page, found.next_runs)
    if found.rungs:
        page.blank()
        page.line(dim(f"add them to {Path(found.spec.file).name} and call gnomon sweep again:"))
        for line in toml_of(found.rungs).strip().splitlines():
            page.line("  ", verbatim(line)) if line else page.blank()


def _draw_trials(page: Page, found: Sweep, *, designed: bool) -> None:
    """A row a run, the smallest first."""
    response = found.spec.metrics.response
    settings = [setting.name for setting in found.spec.settings]
    columns = [
        Column("run", "<", names=True),
        Column("params"),
        Column("tokens"),
        Column("FLOP"),
        *(Column(name, spare=i + 2) for i, name in enumerate(settings)),
        Column("time", spare=1),
        Column("" if designed else response),
    ]
    page.table(columns, [_row(found, one, settings, designed) for one in reversed(found.planned)])


def _row(found: Sweep, one: Planned, settings: list[str], designed: bool) -> list[Any]:
    measured, status = found.measured(one), found.status(one)
    took = measured.get("seconds")
    expected = None if found.duration is None or status != "to run" else found.duration.of(one.flops)
    time = seconds(took) if took is not None else f"about {seconds(expected)}" if expected is not None else ""
    ended = "done" if designed else number(measured.get(found.spec.metrics.response))
    return [
        one.run,
        quantity(one.rung.size.params),
        quantity(one.rung.tokens),
        quantity(one.flops, "flops"),
        *(_setting(name, one.values[name]) for name in settings),
        dim(time),
        bold(ended) if status == "done" else dim(status),
    ]


def _setting(name: str, value: Any) -> str:
    return column_value(name, value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _draw_notices(page: Page, found: Sweep) -> None:
    for notice in found.notices:
        page.mark("warn", notice.message)
