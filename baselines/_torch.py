"""What networks of every track share: devices, checkpoints, checks of options."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmark.errors import InputError


def require_at_least(least: float, **options: float) -> None:
    """Raise an `InputError` naming the first option below ``least``, or not a number."""
    for name, value in options.items():
        if not value >= least:
            raise InputError(f"{name} is {value:g}; expected at least {least:g}")


def require_more_than_zero(**options: float) -> None:
    """Raise an `InputError` naming the first option that is not a finite number above 0."""
    for name, value in options.items():
        if not 0.0 < value < math.inf:
            raise InputError(f"{name} is {value:g}; expected more than 0")


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
    return device


def device_of(network: nn.Module) -> torch.device:
    """Give the device that a network's weights are on."""
    return next(network.parameters()).device


def write_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Write tensors and numbers, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    torch.save(content, temporary)
    temporary.replace(path)


def read_checkpoint(path: Path, identity: str, device: torch.device) -> dict[str, Any] | None:
    """Read a checkpoint of this very run; None if there is none."""
    if not path.is_file():
        return None
    stored: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    return stored if stored["identity"] == identity else None
