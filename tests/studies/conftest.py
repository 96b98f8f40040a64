"""Compiled programs of the studies' tests, kept for the session and away from the user's cache folder."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def _compiled_programs(tmp_path_factory: pytest.TempPathFactory) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=0")  # compiles in half the time; speed is no matter
        yield
