"""A frozen super-resolution task of vibrating water, and runs on it that are done."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml

from benchmark.registry import read_card
from benchmark.result import RunConfig
from benchmark.run.describing import facts
from benchmark.run.folder import RunFile, finish_unit, open_run, plan, run_model
from benchmark.run.local import asking
from benchmark.run.runner import job_of
from benchmark.run.worker import do_unit
from benchmark.task import Task
from benchmark.tracks.superresolution import data
from benchmark.tracks.superresolution.check import tiny_segment
from tasks.md17.generate import write_segment

GAP, FRAMES = 10, 203
WATER = "water/k10"
TIME_STEP = 0.5  # fs


def freeze_water(root: Path, gap: int = GAP, frames: int = FRAMES, name: str = "k10") -> Task:
    """Freeze ``water/<name>`` into ``root/water``."""
    folder = root / "water"
    rows = {"train": [0, 1], "validation": [2], "test": [3, 4, 5, 6]}
    pieces, splits = {}, {}
    for split, seeds in rows.items():
        files = []
        for seed in seeds:
            segment = tiny_segment(frames, seed)
            files.append(f"water-{seed:02d}.parquet")
            write_segment(
                folder / "data" / files[-1], segment.padded, {"resolution_angstrom": 1e-6}
            )
        pieces[split] = [{"file": file} for file in files]
        counts = [np.rint(tiny_segment(frames, s).padded / 1e-6).astype(np.int32) for s in seeds]
        splits[split] = {
            "rows": len(seeds),
            "frames": len(seeds) * (frames + 2),
            "sha256": data.positions_sha256(counts),
        }
    card = {
        "id": f"water/{name}",
        "version": 1,
        "track": "superresolution",
        "title": "water",
        "description": "Vibrating water.",
        "frame_time": TIME_STEP,
        "time_unit": "fs",
        "oracle": "exact",
        "splits": splits,
        "metrics": {
            "mae": {
                "group": "accuracy",
                "trivial": 0.01,
                "trivial_stderr": 0.0,
                "floor": 1e-4,
                "capped": False,
            },
            "rmse": {"group": None, "trivial": 0.02, "trivial_stderr": 0.0, "floor": None},
        },
        "generator": "tests",
        "molecule": "water",
        "numbers": [8, 1, 1],
        "masses": [15.999, 1.008, 1.008],
        "bonds": [[0, 1], [0, 2]],
        "gap": gap,
        "pieces": pieces,
    }
    path = folder / "cards" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(card))
    return read_card(path)


def begun_run(
    folder: Path, tasks: list[Task], model: str, seeds: int = 1, **settings: str
) -> RunFile:
    """Make a run folder as ``run`` does, with no unit done yet."""
    found = facts(model, settings, tasks[0].card.track, "cpu")
    config = RunConfig(
        settings=found.settings, replicas=1, seeds=seeds, quick=False, device="cpu",
        workers=1, threads=1, timeout=60.0, tasks=[task.id for task in tasks],
    )  # fmt: skip
    wanted = RunFile(
        model=run_model(found), spec=model, given=settings, source_sha256=found.source_sha256,
        config=config, provenance={}, units=plan(tasks, 1, seeds),
    )  # fmt: skip
    return open_run(folder, wanted, fresh=False)


def finished_run(
    folder: Path, tasks: list[Task], model: str, seeds: int = 1, **settings: str
) -> Path:
    """Make a run folder and do its units in this process."""
    run = begun_run(folder, tasks, model, seeds, **settings)
    by_id = {task.id: task for task in tasks}
    for key in run.units:
        job = job_of(key, by_id[key.task], run, folder)
        unit = do_unit(job, asking(job), lambda fraction, note: None)
        assert (unit.status, unit.reason) == ("done", "")
        finish_unit(unit, key.folder(folder))
    return folder
