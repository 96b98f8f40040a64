"""Two trainers that were not written for gnomon, swept end to end from their files."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

from gnomon.cli.main import run
from gnomon.sweep import read_spec
from gnomon.sweep.setting import settle

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "own_trainer"


def swept(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    shutil.copytree(EXAMPLES, tmp_path / "own_trainer", ignore=shutil.ignore_patterns("*-sweep", "__pycache__"))
    status = run(["sweep", str(tmp_path / "own_trainer" / name), "--json", "--quiet"])
    document = json.loads(capsys.readouterr().out)
    assert status == 0, document
    assert document["trials"]["failed"] == 0
    assert {one["status"] for one in document["ladder"]} == {"done"}
    assert document["forecast"]["points"][0]["low"] < min(one["value"] for one in document["ladder"])
    assert not any(warning["code"] == "params-differ" for warning in document["warnings"])
    return document


@pytest.mark.slow  # twelve trainings, 8 CPU seconds: the real thing, end to end
def test_a_numpy_trainer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = swept(tmp_path, "sweep.toml", capsys)
    ladder = document["ladder"]
    assert isinstance(ladder, list)
    assert len(ladder) == 12
    losses = {(one["values"]["width"], one["values"]["tokens"]): one["value"] for one in ladder}
    for width in (8, 16, 32, 64):
        along = [loss for (w, _), loss in sorted(losses.items()) if w == width]
        assert along == sorted(along, reverse=True), "more text, less loss"
    assert 1 < min(losses.values()) < 2 < max(losses.values()) < np.log(96), "it learns, and no more than text lets it"


@pytest.mark.slow  # eight trainings, and importing torch for each
def test_a_torch_trainer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    document = swept(tmp_path, "sweep_torch.toml", capsys)
    assert len(document["ladder"]) == 8  # type: ignore[arg-type]


def test_the_parameter_formulas_count_what_the_trainers_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    train = importlib.import_module("train")
    spec = read_spec(EXAMPLES / "sweep.toml")
    for size in spec.sizes.found:
        weights = train.initial(size.values["width"], np.random.default_rng(0))
        assert sum(w.size for w in weights) == size.params
    spec = read_spec(EXAMPLES / "sweep_torch.toml")
    assert settle({"width": 8}, spec.settings)["layers"] == 2
    assert spec.sizes.found[0].params == 3368  # as train_torch.py prints it for --n_embd 8 --n_layer 2


def test_the_gradients_of_the_numpy_trainer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against central differences, in double precision."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    train = importlib.import_module("train")
    rng = np.random.default_rng(0)
    weights = [w.astype(float) for w in train.initial(4, rng)]
    x, y = rng.integers(0, 96, (16, 8)), rng.integers(0, 96, 16)
    _, gradients = train.loss_and_gradients(weights, x, y)
    for w, g in zip(weights, gradients, strict=True):
        place = np.unravel_index(np.argmax(np.abs(g)), g.shape)
        old, step = w[place], 1e-5
        w[place] = old + step
        high, _ = train.loss_and_gradients(weights, x, y)
        w[place] = old - step
        low, _ = train.loss_and_gradients(weights, x, y)
        w[place] = old
        assert g[place] == pytest.approx((high - low) / (2 * step), rel=1e-6)


def test_the_page_shows_the_file_of_the_example() -> None:
    page = (EXAMPLES.parents[1] / "docs" / "bring-your-own-trainer.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```toml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert tomllib.loads(shown) == tomllib.loads((EXAMPLES / "sweep.toml").read_text(encoding="utf-8"))
