"""What a kinetics model may answer, and the files it is kept in.

``log_prob.parquet``
    float32, ln p(s_t | s_<t) of the label that the test chain really shows, one row a test chain.
    Absent where a model gives no (admissible) probabilities.
``samples.parquet``
    uint8, the generated labels after prompt and burn-in, one row a chain.
``refused_samples.parquet``
    In its place where an audit has found that these are not chains of the model that predicts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.arrays import Labels, Probabilities
from benchmark.errors import ModelError
from benchmark.shapes import shape_fault

#: Σp may differ from 1 by this much (float32 arithmetic over up to 256 labels).
NORMALISATION_TOLERANCE = 1e-5

LOG_PROB = "log_prob.parquet"
SAMPLES = "samples.parquet"
REFUSED = "refused_samples.parquet"


def checked_probabilities(probabilities: Any, states: Labels, n_labels: int) -> Probabilities:
    """Check the shape and the values of a model's answer to ``predict``.

    Raises
    ------
    ModelError
        If the shape is wrong, or a value is NaN, infinite or negative.
    """
    expected = (*states.shape, n_labels)
    array = np.asarray(probabilities)
    hints = {-1: "include the first frame, predicted from nothing", 1: "leave out what comes next"}
    if fault := shape_fault(array.shape, expected, ("chains", "frames", "labels"), hints):
        raise ModelError(f"predict gave {fault}")
    if not np.issubdtype(array.dtype, np.floating):
        raise ModelError(f"predict gave {array.dtype}, expected float32 probabilities")
    if not np.isfinite(array).all():
        raise ModelError("predict gave NaN or infinite probabilities")
    if (array < 0).any():
        raise ModelError(f"predict gave a negative probability ({array.min():.3g}){_advice(array)}")
    return array.astype(np.float32, copy=False)


def _advice(negative: NDArray[Any]) -> str:
    """Say what numbers that are no probabilities may be."""
    with np.errstate(over="ignore"):
        sums = np.exp(negative.astype(np.float64)).sum(-1)
    if (negative <= 0).all() and np.allclose(sums, 1.0, atol=1e-3):
        return ": are these logarithms? give exp of them"
    return ": are these logits? give their softmax"


def realised_log_prob(probabilities: Probabilities, states: Labels) -> NDArray[np.float32]:
    """Give ln p of the labels that really came, shape (chains, frames); −inf where p = 0.

    p is divided by its sum, which may be off by the tolerance: 1e-5 nats a frame are as much as
    the resolution of the finest test set.
    """
    chosen = np.take_along_axis(probabilities, states[..., None].astype(np.intp), axis=-1)[..., 0]
    with np.errstate(divide="ignore"):
        log_prob = np.log(chosen / probabilities.sum(-1, dtype=np.float64))
    return log_prob.astype(np.float32)


def checked_samples(
    samples: Any, chains: int, frames: int, n_labels: int, prompt: int = 0
) -> Labels:
    """Check the shape and the values of a model's answer to ``sample`` after so long a prompt.

    Raises
    ------
    ModelError
        If the shape is wrong (too short, too long), a value is not an integer, or is no label.
    """
    array = np.asarray(samples)
    hints = {
        1: "leave out the last frame of the prompt",
        -1: "the first new frame counts too",
        prompt: "leave the prompt out",
    }
    if fault := shape_fault(array.shape, (chains, frames), ("chains", "frames"), hints):
        raise ModelError(f"sample gave {fault}")
    if not np.issubdtype(array.dtype, np.integer):
        raise ModelError(f"sample gave {array.dtype}, expected integer labels")
    if array.min() < 0 or array.max() >= n_labels:
        worst = array.max() if array.max() >= n_labels else array.min()
        raise ModelError(f"sample gave the label {worst}, labels are 0 … {n_labels - 1}")
    return array.astype(np.uint8, copy=False)
