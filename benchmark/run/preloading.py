"""What the process that those of all units are forked from imports, once for all of them."""

from __future__ import annotations

from benchmark.loading import unloaded_sources
from benchmark.sources import packages

#: Packages that are torch, or import it.
TORCH = frozenset({"torch", "torchdiffeq"})


def preloads(spec: str, track: str | None = None) -> list[str]:
    """Name the modules to import beforehand for a model, whose own code is not imported to tell.

    Parameters
    ----------
    spec, track
        As of `benchmark.loading.load_model`.
    """
    named = packages(unloaded_sources(spec, track))
    # Where nothing is known of a model's code it may well be a network.
    torch = ["benchmark.run.preloaded_torch"] if named & TORCH or not named else []
    return ["benchmark.run.preloaded", *torch]
