"""Laws: functions of scale with named, bounded parameters; published constants are laws with values.

>>> from gnomon import laws
>>> laws.law("chinchilla").text
'loss = E + A / params^alpha + B / tokens^beta'
>>> round(laws.Chinchilla.besiroglu2024(params=70e9, tokens=1.4e12), 3)
1.973
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gnomon.laws.law import Law, Parameter, Published, coefficient, exponent, floor, number

# After the submodules of the same names have been loaded: `laws.law` and `laws.catalogue` are the functions.
from gnomon.laws.catalogue import CATALOGUE, catalogue, group, law, search  # isort: skip

if TYPE_CHECKING:
    from gnomon.laws.architecture.linear_attention import LinearAttention as LinearAttention
    from gnomon.laws.architecture.moe import ClarkMoe as ClarkMoe
    from gnomon.laws.architecture.moe import JointMoe as JointMoe
    from gnomon.laws.architecture.moe import Krajewski as Krajewski
    from gnomon.laws.architecture.moe import MoeActive as MoeActive
    from gnomon.laws.architecture.parscale import ParScale as ParScale
    from gnomon.laws.architecture.parscale import ParScaleCorrelated as ParScaleCorrelated
    from gnomon.laws.architecture.precision import PrecisionPtq as PrecisionPtq
    from gnomon.laws.architecture.precision import PrecisionSize as PrecisionSize
    from gnomon.laws.architecture.precision import PrecisionTrain as PrecisionTrain
    from gnomon.laws.architecture.sparse import FrantarSparse as FrantarSparse
    from gnomon.laws.bnsl import Bnsl as Bnsl
    from gnomon.laws.chinchilla import Chinchilla as Chinchilla
    from gnomon.laws.chinchilla import ChinchillaTied as ChinchillaTied
    from gnomon.laws.context import Context as Context
    from gnomon.laws.coverage import PassKExpPow as PassKExpPow
    from gnomon.laws.critical_batch import NoiseScale as NoiseScale
    from gnomon.laws.critical_batch import Steps as Steps
    from gnomon.laws.critical_batch import StepsFloor as StepsFloor
    from gnomon.laws.distill import Distill as Distill
    from gnomon.laws.domains.atoms import Atoms as Atoms
    from gnomon.laws.domains.borrowed import SingleModel as SingleModel
    from gnomon.laws.domains.generative import GenerativeCompute as GenerativeCompute
    from gnomon.laws.domains.generative import GenerativeParams as GenerativeParams
    from gnomon.laws.domains.generative import PositionLoss as PositionLoss
    from gnomon.laws.domains.imitation import Imitation as Imitation
    from gnomon.laws.domains.imitation import ImitationJoint as ImitationJoint
    from gnomon.laws.domains.motion import DataExchange as DataExchange
    from gnomon.laws.domains.motion import Motion as Motion
    from gnomon.laws.domains.theory import ResolutionLimited as ResolutionLimited
    from gnomon.laws.domains.theory import VarianceLimited as VarianceLimited
    from gnomon.laws.domains.time_series import SeriesCompute as SeriesCompute
    from gnomon.laws.domains.time_series import SeriesParams as SeriesParams
    from gnomon.laws.domains.time_series import SeriesPoints as SeriesPoints
    from gnomon.laws.domains.uncertainty import Uncertainty as Uncertainty
    from gnomon.laws.domains.video import VideoAbnormal as VideoAbnormal
    from gnomon.laws.domains.video import VideoError as VideoError
    from gnomon.laws.downstream import ExpLossErr as ExpLossErr
    from gnomon.laws.downstream import LogSigmoid as LogSigmoid
    from gnomon.laws.downstream import Sigmoid4 as Sigmoid4
    from gnomon.laws.hyperparameters.allocation import OptimalParams as OptimalParams
    from gnomon.laws.hyperparameters.allocation import OptimalTokens as OptimalTokens
    from gnomon.laws.hyperparameters.batch_rules import BatchDecay as BatchDecay
    from gnomon.laws.hyperparameters.batch_rules import BatchLR as BatchLR
    from gnomon.laws.hyperparameters.deepseek import DeepSeekBatch as DeepSeekBatch
    from gnomon.laws.hyperparameters.deepseek import DeepSeekLR as DeepSeekLR
    from gnomon.laws.hyperparameters.marin import MarinBeta2 as MarinBeta2
    from gnomon.laws.hyperparameters.marin import MarinDepth as MarinDepth
    from gnomon.laws.hyperparameters.marin import MarinLR as MarinLR
    from gnomon.laws.hyperparameters.olmo_ladder import LadderBatch as LadderBatch
    from gnomon.laws.hyperparameters.olmo_ladder import LadderLR as LadderLR
    from gnomon.laws.hyperparameters.olmo_ladder import LadderWarmup as LadderWarmup
    from gnomon.laws.hyperparameters.power_lines import PowerLinesBatch as PowerLinesBatch
    from gnomon.laws.hyperparameters.power_lines import PowerLinesDecay as PowerLinesDecay
    from gnomon.laws.hyperparameters.step_law import StepLawBatch as StepLawBatch
    from gnomon.laws.hyperparameters.step_law import StepLawLR as StepLawLR
    from gnomon.laws.hyperparameters.width import MupLR as MupLR
    from gnomon.laws.hyperparameters.width import WidthDecay as WidthDecay
    from gnomon.laws.hyperparameters.width import WidthSingular as WidthSingular
    from gnomon.laws.kaplan import KaplanC as KaplanC
    from gnomon.laws.kaplan import KaplanD as KaplanD
    from gnomon.laws.kaplan import KaplanN as KaplanN
    from gnomon.laws.kaplan import KaplanND as KaplanND
    from gnomon.laws.learning_curve import M3 as M3
    from gnomon.laws.loss_to_loss import LossToLoss as LossToLoss
    from gnomon.laws.loss_to_loss import OodOffset as OodOffset
    from gnomon.laws.lr_annealing import LrAnnealing as LrAnnealing
    from gnomon.laws.m4 import M4 as M4
    from gnomon.laws.mixture import MixingExp as MixingExp
    from gnomon.laws.mixture import RegMix as RegMix
    from gnomon.laws.muennighoff import Muennighoff as Muennighoff
    from gnomon.laws.multi_power import Mpl as Mpl
    from gnomon.laws.multimodal import MultimodalBarrier as MultimodalBarrier
    from gnomon.laws.overtrain import Overtrain as Overtrain
    from gnomon.laws.pools import FilterUtility as FilterUtility
    from gnomon.laws.posttraining.observational import ObsLaw as ObsLaw
    from gnomon.laws.posttraining.repeated import T2 as T2
    from gnomon.laws.posttraining.reward import OveroptBestOfN as OveroptBestOfN
    from gnomon.laws.posttraining.reward import OveroptRl as OveroptRl
    from gnomon.laws.posttraining.rl import RlEfficiency as RlEfficiency
    from gnomon.laws.posttraining.rl import RlSlope as RlSlope
    from gnomon.laws.posttraining.voting import SelfConsistency as SelfConsistency
    from gnomon.laws.posttraining.voting import VoteQuestion as VoteQuestion
    from gnomon.laws.power import Pow as Pow
    from gnomon.laws.power import PowFloor as PowFloor
    from gnomon.laws.power import ShiftPow as ShiftPow
    from gnomon.laws.projektor import Projektor as Projektor
    from gnomon.laws.pruning import Prune as Prune
    from gnomon.laws.reward import EntropyReward as EntropyReward
    from gnomon.laws.reward import SigmoidCompute as SigmoidCompute
    from gnomon.laws.rosenfeld import Rosenfeld as Rosenfeld
    from gnomon.laws.sum_forms import ProductFloor as ProductFloor
    from gnomon.laws.sum_forms import SumNoFloor as SumNoFloor
    from gnomon.laws.sum_forms import SumPowerFloor as SumPowerFloor
    from gnomon.laws.sum_forms import SumPowerNoFloor as SumPowerNoFloor
    from gnomon.laws.transfer import BleuLog as BleuLog
    from gnomon.laws.transfer import Transfer as Transfer

CLASSES = {path.partition(":")[2]: path.partition(":")[0] for path in CATALOGUE.values()}  # class name: module

__all__ = [
    "Law",
    "Parameter",
    "Published",
    "catalogue",
    "coefficient",
    "exponent",
    "floor",
    "group",
    "law",
    "number",
    "search",
    *CLASSES,
]


def __getattr__(name: str) -> Any:
    if name in CLASSES:
        return getattr(import_module(f"gnomon.laws.{CLASSES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
