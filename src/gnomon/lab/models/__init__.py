"""Models of the laboratory: one decoder, and one file for each family of mixers."""

from gnomon.lab.models.decoder import Decoder, Mixer
from gnomon.lab.models.gated_conv import GatedConv

__all__ = ["Decoder", "GatedConv", "Mixer"]
