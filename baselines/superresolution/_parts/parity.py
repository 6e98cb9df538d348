"""Ridge regression by parts even and odd under time reversal, from sums over samples.

Dynamics at constant energy is as likely backwards as forwards, so that features and targets can be
split into parts even and odd under time reversal, which cannot depend on each other:
W± = (X±ᵀX± / n + λ)⁻¹ X±ᵀY± / n, for features of variance 1. This halves the numbers to be learned,
and makes the answer to a reversed segment exactly the reversed answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SMALLEST = 1e-8  # Å; a feature that varies less, below any stored digit, is constant


class Moments:
    """Sums over windows of features X (n, features), targets Y (n, columns), and products."""

    def __init__(self) -> None:
        self.n = 0
        self.x: Floats | float = 0.0
        self.y: Floats | float = 0.0
        self.xx: Floats | float = 0.0
        self.xy: Floats | float = 0.0

    def add(self, X: Floats, Y: Floats) -> None:
        """Take in more windows."""
        self.n += len(X)
        self.x, self.y = self.x + X.sum(0), self.y + Y.sum(0)
        self.xx, self.xy = self.xx + X.T @ X, self.xy + X.T @ Y

    def diagonalise(self, centred: bool) -> Solver:
        """Scale the features to variance 1 and diagonalise their covariance."""
        x, y = np.asarray(self.x) / self.n * centred, np.asarray(self.y) / self.n * centred
        covariance = self.xx / self.n - np.outer(x, x)
        scale = np.sqrt(np.maximum(np.diag(covariance), _SMALLEST**2))
        variances, directions = np.linalg.eigh(covariance / np.outer(scale, scale))
        variances = np.maximum(variances, 0.0)  # rounding leaves some a hair below
        moments = (self.xy / self.n - np.outer(x, y)) / scale[:, None]
        return Solver(x, y, scale, variances, directions, directions.T @ moments)


@dataclass(frozen=True)
class Solver:
    """Normal equations of one parity in the eigenvectors of the covariance of the features."""

    x: Floats  # (features,) mean
    y: Floats  # (columns,) mean
    scale: Floats  # (features,)
    variances: Floats  # (features,)
    directions: Floats  # (features, features)
    moments: Floats  # (features, columns)

    def solve(self, strength: float, columns: slice) -> tuple[Floats, Floats]:
        """Give coefficients (features, columns) and intercepts (columns,)."""
        damped = self.moments[:, columns] / (self.variances + strength)[:, None]
        coefficients = (self.directions @ damped) / self.scale[:, None]
        return coefficients, self.y[columns] - self.x @ coefficients


#: Of the even part and of the odd one.
Solvers = tuple[Solver, Solver]


def diagonalised(even: Moments, odd: Moments) -> Solvers:
    """Diagonalise both parts.

    Forwards and backwards together, every odd number is zero on average.
    """
    return even.diagonalise(centred=True), odd.diagonalise(centred=False)


def solve(
    solvers: Solvers, strength: float, columns: slice = slice(None)
) -> tuple[Floats, Floats, Floats]:
    """Give even and odd coefficients, each (features, columns), and intercepts (columns,)."""
    even, intercept = solvers[0].solve(strength, columns)
    odd, _ = solvers[1].solve(strength, columns)
    return even, odd, intercept
