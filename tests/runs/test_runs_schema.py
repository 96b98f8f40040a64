"""The canonical columns and the names people give them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gnomon as gn
from gnomon.errors import ColumnError
from gnomon.runs import FIELDS
from gnomon.runs.match import call, match_columns
from gnomon.runs.schema import plain, share_of


def chosen(names: list[str], **asked: str) -> dict[str, tuple[str, float]]:
    return {c.name: (c.theirs, c.scale) for c in match_columns(names, asked).chosen}


def test_every_name_means_one_thing() -> None:
    owners: dict[str, str] = {}
    for field in FIELDS.values():
        for alias in {plain(a) for a in (*field.aliases, *field.weak, *field.scaled)}:
            assert alias not in FIELDS, f"{alias} is canonical and an alias of {field.name}"
            assert owners.setdefault(alias, field.name) == field.name, alias
        assert field.meaning
        assert field.kind == "number" or not field.scaled


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        # W&B
        ("_step", "step"),
        ("Name", "run"),
        ("config.learning_rate", "lr"),
        ("summary.eval/loss", "loss"),
        ("config.n_params.value", "params"),
        # Hugging Face Trainer
        ("eval_loss", "loss"),
        ("total_flos", "flops"),
        ("num_input_tokens_seen", "tokens"),
        ("train/global_step", "step"),
        ("lr_scheduler_type", "schedule"),
        # OLMo
        ("throughput/total_tokens", "tokens"),
        ("learning_rate_peak", "lr_peak"),
        ("batch_size_in_tokens", "batch_tokens"),
        ("optim/learning_rate_group0", "lr"),
        ("eval/c4_en-validation/CrossEntropyLoss", "loss"),
        # nanochat
        ("total_training_flops", "flops"),
        ("val/bpb", "bpb"),
        ("total_batch_size", "batch_tokens"),
        # Levanter
        ("parameter_count", "params"),
        ("eval/paloma/c4_en/loss", "loss"),
        ("eval/paloma/c4_en/bpb", "bpb"),
        ("num_train_steps", "total_steps"),
        # Chinchilla as read off its figure
        ("Model Size", "params"),
        ("Training Tokens", "tokens"),
        ("Training FLOP", "flops"),
        # step-law and others
        ("exp_name", "run"),
        ("smooth loss", "loss"),
        ("run_id", "run"),
        ("seen", "tokens"),
        ("nParams", "params"),
        ("params_nominal", "params"),
        ("params_no_embed", "params"),
        ("samples_seen", "tokens"),
        ("hidden_size", "width"),
        ("n_layer", "depth"),
        ("train/CrossEntropyLoss", "loss"),
    ],
)
def test_names_of_real_tables(theirs: str, ours: str) -> None:
    assert chosen([theirs, "colour"]) == {ours: (theirs, 1.0)}


@pytest.mark.parametrize(
    ("theirs", "ours", "scale"),
    [
        ("params_billion", "params", 1e9),
        ("params (B)", "params", 1e9),
        ("Model Size (M)", "params", 1e6),
        ("tokens_trillion", "tokens", 1e12),
        ("Train Tokens (T)", "tokens", 1e12),
        ("throughput/total_training_Gflops", "flops", 1e9),
        ("throughput/total_gflops", "flops", 1e9),
        ("pf_days", "flops", 8.64e19),
        ("loss_bits", "loss", 0.6931471805599453),
    ],
)
def test_units_in_names(theirs: str, ours: str, scale: float) -> None:
    assert chosen([theirs]) == {ours: (theirs, scale)}


def test_a_canonical_name_always_wins() -> None:
    match = match_columns(["N", "params", "n_params", "loss", "val_loss"])
    assert not match.chosen
    assert not match.unsettled


def test_the_user_wins_over_a_canonical_name() -> None:
    assert chosen(["loss", "val_loss"], loss="val_loss") == {"loss": ("val_loss", 1.0)}


def test_two_candidates_are_a_question() -> None:
    match = match_columns(["params", "train_loss", "val_loss"])
    assert match.unsettled == {"loss": ("train_loss", "val_loss")}
    assert chosen(["params", "train_loss", "val_loss"], loss="val_loss") == {"loss": ("val_loss", 1.0)}


def test_weak_names_give_way() -> None:
    assert chosen(["model", "run_id"]) == {"run": ("run_id", 1.0)}
    assert chosen(["model"]) == {"run": ("model", 1.0)}
    assert chosen(["params_no_embed", "n_params"]) == {"params": ("n_params", 1.0)}


def test_letters_need_company() -> None:
    assert chosen(["A", "alpha", "C"]) == {}
    assert chosen(["N", "D", "L"]) == {n: (t, 1.0) for n, t in (("params", "N"), ("tokens", "D"), ("loss", "L"))}
    assert chosen(["n", "d", "l"]) == {}
    assert chosen(["C", "loss"]) == {"flops": ("C", 1.0)}


def test_conventions_come_with_names() -> None:
    match = {c.name: c.convention for c in match_columns(["params_no_embed", "flops_6nd", "samples_seen"]).chosen}
    assert match == {"params": "non-embedding", "flops": "6ND", "tokens": "samples"}


def test_a_unit_can_be_said_in_the_call() -> None:
    assert chosen(["N", "loss"], params_billion="N") == {"params": ("N", 1e9)}


def test_other_names_may_be_given_for_own_laws() -> None:
    assert chosen(["a", "b"], temperature="a") == {"temperature": ("a", 1.0)}


def test_a_misspelt_canonical_name_is_refused() -> None:
    with pytest.raises(ColumnError, match="'parmas' is not a column gnomon knows") as caught:
        match_columns(["N"], {"parmas": "N"})
    assert "--column params=N" in str(caught.value)


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(ColumnError, match="no column 'Nparam' to take as 'params'") as caught:
        match_columns(["N_param", "loss"], {"params": "Nparam"})
    assert "N_param" in str(caught.value)


@pytest.mark.parametrize(
    ("theirs", "text"),
    [("eval/loss", "--column loss=eval/loss"), ("smooth loss", "--column 'loss=smooth loss'")],
)
def test_calls_can_be_pasted(theirs: str, text: str) -> None:
    assert call("loss", theirs) == text


# Mixtures -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("mix.web", "mix_web"),
        ("mixture/web", "mix_web"),
        ("mix_pile_cc", "mix_pile_cc"),
        ("config.mixture.CommonCrawl", "mix_common_crawl"),
        ("domain_weights.github", "mix_github"),
        ("Mixture Weight (Books)", "mix_books"),
        ("mixture_id", None),
        ("mix", None),
        ("remix_web", None),
        ("share_price", None),
    ],
)
def test_shares_of_domains_by_their_names(theirs: str, ours: str | None) -> None:
    assert share_of(theirs) == ours


def test_a_mixture_is_read_from_dotted_names_and_from_a_map(tmp_path: Path) -> None:
    table = {"mix.web": [0.5, 0.25], "mixture/code": [0.5, 0.75], "loss": [3.0, 3.1]}
    assert gn.read_runs(table).names == ("mix_web", "mix_code", "loss")
    lines = [
        '{"loss": 3.0, "mixture": {"web": 0.5, "code": 0.5}}',
        '{"loss": 3.1, "mixture": {"web": 1.0, "code": 0.0}}',
    ]
    (tmp_path / "runs.jsonl").write_text("\n".join(lines))
    runs = gn.read_runs(tmp_path / "runs.jsonl")
    assert runs.columns["mix_web"].meaning == "share of web in the training mixture, 0 to 1"
    np.testing.assert_array_equal(runs["mix_code"], [0.5, 0.0])


def test_one_pattern_names_a_column_for_every_domain() -> None:
    table = {"train_the_pile_pile_cc": [0.3], "train_the_pile_arxiv": [0.7], "loss": [3.0]}
    runs = gn.read_runs(table, columns={"mix_*": "train_the_pile_*"})
    assert runs.names == ("mix_pile_cc", "mix_arxiv", "loss")
    with pytest.raises(ColumnError, match="no column like"):
        gn.read_runs(table, columns={"mix_*": "share_*"})
    assert gn.read_runs(table, columns={"mix_web": "train_the_pile_arxiv"})["mix_web"][0] == 0.7


def test_two_names_for_one_share_and_text_are_left_alone() -> None:
    runs = gn.read_runs({"mix.web": [0.5], "mixture.web": [0.4], "mix.note": ["half"], "loss": [3.0]})
    assert runs.names == ("mix.web", "mixture.web", "mix.note", "loss")
