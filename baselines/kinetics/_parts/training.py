"""How a network learns label sequences: truncated backpropagation through time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from baselines._descent import Descent
from baselines._options import Training, require_at_least
from baselines._torch import device_of
from baselines.kinetics._parts.networks import Network
from benchmark.arrays import Labels
from benchmark.tracks.kinetics.contract import StateTrajectories

#: Target of a padded frame: it adds nothing to the loss.
PADDING = -100

#: Most windows of a piece, and pieces of the validation chains read side by side.
MOST_WINDOWS, VALIDATION_STREAMS = 20, 256


@dataclass(frozen=True, kw_only=True)
class EpochTraining(Training):
    """Truncated backpropagation through time, by AdamW.

    In each epoch the chains are cut at a new random phase into contiguous pieces; many pieces are
    read side by side, window after window, and the state is carried from a window to the next one
    of the same piece. It starts from nothing at a piece's begin, with a begin token as first
    input, as it does when predicting: no state ever passes from one piece to another.

    The weights used are a running average over the updates. The epoch with the best likelihood of
    the validation chains is kept; they are never trained on.

    Attributes
    ----------
    epochs : int
        Passes over the training data.
    frames : float
        Most training frames read in all passes together; a long data set gets fewer epochs.
    streams, window : int
        Pieces read side by side (at most), and frames between two updates.
    learning_rate : float
        Peak of the cosine schedule for 64 units; it falls as 1/√units, as wider ones need.
    weight_decay, average : float
        See `Training`.
    patience : float
        Training ends when this share of all epochs has brought no better validation likelihood.

    Raises
    ------
    InputError
        If an option is out of its range.
    """

    epochs: int = 60
    frames: float = 1.5e7
    streams: int = 64
    window: int = 100
    learning_rate: float = 5e-3
    weight_decay: float = 1e-2
    average: float = 30.0
    patience: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(1, epochs=self.epochs, streams=self.streams, window=self.window)
        require_at_least(0, patience=self.patience)

    def peak(self, units: int) -> float:
        """Highest learning rate of a network so wide."""
        return self.learning_rate * math.sqrt(64 / units)

    def passes(self, n_frames: int, effort: float) -> int:
        """Epochs for a data set of so many frames."""
        return max(1, round(min(self.epochs, self.frames / n_frames) * effort))

    def beside(self, n_frames: int) -> int:
        """Streams: small data are read in fewer, so that an epoch is still some updates."""
        return min(self.streams, max(8, n_frames // 1600))

    def piece(self, n_frames: int) -> int:
        """Frames of a piece: some windows, so that most frames have a past."""
        windows = math.ceil(n_frames / self.beside(n_frames) / self.window)
        return self.window * min(MOST_WINDOWS, max(1, windows))


class EpochDescent(Descent):
    """A training under way: descents over all pieces of the chains, epoch after epoch.

    Parameters
    ----------
    network : Network
        It is trained in place.
    training : EpochTraining
    peak : float
        Highest learning rate.
    train, validation : StateTrajectories
    effort : float
        Share of the epochs that is done.
    """

    PROGRESS = (*Descent.PROGRESS, "done")

    network: Network
    done = 0  # epochs

    def __init__(
        self,
        network: Network,
        training: EpochTraining,
        peak: float,
        train: StateTrajectories,
        validation: StateTrajectories,
        effort: float,
    ) -> None:
        n_frames, window = train.n_frames, training.window
        streams, epochs = training.beside(n_frames), training.passes(n_frames, effort)
        super().__init__(network, training, peak, epochs, epochs * n_frames / (streams * window))
        self.patience, self.window, self.streams = training.patience, window, streams
        self.piece, self.chains = training.piece(n_frames), train.chains
        longest = MOST_WINDOWS * window
        self.held_out = list(cut_streams(validation.chains, longest, VALIDATION_STREAMS, None))

    @property
    def note(self) -> str:
        """Epochs and best validation loss."""
        return f"epoch {self.done}/{self.total}, validation {self.best_loss:.5f} nats"

    def epoch(self, rng: np.random.Generator) -> None:
        """Train on all pieces, an update after every window."""
        for targets in cut_streams(self.chains, self.piece, self.streams, rng):
            for logits, outputs in self._read(targets, self.window):
                self.step(cross_entropy(logits, outputs).mean())
        self.done += 1

    def validation_loss(self) -> float:
        """Mean −ln p of the validation frames, in nats."""
        total, count = 0.0, 0
        for targets in self.held_out:
            for logits, outputs in self._read(targets, 10 * self.window):
                losses = cross_entropy(logits, outputs)
                total, count = total + float(losses.sum()), count + len(losses)
        return total / count

    def _read(self, targets: Tensor, window: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Walk over pieces, carrying the state without its gradients: logits and outputs."""
        device, state = device_of(self.network), None
        for inputs, outputs in cut_windows(targets, window, self.network.n_labels):
            logits, carried = self.network(inputs.to(device), state)
            yield logits, outputs.to(device)
            state = tuple(part.detach() for part in carried)


def cut_streams(
    chains: Sequence[Labels], piece: int, streams: int, phase: np.random.Generator | None
) -> Iterator[Tensor]:
    """Cut chains into contiguous pieces and stack about ``streams`` of them.

    Parameters
    ----------
    chains : sequence of uint8 arrays, each of shape (frames,)
    piece : int
        Frames of a piece.
    streams : int
        Pieces in a stack.
    phase : numpy.random.Generator or None
        Gives where each chain is cut first, and the order of the pieces.

    Yields
    ------
    int64 Tensor of shape (streams, frames)
        Short pieces are padded at their end.
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


def cut_windows(targets: Tensor, window: int, begin: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Walk over pieces (B, frames): inputs and outputs (B, ≤ window), inputs one frame behind."""
    before = functional.pad(targets[:, :-1].clamp(min=0), (1, 0), value=begin)
    yield from zip(before.split(window, dim=1), targets.split(window, dim=1), strict=True)


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """−ln p of each frame that is not padding, in nats; shape (frames,)."""
    real = targets != PADDING
    return functional.cross_entropy(logits[real], targets[real], reduction="none")
