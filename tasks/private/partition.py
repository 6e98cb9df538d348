"""From coordinates to microstates: states as they are, bins of equal width, or k-means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from tasks.private.recording import Recording
from tasks.private.states import MOST_LABELS

Labels = NDArray[np.uint8]
Partition = Literal["bins", "kmeans", "pcca", "states"]

#: Percentiles between which bins have equal width; the outer bins hold what lies beyond as well.
LOWEST, HIGHEST = 0.1, 99.9

#: Default numbers of microstates; of centres there are fewer where each would have fewer frames.
BINS, CENTRES = 20, 100
LEAST_CENTRES, FRAMES_A_CENTRE = 10, 1000

#: Frames, spread evenly, from which k-means finds its centres; the others are only assigned.
CLUSTERED_FRAMES = 50_000
SEED = 2107_06573


def default_partition(recordings: Sequence[Recording]) -> Partition:
    """Choose: labels stay labels, one number is binned, anything else clustered."""
    first = recordings[0]
    if first.kind == "states":
        return "states"
    return "bins" if first.kind == "numbers" and first.values.shape[1] == 1 else "kmeans"


def microstates(
    recordings: Sequence[Recording], partition: Partition, states: int | None
) -> tuple[list[Labels], str]:
    """Label every frame.

    Parameters
    ----------
    recordings : sequence of Recording
        Of one kind.
    partition : Partition
        "pcca" is clustered as for "kmeans"; the rest of it is no matter of coordinates.
    states : int or None
        Number of bins or centres; None: the default.

    Returns
    -------
    labels : list of uint8 arrays (frames,)
        0 … K−1 without gaps; K may be below ``states``, since a bin that is never visited is none.
    description : str

    Raises
    ------
    InputError
        If the partition does not suit the coordinates, or puts all frames into one state.
    """
    found: Sequence[NDArray[Any]]
    if partition == "states":
        found, text = [recording.values[:, 0] for recording in recordings], "states as given"
    elif partition == "bins":
        found, text = _bins(recordings, states or BINS), "bins of equal width"
    else:
        frames = sum(len(recording.values) for recording in recordings)
        default = int(np.clip(frames // FRAMES_A_CENTRE, LEAST_CENTRES, CENTRES))
        found, text = _cluster(recordings, states or default), "k-means centres"
    return numbered(found), text


def numbered(chains: Sequence[NDArray[Any]]) -> list[Labels]:
    """Name the states that occur 0 … K−1 in their order.

    Raises
    ------
    InputError
        If only one occurs, or more than 8 bits can name.
    """
    values, labels = np.unique(np.concatenate(chains), return_inverse=True)
    if len(values) > MOST_LABELS:
        raise InputError(f"there are {len(values)} states, at most {MOST_LABELS} can be named")
    if len(values) < 2:
        raise InputError(
            f"every frame is in the same state ({values[0]}): there is nothing to predict"
        )
    ends = np.cumsum([len(chain) for chain in chains])[:-1]
    return [part.astype(np.uint8) for part in np.split(labels, ends)]


def features(recording: Recording) -> NDArray[np.float64]:
    """Give what distances are taken in: (cos, sin) of angles, numbers as they are.

    Returns
    -------
    float64 array of shape (frames, columns), with twice the columns for angles
    """
    values = recording.values.astype(np.float64)
    if recording.kind == "angles":
        return np.concatenate([np.cos(values), np.sin(values)], axis=1)
    return values


def _bins(recordings: Sequence[Recording], n: int) -> list[NDArray[np.int64]]:
    columns = recordings[0].values.shape[1]
    if columns != 1:
        raise InputError(
            f"--partition bins needs one column, there are {columns}; choose one (--columns of a "
            "series, --dihedrals of a trajectory), or take --partition kmeans"
        )
    series = [recording.values[:, 0].astype(np.float64) for recording in recordings]
    low, high = np.percentile(np.concatenate(series), [LOWEST, HIGHEST])
    if not high > low:
        raise InputError(f"every frame holds {low:g}: there is nothing to put into bins")
    return [np.clip((x - low) * (n / (high - low)), 0, n - 1).astype(np.int64) for x in series]


def _cluster(recordings: Sequence[Recording], n: int) -> list[NDArray[np.int64]]:
    from deeptime.clustering import KMeans

    total = sum(len(recording.values) for recording in recordings)
    every = -(-total // CLUSTERED_FRAMES)
    sample = np.concatenate([features(recording)[::every] for recording in recordings])
    distinct = len(np.unique(sample, axis=0))
    if distinct < n:
        raise InputError(
            f"{n} k-means centres need as many different frames, there are {distinct}; "
            "give fewer --states"
        )
    # Rounding depends on the number of threads, and with it where a border lies.
    model = KMeans(n, fixed_seed=SEED, n_jobs=1).fit_fetch(sample)
    return [
        model.transform(features(recording), n_jobs=1).astype(np.int64) for recording in recordings
    ]
