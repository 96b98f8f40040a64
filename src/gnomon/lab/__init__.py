"""The laboratory: small models trained to make runs. It knows nothing of laws, fits and forecasts."""

from gnomon.lab.models import CNN, MLP, Decoder, GatedConv, Mixer
from gnomon.lab.optim import Adam, Momentum, Optimiser, constant, warmup_linear
from gnomon.lab.program import Model
from gnomon.lab.task import Batch, NextSymbol, Task
from gnomon.lab.text import Text, stdlib_prose
from gnomon.lab.train import Look, Recipe, Trained, Watch, train

__all__ = [
    "CNN",
    "MLP",
    "Adam",
    "Batch",
    "Decoder",
    "GatedConv",
    "Look",
    "Mixer",
    "Model",
    "Momentum",
    "NextSymbol",
    "Optimiser",
    "Recipe",
    "Task",
    "Text",
    "Trained",
    "Watch",
    "constant",
    "stdlib_prose",
    "train",
    "warmup_linear",
]
