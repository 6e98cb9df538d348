"""What the networks share: training on windows, checkpoints, prediction and sampling.

A `Network` reads the label sequence and carries a state; `Training` says how it is trained;
`NetworkModel` makes a model of the two.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines._descent import Descent
from baselines._torch import (
    device_named,
    device_of,
    read_checkpoint,
    require_at_least,
    require_more_than_zero,
    write_checkpoint,
)
from benchmark.arrays import Labels, Probabilities
from benchmark.errors import InputError
from benchmark.model import FitContext
from benchmark.tracks.kinetics.contract import StateTrajectories

State = tuple[Tensor, ...]  # what a network carries from a window to the next one

#: Target of a padded frame: it adds nothing to the loss.
PADDING = -100

#: Seconds between two checkpoints.
CHECKPOINT_SECONDS = 15.0

#: Numbers held at once while predicting, and frames drawn at once while sampling.
PREDICTION_BLOCK = 4_000_000
SAMPLING_BLOCK = 256


class Network(nn.Module):
    """A network of next-label logits that carries a state along the sequence.

    Attributes
    ----------
    n_labels : int
        Size K of the alphabet; label K is the input at the begin of a chain.
    numbers : int
        Numbers that reading one frame of one chain holds at once.
    """

    n_labels: int
    numbers: int

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Give logits (B, T, K) of the labels after ``inputs`` (B, T), and the state to carry."""
        raise NotImplementedError

    def stepper(self, state: State) -> Callable[[Tensor], Tensor]:
        """Give a function that reads one label of each chain, (B,), and returns logits (B, K).

        It computes what `forward` does, one frame at a time and without its overheads. It owns
        the state from here on.
        """
        raise NotImplementedError

    def inputs(self, states: Labels, start: int, stop: int) -> Tensor:
        """Give what is read to predict frames start … stop − 1: the frames before them."""
        begin = np.full((len(states), 1), self.n_labels, np.int64)
        before = states[:, max(start - 1, 0) : stop - 1].astype(np.int64)
        return torch.from_numpy(before if start else np.concatenate([begin, before], axis=1))


@dataclass(frozen=True)
class Training:
    """Truncated backpropagation through time, by AdamW.

    In each epoch the chains are cut at a new random phase into contiguous pieces; many pieces are
    read side by side, window after window, and the state is carried from a window to the next one
    of the same piece. It starts from nothing at a piece's begin, with a begin token as first
    input, as it does when predicting: no state ever passes from one piece to another.

    The weights used are a running average over the updates. The epoch with the best likelihood of
    the validation chains is kept; they are never trained on.

    Attributes
    ----------
    units : int
        Width of the network.
    epochs : int
        Passes over the training data.
    frames : float
        Most training frames read in all passes together; a long data set gets fewer epochs.
    streams, window : int
        Pieces read side by side (at most), and frames between two updates.
    learning_rate : float
        Peak of the cosine schedule for 64 units; it falls as 1/√units, as wider ones need.
    weight_decay : float
        Of AdamW.
    average : float
        Memory of the running average of the weights, in updates.
    patience : float
        Training ends when this share of all epochs has brought no better validation likelihood.

    Raises
    ------
    InputError
        If an option is out of its range.
    """

    units: int
    epochs: int
    frames: float
    streams: int
    window: int
    learning_rate: float
    weight_decay: float
    average: float
    patience: float

    def __post_init__(self) -> None:
        require_at_least(1, epochs=self.epochs, frames=self.frames, streams=self.streams)
        require_at_least(1, window=self.window, average=self.average)
        require_at_least(0, weight_decay=self.weight_decay, patience=self.patience)
        require_more_than_zero(learning_rate=self.learning_rate)

    @property
    def peak(self) -> float:
        """Highest learning rate."""
        return self.learning_rate * math.sqrt(64 / self.units)

    def passes(self, n_frames: int, effort: float) -> int:
        """Epochs for a data set of so many frames."""
        return max(1, round(min(self.epochs, self.frames / n_frames) * effort))

    def beside(self, n_frames: int) -> int:
        """Streams: small data are read in fewer, so that an epoch is still some updates."""
        return min(self.streams, max(8, n_frames // 1600))

    def piece(self, n_frames: int) -> int:
        """Frames of a piece: some windows, so that most frames have a past."""
        windows = math.ceil(n_frames / self.beside(n_frames) / self.window)
        return self.window * min(20, max(1, windows))


def require_share(**options: float) -> None:
    """Raise an `InputError` naming the first option outside 0 ≤ value < 1."""
    for name, value in options.items():
        if not 0.0 <= value < 1.0:
            raise InputError(f"{name} is {value:g}; expected at least 0 and less than 1")


class NetworkModel:
    """A `KineticsModel` around a `Network`; a subclass names its options and its network.

    Parameters
    ----------
    network : callable
        Makes an untrained network of a number of labels and of ``sizes``.
    sizes : mapping of str to number
        What the network is made from. It is saved with the weights.
    training : Training
        How it is trained.
    """

    network: Network

    def __init__(
        self, network: Callable[..., Network], sizes: Mapping[str, Any], training: Training
    ) -> None:
        self._make, self.sizes, self.training = network, dict(sizes), training

    def build(self, n_labels: int) -> Network:
        """Make an untrained network; its weights are drawn from torch's global generator."""
        return self._make(n_labels, **self.sizes)

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
        device = device_named(context.device)
        devices = [device] if device.type == "cuda" else []
        # The caller's random state stays untouched, and a rerun under one seed gives one result.
        with torch.random.fork_rng(devices):
            torch.manual_seed(context.seed)
            self.network = self.build(train.n_labels).to(device)
            name = f"{type(self).__name__} {sorted(self.sizes.items())}"
            _train(self.network, self.training, name, train, validation, context)

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
        for _, logits, state in self._read(prompt, prompt.shape[1] + 1):
            now, carried = logits[:, -1], state  # (C, K)
        advance = self.network.stepper(carried)
        states = np.empty((len(prompt), n_frames), np.uint8)
        for start in range(0, n_frames, SAMPLING_BLOCK):
            steps = min(SAMPLING_BLOCK, n_frames - start)
            uniform = torch.from_numpy(rng.random((steps, len(prompt), 1), np.float32))
            uniform = uniform.to(now.device)
            drawn = torch.empty((steps, len(prompt)), dtype=torch.long, device=now.device)
            for step in range(steps):
                # The first label whose cumulative probability lies above the uniform number.
                cumulative = torch.softmax(now, 1).cumsum(1)[:, :-1]
                torch.sum(cumulative <= uniform[step], 1, out=drawn[step])
                now = advance(drawn[step])
            states[:, start : start + steps] = drawn.T.to("cpu", torch.uint8).numpy()
        return states

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
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            "n_labels": self.network.n_labels,
            "sizes": self.sizes,
            "weights": self.network.state_dict(),
        }
        torch.save(content, folder / "weights.pt")

    def load(self, folder: Path) -> None:
        """Read the weights, to the processor: a fit on a GPU can be used without one."""
        stored = torch.load(folder / "weights.pt", map_location="cpu", weights_only=True)
        self.sizes = stored["sizes"]
        self.network = self.build(stored["n_labels"])
        self.network.load_state_dict(stored["weights"])
        self.network.eval()


# --- training ---------------------------------------------------------------------------------


def _train(
    network: Network,
    training: Training,
    name: str,
    train: StateTrajectories,
    validation: StateTrajectories,
    context: FitContext,
) -> None:
    """Train ``network`` in place; leave it with the weights of its best epoch."""
    n_frames = train.n_frames
    epochs = training.passes(n_frames, context.effort)
    streams, piece = training.beside(n_frames), training.piece(n_frames)
    held_out = list(_streams(validation.chains, 20 * training.window, 256, None))
    run = _Run(network, training, updates=epochs * n_frames / (streams * training.window))

    checkpoint = context.scratch / "checkpoint.pt"
    identity = _identity(f"{name} {training}", train, validation, context.seed, epochs)
    if stored := read_checkpoint(checkpoint, identity, device_of(network)):
        run.load_state_dict(stored)
    saved = time.monotonic()

    while run.epoch < epochs:
        # What is random in an epoch follows from the seed and its number alone: a run that
        # resumes at an epoch goes on exactly as if it had never stopped.
        torch.manual_seed(hash((context.seed, run.epoch)))
        phase = np.random.default_rng([context.seed, run.epoch])
        run.read(_streams(train.chains, piece, streams, phase))
        stale = run.validate(held_out)
        context.progress(
            run.epoch / epochs,
            f"epoch {run.epoch}/{epochs}, validation {run.best_loss:.5f} nats",
        )
        if stale > training.patience * epochs:
            break
        if time.monotonic() - saved >= CHECKPOINT_SECONDS:
            write_checkpoint(checkpoint, {"identity": identity} | run.state_dict())
            saved = time.monotonic()

    run.finish()
    checkpoint.unlink(missing_ok=True)


class _Run(Descent):
    """A training under way: descents over the pieces, epoch after epoch."""

    PROGRESS = (*Descent.PROGRESS, "best_epoch", "epoch")

    def __init__(self, network: Network, training: Training, updates: float) -> None:
        super().__init__(
            network, training.peak, training.weight_decay, training.average, planned=updates
        )
        self.network: Network = network
        self.window = training.window
        self.epoch, self.best_epoch = 0, 0  # done

    def read(self, streams: Iterator[Tensor]) -> None:
        """Train on all pieces, an update after every window."""
        network, device = self.network, device_of(self.network)
        network.train()
        for targets in streams:
            state: State | None = None
            for inputs, outputs in _windows(targets, self.window, network.n_labels):
                logits, state = network(inputs.to(device), state)
                self.step(_cross_entropy(logits, outputs.to(device)).mean())
                state = tuple(part.detach() for part in state)

    def validate(self, streams: Sequence[Tensor]) -> int:
        """End an epoch: keep the averaged weights if they are the best; epochs since the best."""
        with self.evaluating():
            loss = _mean_loss(self.network, streams, 10 * self.window)
        if self.judge(loss):
            self.best_epoch = self.epoch
        self.epoch += 1
        return self.epoch - 1 - self.best_epoch


@torch.no_grad()
def _mean_loss(network: Network, streams: Sequence[Tensor], window: int) -> float:
    """Mean −ln p of the frames, in nats."""
    device = device_of(network)
    total, count = 0.0, 0
    for targets in streams:
        state = None
        for inputs, outputs in _windows(targets, window, network.n_labels):
            logits, state = network(inputs.to(device), state)
            losses = _cross_entropy(logits, outputs.to(device))
            total, count = total + float(losses.sum()), count + len(losses)
    return total / count


def _streams(
    chains: Sequence[Labels], piece: int, streams: int, phase: np.random.Generator | None
) -> Iterator[Tensor]:
    """Cut chains into contiguous pieces and stack about ``streams`` of them.

    ``phase`` gives where each chain is cut first, and the order of the pieces. Yields int64
    tensors of shape (streams, frames), short pieces padded at their end.
    """
    pieces: list[Labels] = []
    for chain in chains:
        first = int(phase.integers(1, piece + 1)) if phase else piece
        pieces += np.split(chain, range(first, len(chain), piece))
    order = phase.permutation(len(pieces)) if phase else np.arange(len(pieces))
    for rows in np.array_split(order, max(1, round(len(pieces) / streams))):
        longest = max(len(pieces[row]) for row in rows)
        targets = np.full((len(rows), longest), PADDING, np.int64)
        for target, row in zip(targets, rows, strict=True):
            target[: len(pieces[row])] = pieces[row]
        yield torch.from_numpy(targets)


def _windows(targets: Tensor, window: int, begin: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Walk over pieces (B, frames): inputs and outputs (B, ≤ window), inputs one frame behind."""
    before = functional.pad(targets[:, :-1].clamp(min=0), (1, 0), value=begin)
    yield from zip(before.split(window, dim=1), targets.split(window, dim=1), strict=True)


def _cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """−ln p of each frame that is not padding, in nats; shape (frames,)."""
    real = targets != PADDING
    return functional.cross_entropy(logits[real], targets[real], reduction="none")


# --- checkpoints ------------------------------------------------------------------------------


def _identity(
    name: str, train: StateTrajectories, validation: StateTrajectories, seed: int, epochs: int
) -> str:
    """Name a training run: a checkpoint of other data or other options must not be resumed."""
    digest = hashlib.sha256(f"{name} {seed} {epochs} {train.n_labels}".encode())
    for chain in (*train.chains, *validation.chains):
        digest.update(len(chain).to_bytes(8, "little"))
        digest.update(np.ascontiguousarray(chain).tobytes())
    return digest.hexdigest()
