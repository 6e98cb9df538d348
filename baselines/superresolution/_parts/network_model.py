"""A super-resolution model around a network: fitting, filling gaps."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines._descent import descend
from baselines._options import Trained, require_at_least
from baselines._torch import (
    device_named,
    device_of,
    drawing_from,
    on_processor,
    read_tensors,
    write_tensors,
)
from baselines.superresolution._parts.frame import Segments, mean_geometry
from baselines.superresolution._parts.networks import Network, Shape
from baselines.superresolution._parts.passes import (
    Integers,
    JoinedSegments,
    Passes,
    enter_passes,
    hidden_frames,
    join_segments,
)
from baselines.superresolution._parts.reads import moving_orders_read, reads_of
from baselines.superresolution._parts.training import BatchDescent, BatchTraining, identity_of
from baselines.superresolution._parts.windows import check_gaps, check_segment
from benchmark.arrays import Positions
from benchmark.tracks.superresolution.contract import GapContext
from benchmark.tracks.superresolution.interpolation import interleave
from benchmark.tracks.superresolution.segments import CoarseSegment

Floats = NDArray[np.float64]

#: Whom the cards of all networks cite.
WINKLER = (
    "L. Winkler, K.-R. Müller, H. Sauceda, Mach. Learn.: Sci. Technol. 3, 025011 (2022), "
    "arXiv:2201.01195"
)

_VALIDATION_FRAMES = 5_000  # hidden ones, of each validation
_SHORT_PAST = 0.1  # share of training passes that see fewer kept frames, as near a segment's end
_BLOCK = 512  # gaps filled at once: bounds the memory of a reconstruction


class NetworkModel(Trained, ABC):
    """A `SuperResolutionModel` around a `Network`; a subclass makes it of ``sizes``.

    Gaps are drawn at random from the training segments; a gap may start at any frame. Both its
    passes are used: a network that goes both ways is judged by the blend of the two, a
    one-directional one by either, as time-reversed dynamics is dynamics too. So all networks see
    the same gaps, in the same order. The loss is the mean absolute error over hidden frames;
    validation counts the scored ones of them.

    Parameters
    ----------
    reads : str
        "velocities" (and positions) or "forces" (and both).
    hidden, layers : int
        Width and number of the hidden layers.
    **training
        How it is trained: see `BatchTraining`. The learning rate is that for 128 units and 10
        atoms: it falls as 1/√units and as 1/atoms, as a step of every weight moves a sum over more
        of them further.

    Attributes
    ----------
    sizes : dict of str to number or str
        What the network is made from: saved with the weights. A subclass adds its own options.

    Raises
    ------
    InputError
        If an option is out of its range.
    """

    #: Whether a gap is filled from both ends, or from the left one only.
    both_ways = False

    training: BatchTraining = BatchTraining()
    network: Network

    def __init__(
        self, reads: str = "forces", hidden: int = 128, layers: int = 2, **training: Any
    ) -> None:
        super().__init__(**training)
        require_at_least(1, hidden=hidden, layers=layers)
        self._orders = moving_orders_read(reads)
        self.reads = reads_of(self._orders)
        self.sizes: dict[str, Any] = {"hidden": hidden, "layers": layers}

    @abstractmethod
    def build(self, shape: Shape) -> Network:
        """Make an untrained network; its weights are drawn from torch's global generator."""

    def fit(self, train: Segments, validation: Segments, context: GapContext) -> None:
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
        check_gaps([*train, *validation], gap)
        device = device_named(context.device)
        shape = Shape(gap, self._orders, train[0].n_atoms, self.both_ways)
        self._reference = mean_geometry(train)
        known, held_out = (join_segments(each, gap, 3, gap) for each in (train, validation))
        with drawing_from(context.seed, device):
            self.network = self.build(shape)
            self.network.calibrate(known, self._reference, train[0].masses)
            source = _Source(self.network.to(device), self._reference, train[0].masses)
            peak = self.training.learning_rate
            peak *= math.sqrt(128 / self.sizes["hidden"]) * 10 / shape.atoms
            updates = self.training.updates(gap - 1, context.effort)
            run = _Run(source, self.training, peak, updates, known, held_out)
            name = f"{type(self).__name__} {sorted(self.sizes.items())} {shape} {self.training}"
            descend(run, identity_of(f"{name} {updates}", known, held_out, context), context)

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
        joined = join_segments([coarse], shape.gap, shape.orders, 1)
        source = _Source(self.network, self._reference, coarse.masses)
        hidden = np.empty((len(joined.starts), shape.gap - 1, shape.atoms, 3))
        for begin in range(0, len(hidden), _BLOCK):
            lefts = joined.starts[begin : begin + _BLOCK]
            hidden[begin : begin + _BLOCK] = source.fill(joined, lefts)
        return interleave(coarse.positions, hidden)

    @property
    def parameters(self) -> int:
        """Number of weights, and of constants of the springs."""
        weights = sum(weight.numel() for weight in self.network.parameters())
        return weights + 2 * self.network.spring.numel()

    def save(self, folder: Path) -> None:
        """Write the weights, and the sizes they belong to."""
        shape = self.network.shape
        content = {
            "shape": [shape.gap, shape.orders, shape.atoms],
            "sizes": self.sizes,
            "reference": torch.from_numpy(self._reference),
            "weights": on_processor(self.network.state_dict()),
        }
        write_tensors(folder / "weights.pt", content)

    def load(self, folder: Path) -> None:
        """Read the weights, to the processor: a fit on a GPU can be used without one."""
        stored = read_tensors(folder / "weights.pt")
        gap, orders, atoms = stored["shape"]
        shape = Shape(gap, orders, atoms, self.both_ways)
        self.sizes, self._reference = stored["sizes"], stored["reference"].numpy()
        self._orders, self.reads = shape.orders, reads_of(shape.orders)
        self.network = self.build(shape)
        self.network.load_state_dict(stored["weights"])
        self.network.eval()


class _Source:
    """Brings gaps to a network and back."""

    def __init__(self, network: Network, reference: Floats, masses: Floats) -> None:
        self.network, self._reference, self._masses = network, reference, masses

    def passes(self, joined: JoinedSegments, lefts: Integers, directions: int) -> Passes:
        shape = self.network.shape
        return enter_passes(
            joined,
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

    def fill(self, joined: JoinedSegments, lefts: Integers) -> Floats:
        """Give the hidden frames (n, gap - 1, atoms, 3) in the laboratory, in Å."""
        passes = self.passes(joined, lefts, 2 if self.network.shape.both_ways else 1)
        inside = self.answer(passes, passes.present)[0].double().cpu().numpy()
        inside = inside.reshape(*inside.shape[:2], -1, 3) + self._reference
        return passes.frames[: len(lefts)].positions_out(inside)

    def errors(
        self, joined: JoinedSegments, lefts: Integers, rng: np.random.Generator | None
    ) -> Tensor:
        """Give |answer − truth| (d, n, gap - 1, D) in Å; ``rng`` shortens some passes' past."""
        passes = self.passes(joined, lefts, 2)
        truth = hidden_frames(joined, lefts, passes.frames, self._reference)
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


class _Run(BatchDescent):
    """A training under way: descents over batches of gaps."""

    unit = "Å"
    network: Network

    def __init__(
        self,
        source: _Source,
        training: BatchTraining,
        peak: float,
        updates: int,
        train: JoinedSegments,
        held_out: JoinedSegments,
    ) -> None:
        super().__init__(source.network, training, peak, updates)
        self.source, self.train, self.held_out = source, train, held_out

    def begin(self) -> None:
        """Measure what the springs miss in each hidden frame: the scale of a correction."""
        with torch.no_grad():
            errors = self.source.errors(self.train, self._some(self.train), None)
            self.network.missed.copy_(errors.mean((0, 1)).clamp(min=1e-9))
        super().begin()

    def batch_loss(self, rng: np.random.Generator) -> Tensor:
        """Mean error of some gaps, in units of what the springs miss."""
        lefts = rng.choice(self.train.starts, self.batch)
        return self.source.errors(self.train, lefts, rng).mean() / self.network.missed.mean()

    def validation_loss(self) -> float:
        """Mean error of scored frames, in Å."""
        errors = self.source.errors(self.held_out, self._some(self.held_out), None)
        return float((errors[:, :, 1:-1] if errors.shape[2] > 2 else errors).mean())

    def _some(self, joined: JoinedSegments) -> Integers:
        """Choose gaps all over the segments, of about `_VALIDATION_FRAMES` hidden frames."""
        wanted = math.ceil(_VALIDATION_FRAMES / (self.network.shape.gap - 1))
        return joined.starts[:: max(1, len(joined.starts) // wanted)]
