"""Public measurements by name: source, commit, checksums, and a reader. None of them ships with gnomon.

from gnomon import datasets

datasets.load("chinchilla_epoch/points.csv")      # from the folder GNOMON_DATA, or from the cache
datasets.fetch("chinchilla_epoch")                # only when asked
"""

from __future__ import annotations

from gnomon.datasets.catalogue import DATASETS, dataset
from gnomon.datasets.fetching import fetch
from gnomon.datasets.place import cache_folder, find, load
from gnomon.datasets.public import Dataset, Original, checksums

__all__ = ["DATASETS", "Dataset", "Original", "cache_folder", "checksums", "dataset", "fetch", "find", "load"]
