"""Tasks made of generated sequences: one kind of ability, one file."""

from gnomon.lab.tasks.compression import compression
from gnomon.lab.tasks.copying import selective_copying
from gnomon.lab.tasks.fuzzy_recall import fuzzy_recall
from gnomon.lab.tasks.memorization import memorization
from gnomon.lab.tasks.recall import in_context_recall, noisy_recall
from gnomon.lab.tasks.sequences import SEED, Sequences, Sizes, accuracies

__all__ = [
    "SEED",
    "Sequences",
    "Sizes",
    "accuracies",
    "compression",
    "fuzzy_recall",
    "in_context_recall",
    "memorization",
    "noisy_recall",
    "selective_copying",
]
