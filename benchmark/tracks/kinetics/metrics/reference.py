"""The true kinetics of a system, as the kinetics metrics need them."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.tracks.kinetics.metrics.estimators import (
    Chains,
    as_ascending,
    check_n_timescales,
    commit_counts,
    commit_thresholds,
    cycle_mfpt,
    dwell_cdf,
    dwell_edges,
    implied_timescales,
    longest_dwell,
    populations,
)

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

_INTEGER_FIELDS = ("lags", "thresholds", "dwell_edges")


@dataclass(frozen=True, eq=False)
class KineticsReference:
    """What the kinetics of a system truly are, for K labels; times in frames.

    Arrays are copied, made read-only, and their shapes checked. An entry that is nan (other than
    the diagonal of `mfpt`, which always is) is unknown, and is left out of the error it belongs to.
    Known values replace estimated ones by `dataclasses.replace`.

    Attributes
    ----------
    populations : float64 array of shape (K,)
        Sums to 1.
    mfpt : float64 array of shape (K, K)
        Cycle mean first passage times from row to column, in frames.
    lags : int64 array of shape (L,)
        Lag times in frames, ascending.
    timescales : float64 array of shape (L, k)
        Implied timescales at each lag, in frames, descending.
    thresholds : int64 array of shape (C,)
        Commitment times in frames, ascending.
    commit_rates : float64 array of shape (C, K, K)
        Committed jumps from row to column, per frame.
    dwell_edges : int64 array of shape (G,)
        Frames, ascending.
    dwell_cdf : float64 array of shape (K, G)
        P(dwell ≤ edge).

    Raises
    ------
    ValueError
        If a shape does not fit the others, or a value is impossible.
    """

    populations: Float64
    mfpt: Float64
    lags: Int64
    timescales: Float64
    thresholds: Int64
    commit_rates: Float64
    dwell_edges: Int64
    dwell_cdf: Float64

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            given = np.asarray(getattr(self, field.name))
            if field.name in _INTEGER_FIELDS:
                array: Float64 | Int64 = as_ascending(field.name, given)
            else:
                array = np.array(given, dtype=np.float64)
                if (array < 0).any() or np.isinf(array).any():
                    raise ValueError(f"{field.name} must be finite and ≥ 0, or nan where unknown")
            array.flags.writeable = False
            object.__setattr__(self, field.name, array)
        K, C = self.populations.size, self.thresholds.size
        L, G = self.lags.size, self.dwell_edges.size
        n_timescales = self.timescales.shape[-1] if self.timescales.ndim else 0
        for name, shape in (
            ("populations", (K,)),
            ("mfpt", (K, K)),
            ("timescales", (L, n_timescales)),
            ("commit_rates", (C, K, K)),
            ("dwell_cdf", (K, G)),
        ):
            found = getattr(self, name).shape
            if found != shape:
                raise ValueError(f"{name} has shape {found}; {shape} fits the other fields")
        if not abs(self.populations.sum() - 1) < 1e-6:
            raise ValueError(f"populations sum to {self.populations.sum()}, not to 1")
        if (self.mfpt == 0).any() or (self.timescales == 0).any():
            raise ValueError("mfpt and timescales must be above 0 frames, or nan where unknown")
        check_n_timescales(n_timescales, K)

    @property
    def n_states(self) -> int:
        """K."""
        return self.populations.size

    def to_json(self) -> str:
        """Write every array as nested lists; nan becomes null, and floats keep all their digits."""
        fields = dataclasses.fields(self)
        return json.dumps(
            {field.name: _nan_to_none(getattr(self, field.name).tolist()) for field in fields},
            allow_nan=False,
        )

    @classmethod
    def from_json(cls, text: str) -> KineticsReference:
        """Read what `to_json` wrote, bit for bit.

        Raises
        ------
        ValueError
            If the text is not JSON, or the fields are not those of a reference.
        """
        content = json.loads(text)
        names = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(content, dict) or set(content) != names:
            found = sorted(content) if isinstance(content, dict) else type(content).__name__
            raise ValueError(f"a kinetics reference has the fields {sorted(names)}; got {found}")
        return cls(
            **{
                name: np.array(values, dtype=None if name in _INTEGER_FIELDS else np.float64)
                for name, values in content.items()
            }
        )


def reference_from_chains(
    chains: Chains, n_states: int, lags: ArrayLike, n_timescales: int, t2: float
) -> KineticsReference:
    """Estimate a reference from chains much longer than those it will judge.

    Pairs without a completed passage and states without a complete run are unknown (nan). Every
    value passes through the very estimator that a model's chains pass through.

    Parameters
    ----------
    chains : uint8 array of shape (chains, frames), or sequence of uint8 arrays (frames,)
    n_states : int
    lags : integer array-like of shape (L,)
        Lag times in frames, ascending.
    n_timescales : int
        At most ``n_states - 1``.
    t2 : float
        Slowest relaxation time in frames: the largest commitment time.

    Returns
    -------
    KineticsReference

    Raises
    ------
    ValueError
        If the chains hold no complete run, and as in `implied_timescales`, `commit_thresholds`.
    """
    thresholds = commit_thresholds(t2)
    timescales = implied_timescales(chains, n_states, lags, n_timescales)
    longest = longest_dwell(chains, n_states)
    if longest == 0:
        raise ValueError("the chains hold no complete run: none has more than two runs")
    edges = dwell_edges(longest)
    mfpt, n_events = cycle_mfpt(chains, n_states)
    cdf, n_dwells = dwell_cdf(chains, n_states, edges)
    n_frames = sum(len(chain) for chain in chains)
    return KineticsReference(
        populations=populations(chains, n_states),
        mfpt=np.where(n_events > 0, mfpt, np.nan),
        lags=np.asarray(lags),
        timescales=timescales,
        thresholds=thresholds,
        commit_rates=commit_counts(chains, n_states, thresholds) / n_frames,
        dwell_edges=edges,
        dwell_cdf=np.where(n_dwells[:, None] > 0, cdf, np.nan),
    )


def _nan_to_none(values: object) -> object:
    if isinstance(values, list):
        return [_nan_to_none(value) for value in values]
    return None if isinstance(values, float) and math.isnan(values) else values
