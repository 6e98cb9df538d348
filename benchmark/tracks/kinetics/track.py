"""The kinetics track: predict the next label of test chains, and generate chains."""

from __future__ import annotations

from pathlib import Path

from benchmark.task import Task
from benchmark.track import Listing, Track, Work
from benchmark.tracks.kinetics.card import METRICS, KineticsCard


def facts(card: KineticsCard) -> dict[str, str]:
    """Say what ``describe`` shows of a task."""
    shape = card.generation
    held = f", entered once held for {card.hold} frames" if card.hold > 1 else ""
    return {
        "labels": f"{card.labels}, seen as {card.macrostates} macrostates{held}",
        "frame": f"{card.frame_time:g} {card.time_unit}",
        "slowest relaxation": f"{card.slowest:,.1f} frames",
        "oracle": card.oracle,
        "training": f"{card.replicas} replicas of {card.training_frames:,} frames "
        f"({card.training_frames / card.slowest:,.1f} slowest relaxation times)",
        "generation": f"{shape.chains} chains of {shape.frames:,} frames after a prompt and "
        f"{shape.burn_in:,} of burn-in",
    }


def row(card: KineticsCard) -> tuple[str, ...]:
    """Give the cells of ``list``, in the order of the headings below."""
    return (
        str(card.labels),
        f"{card.frame_time:g} {card.time_unit}",
        f"{card.replicas} × {card.training_frames:,}",
        f"{card.slowest:,.0f}",
        card.oracle,
    )


def files(task: Task) -> set[Path]:
    """Give the files of a task's frozen data."""
    return set(task.data.glob("*"))


def stored(card: KineticsCard) -> dict[str, int]:
    """Give the prediction files of a unit, and the bytes that each takes at most."""
    # The modules speak of arrays: numpy is more than `--help` should load.
    from benchmark.store.predictions import most_bytes
    from benchmark.tracks.kinetics.predictions import LOG_PROB, REFUSED, SAMPLES

    test = card.splits.get("test")
    samples = most_bytes(card.generation.n_frames, "uint8")
    likelihood = most_bytes(test.frames if test else 0, "float32")
    return {LOG_PROB: likelihood, SAMPLES: samples, REFUSED: samples}


def _load() -> Work:
    # Loading this takes numba and Arrow, which `list`, `describe` and `--help` do without.
    from benchmark.tracks.kinetics import check, data, measures, plots, questions, replays

    return Work(
        frozen=data.frozen_parts,
        hand_out=questions.hand_out,
        answer=questions.answer,
        measure=measures.measure,
        findings=check.findings,
        draw=plots.draw,
        suspect=replays.replayed,
    )


TRACK = Track(
    name="kinetics",
    title="Kinetics",
    method="sample",
    card=KineticsCard,
    metrics=METRICS,
    ends=("trivial", "data-limited"),
    scale="0 = trivial, 1 = data-limited",
    floor="data-limited (f)",
    listing=Listing(
        ("labels", "frame", "training", "t₂", "oracle"),
        row,
        "training and t₂, the slowest relaxation time, in frames",
    ),
    facts=facts,
    files=files,
    reads=("labels",),
    stored=stored,
    load=_load,
    figure="leaderboard.svg",
    meaning="0 is what independent frames drawn from the training populations get (*trivial*), 1 "
    "is what a fresh true chain as long as the training data gets (*data-limited*). Above that, a "
    "score ends at what the true process gets that generates as much as a model does (*perfect*); "
    "for a likelihood, at what the test set can tell.",
)
