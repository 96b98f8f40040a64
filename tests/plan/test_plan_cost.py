"""Cost models: every conversion inverts another, and names and options are checked."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.errors import InputError, UnknownNameError
from gnomon.plan.cost import Cost, PerParameter, cost_model, costs

OPTIONS = ("moe(active=0.2)", "exact(context=128k)", "kaplan(counted=total)", "kinetics(prompt=32k, generated=500)")


@pytest.mark.parametrize("name", [*sorted(set(costs()) - {"moe"}), *OPTIONS])
def test_conversions_invert_each_other(name):
    model = cost_model(name)
    for params in (1e5, 7e9, 2e12):
        flops = model.flops(params, 2e12)
        assert model.tokens(flops, params) == pytest.approx(2e12, rel=1e-12)
        assert model.params(flops, 2e12) == pytest.approx(params, rel=1e-12)
        assert model.serving(params) > 0
    assert "FLOP per " in model.assumption
    assert isinstance(model, Cost)


@settings(max_examples=100, deadline=None)
@given(
    params=st.floats(1e3, 1e14),
    tokens=st.floats(1e6, 1e16),
    context=st.integers(1, 10**7),
    vocabulary=st.integers(2, 10**6),
    aspect=st.floats(1.0, 2000.0),
    counted=st.sampled_from(["total", "non-embedding"]),
)
def test_any_decoder_inverts_and_grows(params, tokens, context, vocabulary, aspect, counted):
    """Whatever the shape: sizes come back from budgets, larger models cost more, and attention and read-out add."""
    options = f"context={context}, vocabulary={vocabulary}, aspect={aspect!r}, counted={counted}"
    bare, full = cost_model(f"kaplan({options})"), cost_model(f"exact({options})")
    for model in (bare, full):
        flops = model.flops(params, tokens)
        assert model.params(flops, tokens) == pytest.approx(params, rel=1e-9)
        assert model.tokens(flops, params) == pytest.approx(tokens, rel=1e-9)
        assert model.flops(params * 1.01, tokens) > flops
    assert full.flops(params, tokens) > bare.flops(params, tokens)


@pytest.mark.parametrize("name", sorted(costs()))
def test_a_model_is_found_by_its_name(name):
    assert costs()[name].name == name
    if name != "moe":
        assert cost_model(name) == costs()[name]


def test_six_and_two_are_the_dense_defaults():
    model = cost_model("6ND")
    assert model.flops(1.0, 1.0) == 6.0
    assert model.serving(1.0) == 2.0


def test_gpt3_cost_what_was_printed():
    """Brown et al. 2020, table D.1: 174.6B parameters, 300B tokens, 3.14e23 FLOP."""
    assert cost_model("6ND").flops(174.6e9, 300e9) == pytest.approx(3.14e23, rel=2e-3)


def test_options_are_read_with_their_suffixes_and_kept_in_the_name():
    model = cost_model(" exact( context = 8k, counted = total ) ")
    assert model.name == "exact(context=8000, counted=total)"
    assert "8000 tokens" in model.assumption
    assert cost_model(model.name) == model
    assert cost_model("moe(active=0.25)").flops(1e9, 1e9) == 6 * 0.25e18


def test_an_object_is_its_own_model():
    mine = PerParameter("mine", train=6.3, serve=2.1, assumption="attention counted at 2048")
    assert isinstance(mine, Cost)
    assert cost_model(mine) is mine


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        ("6DN", UnknownNameError, "6ND"),
        ("exact(contxt=3)", UnknownNameError, "context"),
        ("6ND(context=3)", UnknownNameError, "no option"),
        ("exact(context)", InputError, "needs a value"),
        ("exact(context=abc)", InputError, "expected a number"),
        ("exact(context=0)", InputError, "above 0"),
        ("exact(counted=some)", InputError, "non-embedding or total"),
        ("kinetics(group=0)", InputError, "positive"),
        ("moe", InputError, "active"),
        ("moe(active=2)", InputError, "between 0 and 1"),
        ("exact(context=1", UnknownNameError, "exact"),
        (6.0, InputError, "cost model"),
    ],
)
def test_wrong_names_and_options_are_refused(wrong, error, said):
    with pytest.raises(error) as raised:
        cost_model(wrong)
    assert said in f"{raised.value.message} {raised.value.hint}"
