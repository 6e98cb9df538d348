"""A kinetics model around a network: fitting, prediction, sampling."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from baselines._descent import descend
from baselines._options import Trained
from baselines._torch import (
    device_named,
    device_of,
    drawing_from,
    identify,
    on_processor,
    read_tensors,
    write_tensors,
)
from baselines.kinetics._parts.drawing import draw_frames
from baselines.kinetics._parts.networks import Network, State
from baselines.kinetics._parts.training import EpochDescent, EpochTraining
from benchmark.arrays import Labels, Probabilities
from benchmark.model import FitContext
from benchmark.tracks.kinetics.contract import StateTrajectories

#: Numbers held at once while predicting.
PREDICTION_BLOCK = 4_000_000


class NetworkModel(Trained, ABC):
    """A `KineticsModel` around a `Network`; a subclass names its options and makes the network.

    Parameters
    ----------
    sizes : mapping of str to number
        What the network is made from. It is saved with the weights.
    units : int
        Its width.
    **training
        How it is trained: see `EpochTraining`.
    """

    training: EpochTraining = EpochTraining()
    network: Network

    def __init__(self, sizes: Mapping[str, Any], units: int, **training: Any) -> None:
        super().__init__(**training)
        self.sizes, self._peak = dict(sizes), self.training.peak(units)

    @abstractmethod
    def build(self, n_labels: int) -> Network:
        """Make an untrained network; its weights are drawn from torch's global generator."""

    def fit(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        """Train, or go on training from the checkpoint in ``context.scratch``.

        Raises
        ------
        InputError
            If ``context.device`` cannot be used.
        ModelError
            If the loss is no longer finite.
        """
        device, training = device_named(context.device), self.training
        with drawing_from(context.seed, device):
            self.network = self.build(train.n_labels).to(device)
            run = self.descent(train, validation, context.effort)
            name = f"{type(self).__name__} {sorted(self.sizes.items())} {training}"
            identity = identify(
                f"{name} {run.total} {context.seed} {train.n_labels} {len(train.chains)}",
                [*train.chains, *validation.chains],
            )
            descend(run, identity, context)

    def descent(
        self, train: StateTrajectories, validation: StateTrajectories, effort: float
    ) -> EpochDescent:
        """Give the training of the network, not begun."""
        return EpochDescent(self.network, self.training, self._peak, train, validation, effort)

    @torch.inference_mode()
    def predict(self, states: Labels) -> Probabilities:
        """Read the chains side by side, window after window, carrying the state.

        The first frame has the distribution the network gives after the begin token.
        """
        probabilities = np.empty((*states.shape, self.network.n_labels), np.float32)
        for start, logits, _ in self._read(states, states.shape[1]):
            stop = start + logits.shape[1]
            probabilities[:, start:stop] = torch.softmax(logits, -1).cpu().numpy()
        return probabilities

    @torch.inference_mode()
    def sample(self, prompt: Labels, n_frames: int, rng: np.random.Generator) -> Labels:
        """Read the prompt, then draw frame after frame, all chains side by side."""
        now, advance = self.after(prompt)
        return draw_frames(now, advance, n_frames, rng, self.period)

    @property
    def period(self) -> int | None:
        """Steps after which sampling does the same again; None: it leaves the network's device."""
        return self.network.period

    def after(self, prompt: Labels) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Give the logits (C, K) of the frame after a prompt, and what advances them by a frame."""
        for _, logits, state in self._read(prompt, prompt.shape[1] + 1):
            now, carried = logits[:, -1], state
        return now, self.network.stepper(carried)

    def _read(self, states: Labels, frames: int) -> Iterator[tuple[int, Tensor, State]]:
        """Read chains window after window; give first frame, logits (C, window, K) and state.

        Logits of frame t come from the frames before it: ``frames`` may be one more than there are.
        """
        network, device = self.network, device_of(self.network)
        window = max(1, PREDICTION_BLOCK // (len(states) * network.numbers))
        state = None
        for start in range(0, frames, window):
            inputs = network.inputs(states, start, min(start + window, frames))
            logits, state = network(inputs.to(device), state)
            yield start, logits, state

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(weight.numel() for weight in self.network.parameters())

    def save(self, folder: Path) -> None:
        """Write the weights, and the sizes they belong to."""
        content = {
            "n_labels": self.network.n_labels,
            "sizes": self.sizes,
            "weights": on_processor(self.network.state_dict()),
        }
        write_tensors(folder / "weights.pt", content)

    def load(self, folder: Path) -> None:
        """Read the weights, to the processor: a fit on a GPU can be used without one."""
        stored = read_tensors(folder / "weights.pt")
        self.sizes = stored["sizes"]
        self.network = self.build(stored["n_labels"])
        self.network.load_state_dict(stored["weights"])
        self.network.eval()
