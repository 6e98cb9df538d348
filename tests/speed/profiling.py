"""Where the time of a unit goes: ``python -m tests.speed.profiling``, a table a model.

A short training on one task, in this process; own processor time of functions, the largest first.
What the interpreter calls in a library counts as one function. The unit is done twice, and the
second is shown: in the first all is loaded and compiled, which most of a run's units do without.
"""

from __future__ import annotations

import cProfile
import pstats
import tempfile
import time
from pathlib import Path

from benchmark.job import Job
from benchmark.registry import find_task
from benchmark.run.local import asking
from benchmark.run.worker import do_unit
from tests.speed.chosen import chosen

#: Models, and a share of their default training.
KINETICS, GAPS = "potentials/triangular3", "md17-xtb/ethanol-k10"
MODELS = {
    "lstm": (KINETICS, 0.1),
    "gru": (KINETICS, 0.1),
    "transformer": (KINETICS, 0.1),
    "hmm": (KINETICS, 0.1),
    "bi-lstm": (GAPS, 0.1),
    "force-matching": (GAPS, 0.1),
}
SHOWN = 6


def profiled(model: str, task: str, effort: float) -> list[tuple[str, float]]:
    """Give functions and their shares of a unit's processor time, the largest first.

    Raises
    ------
    RuntimeError
        If the unit fails.
    """
    for _ in range(2):
        profile = cProfile.Profile(time.process_time)
        with tempfile.TemporaryDirectory() as folder:
            job = Job(find_task(task), 0, 0, model, {}, Path(folder), "cpu", effort, 3600.0)
            unit = profile.runcall(do_unit, job, asking(job), lambda fraction, note: None)
        if unit.status != "done":
            raise RuntimeError(f"{model}: {unit.reason}")
    rows = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    total = sum(row[2] for row in rows.values())
    found = [
        (f"{Path(file).stem}: {name}" if line else name, row[2] / total)
        for (file, line, name), row in rows.items()
    ]
    return sorted(found, key=lambda pair: -pair[1])[:SHOWN]


def main() -> None:
    """Print a table of each model that is named, or of all."""
    for model in chosen(MODELS):
        print(f"\n| {model} | share |\n|---|--:|")
        for name, share in profiled(model, *MODELS[model]):
            print(f"| `{name}` | {share:.0%} |", flush=True)


if __name__ == "__main__":
    main()
