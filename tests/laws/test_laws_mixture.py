"""Laws of mixtures: any number of domains, what the simplex demands, and the published rank correlations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

import gnomon as gn
from gnomon.errors import InputError, RefusalError
from gnomon.laws import MixingExp, RegMix, law
from gnomon.laws.simplex import off_the_simplex, simplex_points
from gnomon.testing.laws import check_law

THREE = MixingExp.of("mix_web", "mix_code", "mix_books")


def mixtures(law_: type[gn.Law], seed: int, rows: int = 60) -> dict[str, np.ndarray]:
    shares = np.random.default_rng(seed).dirichlet(np.ones(len(law_.inputs)), size=rows).T
    return dict(zip(law_.inputs, shares, strict=True))


@pytest.mark.parametrize("kind", [MixingExp, RegMix])
def test_any_number_of_domains_keeps_the_contract(kind: type[gn.Law]) -> None:
    five = kind.of(*(f"mix_{name}" for name in ("web", "code", "books", "wiki", "papers")))
    check_law(five)
    assert five.spec() == f"{kind.id}(mix_web, mix_code, mix_books, mix_wiki, mix_papers)"
    assert law(five.spec()) is five


def test_parameters_carry_the_names_of_their_domains() -> None:
    assert list(THREE.parameters) == ["c", "k_web", "k_code", "k_books"]
    assert list(THREE.of("train_a", "train_b").parameters) == ["c", "k_train_a", "k_train_b"]
    assert "mix_books alone" in THREE.parameters["k_books"].meaning


def test_it_is_the_form_in_print() -> None:
    """c + k exp(sum t_j r_j) with k_j = k exp(t_j), and a constant added to every t is a change of k."""
    c, k, t = 1.8, 2.5, np.array([-0.3, 0.4, -1.1])
    at = mixtures(THREE, 0)
    shares = np.array(list(at.values()))
    ours = THREE(c=c, **dict(zip(("k_web", "k_code", "k_books"), k * np.exp(t), strict=True)))
    np.testing.assert_allclose(ours(**at), c + k * np.exp(t @ shares), rtol=1e-12)
    np.testing.assert_allclose(ours(**at), c + k * np.exp(-5) * np.exp((t + 5) @ shares), rtol=1e-12)
    assert ours(mix_web=0.0, mix_code=1.0, mix_books=0.0) == pytest.approx(c + k * np.exp(0.4))


def test_a_point_off_the_simplex_is_refused() -> None:
    some = THREE.example()
    assert np.isfinite(some(mix_web=0.5, mix_code=0.5, mix_books=0.0))
    for wrong in (
        {"mix_web": 0.5, "mix_code": 0.3, "mix_books": 0.0},
        {"mix_web": 1.2, "mix_code": -0.2, "mix_books": 0.0},
    ):
        with pytest.raises(InputError):
            some(**wrong)
    with pytest.raises(InputError, match=r"sum to 0\.8, not to 1"):
        some(mix_web=0.5, mix_code=0.3, mix_books=0.0)
    with pytest.raises(InputError, match="at least 2 columns"):
        MixingExp.of("mix_web")


def test_points_of_the_simplex() -> None:
    points = simplex_points(4, 50)
    np.testing.assert_allclose(points.sum(0), 1.0, rtol=1e-12)
    assert points.min() >= 0
    assert points.max() > 0.7
    assert not off_the_simplex(list(points)).any()
    assert np.array_equal(simplex_points(4, 50), points)


def test_the_plain_name_means_every_domain_of_the_table() -> None:
    columns = ("run", "mix_web", "mix_code", "mix_books", "loss", "loss_c4")
    assert law("mixing_exp", columns=columns) is THREE
    assert law("mixing_exp", columns=columns, response="loss_c4") is THREE.of(*THREE.inputs, output="loss_c4")
    assert law("mixing_exp(mix_web, mix_code)", columns=columns).inputs == ("mix_web", "mix_code")


def test_fit_recovers_the_losses_of_pure_domains_from_noisy_runs() -> None:
    truth = THREE(c=2.0, k_web=0.8, k_code=2.2, k_books=1.2)
    at = mixtures(THREE, 3, rows=120)
    noise = np.exp(np.random.default_rng(4).normal(0, 0.002, 120))
    fit = gn.fit("mixing_exp", {**at, "loss": truth(**at) * noise}, objective="squared_log", draws=200)
    for name, estimate in fit.parameters.items():
        assert estimate.low is not None
        assert estimate.high is not None
        wide = estimate.high - estimate.low
        assert estimate.low - wide < truth.values[name] < estimate.high + wide
    assert fit.parameters["k_code"].value == pytest.approx(2.2, rel=0.05)


def test_rows_off_the_simplex_are_counted_out_and_percent_is_refused() -> None:
    truth = THREE.example()
    at = mixtures(THREE, 5, rows=40)
    loss = truth(**at)
    broken = {name: values.copy() for name, values in at.items()}
    broken["mix_web"][:3] += 0.4
    fit = gn.fit("mixing_exp", {**broken, "loss": loss}, intervals="none")
    assert [(why, count) for why, count in fit.removed if "sum" in why] == [
        ("shares mix_web ... mix_books negative, or not summing to 1", 3)
    ]
    assert fit.value < 1e-12
    with pytest.raises(RefusalError, match="none of 40 rows"):
        gn.fit("mixing_exp", {**{k: 100 * v for k, v in at.items()}, "loss": loss}, intervals="none")


def test_published_rank_correlations_of_held_out_mixtures(public_data: Callable[[str], Path]) -> None:
    """512 tiny runs of 17 domains: Spearman .963 (exponential) and .902 (line) on 256 held-out ones (law-catalogue, 27, 28)."""
    runs = gn.read_runs(public_data("regmix/mixtures.csv"))
    small, held = runs.where("family = '1m' and split = 'train'"), runs.where("family = '1m' and split = 'test'")
    from gnomon.fit.estimate import make_design
    from gnomon.fit.objective import objective
    from gnomon.fit.search import search

    for name, published in (("mixing_exp", 0.963), ("regmix", 0.902)):
        entry = law(name, columns=runs.names, response="loss_pile_cc")
        assert len(entry.inputs) == 17
        design = make_design(entry, small)
        best = search(design, objective("huber:0.02"))
        predicted = design.at({c: held[c] for c in entry.inputs}).predict(best.theta)[0]
        assert spearmanr(predicted, held["loss_pile_cc"])[0] == pytest.approx(published, abs=0.002)


def test_a_forecast_of_a_mixture_without_a_domain() -> None:
    from gnomon.cli.fit_page import next_point
    from gnomon.cli.options import point

    truth = THREE(c=2.0, k_web=0.8, k_code=2.2, k_books=1.2)
    at = mixtures(THREE, 6)
    noise = np.exp(np.random.default_rng(7).normal(0, 0.003, 60))
    fit = gn.fit("mixing_exp", {**at, "loss": truth(**at) * noise}, draws=100)
    asked = point("mix_web=0.75,mix_code=0.25,mix_books=0")
    (found,) = fit.forecast(**asked).points
    assert found.low < truth(**asked) < found.high
    assert next_point(fit) == "mix_web=0.3333,mix_code=0.3333,mix_books=0.3333"
    with pytest.raises(InputError, match="above zero"):
        point("mix_web=-0.1")
    with pytest.raises(InputError, match="above zero"):
        point("params=0")
