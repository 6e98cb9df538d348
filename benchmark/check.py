"""The contract of a model, tried on a tiny task: for authors, before a long run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.errors import InputError, ModelError, named
from benchmark.loading import LoadedModel
from benchmark.model import FitContext, Labels, Probabilities, StateTrajectories
from benchmark.store.predictions import checked_probabilities, checked_samples
from benchmark.tracks.kinetics.audit import causality_fault, normalisation_fault

#: Three labels: two that are seldom left, one between them.
TINY_TRANSITION = np.array([[0.95, 0.05, 0.0], [0.1, 0.8, 0.1], [0.0, 0.05, 0.95]])
TINY_LABELS = 3
TINY_EFFORT = 0.02


@dataclass(frozen=True)
class Finding:
    """One clause of the contract: what is wrong, or what was seen."""

    name: str
    fault: str = ""
    note: str = ""


def tiny_chains(chains: int, frames: int, seed: int) -> Labels:
    """Draw chains of a three-label Markov chain, uint8 of shape (chains, frames)."""
    rng = np.random.default_rng(seed)
    cumulative = TINY_TRANSITION.cumsum(1)
    states = np.empty((chains, frames), np.uint8)
    states[:, 0] = rng.choice(TINY_LABELS, size=chains, p=[0.4, 0.2, 0.4])
    for frame in range(1, frames):
        draws = rng.random(chains)[:, None]
        states[:, frame] = (draws > cumulative[states[:, frame - 1]]).sum(1)
    return states


def check_model(model: LoadedModel) -> list[Finding]:
    """Try every clause of the contract; stop at the first that the rest cannot do without."""
    from benchmark.tracks.superresolution.check import superresolution_findings

    findings = {"kinetics": _findings, "superresolution": superresolution_findings}[model.track]
    with tempfile.TemporaryDirectory() as folder:
        return list(findings(model, Path(folder)))


def _findings(model: LoadedModel, folder: Path) -> Iterator[Finding]:
    prompt = tiny_chains(8, 64, seed=3)
    test = tiny_chains(4, 600, seed=4)

    fitted, fault = tried(lambda: _fitted(model, folder / "one"))
    yield Finding("fit", fault, "ran on 4,000 frames of a three-label chain")
    if fault:
        return

    def sampled(one: Any) -> Labels:
        drawn = one.sample(prompt.copy(), 200, np.random.default_rng(5))
        return checked_samples(drawn, len(prompt), 200, TINY_LABELS)

    drawn, fault = tried(lambda: sampled(fitted))
    yield Finding("sample", fault, "labels of the right shape and range")
    if fault:
        return

    predicts = callable(getattr(fitted, "predict", None))
    probabilities = None
    if predicts:
        probabilities, fault = tried(lambda: _predicted(fitted, test))
        yield Finding("predict", fault, "probabilities of the right shape")
        if not fault:
            yield Finding("normalised", normalisation_fault(probabilities), "Σp = 1 within 1e-5")
            found, fault = tried(lambda: _causality(fitted, test, probabilities))
            yield Finding("causal", fault or found, "frames ≥ t and other chains change nothing")
    else:
        yield Finding("predict", note="none: the likelihood group will count as 0")

    def agrees(other: Any) -> bool:
        same = bool((sampled(other) == drawn).all())
        if probabilities is not None:
            same = same and np.allclose(_predicted(other, test), probabilities, atol=1e-6)
        return same

    yield from repeated(model, fitted, agrees, lambda: _fitted(model, folder / "two"), folder)


def repeated(
    model: LoadedModel,
    fitted: Any,
    agrees: Callable[[Any], bool],
    again: Callable[[], Any],
    folder: Path,
) -> Iterator[Finding]:
    """Try a second fit under the same seed, and a trip through ``save`` and ``load``."""
    same, fault = tried(lambda: agrees(again()))
    if not fault and not same:
        fault = "two fits with one seed give different answers"
    yield Finding("deterministic", fault, "the same seed gives the same answers")

    if callable(getattr(fitted, "save", None)) and callable(getattr(fitted, "load", None)):
        same, fault = tried(lambda: agrees(reloaded(model, fitted, folder / "saved")))
        if not fault and not same:
            fault = "a loaded model gives other answers than the saved one"
        yield Finding("save and load", fault, "a saved model answers as before")
    else:
        yield Finding("save and load", note="none: an interrupted run will fit again")


def _fitted(model: LoadedModel, scratch: Path) -> Any:
    scratch.mkdir()
    fresh = model.build()
    context = FitContext(
        task="check/tiny", n_labels=TINY_LABELS, scratch=scratch, seed=1, effort=TINY_EFFORT
    )
    train, validation = tiny_chains(1, 4000, seed=1), tiny_chains(1, 4000, seed=2)
    fresh.fit(
        StateTrajectories(tuple(train), TINY_LABELS),
        StateTrajectories(tuple(validation), TINY_LABELS),
        context,
    )
    return fresh


def _predicted(fitted: Any, states: Labels) -> Probabilities:
    return checked_probabilities(fitted.predict(states.copy()), states, TINY_LABELS)


def _causality(fitted: Any, states: Labels, probabilities: Any) -> str:
    return causality_fault(
        lambda rows: _predicted(fitted, rows),
        states,
        probabilities,
        TINY_LABELS,
        np.random.default_rng(6),
    )


def reloaded(model: LoadedModel, fitted: Any, folder: Path) -> Any:
    """Save a fitted model and load it into a fresh one."""
    folder.mkdir()
    fitted.save(folder)
    loaded = model.build()
    loaded.load(folder)
    return loaded


def tried(action: Callable[[], Any]) -> tuple[Any, str]:
    """Give what an action gives, or the line that says why it does not."""
    try:
        return action(), ""
    except (ModelError, InputError) as error:
        return None, str(error)
    except Exception as error:
        return None, named(error)
