"""What networks of every track share: devices, seeds, tensors on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmark.errors import InputError
from benchmark.files import atomic


def on_processor(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give weights as any machine can read them, whatever they were trained on."""
    return {name: value.cpu() for name, value in weights.items()}


def copied(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copy weights, so that training on does not change them."""
    return {name: value.clone() for name, value in weights.items()}


def device_named(name: str) -> torch.device:
    """Give the device of a name, or raise an `InputError` if it cannot be used."""
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # what torch raises depends on how it was built
        raise InputError(
            f"device '{name}' cannot be used: {str(error).splitlines()[0]}; 'cpu' always can"
        ) from error
    if device.type == "cuda":
        # Its recurrent layers would round what they multiply to ten bits: too few for a likelihood.
        torch.backends.cudnn.allow_tf32 = False
    return device


def device_of(network: nn.Module) -> torch.device:
    """Give the device that a network's weights are on."""
    return next(network.parameters()).device


@contextmanager
def drawing_from(seed: int, device: torch.device) -> Iterator[None]:
    """Draw torch's random numbers from ``seed`` for a while.

    The caller's random state stays untouched, and a rerun under one seed gives one result.
    """
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


def epoch_seed(seed: int, done: int) -> int:
    """Give the seed of torch in an epoch, from a training's seed and what is done of it.

    Returns
    -------
    int
        64 bits of numpy's `SeedSequence`, in which near seeds lead to numbers far apart.
    """
    return int(np.random.SeedSequence([seed, done]).generate_state(1, np.uint64)[0])


# --- on disk ----------------------------------------------------------------------------------


def write_tensors(path: Path, content: Mapping[str, Any]) -> None:
    """Write tensors, numbers, text, and lists and dictionaries of these, atomically."""
    with atomic(path) as temporary, temporary.open("wb") as file:
        # Given a path instead, torch would write the name of the temporary file into the archive.
        torch.save(dict(content), file)


def read_tensors(path: Path, device: torch.device | None = None) -> dict[str, Any]:
    """Read what `write_tensors` wrote; by default to the processor."""
    stored: dict[str, Any] = torch.load(path, map_location=device or "cpu", weights_only=True)
    return stored


def read_checkpoint(path: Path, identity: str, device: torch.device) -> dict[str, Any] | None:
    """Read a checkpoint of this very run, see `identify`; None if there is none."""
    if not path.is_file():
        return None
    stored = read_tensors(path, device)
    return stored if stored["identity"] == identity else None


def identify(name: str, arrays: Iterable[NDArray[Any]]) -> str:
    """Name a training run: a checkpoint of other options or other data must not be resumed.

    Parameters
    ----------
    name : str
        Says all options.
    arrays : iterable of arrays
        The data.
    """
    digest = hashlib.sha256(name.encode())
    for array in arrays:
        digest.update(str(array.shape).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
