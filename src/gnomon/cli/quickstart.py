"""`gnomon quickstart`: the whole idea with no input, told as it happens."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gnomon.cli.answer import document_text
from gnomon.cli.failure import Stopped
from gnomon.cli.options import JsonOption, LevelOption, QuietOption, SeedOption, count, share
from gnomon.cli.terminal.bars import Scale, range_bar
from gnomon.cli.terminal.look import Look
from gnomon.cli.terminal.numbers import counted, decimals_for, number, percent, quantity, seconds
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.progress import Progress
from gnomon.cli.terminal.text import HARD_SPACE, Span, bold, dim, verbatim, width_of

if TYPE_CHECKING:
    from gnomon.forecast import Forecast
    from gnomon.studies.entries.quickstart import Progress as News
    from gnomon.studies.entries.quickstart import Quickstart

EXAMPLES = """gnomon quickstart
gnomon quickstart --scale smoke
gnomon quickstart --seed 1 --folder second-try"""

FOLDER = "gnomon-quickstart"
BAR_CELLS = 33  # columns of the range bar; with its numbers the line stays under 80
LEAST_BAR = 9  # a shorter bar says nothing
STORY_WIDTH = 80  # the times stand at this edge
FILES = ("runs.parquet", "fit.json", "report.html")

ScaleOption = Annotated[
    str, typer.Option("--scale", metavar="full|smoke", help="23 runs in about two minutes, or 9 in under one")
]
FolderOption = Annotated[
    str, typer.Option("--folder", metavar="FOLDER", help="where runs, fit and report go; a second call goes on from it")
]


def quickstart(
    scale: ScaleOption = "full",
    seed: SeedOption = "0",
    folder: FolderOption = FOLDER,
    level: LevelOption = "0.9",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train a ladder of small language models, forecast a larger one, check.

    The models learn the documentation text that ships with every Python. The forecast is printed before the large model
    is trained. Ctrl-C loses nothing: the same command goes on.
    """
    options: dict[str, Any] = {"scale": scale, "seed": count(seed, "--seed"), "level": share(level, "--level")}
    from gnomon.studies.entries.quickstart import quickstart as run

    with Progress("getting ready", quiet=quiet) as progress:
        story = Story(progress, Path(folder), not json, _again(scale, seed, folder))
        try:
            result = run(folder, progress=story.hear, **options)
        except KeyboardInterrupt:
            raise story.stopped() from None
    if json:
        sys.stdout.write(document_text(result.to_dict()) + "\n")


def _again(scale: str, seed: str, folder: str) -> str:
    """The command that goes on."""
    parts = ["gnomon quickstart"]
    for option, value, usual in (("--scale", scale, "full"), ("--seed", seed, "0"), ("--folder", folder, FOLDER)):
        parts += [f"{option} {shlex.quote(value)}"] if value != usual else []
    return " ".join(parts)


@dataclass
class Story:
    """Turns news of the run into lines: what is finished stays, what is going on is one line on stderr.

    Args:
        progress: the line on stderr.
        folder: where runs are kept.
        loud: tell the story on stdout; otherwise (`--json`) on stderr.
        command: what goes on after Ctrl-C.
    """

    progress: Progress
    folder: Path
    loud: bool = True
    command: str = "gnomon quickstart"
    kept: int = 0
    fresh: int = 0
    total: int = 0
    began: float = 0.0
    scale: Scale | None = None

    @property
    def look(self) -> Look:
        """Of the stream the story is told on."""
        return Look.of(sys.stdout if self.loud else sys.stderr)

    def hear(self, news: News) -> None:
        """Take a piece of news."""
        if news.event == "begin":
            self.began, self.fresh = news.seconds, 0
        if news.event == "run":
            self.kept += 1
            self.fresh += not news.kept
        if news.stage == "ladder":
            self.total = news.total + 1
        if news.event != "end":
            self.progress.now(going_on(news), None if news.stage == "forecast" else news.share)
            return
        page = Page(self.look)
        self.tell(page, news)
        if page.lines:
            self.progress.write(f"{page}\n", sys.stdout if self.loud else None)

    def tell(self, page: Page, news: News) -> None:
        """What a finished stage adds to the story."""
        took = news.seconds - self.began
        if news.stage == "ladder":
            told = f"{news.total} small models trained on the text that ships with Python"
            timed(page, told if self.fresh else f"{news.total} small models, trained by an earlier call", took)
        elif news.stage == "forecast" and news.forecast is not None:
            timed(page, f"{counted(len(news.forecast.laws), 'law')} fitted to them; their median is the forecast", took)
            self.scale = draw_forecast(page, news.forecast)
        elif news.stage == "target":
            timed(
                page, "the large model trained" if self.fresh else "the large model, trained by an earlier call", took
            )
        elif news.result is not None:
            draw_result(page, news.result, self.scale)

    def stopped(self) -> Stopped:
        """What is kept when somebody pressed Ctrl-C."""
        if not self.kept:
            return Stopped(
                "Stopped before a run was finished; nothing is kept.", hint=f"Start again with: {self.command}"
            )
        return Stopped(
            f"Stopped. {self.kept} of {self.total} runs are kept in {self.folder}.",
            hint=f"The same command goes on from them: {self.command}",
        )


def going_on(news: News) -> str:
    """The line on stderr."""
    if news.stage == "forecast":
        return "fitting the laws"
    if news.stage == "ladder":
        return f"training small models, {news.done} of {news.total} done"
    return "training the large one, which the laws have not seen"


def timed(page: Page, text: str, took: float) -> None:
    """A finished step with its time at the right edge."""
    time, sign = seconds(took), page.look.glyph("good")
    room = min(page.look.width, STORY_WIDTH) - width_of(sign) - 1 - width_of(text) - width_of(time)
    if room >= 2:
        page.mark("good", text.replace(" ", HARD_SPACE) + HARD_SPACE * room, dim(time))
    else:
        page.mark("good", text, dim(f" ({time})"))


def draw_forecast(page: Page, found: Forecast) -> Scale | None:
    """The forecast before the run it is about, and the scale on which the measured value will be drawn."""
    point = found.points[0]
    what = f"{quantity(point.at['params'])} parameters on {quantity(point.at['tokens'])} tokens"
    page.blank()
    page.line(f"a model of {what}, larger than all of them:")
    page.blank()
    if point.low is None or point.high is None:
        page.line("  forecast  ", bold(number(point.value)), "  no interval")
        return None
    scale = Scale(
        point.low - (point.high - point.low) / 4, point.high + (point.high - point.low) / 4, bar_cells(page.look)
    )
    decimals = decimals_for(0.5 * (point.high - point.low))
    told = f"{percent(point.level)}: {number(point.low, decimals)} to {number(point.high, decimals)}"
    bar = range_bar(scale, point.low, point.value, point.high, page.look)
    row(page, "forecast", bold(number(point.value, decimals)), bar, scale, told)
    return scale


def bar_cells(look: Look) -> int:
    """Columns of the bar: what the words beside it leave."""
    return max(min(BAR_CELLS, look.width - 48), 0)


def row(page: Page, name: str, value: Span, bar: Span, scale: Scale, told: str) -> None:
    """`forecast  1.632  |---o---|  90%: 1.58 to 1.69`; without the bar where there is no room."""
    if scale.cells < LEAST_BAR:
        page.line(f"  {name}  ", value, "  ", dim(told), hang=4)
        return
    drawn = Span(bar.text.ljust(scale.cells).replace(" ", HARD_SPACE), "bar")
    page.line(f"  {name}  ", value, "  ", drawn, "  ", dim(told), hang=4)


def draw_result(page: Page, found: Quickstart, scale: Scale | None) -> None:
    """What the large model measured beside its forecast, and where everything lies."""
    point = found.forecast.points[0]
    decimals = None if point.low is None or point.high is None else decimals_for(0.5 * (point.high - point.low))
    if found.measured is not None:
        off = f"{percent(abs(found.error or 0.0))} {'above' if (found.error or 0.0) < 0 else 'below'} the forecast"
        value = bold(number(found.measured, decimals))
        if scale is not None:
            row(page, "measured", value, range_bar(scale, None, found.measured, None, page.look), scale, off)
        else:
            page.line("  measured  ", value, "  ", dim(off))
    page.blank()
    if found.inside is None:
        page.mark(
            "open",
            "the forecast cannot be judged: "
            + ("the large model diverged" if found.measured is None else "it has no interval"),
        )
    elif found.inside:
        page.mark(
            "good",
            "inside the interval, which was written down before the large model was trained "
            f"({found.horizon:.1f} times the compute)",
        )
    else:
        page.mark("warn", f"outside the interval, as one in {round(1 / (1 - point.level))} should be")
    for notice in found.notices:
        page.mark("warn", notice.message)
    page.blank()
    names = [name for name in FILES if (found.folder / name).exists()]
    page.line(
        dim("in "),
        verbatim(found.folder),
        dim(f": {', '.join(names)}; {seconds(found.seconds)} in all") if names else "",
    )
    page.line(dim("next"))
    page.command(f"gnomon plan allocate {shlex.quote(str(found.folder / 'fit.json'))} --flops 1e15", lead="  ")
