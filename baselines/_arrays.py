"""Fitted arrays on disk; nothing is ever pickled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def save_arrays(folder: Path, **arrays: NDArray[Any]) -> None:
    """Write a model's fitted arrays to ``folder/model.npz``."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "model.npz", allow_pickle=False, **arrays)


def load_arrays(folder: Path) -> dict[str, NDArray[Any]]:
    """Read what `save_arrays` wrote."""
    with np.load(folder / "model.npz", allow_pickle=False) as stored:
        return dict(stored)
