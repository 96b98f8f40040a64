"""M4: a learning curve between the loss of random guessing and a floor, given implicitly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gnomon.laws.arrays import namespace, softplus, softplus_logistic
from gnomon.laws.jet import Jet, compose, plain
from gnomon.laws.law import Law, exponent, floor, number
from gnomon.laws.references import BIBTEX
from gnomon.laws.rest import Rest, Slopes
from gnomon.laws.starting import best_of, cells

STEPS = 60  # Newton steps of the plain solution at most; it converges monotonically, usually in six to ten
LAST_STEP = 1e-7  # a step squares the distance to the root, times at most 12 within the bounds of q: 1.2e-13 is left
TRACED_STEPS = 14  # the same where values cannot be looked at (JAX)


class M4(Law):
    """Loss that falls from random guessing to a floor: a power law in the middle, saturated at both ends.

    L - E = k x^-a ((E + H - L) / H)^q, where E + H is the loss of random guessing; far below it, and at q = 0, this is
    pow_floor. The form in print, (L - E) / (E + H - L)^q = beta x^c, has beta = k H^-q, c = -a, alpha = q: its beta runs
    over dozens of decades as soon as H is large, k does not.

    Source: Alabdulmohsin et al. 2022, M4.
    """

    id = "m4"
    question = "How does a learning curve run from random guessing to its floor?"
    inputs = ("flops",)
    free_inputs = ("flops",)
    text = "(loss - E) / ((E + H - loss) / H)^q = k / flops^a"
    source = "Alabdulmohsin et al. 2022, Revisiting Neural Scaling Laws in Language and Vision, estimator M4"
    bibtex = BIBTEX["alabdulmohsin2022"]
    holds = "Error rates and losses of one model family from few examples to many; among the best on public curves."
    misleads = "Without points near random guessing H and q are not identified; the curve cannot rise above E + H."
    ranges = {"flops": (1e17, 1e23)}

    E: float = floor("floor of the loss", typical=0.5)
    H: float = number(
        "loss of random guessing minus the floor", bounds=(1e-3, 1e4), log=True, units={"loss": 1}, typical=4.0
    )
    q: float = number("how abruptly it leaves random guessing", bounds=(0.01, 20.0), log=True, typical=0.8)
    k: float = number(
        "coefficient far below random guessing",
        bounds=(1e-12, 1e12),
        log=True,
        units={"loss": 1, "flops": "a"},
        typical=0.5,
    )
    a: float = exponent("exponent")

    def formula(self, x: Any) -> Any:
        """The loss between E and E + H that solves the equation of `text`.

        With L = E + H sigmoid(s) the equation reads g(s) = s - (1 - q) softplus(s) = ln k - a ln x - ln H.
        """
        xp = self.xp(x)
        right = xp.log(self.k) - self.a * xp.log(x) - xp.log(self.H)
        return self.E + self.H * _share(right, self.q, xp)

    @classmethod
    def rest(cls) -> Rest:
        """H sigmoid(s)."""
        return _Share()

    @classmethod
    def starts(cls, inputs: Sequence[np.ndarray], output: np.ndarray) -> list[dict[str, float]]:
        """For given E, H and q the equation is a straight line in logarithms."""
        (x,) = inputs
        low, high = float(output.min()), float(output.max())
        above = (1.02, 1.15, 1.6, 4.0)
        v = cells(E=low * np.array([0.02, 0.4, 0.75, 0.95]), top=high * np.array(above), q=(0.2, 0.6, 1.0, 2.5))
        top = v.pop("top")
        ratio = np.log(output - v["E"]) - v["q"] * np.log(top - output)
        log_x = np.log(x) - np.log(x).mean()
        slope = (ratio * log_x).sum(1, keepdims=True) / max(float((log_x**2).sum()), 1e-12)
        a = np.clip(-slope, 0.01, 3.0)
        values = v | {"H": top - v["E"], "a": a}
        values["k"] = np.exp(ratio.mean(1, keepdims=True) + a * np.log(x).mean() + v["q"] * np.log(values["H"]))
        misfit = ((np.log(cls(**values).formula(x)) - np.log(output)) ** 2).sum(1)
        return best_of(values, misfit, apart="q", most=20)


def _share(right: Any, q: Any, xp: Any) -> Any:
    """sigmoid(s) at the solution of g(s) = right, for plain numbers, jets, complex numbers and JAX arrays.

    A jet gets the derivatives of the implicit function; other arithmetics are carried by two Newton steps from the
    plain solution, each of which doubles the order that is right.
    """
    if isinstance(right, Jet) or isinstance(q, Jet):
        return _share_jet(right, q)
    s = _root(_plain(right), _plain(q))
    if xp is np and not np.iscomplexobj(right) and not np.iscomplexobj(q):
        return softplus_logistic(s)[1]
    for _ in range(2):
        s = s - (s - (1.0 - q) * softplus(s, xp) - right) / (1.0 - (1.0 - q) * xp.exp(-softplus(-s, xp)))
    return xp.exp(-softplus(-s, xp))


def _share_jet(right: Any, q: Any) -> Jet:
    """Sigmoid(s(right, q)), with s_r = 1 / g_s and s_q = -g_q / g_s and what a second derivation of g(s, q) = right gives."""
    power = plain(q)
    s = _root(plain(right), power)
    turn, share = softplus_logistic(s)
    bend = share * (1.0 - share)
    g_s = 1.0 - (1.0 - power) * share
    g_ss = -(1.0 - power) * bend
    by_right = 1.0 / g_s
    by_q = -turn * by_right
    second = bend * (1.0 - 2.0 * share)
    right_right = -g_ss * by_right**3
    right_q = -(g_ss * by_q + share) * by_right**2
    q_q = -(g_ss * by_q + 2.0 * share) * by_q * by_right
    return compose(
        (right, q),
        share,
        (bend * by_right, bend * by_q),
        {
            (0, 0): second * by_right**2 + bend * right_right,
            (0, 1): second * by_right * by_q + bend * right_q,
            (1, 1): second * by_q**2 + bend * q_q,
        },
    )


class _Share:
    """u = ln H + ln sigmoid(s) with g(s) = r = ln k - a ln x - ln H. Kept: ln x, softplus(s), sigmoid(s)."""

    floor, kept = "E", 3

    def value(self, values: Mapping[str, Any], x: Any) -> tuple[Any, ...]:
        """See Rest."""
        log_x, log_h = np.log(x), np.log(values["H"])
        right = np.log(values["k"]) - values["a"] * log_x - log_h
        s = _root(right, values["q"])
        turn, share = softplus_logistic(s)
        return log_h + s - turn, log_x + 0.0 * s, turn, share

    def slopes(self, values: Mapping[str, Any], kept: tuple[Any, ...], x: Any) -> Slopes:
        """See Rest."""
        log_x, turn, share = kept
        q = values["q"]
        left = 1.0 - share  # d ln sigmoid(s) / ds
        bend = share * left
        s_r = 1.0 / (1.0 - (1.0 - q) * share)
        s_q = -turn * s_r
        g_ss = -(1.0 - q) * bend
        r = left * s_r
        rr = -bend * s_r * s_r - left * g_ss * s_r**3
        rq = -bend * s_r * s_q - left * (g_ss * s_q + share) * s_r * s_r
        qq = -bend * s_q * s_q - left * (g_ss * s_q + 2.0 * share) * s_q * s_r
        by_q, along = q * left * s_q, log_x * rr
        cross = q * rq
        return Slopes(
            {"H": 1.0 - r, "k": r, "a": -log_x * r, "q": by_q},
            {
                ("H", "H"): rr,
                ("H", "k"): -rr,
                ("H", "a"): along,
                ("k", "k"): rr,
                ("k", "a"): -along,
                ("a", "a"): log_x * along,
                ("H", "q"): -cross,
                ("k", "q"): cross,
                ("a", "q"): -log_x * cross,
                ("q", "q"): q * q * qq + by_q,
            },
        )


def _plain(value: Any) -> Any:
    """Numbers without the derivatives they carry."""
    if isinstance(value, Jet):
        return value.value
    if isinstance(value, np.ndarray | np.generic | float):
        return np.real(value)
    import jax

    return jax.lax.stop_gradient(value)


def _root(right: Any, q: Any) -> Any:
    """Solution s of g(s) = right by Newton's method, safe here: g is monotone, and convex (q > 1) or concave (q < 1).

    The start lies on g's asymptotes (right below, right / q above); every step then stays on one side of the root.
    """
    xp = namespace(right, q)
    s = xp.minimum(right, 0.0) + xp.maximum(right, 0.0) / q
    rest = 1.0 - q
    for _ in range(STEPS if xp is np else TRACED_STEPS):
        turn, share = softplus_logistic(s) if xp is np else (softplus(s, xp), xp.exp(-softplus(-s, xp)))
        step = (s - rest * turn - right) / (1.0 - rest * share)
        s = s - step
        if xp is np and not np.any(np.abs(step) > LAST_STEP):
            break
    return s
