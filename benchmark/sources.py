"""The files that a model's code is made of, by which two runs are told apart.

Followed are the imports that stand anywhere in a file, inside functions too, so that the answer
does not depend on what has been imported by now. Modules that are imported by other ways
(``importlib``) are found only once they are.
"""

from __future__ import annotations

import ast
import hashlib
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from importlib.machinery import PathFinder
from pathlib import Path

#: Where nothing of a model's own lies: Python, installed packages, and this package.
FOREIGN = (
    *(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib")),
    str(Path(__file__).parent),
)


def closure(path: Path, module: str) -> list[Path]:
    """Give a file and all that it imports from its own folder or package, and these import.

    Parameters
    ----------
    path : Path
    module : str
        Its name; one with a dot is in a package.

    Returns
    -------
    list of Path
        ``path`` first, then the others in alphabetical order.
    """
    found, todo = {path}, [path]
    while todo:
        for one in _imported(todo.pop(), _start(path, module)):
            if one not in found and _is_own(one, path, module):
                found.add(one)
                todo.append(one)
    return [path, *sorted(found - {path})]


def imported_by_now(path: Path, module: str) -> list[Path]:
    """Give the files of all modules of a model's own folder or package that are imported by now."""
    files = [getattr(one, "__dict__", {}).get("__file__") for one in list(sys.modules.values())]
    # Of the thousands that are imported few lie in a folder of this name, and paths are slow.
    name = _start(path, module).name
    found = {Path(file) for file in files if isinstance(file, str) and name in file}
    return sorted(one for one in found if _is_own(one, path, module) and one.is_file())


def packages(files: Sequence[Path]) -> set[str]:
    """Name the packages that import statements of files speak of, whoever's they are."""
    found: set[str] = set()
    for file in files:
        for node in _statements(file):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found


def module_file(module: str) -> Path | None:
    """Give the file of a module, found without importing it or the packages it is in."""
    first = PathFinder.find_spec(module.partition(".")[0])
    if first is None or first.origin is None:
        return None
    start = Path(first.origin).parents[1 if first.submodule_search_locations else 0]
    parts = module.split(".")
    found = list(_files(start, parts))
    return found[-1] if found and len(found) == len(parts) else None


def sha256(files: Sequence[Path]) -> str:
    """Give the SHA-256 of files as they are on disk now, one after the other; empty for none."""
    if not files:
        return ""
    return hashlib.sha256(
        b"".join(file.read_bytes() if file.is_file() else b"" for file in files)
    ).hexdigest()


def _start(path: Path, module: str) -> Path:
    """Give the folder that the names of a model's own modules start from."""
    return path.parents[module.count(".")]


def _is_own(file: Path, path: Path, module: str) -> bool:
    """Whether a file lies in the package of a model, or in its folder if it is in none."""
    start = _start(path, module)
    if "." in module:
        return start / module.partition(".")[0] in file.parents
    return start in file.parents and not str(file).startswith(FOREIGN)


def _statements(path: Path) -> Iterator[ast.Import | ast.ImportFrom]:
    """Give the import statements of a file, wherever in it they stand."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError):  # no Python, or not this one's
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node


def _imported(path: Path, start: Path) -> Iterator[Path]:
    """Give the files below ``start`` that a file's import statements name."""
    for node in _statements(path):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(start, alias.name.split("."))
        else:
            base = path.parents[node.level - 1] if node.level else start
            parts = node.module.split(".") if node.module else []
            for alias in node.names:  # a name may be a module, or something in one
                yield from _files(base, [*parts, alias.name])


def _files(start: Path, parts: Sequence[str]) -> Iterator[Path]:
    """Give the file of a module, and those of the packages that it is in, where there are any."""
    for n in range(1, len(parts) + 1):
        place = start.joinpath(*parts[:n])
        for file in (place / "__init__.py", place.with_suffix(".py")):
            if file.is_file():
                yield file
