"""Studies of the user's own: modules in the folders that GNOMON_STUDIES names."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

from gnomon.errors import FileError, InputError, Where
from gnomon.studies.study import Study

VARIABLE = "GNOMON_STUDIES"


def own_modules() -> dict[str, Path]:
    """Name of a module -> its file, over all folders that are named.

    Raises:
        FileError: a folder is not there.
    """
    found = {}
    for place in filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)):
        folder = Path(place).resolve()
        if not folder.is_dir():
            raise FileError(f"{VARIABLE} names a folder that is not there", where=Where(file=place))
        for path in sorted(folder.glob("*.py")):
            if not path.name.startswith("_"):
                found[path.stem] = path
    return found


def own_study(path: Path) -> Study | None:
    """The study of a module; None where it has none. Its folder joins `sys.path`, so that workers find its functions.

    Raises:
        InputError: the module cannot be imported, or its STUDY is none.
    """
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    try:
        module = importlib.import_module(path.stem)
    except Exception as error:
        raise InputError(
            f"{path.name} cannot be imported: {type(error).__name__}: {error}",
            hint=f"Mend it, or take its folder out of {VARIABLE}.",
            where=Where(file=str(path)),
        ) from error
    if Path(str(module.__file__)).resolve() != path:
        raise InputError(
            f"{path.stem!r} is the name of another module ({module.__file__}).",
            hint="Give the file a name of its own.",
            where=Where(file=str(path)),
        )
    found = getattr(module, "STUDY", None)
    if found is not None and not isinstance(found, Study):
        raise InputError(f"STUDY is {type(found).__name__}, expected a Study", where=Where(file=str(path)))
    return found
