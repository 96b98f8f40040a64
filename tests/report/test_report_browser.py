"""Checks 1 to 6, 9 and 10, in a real browser: Debian's Chromium, no download."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(make_plan_page: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_plan_page().save(tmp_path_factory.mktemp("page") / "plan.html").as_uri()


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Callable[..., Any]]:
    contexts = []

    def open_page(width: int = 1120, height: int = 900, **settings: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.heard = []
        page.asked = []
        page.on("console", lambda message: page.heard.append(message.text))
        page.on("pageerror", lambda error: page.heard.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()


def test_one_request_and_a_silent_console(opened: Callable[..., Any]) -> None:
    page = opened()
    page.mouse.move(400, 400)
    page.locator("#theme").click()
    assert [url for url in page.asked if not url.startswith("data:")] == [page.url]
    assert page.heard == []


@pytest.mark.parametrize("width", [320, 375, 768, 1120])
def test_nothing_scrolls_sideways(opened: Callable[..., Any], width: int) -> None:
    assert opened(width).evaluate("document.documentElement.scrollWidth") == width


def test_all_figures_are_there_without_script(opened: Callable[..., Any]) -> None:
    page = opened(java_script_enabled=False)
    assert page.locator(".plot:not(.on-phone) svg").count() == 10
    assert page.locator(".lead-figure .on-wide svg").is_visible()
    assert not page.locator("#theme").is_visible()


def test_a_run_says_its_sentence_on_hover(opened: Callable[..., Any]) -> None:
    page = opened()
    dot = page.locator(".lead-figure .on-wide [role=img]").nth(30)
    dot.scroll_into_view_if_needed()
    dot.hover()
    tip = page.locator("#tip")
    assert tip.is_visible()
    assert tip.inner_text() == dot.get_attribute("aria-label")
    assert re.match(r"run_\d+, .* parameters, .* FLOP: loss ", tip.inner_text())
    page.mouse.move(5, 5)
    assert not tip.is_visible()


def test_dark_follows_the_system_and_the_switch(opened: Callable[..., Any]) -> None:
    mark = ".lead-figure .on-wide [role=img]"
    paint = f"getComputedStyle(document.querySelector('{mark}')).fill"
    ground = "getComputedStyle(document.body).backgroundColor"
    light, dark = opened(color_scheme="light"), opened(color_scheme="dark")
    assert light.evaluate(ground) == "rgb(255, 255, 255)"
    assert dark.evaluate(ground) == "rgb(18, 23, 28)"
    assert light.evaluate(paint) != dark.evaluate(paint)
    light.locator("#theme").click()
    assert light.evaluate(ground) == "rgb(18, 23, 28)"
    light.reload()
    assert light.evaluate(ground) == "rgb(18, 23, 28)", "the choice is kept"


def test_the_lead_is_drawn_again_for_a_phone(opened: Callable[..., Any]) -> None:
    page = opened(375)
    assert page.locator(".lead-figure .on-phone svg").is_visible()
    assert not page.locator(".lead-figure .on-wide svg").is_visible()


def test_the_box_fits_a_screen_and_a_half_of_a_phone(opened: Callable[..., Any]) -> None:
    assert (
        opened(375, 812).locator(".box").bounding_box()["y"] + opened(375, 812).locator(".box").bounding_box()["height"]
        <= 1.5 * 812
    )


def test_plots_of_a_pair_stand_on_one_line(opened: Callable[..., Any]) -> None:
    page = opened()
    tops = page.evaluate(
        "[...document.querySelectorAll('.pair')].map(p=>[...p.querySelectorAll('.plot')].map(e=>Math.round(e.getBoundingClientRect().top)))"
    )
    assert tops
    assert all(len(set(pair)) <= 1 for pair in tops), tops


@pytest.mark.parametrize("width", [375, 768, 1120])
def test_the_smallest_text_is_ten_pixels(opened: Callable[..., Any], width: int) -> None:
    page = opened(width)
    page.evaluate("document.querySelectorAll('details:not(.numbers)').forEach(d=>d.open=true)")
    small = page.evaluate("""() => {
      const found = [];
      for (const t of document.querySelectorAll('svg text')) {
        const s = t.ownerSVGElement, box = s.getBoundingClientRect();
        if (!box.width) continue;
        found.push(parseFloat(getComputedStyle(t).fontSize) * box.width / s.viewBox.baseVal.width);
      }
      const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
      while (walk.nextNode()) {
        const e = walk.currentNode.parentElement;
        if (e.closest('svg,script') || !e.getClientRects().length || !walk.currentNode.data.trim()) continue;
        found.push(parseFloat(getComputedStyle(e).fontSize));
      }
      return Math.min(...found);
    }""")
    assert small >= 10


def test_labels_stay_inside_their_picture(opened: Callable[..., Any]) -> None:
    """With whatever font the machine has: no text of a chart is cut off by the edge of its picture."""
    page = opened()
    page.evaluate("document.querySelectorAll('details:not(.numbers)').forEach(d=>d.open=true)")
    over = page.evaluate("""() => [...document.querySelectorAll('.plot svg text')]
    .filter(t => t.getBoundingClientRect().width).map(t => {
      const a = t.getBoundingClientRect(), b = t.ownerSVGElement.getBoundingClientRect();
      return [t.textContent, Math.max(b.left - a.left, a.right - b.right, b.top - a.top, a.bottom - b.bottom)];
    }).filter(pair => pair[1] > 1.5)""")
    assert over == []


def test_on_paper_it_is_a_few_pages_and_no_table_is_cut(opened: Callable[..., Any]) -> None:
    page = opened(color_scheme="dark")
    pdf = page.pdf(prefer_css_page_size=True)
    count = len(re.findall(rb"/Type\s*/Page\b", pdf))
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf)
    assert 4 <= count <= 8
    assert all(abs(float(w) - 595) < 2 and abs(float(h) - 842) < 2 for w, h in boxes), "A4"
    page.set_viewport_size({"width": 680, "height": 900})  # A4 less twice 15 mm, at 96 dots an inch
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", "paper is white"
    wide = page.evaluate("[...document.querySelectorAll('table.main')].map(t=>t.getBoundingClientRect().right)")
    assert wide
    assert max(wide) <= 681


def test_the_interactive_page_draws_without_evaluating_text(
    browser: Any, make_plan_page: Callable[..., Any], tmp_path: Path
) -> None:
    """Vega's own compiler would need `unsafe-eval`, which the page's policy forbids."""
    address = make_plan_page().save(tmp_path / "plan.html", interactive=True).as_uri()
    page = browser.new_page()
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.goto(address)
    page.wait_for_function("document.querySelectorAll('.view .vega-embed svg').length >= 11", timeout=30_000)
    assert heard == []
    fill = page.evaluate("getComputedStyle(document.querySelector('.view .vega-embed svg path[fill^=var]')).fill")
    assert fill.startswith("rgb")
    page.close()


def test_a_saved_figure_page_draws_offline(browser: Any, constructed: Any, tmp_path: Path) -> None:
    address = constructed.figures()["plateau"].save(tmp_path / "plateau.html").as_uri()
    page = browser.new_page()
    heard: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_selector("#figure svg", timeout=20_000)
    assert heard == []
    assert [url for url in asked if not url.startswith("data:")] == [address]
    page.close()
