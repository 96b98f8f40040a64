"""Loss at every step, for any size and batch, from small runs: the law with a critical batch, put to the test.

Paper: Su et al. 2024, arXiv 2403.06563, which measures the constants of Kaplan et al. 2020 anew with models of 1M to 60M
parameters. Here they have 7k to 300k, and read the standard library byte by byte.

    gnomon study run loss-trajectory --scale quick
"""

from gnomon.studies.entries.loss_trajectory.design import STUDY

__all__ = ["STUDY"]
