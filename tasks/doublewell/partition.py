"""The fine partition: cells of k-means centres in (x, u₁ … u_d), found once and frozen."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.files import write_text
from tasks.doublewell.model import lines

Floats = NDArray[np.float64]

FROZEN = Path(__file__).parent / "data" / "centres.json"

DIMENSIONS = (0, 1, 2, 3)
#: Centres: a line of 40 sites has no room for more.
CENTRES = {0: 30, 1: 100, 2: 100, 3: 100}

SAMPLES = 20_000
SEED = 20210706


def find_centres(dimension: int) -> Floats:
    """Find the centres of a dimension by k-means on stationary places.

    Returns
    -------
    float64 array of shape (centres, d + 1)
    """
    from deeptime.clustering import KMeans  # slow to load

    rng = np.random.default_rng([SEED, dimension])
    drawn = [rng.choice(line.sites, SAMPLES, p=line.stationary) for line in lines(dimension)]
    estimator = KMeans(
        CENTRES[dimension], max_iter=500, fixed_seed=SEED, n_jobs=1, init_strategy="kmeans++"
    )
    return np.asarray(estimator.fit_fetch(np.stack(drawn, axis=1)).cluster_centers, np.float64)


def write_centres(path: Path = FROZEN) -> None:
    """Find the centres of every dimension and freeze them, in order of x."""
    found = {}
    for dimension in DIMENSIONS:
        centres = find_centres(dimension)
        ordered = centres[np.argsort(centres[:, 0])]
        found[f"d{dimension}"] = [[round(float(x), 5) for x in centre] for centre in ordered]
    write_text(path, json.dumps(found).replace("], [", "],\n[") + "\n")  # a centre a line


def read_centres(dimension: int, path: Path = FROZEN) -> Floats:
    """Read the frozen centres of a dimension, shape (centres, d + 1)."""
    return np.array(json.loads(path.read_text("utf-8"))[f"d{dimension}"])


def nearest(points: Floats, centres: Floats) -> NDArray[np.uint8]:
    """Label points (n, d + 1) by the nearest of the centres (K, d + 1)."""
    squares = sum(np.subtract.outer(a, b) ** 2 for a, b in zip(points.T, centres.T, strict=True))
    return np.argmin(squares, axis=1).astype(np.uint8)
