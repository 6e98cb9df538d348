"""Files of the working directory that Python takes for its own modules, or for a library.

``python -m`` looks there first, and so do the processes that it starts: a ``random.py`` beside a
project breaks the standard library.
"""

from __future__ import annotations

import sys
from pathlib import Path

#: Libraries that are imported sooner or later.
LIBRARIES = frozenset(
    {"datasets", "deeptime", "matplotlib", "mdtraj", "numba", "numpy", "pandas", "platformdirs"}
    | {"pooch", "pyarrow", "pydantic", "requests", "rich", "scipy", "tabulate", "torch"}
    | {"torchdiffeq", "typer", "yaml"}
)

#: Modules of Python that nothing here imports; a folder ``test`` is common.
UNUSED = frozenset({"antigravity", "idlelib", "lib2to3", "test", "this", "turtle", "turtledemo"})


def hiding(folder: Path) -> list[Path]:
    """Give the files in a folder that hide a module of Python or a library."""
    hidden = (sys.stdlib_module_names - UNUSED) | LIBRARIES
    files = [path for path in folder.glob("*.py") if path.stem in hidden]
    files += [path for path in folder.glob("*/__init__.py") if path.parent.name in hidden]
    # Where the libraries themselves lie, nothing hides anything.
    return [] if (folder / "pydantic").is_dir() or (folder / "os.py").is_file() else sorted(files)


def refusal(folder: Path) -> str:
    """Say which file is in the way; empty if none is."""
    for path in hiding(folder):
        name = path.parent.name if path.name == "__init__.py" else path.stem
        return (
            f"{path} hides the module '{name}' from all that imports it: "
            "rename it, or start from another folder"
        )
    return ""
