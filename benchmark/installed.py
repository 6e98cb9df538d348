"""Whether this code is an installed package, which lacks what only a clone has."""

from __future__ import annotations

from pathlib import Path


def is_installed(root: Path) -> bool:
    """Say whether a folder holds the installed packages, and is no clone.

    Parameters
    ----------
    root : Path
        The folder above ``benchmark/``, ``tasks/`` and the others.
    """
    return (root / "benchmark").is_dir() and not (root / "pyproject.toml").exists()
