"""Learning curves: error against the number of training samples, and whether the optimiser changes the exponent.

Paper: Hestness et al. 2017, arXiv 1712.00409. Its domains are translation, language, images and speech with 10^4 to
10^7 samples; here it is 8 x 8 digits with 20 to 1,280.

    gnomon study run hestness --scale quick
"""

from gnomon.studies.entries.hestness.design import STUDY

__all__ = ["STUDY"]
