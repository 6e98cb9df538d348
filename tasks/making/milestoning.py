"""Last-visited-core milestoning: labels without recrossings, and without a look ahead."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Marks a frame outside every core.
NO_CORE = 255


def last_visited_core(cores: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Label each frame by the core entered last, until another core is entered.

    Parameters
    ----------
    cores : uint8 array of shape (frames,)
        The core of each frame, or `NO_CORE`. Consecutive frames of one trajectory.

    Returns
    -------
    uint8 array of shape (frames,)
        `NO_CORE` before the first core; such frames know no label and should be dropped.

    References
    ----------
    C. Schütte, F. Noé, J. Lu, M. Sarich, E. Vanden-Eijnden, J. Chem. Phys. 134, 204105 (2011).

    Examples
    --------
    >>> last_visited_core(np.array([255, 0, 255, 255, 1, 255], dtype=np.uint8))
    array([255,   0,   0,   0,   1,   1], dtype=uint8)
    """
    entered = np.where(cores == NO_CORE, 0, np.arange(len(cores)))
    return cores[np.maximum.accumulate(entered)]
