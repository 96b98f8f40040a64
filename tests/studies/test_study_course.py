"""The course of a study: run once, kept, gone on with, judged; the same on every engine."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from study_tiny import TINY, trials

from gnomon.engines import TrialError
from gnomon.errors import InputError, RefusalError, UnknownNameError
from gnomon.runs.store import Store
from gnomon.studies.course import run_study, verify_study
from gnomon.studies.execution import News
from gnomon.studies.page import study_page
from gnomon.studies.trial import Trial
from gnomon.testing.studies import check_smoke, check_study


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.gnomon"


def test_it_keeps_the_contract(store: Path) -> None:
    check_study(TINY)
    check_smoke(TINY, str(store))


def test_every_trial_is_run_once_and_the_claims_are_judged(store: Path) -> None:
    heard: list[News] = []
    result = run_study(TINY, engine="serial", store=store, progress=heard.append)
    assert (result.total, result.cached, result.failed) == (8, 0, ())
    assert {v.claim.id: v.word for v in result.verdicts} == {
        "slope": "holds", "shuffled": "holds", "never": "cannot tell",
    }  # fmt: skip
    assert result.held
    assert heard[-1].done == heard[-1].total == 8
    assert any(news.told == {"x": 3} for news in heard)
    again = run_study(TINY, engine="serial", store=store)
    assert again.cached == 8
    assert again.runs.fingerprint == result.runs.fingerprint


def test_processes_give_the_rows_of_the_serial_engine(tmp_path: Path) -> None:
    one = run_study(TINY, engine="serial", store=tmp_path / "a.gnomon", seed=3)
    two = run_study(TINY, engine="processes", store=tmp_path / "b.gnomon", seed=3)
    assert one.runs.fingerprint == two.runs.fingerprint
    assert (
        run_study(TINY, engine="serial", store=tmp_path / "a.gnomon", seed=4).runs.fingerprint != one.runs.fingerprint
    )


def test_a_larger_scale_uses_what_a_smaller_one_has_run(store: Path) -> None:
    run_study(TINY, scale="smoke", engine="serial", store=store)
    assert run_study(TINY, scale="quick", engine="serial", store=store).cached == 4


def test_a_failure_is_a_record_and_is_run_again_on_request(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = replace(TINY, trials=lambda asked: [*trials(asked), Trial("study_tiny:work", {"x": 13, "seed": 0})])
    first = run_study(more, engine="serial", store=store)
    assert [k.failure["message"] for k in first.failed] == ["thirteen"]  # type: ignore[index]
    assert len(first.runs) == 8
    assert first.to_dict()["trials"] == {"total": 9, "cached": 0, "failed": 1}
    assert run_study(more, engine="serial", store=store).cached == 9, "not tried again by itself"
    mended = tmp_path / "mended"
    mended.touch()
    monkeypatch.setenv("GNOMON_TINY_MENDED", str(mended))
    last = run_study(more, engine="serial", store=store, retry=True)
    assert (last.cached, last.failed, len(last.runs)) == (8, (), 9)


def test_nothing_but_failures_is_an_error_that_carries_them(store: Path) -> None:
    only = replace(TINY, trials=lambda asked: [Trial("study_tiny:work", {"x": 13, "seed": 0})])
    with pytest.raises(TrialError, match=r"All 1 trials of tiny failed.*thirteen") as caught:
        run_study(only, engine="serial", store=store)
    assert caught.value.partial[0].failure["kind"] == "ValueError"  # type: ignore[index]


def test_an_interrupt_keeps_what_was_finished(store: Path) -> None:
    def stop(news: News) -> None:
        if news.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(TINY, engine="serial", store=store, progress=stop)
    with Store(store) as kept:
        assert len(kept.trials("tiny")) == 3
    assert run_study(TINY, engine="serial", store=store).cached == 3


def test_verify_judges_what_is_there_and_runs_nothing(store: Path) -> None:
    with pytest.raises(RefusalError, match="8 of 8 trials"):
        verify_study(TINY, store=store)
    done = run_study(TINY, engine="serial", store=store)
    assert [v.to_dict() for v in verify_study(TINY, store=store).verdicts] == [v.to_dict() for v in done.verdicts]


def test_wrong_words(store: Path) -> None:
    with pytest.raises(UnknownNameError, match="no study 'hestnes'"):
        run_study("hestnes", store=store)
    with pytest.raises(UnknownNameError, match="no scale 'huge'"):
        run_study(TINY, scale="huge", store=store)
    with pytest.raises(UnknownNameError, match="no engine 'cloud'"):
        run_study(TINY, engine="cloud", store=store)
    with pytest.raises(InputError, match="no trial"):
        run_study(replace(TINY, trials=lambda asked: []), store=store)


def test_its_page_says_what_held(store: Path) -> None:
    result = run_study(TINY, engine="serial", store=store)
    html = study_page(result).html()
    assert '<h2 id="claims">' in html
    assert "✓\u00a0holds" in html
    assert "?\u00a0cannot tell: not measured at this scale" in html
    assert html == study_page(result).html()
    json.loads(result.to_json())
