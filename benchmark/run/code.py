"""All units of a run are of one code, and that code does not know how the tasks were made."""

from __future__ import annotations

import hashlib
import os
import secrets
import sys

from benchmark.errors import InputError, ModelError
from benchmark.files import create_text, read_small
from benchmark.job import Job
from benchmark.loading import LoadedModel
from benchmark.sources import sha256

#: Of a run: what the model of a unit has imported of its own on the way, a file each.
LATE = "late_modules"

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

    Each module has a file of the run's own, of the first unit that has imported it, so that what
    a unit must read does not grow with the run.

    Raises
    ------
    ModelError
        If a module was another in another unit.
    """
    if not loaded.sources:
        return
    root = loaded.sources[0].parent
    for file in sorted(loaded.late_sources):
        name = os.path.relpath(file, root)  # of a package, also beside the model's own folder
        record = job.folder.parents[2] / LATE / f"{hashlib.sha256(name.encode()).hexdigest()}.txt"
        unit, digest = f"{job.folder.parent.name} {job.folder.name}", sha256([file])
        if create_text(record, f"{digest}\n{unit}\n{name}\n", secrets.token_hex(4)):
            continue
        known, first, _ = read_small(record).decode().splitlines()
        if known != digest:
            raise ModelError(
                f"the model's module {name} has changed since unit {first}: "
                "put it back, or start over with --fresh"
            )


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
