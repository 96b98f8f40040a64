"""Data whose best loss is known: Markov texts and noisy teachers."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.errors import InputError
from gnomon.lab import MLP, Decoder, NextSymbol, Recipe, train
from gnomon.lab.sources import markov_text
from gnomon.lab.teacher import Regress, Teacher, label_entropy


@given(st.integers(2, 6), st.integers(1, 3), st.floats(0.05, 5.0), st.integers(0, 9))
@settings(max_examples=20, deadline=None)
def test_the_chain_is_a_chain_and_its_entropy_lies_between_nothing_and_guessing(
    symbols: int, order: int, concentration: float, seed: int
) -> None:
    source = markov_text(symbols, order, concentration=concentration, train=200, valid=50, seed=seed)
    assert source.chain.shape == (symbols**order, symbols)
    assert source.chain.sum(1) == pytest.approx(1.0)
    step = np.zeros(len(source.stationary))
    for context, row in enumerate(source.chain):  # by hand, one transition at a time
        for symbol, p in enumerate(row):
            step[(context * symbols + symbol) % len(step)] += source.stationary[context] * p
    assert step == pytest.approx(source.stationary, abs=1e-9)
    assert 0 <= source.entropy <= np.log(symbols) + 1e-12
    assert source.floor(50) >= source.entropy - 1e-12
    assert source.floor(1) >= source.floor(10) - 1e-12
    assert source.floor(10_000) == pytest.approx(source.entropy, abs=order * np.log(symbols) / 5_000)


def test_the_text_has_the_entropy_that_is_claimed() -> None:
    source = markov_text(
        3, 2, concentration=2.0, train=150_000, valid=1000
    )  # mixes fast: shares settle within the text
    text = source.text.train.astype(int)
    context = text[:-2] * 3 + text[1:-1]
    found = -np.log(source.chain[context, text[2:]])
    assert found.mean() == pytest.approx(source.entropy, abs=4 * found.std() / np.sqrt(len(found)))
    pairs = Counter(zip(text[:-1].tolist(), text[1:].tolist(), strict=True))  # the floor's first position, by counting
    total = sum(pairs.values())
    first = Counter(text[:-1].tolist())
    conditional = -sum(n / total * np.log(n / first[a]) for (a, _), n in pairs.items())
    assert source.floor(1) == pytest.approx(conditional, abs=0.01)
    assert (markov_text(3, 2, concentration=2.0, train=100, valid=10).text.train == source.text.train[:100]).all()


def test_a_small_decoder_comes_down_to_the_entropy_and_not_below() -> None:
    source = markov_text(4, 1, concentration=0.3, train=100_000, valid=20_000)
    task = NextSymbol(source.text, length=16, evaluated=512)
    trained = train(Decoder(16, 4, 1), task, Recipe(400, 32, 5e-3))
    assert trained.loss is not None
    assert trained.loss == pytest.approx(source.floor(16), abs=0.03)
    assert source.entropy < 0.8 * np.log(4)  # there was something to learn


@pytest.mark.parametrize("wrong", [(1, 1, 0.5), (2, 0, 0.5), (2, 1, 0.0), (50, 4, 0.5)])
def test_a_source_that_cannot_be(wrong: tuple[int, int, float]) -> None:
    with pytest.raises(InputError, match="expected"):
        markov_text(wrong[0], wrong[1], concentration=wrong[2])


def test_labels_are_wrong_as_often_as_told() -> None:
    teacher = Teacher(outputs=8)
    clean, noisy = (teacher.classes(20_000, "train", noise=q).classes for q in (0.0, 0.2))
    assert (clean == noisy).mean() == pytest.approx(0.8 + 0.2 / 8, abs=0.01)
    assert label_entropy(8, 0.2) == pytest.approx(0.804, abs=5e-4)
    assert label_entropy(8, 0.0) == 0.0
    assert label_entropy(8, 1.0) == pytest.approx(np.log(8))
    assert np.bincount(clean, minlength=8).min() > 0.02 * len(clean)
    assert (teacher.classes(100, "train").inputs == teacher.classes(20_000, "train").inputs[:100]).all()
    with pytest.raises(InputError, match="2 outputs or more"):
        Teacher().classes(10, "train")
    with pytest.raises(InputError, match="expected 0 or more"):
        Teacher().numbers(10, "train", noise=-1.0)


def test_a_student_comes_down_to_the_noise() -> None:
    teacher = Teacher()
    noise = 0.3
    pool, valid = (teacher.numbers(n, part, noise=noise) for n, part in ((20_000, "train"), (2000, "valid")))
    assert (pool.targets - teacher(pool.inputs)).std() == pytest.approx(noise, rel=0.03)
    trained = train(MLP(16, (256,), 1), Regress(pool, valid), Recipe(4000, 100, 3e-3))
    assert trained.loss is not None
    assert noise**2 < trained.loss < 1.35 * noise**2
    assert np.var(valid.targets) > 10 * noise**2  # there was something to learn
