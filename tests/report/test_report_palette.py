"""Check 11: text is readable, lines can be told apart by any eye, and no colour stands for two roles."""

from __future__ import annotations

import pytest

from gnomon.report import palette

THEMES = list(palette.THEMES)


@pytest.mark.parametrize("theme", THEMES)
def test_every_role_has_a_colour_of_its_own(theme: str) -> None:
    colours = palette.THEMES[theme]
    assert len(set(colours.values())) == len(colours)
    assert set(colours) == set(palette.LIGHT)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("role", palette.TEXT_ROLES)
def test_text_contrasts_with_paper(theme: str, role: str) -> None:
    colours = palette.THEMES[theme]
    assert palette.contrast(colours[role], colours["paper"]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("role", ["ink", "muted", "law", "good", "warn", "bad"])
def test_text_contrasts_with_the_ground_of_boxes(theme: str, role: str) -> None:
    colours = palette.THEMES[theme]
    assert palette.contrast(colours[role], colours["zone"]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_lines_stay_apart_under_every_kind_of_sight(theme: str) -> None:
    distance, *closest = palette.smallest_distance(theme)
    assert distance >= 15, closest


def test_measured_distances_are_those_of_the_design() -> None:
    assert palette.smallest_distance("light")[0] == pytest.approx(27.6, abs=0.05)
    assert palette.smallest_distance("dark")[0] == pytest.approx(18.6, abs=0.05)


def test_a_palette_that_looks_fine_to_most_eyes_is_refused() -> None:
    """Negative control: red and green of equal lightness collapse for a deuteranope, not for others."""
    red, green = "#c8500a", "#5f7d0a"
    assert palette.distance(red, green) > 40
    assert palette.distance(red, green, "deutan") < 20


@pytest.mark.parametrize("theme", THEMES)
def test_the_two_bands_and_the_scale_are_ordered(theme: str) -> None:
    colours = palette.THEMES[theme]
    assert palette.contrast(colours["band-curve"], colours["band-new"]) >= 1.4
    against = [palette.contrast(colours[role], colours["paper"]) for role in palette.SCALE]
    assert against == sorted(against)


def test_contrast_of_known_pairs() -> None:
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert palette.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the W3C's own example


def test_lab_of_white_and_of_a_known_colour() -> None:
    assert palette.lab("#ffffff") == pytest.approx([100, 0, 0], abs=0.02)
    assert palette.lab("#ff0000") == pytest.approx([53.24, 80.09, 67.20], abs=0.05)  # sRGB red under D65


def test_tokens_fall_back_to_light() -> None:
    assert palette.token("law") == "var(--law,#0068a8)"
    assert "--law:#4ea6ea;" in palette.css("dark")
