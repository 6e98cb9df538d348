"""What a super-resolution model is shown and asked, and how its answers become a file."""

from __future__ import annotations

from typing import Any

from benchmark.job import Job, Phases
from benchmark.track import Ask, Report
from benchmark.tracks.superresolution.card import superresolution_card
from benchmark.tracks.superresolution.contract import declared, reconstruction
from benchmark.tracks.superresolution.data import load, truth
from benchmark.tracks.superresolution.predictions import checked_positions, write_positions
from benchmark.tracks.superresolution.segments import CoarseSegment


def hand_out(job: Job, what: str, *reads: str) -> Any:
    """Give what a model is shown: "training", or "test" with what the model reads.

    Returns
    -------
    For "training" two lists of `DenseSegment`, of which one is for validation; for "test" the kept
    frames of each test segment, a list of `CoarseSegment`.
    """
    if what == "training":
        return load(job.task, job.trained_on), load(job.task, "validation")
    if what == "test":
        gap = superresolution_card(job.task).gap
        return [segment.coarse(gap, frozenset(reads)) for segment in truth(job.task)]
    raise ValueError(f"a super-resolution model is never shown '{what}'")


def answer(model: Any, job: Job, ask: Ask, report: Report, phases: Phases) -> str:
    """Hand a model each coarse test segment, and nothing else, and write what it makes of it."""
    reads = declared(model)
    report(0.0, "reconstruct")
    segments: list[CoarseSegment] = ask("test", *sorted(reads))
    found = []
    for number, segment in enumerate(segments):
        shape = (segment.n_frames, segment.n_atoms, 3)
        with phases("predict"):
            made = reconstruction(model, segment, reads)
        found.append(checked_positions(made, shape))
        phases.frames += shape[0]
        report((number + 1) / len(segments), "reconstruct")
    write_positions(job.folder, found)
    return ""
