"""Ridge regression in the molecule-fixed frame: the linear model that a network has to beat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.superresolution._parts.frame import Segments
from baselines.superresolution._parts.parity import Moments, Solvers, diagonalised, solve
from baselines.superresolution._parts.window_model import WindowModel
from baselines.superresolution._parts.windows import (
    MIDDLE,
    PLACES,
    WINDOW,
    bridge,
    check_option,
    reverse_time,
    scored_error,
)
from benchmark.model import ModelCard
from benchmark.tracks.superresolution.contract import GapContext

Floats = NDArray[np.float64]

#: Strengths that validation chooses from, in units of the variance of a feature.
STRENGTHS = tuple(10.0**power for power in range(-10, 0))

#: Training windows that start within the length of a gap: more tell nothing new.
STARTS_PER_GAP = 5


class Ridge(WindowModel):
    """Linear correction of the Hermite interpolant, for a whole molecule at once.

    Six kept frames around a gap, in the molecule-fixed frame, give the features x, v h and a h²,
    (6, orders, atoms, 3) numbers; the target is what the Hermite interpolant lacks in all hidden
    frames of the gap. Two gaps at either end of a segment have no such window: they are regressed
    on the six kept frames nearest to them.

    Dynamics at constant energy is as likely backwards as forwards, so the features and targets
    are split into parts even and odd under time reversal, which cannot depend on each other:
    W± = (X±ᵀX± / n + λ)⁻¹ X±ᵀY± / n. This halves the numbers to be learned, and makes the answer to
    a reversed segment exactly the reversed answer.

    Parameters
    ----------
    reads : str
        "positions", "velocities" (and positions) or "forces" (and both).
    strength : float
        λ, for features of variance 1; 0 lets the validation error choose among `STRENGTHS`.

    Raises
    ------
    InputError
        If a setting is none of these.
    """

    card = ModelCard(
        title="Ridge regression",
        description="Linear regression of what the Hermite interpolant lacks on positions, "
        "velocities and forces of six kept frames, in the molecule-fixed frame.",
        citation="Hoerl and Kennard, Technometrics 12, 55 (1970)",
    )

    def __init__(self, reads: str = "forces", strength: float = 0.0) -> None:
        check_option(strength=strength)
        super().__init__(reads)
        self.strength = strength

    def _learn(self, train: Segments, validation: Segments, context: GapContext) -> None:
        """Accumulate moments over all windows, choose the strength, solve."""
        even, odd = Moments(), Moments()
        for done, segment in enumerate(train):
            for windows, truth in self._windows([segment], self._gap // STARTS_PER_GAP):
                x_even, x_odd = _split_features(windows.derivatives)
                y_even, y_odd = _split_targets(truth - bridge(windows.derivatives, self._gap))
                even.add(x_even, y_even)
                odd.add(x_odd, y_odd)
            context.progress((done + 1) / (len(train) + 1), f"segment {done + 1}")
        solvers = diagonalised(even, odd)
        self.chosen_strength = self.strength or self._choose(solvers, validation)
        coefficients = _join(solvers, self.chosen_strength)  # (features + 1, columns)
        # Single precision on disk, and so here too, that a loaded model is the same one.
        by_place = np.split(coefficients.astype(np.float32), MIDDLE + 1, axis=1)
        self._coefficients = np.stack(by_place).astype(np.float64)

    def _choose(self, solvers: Solvers, validation: Segments) -> float:
        """Take the strength with the least mean absolute error in the middle of windows."""
        unseen = [
            (
                _design(windows.derivatives),
                truth[:, MIDDLE] - bridge(windows.derivatives, self._gap, MIDDLE),
            )
            for windows, truth in self._windows(validation, self._gap // 2)
        ]
        X = np.concatenate([x for x, _ in unseen])  # (n, features + 1)
        Y = np.concatenate([y for _, y in unseen])  # (n, gap - 1, atoms, 3)
        n_columns = Y[0].size
        middle = slice(MIDDLE * n_columns, (MIDDLE + 1) * n_columns)

        def error(strength: float) -> float:
            return scored_error(Y - (X @ _join(solvers, strength, middle)).reshape(Y.shape))

        return min(STRENGTHS, key=error)

    def _predict(self, derivatives: Floats, place: int) -> Floats:
        """Correct the Hermite interpolant."""
        if place > MIDDLE:  # one before the middle, if time runs backwards
            return self._predict(reverse_time(derivatives), PLACES - 1 - place)[:, ::-1]
        base = bridge(derivatives, self._gap, place)
        return base + (_design(derivatives) @ self._coefficients[place]).reshape(base.shape)

    @property
    def parameters(self) -> int:
        """Coefficients, of which those of places 3 and 4 are the same as of 1 and 0."""
        return self._coefficients.size

    def _learned(self) -> dict[str, NDArray[Any]]:
        return {
            "coefficients": self._coefficients.astype(np.float32),
            "chosen_strength": np.array(self.chosen_strength),
        }

    def _take(self, learned: Mapping[str, NDArray[Any]]) -> None:
        self._coefficients = learned["coefficients"].astype(np.float64)
        self.chosen_strength = float(learned["chosen_strength"])


def _split_features(derivatives: Floats) -> tuple[Floats, Floats]:
    """Flatten windows (n, 6, orders, atoms, 3) into parts even and odd in time, (n, features)."""
    mirrored = reverse_time(derivatives)
    n, half = len(derivatives), WINDOW // 2
    even, odd = derivatives + mirrored, derivatives - mirrored
    return even[:, :half].reshape(n, -1), odd[:, :half].reshape(n, -1)


def _split_targets(residual: Floats) -> tuple[Floats, Floats]:
    """Flatten residuals (n, 5, gap - 1, atoms, 3) of places 0 … 2 likewise, (n, columns)."""
    mirrored = residual[:, ::-1, ::-1]
    n, half = len(residual), MIDDLE + 1
    even, odd = (residual + mirrored) / 2, (residual - mirrored) / 2
    return even[:, :half].reshape(n, -1), odd[:, :half].reshape(n, -1)


def _design(derivatives: Floats) -> Floats:
    """Give even features, odd features and a one, (n, features + 1)."""
    return np.hstack([*_split_features(derivatives), np.ones((len(derivatives), 1))])


def _join(solvers: Solvers, strength: float, columns: slice = slice(None)) -> Floats:
    """Give the coefficients of `_design`, (features + 1, columns)."""
    return np.vstack(solve(solvers, strength, columns))
