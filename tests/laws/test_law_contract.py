"""The catalogue crossed with the contract, and laws that break it: each must be caught by the check there is for it."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gnomon.laws
from gnomon.laws import CATALOGUE, Law, Published, coefficient, exponent, floor, law, number
from gnomon.laws.rest import Slopes
from gnomon.testing.laws import CHECKS, ContractFailure, cases, check_law, run_check

# Besides every law under its own id: other columns, another response, a variant, and formulas somebody types.
OTHERS = (
    "pow(tokens)",
    "err_avg = pow_floor(params)",
    "m4(tokens)",
    "chinchilla(active_params, planned_tokens)",
    "loss_c4 = muennighoff",
    "bnsl(2, tokens)",
)
TYPED = (
    "E + A/N^alpha + B/D^beta",
    "E + (A/N^alpha + B/D^beta)^gamma",
    "E + k*(N + x0)^-a; a in [0.1, 0.9]",
    "E + A/width^a; given width",
    "lr = c*N^a*D^b",
    "E + A/n^a where n = N + r*D",
)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("spec", [*CATALOGUE, *OTHERS])
def test_law_keeps_the_contract(spec: str, check: str) -> None:
    run_check(check, law(spec))


def test_law_with_many_breaks_keeps_the_contract() -> None:
    check_law(law("bnsl(3)"))


@pytest.mark.parametrize("spec", TYPED)
def test_typed_formula_keeps_the_contract(spec: str) -> None:
    check_law(law(spec), skip=("declares_itself",))


@pytest.mark.parametrize("spec", CATALOGUE)
def test_law_of_the_catalogue_says_when_to_use_it(spec: str) -> None:
    entry = law(spec)
    assert entry.id == spec
    for said in (entry.holds, entry.misleads):
        assert said.endswith(".")
        assert 20 < len(said) < 160
    assert entry.bibtex.startswith("@article{")
    assert entry.exempt == {}


def test_every_law_in_the_folder_is_in_the_catalogue() -> None:
    folder = Path(inspect.getfile(gnomon.laws)).parent
    found = set()
    for file in folder.rglob("*.py"):
        if file.stem == "__init__":
            continue
        path = ".".join(file.relative_to(folder).with_suffix("").parts)
        module = import_module(f"gnomon.laws.{path}")
        for name, thing in vars(module).items():
            if isinstance(thing, type) and issubclass(thing, Law) and thing.__module__ == module.__name__ and thing.id:
                found.add(f"{path}:{name}")
    assert found == set(CATALOGUE.values())


def test_public_names_are_listed_and_resolve() -> None:
    for name in gnomon.laws.__all__:
        assert getattr(gnomon.laws, name) is not None
    for path in CATALOGUE.values():
        assert path.partition(":")[2] in gnomon.laws.__all__
    with pytest.raises(AttributeError):
        gnomon.laws.NoSuchLaw  # noqa: B018


# Negative controls ----------------------------------------------------------------------------------------------------


class Sound(Law):
    """A floor and a power."""

    id = "sound"
    question = "What is the loss?"
    inputs = ("params",)
    text = "loss = E + A / params^alpha"
    source = "made for this test"

    E: float = floor("floor")
    A: float = coefficient("coefficient", params="alpha")
    alpha: float = exponent("exponent")

    def formula(self, params: Any) -> Any:
        return self.E + self.A / params**self.alpha


def test_sound_law_passes() -> None:
    check_law(Sound, skip=("recovers_itself",))


def variant(**changes: Any) -> type[Law]:
    return type("Broken", (Sound,), {"__doc__": "A law with a fault.", **changes})


def _square_root(self: Any, params: Any) -> Any:
    return self.E + (self.A / params**self.alpha) ** 0.5


def _reciprocal(self: Any, params: Any) -> Any:
    return self.E + 1.0 / (params**self.alpha / self.A + 1.0)


def _blind(self: Any, params: Any) -> Any:
    return self.E + float(np.real(getattr(self.A, "value", self.A))) / params**self.alpha


def _kinked(self: Any, params: Any) -> Any:
    """Right values, but the derivative of a rounded exponent is lost."""
    exact = getattr(self.alpha, "value", self.alpha)
    return self.E + self.A / params ** (exact + 0.5 * (self.alpha - exact))


def _undefined(self: Any, params: Any) -> Any:
    return self.E + self.A / (params**self.alpha - params[..., 3:4] ** self.alpha)


def _single(self: Any, params: Any) -> Any:
    return np.broadcast_to(np.ravel(self.E + self.A / params**self.alpha)[0], np.shape(params))


def _numpy_only(self: Any, params: Any) -> Any:
    return self.E + self.A / np.exp(self.alpha * np.log(params))


def _far_start(cls: type[Law], inputs: Any, output: Any) -> list[dict[str, float]]:
    return [{"E": 1.0, "A": 1.0}]


class _Power:
    """A / params^alpha, by its logarithm; with a wrong sign, or with an array too many, where asked for."""

    floor = "E"

    def __init__(self, sign: float = -1.0, kept: int = 0) -> None:
        self.sign, self.kept = sign, kept

    def value(self, values: Any, params: Any) -> tuple[Any, ...]:
        return (np.log(values["A"]) - values["alpha"] * np.log(params),)

    def slopes(self, values: Any, kept: Any, params: Any) -> Slopes:
        return Slopes({"A": 1.0, "alpha": self.sign * np.log(params)}, {})


PUBLISHED = {"E": 1.7, "A": 400.0, "alpha": 0.34}
FAULTS: dict[str, tuple[str, type[Law]]] = {
    "another text": ("says_its_formula", variant(text="loss = E + A / params^(alpha / 2)")),
    "a text without a parameter": ("says_its_formula", variant(text="loss = E + params^-alpha")),
    "a text with a stranger": ("says_its_formula", variant(text="loss = E + A / params^alpha + 0 * F")),
    "a text that does not parse": ("says_its_formula", variant(text="loss = E + A / params^")),
    "another formula": ("says_its_formula", variant(formula=_square_root)),
    "no question": ("declares_itself", variant(question="the loss")),
    "a name with a space": ("declares_itself", variant(id="my law")),
    "bounds upside down": ("declares_itself", variant(alpha=exponent("exponent", bounds=(3.0, 0.1)))),
    "nonlinear without a grid": ("declares_itself", variant(alpha=exponent("exponent", grid=()))),
    "units of no column": ("declares_itself", variant(A=coefficient("coefficient", tokens="alpha"))),
    "an exemption from nothing": ("declares_itself", variant(exempt={"is_pretty": "no taste"})),
    "wrong units": ("keeps_units", variant(A=coefficient("coefficient", params="2 * alpha"))),
    "units left out": ("keeps_units", variant(E=number("floor", bounds=(1e-6, 1e2), linear=True, log=True))),
    "linear where it is not": (
        "is_linear_where_declared",
        variant(alpha=number("exponent", bounds=(0.005, 3.0), linear=True, typical=0.3)),
    ),
    "linear only one by one": ("is_linear_where_declared", variant(formula=_reciprocal)),
    "a derivative lost": ("differentiates", variant(formula=_blind)),
    "half a derivative": ("differentiates", variant(formula=_kinked)),
    "half a second derivative": ("curves", variant(formula=_kinked)),
    "a rest with a wrong slope": ("knows_its_rest", variant(rest=classmethod(lambda cls: _Power(1.0)))),
    "a rest that keeps less than it says": ("knows_its_rest", variant(rest=classmethod(lambda cls: _Power(kept=1)))),
    "not finite everywhere": ("is_defined", variant(formula=_undefined)),
    "deaf to its inputs": ("is_defined", variant(formula=_single)),
    "numpy only": ("is_the_same_in_jax", variant(formula=_numpy_only)),
    "published beyond the bounds": (
        "stays_in_bounds",
        variant(
            published={"there": Published(PUBLISHED, "nobody")},
            alpha=exponent("exponent", bounds=(0.4, 3.0), typical=0.5),
        ),
    ),
    "a wrong check value": (
        "reproduces_constants",
        variant(published={"there": Published(PUBLISHED, "nobody", checks=(({"params": 1e9}, 2.0, 1e-6),))}),
    ),
    "published without a source": ("reproduces_constants", variant(published={"there": Published(PUBLISHED, "")})),
    "incomplete starts": ("starts_inside", variant(starts=classmethod(_far_start))),
    "bounds that leave the truth out": (
        "survives_noise",
        variant(
            published={"there": Published(PUBLISHED, "nobody")},
            alpha=exponent("exponent", bounds=(1.0, 3.0), grid=(1.0, 2.0), typical=1.5),
        ),
    ),
    "an open domain": ("refuses_outside", variant(_check_domain=lambda self, name, array: None)),
    "an exemption not needed": ("prints_latex", variant(exempt={"prints_latex": "it once could not"})),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_caught(fault: str) -> None:
    check, broken = FAULTS[fault]
    with pytest.raises(ContractFailure), np.errstate(all="ignore"):
        run_check(check, broken)


def test_a_right_rest_passes() -> None:
    run_check("knows_its_rest", variant(rest=classmethod(lambda cls: _Power())))


def test_every_check_catches_some_fault() -> None:
    """Those without a fault above are watched elsewhere in this file."""
    caught = {check for check, _ in FAULTS.values()}
    assert set(CHECKS) - caught == {"binds_columns", "is_found_again", "recovers_itself"}


def test_a_name_that_leads_elsewhere_is_caught() -> None:
    class Impostor(Sound):
        """Chinchilla's name, another law."""

        id = "chinchilla"

    with pytest.raises(ContractFailure, match="another class"):
        run_check("is_found_again", Impostor)


def test_a_law_that_loses_its_columns_is_caught() -> None:
    def of(cls: type[Law], *columns: str, output: str | None = None, **renamed: str) -> type[Law]:
        return cls

    with pytest.raises(ContractFailure):
        run_check("binds_columns", variant(of=classmethod(of)))


def test_exempt_check_may_fail_with_its_reason() -> None:
    run_check(
        "keeps_units", variant(A=coefficient("c", params="2 * alpha"), exempt={"keeps_units": "a made-up reason"})
    )


def test_all_failures_are_named_together() -> None:
    broken = variant(text="loss = E + A / params^(2 * alpha)", question="?!")
    with pytest.raises(ContractFailure) as failure:
        check_law(broken, skip=("recovers_itself", "is_the_same_in_jax"))
    assert "declares_itself" in str(failure.value)
    assert "says_its_formula" in str(failure.value)


def test_cases_hold_everything_published() -> None:
    assert set(cases(law("chinchilla"))) > set(law("chinchilla").published)
