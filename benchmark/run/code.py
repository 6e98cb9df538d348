"""All units of a run are of one code, and that code does not know how the tasks were made."""

from __future__ import annotations

import sys

from benchmark.errors import InputError, ModelError
from benchmark.files import read_small, write_text
from benchmark.job import Job
from benchmark.loading import LoadedModel
from benchmark.sources import sha256

#: Of a unit: what its model has imported of its own on the way, a SHA-256 and a name a line.
LATE = "late_modules.txt"

#: The package of generators and oracles, which know the truth.
TRUTH = "tasks"


def require_code_of_the_run(loaded: LoadedModel, job: Job) -> None:
    """Compare a model's code with that which the run began with.

    Raises
    ------
    ModelError
        If it is another.
    """
    # Asked for first: what is imported later is then known to be late.
    if loaded.source_sha256 != job.source_sha256 and job.source_sha256:
        files = ", ".join(sorted({file.name for file in loaded.sources})[:5])
        raise ModelError(
            f"the model's code ({files}) has changed since the run began: "
            "put it back, or start over with --fresh"
        )


def require_late_code_of_the_run(loaded: LoadedModel, job: Job) -> None:
    """Compare what a model has imported on the way with that of the other units; write it down.

    Raises
    ------
    ModelError
        If a module was another in another unit.
    """
    root = loaded.sources[0].parent if loaded.sources else None
    late = {str(file.relative_to(root)): sha256([file]) for file in loaded.late_sources if root}
    if not late:
        return
    for other in sorted(job.folder.parents[1].glob(f"*/*/{LATE}")):
        for line in read_small(other).decode().splitlines():
            digest, _, name = line.partition("  ")
            if other.parent != job.folder and late.get(name, digest) != digest:
                unit = f"{other.parent.parent.name} {other.parent.name}"
                raise ModelError(
                    f"the model's module {name} has changed since unit {unit}: "
                    "put it back, or start over with --fresh"
                )
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(late.items()))
    write_text(job.folder / LATE, lines)


def truth_modules() -> frozenset[str]:
    """Name the modules of generators and oracles that this process has imported."""
    return frozenset(name for name in sys.modules if name.partition(".")[0] == TRUTH)


def require_no_truth(before: frozenset[str]) -> None:
    """See that a model has imported nothing that makes tasks; ``before``: what was there already.

    Raises
    ------
    InputError
        If it has.
    """
    if found := sorted(truth_modules() - before):
        raise InputError(
            f"the model imports {found[-1]}, of the package that makes the tasks and knows their "
            "truth: a model may not; what it needs of it belongs into its own file"
        )
