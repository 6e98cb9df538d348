"""What a model is, found out in a process of its own: only there its code is imported."""

from __future__ import annotations

from multiprocessing.connection import Connection

from benchmark.errors import InputError
from benchmark.loading import clash, load_model
from benchmark.model import ModelFacts
from benchmark.result import plain


def describe(
    connection: Connection, spec: str, settings: dict[str, str], track: str | None, device: str
) -> None:
    """Send ``("facts", ModelFacts)``, or ``("fault", message)`` if there is no such model."""
    try:
        connection.send(("facts", facts(spec, settings, track, device)))
    except InputError as error:
        connection.send(("fault", str(error)))


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
    import torch  # two seconds, which "cpu" need not cost

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise InputError(f"--device {name}: torch sees no CUDA device here; use --device cpu")
    if not name.startswith("cuda"):
        raise InputError(f"--device {name}: expected cpu, cuda or auto")
    return name
