"""The catalogue: every law by its id, found when asked for; and `law()`, which makes a class of a name or a formula."""

from __future__ import annotations

import re
from collections.abc import Collection
from importlib import import_module

from gnomon.errors import ColumnError, InputError, UnknownNameError, near
from gnomon.laws.columns import scale_candidates
from gnomon.laws.custom import FormulaLaw, formula_law
from gnomon.laws.formula import FUNCTIONS
from gnomon.laws.law import Law
from gnomon.laws.own import own_laws

# What the laws are about, in the order of a list; under each, id: module:class.
GROUPS: dict[str, dict[str, str]] = {
    "One scale": {
        "pow": "power:Pow",
        "pow_floor": "power:PowFloor",
        "shift_pow": "power:ShiftPow",
        "bnsl": "bnsl:Bnsl",
        "m3": "learning_curve:M3",
        "m4": "m4:M4",
        "context": "context:Context",
        "variance_limited": "domains.theory:VarianceLimited",
        "resolution_limited": "domains.theory:ResolutionLimited",
        "single_model": "domains.borrowed:SingleModel",
    },
    "Size and data": {
        "kaplan_n": "kaplan:KaplanN",
        "kaplan_d": "kaplan:KaplanD",
        "kaplan_c": "kaplan:KaplanC",
        "kaplan_nd": "kaplan:KaplanND",
        "chinchilla": "chinchilla:Chinchilla",
        "chinchilla_tied": "chinchilla:ChinchillaTied",
        "sum_no_floor": "sum_forms:SumNoFloor",
        "product_floor": "sum_forms:ProductFloor",
        "sum_power_no_floor": "sum_forms:SumPowerNoFloor",
        "sum_power_floor": "sum_forms:SumPowerFloor",
        "overtrain": "overtrain:Overtrain",
        "rosenfeld": "rosenfeld:Rosenfeld",
        "optimal_params": "hyperparameters.allocation:OptimalParams",
        "optimal_tokens": "hyperparameters.allocation:OptimalTokens",
    },
    "Batches, steps, schedules": {
        "steps": "critical_batch:Steps",
        "steps_floor": "critical_batch:StepsFloor",
        "noise_scale": "critical_batch:NoiseScale",
        "lr_annealing": "lr_annealing:LrAnnealing",
        "mpl": "multi_power:Mpl",
    },
    "Limited data, pools, mixtures, transfer": {
        "muennighoff": "muennighoff:Muennighoff",
        "filter_utility": "pools:FilterUtility",
        "mixing_exp": "mixture:MixingExp",
        "regmix": "mixture:RegMix",
        "projektor": "projektor:Projektor",
        "multimodal_barrier": "multimodal:MultimodalBarrier",
        "prune": "pruning:Prune",
        "transfer": "transfer:Transfer",
        "distill": "distill:Distill",
    },
    "Other texts and tasks": {
        "ood_offset": "loss_to_loss:OodOffset",
        "loss_to_loss": "loss_to_loss:LossToLoss",
        "exp_loss_err": "downstream:ExpLossErr",
        "sigmoid4": "downstream:Sigmoid4",
        "log_sigmoid": "downstream:LogSigmoid",
        "obs_law": "posttraining.observational:ObsLaw",
        "bleu_log": "transfer:BleuLog",
    },
    "Architecture, experts, precision": {
        "clark_moe": "architecture.moe:ClarkMoe",
        "krajewski": "architecture.moe:Krajewski",
        "joint_moe": "architecture.moe:JointMoe",
        "moe_active": "architecture.moe:MoeActive",
        "frantar_sparse": "architecture.sparse:FrantarSparse",
        "parscale": "architecture.parscale:ParScale",
        "parscale_correlated": "architecture.parscale:ParScaleCorrelated",
        "linear_attn": "architecture.linear_attention:LinearAttention",
        "precision_size": "architecture.precision:PrecisionSize",
        "precision_train": "architecture.precision:PrecisionTrain",
        "precision_ptq": "architecture.precision:PrecisionPtq",
    },
    "Settings of a run": {
        "step_law_lr": "hyperparameters.step_law:StepLawLR",
        "step_law_batch": "hyperparameters.step_law:StepLawBatch",
        "deepseek_lr": "hyperparameters.deepseek:DeepSeekLR",
        "deepseek_batch": "hyperparameters.deepseek:DeepSeekBatch",
        "power_lines_wd": "hyperparameters.power_lines:PowerLinesDecay",
        "power_lines_batch": "hyperparameters.power_lines:PowerLinesBatch",
        "nanochat_lr": "hyperparameters.batch_rules:BatchLR",
        "nanochat_wd": "hyperparameters.batch_rules:BatchDecay",
        "olmo_batch": "hyperparameters.olmo_ladder:LadderBatch",
        "olmo_lr": "hyperparameters.olmo_ladder:LadderLR",
        "olmo_warmup": "hyperparameters.olmo_ladder:LadderWarmup",
        "marin_lr": "hyperparameters.marin:MarinLR",
        "marin_beta2": "hyperparameters.marin:MarinBeta2",
        "marin_depth": "hyperparameters.marin:MarinDepth",
        "mup_lr": "hyperparameters.width:MupLR",
        "width_wd": "hyperparameters.width:WidthDecay",
        "width_singular": "hyperparameters.width:WidthSingular",
    },
    "Reinforcement learning and samples": {
        "sigmoid_compute": "reward:SigmoidCompute",
        "entropy_reward": "reward:EntropyReward",
        "rl_slope": "posttraining.rl:RlSlope",
        "rl_efficiency": "posttraining.rl:RlEfficiency",
        "rm_overopt_bon": "posttraining.reward:OveroptBestOfN",
        "rm_overopt_rl": "posttraining.reward:OveroptRl",
        "passk_exp_pow": "coverage:PassKExpPow",
        "self_consistency": "posttraining.voting:SelfConsistency",
        "vote_question": "posttraining.voting:VoteQuestion",
        "t2": "posttraining.repeated:T2",
    },
    "Single fields": {
        "ar_generative_n": "domains.generative:GenerativeParams",
        "ar_generative_c": "domains.generative:GenerativeCompute",
        "position_loss": "domains.generative:PositionLoss",
        "imitation": "domains.imitation:Imitation",
        "imitation_joint": "domains.imitation:ImitationJoint",
        "uncertainty": "domains.uncertainty:Uncertainty",
        "motion": "domains.motion:Motion",
        "data_exchange": "domains.motion:DataExchange",
        "tsfm_n": "domains.time_series:SeriesParams",
        "tsfm_c": "domains.time_series:SeriesCompute",
        "tsfm_d": "domains.time_series:SeriesPoints",
        "atoms": "domains.atoms:Atoms",
        "video_error": "domains.video:VideoError",
        "video_abnormal": "domains.video:VideoAbnormal",
    },
}
OWN_GROUP = "Your own"  # laws of the folder GNOMON_LAWS
CATALOGUE: dict[str, str] = {name: path for laws in GROUPS.values() for name, path in laws.items()}

# Other names in print for laws of the catalogue.
ALIASES = {"m1": "pow", "m2": "pow_floor"}

LISTING = "`gnomon laws` lists them all."
CALL = re.compile(
    r"\s*(?:(?P<output>[A-Za-z_]\w*)\s*=\s*)?(?P<id>[A-Za-z_]\w*)\s*(?:\((?P<arguments>[^()=*/^+]*)\))?\s*", re.ASCII
)


def names() -> tuple[str, ...]:
    """Ids of all laws, with those of the user's own folder."""
    return (*CATALOGUE, *_own())


def _own() -> dict[str, type[Law]]:
    found = own_laws()
    for name in found:
        if name in CATALOGUE:
            raise InputError(
                f"A law in GNOMON_LAWS is called {name!r} like one of the catalogue.", hint="Give it another id."
            )
    return found


def _known(name: str) -> bool:
    return name in CATALOGUE or name in _own()


def catalogue() -> dict[str, type[Law]]:
    """Every law by its id, with those of the user's own folder."""
    return {name: _find(name) for name in names()}


def group(name: str) -> str:
    """What the law of this id is about: one of `GROUPS`, or `OWN_GROUP`."""
    return next((title for title, laws in GROUPS.items() if name in laws), OWN_GROUP)


def law(spec: str | type[Law] | Law, columns: Collection[str] | None = None, response: str | None = None) -> type[Law]:
    """The law that a name, a formula or a class stands for.

    Args:
        spec: "chinchilla"; "pow(tokens)", a law reading another column; "err = pow_floor(flops)", giving another;
            "bnsl(2)", a variant; a formula such as "E + A/N^alpha + B/D^beta"; a Law class or instance.
        columns: columns at hand. The law is checked against them; one that may run along any scale takes the only one.
        response: the column it gives, instead of its own.

    Raises:
        UnknownNameError: no law has this name.
        FormulaError: the formula cannot be read or is no law.
        ColumnError: a column is missing or ambiguous.
    """
    if isinstance(spec, Law):
        spec = type(spec)
    if isinstance(spec, type) and issubclass(spec, Law):
        found = spec if response in (None, spec.output) else spec.of(*spec.inputs, output=response)
    elif isinstance(spec, str):
        found = _read(spec, columns, response)
    else:
        raise InputError(f"A law is a name, a formula or a Law class; got {spec!r}.", hint=LISTING)
    return found if columns is None or issubclass(found, FormulaLaw) else _placed(found, columns, response)


def search(words: str) -> list[type[Law]]:
    """Laws whose id, group, question, columns or description hold all the words, those with a word in id or columns first."""
    wanted = words.lower().replace(",", " ").split()
    found = []
    for place, entry in enumerate(catalogue().values()):
        near_by = " ".join((entry.id, *entry.inputs, entry.output)).lower()
        about = " ".join(
            (entry.__name__, group(entry.id), entry.question, entry.holds, entry.source, entry.__doc__ or "")
        ).lower()
        if all(word in near_by or word in about for word in wanted):
            found.append((-sum(word in near_by for word in wanted), place, entry))
    return [entry for _, _, entry in sorted(found, key=lambda item: item[:2])]


def _find(name: str) -> type[Law]:
    if name in CATALOGUE:
        module, _, attribute = CATALOGUE[name].partition(":")
        found: type[Law] = getattr(import_module(f"gnomon.laws.{module}"), attribute)
        return found
    return _own()[name]


def _read(spec: str, columns: Collection[str] | None, response: str | None) -> type[Law]:
    call = CALL.fullmatch(spec)
    if call is None:
        return formula_law(spec, columns, response)
    name = ALIASES.get(call["id"], call["id"])
    if not _known(name):
        if call["id"] in FUNCTIONS or (
            call["output"] and call["arguments"] is None
        ):  # "exp(N)" and "loss = N" are formulas
            return formula_law(spec, columns, response)
        raise UnknownNameError(
            f"There is no law {call['id']!r}.", hint=f"{near(call['id'], names())} {LISTING}".strip()
        )
    found = _find(name)
    words = [word.strip() for word in (call["arguments"] or "").split(",") if word.strip()]
    numbers = [float(word) for word in words if _is_number(word)]
    inputs = [word for word in words if not _is_number(word)]
    if numbers:
        if not hasattr(found, "variant"):
            raise InputError(f"{call['id']} has no variants; got {call['id']}({numbers[0]:g}).", hint=_how(found))
        found = found.variant(*numbers)
    output = call["output"]
    if output and response not in (None, output):
        raise InputError(
            f"The law gives {output!r}, but the response asked for is {response!r}.", hint="Leave one out."
        )
    return found.of(*inputs, output=output or response) if inputs or output or response else found


def _is_number(word: str) -> bool:
    return word[:1].isdigit() and word.replace(".", "", 1).isdigit()


def _placed(found: type[Law], columns: Collection[str], response: str | None) -> type[Law]:
    """The law on the columns at hand."""
    found = found.over(columns)
    if found.output not in columns and response is None and found.output != "loss":
        like = [c for c in columns if c.startswith(found.output[:3])]  # err_avg for error, acc_mmlu for accuracy
        if found.output == "coverage" and {"passes", "trials", "accuracy"} <= set(columns):
            like = ["accuracy"]  # the share of right answers
        if len(like) != 1:
            raise ColumnError(
                f"{found.id} gives {found.output}, which is not a column.",
                hint="Name it with --response" + (f": {', '.join(like[:8])}." if like else "."),
            )
        found = found.of(*found.inputs, output=like[0])
    for column in found.inputs:
        if column in columns or column in found.made_inputs:
            continue
        choices = [c for c in scale_candidates(columns, found.output) if c not in found.inputs]
        if column in found.free_inputs and found.inputs == (found.unbound or found).inputs:
            if len(choices) == 1:
                return found.of(**{column: choices[0]})
            raise ColumnError(
                f"{found.id} runs along one column, usually {column}, which the table does not have.",
                hint=f"Say which: {' or '.join(f'{found.id}({c})' for c in choices[:8])}." if choices else _how(found),
            )
        raise ColumnError(
            f"{found.id} reads {column}, which the table does not have.",
            hint=f"{near(column, columns)} Name it with --column {column}=THEIRS, or in the law: {_how(found)}".strip(),
        )
    return found


def _how(found: type[Law]) -> str:
    return f"{found.id}({', '.join(found.inputs)}) says which columns it reads."
