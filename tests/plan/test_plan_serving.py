"""What generating costs: published and recomputed test vectors, brute force, limits, and plans that serve."""

import numpy as np
import pytest

from gnomon.errors import InputError
from gnomon.laws.chinchilla import Chinchilla
from gnomon.plan import QWEN3, Architecture, allocate, best_split, cost_model, crossover_length, dense6, generation
from gnomon.plan.serving import attended
from gnomon.plan.surface import Surface

# Recomputed for Qwen3 at a prompt of 200, I = 562.5, in 1e12 FLOP-equivalents: linear, attention, memory, total
VECTORS = [
    ("0.6B", 32768, 1, 49.28, 124.6, 35060, 35230),
    ("0.6B", 8192, 16, 197.1, 129.2, 34740, 35070),
    ("4B", 8192, 1, 65.86, 20.76, 2919, 3006),
    ("14B", 32768, 1, 968, 445.2, 50080, 51500),
    ("32B", 32768, 1, 2147, 1140, 80130, 83420),
    ("32B", 8192, 1, 536.7, 73.8, 5189, 5800),
]


@pytest.mark.parametrize(("size", "generated", "trials", "linear", "attention", "memory", "total"), VECTORS)
def test_vectors(size, generated, trials, linear, attention, memory, total):
    found = generation(QWEN3[size], prompt=200, generated=generated, trials=trials)
    assert found.linear / 1e12 == pytest.approx(linear, rel=6e-4)
    assert found.attention / 1e12 == pytest.approx(attention, rel=6e-4)
    assert 562.5 * found.memory / 1e12 == pytest.approx(memory, rel=6e-4)
    assert found.equivalents() / 1e12 == pytest.approx(total, rel=6e-4)


def test_the_cache_of_the_smallest_is_what_the_paper_says():
    """57,344 elements of 2 bytes a token: 3.5 GiB at 32K tokens."""
    model = QWEN3["0.6B"]
    assert 2 * 2 * model.kv_heads * model.head_size * model.layers * 32768 == 3.5 * 2**30


def test_sparse_sum_equals_brute_force():
    rng = np.random.default_rng(0)
    for _ in range(200):
        budget, prompt, generated = (int(x) for x in rng.integers(1, 400, 3))
        assert attended(prompt, generated, budget) == sum(min(budget, prompt + t) for t in range(generated))
    assert attended(200, 8192, 1024) == 8_048_708


def test_the_published_top_k_sum_has_the_other_sign():
    """At a budget of 1024 and a prompt of 200 the published function gives 8,728,096, the exact sum 8,048,708."""
    model = Architecture(1.0, 1, 1, 1, 1)
    published = generation(model, prompt=200, generated=8192, budget=1024, published_top_k=True)
    exact = generation(model, prompt=200, generated=8192, budget=1024)
    assert published.attention / 4 == 8_728_096
    assert exact.attention / 4 == 8_048_708
    assert published.memory == published.attention  # one head, 2 bytes: 4 bytes a position as 4 FLOP


def test_limits():
    model = QWEN3["4B"]
    dense = generation(model, prompt=300, generated=1000)
    assert dense.equivalents(0.0) == dense.flops
    everything = generation(model, prompt=300, generated=1000, budget=1300)
    assert everything.attention == pytest.approx(dense.attention, rel=1000 / 2 / (1000 * 800))
    assert everything.attention < dense.attention  # the closed form counts half a position a token too many
    for budget in (None, 64):
        one, many = (generation(model, prompt=0, generated=500, trials=n, budget=budget) for n in (1, 7))
        assert many.equivalents() == pytest.approx(7 * one.equivalents(), rel=1e-13)
    shared = generation(model, prompt=5000, generated=500, trials=8)
    assert shared.memory < 8 * generation(model, prompt=5000, generated=500).memory  # the prompt is read once


def test_switches_add_what_they_say():
    model, at = QWEN3["8B"], {"prompt": 1000, "generated": 200}
    plain = generation(model, **at)
    assert generation(model, **at, prefill=True).linear - plain.linear == 2 * model.params * 1000
    single = generation(model, **at, weights_batch=1)
    assert single.memory - plain.memory == 2 * model.params * 200
    assert generation(model, **at, weights_batch=64).memory - plain.memory == pytest.approx(2 * model.params * 200 / 64)
    sparse = generation(model, **at, budget=128)
    searched = generation(model, **at, budget=128, block=16)
    assert searched.attention - sparse.attention == 2200 // 16 * 200 * 32 * 128 * 36
    assert searched.memory - sparse.memory == 2200 // 16 * 200 * 8 * 128 * 36
    assert generation(model, **at, cache_bytes=1.0).memory == plain.memory / 2


def test_crossover_length():
    """46 tokens for 0.6B and 876 for 32B; there, attention and cache reads equal the linear layers."""
    assert crossover_length(QWEN3["0.6B"]) == pytest.approx(46, abs=0.5)
    assert crossover_length(QWEN3["32B"]) == pytest.approx(876, abs=0.5)
    length = round(crossover_length(QWEN3["32B"]))
    found = generation(QWEN3["32B"], prompt=0, generated=length)
    assert found.equivalents() - found.linear == pytest.approx(found.linear, rel=2e-3)


def test_refusals():
    with pytest.raises(InputError, match="divide"):
        Architecture(1e9, 12, 12, 5, 64)
    with pytest.raises(InputError, match="at least"):
        generation(QWEN3["4B"], prompt=0, generated=0)
    with pytest.raises(InputError, match="sparse"):
        generation(QWEN3["4B"], prompt=0, generated=10, block=16)


def test_the_plans_model_agrees_with_the_shape_it_stands_for():
    """A decoder that follows the rule (width 4096, 32 layers, 32 heads of 128, 8 of keys) costs the same in both."""
    params = 12 * 32 * 4096**2
    model = Architecture(params, 32, 32, 8, 128)
    for prompt, generated, trials in ((200, 8192, 1), (32_000, 500, 1), (4000, 2000, 16)):
        served = cost_model(f"kinetics(prompt={prompt}, generated={generated}, trials={trials}, group=4)")
        whole = generation(model, prompt=prompt, generated=generated, trials=trials)
        assert served.serving(params) == pytest.approx(whole.equivalents() / (generated * trials), rel=1e-12)


def no_forecast(at):
    return [None] * len(at)


def test_short_answers_without_cache_reads_are_the_plain_model():
    at = {"flops": 1e23, "inference_tokens": 1e12, "loss_interval": no_forecast}
    plain = allocate(Chinchilla.besiroglu2024, **at)
    same = allocate(Chinchilla.besiroglu2024, cost="kinetics(prompt=0, generated=1, intensity=0)", **at)
    read = allocate(Chinchilla.besiroglu2024, cost="kinetics", **at)
    assert same.decision["params"] == pytest.approx(plain.decision["params"], rel=1e-3)
    assert read.decision["params"] < plain.decision["params"]
    assert any("byte" in line for line in read.assumes)


def test_rounded_constants_would_serve_another_model():
    """Sardana et al. 2023 at 30B and 5e12 tokens: unrounded constants give 16.8B on 3.40T, rounded ones 19.0B on 4.67T."""
    law = Chinchilla.hoffmann2022_rounded
    best = best_split(Surface(law, dense6), np.geomspace(1e21, 1e25, 401))
    loss = float(np.interp(np.log(30e9), np.log(best.params), best.loss))
    found = allocate(law, loss=loss, inference_tokens=5e12, loss_interval=no_forecast).decision
    assert found["params"] == pytest.approx(19.0e9, rel=0.01)
    assert found["tokens"] == pytest.approx(4.67e12, rel=0.01)
    assert found["saving"] == pytest.approx(0.09, abs=0.005)
