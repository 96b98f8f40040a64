"""Transfer over width: do singular values follow sqrt(lr/decay) d^0.75, and does a rule made from it keep an optimum?

Paper: Fan et al. 2025, arXiv 2510.15262, on muP (Yang et al. 2022). Its models are 256 to 2,048 wide; here 16 to 128.

    gnomon study run width-transfer --scale quick
"""

from gnomon.studies.entries.width_transfer.design import STUDY

__all__ = ["STUDY"]
