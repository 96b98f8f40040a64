"""The file of a sweep: what it means, and what is said where it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gnomon.errors import GnomonError
from gnomon.laws import MupLR, StepLawBatch, StepLawLR
from gnomon.sweep import design_sweep, read_spec
from gnomon.sweep.spec import Spec

Write = Callable[..., Path]


def test_a_spec_and_its_defaults(write: Write) -> None:
    spec = read_spec(write())
    assert (spec.name, spec.law, spec.level, spec.next_budget) == ("spec", None, 0.9, None)
    assert spec.folder == Path(spec.file).parent / "spec-sweep"
    assert [size.params for size in spec.sizes.found] == [800, 1600, 3200, 6400, 12800, 25600]
    assert spec.target.point == {"params": 25600, "tokens": 512000}
    assert spec.metrics.response == "loss"
    assert spec.engine.name == "serial"


@pytest.mark.parametrize(
    ("old", "new", "key", "told"),
    [
        ("[trainer]", "[trainr]", "trainer", "got nothing, expected a table"),
        ('format = "jsonl"', 'format = "json"', "metrics.format", "got 'json', expected one of stdout, wandb"),
        ('format = "jsonl"', 'format = "stdout"', "metrics.pattern", "got nothing, expected a regular expression"),
        ('format = "jsonl"', 'format = "stdout"\npattern = "("', "metrics.pattern", "expected a regular expression"),
        (
            'format = "jsonl"',
            'format = "stdout"\npattern = "(?P<x>.)"',
            "metrics.pattern",
            "expected a group (?P<loss>...)",
        ),
        ('budget = "4e10"', 'budget = "a lot"', "ladder.budget", "got 'a lot', expected training FLOP"),
        ('budget = "4e10"', "budget = -3", "ladder.budget", "got -3"),
        ("sizes = 4", "sizes = 2", "ladder.sizes", "expected a whole number of at least 3"),
        ("sizes = 4", "seeds = 2", "ladder.seeds", "got 2, expected 1, or a command with {seed}"),
        ("sizes = 4", "tokens_per_param = [20]", "ladder.tokens_per_param", "at least two"),
        ("sizes = 4", 'cost = "7ND"', "ladder.cost", "No cost model is called '7ND'"),
        ("sizes = 4", "size = 4", "ladder.size", "no such key"),
        ("sizes = 4", "[[ladder.more]]\nwidth = 9\ntokens = 100", "ladder.more[1].width", "one of the sizes of [size]"),
        ("{params} {tokens}", "{parms} {tokens}", "trainer.command", "got the placeholder {parms}, expected one of"),
        ("{params} {tokens}", "{params {tokens}", "trainer.command", "expected placeholders such as {tokens}"),
        ("{params} {tokens}", "{} {tokens}", "trainer.command", "got the placeholder {}"),
        ('"{python} -S', '" ', "trainer.command", ""),
        ('params = "100 * width"', 'params = "100 * depth"', "size.params", "expected a formula of width"),
        ('params = "100 * width"', 'params = "100 *"', "size.params", "ends too early"),
        ('params = "100 * width"', 'params = "width - 100"', "size.params", "expected above zero"),
        ("values = [8, 16, 32, 64, 128, 256]", "values = [8, 16]", "size", "at least 3 with different params"),
        ("values = [8, 16, 32, 64, 128, 256]", "from = 8", "size.to", "got nothing, expected a number above zero"),
        ("values = [8, 16, 32, 64, 128, 256]", "from = 8\nto = 4", "size.to", "more than from = 8"),
        ("tokens_per_param = 20", "tokens = 1\ntokens_per_param = 20", "target.tokens", "got both"),
        ("width = 256\ntokens", "tokens", "target.width", "expected params, or width"),
        ('name = "serial"', 'name = "cloud"', "engine.name", "got 'cloud', expected one of serial"),
        ("[target]", "[settings]\nlr = [[1]]\n[target]", "settings.lr", "a list of values"),
        ("[target]", "[settings]\nlr = {}\n[target]", "settings.lr", "got {}, expected a value"),
        ("[target]", '[settings]\nlr = { law = "step_law" }\n[target]', "settings.lr.law", "expected one of"),
        (
            "[target]",
            '[settings]\nlr = { law = "mup_lr" }\n[target]',
            "settings.lr.through",
            "a measured point with width, lr",
        ),
        (
            "[target]",
            '[settings]\nlr = { law = "mup_lr", through = { width = 8 } }\n[target]',
            "settings.lr.through.lr",
            "got nothing",
        ),
        (
            "[target]",
            '[settings]\nlr = { formula = "1 / depth" }\n[target]',
            "settings.lr",
            "reads depth, which nothing",
        ),
        ("[target]", '[settings]\na = { formula = "1 / a" }\n[target]', "settings.a", "needs a setting that needs it"),
        (
            "[target]",
            '[settings]\na = { formula = "params", power_of = 1 }\n[target]',
            "settings.a.power_of",
            "a number above 1",
        ),
        ("[target]", "[settings]\nseed = 3\n[target]", "settings.seed", "another name"),
        ("[target]", "[settings]\nwidth = 3\n[target]", "settings.width", "is set by [size] already"),
        ("[target]", "[settings]\nlr = [1, 2]\n[target]", "settings.lr", "the command has no {lr}"),
        ("[target]", '[fit]\nlaw = "chinchila"\n[target]', "fit.law", "chinchila"),
        ("[target]", '[fit]\nlaw = "muennighoff"\n[target]', "fit.law", "expected a law of params and tokens"),
        ("[target]", "[fit]\nlevel = 1.5\n[target]", "fit.level", "below 1"),
        ('format = "jsonl"', 'format = "jsonl"\nresponse = "width"', "metrics.response", "a measured column"),
        ("[target]", "[next]\nbudged = 1\n[target]", "next.budged", "no such key"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_key(write: Write, old: str, new: str, key: str, told: str) -> None:
    path = write((old, new))
    if new == '" ':  # a command of which nothing runs is no matter of the file
        assert read_spec(path).trainer.words[0] == "trainer_tiny.py"
        return
    with pytest.raises(GnomonError) as caught:
        read_spec(path)
    error = caught.value
    assert error.where.file == str(path)
    assert error.where.key == key
    assert str(error).startswith(f"{path}, {key}: ")
    assert told in error.message
    assert error.to_dict()["error"]["where"]["key"] == key
    assert error.exit_status == 2


def test_no_toml_is_told_with_its_row(write: Write) -> None:
    path = write(('knob = "width"', "knob = width"))
    with pytest.raises(GnomonError, match="is not TOML") as caught:
        read_spec(path)
    assert caught.value.where.row == path.read_text().splitlines().index("knob = width") + 1
    with pytest.raises(GnomonError, match=r"no such file.*Did you mean spec.toml"):
        read_spec(path.with_name("spec.tml"))


def values(spec: Spec) -> list[dict[str, float]]:
    return [dict(one.values) for one in design_sweep(spec).planned]


def test_settings_follow_laws_formulas_and_each_other(write: Write) -> None:
    settings = """[settings]
steps = { formula = "tokens / batch_tokens", multiple_of = 1 }
batch_tokens = { law = "step_law_batch", power_of = 2 }
lr = { law = "step_law_lr", constants = "li2025_rounded" }
narrow = { law = "mup_lr", through = { width = 32, lr = 0.01 }, most = 0.02 }
beta = 0.95
schedule = "cosine"
[target]"""
    spec = read_spec(write(("[target]", settings)))
    batch, rate = StepLawBatch.li2025, StepLawLR.li2025_rounded
    transfer = MupLR.through("mup_adam", width=32, lr=0.01)
    for found in values(spec):
        exact = batch(tokens=found["tokens"])
        assert found["batch_tokens"] in {2**k for k in range(30)}
        assert 0.7 < found["batch_tokens"] / exact < 1.42
        assert found["steps"] == max(round(found["tokens"] / found["batch_tokens"]), 1)
        assert found["lr"] == pytest.approx(rate(params=found["params"], tokens=found["tokens"]), rel=6e-4)
        assert found["narrow"] == pytest.approx(min(transfer(width=found["width"]), 0.02), rel=6e-4)
        assert (found["beta"], found["schedule"]) == (0.95, "cosine")
    (notice,) = (n for n in design_sweep(spec).notices if n.data == {"setting": "lr"})
    assert "params 800 to 6.4k (measured: 60M to 1B)" in notice.message


def test_which_way_is_better_is_asked_where_values_are_tried(write: Write) -> None:
    tried = (("{params} {tokens}", "{params} {tokens} {lr}"), ("[target]", "[settings]\nlr = [1, 2]\n[target]"))
    read_spec(write(*tried))
    accuracy = ("{ loss", '{ accuracy = "val_acc" }\nresponse = "accuracy"\n#')
    with pytest.raises(GnomonError, match="Of accuracy more is better") as caught:
        read_spec(write(*tried, accuracy))
    assert caught.value.where.key == "metrics.better"
    read_spec(write(*tried, (accuracy[0], accuracy[1].replace("\n#", '\nbetter = "high"\n#'))))
    read_spec(write(accuracy))


def test_names_tell_runs_apart(write: Write) -> None:
    more = "[[ladder.more]]\nwidth = 64\ntokens = 320000\n[[ladder.more]]\nwidth = 64\ntokens = 320001\n[target]"
    names = [one.run for one in design_sweep(read_spec(write(("[target]", more)))).planned]
    assert len(set(names)) == len(names) == 14
    assert sum(name.startswith("width64-320k-") for name in names) == 2


def test_sizes_by_a_table_and_by_a_range(write: Write) -> None:
    table = """[[size]]
preset = "tiny"
params = "1k"
[[size]]
preset = "small"
params = 4e3
[[size]]
preset = "medium"
params = 9000
"""
    old = 'knob = "width"\nvalues = [8, 16, 32, 64, 128, 256]\nparams = "100 * width"\n'
    whole = write(
        (f"[size]\n{old}", table), ("width = 256", 'preset = "medium"'), ("{params} {tokens}", "{preset} {tokens}")
    )
    spec = read_spec(whole)
    assert [(size.values["preset"], size.params) for size in spec.sizes.found] == [
        ("tiny", 1000), ("small", 4000), ("medium", 9000),
    ]  # fmt: skip
    assert spec.target.params == 9000
    spec = read_spec(write(("values = [8, 16, 32, 64, 128, 256]", "from = 10\nto = 100\nmultiple_of = 8")))
    assert [size.values["width"] for size in spec.sizes.found] == [16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96]
    assert spec.target.params == 25600, "a target may lie beyond the ladder's sizes"


def test_two_trials_must_not_share_a_command_or_a_log(write: Write) -> None:
    with pytest.raises(GnomonError, match="would run the same command"):
        design_sweep(read_spec(write(("{params} {tokens}", "{params} 100"))))
    with pytest.raises(GnomonError, match=r"spec.toml, metrics.path: .* would log to the same place"):
        design_sweep(read_spec(write(('path = "{folder}/log.jsonl"', 'path = "logs/{width}.jsonl"'))))
    design_sweep(read_spec(write(('path = "{folder}/log.jsonl"', 'path = "logs/{width}-{tokens}.jsonl"'))))
