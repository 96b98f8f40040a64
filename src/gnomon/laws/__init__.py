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
from gnomon.laws.catalogue import CATALOGUE, catalogue, law, search  # isort: skip

if TYPE_CHECKING:
    from gnomon.laws.bnsl import Bnsl as Bnsl
    from gnomon.laws.chinchilla import Chinchilla as Chinchilla
    from gnomon.laws.chinchilla import ChinchillaTied as ChinchillaTied
    from gnomon.laws.context import Context as Context
    from gnomon.laws.coverage import PassKExpPow as PassKExpPow
    from gnomon.laws.critical_batch import NoiseScale as NoiseScale
    from gnomon.laws.critical_batch import Steps as Steps
    from gnomon.laws.distill import Distill as Distill
    from gnomon.laws.downstream import ExpLossErr as ExpLossErr
    from gnomon.laws.downstream import LogSigmoid as LogSigmoid
    from gnomon.laws.downstream import Sigmoid4 as Sigmoid4
    from gnomon.laws.kaplan import KaplanC as KaplanC
    from gnomon.laws.kaplan import KaplanD as KaplanD
    from gnomon.laws.kaplan import KaplanN as KaplanN
    from gnomon.laws.kaplan import KaplanND as KaplanND
    from gnomon.laws.learning_curve import M3 as M3
    from gnomon.laws.loss_to_loss import LossToLoss as LossToLoss
    from gnomon.laws.loss_to_loss import OodOffset as OodOffset
    from gnomon.laws.m4 import M4 as M4
    from gnomon.laws.mixture import MixingExp as MixingExp
    from gnomon.laws.mixture import RegMix as RegMix
    from gnomon.laws.muennighoff import Muennighoff as Muennighoff
    from gnomon.laws.multimodal import MultimodalBarrier as MultimodalBarrier
    from gnomon.laws.overtrain import Overtrain as Overtrain
    from gnomon.laws.pools import FilterUtility as FilterUtility
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
