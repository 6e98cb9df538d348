"""What the process that those of all units are forked from imports, once for all of them."""

from __future__ import annotations

from benchmark.loading import unloaded_sources
from benchmark.sources import packages

#: What takes a model seconds to load, by the package that its code speaks of. The first optimizer
#: of a process loads torch's compiler.
TORCH = ("torch", "torch._dynamo")
SLOW = {
    "torch": TORCH,
    "torchdiffeq": TORCH,
    "deeptime": ("deeptime.markov.msm", "deeptime.markov.hmm"),
}


def preloads(spec: str, track: str | None = None) -> list[str]:
    """Name the modules to import beforehand for a model, whose own code is not imported to tell.

    Parameters
    ----------
    spec, track
        As of `benchmark.loading.load_model`.
    """
    named = packages(unloaded_sources(spec, track))
    wanted = sorted(named & SLOW.keys()) if named else ["torch"]  # it may well be a network
    return ["benchmark.run.preloaded", *dict.fromkeys(m for name in wanted for m in SLOW[name])]
