"""The contract of a model, and what the harness hands to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from benchmark.tracks.superresolution.contract import CoarseSegment, DenseSegment, Positions

Labels = NDArray[np.uint8]
Probabilities = NDArray[np.float32]


class ModelCard(BaseModel):
    """Who a model is. Optional: a class attribute ``card`` of the model's class.

    ``role`` is "model" for an entry that wants a rank and "control" for a yardstick (trivial
    model, replay of the data, truth itself), which is shown on the board but never ranked.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    description: str = ""
    citation: str = ""
    role: Literal["model", "control"] = "model"


@dataclass(frozen=True)
class StateTrajectories:
    """Independent label sequences of one system, as a model sees them.

    Attributes
    ----------
    chains : tuple of uint8 arrays, each of shape (frames,)
        Consecutive frames within a chain; nothing connects one chain to the next.
    n_labels : int
        Size K of the alphabet; labels are 0 … K−1.
    """

    chains: tuple[Labels, ...]
    n_labels: int

    @property
    def n_frames(self) -> int:
        """Frames in all chains together."""
        return sum(len(chain) for chain in self.chains)


def _silent(fraction: float, note: str) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True)
class FitContext:
    """What a model may know about its task, and what it may use.

    Attributes
    ----------
    task : str
        The task's id, such as ``potentials/triangular3``.
    replica : int
        Which training replica this is.
    n_labels : int
        Size of the alphabet; 0 in super-resolution.
    gap : int
        k, every k-th frame is kept; 0 in kinetics.
    frame_time : float
        Physical time between frames, in ``time_unit``.
    time_unit : str
        Unit of ``frame_time``.
    seed : int
        Everything random in ``fit`` must come from it.
    device : str
        A torch device, "cpu" or "cuda".
    effort : float
        Share of the default training budget to spend: 1 in a ranked run, less with ``--quick``.
    scratch : Path
        A folder of this unit's own for checkpoints. It outlives an interrupted run: a model that
        finds its checkpoint there goes on from it.
    seconds : float
        Wall-clock seconds after which the harness stops the unit.
    progress : callable (fraction, note)
        Call it now and then with the share done, 0 … 1, and a few words.
    """

    task: str
    scratch: Path
    n_labels: int = 0
    gap: int = 0
    replica: int = 0
    frame_time: float = 1.0
    time_unit: str = "frames"
    seed: int = 0
    device: str = "cpu"
    effort: float = 1.0
    seconds: float = float("inf")
    progress: Callable[[float, str], None] = _silent


class KineticsModel(Protocol):
    """A model of label sequences.

    ``predict`` is optional: a model without it gets no likelihood. So are ``save(folder)`` and
    ``load(folder)``: with them an interrupted run does not fit again, and the fitted model stays
    with the run. Keyword arguments of ``__init__`` are what ``--set name=value`` sets.
    """

    def fit(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        """Learn from ``train``; ``validation`` may choose among models, never train one."""

    def predict(self, states: Labels) -> Probabilities:
        """Give the distribution of each frame after the frames before it.

        Parameters
        ----------
        states : uint8 array of shape (chains, frames)

        Returns
        -------
        float32 array of shape (chains, frames, labels)
            ``[c, t]`` is p(s_t | s_0 … s_{t−1}) and sums to 1 within 1e-5. It must not depend on
            frames ≥ t, nor on other chains: the harness checks both.
        """

    def sample(self, prompt: Labels, n_frames: int, rng: np.random.Generator) -> Labels:
        """Continue each chain of ``prompt``.

        Parameters
        ----------
        prompt : uint8 array of shape (chains, frames)
        n_frames : int
            Frames to generate after the prompt.
        rng : numpy.random.Generator
            Everything random must come from it.

        Returns
        -------
        uint8 array of shape (chains, n_frames)
            The new frames, without the prompt.
        """


class SuperResolutionModel(Protocol):
    """A model that fills in the hidden frames of molecular dynamics.

    ``save`` and ``load`` are optional, and ``__init__`` is set, as in a `KineticsModel`.
    """

    #: What it reads at kept frames: positions, and perhaps "velocities" and "forces".
    reads: frozenset[str]

    def fit(
        self,
        train: Sequence[DenseSegment],
        validation: Sequence[DenseSegment],
        context: FitContext,
    ) -> None:
        """Learn from ``train``; ``validation`` may choose among models, never train one."""

    def reconstruct(self, coarse: CoarseSegment) -> Positions:
        """Give every frame of a segment.

        Parameters
        ----------
        coarse : CoarseSegment
            Holds what the model declares in ``reads``, and no more.

        Returns
        -------
        float64 array of shape (frames, atoms, 3)
            Å, (kept − 1) gap + 1 frames. Only hidden frames two or more frames away from a kept
            one are scored.
        """
