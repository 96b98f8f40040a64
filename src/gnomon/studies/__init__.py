"""Studies: experiments of seconds to an hour, each with claims, negative controls and a verdict on every claim."""

from gnomon.studies.catalogue import STUDIES, studies, study
from gnomon.studies.claim import Claim, Measured, Rule, Verdict, at_least, at_most, between
from gnomon.studies.course import run_study, verify_study
from gnomon.studies.result import Result
from gnomon.studies.study import Asked, Paper, Study
from gnomon.studies.trial import Trial

__all__ = [
    "STUDIES",
    "Asked",
    "Claim",
    "Measured",
    "Paper",
    "Result",
    "Rule",
    "Study",
    "Trial",
    "Verdict",
    "at_least",
    "at_most",
    "between",
    "run_study",
    "studies",
    "study",
    "verify_study",
]
