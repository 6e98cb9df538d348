"""The two ends of every metric's score, of those metrics that the data say something about."""

from __future__ import annotations

import numpy as np

from benchmark.splits import load_chains
from benchmark.task import MetricScale, Task
from tasks import calibrate as calibration


def calibrate_known(task: Task) -> Task:
    """Do what `tasks.calibrate` does, but leave out metrics of which the reference knows nothing.

    Rare events make such: a commitment curve needs 20 expected jumps. A frozen task of this
    repository has none, and would rather fail than lose a metric.

    Parameters
    ----------
    task : Task
        Frozen, at least two training replicas.

    Returns
    -------
    Task
        With its scales, which are written into the card.
    """
    trivial = calibration._trivial_errors(task)
    floor = calibration._floor_errors(task)
    jumps = calibration.common_jumps(load_chains(task, "fresh"))
    price = max(calibration.MIN_DIMENSION, jumps) / (2 * task.card.training_frames)
    scales = {}
    for name, group in calibration.GROUPS.items():
        e0, e0_stderr = calibration._root_mean_square(trivial[name])
        f, f_stderr = price, 0.0
        if name != "nll_regret":
            f, f_stderr = calibration._root_mean_square(floor[name])
        if np.isfinite([e0, e0_stderr, f, f_stderr]).all() and min(e0, f) > 0:
            scales[name] = MetricScale(
                group=group,
                trivial=calibration._short(e0),
                trivial_stderr=calibration._short(e0_stderr),
                floor=calibration._short(f),
                floor_stderr=calibration._short(f_stderr),
            )
    filled = Task(task.card.model_copy(update={"metrics": scales}), task.path)
    filled.write()
    return filled
