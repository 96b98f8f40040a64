"""Width rules: kinds, powers, and what they are for: activations that keep their size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.errors import InputError
from gnomon.lab import MLP, AdamW, Attention, Decoder, GatedConv, NextSymbol, Recipe, constant, coordinates, train
from gnomon.lab.classify import Classify, Labelled
from gnomon.lab.kinds import ByKind
from gnomon.lab.width import Ruled, WidthRule, decay_exponent, kinds_by_growth, mup, standard

LAYER = {"mixer_gain": "vector", "mlp_gain": "vector", "up": "hidden", "down": "hidden", "mixer.out": "hidden"}

WIDTHS = (32, 96, 256)  # each compiles a program or two: the coordinate checks take some seconds


def drawn(model: Decoder | MLP) -> dict:
    return model.init(np.random.default_rng(0))


@pytest.mark.parametrize(
    ("mixer", "own"),
    [
        (Attention(), {"mixer.qkv": "hidden"}),
        (GatedConv(), {"mixer.into": "hidden", "mixer.taps": "vector"}),
    ],
)
def test_kinds_of_a_decoder(mixer: Attention | GatedConv, own: dict[str, str]) -> None:
    golden = {"embedding": "embedding", "gain": "vector", "readout": "output"}
    golden |= {f"layers.{k}.{name}": kind for k in (0, 1) for name, kind in (LAYER | own).items()}
    assert kinds_by_growth(*(drawn(Decoder(d, 50, mixer=mixer)) for d in (16, 32))) == golden


def test_kinds_of_a_perceptron() -> None:
    found = kinds_by_growth(*(drawn(MLP(8, (d, d, d), 4)) for d in (16, 32)))
    matrices = {f"matrices.{k}": kind for k, kind in enumerate(("embedding", "hidden", "hidden", "output"))}
    assert found == matrices | {f"biases.{k}": "vector" for k in range(4)}


def test_what_grows_must_agree_with_the_kind() -> None:
    with pytest.raises(InputError, match=r"matrices.1 is of kind hidden, of which 2 sides grow.*\(16, 64\)"):
        kinds_by_growth(drawn(MLP(8, (16, 64, 64), 4)), drawn(MLP(8, (32, 64, 64), 4)))
    with pytest.raises(InputError, match="same shapes"):
        kinds_by_growth(drawn(MLP(8, (16,), 4)), drawn(MLP(8, (16,), 4)))
    with pytest.raises(InputError, match=r"differ in their weights: biases\.2, matrices\.2"):
        kinds_by_growth(drawn(MLP(8, (16,), 4)), drawn(MLP(8, (32, 32), 4)))


def test_powers_of_a_model_four_times_as_wide() -> None:
    """Yang et al. 2022, table of Adam, and decay ~ sqrt(d): worked out by hand for m = 4."""
    rule = mup()
    assert rule.rates(4) == ByKind(embedding=1, hidden=0.25, output=0.25, vector=1)
    assert rule.decays(4) == ByKind(embedding=0, hidden=2, output=0, vector=0)
    weights = {"readout": np.ones((2, 3), np.float32), "layers": [{"up": np.ones((3, 3), np.float32)}]}
    started = rule.started(weights, 4)
    np.testing.assert_array_equal(started["readout"], np.full((2, 3), 0.5, np.float32))
    np.testing.assert_array_equal(started["layers"][0]["up"], 1)
    assert started["readout"].dtype == np.float32
    assert standard().rates(4) == ByKind()
    assert standard().decays(4) == ByKind(embedding=0, hidden=1, output=0, vector=0)


def test_settings_of_a_model_sixteen_times_as_wide() -> None:
    """Tuned at width 256 with rate .02 and decay .1; asked for at 4,096: rate / 16, decay * 4 by the paper's rule."""
    found = mup().settings(16, lr=0.02, decay=0.1)
    assert found == {
        "hidden": (1, pytest.approx(0.00125), pytest.approx(0.4)),
        "embedding": (1, 0.02, 0),
        "output": (0.25, pytest.approx(0.00125), 0),
        "vector": (1, 0.02, 0),
    }
    assert standard().settings(16, lr=0.02, decay=0.1)["hidden"] == (1, 0.02, 0.1)


@pytest.mark.parametrize(("p", "exponent"), [(0.75, 0.5), (0.5, 0.0), (1.0, 1.0)])
def test_decay_of_a_measured_exponent(p: float, exponent: float) -> None:
    assert decay_exponent(p) == exponent
    assert decay_exponent(p, convention="independent") == exponent - 1  # the product with a learning rate ~ 1/d


@given(st.floats(0.2, 1.3), st.floats(1.0, 64.0))
def test_the_rule_holds_the_singular_value_it_was_made_for(p: float, ratio: float) -> None:
    """sqrt(lr/decay) d^p, with the optimiser's own numbers."""
    rule = mup(p)
    moved = (rule.rates(ratio).hidden / rule.decays(ratio).hidden) ** 0.5 * ratio**p
    assert moved == pytest.approx(1, rel=1e-9)
    optimiser = AdamW(decay=0.3, rates=rule.rates(ratio), decays=rule.decays(ratio))
    assert optimiser.shrinkage("hidden", 0.01) == pytest.approx(0.003 * ratio ** (2 * p - 2))
    assert optimiser.shrinkage("output", 0.01) == 0


@pytest.mark.parametrize("ratio", [0, -1, float("nan")])
def test_a_ratio_is_positive(ratio: float) -> None:
    with pytest.raises(InputError, match="expected a number above 0"):
        mup().rates(ratio)


@pytest.fixture(scope="module")
def two_sides() -> Classify:
    """Classes of vectors by a random plane through 16 dimensions."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((512, 16)).astype(np.float32)
    y = (x @ rng.standard_normal(16) > 0).astype(np.int32)
    return Classify(Labelled(x, y), Labelled(x[:64], y[:64]), 512)


def perceptron_slopes(task: Classify, rule: WidthRule) -> dict[str, float]:
    """Slopes of the hidden layers after five steps of AdamW, sizes averaged over eight starts.

    One start alone moves the third layer's slope by .1 to .2: at width 32 five large steps kill or feed many rectifiers.
    """
    found = {}
    for width in WIDTHS:
        model = MLP(16, (width, width, width), 2)
        optimiser = AdamW(decay=0.0, rates=rule.rates(width / 32), decays=rule.decays(width / 32), clip=np.inf)
        recipe = Recipe(5, 64, 0.01, warmup=0.0, optimiser=optimiser, schedule=constant)
        seen = []
        for seed in range(8):
            trained = train(Ruled(model, rule, width / 32), task, recipe, run="check", seed=seed)
            seen.append(coordinates.sizes(model, trained.weights, task.pool.inputs[:64]))
        found[width] = {name: float(np.mean([s[name] for s in seen])) for name in seen[0] if name != "outputs"}
    return coordinates.slopes(found)


def test_activations_of_a_perceptron_keep_their_size_under_mup_only(two_sides: Classify) -> None:
    """Under the standard rule they leave it either way: too large steps kill rectifiers here (slopes near -.4)."""
    assert max(abs(slope) for slope in perceptron_slopes(two_sides, mup()).values()) < 0.1
    assert max(abs(slope) for slope in perceptron_slopes(two_sides, standard()).values()) > 0.3


def decoder_slopes(task: NextSymbol, rule: WidthRule) -> dict[str, float]:
    found = {}
    for width in WIDTHS:
        model = Decoder(width, 50, layers=1, mixer=Attention())
        optimiser = AdamW(decay=0.0, rates=rule.rates(width / 32), decays=rule.decays(width / 32), clip=np.inf)
        recipe = Recipe(5, 8, 0.02, warmup=0.0, optimiser=optimiser, schedule=constant)
        trained = train(Ruled(model, rule, width / 32), task, recipe, run="check")
        found[width] = coordinates.sizes(model, trained.weights, task.held_out().inputs[0])
    return coordinates.slopes(found)


@pytest.mark.slow
def test_activations_of_a_decoder_keep_their_size_under_mup_only(task: NextSymbol) -> None:
    """Outputs too: the read-out starts at 0, so after five steps they hold what was learnt and nothing else."""
    assert max(abs(slope) for slope in decoder_slopes(task, mup()).values()) < 0.1
    assert max(decoder_slopes(task, standard()).values()) > 0.3


def test_slopes_need_three_widths_and_finite_sizes() -> None:
    with pytest.raises(InputError, match="2 widths, expected at least 3"):
        coordinates.slopes({16: {"x": 1.0}, 32: {"x": 1.0}})
    with pytest.raises(InputError, match="Activation x has sizes 1, 0, 1"):
        coordinates.slopes({16: {"x": 1.0}, 32: {"x": 0.0}, 64: {"x": 1.0}})
    by_width = {d: {"x": 3 * d**0.5, "flat": 2.0, "none": 0.0} for d in (16, 32, 64)}
    assert coordinates.slopes(by_width) == pytest.approx({"x": 0.5, "flat": 0.0, "none": 0.0}, abs=1e-12)
