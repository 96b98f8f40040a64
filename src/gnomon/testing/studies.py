"""The contract of a study: what must be true of it before anything is run, and of its smoke run.

from gnomon.testing.studies import check_study

def test_my_study():
    check_study(STUDY)
"""

from __future__ import annotations

import importlib
import json

from gnomon.studies.claim import judge
from gnomon.studies.study import SCALES, Study


def check_study(study: Study) -> None:
    """Check what is declared: names, scales, claims with their controls, trials that can be found and named.

    Raises:
        AssertionError: a rule is broken; the message says which.
    """
    assert study.name == study.name.lower() != "", f"the name {study.name!r} is typed: lower case"
    assert study.question.endswith("?"), "the question ends with a question mark"
    assert all((study.title, study.split, study.departs)), "title, split and departures are said"
    assert all((study.paper.title, study.paper.authors, study.paper.id)), "the paper is named"
    assert tuple(study.scales) == SCALES, f"the scales are {', '.join(SCALES)}, in this order"
    check_claims(study)
    sizes = []
    for scale in SCALES:
        check_trials(study, scale)
        sizes.append(len(study.trials(study.asked(scale))))
    assert sizes == sorted(sizes), f"a larger scale has no fewer trials, got {sizes}"
    json.dumps(study.to_dict())


def check_claims(study: Study) -> None:
    """Claims have names of their own and sources; at least one is a negative control of another."""
    ids = [claim.id for claim in study.claims]
    assert len(ids) == len(set(ids)), "claims have different ids"
    for claim in study.claims:
        assert all((claim.statement, claim.source)), f"{claim.id}: statement and source are said"
        if claim.control_of is not None:
            held = next((c for c in study.claims if c.id == claim.control_of), None)
            assert held is not None, f"{claim.id} is a control of {claim.control_of!r}, which is no claim"
            assert held.control_of is None, f"{claim.id} is a control of a control"
    assert any(c.control_of is not None for c in study.claims), "a study has a negative control"
    assert any(c.control_of is None for c in study.claims), "a study has a claim"


def check_trials(study: Study, scale: str) -> None:
    """Trials of a scale: different, the same at every call, their work importable, their seeds from the one asked for."""
    first, again = (study.trials(study.asked(scale)) for _ in range(2))
    keys = [trial.key for trial in first]
    assert len(keys) == len(set(keys)), f"{scale}: every trial stands once in the grid"
    assert keys == [trial.key for trial in again], f"{scale}: the grid is the same at every call"
    other = {trial.key for trial in study.trials(study.asked(scale, 7919))}
    assert not other & set(keys), f"{scale}: another seed gives other trials"
    for work in {trial.work for trial in first}:
        module, _, function = work.partition(":")
        assert callable(getattr(importlib.import_module(module), function, None)), f"{work} is no function"


def check_smoke(study: Study, store: str) -> None:
    """Run the smoke scale: no trial fails, every claim has a verdict, none fails, a second call runs nothing."""
    from gnomon.studies.course import run_study

    first = run_study(study, scale="smoke", engine="serial", store=store)
    assert not first.failed, first.failed[0].failure
    assert {v.claim.id for v in first.verdicts} == {claim.id for claim in study.claims}
    for v in first.verdicts:
        assert v.word in ("cannot tell", judge(v.claim.rule, v.measured)), v.claim.id
        assert v.word != "fails", f"{v.claim.id} fails at the smoke scale: {v.measured}"
    assert any(v.word == "holds" and v.claim.control_of for v in first.verdicts), "a control runs at the smoke scale"
    again = run_study(study, scale="smoke", engine="serial", store=store)
    assert again.cached == again.total == first.total
    assert [v.to_dict() for v in again.verdicts] == [v.to_dict() for v in first.verdicts]
