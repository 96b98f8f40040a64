"""Colours by role: one hex value per role and theme, and the two measures that keep the palette readable.

A colour is never chosen for a series; it is chosen for what a mark is (the law, a run that was held out, the ground).
Every picture is rendered once in the light theme, and its hex values are then replaced by `var(--role, #hex)`.
Therefore no two roles of a theme may share a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

LIGHT: Mapping[str, str] = MappingProxyType(
    {
        "ink": "#1a2027",
        "muted": "#5f6b78",
        "faint": "#8a95a1",  # marks and disabled text, never words one must read
        "paper": "#ffffff",
        "grid": "#e6e9ed",
        "axis": "#b4bcc5",
        "zone": "#f5f6f8",  # extrapolation, plateau, the ground of boxes
        "law": "#0068a8",
        "band-curve": "#8fc1e0",
        "band-new": "#cfe4f2",
        "held": "#c8500a",  # held out, left out, second family
        "third": "#6b1fc4",
        "fourth": "#996554",
        "data": "#55626f",
        "good": "#00704f",
        "warn": "#8f5f01",
        "bad": "#b3400a",
        "scale-1": "#b4cbdd",
        "scale-2": "#9bb7cd",
        "scale-3": "#84a4bd",
        "scale-4": "#6e90ac",
        "scale-5": "#597d9b",
        "scale-6": "#456a89",
        "scale-7": "#325676",
        "scale-8": "#1f4364",
        "scale-9": "#0b3052",
    }
)

DARK: Mapping[str, str] = MappingProxyType(
    {
        "ink": "#e7ebef",
        "muted": "#a4afba",
        "faint": "#7f8b97",
        "paper": "#12171c",
        "grid": "#28313a",
        "axis": "#4d5863",
        "zone": "#1a2127",
        "law": "#4ea6ea",
        "band-curve": "#2f6288",
        "band-new": "#1d3a50",
        "held": "#ff8f4a",
        "third": "#b05cff",
        "fourth": "#d9c9a3",
        "data": "#b7c2cd",
        "good": "#41c898",
        "warn": "#e2b23f",
        "bad": "#ff9160",
        "scale-1": "#3b5a75",
        "scale-2": "#4c6a84",
        "scale-3": "#5d7b94",
        "scale-4": "#6e8ca4",
        "scale-5": "#819db3",
        "scale-6": "#93aec3",
        "scale-7": "#a7bfd3",
        "scale-8": "#bbd0e3",
        "scale-9": "#cfe2f3",
    }
)

THEMES: Mapping[str, Mapping[str, str]] = MappingProxyType({"light": LIGHT, "dark": DARK})

TEXT_ROLES = ("ink", "muted", "law", "held", "third", "fourth", "data", "good", "warn", "bad")
"""Roles that words are set in: contrast 4.5 or more on paper and on zone."""

LINE_ROLES = ("ink", "law", "held", "third", "fourth")
"""Roles that lines of one picture are told apart by."""

SCALE = tuple(f"scale-{step}" for step in range(1, 10))
"""Ordered sizes, small to large; the largest contrasts most in both themes."""

# Simulated colour blindness at full severity, on linear RGB: Machado, Oliveira, Fernandes 2009, table 1.
SIGHT: Mapping[str, np.ndarray] = MappingProxyType(
    {
        "normal": np.eye(3),
        "protan": np.array(
            [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
        ),
        "deutan": np.array(
            [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
        ),
        "tritan": np.array(
            [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
        ),
    }
)


def token(role: str) -> str:
    """The CSS value of a role: follows the theme of the page, falls back to the light value."""
    return f"var(--{role},{LIGHT[role]})"


def css(theme: str) -> str:
    """The declarations that set every role of a theme, for a style sheet."""
    return "".join(f"--{role}:{value};" for role, value in THEMES[theme].items())


def linear(colour: str) -> np.ndarray:
    """`#rrggbb` as linear-light RGB in 0..1 (IEC 61966-2-1)."""
    code = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    """Relative luminance, 0 black to 1 white (WCAG 2.2)."""
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2); text needs 4.5."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def lab(colour: str, sight: str = "normal") -> np.ndarray:
    """CIE L*a*b* (D65) of a colour as an eye with this sight receives it."""
    rgb = np.clip(SIGHT[sight] @ linear(colour), 0.0, 1.0)
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    )
    xyz = to_xyz @ rgb / [0.95047, 1.0, 1.08883]  # white point of D65
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one: str, other: str, sight: str = "normal") -> float:
    """Colour distance CIE76 = |Lab - Lab|; below about 10 two lines are hard to tell apart."""
    return float(np.linalg.norm(lab(one, sight) - lab(other, sight)))


def smallest_distance(theme: str, roles: tuple[str, ...] = LINE_ROLES) -> tuple[float, str, str, str]:
    """The closest pair of roles over all kinds of sight: (distance, role, role, sight)."""
    colours = THEMES[theme]
    pairs = [(a, b) for i, a in enumerate(roles) for b in roles[i + 1 :]]
    return min((distance(colours[a], colours[b], sight), a, b, sight) for a, b in pairs for sight in SIGHT)
