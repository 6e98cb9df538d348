"""What a model is, found out in a process of its own: only there its code is imported."""

from __future__ import annotations

import ctypes
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmark.errors import InputError, named, said
from benchmark.loading import clash, load_model
from benchmark.model import ModelCard, ModelFacts
from benchmark.result import plain
from benchmark.run.line import Line
from benchmark.run.place import enter


def describe(
    line: Line,
    spec: str,
    settings: dict[str, str],
    track: str | None,
    device: str,
    place: Path | None = None,
) -> None:
    """Tell ``"facts"`` (see `facts_from`), or ``"fault"`` and why there is no such model."""
    if place is not None:
        enter(place)
    try:
        found = facts(spec, settings, track, device)
        line.tell("facts", {**asdict(found), "card": found.card.model_dump()})
    except InputError as error:
        line.tell("fault", said(error))
    except BaseException as error:  # of the model's own code, when it is looked at
        line.tell("fault", f"{spec}: {named(error)}")


def facts_from(told: dict[str, Any]) -> ModelFacts:
    """Give the facts that `describe` has told."""
    return ModelFacts(**{**told, "card": ModelCard(**told["card"])})


def facts(spec: str, settings: dict[str, str], track: str | None, device: str) -> ModelFacts:
    """Find a model, build it once, and say what it is.

    Raises
    ------
    InputError
        If there is no such model, setting or device, or the model cannot be built.
    """
    loaded = load_model(spec, settings, track)
    loaded.build()  # a setting that cannot be is found here, not in every unit
    return ModelFacts(
        name=loaded.name,
        track=loaded.track,
        card=loaded.card,
        settings=plain(loaded.settings),
        source_sha256=loaded.source_sha256,
        device=resolved_device(device),
        note=clash(spec, track),
    )


def resolved_device(name: str) -> str:
    """Turn what ``--device`` says into a torch device.

    Raises
    ------
    InputError
        If it is none, or not on this machine.
    """
    if name == "cpu":
        return name
    spelled = re.fullmatch("auto|cuda(?::([0-9]{1,4}))?", name)
    if not spelled:
        raise InputError(f"--device {name}: expected cpu, cuda, cuda:N or auto")
    found = cuda_devices()
    if name == "auto":
        return "cuda" if found else "cpu"
    if not found:
        raise InputError(f"--device {name}: torch sees no CUDA device here; use --device cpu")
    if int(spelled[1] or 0) >= found:
        raise InputError(f"--device {name}: torch sees {found} CUDA devices, and counts from 0")
    return name


def cuda_devices() -> int:
    """Count the CUDA devices that torch sees."""
    if sys.platform == "linux" and not _has_driver():
        return 0  # torch would take two seconds to say so
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _has_driver() -> bool:
    """Whether this Linux has a driver of NVIDIA's, or of AMD's, which torch calls CUDA, too."""
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return Path("/dev/kfd").exists()
    return True
