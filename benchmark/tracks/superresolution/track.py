"""The super-resolution track: fill in the hidden frames of test segments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmark.model import FitContext
from benchmark.task import Task
from benchmark.track import Listing, Track, Work
from benchmark.tracks.superresolution import commands
from benchmark.tracks.superresolution.card import METRICS, SuperResolutionCard, superresolution_card


def facts(card: SuperResolutionCard) -> dict[str, str]:
    """Say what ``describe`` shows of a task."""
    segments = {name: f"{split.rows} {name}" for name, split in card.splits.items()}
    return {
        "molecule": f"{card.molecule}, {len(card.numbers)} atoms",
        "frame": f"{card.frame_time:g} {card.time_unit}",
        "kept": f"every {card.gap}th frame, one in {card.gap * card.frame_time:g} {card.time_unit}",
        "scored": f"hidden frames at least two from a kept one: {card.gap - 3} a gap",
        "segments": ", ".join(segments.values()),
    }


def row(card: SuperResolutionCard) -> tuple[str, ...]:
    """Give the cells of ``list``, in the order of the headings below."""
    return (
        str(len(card.numbers)),
        str(card.gap),
        f"{card.frame_time:g} {card.time_unit}",
        f"{card.splits['train'].rows} segments",
    )


def files(task: Task) -> set[Path]:
    """Give the files of a task's frozen data; tasks of one molecule share theirs."""
    pieces = superresolution_card(task).pieces.values()
    folder = task.path.parent.parent / "data"
    return {folder / piece.file for split in pieces for piece in split}


def stored(card: SuperResolutionCard) -> dict[str, int]:
    """Give the prediction file of a unit, and the bytes that it takes at most."""
    # The modules speak of arrays: numpy is more than `--help` should load.
    from benchmark.store.predictions import most_bytes
    from benchmark.tracks.superresolution.predictions import RECONSTRUCTION

    test = card.splits.get("test")
    coordinates = (test.frames if test else 0) * len(card.numbers) * 3
    return {RECONSTRUCTION: most_bytes(coordinates, "int32")}


def _context(card: SuperResolutionCard, **known: Any) -> FitContext:
    # The contract speaks of arrays: numpy, too, is more than `--help` should load.
    from benchmark.tracks.superresolution.contract import GapContext

    return GapContext(gap=card.gap, **known)


def _load() -> Work:
    # Loading this takes Arrow and mdtraj, which `list`, `describe` and `--help` do without.
    from benchmark.tracks.superresolution import (
        check,
        data,
        measures,
        plots,
        predictions,
        questions,
    )

    return Work(
        frozen=data.frozen_parts,
        hand_out=questions.hand_out,
        answer=questions.answer,
        measure=measures.measure,
        findings=check.findings,
        draw=plots.draw,
        draw_unit=plots.draw_reconstruction,
        drawn=predictions.RECONSTRUCTION,
    )


TRACK = Track(
    name="superresolution",
    title="Super-resolution",
    method="reconstruct",
    card=SuperResolutionCard,
    metrics=METRICS,
    ends=("linear", "1e-4 Å or kicks"),
    scale="0 = linear interpolation, 1 = 1e-4 Å or what kicks leave unknown",
    floor="claimed (f)",
    listing=Listing(("atoms", "gap", "frame", "training"), row),
    facts=facts,
    files=files,
    reads=("positions", "velocities", "forces"),
    stored=stored,
    load=_load,
    context=_context,
    commands={"export": commands.export, "upsample": commands.upsample},
    figure="superresolution.svg",
    meaning="In super-resolution 0 is linear interpolation and 1 is 1e-4 Å, what a paper claims, "
    "or under kicks what these leave unknown: a mark and no limit, so that scores above 1 are not "
    "clipped.",
    noise="In super-resolution it is from blocks of the test segments.",
)
