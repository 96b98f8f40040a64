"""`gnomon study`: list the studies, show one, run it, judge it anew from its rows."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gnomon.cli.answer import answer
from gnomon.cli.failure import Stopped
from gnomon.cli.options import ANSWER, JsonOption, QuietOption, SeedOption, count
from gnomon.cli.picture import check_folder
from gnomon.cli.terminal.numbers import counted, number, seconds
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.progress import Progress
from gnomon.cli.terminal.table import Column
from gnomon.cli.terminal.text import bold, dim, verbatim
from gnomon.errors import InputError

if TYPE_CHECKING:
    from gnomon.studies.claim import Verdict
    from gnomon.studies.execution import News
    from gnomon.studies.result import Result
    from gnomon.studies.study import Study

EXAMPLES = """gnomon study list
gnomon study show hestness
gnomon study run hestness --scale quick --dry-run
gnomon study run hestness --scale smoke
gnomon study verify hestness --scale smoke"""

MARKS = {"holds": "good", "fails": "warn", "cannot tell": "open"}

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="a study of gnomon study list", show_default=False)]
ScaleOption = Annotated[
    str, typer.Option("--scale", metavar="smoke|quick|full", help="seconds, about five minutes, about an hour")
]
EngineOption = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="NAME",
        help="where trials run: processes, serial, ray (RAY_ADDRESS names a cluster), or slurm",
    ),
]
StoreOption = Annotated[
    str | None, typer.Option("--store", metavar="FILE", help="where trials are kept (gnomon-studies/store.gnomon)")
]
RetryOption = Annotated[bool, typer.Option("--retry", help="run failed trials again")]
DryOption = Annotated[
    bool, typer.Option("--dry-run", help="time a few steps and say how long it will take; nothing is kept")
]
PageOption = Annotated[
    str | None, typer.Option("--output", "-o", metavar="FILE", help="also write a page, .html", rich_help_panel=ANSWER)
]


def study(context: typer.Context) -> None:
    """Studies: the experiments behind the laws, small, with their claims and controls."""
    if context.invoked_subcommand is None:
        sys.stdout.write(f"{context.get_help()}\n")


def list_studies(json: JsonOption = False) -> None:
    """The studies there are."""
    from gnomon.studies.catalogue import studies

    found = studies()
    document = {"kind": "studies", "studies": [s.to_dict() for s in found]}
    answer(document, lambda page: _draw_list(page, found), as_json=json)


def show(name: NameArgument, json: JsonOption = False) -> None:
    """What a study asks, claims and holds out."""
    from gnomon.studies.catalogue import study as study_of

    found = study_of(name)
    claims = [
        {
            "id": c.id, "statement": c.statement, "expected": str(c.rule), "source": c.source,
            "negative_control": c.control_of is not None,
        }
        for c in found.claims
    ]  # fmt: skip
    document = {
        "kind": "study-description",
        **found.to_dict(),
        "split": found.split,
        "departs": list(found.departs),
        "claims": claims,
    }
    answer(document, lambda page: _draw_study(page, found), as_json=json)


def run(
    name: NameArgument,
    scale: ScaleOption = "quick",
    engine: EngineOption = "processes",
    seed: SeedOption = "0",
    store: StoreOption = None,
    retry: RetryOption = False,
    dry_run: DryOption = False,
    output: PageOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run the trials of a study and judge its claims.

    Finished trials are kept in the store and never run twice: after Ctrl-C the same command goes on.
    """
    from gnomon.studies.course import run_study

    number_of = count(seed, "--seed")
    _check_page(output)
    if dry_run:
        _forecast(name, scale, number_of, as_json=json, quiet=quiet)
        return
    latest: list[News] = []
    with Progress("getting ready", quiet=quiet) as progress:

        def hear(news: News) -> None:
            latest[:] = [news]
            left = f", about {seconds(_left(news))} left" if news.done > news.cached else ""
            failed = f", {news.failed} failed" if news.failed else ""
            progress.now(
                f"trial {min(news.done + 1, news.total)} of {news.total}{failed}{left}", news.done / news.total
            )

        try:
            found = run_study(name, scale=scale, seed=number_of, engine=engine, store=store, retry=retry, progress=hear)
        except KeyboardInterrupt:
            raise _stopped(latest, name, scale, seed, store) from None
        saved = _save(found, output)
    answer({**found.to_dict(), "report": saved}, lambda page: draw_result(page, found, saved), as_json=json)


def _forecast(name: str, scale: str, seed: int, *, as_json: bool, quiet: bool) -> None:
    from gnomon.studies.pace import expected_duration

    with Progress("timing the first steps of every kind of trial", quiet=quiet):
        found = expected_duration(name, scale=scale, seed=seed)

    def draw(page: Page) -> None:
        page.line(bold(f"about {seconds(found.seconds)}"), f" with {counted(found.workers, 'worker')}")
        told = f"{counted(found.trials, 'trial')} of {counted(found.kinds, 'kind')}"
        page.line(dim(f"{told}, {seconds(found.core_seconds)} on one core; timed on the first trial of every kind"))
        page.blank()
        page.command(f"gnomon study run {shlex.quote(name)} --scale {scale}", lead=dim("run it: "))

    answer({"kind": "study-duration", "name": name, "scale": scale, **found.to_dict()}, draw, as_json=as_json)


def verify(
    name: NameArgument,
    scale: ScaleOption = "quick",
    seed: SeedOption = "0",
    store: StoreOption = None,
    output: PageOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Judge the claims anew from the rows in the store; nothing is trained."""
    from gnomon.studies.course import verify_study

    _check_page(output)
    with Progress("judging", quiet=quiet):
        found = verify_study(name, scale=scale, seed=count(seed, "--seed"), store=store)
        saved = _save(found, output)
    answer({**found.to_dict(), "report": saved}, lambda page: draw_result(page, found, saved), as_json=json)


def _check_page(output: str | None) -> None:
    if output is None:
        return
    if Path(output).suffix.lower() not in (".html", ".htm"):
        raise InputError(f"-o got {output!r}, expected a file ending in .html")
    check_folder(output)


def _save(found: Result, output: str | None) -> str | None:
    if output is None:
        return None
    from gnomon.studies.page import study_page

    return str(study_page(found).save(output))


def _left(news: News) -> float:
    """Seconds to go, if the rest takes as long a trial as what this call has done."""
    fresh = news.done - news.cached
    return news.seconds / fresh * (news.total - news.done)


def _stopped(latest: list[News], name: str, scale: str, seed: str, store: str | None) -> Stopped:
    """What is kept after Ctrl-C."""
    parts = ["gnomon study run", shlex.quote(name), f"--scale {scale}"]
    parts += [f"--seed {seed}"] if seed != "0" else []
    parts += [f"--store {shlex.quote(store)}"] if store else []
    kept = f"{latest[0].done} of {latest[0].total} trials are kept" if latest else "Nothing was run"
    return Stopped(f"Stopped. {kept}.", hint=f"The same command goes on: {' '.join(parts)}")


def _draw_list(page: Page, found: list[Study]) -> None:
    page.table(
        [Column("study", "<", names=True), Column("question", "<", prose=True)],
        [[bold(s.name), s.question] for s in found],
    )
    page.blank()
    page.command(f"gnomon study show {found[0].name}", lead=dim("next: "))


def _draw_study(page: Page, found: Study) -> None:
    page.line(bold(found.title))
    page.line(dim(f"{found.paper.authors}: {found.paper.title} ({found.paper.id})"))
    page.blank()
    page.line(found.question)
    page.blank()
    page.table(
        [Column("claim", "<", names=True), Column("statement", "<", prose=True), Column("expected", "<", style="dim")],
        [[f"{c.id}{' (control)' if c.control_of else ''}", c.statement, str(c.rule)] for c in found.claims],
    )
    page.blank()
    page.line(dim("held out  "), found.split, hang=10)
    for told in found.departs:
        page.line(dim("departs   "), told, hang=10)
    for name, told in found.scales.items():
        page.line(dim(f"{name:10}"), told, hang=10)
    page.blank()
    page.command(f"gnomon study run {found.name} --scale quick", lead=dim("next: "))


def draw_result(page: Page, found: Result, saved: str | None) -> None:
    """A line a claim, worst last; controls apart."""
    page.line(bold(found.study.title))
    told = f"{counted(found.total, 'trial')} at scale {found.asked.scale}, {found.cached} of them from the store"
    page.line(dim(f"{told}; {seconds(found.seconds)}"))
    for control in (False, True):
        chosen = [v for v in found.verdicts if (v.claim.control_of is not None) == control]
        if chosen:
            page.blank()
            page.line(dim("negative controls" if control else "claims"))
        for v in chosen:
            draw_verdict(page, v)
    for failed in found.failed[:3]:
        why = failed.failure or {}
        page.mark("warn", f"trial {failed.key} failed: {why.get('kind')}: {why.get('message')}")
    if len(found.failed) > 3:
        page.mark(
            "warn",
            f"and {counted(len(found.failed) - 3, 'more failed trial')}; --json lists them, --retry runs them again",
        )
    if saved is not None:
        page.blank()
        page.line(dim("written "), verbatim(saved))


def draw_verdict(page: Page, v: Verdict) -> None:
    """`ok 0.31 (0.29 to 0.33), expected at most 0.35: statement`."""
    m = v.measured
    parts: list[Any] = [bold(v.word), f": {v.claim.statement} "]
    if m.value is not None:
        between = "" if m.low is None or m.high is None else f", {number(m.low)} to {number(m.high)}"
        parts.append(dim(f"({number(m.value)}{between}; expected {v.claim.rule})"))
    why = v.reason or m.reason
    if v.word == "cannot tell" and why:
        parts.append(dim(f" {why}"))
    page.mark(MARKS[v.word], *parts)
