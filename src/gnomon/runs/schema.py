"""What a run is: the columns gnomon knows, their units and conventions, and the names people give them.

A table keeps every column it came with. Those that gnomon knows get their canonical name, so that a law can ask for
`params` whoever wrote the file. Names are compared without case, spaces and punctuation (`train/CrossEntropyLoss`,
`Training Tokens`, `nParams`); the unit may be part of the name (`params_billion`, `tokens (T)`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Kind = Literal["number", "text", "flag"]

LN2 = math.log(2)  # a bit in nats
PETAFLOP_DAY = 8.64e19  # 1e15 FLOP/s for 86,400 s


@dataclass(frozen=True)
class Field:
    """One canonical column.

    Args:
        name: canonical name.
        kind: what its cells are.
        unit: unit of the numbers, None for text and for pure numbers.
        meaning: one line for `gnomon check` and the documentation.
        aliases: names that mean this and nothing else.
        weak: names that mean it when nothing better is there.
        scaled: names with another unit in them, and what to multiply by.
        conventions: what a name says about how the quantity was counted.
        pattern: a regular expression on the plain name, as weak as `weak`.
    """

    name: str
    kind: Kind
    unit: str | None
    meaning: str
    aliases: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    scaled: Mapping[str, float] = field(default_factory=dict)
    conventions: Mapping[str, str] = field(default_factory=dict)
    pattern: str | None = None


def words(text: str) -> tuple[str, ...]:
    """Names written one after the other."""
    return tuple(text.split())


_MILLIONS = dict.fromkeys(words("m million millions in_millions"), 1e6)
_BILLIONS = dict.fromkeys(words("b bn billion billions in_billions"), 1e9)
_TRILLIONS = dict.fromkeys(words("t trillion trillions in_trillions"), 1e12)
_NON_EMBEDDING = words(
    "params_no_embed params_non_embedding non_embedding_params non_embedding_parameters n_params_no_embed "
    "num_non_embedding_params params_without_embeddings non_emb_params params_non_emb n_non_embedding "
    "num_scaling_params"
)
_SAMPLES = words("samples_seen seen_samples examples_seen seen_examples samples_seen_nominal n_samples_seen")

_TRAINING = words("train_loss training_loss loss_train final_train_loss train_cross_entropy_loss")

_FIELDS = (
    Field(
        "run",
        "text",
        None,
        "which training run the row belongs to",
        aliases=words("run_id run_name runid name id exp_name experiment_name display_name trial trial_id uid job_id"),
        weak=words("model model_name model_id experiment exp"),
    ),
    Field(
        "family",
        "text",
        None,
        "the group of runs one law is fitted to",
        weak=words("model_family series suite group"),
    ),
    Field(
        "params",
        "number",
        "parameters",
        "model size; which parameters are counted is its convention",
        aliases=words(
            "N n_params num_params nparams parameters n_parameters num_parameters parameter_count parameters_count "
            "param_count params_count model_params model_size total_params params_total total_parameters "
            "n_total_params trainable_params num_trainable_params params_nominal"
        ),
        weak=(*_NON_EMBEDDING, "size", "model_size_name"),
        scaled={
            f"{stem}_{unit}": scale
            for stem in ("params", "n_params", "num_params", "parameters", "model_size", "size")
            for unit, scale in (_BILLIONS | _MILLIONS).items()
        },
        conventions=dict.fromkeys(_NON_EMBEDDING, "non-embedding") | {"params_nominal": "nominal"},
    ),
    Field(
        "active_params",
        "number",
        "parameters",
        "parameters used per token (mixture of experts)",
        aliases=words("active_parameters n_active_params num_active_params params_active activated_params"),
    ),
    Field(
        "tokens",
        "number",
        "tokens",
        "training tokens seen up to this row, repeats counted",
        aliases=words(
            "D n_tokens num_tokens ntokens train_tokens training_tokens tokens_seen total_tokens tokens_total seen "
            "seen_tokens num_input_tokens_seen train_num_input_tokens_seen throughput_total_tokens n_train_tokens "
            "num_train_tokens num_training_tokens tokens_processed consumed_tokens consumed_train_tokens "
            "trained_tokens tokens_trained token_count total_training_tokens total_train_tokens"
        ),
        weak=_SAMPLES,
        scaled={
            f"{stem}_{unit}": scale
            for stem in ("tokens", "n_tokens", "num_tokens", "train_tokens", "training_tokens", "total_tokens")
            for unit, scale in (_TRILLIONS | _BILLIONS | _MILLIONS).items()
        },
        conventions=dict.fromkeys(_SAMPLES, "samples"),
    ),
    Field(
        "flops",
        "number",
        "FLOP",
        "training compute up to this row; the formula behind it is its convention",
        aliases=words(
            "C flop compute train_flops train_flop training_flops training_flop total_flops total_flop total_flos "
            "train_total_flos total_training_flops total_train_flops compute_flops flops_total n_flops "
            "training_compute train_compute"
        ),
        weak=words("flops_6nd"),
        scaled={
            "total_gflops": 1e9,
            "throughput_total_gflops": 1e9,
            "throughput_total_training_gflops": 1e9,
            "total_training_gflops": 1e9,
            "total_tflops": 1e12,
            "total_pflops": 1e15,
            "exaflops": 1e18,
            "exaflop": 1e18,
            "zettaflops": 1e21,
            "flops_1e18": 1e18,
            "flops_1e20": 1e20,
            "flops_1e21": 1e21,
            "pf_days": PETAFLOP_DAY,
            "petaflop_days": PETAFLOP_DAY,
            "petaflops_days": PETAFLOP_DAY,
        },
        conventions={"flops_6nd": "6ND"},
    ),
    Field(
        "loss",
        "number",
        "nats/token",
        "cross-entropy, or any other loss the law speaks of",
        aliases=words(
            "L val_loss valid_loss validation_loss eval_loss test_loss train_loss training_loss final_loss loss_val "
            "loss_train final_val_loss final_train_loss final_eval_loss ce ce_loss cross_entropy cross_entropy_loss "
            "train_cross_entropy_loss eval_cross_entropy_loss xent nll lm_loss log_perplexity loss_nats smooth_loss"
        ),
        pattern=r"(eval|val|valid|validation|test)_.*(_loss|_nll)",
        scaled={"loss_bits": LN2, "bits_per_token": LN2, "loss_bits_per_token": LN2, "val_loss_bits": LN2},
        conventions=dict.fromkeys(_TRAINING, "training"),
    ),
    Field(
        "bpb",
        "number",
        "bits/byte",
        "bits per byte of text: comparable between tokenizers",
        aliases=words("bits_per_byte val_bpb eval_bpb val_bits_per_byte loss_bpb test_bpb"),
        pattern=r"(eval|val|validation|test)_.*_bpb",
    ),
    Field("perplexity", "number", None, "exp(loss)", aliases=words("ppl val_ppl eval_ppl train_perplexity")),
    Field("accuracy", "number", None, "share of right answers, 0 to 1", aliases=words("acc val_acc eval_accuracy")),
    Field("error", "number", None, "share of wrong answers, 0 to 1", aliases=words("err error_rate test_error")),
    Field(
        "passes",
        "number",
        None,
        "right answers among the trials",
        aliases=words("n_correct num_correct correct n_passes num_passes n_right successes n_successes"),
    ),
    Field(
        "trials",
        "number",
        None,
        "questions or attempts that a share of right answers was counted over",
        aliases=words(
            "n_trials num_trials questions n_questions num_questions n_problems num_problems n_items num_items "
            "n_attempts num_attempts"
        ),
    ),
    Field(
        "step",
        "number",
        "steps",
        "optimizer step of this row",
        aliases=words(
            "global_step train_global_step trainer_global_step training_step train_step iteration iter iterations "
            "steps update updates"
        ),
    ),
    Field(
        "total_steps",
        "number",
        "steps",
        "length of the schedule",
        aliases=words("max_steps num_train_steps planned_steps train_steps training_steps num_iterations target_iter"),
    ),
    Field(
        "planned_tokens",
        "number",
        "tokens",
        "tokens the schedule was laid out for",
        aliases=words("target_tokens max_tokens"),
    ),
    Field("fraction_done", "number", None, "tokens / planned_tokens", aliases=words("run_progress progress")),
    Field(
        "lr",
        "number",
        None,
        "learning rate at this row",
        aliases=words("learning_rate train_learning_rate train_lr optim_learning_rate optim_learning_rate_group0"),
    ),
    Field(
        "lr_peak",
        "number",
        None,
        "largest learning rate of the schedule",
        aliases=words("peak_lr lr_max max_lr learning_rate_peak peak_learning_rate max_learning_rate"),
    ),
    Field("lr_final", "number", None, "last learning rate of the schedule", aliases=words("final_lr min_lr lr_min")),
    Field(
        "schedule",
        "text",
        None,
        "shape of the learning rate: cosine, linear, wsd, constant",
        aliases=words("lr_schedule lr_scheduler lr_scheduler_type scheduler learning_rate_schedule"),
    ),
    Field(
        "lr_cumsum",
        "number",
        None,
        "sum of the learning rates of all steps from step 0 to this row",
        aliases=words("cumulative_lr lr_sum sum_lr cumsum_lr"),
    ),
    Field("warmup_steps", "number", "steps", "length of the warm-up", aliases=words("num_warmup_steps warmup_iters")),
    Field(
        "is_final",
        "flag",
        None,
        "the row is the end of its run",
        aliases=words("final is_last is_final_checkpoint final_checkpoint"),
    ),
    Field(
        "batch_tokens",
        "number",
        "tokens",
        "tokens per optimizer step",
        aliases=words(
            "batch_size_in_tokens batch_size_tokens tokens_per_batch tokens_per_step global_batch_tokens "
            "global_batch_size_tokens batch_token total_batch_size"
        ),
    ),
    Field(
        "unique_tokens",
        "number",
        "tokens",
        "tokens of the data set before any repeats",
        aliases=words("n_unique_tokens num_unique_tokens unique_d data_tokens"),
    ),
    Field("epochs", "number", None, "passes over the data", aliases=words("epoch num_epochs n_epochs train_epoch")),
    Field("seed", "number", None, "seed of the run", aliases=words("random_seed rng_seed train_seed")),
    Field(
        "width",
        "number",
        None,
        "size of the residual stream",
        aliases=words("d_model hidden_size n_embd hidden_dim model_dim embed_dim dim_model"),
    ),
    Field(
        "depth",
        "number",
        None,
        "number of blocks",
        aliases=words("n_layers num_layers n_layer num_hidden_layers layers n_blocks"),
    ),
    Field("experts", "number", None, "experts per block", aliases=words("n_experts num_experts")),
    Field(
        "context_length",
        "number",
        "tokens",
        "length of a training sequence",
        aliases=words("seq_len sequence_length seq_length context_len context_size block_size max_seq_len"),
    ),
    Field("weight_decay", "number", None, "decoupled weight decay", aliases=words("wd optim_weight_decay")),
    Field("bits_w", "number", "bits", "precision of the weights while training", aliases=words("weight_bits w_bits")),
    Field(
        "bits_a", "number", "bits", "precision of activations while training", aliases=words("activation_bits a_bits")
    ),
    Field("bits_kv", "number", "bits", "precision of the key-value cache", aliases=words("kv_bits kv_cache_bits")),
    Field(
        "granularity",
        "number",
        None,
        "how many times finer the experts are than the dense layer",
        aliases=words("expert_granularity"),
    ),
    Field(
        "streams",
        "number",
        None,
        "parallel streams of one set of weights",
        aliases=words("n_streams num_streams parallel_streams"),
    ),
    Field("density", "number", None, "share of weights that are not zero", aliases=words("weight_density")),
    Field(
        "batch_sequences",
        "number",
        "sequences",
        "sequences per optimizer step",
        aliases=words("batch_size_sequences batch_seqs global_batch_sequences sequences_per_batch"),
    ),
    Field(
        "samples",
        "number",
        None,
        "answers drawn for one question",
        aliases=words("n_samples num_samples samples_per_question n_votes"),
    ),
    Field("kl", "number", "nats", "divergence of a policy from where it started", aliases=words("kl_divergence")),
    Field(
        "params_convention",
        "text",
        None,
        "which parameters are counted: total, non-embedding, ...",
        aliases=words("param_convention params_kind param_count_convention"),
    ),
    Field(
        "flops_convention",
        "text",
        None,
        "which formula gave the FLOP: 6ND, exact, ...",
        aliases=words("flop_convention flops_kind flops_formula"),
    ),
)

#: Canonical name -> what is known about the column.
FIELDS: Mapping[str, Field] = MappingProxyType({entry.name: entry for entry in _FIELDS})

#: The four quantities most laws speak of.
QUANTITIES = ("params", "tokens", "flops", "loss")

#: Single letters mean the quantity only beside another one of them: `C` alone may be anything.
LETTERS = {"N": "params", "D": "tokens", "C": "flops", "L": "loss"}

#: Shares of a mixture sum to 1 within this: seventeen domains printed to three digits may miss by 17 * 0.0005.
SHARE_TOLERANCE = 0.01
SHARE = "mix_"  # what the column of a domain's share is called by
_SHARES = re.compile(
    r"(?:train_)?(?:(?:mix|mixture|mixing|domain)_(?:weights?|shares?)|data_mix|data_mixture|mixture|mix)_"
    r"(?P<domain>[a-z0-9].*)"
)
_NO_DOMAIN = ("id", "name", "index", "idx", "label", "type", "kind", "hash", "seed", "file", "entropy", "size")

_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PUNCTUATION = re.compile(r"[^a-z0-9]+")
_WRAPPERS = re.compile(r"^(config|summary|hparams|args|metrics|history)_|_value$")


def plain(name: str) -> str:
    """A column name without case and punctuation: `train/CrossEntropyLoss` is `train_cross_entropy_loss`.

    Single letters keep their case, because N is not n; the wrappers that trackers put around a name
    (`config.`, `summary.`, `.value`) fall away.
    """
    name = name.strip()
    if len(name) == 1:
        return name
    text = _PUNCTUATION.sub("_", _BOUNDARY.sub("_", name).lower()).strip("_")
    return _WRAPPERS.sub("", _WRAPPERS.sub("", text))


def share_of(name: str) -> str | None:
    """The canonical name of a domain's share in the training mixture (`mix_web` for `mix.web`, `mixture/web`), or None."""
    found = _SHARES.fullmatch(plain(name))
    return None if found is None or found["domain"] in _NO_DOMAIN else SHARE + found["domain"]


def field_of(name: str) -> Field | None:
    """What is known about a canonical column: one of FIELDS, or the share of a domain."""
    if name not in FIELDS and name.startswith(SHARE) and share_of(name) is not None:
        return Field(name, "number", None, f"share of {name.removeprefix(SHARE)} in the training mixture, 0 to 1")
    return FIELDS.get(name)
