"""Make a private task: read, label, divide, estimate the reference, freeze, calibrate."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.files import printable
from benchmark.quantities import FRAMES, Time
from benchmark.registry import user_tasks
from benchmark.task import Task
from benchmark.tracks.kinetics.card import Generation, kinetics_card
from benchmark.tracks.kinetics.metrics.likelihood import SKIPPED_FRAMES
from tasks.making.calibrate import calibrate
from tasks.making.freeze import freeze_task, generation
from tasks.oracles.empirical import empirical_oracle
from tasks.private import division
from tasks.private.division import Division, Span, TooFewFramesError
from tasks.private.labelling import Asked, Labelling, label
from tasks.private.partition import Labels
from tasks.private.placing import free_version, place, staged
from tasks.private.reading import Reading, read_recordings
from tasks.private.recording import Recording
from tasks.private.reference import held_out_reference, observed
from tasks.private.repeats import refuse_repeats
from tasks.private.report import Report
from tasks.private.standstill import refuse_standstill

FAMILY = "private"

#: Candidates for the oracle, small enough for a minute, for up to so many labels. Hidden states of
#: every label cost too much where labels are many, and k-means centres have hardly any.
CANDIDATES: dict[int, dict[str, dict[str, str]]] = {
    8: {"ngram": {}, "hmm": {"restarts": "1", "most": "3", "most_mixed": "6"}},
    40: {"ngram": {}, "hmm": {"restarts": "1", "most": "1", "most_mixed": "4"}},
    256: {"ngram": {}},
}

#: The oracle learns from at least so many frames, or twice a training replica where that is more.
ORACLE_FRAMES = 200_000

#: Rows of the oracle's data; the last four of them choose, so that there must be many.
ORACLE_ROWS = 24

#: So many columns are named in a card.
SHOWN = 12

STEPS = ("read", "label", "reference", "oracle", "freeze", "calibrate")


@dataclass(frozen=True)
class Request:
    """All that a user asks for.

    Attributes
    ----------
    name : str
        The task will be ``private/NAME``.
    sources : sequence of Path
        One trajectory or several each.
    reading : Reading
    asked : Asked
    stride : int
        Keep every ``stride``-th frame.
    hold : Time or None
        How long a macrostate must be held to count as entered.
    replicas : int
        Training replicas, at least 2.
    force : bool
        Replace a task of that name; its version goes up.
    command : str
        Which command made the task, for the card.
    citations : sequence of str
    """

    name: str
    sources: Sequence[Path]
    reading: Reading = field(default_factory=Reading)
    asked: Asked = field(default_factory=Asked)
    stride: int = 1
    hold: Time | None = None
    replicas: int = 3
    force: bool = False
    command: str = ""
    citations: Sequence[str] = ()


#: Called with the step under way, 0 … len(STEPS) − 1, and a few words.
Tell = Callable[[int, str], None]


def make_private_task(
    request: Request, tell: Tell = lambda step, note: None
) -> tuple[Task, Report]:
    """Make a private task in the folder of the user's own tasks.

    Everything is made beside its place and put there at the end: an error leaves nothing behind.

    Returns
    -------
    task : Task
    report : Report
        What to show the user.

    Raises
    ------
    InputError
        If the name is taken or the data will not do.
    """
    family = user_tasks() / FAMILY
    version = free_version(family, request.name, request.force)
    recordings, frame, labelling = _labelled(request, tell)
    hold = request.hold.frames(frame, "--hold") if request.hold else 1
    parts = division.divide([len(chain) for chain in labelling.chains], request.replicas)
    _check_hold(hold, parts)

    tell(2, STEPS[2])
    reference, slowest = held_out_reference(labelling, parts, hold)
    shape = _generation(parts, slowest.frames)
    splits = _splits(labelling.chains, parts, shape)
    K = len(labelling.observable)
    candidates = next(models for most, models in CANDIDATES.items() if most >= K)
    tell(3, f"{STEPS[3]}: {', '.join(candidates)}")
    oracle, chosen = empirical_oracle(
        _oracle_rows(labelling.chains, parts), splits["test"], K, candidates
    )
    tell(4, STEPS[4])
    card = _card(request, recordings, labelling, frame, hold, slowest.frames, chosen)
    card |= {"version": version, "chains_per_replica": parts.chains_per_replica}
    with staged(family, request.name) as staging:
        task = freeze_task(staging, card, splits, oracle, reference)
        task = Task(task.card.model_copy(update={"generation": shape}), task.path)
        tell(5, STEPS[5])
        task = calibrate(task, known_only=True)
        placed = place(task, family)
    return placed, Report(
        card=kinetics_card(placed),
        recordings=recordings,
        labelling=labelling,
        observed=_observed(labelling, parts, hold),
        slowest=slowest,
        oracle_nll=-float(oracle[:, SKIPPED_FRAMES:].mean()),
    )


def _labelled(request: Request, tell: Tell) -> tuple[list[Recording], Time, Labelling]:
    """Read the sources, keep every ``stride``-th frame, and label them."""
    tell(0, STEPS[0])
    recordings = read_recordings(request.sources, request.reading, lambda note: tell(0, note))
    tell(0, "look for frames that come twice")
    refuse_repeats(recordings)
    frame = _frame_time(recordings, request)
    recordings = [
        dataclasses.replace(found, values=found.values[:: request.stride]) for found in recordings
    ]
    refuse_standstill(recordings, request.stride)
    tell(1, STEPS[1])
    try:
        return recordings, frame, label(recordings, request.asked, frame, request.replicas)
    except TooFewFramesError as error:
        raise InputError(f"{error}{_left_out(recordings, request.stride)}") from error


def _left_out(recordings: Sequence[Recording], stride: int) -> str:
    """Say why there are fewer frames than a user may think."""
    notes = [
        f"{one.name}: {note}"
        for one in recordings
        for note in one.notes
        if "frames" in note and note.endswith("are left out")
    ]
    fewer = [f"every {stride}th frame is kept (--stride)"] if stride > 1 else []
    return "".join(f"; {text}" for text in [*fewer, *notes[:1]])


def _observed(labelling: Labelling, parts: Division, hold: int) -> dict[str, list[Labels]]:
    """Give what rates are measured on in all the data, what is held out, and every replica."""
    whole = [Span(number, 0, length) for number, length in enumerate(parts.lengths)]
    n = parts.chains_per_replica
    replicas = {
        f"training replica {first // n}": parts.train[first : first + n]
        for first in range(0, len(parts.train), n)
    }
    spans = {"all": whole, "held out": parts.held_out, **replicas}
    return {name: observed(labelling, found, hold) for name, found in spans.items()}


def _frame_time(recordings: Sequence[Recording], request: Request) -> Time:
    """Give the time between two frames that are kept."""
    interval = recordings[0].interval or request.reading.interval or Time(1, FRAMES)
    return Time(float(f"{interval.value * request.stride:.6g}"), interval.unit)


def _check_hold(hold: int, parts: Division) -> None:
    length = parts.train[0].stop - parts.train[0].start
    if hold > length // 10:
        raise InputError(f"--hold is {hold:,} frames, a chain has only {length:,}; hold for less")


def _generation(parts: Division, slowest: float) -> Generation:
    """Say how much a model generates.

    A process slower than the training data cannot be burnt in; to try would take forever.
    """
    frames = sum(span.stop - span.start for span in parts.train[: parts.chains_per_replica])
    shape = generation(frames, slowest)
    return shape.model_copy(update={"burn_in": min(shape.burn_in, shape.frames)})


def _splits(
    chains: Sequence[Labels], parts: Division, shape: Generation
) -> dict[str, NDArray[np.uint8]]:
    spans = {
        "train": parts.train,
        "validation": parts.validation,
        "test": parts.test,
        "prompt": division.prompts(parts.fresh, shape.chains),
        "fresh": parts.fresh,
    }
    return {name: np.stack([span.of(chains) for span in found]) for name, found in spans.items()}


def _oracle_rows(chains: Sequence[Labels], parts: Division) -> NDArray[np.uint8]:
    """Cut what the oracle learns from into rows, from the end: the fresh chains come first.

    Rows of all trajectories are taken in turn, so that the last four, which choose, are not of one.
    """
    length = parts.train[0].stop - parts.train[0].start
    available = sum(span.stop - span.start for span in parts.oracle)
    frames = min(length, max(1, available // ORACLE_ROWS))
    wanted = max(
        ORACLE_ROWS // 2, max(ORACLE_FRAMES, 2 * length * parts.chains_per_replica) // frames
    )
    found: dict[int, list[Span]] = {}
    for span in reversed(division.rows(parts.oracle, frames)):
        found.setdefault(span.trajectory, []).append(span)
    in_turn = [span for turn in zip_longest(*found.values()) for span in turn if span is not None]
    return np.stack([span.of(chains) for span in reversed(in_turn[:wanted])])


def _card(
    request: Request,
    recordings: Sequence[Recording],
    labelling: Labelling,
    frame: Time,
    hold: int,
    slowest: float,
    oracle: str,
) -> dict[str, object]:
    files = ", ".join(printable(path.name) for path in request.sources)
    names = recordings[0].columns
    columns = f" ({', '.join(names[:SHOWN])}{' …' if len(names) > SHOWN else ''})" if names else ""
    held_for = f", each held for {hold} frames" if hold > 1 else ""
    return {
        "id": f"{FAMILY}/{request.name}",
        "track": "kinetics",
        "title": f"{files if len(files) < 60 else f'{len(request.sources)} files'}: "
        f"{labelling.text}",
        "description": f"Private task from {files}{columns}, every {request.stride} frame(s). A "
        f"label is one of {labelling.text}; rates are those between {labelling.macrostates} "
        f"macrostates{held_for} (Markov models at a lag of {labelling.lag} frames). The reference "
        f"is the held-out part of the same data. Oracle: {oracle}.",
        "citations": list(request.citations),
        "ranked": False,
        "frame_time": frame.value,
        "time_unit": frame.unit,
        "labels": len(labelling.observable),
        "observable": labelling.observable,
        "hold": hold,
        "slowest": round(slowest, 2),
        "oracle": "empirical",
        "generator": printable(request.command) or "python -m benchmark data import",
    }
