"""Pages from live results: every kind has its headings, every number of its box stands in its document, twice the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_reader import document, read, unexplained

import gnomon as gn
from gnomon.report import (
    Page,
    comparison_report,
    figure_of,
    fit_report,
    forecast_report,
    plan_report,
    quickstart_report,
)
from gnomon.report.page import OUTLINES

AT = {"params": 7e10, "tokens": 1.4e12}


def table(count: int = 60, seed: int = 0, noise: float = 0.004) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    flops = np.repeat([1e19, 3e19, 1e20, 3e20, 1e21, 3e21], count // 6)
    params = np.sqrt(flops / 120) * np.tile(np.geomspace(0.25, 4, count // 6), 6)
    tokens = flops / 6 / params
    loss = gn.laws.Chinchilla.besiroglu2024(params=params, tokens=tokens) * np.exp(noise * rng.standard_normal(count))
    return {"params": params, "tokens": tokens, "flops": flops, "loss": loss}


@pytest.fixture(scope="module")
def fit() -> gn.Fit:
    return gn.fit("chinchilla", table(), draws=100)


def fit_page(fit: gn.Fit) -> Page:
    return fit_report(fit)


def forecast_page(fit: gn.Fit) -> Page:
    return forecast_report(gn.forecast(fit, [AT, {"params": 1e9, "tokens": 2e10}]), fit)


def plan_page(fit: gn.Fit) -> Page:
    return plan_report(gn.plan.allocate(fit, flops=5.76e23), fit)


def target_page(fit: gn.Fit) -> Page:
    return plan_report(gn.plan.allocate(fit, loss=2.1, inference_tokens=1e12), fit)


def quickstart_page(fit: gn.Fit) -> Page:
    found = gn.forecast(fit, AT)
    point, measured = found.points[0], 1.99
    told = {
        "kind": "quickstart", "measured": measured, "error": point.value / measured - 1, "inside": True, "horizon": 50.0,
    }  # fmt: skip
    return quickstart_report(told, found=found, ladder=fit.data, fit=fit, measured=measured)


def compare_page(fit: gn.Fit) -> Page:
    a, b = table(seed=1), table(seed=2)
    both = {name: np.concatenate([a[name], b[name] * (0.97 if name == "loss" else 1.0)]) for name in a}
    found = gn.compare("chinchilla", both | {"family": ["a"] * 60 + ["b"] * 60}, draws=100, at=AT)
    return comparison_report(found)


PAGES: dict[str, Callable[[gn.Fit], Page]] = {
    "fit": fit_page, "forecast": forecast_page, "plan": plan_page, "target": target_page, "quickstart": quickstart_page,
    "compare": compare_page,
}  # fmt: skip


@pytest.fixture(scope="module", params=PAGES)
def page(request: pytest.FixtureRequest, fit: gn.Fit) -> Page:
    return PAGES[request.param](fit)


def test_it_has_the_headings_of_its_kind(page: Page) -> None:
    assert tuple(read(page.html()).headings) == OUTLINES[page.kind]


def test_every_number_of_its_box_is_in_its_document(page: Page) -> None:
    html = page.html()
    assert unexplained(read(html).box, document(html)) == []


@pytest.mark.parametrize("kind", PAGES)
def test_two_builds_are_the_same_bytes(kind: str, fit: gn.Fit) -> None:
    assert PAGES[kind](fit).html() == PAGES[kind](fit).html()


def test_a_fit_without_intervals_says_so() -> None:
    bare = gn.fit("chinchilla", table(), intervals="none")
    html = fit_report(bare).html()
    assert "no intervals were asked for" in html
    plan = plan_report(gn.plan.allocate(bare, flops=1e23), bare).html()
    assert "<b>No draws.</b>" in plan


def test_a_law_of_one_input_has_its_page() -> None:
    rows = {"flops": np.geomspace(1e18, 1e21, 12)}
    rows["loss"] = 1.7 + 30 * rows["flops"] ** -0.08 * np.exp(0.001 * np.sin(np.arange(12)))
    one = gn.fit("pow_floor(flops)", rows, draws=60)
    assert tuple(read(fit_report(one).html()).headings) == OUTLINES["fit"]
    assert "Not tested" not in forecast_report(gn.forecast(one, {"flops": 1e22}), one).html()


def test_few_runs_are_told_that_nothing_could_be_hidden() -> None:
    rows = {name: column[::10] for name, column in table().items()}
    few = gn.fit("chinchilla_tied", rows, draws=60)
    html = fit_report(few).html()
    assert "Not tested" in html or "No intervals." in html


def test_misses_that_lean_are_a_risk_and_those_that_do_not_are_none(fit: gn.Fit) -> None:
    """A floor that the small runs do not show: every hidden run comes in above its forecast."""
    bent = table(noise=0.0005)
    bent["loss"] = np.maximum(bent["loss"], 2.4)
    leaning = fit_report(gn.fit("chinchilla", bent, draws=60)).html()
    assert "The misses lean one way." in leaning
    assert "The misses lean one way." not in fit_report(fit).html()


def test_a_fit_page_has_a_profile_of_each_fitted_parameter_only(fit: gn.Fit) -> None:
    html = fit_report(fit).html()
    assert all(f"<b>The runs put {name} at" in html or f"The runs put {name} at" in html for name in fit.parameters)
    held = gn.fit("chinchilla", table(), fixed={"alpha": 0.35}, draws=60)
    html = fit_report(held).html()
    assert "The runs put beta at" in html
    assert "The runs put alpha at" not in html
    assert "fixed" in html


def test_a_profile_ends_where_the_profile_interval_ends() -> None:
    """The oracle: the intervals of the profile engine, which draws nothing."""
    rows = table()
    known = gn.fit("chinchilla", rows, intervals="profile")
    for name in ("alpha", "A"):
        figure = figure_of(known, kind=f"profile:{name}")
        at, rise = np.array(figure.table.rows, float).T
        low, high = (float(np.interp(1.0, *side)) for side in _sides(at, rise))
        estimate = known.parameters[name]
        assert low == pytest.approx(estimate.low, rel=0.02)
        assert high == pytest.approx(estimate.high, rel=0.02)


def _sides(at: np.ndarray, rise: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    middle = int(np.argmin(rise))
    return (rise[middle::-1], at[middle::-1]), (rise[middle:], at[middle:])


def test_influence_is_drawn_of_the_forecast_asked_for(fit: gn.Fit) -> None:
    found = gn.forecast(fit, AT)
    assert "the forecast at 70B on 1.4T" in figure_of(found, fit, kind="influence").finding
    assert "the law at" in figure_of(fit, kind="influence").finding
    assert len(figure_of(fit, kind="influence").table.rows) == 10


@pytest.mark.parametrize("kind", ["nonsense", "profile", "profile:alpa", "influence:x"])
def test_unknown_pictures_are_refused(fit: gn.Fit, kind: str) -> None:
    with pytest.raises(gn.errors.UnknownNameError):
        figure_of(fit, kind=kind)


def test_a_held_parameter_has_no_profile() -> None:
    held = gn.fit("chinchilla", table(), fixed={"alpha": 0.35}, intervals="none")
    with pytest.raises(gn.errors.InputError, match="not fitted"):
        figure_of(held, kind="profile:alpha")


def test_next_runs_are_on_the_page_of_a_plan_and_their_numbers_those_of_the_list(fit: gn.Fit) -> None:
    plan = gn.plan.allocate(fit, flops=5.76e23)
    found = gn.plan.next_runs(
        fit, {n: plan.decision[n] for n in ("params", "tokens")}, budget=0.05 * plan.decision["flops"]
    )
    figure = figure_of(found)
    assert figure.finding.replace("·", "") in plan_report(plan, fit).html().replace("·", "")
    assert [row[2] for row in figure.table.rows] == pytest.approx([found.half_width, *(r.after for r in found.runs)])


@pytest.mark.browser
def test_in_a_browser_it_is_silent_and_nothing_scrolls_sideways(browser: Any, page: Page, tmp_path: Path) -> None:
    address = page.save(tmp_path / "page.html").as_uri()
    shown = browser.new_page()
    heard: list[str] = []
    shown.on("console", lambda message: heard.append(message.text))
    shown.on("pageerror", lambda error: heard.append(str(error)))
    for width in (320, 768, 1120):
        shown.set_viewport_size({"width": width, "height": 900})
        shown.goto(address)
        assert shown.evaluate("document.documentElement.scrollWidth") == width
    tables = "[...document.querySelectorAll('.scroll:has(> table.main)')].map(e => [e.innerText, e.scrollWidth - e.clientWidth])"
    assert [text for text, over in shown.evaluate(tables) if over > 1] == [], "no table is cut at full width"
    assert heard == []
    shown.close()
