"""Laws of the user's own, found in the folders that the environment variable GNOMON_LAWS names."""

from __future__ import annotations

import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from gnomon.errors import FileError, InputError, Where
from gnomon.laws.law import Law

_loaded: dict[tuple[str, int], dict[str, type[Law]]] = {}


def own_laws() -> dict[str, type[Law]]:
    """Every Law with an id in the Python files of GNOMON_LAWS (folders or files, separated as in PATH).

    The files are run: whoever sets the variable answers for them. No formula, request or table leads here.

    Raises:
        FileError: a file is missing or does not run.
        InputError: two laws have the same id.
    """
    found: dict[str, type[Law]] = {}
    for place in filter(None, os.environ.get("GNOMON_LAWS", "").split(os.pathsep)):
        path = Path(place).expanduser()
        if not path.exists():
            raise FileError(
                f"GNOMON_LAWS names {place!r}, which does not exist.", hint="Correct the variable or unset it."
            )
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            for name, own in _laws_in(file).items():
                if name in found:
                    raise InputError(
                        f"Two laws are called {name!r}.", where=Where(file=str(file)), hint="Give one another id."
                    )
                found[name] = own
    return found


def _laws_in(file: Path) -> dict[str, type[Law]]:
    key = (str(file.resolve()), file.stat().st_mtime_ns)
    if key not in _loaded:
        name = f"gnomon_own_laws_{file.stem}"
        spec = spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[name]
            raise FileError(
                f"The laws in it cannot be used: {type(error).__name__}: {error}",
                where=Where(file=str(file)),
                hint="Correct the file.",
            ) from error
        mine = [
            x
            for x in vars(module).values()
            if isinstance(x, type) and issubclass(x, Law) and x.__module__ == name and x.id
        ]
        _loaded[key] = {own.id: own for own in mine}
    return _loaded[key]
