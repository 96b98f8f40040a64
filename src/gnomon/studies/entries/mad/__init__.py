"""Mechanistic architecture design: synthetic tasks that tell in minutes what a block can do, and whether they rank blocks.

Paper: Poli et al. 2024, arXiv 2403.17844. Its models are 128 wide, trained on sequences of up to 1,024 symbols, and its
scaling laws come from 500 models of 70M to 7B parameters; here widths are 32 and sequences 12 to 32 symbols long.

    gnomon study run mad --scale quick
"""

from gnomon.studies.entries.mad.design import STUDY

__all__ = ["STUDY"]
