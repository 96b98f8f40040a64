"""The Slurm engine keeps the contract of engines; its jobs run as processes of this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

import engine_functions as functions
import pytest

from gnomon.engines import Slurm
from gnomon.errors import InputError

pytest.importorskip("submitit", reason="submitit is not installed (pip install 'gnomon[slurm]')")
pytestmark = [
    pytest.mark.slow,  # a job takes a second to start and one to be seen
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Slurm:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))  # as on a cluster, where the module is installed
    return Slurm(tmp_path, workers=3, cluster="local", environment={"GNOMON_SAID": "hello"})


def test_outcomes_failures_and_the_environment(engine: Slurm) -> None:
    outcomes = {o.index: o for o in engine.map(functions.fails_on_three, [1, 3])}
    assert outcomes[0].record == 1
    assert (outcomes[1].failure.kind, outcomes[1].failure.message) == ("ValueError", "three is not served")  # type: ignore[union-attr]
    assert [o.record for o in engine.map(functions.environment, ["GNOMON_SAID"])] == ["hello"]
    assert list(engine.map(functions.square, [])) == []


@pytest.mark.skipif(shutil.which("srun") is not None, reason="this machine has Slurm")
def test_a_machine_without_slurm_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Slurm cannot be used"):
        Slurm(tmp_path)
    with pytest.raises(InputError, match="at least 1"):
        Slurm(tmp_path, workers=0)
