"""The terminal style itself: widths, wrapping, tables, bars, looks, progress."""

from __future__ import annotations

import io
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.cli.terminal.bars import Scale, range_bar
from gnomon.cli.terminal.formula import formula_lines
from gnomon.cli.terminal.look import Look
from gnomon.cli.terminal.numbers import beyond, column_value, decimals_for, estimate, number, percent, seconds
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.progress import Progress
from gnomon.cli.terminal.table import Column, table
from gnomon.cli.terminal.text import Span, bold, clean, dim, shorten, verbatim, width_of, wrap, written

PLAIN, COLOUR = Look(80, plain=True), Look(80, plain=False)
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=60)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


class Pipe(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]


def text_of(lines: list[Any], look: Look = PLAIN) -> list[str]:
    return [written(line, look) for line in lines]


def bare(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize(
    ("stream", "environment", "plain"),
    [
        (Terminal(), {}, False),
        (Terminal(), {"LANG": "en_US.UTF-8", "TERM": "xterm-256color"}, False),
        (Terminal(), {"NO_COLOR": "1"}, True),
        (Terminal(), {"NO_COLOR": ""}, False),  # set but empty does not count: no-color.org
        (Terminal(), {"TERM": "dumb"}, True),
        (Terminal(), {"LANG": "C"}, True),
        (Terminal(), {"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),  # Python sets LC_CTYPE itself
        (Terminal(), {"LC_ALL": "C.UTF-8", "LANG": "C"}, False),
        (Terminal(), {"LC_ALL": "POSIX"}, True),
        (Pipe(), {}, True),
        (Pipe(), {"FORCE_COLOR": "1"}, False),
        (Pipe(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True),
    ],
)
def test_look(stream: io.StringIO, environment: dict[str, str], plain: bool) -> None:
    assert Look.of(stream, environment).plain is plain


def test_a_stream_without_utf8_is_plain() -> None:
    latin = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    assert Look.of(latin, {"FORCE_COLOR": "1"}).plain
    assert Look.of(object(), {}) == Look(80, plain=True)


@pytest.mark.parametrize(("columns", "width"), [("132", 132), ("40", 40), ("5", 24), ("0", 80), ("wide", 80), ("", 80)])
def test_width(columns: str, width: int) -> None:
    assert Look.of(Pipe(), {"COLUMNS": columns}).width == width


@given(ANYTHING, st.integers(1, 40), st.integers(0, 8))
def test_no_line_is_wider_than_asked_and_no_letter_is_lost(text: str, width: int, hang: int) -> None:
    hang = min(hang, width - 1)
    lines = wrap(text, width, hang)
    for line in lines:
        # a wide character cannot be halved: in one column it stands out by one
        assert width_of(list(line)) <= max(width, hang + 2)
    joined = "".join(s.text for line in lines for s in line)
    assert re.sub(r"[ \u00a0]", "", joined) == re.sub(r"[ \u00a0]", "", clean(text))


@given(ANYTHING)
def test_nothing_in_a_file_can_move_the_cursor(text: str) -> None:
    shown = clean(text)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", shown)
    shown.encode("utf-8", "strict")


def test_wrap_hangs_and_keeps_styles() -> None:
    lines = wrap(["Train ", bold("73.2B"), " parameters on ", bold("1.31T"), " tokens"], 20, 2)
    assert text_of(lines) == ["Train 73.2B", "  parameters on", "  1.31T tokens"]
    assert lines[2][1] == Span("1.31T", "bold")
    assert text_of(wrap(["(", bold("17.9"), " per"], 6, 0)) == ["(17.9", "per"]


def test_wide_characters_take_two_columns() -> None:
    assert width_of("模型") == 4
    assert width_of("e\u0301") == 1
    assert width_of(shorten("模型的名字非常长", 9, COLOUR)) <= 9
    assert shorten("a_very_long_run_name", 11, PLAIN) == "a_ver..name"
    assert shorten("a_very_long_run_name", 11, COLOUR) == "a_ver…_name"


def test_plain_is_ascii_but_names_stay() -> None:
    page = Page(PLAIN)
    page.line("5.76·10²³ – ≥ 3 … ", verbatim("läufe–2.csv"))
    assert str(page) == "5.76*10^2^3 - >= 3 ... läufe–2.csv"


def test_marks_hang_under_their_sentence() -> None:
    page = Page(Look(30, plain=False))
    page.mark("warn", "B is not determined alone; forecasts are.")
    page.below("so forecasts are wider")
    assert bare(str(page)).splitlines() == [
        "! B is not determined alone;",
        "  forecasts are.",
        "  so forecasts are wider",
    ]
    assert str(page).startswith("\x1b[33m!\x1b[0m B is")


def test_commands_break_so_that_a_shell_takes_them() -> None:
    page = Page(Look(40, plain=True))
    page.command("gnomon forecast fit.json --at params=70B,tokens=1.4T", lead=dim("next: "))
    lines = str(page).splitlines()
    assert lines == ["next: gnomon forecast fit.json --at \\", "  params=70B,tokens=1.4T"]
    assert all(len(line) <= 40 for line in lines)


def test_table_aligns_by_width_on_screen() -> None:
    lines = text_of(table([Column("run", "<"), Column("loss")], [["模型", "2.1"], ["b", "10.25"]], PLAIN))
    assert lines == ["run    loss", "模型    2.1", "b     10.25"]


def test_table_gives_way_step_by_step() -> None:
    columns = [
        Column("run", "<", names=True),
        Column("loss"),
        Column("why", "<", prose=True),
        Column("note", "<", spare=1),
    ]
    rows = [["an_extremely_long_name_of_a_run", "2.153", "because it is the best over all draws", "kept"]]
    wide = text_of(table(columns, rows, Look(100, plain=True)))
    assert wide[1].endswith("best over all draws  kept")
    narrow = text_of(table(columns, rows, Look(60, plain=True)))
    assert max(map(len, narrow)) <= 60
    assert "an_extremely" in narrow[1]
    tiny = text_of(table(columns, rows, Look(40, plain=True)))
    assert max(map(len, tiny)) <= 40
    assert "note" not in tiny[0]
    blocks = text_of(table([Column("first"), Column("second")], [["1" * 20, "2" * 20]], Look(24, plain=True)))
    assert blocks == ["first   " + "1" * 16, "        1111", "second  " + "2" * 16, "        2222"]


@given(st.lists(st.tuples(ANYTHING, ANYTHING, ANYTHING), max_size=5), st.integers(24, 130))
def test_tables_never_leave_the_screen(rows: list[tuple[str, str, str]], width: int) -> None:
    columns = [Column("run", "<", names=True), Column("value"), Column("meaning", "<", prose=True, wide=True)]
    for line in table(columns, rows, Look(width, plain=True)):
        assert width_of(list(line)) <= width + 1  # a wide character in the last column


def test_range_bars() -> None:
    scale = Scale(0.0, 10.0, 11)
    assert range_bar(scale, 2, 5, 8, COLOUR).text == "  ├──●──┤"
    assert range_bar(scale, 2, 5, 8, PLAIN).text == "  |--o--|"
    assert range_bar(scale, -5, 5, 80, PLAIN).text == "<----o---->"
    assert range_bar(scale, 2, 5, 8, PLAIN, mark=9).text == "  |--o--|+"
    assert range_bar(scale, None, 5, None, PLAIN, mark=99).text == "     o    >"
    assert range_bar(Scale(1, 1, 5), 1, 1, 1, PLAIN).text == "  o"
    assert range_bar(scale, float("-inf"), 5, float("inf"), PLAIN).text == "<----o---->"


def test_numbers() -> None:
    assert estimate(1.8172, 1.7790, 1.8591) == ("1.817", "1.779 to 1.859")
    assert estimate(477.84, 307.1, 685.9) == ("478", "307 to 686")
    assert estimate(2143.86, 1223.4, 5076.2) == ("2,144", "1,223 to 5,076")
    assert estimate(1.8172, None, None) == ("1.817", "")
    assert estimate(1e20, 1e19, 1e21) == ("1e20", "1e19 to 1e21")
    assert number(float("nan")) == "–"
    assert number(4e-5, 3) == "4e-5"  # not 0.000
    assert number(0.0, 3) == "0.000"
    assert [percent(x) for x in (0.0000001, 0.0095, 0.05, 0.5, None)] == ["<0.01%", "0.95%", "5.0%", "50%", "–"]
    assert [beyond(x) for x in (-1, 0, 0.1, 0.7, 1.653)] == ["inside", "inside", "1.26x", "5.0x", "45x"]
    assert [column_value("flops", 6e18), column_value("params", 7e9), column_value("lr", 0.003)] == [
        "6e18",
        "7B",
        "0.003",
    ]
    assert [seconds(x) for x in (0.04, 9.97, 75, 125)] == ["0.0 s", "10 s", "75 s", "2 min 5 s"]
    assert decimals_for(float("nan")) is None


def test_formulas_break_before_sums_first() -> None:
    assert formula_lines("loss = E + A / params^alpha", 80) == ["loss\u00a0=\u00a0E +\u00a0A\u00a0/\u00a0params^alpha"]
    lines = formula_lines("y = a * (b + c) where a = f(x, 1), b = 2", 80)
    assert [line.replace("\u00a0", " ") for line in lines] == ["y = a * (b + c)", "where a = f(x, 1)", "      b = 2"]
    deep = formula_lines("loss = ((N_c / params)^(alpha_N / alpha_D) + D_c / tokens)^alpha_D", 44)[0]
    assert deep.split(" ")[-1].replace("\u00a0", " ") == "+ D_c / tokens)^alpha_D"


def test_progress_is_one_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setattr("gnomon.cli.terminal.progress.PATIENCE", 0.0)
    stream = Terminal()
    with Progress("fitting " + "x" * 200, stream=stream) as progress:
        progress.now("training", 0.5)
        time.sleep(0.25)
        progress.write("kept\n")
    shown = stream.getvalue()
    assert "training" in shown
    assert " 50%" in shown
    assert shown.count("\n") == 1
    assert "\r\x1b[2Kkept\n" in shown
    assert all(len(bare(piece).replace("\x1b[2K", "")) <= 80 for piece in shown.split("\r"))


@pytest.mark.parametrize(("stream", "quiet"), [(Pipe(), False), (Terminal(), True)])
def test_progress_is_silent_elsewhere(stream: io.StringIO, quiet: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gnomon.cli.terminal.progress.PATIENCE", 0.0)
    with Progress("fitting", quiet=quiet, stream=stream):
        time.sleep(0.15)
    assert stream.getvalue() == ""
