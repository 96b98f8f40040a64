"""Models, one family a file."""

from gnomon.lab.models.attention import Attention
from gnomon.lab.models.cnn import CNN
from gnomon.lab.models.decoder import Decoder, Mixer
from gnomon.lab.models.gated_conv import GatedConv
from gnomon.lab.models.mlp import MLP

__all__ = ["CNN", "MLP", "Attention", "Decoder", "GatedConv", "Mixer"]
