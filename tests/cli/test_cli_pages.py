"""What commands print, at 80 and 120 columns, plain and in colour; every number of it is in the JSON document."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gnomon.cli.answer import document_text
from gnomon.cli.backtest import draw_backtest
from gnomon.cli.check import draw_check
from gnomon.cli.fit_page import FitAnswer, draw_fit
from gnomon.cli.forecast import draw_forecast
from gnomon.cli.laws import draw_found, draw_law, draw_list
from gnomon.cli.plan import draw_plan
from gnomon.cli.quickstart import Story
from gnomon.cli.terminal.look import Look
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.progress import Progress
from gnomon.cli.terminal.text import width_of
from gnomon.errors import Notice
from gnomon.fit.result import Estimate, Fit, SecondOpinion
from gnomon.forecast import Backtest, Forecast
from gnomon.forecast.track import TrackRecord
from gnomon.laws import catalogue
from gnomon.laws.catalogue import GROUPS
from gnomon.runs import check, read_runs

Draw = Callable[[Page], None]
SOURCE = {
    "kind": "fit",
    "name": "points.csv",
    "rows": 240,
    "law": "chinchilla",
    "formula": "loss = E + A / params^alpha + B / tokens^beta",
}
NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?:[kMBTx%]|(?=\b|\W|$))")
UNITS = {"k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12, "x": 1.0}


def bare(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def check_widths(text: str, width: int) -> None:
    for line in bare(text).splitlines():
        assert width_of(line) <= width, line


def numbers_of(document: Any) -> Iterator[float]:
    """Every number of a document: values, lengths of lists, and those in its sentences."""
    if isinstance(document, Mapping):
        for value in document.values():
            yield from numbers_of(value)
    elif isinstance(document, list):
        yield float(len(document))
        for value in document:
            yield from numbers_of(value)
    elif isinstance(document, bool) or document is None:
        return
    elif isinstance(document, int | float):
        yield float(document)
    elif isinstance(document, str):
        yield from (value for value, _ in spelt_in(document))


def spelt_in(text: str) -> Iterator[tuple[float, float]]:
    """Numbers as a person reads them in a text, with half a unit of their last digit."""
    text = re.sub(r"(\d) ([MGTP])FLOP", lambda m: f"{m[1]}e{'MGTP'.index(m[2]) * 3 + 6}", text)
    for found in NUMBER.finditer(text):
        word = found.group().rstrip(",")
        unit = UNITS.get(word[-1], 0.01 if word[-1] == "%" else 1.0)
        digits = word.rstrip("kMBTx%").replace(",", "")
        mantissa, _, power = digits.partition("e")
        decimals = len(mantissa.partition(".")[2])
        scale = unit * 10.0 ** int(power or 0)
        whole = mantissa.rstrip("0") if decimals == 0 and (unit != 1.0 or power) else mantissa
        coarse = 10.0 ** (len(mantissa) - len(whole)) if decimals == 0 else 1.0
        yield float(digits) * unit, 0.5001 * scale * max(10.0**-decimals, coarse if coarse > 1 else 10.0**-decimals)


def check_numbers(text: str, document: Mapping[str, Any], also: tuple[float, ...] = ()) -> None:
    """Every number on the page is one of the document, or `10^x` of a distance in decades, rounded as it is printed."""
    plain = json.loads(document_text(document))
    known = np.array([*numbers_of(plain), *also])
    decades = np.array(
        [x for p in plain.get("points", ()) for x in (p.get("extrapolation", {}).get("horizon"),) if x is not None]
    )
    pool = np.concatenate([known, 10.0**decades])
    for value, half in spelt_in(bare(text)):
        assert np.any(np.abs(np.abs(pool) - abs(value)) <= half + 1e-9 * abs(value)), (
            f"{value:g} is not in the document:\n{text}"
        )


# The pages -----------------------------------------------------------------------------------------------------------


def test_fit_page(fit_answer: FitAnswer, look: tuple[str, Look], drawn: Any, snapshot: Any) -> None:
    text = drawn(lambda page: draw_fit(page, fit_answer), look[1])
    check_widths(text, look[1].width)
    ratio = max(e.high / e.value for e in fit_answer.fit.parameters.values() if e.high is not None)
    check_numbers(text, fit_answer.to_dict(), also=(5e10, 1e12, ratio))
    snapshot(f"fit-{look[0]}", text)


def test_fit_page_without_intervals_or_record(make: Callable[..., Fit], drawn: Any, snapshot: Any) -> None:
    estimates = {
        k: Estimate(1.5, None, None, None, reason="intervals were not asked for")
        for k in ("E", "A", "alpha", "B", "beta")
    }
    fit = make(estimates=estimates, intervals="none", notices=(), removed=(), given=240)
    answer = FitAnswer(fit, TrackRecord(reason="too few runs, or all of one size"), None, None, 0.4)
    text = drawn(lambda page: draw_fit(page, answer), Look(80))
    check_numbers(text, answer.to_dict(), also=(5e10, 1e12))
    snapshot("fit-bare", text)


def test_fit_page_says_whatever_the_record_says(fit_answer: FitAnswer, drawn: Any) -> None:
    good = replace(fit_answer, record=TrackRecord("top decade", "top:flops:1", 221, 19, 0.0095, 18, 0.9))
    assert "ok top decade hidden: 0.95% off, the 90% interval caught 18 of 19" in drawn(
        lambda p: draw_fit(p, good), Look(80)
    )
    none = replace(fit_answer, record=None)
    assert "hidden" not in drawn(lambda p: draw_fit(p, none), Look(80))
    assert none.to_dict()["backtest_reason"] == "--no-backtest"


@pytest.mark.parametrize("width", [24, 40, 80, 100, 120, 200])
@pytest.mark.parametrize("plain", [True, False])
def test_odd_fits_keep_the_layout(make: Callable[..., Fit], width: int, plain: bool, drawn: Any) -> None:
    """Twelve parameters, names of many letters and scripts, intervals across zero, notices without a blank."""
    formula = "loss = " + " + ".join(f"coefficient_number_{i} / params^0.{i + 1}" for i in range(12))
    numbers = {f"coefficient_number_{i}": Estimate(10.0 ** (3 * i - 12), -1.0, 1e30, 1.0, i == 3) for i in range(12)}
    runs = tuple(f"лауф/模型-{i:04}-mit-sehr-langem-namen-\x1b[31m-{'x' * 60}" for i in range(40))
    notice = Notice("not-alone", "x" * 300, {"parameter": "coefficient_number_5"})
    fit = make(
        formula, numbers, (notice,), runs, second=SecondOpinion("squared_log", {k: e.value for k, e in numbers.items()})
    )
    answer = FitAnswer(
        fit,
        TrackRecord("top decade", "top:flops:1", 30, 10, 0.2, None, 0.9),
        "ergebnisse/läufe – 模型.json",
        "p.svg",
        100.0,
    )
    text = drawn(lambda page: draw_fit(page, answer), Look(width, plain=plain))
    check_widths(text, width)
    assert "\x1b[31m-" not in text
    assert "läufe" in text


def test_forecast_page(forecast: Forecast, look: tuple[str, Look], drawn: Any, snapshot: Any) -> None:
    text = drawn(lambda page: draw_forecast(page, forecast, SOURCE), look[1])
    check_widths(text, look[1].width)
    check_numbers(text, forecast.to_dict() | {"source": SOURCE})
    snapshot(f"forecast-{look[0]}", text)


def test_forecast_page_with_everything(forecast: Forecast, drawn: Any, snapshot: Any) -> None:
    text = drawn(lambda page: draw_forecast(page, forecast, SOURCE | {"kind": "runs"}, verbose=True), Look(80))
    check_numbers(text, forecast.to_dict() | {"source": SOURCE})
    snapshot("forecast-verbose", text)


def test_forecast_page_of_one_point_without_an_interval(forecast: Forecast, drawn: Any) -> None:
    point = replace(forecast.points[1], low=None, high=None, terms={})
    one = replace(forecast, points=(point,))
    text = drawn(lambda page: draw_forecast(page, one, SOURCE), Look(120))
    assert "none" in text
    assert "Confidence B" in text
    check_numbers(text, one.to_dict() | {"source": SOURCE})


def test_backtest_page(backtest: Backtest, look: tuple[str, Look], drawn: Any, snapshot: Any) -> None:
    text = drawn(lambda page: draw_backtest(page, backtest, verbose=True), look[1])
    check_widths(text, look[1].width)
    check_numbers(text, backtest.to_dict(), also=(3.0,))  # caught 3 of 4: coverage 0.75 of held_out 4
    snapshot(f"backtest-{look[0]}", text)


def test_backtest_page_says_when_no_law_helps(backtest: Backtest, drawn: Any) -> None:
    worse = replace(backtest, laws=(replace(backtest.laws[0], are=0.2),))
    assert "no law beats repeating the largest fitted run" in drawn(lambda p: draw_backtest(p, worse), Look(80))


def test_check_page(look: tuple[str, Look], drawn: Any, snapshot: Any) -> None:
    table = {
        "run": ["a", "b", "c", "d"],
        "params": [1e8, 1e9, 1e9, 7e9],
        "tokens": [2e9, 2e10, 2e10, 1.4e11],
        "loss": [3.4, 2.9, 2.9, float("nan")],
        "a_long_name_for_something_of_ones_own": [1.0, 2.0, 3.0, 4.0],
    }
    found = check(read_runs(table))
    text = drawn(lambda page: draw_check(page, found.runs, found, "runs.csv"), look[1])
    check_widths(text, look[1].width)
    check_numbers(text, found.to_dict(), also=(6.0,))  # the 6 of flops = 6 params tokens
    if look[1].plain:
        assert text.isascii()
    assert "gnomon fit runs.csv --law chinchilla" in bare(text) or "xx" in text or "✗" in text


def test_laws_page(look: tuple[str, Look], drawn: Any, snapshot: Any) -> None:
    laws = list(catalogue().values())
    text = drawn(lambda page: draw_list(page, laws), look[1])
    check_widths(text, look[1].width)
    assert all(title in text for title in GROUPS)
    check_widths(drawn(lambda page: draw_found(page, laws, "loss"), look[1]), look[1].width)
    for law in laws:
        assert law.id in text
        shown = drawn(lambda page, law=law: draw_law(page, law), look[1])
        check_widths(shown, look[1].width)
        check_numbers(shown, {"laws": [law.to_dict()]}, also=(6.0,))
        if look[1].plain:
            assert shown.isascii(), shown
    snapshot(f"law-{look[0]}", drawn(lambda page: draw_law(page, catalogue()["chinchilla"]), look[1]))


# The plan and the quickstart ------------------------------------------------------------------------------------


def test_plan_page(plan: Any, look: tuple[str, Look], drawn: Any, snapshot: Any) -> None:
    text = drawn(lambda page: draw_plan(page, plan, verbose=True), look[1])
    check_widths(text, look[1].width)
    check_numbers(text, plan.to_dict(), also=(6.0,))
    snapshot(f"plan-{look[0]}", text)


@dataclass
class News:
    """As the quickstart tells it."""

    stage: str
    event: str
    done: int = 0
    total: int = 23
    share: float = 0.0
    seconds: float = 0.0
    kept: bool = False
    forecast: Any = None
    result: Any = None


def test_quickstart_tells_the_forecast_before_the_target(
    quickstart: Any,
    look: tuple[str, Look],
    snapshot: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Story, "look", look[1])
    story = Story(Progress("", quiet=True), Path("gnomon-quickstart"), True)
    story.hear(News("ladder", "begin"))
    for i in range(23):
        story.hear(News("ladder", "run", done=i + 1, seconds=3.0 * i))
    story.hear(News("ladder", "end", done=23, seconds=68.0))
    story.hear(News("forecast", "begin", total=0, seconds=68.0))
    story.hear(News("forecast", "end", total=0, seconds=70.1, forecast=quickstart.forecast))
    before = capsys.readouterr().out
    assert "1.632" in bare(before)
    assert "measured" not in before
    story.hear(News("target", "begin", total=1, seconds=70.1))
    story.hear(News("target", "run", done=1, total=1, seconds=121.0))
    story.hear(News("target", "end", done=1, total=1, seconds=121.0))
    story.hear(News("done", "end", done=24, total=24, seconds=121.5, result=quickstart))
    text = before + capsys.readouterr().out
    check_widths(text, look[1].width)
    told = quickstart.to_dict() | {"laws": quickstart.forecast.to_dict()["laws"], "all": quickstart.forecast.to_dict()}
    check_numbers(text, told, also=(68.0, 2.1, 50.9, 1e15))
    snapshot(f"quickstart-{look[0]}", text.rstrip("\n"))


def test_quickstart_says_what_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    story = Story(Progress("", quiet=True), Path("out"), True, "gnomon quickstart --seed 3")
    assert "nothing is kept" in story.stopped().message
    story.hear(News("ladder", "run", done=1))
    stopped = story.stopped()
    assert "1 of 24 runs are kept in out" in stopped.message
    assert stopped.hint is not None
    assert stopped.hint.endswith("gnomon quickstart --seed 3")
    assert stopped.exit_status == 130


def test_every_number_is_found_and_none_is_made_up() -> None:
    """The check above is no rubber stamp."""
    found = [(round(v, 9), h < 0.6) for v, h in spelt_in("43 of 49, 0.95% off, x3, 1,223 to 5.1, 6e18")]
    assert [v for v, _ in found][:3] == [43, 49, 0.0095]
    with pytest.raises(AssertionError, match="not in the document"):
        check_numbers("converged: 43 of 50", {"starts": {"at_best": 43, "tried": 49}})
    assert math.isclose(next(spelt_in("73.2B"))[0], 7.32e10)
