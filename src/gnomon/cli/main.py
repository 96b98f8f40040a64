"""`gnomon`: the commands, and what becomes of every way they can end."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer

from gnomon.cli import (
    advise,
    audit,
    backtest,
    check,
    compare,
    fit,
    forecast,
    import_runs,
    laws,
    plan,
    plan_next_runs,
    plan_schedule,
    quickstart,
    report,
    reproduce,
    study,
    sweep,
)
from gnomon.cli.failure import Stopped, fail, from_defect, from_usage
from gnomon.cli.help import Command, Group
from gnomon.errors import FileError, GnomonError, InputError, Where

app = typer.Typer(
    name="gnomon",
    cls=Group,
    help="A few small training runs, a law, a forecast with an honest interval, a decision about the big run.",
    epilog="gnomon COMMAND --help says more and has examples. Every command takes --json.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def gnomon(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="the version", is_eager=True)] = False,
) -> None:
    """A few small training runs, a law, a forecast with an honest interval, a decision about the big run."""
    if version:
        from gnomon.version import __version__

        sys.stdout.write(f"gnomon {__version__}\n")
        raise typer.Exit
    if context.invoked_subcommand is None:
        sys.stdout.write(f"{context.get_help()}\n")


START, DECIDE, EXPERIMENTS = "start here", "from runs to a decision", "experiments"
for heading, function, epilog in (
    (START, quickstart.quickstart, quickstart.EXAMPLES),
    (START, laws.laws, laws.EXAMPLES),
    (START, reproduce.reproduce, reproduce.EXAMPLES),
    (DECIDE, check.check, check.EXAMPLES),
    (DECIDE, import_runs.import_, import_runs.EXAMPLES),
    (DECIDE, fit.fit, fit.EXAMPLES),
    (DECIDE, backtest.backtest, backtest.EXAMPLES),
    (DECIDE, forecast.forecast, forecast.EXAMPLES),
    (DECIDE, compare.compare, compare.EXAMPLES),
    (DECIDE, audit.audit, audit.EXAMPLES),
    (DECIDE, advise.advise, advise.EXAMPLES),
):
    name = function.__name__.rstrip("_")  # `import` is a word of Python
    app.command(name, cls=Command, epilog=epilog, rich_help_panel=heading)(function)
plans = typer.Typer(
    cls=Group,
    help="What to train: a decision with its interval, and what would change it.",
    invoke_without_command=True,
)
plans.callback()(plan.plan)
plans.command(cls=Command, epilog=plan.EXAMPLES)(plan.allocate)
plans.command("next-runs", cls=Command, epilog=plan_next_runs.EXAMPLES)(plan_next_runs.next_runs)
plans.command(cls=Command, epilog=plan_schedule.EXAMPLES)(plan_schedule.schedule)
app.add_typer(plans, name="plan", rich_help_panel=DECIDE)
studying = typer.Typer(
    cls=Group,
    help="Studies: the experiments behind the laws, small, with their claims and controls.",
    invoke_without_command=True,
)
studying.callback()(study.study)
studying.command("list", cls=Command, epilog=study.EXAMPLES)(study.list_studies)
studying.command("show", cls=Command, epilog=study.EXAMPLES)(study.show)
studying.command("run", cls=Command, epilog=study.EXAMPLES)(study.run)
studying.command("verify", cls=Command, epilog=study.EXAMPLES)(study.verify)
app.command(cls=Command, epilog=report.EXAMPLES, rich_help_panel=DECIDE)(report.report)
app.command(cls=Command, epilog=sweep.EXAMPLES, rich_help_panel=EXPERIMENTS)(sweep.sweep)
app.add_typer(studying, name="study", rich_help_panel=EXPERIMENTS)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The console script: runs a command and leaves with its exit status."""
    if not sys.warnoptions and not os.environ.get("GNOMON_DEBUG"):
        warnings.simplefilter("ignore")  # what a user must know is a notice in the result
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run a command line.

    Args:
        arguments: without the program's name.

    Returns:
        0 done; 1 a defect of ours; 2 wrong input or call; 3 the data cannot answer; 130 interrupted.
    """
    given = list(arguments)
    options = given[: given.index("--")] if "--" in given else given
    try:
        status = _told(given, "--json" in options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        _let_go()
        return 0
    return status


def _told(arguments: list[str], as_json: bool) -> int:
    """Run a command line; every failure is told."""
    try:
        _invoke(arguments)
    except BrokenPipeError:
        raise
    except GnomonError as error:
        return fail(error, as_json=as_json)
    except KeyboardInterrupt:
        return fail(Stopped("Stopped. Nothing was written."), as_json=as_json)
    except MemoryError:
        what = "There is not enough memory for this"
        return fail(
            InputError(what, hint="Fewer rows (--where) or draws (--draws) need less.", code="out-of-memory"),
            as_json=as_json,
        )
    except OSError as error:
        if error.filename is None and error.errno != errno.ENOSPC:
            return fail(from_defect(error), as_json=as_json)
        place = Where(str(error.filename) if error.filename is not None else "standard output")
        return fail(FileError(str(error.strerror), where=place), as_json=as_json)
    except Exception as error:
        if hasattr(error, "format_message"):  # of the option parser, whichever typer brings
            return fail(from_usage(error), as_json=as_json)
        return fail(from_defect(error), as_json=as_json)
    return 0


def _invoke(arguments: list[str]) -> None:
    """Parse and call. The parser's own main would print and exit in its own way."""
    command: Any = typer.main.get_command(app)
    try:
        with command.make_context("gnomon", arguments) as context:
            command.invoke(context)
    except typer.Exit as done:
        if done.exit_code:
            raise InputError("the command ended early", code="bad-call") from done


def _let_go() -> None:
    """Point stdout to nowhere, so that the interpreter does not complain about the closed pipe when it ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        return
