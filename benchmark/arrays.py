"""Names for the arrays that all rooms speak of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.uint8]


Probabilities = NDArray[np.float32]


Positions = NDArray[np.float64]
