"""What a kinetics model is shown and asked, and how its answers become files."""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmark.arrays import Labels, Probabilities
from benchmark.errors import InputError
from benchmark.files import write_text
from benchmark.job import Job, Phases
from benchmark.store import predictions
from benchmark.track import Ask, Report
from benchmark.tracks.kinetics.audit import causality_fault, normalisation_fault
from benchmark.tracks.kinetics.card import KineticsCard, kinetics_card
from benchmark.tracks.kinetics.contract import StateTrajectories
from benchmark.tracks.kinetics.data import load_chains, load_replicas
from benchmark.tracks.kinetics.one_model import (
    ONE_MODEL,
    consistency_fault,
    deviation,
    most_surprising_copy,
    novelty_fault,
    surprise,
)
from benchmark.tracks.kinetics.predictions import (
    LOG_PROB,
    REFUSED,
    SAMPLES,
    checked_probabilities,
    checked_samples,
    realised_log_prob,
)

#: Both audits of whether predict and sample are one model look at so many generated frames.
AUDITED_FRAMES = 100_000

#: A predict call gets as many whole chains as keep its answer under this many values.
PREDICT_VALUES = 16_000_000


def hand_out(job: Job, what: str) -> Any:
    """Give what a model is shown: "training", "prompt" or "test".

    Returns
    -------
    For "training" two `StateTrajectories`: the replica of the job, of the split that the model's
    card names, and the validation chains. Otherwise uint8 of shape (chains, frames).

    Raises
    ------
    InputError
        If the split has no such replica, or the frozen data are damaged.
    ValueError
        If a model is never shown that.
    """
    task, labels = job.task, kinetics_card(job.task).labels
    if what == "training":
        replicas = load_replicas(task, job.trained_on)
        if not 0 <= job.replica < len(replicas):
            raise InputError(
                f"{task.id} has '{job.trained_on}' chains for {len(replicas)} replicas, none for "
                f"replica {job.replica}"
            )
        train = replicas[job.replica]
        validation = tuple(load_chains(task, "validation"))
        return StateTrajectories(train, labels), StateTrajectories(validation, labels)
    if what in ("prompt", "test"):
        return np.stack(load_chains(task, what))
    raise ValueError(f"a kinetics model is never shown '{what}'")


def answer(model: Any, job: Job, ask: Ask, report: Report, phases: Phases) -> str:
    """Let a model generate, then predict; say why it has no likelihood, or no rates and paths."""
    card = kinetics_card(job.task)
    # Sampling comes first: a model that has seen the test chains in predict could replay them.
    report(0.0, "sample")
    prompt = ask("prompt")
    drawn = _sample(model, job, prompt, phases)
    (job.folder / LOG_PROB).unlink(missing_ok=True)
    (job.folder / REFUSED).unlink(missing_ok=True)
    if not callable(getattr(model, "predict", None)):
        return ""
    report(0.0, "predict")
    fault = _predict(model, job, ask("test"), card, phases)
    if fault:
        return fault
    report(0.0, "audit")
    fault = _two_models(model, job, np.concatenate([prompt, drawn], axis=1), ask("training"))
    if fault:
        # Kept for whoever looks at it, and not scored.
        predictions.write(job.folder, REFUSED, drawn[:, card.generation.burn_in :])
        (job.folder / SAMPLES).unlink()
    return fault


def _two_models(
    model: Any, job: Job, states: Labels, training: tuple[StateTrajectories, ...]
) -> str:
    """Say why ``sample`` is not the model of ``predict``, by chains of its own; empty if it is."""
    card = kinetics_card(job.task)
    start = states.shape[1] - card.generation.burn_in - card.generation.frames  # after the prompt
    n_rows = -(-AUDITED_FRAMES // (states.shape[1] - start))
    seed = (job.seed, job.replica, zlib.crc32(card.id.encode()), AUDITED_FRAMES)
    rows = states[np.random.default_rng(seed).permutation(len(states))[:n_rows]]
    probabilities = _in_parts(model.predict, rows, card.labels)[:, start:]
    generated = rows[:, start:]
    said, entropy, variance = surprise(probabilities, generated)
    known = [chain for split in training for chain in split.chains]
    copy = most_surprising_copy(said, generated, known)
    measured = {"sigmas": deviation(said, entropy, variance), "copy": dataclasses.asdict(copy)}
    write_text(job.folder / ONE_MODEL, json.dumps(measured) + "\n")
    return consistency_fault(said, entropy, variance) or novelty_fault(copy)


def _sample(model: Any, job: Job, prompt: Labels, phases: Phases) -> Labels:
    """Let a model generate, and write what follows the burn-in; give all of it."""
    card = kinetics_card(job.task)
    rng = np.random.default_rng([job.seed, job.replica])
    burn_in, frames = card.generation.burn_in, card.generation.frames
    with phases("sample"):
        drawn = model.sample(prompt, burn_in + frames, rng)
    phases.frames = card.generation.chains * (burn_in + frames)
    drawn = checked_samples(drawn, len(prompt), burn_in + frames, card.labels, prompt.shape[1])
    predictions.write(job.folder, SAMPLES, drawn[:, burn_in:])
    return drawn


def _predict(model: Any, job: Job, states: Labels, card: KineticsCard, phases: Phases) -> str:
    """Write ln p of the test chains, if they deserve it; else say why not."""

    def predict(rows: Labels) -> Probabilities:
        with phases("predict"):
            return _in_parts(model.predict, rows, card.labels)

    probabilities = predict(states)
    seed = (job.seed, job.replica, zlib.crc32(card.id.encode()))
    fault = normalisation_fault(probabilities) or causality_fault(
        predict, states, probabilities, card.labels, np.random.default_rng(seed)
    )
    if not fault:
        predictions.write(job.folder, LOG_PROB, realised_log_prob(probabilities, states))
    return fault


def _in_parts(predict: Callable[[Labels], Any], states: Labels, n_labels: int) -> Probabilities:
    """Predict some whole chains at a time: the answer to all would not fit into memory."""
    chains, frames = states.shape
    rows = max(1, PREDICT_VALUES // (frames * n_labels))
    parts = []
    for start in range(0, chains, rows):
        part = states[start : start + rows]
        parts.append(checked_probabilities(predict(part.copy()), part, n_labels))
    return np.concatenate(parts)
