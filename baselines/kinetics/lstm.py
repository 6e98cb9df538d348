"""LSTM language model of the label sequence, after Tsai, Kuo and Tiwary.

Three layers: an embedding of the label, a long short-term memory, a softmax over the next label.
"""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.errors import InputError, ModelError
from benchmark.model import FitContext, Labels, ModelCard, Probabilities, StateTrajectories

State = tuple[Tensor, Tensor]  # hidden and cell state of each stream, both (1, B, H)

#: Target of a padded frame: it adds nothing to the loss.
PADDING = -100

#: Seconds between two checkpoints.
CHECKPOINT_SECONDS = 15.0

#: Numbers held at once while predicting (frames × gates), and frames drawn at once while sampling.
PREDICTION_BLOCK = 4_000_000
SAMPLING_BLOCK = 256


class Lstm:
    """Embedding, one LSTM layer, softmax, trained to predict the next label.

    Training is truncated backpropagation through time. In each epoch the chains are cut at a new
    random phase into contiguous pieces; many pieces are read side by side, window after window,
    and the state is carried from a window to the next one of the same piece. It starts from zero
    at a piece's begin, with a begin token as first input, as it does when predicting: no state
    ever passes from one piece to another.

    The weights used are a running average over the updates. The epoch with the best likelihood of
    the validation chains is kept; they are never trained on.

    Parameters
    ----------
    hidden, embedding : int
        Units of the LSTM, size of the embedding.
    epochs : int
        Passes over the training data.
    frames : float
        Most training frames read in all passes together; a long data set gets fewer epochs.
    streams, window : int
        Pieces read side by side (at most), and frames between two updates.
    learning_rate : float
        Peak of AdamW's cosine schedule for 64 units; it falls as 1/√units, as wider ones need.
    weight_decay, dropout : float
        Of AdamW; of what the LSTM gives out.
    average : float
        Memory of the running average of the weights, in updates.
    patience : float
        Training ends when this share of all epochs has brought no better validation likelihood.
    """

    card = ModelCard(
        title="LSTM",
        description="Embedding, LSTM and softmax, trained to predict the next label.",
        citation="S.-T. Tsai, E.-J. Kuo, P. Tiwary, Nat. Commun. 11, 5115 (2020), arXiv:2004.12360",
    )

    def __init__(
        self,
        hidden: int = 64,
        embedding: int = 32,
        epochs: int = 60,
        frames: float = 1.5e7,
        streams: int = 64,
        window: int = 100,
        learning_rate: float = 5e-3,
        weight_decay: float = 1e-2,
        dropout: float = 0.0,
        average: float = 30.0,
        patience: float = 0.3,
    ) -> None:
        sizes = {"hidden": hidden, "embedding": embedding, "streams": streams, "window": window}
        for name, size in sizes.items():
            if size < 1:
                raise InputError(f"{name} is {size}; expected at least 1")
        if not learning_rate > 0.0:
            raise InputError(f"learning_rate is {learning_rate:g}; expected more than 0")
        self.hidden, self.embedding = hidden, embedding
        self.epochs, self.frames = epochs, frames
        self.streams, self.window = streams, window
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.dropout, self.average, self.patience = dropout, average, patience

    # --- training ---------------------------------------------------------------------------

    def fit(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        """Train, or go on training from the checkpoint in ``context.scratch``.

        Raises
        ------
        ModelError
            If the loss is no longer finite.
        """
        device = _device(context.device)
        devices = [device] if device.type == "cuda" else []
        # The caller's random state stays untouched, and a rerun under one seed gives one result.
        with torch.random.fork_rng(devices):
            torch.manual_seed(context.seed)
            network = _Network(train.n_labels, self.hidden, self.embedding, self.dropout)
            self.network = network.to(device)
            self._train(train, validation, context)

    def _train(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        network, device = self.network, next(self.network.parameters()).device
        peak = self.learning_rate * math.sqrt(64 / self.hidden)
        optimizer = torch.optim.AdamW(network.parameters(), lr=peak, weight_decay=self.weight_decay)
        averaged = {name: value.clone() for name, value in network.state_dict().items()}
        best, best_loss, best_epoch, first, updates = averaged, math.inf, 0, 0, 0

        n_frames = train.n_frames
        most = min(self.epochs, self.frames / n_frames)
        epochs = max(1, round(most * context.effort))
        # Small data are read in fewer streams, so that an epoch is still some updates.
        streams = min(self.streams, max(8, n_frames // 1600))
        piece = self.window * min(20, max(1, math.ceil(n_frames / streams / self.window)))
        total = epochs * n_frames / (streams * self.window)  # updates, about
        held_out = list(_streams(validation.chains, 20 * self.window, 256, None))

        checkpoint = context.scratch / "lstm.pt"
        identity = _identity(vars(self), train, validation, context.seed, epochs)
        if stored := _read_checkpoint(checkpoint, identity, device):
            network.load_state_dict(stored["network"])
            optimizer.load_state_dict(stored["optimizer"])
            averaged, best, best_loss = stored["averaged"], stored["best"], stored["best_loss"]
            best_epoch, first, updates = stored["best_epoch"], stored["epoch"], stored["updates"]
        saved = time.monotonic()

        for epoch in range(first, epochs):
            # What is random in an epoch follows from the seed and its number alone: a run that
            # resumes at an epoch goes on exactly as if it had never stopped.
            torch.manual_seed(hash((context.seed, epoch)))
            phase = np.random.default_rng([context.seed, epoch])
            network.train()
            for targets in _streams(train.chains, piece, streams, phase):
                state = None
                for inputs, outputs in _windows(targets, self.window, network.n_labels):
                    logits, state = network(inputs.to(device), state)
                    loss = _cross_entropy(logits, outputs.to(device)).mean()
                    for group in optimizer.param_groups:
                        group["lr"] = peak * _schedule(updates / total)
                    optimizer.zero_grad(set_to_none=True)
                    loss.backward()
                    norm = nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                    if not math.isfinite(float(norm)):
                        raise ModelError(
                            f"the training loss is {float(loss.detach()):g} in epoch {epoch + 1} "
                            f"with learning_rate {self.learning_rate:g}; try a smaller one"
                        )
                    optimizer.step()
                    updates += 1
                    state = (state[0].detach(), state[1].detach())
                    weight = max(1.0 / updates, 1.0 / self.average)
                    for name, value in network.state_dict().items():
                        averaged[name].lerp_(value, weight)

            loss_now = self._mean_loss(averaged, held_out)
            if loss_now < best_loss:
                best_loss, best_epoch = loss_now, epoch
                best = {name: value.clone() for name, value in averaged.items()}
            context.progress(
                (epoch + 1) / epochs, f"epoch {epoch + 1}/{epochs}, validation {best_loss:.5f} nats"
            )
            if epoch - best_epoch > self.patience * epochs:
                break
            if time.monotonic() - saved >= CHECKPOINT_SECONDS:
                _write_checkpoint(
                    checkpoint,
                    {
                        "identity": identity,
                        "network": network.state_dict(),
                        "optimizer": optimizer.state_dict(),
                        "averaged": averaged,
                        "best": best,
                        "best_loss": best_loss,
                        "best_epoch": best_epoch,
                        "epoch": epoch + 1,
                        "updates": updates,
                    },
                )
                saved = time.monotonic()

        network.load_state_dict(best)
        network.eval()
        checkpoint.unlink(missing_ok=True)

    @torch.no_grad()
    def _mean_loss(self, weights: dict[str, Tensor], streams: Sequence[Tensor]) -> float:
        """Mean −ln p of the validation frames under ``weights``, in nats."""
        network, device = self.network, next(self.network.parameters()).device
        kept = {name: value.clone() for name, value in network.state_dict().items()}
        network.load_state_dict(weights)
        network.eval()
        total, count = 0.0, 0
        for targets in streams:
            state = None
            for inputs, outputs in _windows(targets, 10 * self.window, network.n_labels):
                logits, state = network(inputs.to(device), state)
                losses = _cross_entropy(logits, outputs.to(device))
                total, count = total + float(losses.sum()), count + len(losses)
        network.load_state_dict(kept)
        return total / count

    # --- use --------------------------------------------------------------------------------

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
        """Read the prompt, then draw frame after frame, all chains side by side.

        This is the network of ``predict``, one step at a time and without its overheads: what a
        label adds to the gates is looked up in a table, W_ih · embedding + biases.
        """
        network, device = self.network, next(self.network.parameters()).device
        chains, H = len(prompt), self.hidden
        input_weight, recurrent, input_bias, bias = network.lstm.all_weights[0]
        # Sigmoid gates side by side: i, f, g, o → i, f, o, g.
        order = torch.arange(4 * H, device=device).view(4, H)[[0, 1, 3, 2]].reshape(-1)
        table = functional.linear(network.embedding.weight, input_weight, input_bias + bias)
        table = table[:, order].contiguous()  # (K + 1, 4H)
        recurrent_t = recurrent.T[:, order].contiguous()  # (H, 4H)
        out_weight, out_bias = network.head.weight.T.contiguous(), network.head.bias  # (H, K), (K,)

        for _, logits, (hidden, cell) in self._read(prompt, prompt.shape[1] + 1):
            now, h, c = logits[:, -1], hidden[0].clone(), cell[0].clone()  # (C, K), (C, H), (C, H)
        gates = torch.empty(chains, 4 * H, device=device)
        sigmoids, candidate = gates[:, : 3 * H], gates[:, 3 * H :]
        i, f, o = sigmoids.split(H, dim=1)

        states = np.empty((chains, n_frames), np.uint8)
        for start in range(0, n_frames, SAMPLING_BLOCK):
            steps = min(SAMPLING_BLOCK, n_frames - start)
            uniform = torch.from_numpy(rng.random((steps, chains, 1), np.float32)).to(device)
            drawn = torch.empty((steps, chains), dtype=torch.long, device=device)
            for step in range(steps):
                # The first label whose cumulative probability lies above the uniform number.
                cumulative = torch.softmax(now, 1).cumsum(1)[:, :-1]
                torch.sum(cumulative <= uniform[step], 1, out=drawn[step])
                torch.addmm(table[drawn[step]], h, recurrent_t, out=gates)
                sigmoids.sigmoid_()
                candidate.tanh_()
                c.mul_(f).addcmul_(i, candidate)
                torch.tanh(c, out=h)
                h.mul_(o)
                now = torch.addmm(out_bias, h, out_weight)
            states[:, start : start + steps] = drawn.T.to("cpu", torch.uint8).numpy()
        return states

    def _read(self, states: Labels, frames: int) -> Iterator[tuple[int, Tensor, State]]:
        """Read chains window after window; give first frame, logits (C, window, K) and state.

        Logits of frame t come from the frames before it: ``frames`` may be one more than there are.
        """
        network, device = self.network, next(self.network.parameters()).device
        width = max(network.n_labels, 4 * self.hidden)
        window = max(1, PREDICTION_BLOCK // (len(states) * width))
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
        """Write the weights."""
        folder.mkdir(parents=True, exist_ok=True)
        torch.save(self.network.state_dict(), folder / "weights.pt")

    def load(self, folder: Path) -> None:
        """Read the weights, to the processor: a fit on a GPU can be used without one."""
        weights = torch.load(folder / "weights.pt", map_location="cpu", weights_only=True)
        self.embedding = weights["embedding.weight"].shape[1]
        n_labels, self.hidden = weights["head.weight"].shape
        self.network = _Network(n_labels, self.hidden, self.embedding, self.dropout)
        self.network.load_state_dict(weights)
        self.network.eval()


class _Network(nn.Module):
    def __init__(self, n_labels: int, hidden: int, embedding: int, dropout: float) -> None:
        super().__init__()
        self.n_labels = n_labels
        self.embedding = nn.Embedding(n_labels + 1, embedding)  # label K: the begin of a chain
        self.lstm = nn.LSTM(embedding, hidden, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, n_labels)
        # Remember by default: metastable labels last for many frames.
        with torch.no_grad():
            self.lstm.all_weights[0][3][hidden : 2 * hidden] += 1.0

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Give logits (B, T, K) of the labels after ``inputs`` (B, T), and the state to carry."""
        x = self.embedding(inputs)  # (B, T, E)
        y, state = self.lstm(x, state)  # (B, T, H)
        return self.head(self.dropout(y)), state

    def inputs(self, states: Labels, start: int, stop: int) -> Tensor:
        """Give what is read to predict frames start … stop − 1: the frames before them."""
        begin = np.full((len(states), 1), self.n_labels, np.int64)
        before = states[:, max(start - 1, 0) : stop - 1].astype(np.int64)
        return torch.from_numpy(before if start else np.concatenate([begin, before], axis=1))


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


def _schedule(done: float) -> float:
    """Learning rate over its peak: a short linear rise, then half a cosine to nearly zero."""
    return min(1.0, 0.05 + done / 0.03) * (0.51 + 0.49 * math.cos(math.pi * min(done, 1.0)))


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # what torch raises depends on how it was built
        raise InputError(
            f"device '{name}' cannot be used: {str(error).splitlines()[0]}; 'cpu' always can"
        ) from error
    return device


# --- checkpoints ------------------------------------------------------------------------------


def _identity(
    options: dict[str, Any],
    train: StateTrajectories,
    validation: StateTrajectories,
    seed: int,
    epochs: int,
) -> str:
    """Name a training run: a checkpoint of other data or other options must not be resumed."""
    plain = {name: value for name, value in options.items() if name != "network"}
    digest = hashlib.sha256(f"{sorted(plain.items())} {seed} {epochs} {train.n_labels}".encode())
    for chain in (*train.chains, *validation.chains):
        digest.update(len(chain).to_bytes(8, "little"))
        digest.update(np.ascontiguousarray(chain).tobytes())
    return digest.hexdigest()


def _write_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Write tensors and numbers, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    torch.save(content, temporary)
    temporary.replace(path)


def _read_checkpoint(path: Path, identity: str, device: torch.device) -> dict[str, Any] | None:
    """Read a checkpoint of this very run; None if there is none."""
    if not path.is_file():
        return None
    stored: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    return stored if stored["identity"] == identity else None
