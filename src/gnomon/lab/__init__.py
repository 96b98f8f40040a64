"""The laboratory: small models trained to make runs. It knows nothing of laws, fits and forecasts."""

from gnomon.lab.models import Decoder, GatedConv, Mixer
from gnomon.lab.optim import Adam, warmup_linear
from gnomon.lab.program import Model
from gnomon.lab.task import Batch, NextSymbol, Task
from gnomon.lab.text import Text, stdlib_prose
from gnomon.lab.train import Recipe, Trained, train

__all__ = [
    "Adam",
    "Batch",
    "Decoder",
    "GatedConv",
    "Mixer",
    "Model",
    "NextSymbol",
    "Recipe",
    "Task",
    "Text",
    "Trained",
    "stdlib_prose",
    "train",
    "warmup_linear",
]
