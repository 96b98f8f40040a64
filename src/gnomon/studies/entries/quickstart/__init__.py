"""Quickstart: a ladder of tiny character models whose forecast of a larger one is made before that one is trained."""

from gnomon.studies.entries.quickstart.control import Control, permuted_control
from gnomon.studies.entries.quickstart.course import quickstart
from gnomon.studies.entries.quickstart.design import Design, Trial, design
from gnomon.studies.entries.quickstart.result import Quickstart
from gnomon.studies.entries.quickstart.work import Progress

__all__ = ["Control", "Design", "Progress", "Quickstart", "Trial", "design", "permuted_control", "quickstart"]
