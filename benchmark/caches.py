"""Where libraries keep their caches, if the user has no place for them."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def writable_caches() -> None:
    """Give numba and matplotlib a temporary place for caches if they have no other.

    The first needs one even where there is nothing to cache, and does not work without.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    config = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
    own = Path(__file__).parent / "__pycache__"  # numba tries beside the code first
    wanting = {}
    if not any(map(can_write, _chosen("NUMBA_CACHE_DIR") or [own, cache / "numba"])):
        wanting["NUMBA_CACHE_DIR"] = "numba"
    if not any(map(can_write, _chosen("MPLCONFIGDIR") or [config / "matplotlib"])):
        wanting["MPLCONFIGDIR"] = "matplotlib"
    if not wanting:
        return
    folder = Path(tempfile.mkdtemp(prefix="stridebench-"))  # only its owner can read it
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for variable, name in wanting.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        os.environ[variable] = str(folder / name)


def _chosen(variable: str) -> list[Path]:
    text = os.environ.get(variable)
    return [Path(text).expanduser()] if text else []


def can_write(folder: Path) -> bool:
    """Whether files can be made in a folder, or where it is to be."""
    try:
        there = next(each for each in (folder, *folder.parents) if each.exists())
        with tempfile.TemporaryFile(dir=there):
            return True
    except (OSError, StopIteration):
        return False
