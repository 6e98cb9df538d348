"""The contract of a kinetics model, tried on a tiny task with calls of the shapes of a run."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.arrays import Labels, Probabilities
from benchmark.check import TINY_EFFORT, repeated, tried
from benchmark.loading import LoadedModel
from benchmark.model import FitContext
from benchmark.track import Finding
from benchmark.tracks.kinetics.audit import causality_fault, normalisation_fault
from benchmark.tracks.kinetics.contract import StateTrajectories
from benchmark.tracks.kinetics.predictions import checked_probabilities, checked_samples

#: So many labels that a pair of them has no place in a byte.
TINY_LABELS = 20

#: A ring that is left seldom, and in both directions.
TINY_TRANSITION = (
    0.8 * np.eye(TINY_LABELS)
    + 0.15 * np.roll(np.eye(TINY_LABELS), 1, axis=1)
    + 0.05 * np.roll(np.eye(TINY_LABELS), -1, axis=1)
)

#: Frames of the training chains, which differ in length as those of a real task may, …
TRAINING = (1200, 600, 200)
#: … of the chains to go on from, of those to generate, and of those to predict.
PROMPT, SAMPLED, TEST = (8, 256), 1000, (4, 2000)


def tiny_chains(chains: int, frames: int, seed: int) -> Labels:
    """Draw chains of a Markov chain of `TINY_LABELS` labels, uint8 of shape (chains, frames)."""
    rng = np.random.default_rng(seed)
    cumulative = TINY_TRANSITION.cumsum(1)
    cumulative[:, -1] = 1.0
    states = np.empty((chains, frames), np.uint8)
    states[:, 0] = rng.integers(0, TINY_LABELS, chains)
    for frame in range(1, frames):
        draws = rng.random(chains)[:, None]
        states[:, frame] = (draws > cumulative[states[:, frame - 1]]).sum(1)
    return states


def findings(model: LoadedModel, folder: Path, device: str) -> Iterator[Finding]:
    """Try every clause; stop at the first that the rest cannot do without."""
    test = tiny_chains(*TEST, seed=4)
    fitted, fault = tried(lambda: _fitted(model, folder / "one", device))
    yield Finding("fit", fault, f"ran on {sum(TRAINING):,} frames of {TINY_LABELS} labels")
    if fault:
        return
    _, fault = tried(lambda: _sampled(fitted))
    yield Finding("sample", fault, "labels of the right shape and range")
    if fault:
        return
    found, fault = tried(lambda: _use_of_rng(fitted, model.card.role))
    yield fault_or(fault, found, "rng")

    probabilities, broken = None, ""
    asked: dict[str, Callable[[Any], Any]] = {"sample": _sampled}
    if callable(getattr(fitted, "predict", None)):
        probabilities, broken = tried(lambda: _predicted(fitted, test))
        yield Finding("predict", broken, "probabilities of the right shape")
        if not broken:
            asked["predict"] = lambda one: _predicted(one, test)
            yield Finding("normalised", normalisation_fault(probabilities), "Σp = 1 within 1e-5")
            late, fault = tried(lambda: _causality(fitted, test, probabilities))
            yield Finding("causal", fault or late, "frames ≥ t and other chains change nothing")
    else:
        yield Finding("predict", note="none: the likelihood group will count as 0")
    if not broken:  # else nobody knows whether the model has a memory
        found, fault = tried(lambda: _use_of_prompt(fitted, probabilities, model.card.role))
        yield fault_or(fault, found, "prompt")
    overflow = ""

    def again() -> Any:
        """Fit to wider labels, and only if that answers otherwise to the same ones again."""
        nonlocal overflow
        wide, _ = tried(lambda: _fitted(model, folder / "wide", device, np.int64))
        overflow = _overflow(fitted, wide, "predict" in asked)
        return _fitted(model, folder / "two", device) if wide is None or overflow else wide

    repeats = list(repeated(model, fitted, asked, again, folder))
    if not repeats[0].fault:  # else nothing can be compared
        yield Finding("arithmetic", overflow, "labels of one byte do not overflow")
    yield from repeats


def fault_or(fault: str, found: Finding | None, name: str) -> Finding:
    """Give what was found, or the fault of looking for it."""
    return Finding(name, fault) if found is None else found


def _fitted(model: LoadedModel, scratch: Path, device: str, dtype: type = np.uint8) -> Any:
    scratch.mkdir()
    fresh = model.build()
    context = FitContext(
        task="check/tiny", scratch=scratch, seed=1, device=device, effort=TINY_EFFORT
    )
    train = tuple(
        tiny_chains(1, frames, seed)[0].astype(dtype)
        for seed, frames in enumerate(TRAINING, start=10)
    )
    validation = (tiny_chains(1, 1000, seed=2)[0].astype(dtype),)
    fresh.fit(
        StateTrajectories(train, TINY_LABELS), StateTrajectories(validation, TINY_LABELS), context
    )
    return fresh


def _sampled(fitted: Any, seed: int = 5, prompt_seed: int = 3, dtype: type = np.uint8) -> Labels:
    """Let a model go on from a prompt whose first two chains are the same."""
    prompt = tiny_chains(*PROMPT, seed=prompt_seed)
    prompt[1] = prompt[0]
    drawn = fitted.sample(prompt.astype(dtype), SAMPLED, np.random.default_rng(seed))
    return checked_samples(drawn, PROMPT[0], SAMPLED, TINY_LABELS, PROMPT[1])


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


def _use_of_rng(fitted: Any, role: str) -> Finding:
    """Whether ``sample`` draws from ``rng``, and from nothing else."""
    _seed_all(1)
    one = _sampled(fitted)
    _seed_all(2)
    if (_sampled(fitted) != one).any():
        return Finding(
            "rng",
            "sample draws from another source than rng: one rng gives different labels; "
            "draw from rng, or seed what draws from rng.integers(2**31)",
        )
    if (_sampled(fitted, seed=6) != one).any():
        return Finding("rng", note="sample draws from it alone")
    if role == "control":
        return Finding("rng", note="not used, as a control may")
    if (one[0] != one[1]).any():  # it draws, then: two chains with one past go apart
        return Finding("rng", "sample ignores rng: every rng gives the same labels; draw from it")
    return Finding("rng", note="not used: what the model generates follows from the prompt")


def _seed_all(seed: int) -> None:
    """Seed what a model may draw from without being told."""
    import torch

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch.manual_seed(seed)


def _use_of_prompt(fitted: Any, probabilities: Any, role: str) -> Finding:
    """Whether ``sample`` goes on from the prompt; a model without memory has no need to."""
    if (_sampled(fitted, prompt_seed=7) != _sampled(fitted)).any():
        return Finding("prompt", note="chains go on from it")
    memoryless = (
        probabilities is not None and np.ptp(probabilities[:, 1:], axis=(0, 1)).max() < 1e-6
    )
    if memoryless or role == "control":
        return Finding("prompt", note="not used: the model has no memory")
    return Finding("prompt", "sample ignores the prompt: go on from the last frames of each chain")


def _overflow(fitted: Any, wide: Any, predicts: bool) -> str:
    """Say whether labels of one byte give other answers than those of eight give.

    Parameters
    ----------
    fitted : object
    wide : object
        The same, fitted to labels of eight bytes; None if the model takes no such labels.
    predicts : bool
    """
    test = tiny_chains(*TEST, seed=4)
    asked: dict[str, Callable[..., Any]] = {"sample": lambda one, dtype: _sampled(one, dtype=dtype)}
    if predicts:
        asked["predict"] = lambda one, dtype: _predicted(one, test.astype(dtype))
    for name, ask in asked.items():
        one, _ = tried(partial(ask, fitted, np.uint8))
        other, _ = tried(partial(ask, wide, np.int64))
        if one is not None and other is not None and not np.allclose(one, other, atol=1e-4):
            return (
                f"{name} answers otherwise when all labels are int64: they are uint8, in which "
                f"s * {TINY_LABELS} overflows beyond 255; convert with astype(int) first"
            )
    return ""
