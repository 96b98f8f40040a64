"""What importing the package and asking the command line for help may load: nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "scipy",
    "jax",
    "jaxlib",
    "altair",
    "vl_convert",
    "contourpy",
    "duckdb",
    "fastapi",
    "pandas",
    "polars",
    "pyarrow",
    "jinja2",
)


def loaded_by(code: str) -> set[str]:
    """Heavy top-level modules in a fresh interpreter after `code`."""
    script = f"{code}\nimport sys\nprint('LOADED', *sorted({{m.split('.')[0] for m in sys.modules}} & set({HEAVY!r})))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(result.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize(
    "code",
    [
        "import gnomon",
        "import gnomon as gn; gn.Law, gn.laws.Chinchilla.besiroglu2024(params=7e9, tokens=2e12)",
        "import gnomon as gn; gn.laws, gn.fit, gn.forecast, gn.plan, gn.report, gn.read_runs",
        "from gnomon.cli.main import main\nimport sys\nsys.argv=['gnomon','--help']\ntry: main()\nexcept SystemExit: pass",
    ],
    ids=["import", "a published law", "every public module", "gnomon --help"],
)
def test_nothing_heavy_is_loaded(code: str) -> None:
    assert loaded_by(code) == set()


def test_every_public_name_resolves() -> None:
    import gnomon

    for name in gnomon.__all__:
        assert getattr(gnomon, name) is not None


def test_the_version_is_that_of_the_project_file() -> None:
    import tomllib
    from pathlib import Path

    import gnomon

    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
    assert gnomon.__version__ == project["project"]["version"]
