"""Models and the mixers they are made of, one family a file."""

from gnomon.lab.models.attention import Attention
from gnomon.lab.models.autoencoder import AutoEncoder
from gnomon.lab.models.cnn import CNN
from gnomon.lab.models.decoder import Channel, Decoder, Mixer
from gnomon.lab.models.encoder import Encoder
from gnomon.lab.models.encoder_decoder import EncoderDecoder
from gnomon.lab.models.experts import Experts
from gnomon.lab.models.gated_conv import GatedConv
from gnomon.lab.models.gated_linear_attention import GatedLinearAttention
from gnomon.lab.models.hyena import Hyena
from gnomon.lab.models.hyena_experts import HyenaExperts
from gnomon.lab.models.linear_attention import LinearAttention
from gnomon.lab.models.mlp import MLP
from gnomon.lab.models.multihead_hyena import MultiHeadHyena
from gnomon.lab.models.rwkv import RWKV
from gnomon.lab.models.rwkv7 import RWKV7
from gnomon.lab.models.selective_ssm import SelectiveSSM

__all__ = [
    "CNN",
    "MLP",
    "RWKV",
    "RWKV7",
    "Attention",
    "AutoEncoder",
    "Channel",
    "Decoder",
    "Encoder",
    "EncoderDecoder",
    "Experts",
    "GatedConv",
    "GatedLinearAttention",
    "Hyena",
    "HyenaExperts",
    "LinearAttention",
    "Mixer",
    "MultiHeadHyena",
    "SelectiveSSM",
]
