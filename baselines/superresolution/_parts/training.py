"""How every network is trained, kept and used."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines._descent import Descent
from baselines._torch import (
    copied,
    device_named,
    device_of,
    read_checkpoint,
    require_at_least,
    require_more_than_zero,
    write_checkpoint,
)
from baselines.superresolution._parts.frame import mean_geometry
from baselines.superresolution._parts.networks import Network, Shape
from baselines.superresolution._parts.passes import (
    Integers,
    Passes,
    Track,
    enter_passes,
    hidden_frames,
    track_of,
)
from baselines.superresolution._parts.reads import declared, moving_orders_read
from baselines.superresolution._parts.windows import check_hidden, check_segment, check_training
from benchmark.arrays import Positions
from benchmark.tracks.superresolution.contract import GapContext
from benchmark.tracks.superresolution.interpolation import interleave
from benchmark.tracks.superresolution.segments import CoarseSegment, DenseSegment

Floats = NDArray[np.float64]

#: Seconds between two checkpoints.
CHECKPOINT_SECONDS = 15.0

_EPOCHS = 25  # validations of a whole training
_VALIDATION_FRAMES = 5_000  # hidden ones, of each
_SHORT_PAST = 0.1  # share of training passes that see fewer kept frames, as near a segment's end
_BLOCK = 512  # gaps filled at once: bounds the memory of a reconstruction


@dataclass(frozen=True)
class Training:
    """Gaps drawn at random from all places of the training segments, by AdamW.

    A gap may start at any frame. Both its passes are used: a network that goes both ways is judged
    by the blend of the two, a one-directional one by either, as time-reversed dynamics is dynamics
    too. So all networks see the same gaps, in the same order. The loss is the mean absolute error
    over hidden frames; the weights used are a running average over the updates, and those with the
    least error on the scored frames of the validation segments are kept. These are never trained
    on.

    Attributes
    ----------
    frames : float
        Hidden frames trained on in all: the budget, the same for every network.
    batch : int
        Gaps of an update.
    learning_rate : float
        Peak of the cosine schedule; see `NetworkModel` for what it means there.
    weight_decay : float
        Of AdamW.
    average : float
        Memory of the running average of the weights, in updates.

    Raises
    ------
    InputError
        If an option is out of its range.
    """

    frames: float
    batch: int
    learning_rate: float
    weight_decay: float
    average: float

    def __post_init__(self) -> None:
        require_at_least(1, frames=self.frames, batch=self.batch, average=self.average)
        require_at_least(0, weight_decay=self.weight_decay)
        require_more_than_zero(learning_rate=self.learning_rate)

    def updates(self, gap: int, effort: float) -> int:
        """Give the updates of a whole training at gap k."""
        return max(1, round(self.frames * effort / (self.batch * (gap - 1))))


class NetworkModel:
    """A `SuperResolutionModel` around a `Network`; a subclass names its options and its network.

    Parameters
    ----------
    network : callable
        Makes an untrained network of a `Shape` and ``sizes``.
    sizes : mapping of str to number or str
        What the network is made from, "hidden" among it. It is saved with the weights.
    reads : str
        "velocities" (and positions) or "forces" (and both).
    training : Training
        How it is trained. The learning rate is that for 128 units and 10 atoms: it falls as
        1/√units and as 1/atoms, as a step of every weight moves a sum over more of them further.

    Raises
    ------
    InputError
        If ``reads`` is none of these.
    """

    #: Whether a gap is filled from both ends, or from the left one only.
    both_ways = False

    network: Network

    def __init__(
        self,
        network: Callable[..., Network],
        sizes: Mapping[str, Any],
        reads: str,
        training: Training,
    ) -> None:
        self._orders = moving_orders_read(reads)
        self._make, self.sizes, self.training = network, dict(sizes), training
        self.reads = declared(self._orders)

    def fit(
        self,
        train: Sequence[DenseSegment],
        validation: Sequence[DenseSegment],
        context: GapContext,
    ) -> None:
        """Fit the springs, then train, or go on from the checkpoint in ``context.scratch``.

        Raises
        ------
        InputError
            If a segment is too short, the gap has no hidden frame, or ``context.device`` cannot
            be used.
        ModelError
            If the loss is no longer finite.
        """
        gap = context.gap
        check_hidden(gap)
        check_training([*train, *validation], gap)
        device = device_named(context.device)
        shape = Shape(gap, self._orders, train[0].n_atoms, self.both_ways)
        self._reference = mean_geometry(train)
        # The caller's random state stays untouched, and a rerun under one seed gives one result.
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.manual_seed(context.seed)
            self.network = self._make(shape, **self.sizes)
            known = track_of(train, gap, 3, gap)
            self.network.calibrate(known, self._reference, train[0].masses)
            self.network.to(device)
            source = _Source(self.network, self._reference, train[0].masses)
            held_out = track_of(validation, gap, 3, gap)
            name = f"{type(self).__name__} {sorted(self.sizes.items())} {self.reads}"
            peak = self.training.learning_rate
            peak *= math.sqrt(128 / self.sizes["hidden"]) * 10 / shape.atoms
            _train(self.training, peak, name, source, known, held_out, context)

    @torch.inference_mode()
    def reconstruct(self, coarse: CoarseSegment) -> Positions:
        """Give every frame of a segment, many gaps at once.

        A gap is filled from the kept frames on its left, or on both sides, that there are.

        Raises
        ------
        ModelError
            If the segment is of another molecule or gap than the model was fitted to, or lacks
            velocities or forces that the model reads.
        """
        shape = self.network.shape
        check_segment(coarse, shape.gap, shape.atoms)
        track = track_of([coarse], shape.gap, shape.orders, 1)
        source = _Source(self.network, self._reference, coarse.masses)
        hidden = np.empty((len(track.starts), shape.gap - 1, shape.atoms, 3))
        for begin in range(0, len(hidden), _BLOCK):
            lefts = track.starts[begin : begin + _BLOCK]
            hidden[begin : begin + _BLOCK] = source.fill(track, lefts)
        return interleave(coarse.positions, hidden)

    @property
    def parameters(self) -> int:
        """Number of weights, and of constants of the springs."""
        weights = sum(weight.numel() for weight in self.network.parameters())
        return weights + 2 * self.network.spring.numel()

    def save(self, folder: Path) -> None:
        """Write the weights, and the sizes they belong to."""
        folder.mkdir(parents=True, exist_ok=True)
        shape = self.network.shape
        content = {
            "shape": [shape.gap, shape.orders, shape.atoms],
            "sizes": self.sizes,
            "reference": torch.from_numpy(self._reference),
            "weights": self.network.state_dict(),
        }
        torch.save(content, folder / "weights.pt")

    def load(self, folder: Path) -> None:
        """Read the weights, to the processor: a fit on a GPU can be used without one."""
        stored = torch.load(folder / "weights.pt", map_location="cpu", weights_only=True)
        gap, orders, atoms = stored["shape"]
        shape = Shape(gap, orders, atoms, self.both_ways)
        self.sizes, self._reference = stored["sizes"], stored["reference"].numpy()
        self._orders, self.reads = shape.orders, declared(shape.orders)
        self.network = self._make(shape, **self.sizes)
        self.network.load_state_dict(stored["weights"])
        self.network.eval()


class _Source:
    """Brings gaps of a track to a network and back."""

    def __init__(self, network: Network, reference: Floats, masses: Floats) -> None:
        self.network, self._reference, self._masses = network, reference, masses

    def passes(self, track: Track, lefts: Integers, directions: int) -> Passes:
        shape = self.network.shape
        return enter_passes(
            track,
            lefts,
            self.network.past,
            self._reference,
            self._masses,
            shared=shape.both_ways,
            directions=directions,
        )

    def answer(self, passes: Passes, present: NDArray[np.bool_]) -> Tensor:
        """Give the hidden frames (d, n, gap - 1, D) of passes that see what is ``present``."""
        device = device_of(self.network)
        seen = passes.seen[:, :, :, : self.network.shape.orders]
        flat = torch.from_numpy(seen.reshape(*seen.shape[:4], -1)).float()
        return self.network(flat.to(device), torch.from_numpy(present).to(device))

    def fill(self, track: Track, lefts: Integers) -> Floats:
        """Give the hidden frames (n, gap - 1, atoms, 3) in the laboratory, in Å."""
        passes = self.passes(track, lefts, 2 if self.network.shape.both_ways else 1)
        inside = self.answer(passes, passes.present)[0].double().cpu().numpy()
        inside = inside.reshape(*inside.shape[:2], -1, 3) + self._reference
        return passes.frames[: len(lefts)].positions_out(inside)

    def errors(self, track: Track, lefts: Integers, rng: np.random.Generator | None) -> Tensor:
        """Give |answer − truth| (d, n, gap - 1, D) in Å; ``rng`` shortens some passes' past."""
        passes = self.passes(track, lefts, 2)
        truth = hidden_frames(track, lefts, passes.frames, self._reference)
        answer = self.answer(passes, _shortened(passes.present, rng))
        target = torch.from_numpy(truth.reshape(*truth.shape[:3], -1)).float()
        return (answer - target[: len(answer)].to(answer.device)).abs()


def _shortened(present: NDArray[np.bool_], rng: np.random.Generator | None) -> NDArray[np.bool_]:
    """Take the farthest kept frames away from some passes, never the end of the gap."""
    past = present.shape[2]
    if rng is None or past == 1:
        return present
    hidden = rng.integers(1, past, present.shape[:2]) * (
        rng.random(present.shape[:2]) < _SHORT_PAST
    )
    return present & (np.arange(past) >= hidden[:, :, None])


# --- training ---------------------------------------------------------------------------------


def _train(
    training: Training,
    peak: float,
    name: str,
    source: _Source,
    train: Track,
    held_out: Track,
    context: GapContext,
) -> None:
    """Train the source's network in place; leave it with the weights of its best epoch."""
    updates = training.updates(context.gap, context.effort)
    run = _Run(source, training, peak, updates)
    identity = identify(f"{name} {training} {updates} {context.gap}", train, held_out, context)
    some = _spread(held_out.starts, context.gap)
    descend(
        run,
        identity,
        begin=lambda: _measure_missed(source, train),
        update=lambda rng: run.update(train, rng.choice(train.starts, training.batch), rng),
        validate=lambda: run.validate(held_out, some),
        unit="Å",
        context=context,
    )


def descend(
    run: Descent,
    identity: str,
    *,
    begin: Callable[[], None],
    update: Callable[[np.random.Generator], None],
    validate: Callable[[], None],
    unit: str,
    context: GapContext,
) -> None:
    """Train in epochs, from the start or from the checkpoint; leave the best weights in place.

    Parameters
    ----------
    run : Descent
    identity : str
        Of this training, see `identify`.
    begin : callable
        Measures what a training that starts anew must know.
    update : callable (rng)
        Goes a step downhill.
    validate : callable
        Judges the averaged weights.
    unit : str
        Of the validation loss.
    context : FitContext
    """
    updates = round(run.planned)
    checkpoint = context.scratch / "checkpoint.pt"
    if stored := read_checkpoint(checkpoint, identity, device_of(run.network)):
        run.load_state_dict(stored)
    else:
        begin()
        run.averaged = copied(run.network.state_dict())  # with what was measured
        validate()
    saved = time.monotonic()

    while run.updates < updates:
        # What is random in an epoch follows from the seed and its place alone: a run that resumes
        # at an epoch goes on exactly as if it had never stopped.
        torch.manual_seed(hash((context.seed, run.updates)))
        rng = np.random.default_rng([context.seed, run.updates])
        for _ in range(min(math.ceil(updates / _EPOCHS), updates - run.updates)):
            update(rng)
        validate()
        if time.monotonic() - saved >= CHECKPOINT_SECONDS:
            write_checkpoint(checkpoint, {"identity": identity} | run.state_dict())
            saved = time.monotonic()
        context.progress(
            run.updates / updates,
            f"update {run.updates}/{updates}, validation {run.best_loss:.3g} {unit}",
        )

    run.finish()
    checkpoint.unlink(missing_ok=True)


class _Run(Descent):
    """A training under way: descents over batches of gaps."""

    def __init__(self, source: _Source, training: Training, peak: float, planned: int) -> None:
        super().__init__(source.network, peak, training.weight_decay, training.average, planned)
        self.source = source

    def update(self, track: Track, lefts: Integers, rng: np.random.Generator) -> None:
        """Train on one batch of gaps."""
        self.source.network.train()
        self.step(self.source.errors(track, lefts, rng).mean() / self.source.network.missed.mean())

    @torch.no_grad()
    def validate(self, held_out: Track, lefts: Integers) -> None:
        """Keep the averaged weights if they are the best on scored frames."""
        with self.evaluating():
            errors = self.source.errors(held_out, lefts, None)
        self.judge(float((errors[:, :, 1:-1] if errors.shape[2] > 2 else errors).mean()))


@torch.no_grad()
def _measure_missed(source: _Source, train: Track) -> None:
    """Measure what the springs miss in each hidden frame: the scale of a correction."""
    errors = source.errors(train, _spread(train.starts, source.network.shape.gap), None)
    source.network.missed.copy_(errors.mean((0, 1)).clamp(min=1e-9))


def _spread(starts: Integers, gap: int) -> Integers:
    """Choose gaps all over the segments, of about `_VALIDATION_FRAMES` hidden frames."""
    wanted = math.ceil(_VALIDATION_FRAMES / (gap - 1))
    return starts[:: max(1, len(starts) // wanted)]


def identify(name: str, train: Track, held_out: Track, context: GapContext) -> str:
    """Name a training run: a checkpoint of other data or other options must not be resumed."""
    digest = hashlib.sha256(f"{name} {context.seed}".encode())
    for track in (train, held_out):
        digest.update(np.ascontiguousarray(track.known[:, 0]).tobytes())
        digest.update(track.last.tobytes())
    return digest.hexdigest()
