"""The laboratory: small models trained to make runs. It knows nothing of laws, fits and forecasts."""

from gnomon.lab.gradient_noise import GradientNoise, gradient_noise
from gnomon.lab.kinds import HIDDEN_ONLY, ByKind, Kind
from gnomon.lab.models import CNN, MLP, Attention, Decoder, Encoder, EncoderDecoder, GatedConv, Mixer
from gnomon.lab.optim import Adam, AdamW, Momentum, Optimiser
from gnomon.lab.program import Model
from gnomon.lab.schedules import constant, cosine, linear, wsd
from gnomon.lab.task import Batch, NextSymbol, Task
from gnomon.lab.text import Text, stdlib_bytes, stdlib_prose
from gnomon.lab.train import Look, Recipe, Trained, Watch, train
from gnomon.lab.width import Ruled, WidthRule, mup, standard

__all__ = [
    "CNN",
    "HIDDEN_ONLY",
    "MLP",
    "Adam",
    "AdamW",
    "Attention",
    "Batch",
    "ByKind",
    "Decoder",
    "Encoder",
    "EncoderDecoder",
    "GatedConv",
    "GradientNoise",
    "Kind",
    "Look",
    "Mixer",
    "Model",
    "Momentum",
    "NextSymbol",
    "Optimiser",
    "Recipe",
    "Ruled",
    "Task",
    "Text",
    "Trained",
    "Watch",
    "WidthRule",
    "constant",
    "cosine",
    "gradient_noise",
    "linear",
    "mup",
    "standard",
    "stdlib_bytes",
    "stdlib_prose",
    "train",
    "wsd",
]
