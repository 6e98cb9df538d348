"""Fitted arrays on disk; nothing is ever pickled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.files import atomic


def save_arrays(folder: Path, **arrays: NDArray[Any]) -> None:
    """Write a model's fitted arrays to ``folder/model.npz``, atomically."""
    with atomic(folder / "model.npz") as temporary, temporary.open("wb") as file:
        content: dict[str, Any] = arrays  # numpy 1.26 cannot refuse pickles; `load_arrays` does
        np.savez(file, **content)


def load_arrays(folder: Path) -> dict[str, NDArray[Any]]:
    """Read what `save_arrays` wrote."""
    with np.load(folder / "model.npz", allow_pickle=False) as stored:
        return dict(stored)
