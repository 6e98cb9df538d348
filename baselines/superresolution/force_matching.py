"""Force matching: a force field learned from the training forces, followed from both ends."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines._descent import descend
from baselines._options import Trained, require_at_least
from baselines._torch import device_named, drawing_from, on_processor, read_tensors, write_tensors
from baselines.superresolution._parts.force_field import ForceField, frames_last, mean_distances
from baselines.superresolution._parts.frame import Frames, Segments, mean_geometry
from baselines.superresolution._parts.friction import GlobalFriction, find_friction
from baselines.superresolution._parts.parity import Moments, Solvers, diagonalised, solve
from baselines.superresolution._parts.passes import (
    Integers,
    JoinedSegments,
    enter_passes,
    hidden_frames,
    join_segments,
)
from baselines.superresolution._parts.reads import moving_orders_read, reads_of
from baselines.superresolution._parts.shooting import BLOCK, Filled, Shooting
from baselines.superresolution._parts.training import BatchDescent, BatchTraining, identity_of
from baselines.superresolution._parts.windows import (
    check_gaps,
    check_option,
    check_segment,
    scored_error,
)
from benchmark.arrays import Positions
from benchmark.model import ModelCard
from benchmark.tracks.superresolution.contract import GapContext
from benchmark.tracks.superresolution.interpolation import interleave
from benchmark.tracks.superresolution.segments import CoarseSegment

Floats = NDArray[np.float64]
Coefficients = tuple[Floats, Floats, Floats]  # even, odd, intercept: float32

#: Strengths of the linear stage that validation chooses from, in units of a feature's variance.
STRENGTHS = tuple(10.0**power for power in range(-8, 3))

#: Training gaps that start within the length of a gap: more tell nothing new.
STARTS_PER_GAP = 3

_VALIDATION_FRAMES = 1_000
_MATCHING = 0.9  # share of the progress that is reported as force matching


class ForceMatching(Trained):
    """Learn the force from every training frame; then follow it into gaps from both ends.

    1. A `ForceField` learns the accelerations of all dense training frames by least squares (F.
       Ercolessi, J. B. Adams, Europhys. Lett. 26, 583 (1994)). Each frame is a sample: this is far
       cheaper than to train through the steps across a gap, and what is learned does not depend on
       the gap. Under a thermostat that is one friction ξ for all atoms, accelerations are
       F/m − ξ v: its law is found from what pair forces leave, and ξ v is taken off before the
       networks are trained (`GlobalFriction`). Where no such law explains the validation segments,
       none acts.
    2. `Shooting` follows force and friction from either end of a gap to the other, and blends the
       two paths. The friction is read at the kept frames, from a − F/m.
    3. What the blend lacks is regressed on what each path missed where it ended, on what the force
       lacked where it started, and on the two kept frames, all in the molecule-fixed frame: a
       Green's function, learned. As in `Ridge`, even and odd parts under time reversal are
       regressed apart, and validation chooses the strength.

    The answer turns and shifts with the segment, and the answer to a reversed segment is the
    reversed answer. A gap is filled from its own two ends alone.

    Parameters
    ----------
    reads : str
        "velocities" (and positions) or "forces" (and both).
    cluster, degree, hidden, layers : int
        Of the force field: atoms of a cluster, degree of the pair forces, width and number of the
        hidden layers; see `ForceField`.
    strength : float
        λ of the linear stage; 0 lets the validation error choose among `STRENGTHS`.
    **training
        How the force field is trained: see `BatchTraining`. A sample is a frame.

    Raises
    ------
    InputError
        If an option is out of its range.
    """

    card = ModelCard(
        title="Force matching",
        description="Force field of bonded clusters learned from the training forces, followed "
        "from both ends of a gap, with a linear correction; a global friction, if one acts, is "
        "found, read at kept frames, and followed too.",
        citation="Ercolessi and Adams, Europhys. Lett. 26, 583 (1994); Hoover, Phys. Rev. A 31, "
        "1695 (1985)",
    )

    training: BatchTraining = BatchTraining(frames=5e5, batch=64)

    def __init__(
        self,
        reads: str = "forces",
        cluster: int = 4,
        degree: int = 2,
        hidden: int = 16,
        layers: int = 2,
        strength: float = 0.0,
        **training: Any,
    ) -> None:
        super().__init__(**training)
        require_at_least(2, cluster=cluster)
        require_at_least(0, degree=degree)
        require_at_least(1, hidden=hidden, layers=layers)
        check_option(strength=strength)
        self._orders = moving_orders_read(reads)
        self.reads = reads_of(self._orders)
        self.sizes = {"cluster": cluster, "degree": degree, "hidden": hidden, "layers": layers}
        self.strength = strength

    def fit(self, train: Segments, validation: Segments, context: GapContext) -> None:
        """Learn the force, or go on from the checkpoint in ``context.scratch``; then the rest.

        Raises
        ------
        InputError
            If a segment is too short, the gap has no hidden frame, or ``context.device`` cannot
            be used.
        ModelError
            If the training loss is no longer finite.
        """
        gap = context.gap
        check_gaps([*train, *validation], gap)
        device = device_named(context.device)
        self._numbers, self._masses = train[0].numbers, train[0].masses
        known, held_out = (join_segments(segments, gap, 3, gap) for segments in (train, validation))
        with drawing_from(context.seed, device):
            self._distances = mean_distances(known.known[:, 0])
            self._shooting = self._untrained(mean_geometry(train), gap)
            self._match(known, held_out, device, context)
        self._without_friction(known, held_out)  # read with the networks, it is known better
        self._shooting.measure_memory(known)
        context.progress(_MATCHING, "linear stage")
        self._fit_linear(known, held_out)

    def _untrained(self, reference: Floats, gap: int) -> Shooting:
        field = ForceField(self._distances, self._numbers.tolist(), **self.sizes)
        return Shooting(field, reference, gap, self._orders)

    def _match(
        self,
        train: JoinedSegments,
        held_out: JoinedSegments,
        device: torch.device,
        context: GapContext,
    ) -> None:
        """Train the force field on frames drawn at random; keep the weights that err least."""
        field, gap = self._shooting.field, self._shooting.gap
        field.calibrate(*_statics(train, gap), self._masses)
        train, held_out = self._without_friction(train, held_out)
        x, a = _statics(train, gap)
        field.calibrate(x, a, self._masses)
        field.to(device)
        if not field.n_clusters:
            return  # the pair forces are all there is
        frames = [frames_last(each, device) for each in (x, a)]
        some = slice(None, None, max(1, len(held_out.known) // _VALIDATION_FRAMES))
        unseen = [frames_last(each[some], device) for each in _statics(held_out, gap)]
        updates = self.training.updates(1, context.effort)
        run = _Matching(field, self.training, updates, frames, unseen)
        name = f"{type(self).__name__} {sorted(self.sizes.items())} {self.training} {updates}"
        descend(
            run,
            identity_of(name, train, held_out, context),
            replace(context, progress=lambda done, note: context.progress(_MATCHING * done, note)),
        )

    def _without_friction(self, *known: JoinedSegments) -> list[JoinedSegments]:
        """Find the friction of training and validation segments; take it off accelerations."""
        if self._orders < 3:
            return list(known)  # no friction can be read at kept frames
        read = [self._shooting.read_frictions(each) for each in known]
        law = self._shooting.friction = find_friction(*read)
        if not law.acts:
            return list(known)
        gap = self._shooting.gap
        return [_freed(each, law.course(of), gap) for each, of in zip(known, read, strict=True)]

    def _fit_linear(self, train: JoinedSegments, held_out: JoinedSegments) -> None:
        """Regress what paths lack; validation chooses the strength."""
        gap = self._shooting.gap
        even, odd = Moments(), Moments()
        for filled, truth, features in self._known_gaps(train, max(1, gap // STARTS_PER_GAP)):
            lack = (truth - filled.answer)[:, : gap // 2]
            mirrored = (truth - filled.answer)[:, ::-1][:, : gap // 2]
            even.add(features[0], ((lack + mirrored) / 2).reshape(len(lack), -1))
            odd.add(features[1], ((lack - mirrored) / 2).reshape(len(lack), -1))
        solvers = diagonalised(even, odd)
        unseen = list(self._known_gaps(held_out, max(1, gap // 2)))

        def error(strength: float) -> float:
            coefficients = _solved(solvers, strength)
            missed = [
                truth - filled.answer - _regressed(features, coefficients, truth.shape)
                for filled, truth, features in unseen
            ]
            return scored_error(np.concatenate(missed))

        self.chosen_strength = self.strength or min(STRENGTHS, key=error)
        self._coefficients = _solved(solvers, self.chosen_strength)

    def _known_gaps(
        self, joined: JoinedSegments, stride: int
    ) -> Iterator[tuple[Filled, Floats, Floats]]:
        """Fill gaps that start every ``stride`` frames: give also truth, and features."""
        reference = self._shooting.reference
        for lefts, frames, filled, features in self._gaps(joined, joined.starts[::stride]):
            yield filled, hidden_frames(joined, lefts, frames, reference, 1)[0], features

    def _gaps(
        self, joined: JoinedSegments, lefts: Integers
    ) -> Iterator[tuple[Integers, Frames, Filled, Floats]]:
        """Fill gaps, some at a time: their left ends, frames, answers, features."""
        reference = self._shooting.reference
        for begin in range(0, len(lefts), BLOCK):
            part = lefts[begin : begin + BLOCK]
            passes = enter_passes(joined, part, 1, reference, self._masses, shared=True)
            seen = passes.seen[:, :, 0, : self._orders]
            filled = self._shooting.fill(seen)
            forward = passes.frames[: len(part)]
            yield part, forward, filled, _features(seen, filled, self._shooting.gap)

    def reconstruct(self, coarse: CoarseSegment) -> Positions:
        """Give every frame of a segment, many gaps at once.

        Raises
        ------
        ModelError
            If the segment is of another molecule or gap than the model was fitted to, or lacks
            velocities or forces that the model reads.
        """
        gap, atoms = self._shooting.gap, len(self._masses)
        check_segment(coarse, gap, atoms)
        joined = join_segments([coarse], gap, self._orders, 1)
        hidden = np.empty((len(joined.starts), gap - 1, atoms, 3))
        for lefts, frames, filled, features in self._gaps(joined, joined.starts):
            lack = _regressed(features, self._coefficients, filled.answer.shape)
            inside = filled.answer + lack + self._shooting.reference
            hidden[lefts] = frames.positions_out(inside)
        return interleave(coarse.positions, hidden)

    @property
    def parameters(self) -> int:
        """Weights of the networks, coefficients of the pair forces and of the linear stage."""
        return self._shooting.field.parameters_learned + sum(c.size for c in self._coefficients)

    def save(self, folder: Path) -> None:
        """Write the force field and the linear stage."""
        shooting = self._shooting
        content = {
            "gap": shooting.gap,
            "orders": self._orders,
            "sizes": self.sizes,
            "chosen_strength": self.chosen_strength,
            "numbers": torch.from_numpy(self._numbers),
            "masses": torch.from_numpy(self._masses),
            "distances": torch.from_numpy(self._distances),
            "reference": torch.from_numpy(shooting.reference),
            "remembered": torch.from_numpy(shooting.remembered),
            "friction": [shooting.friction.gain, shooting.friction.loss],
            "coefficients": [torch.from_numpy(each) for each in self._coefficients],
            "field": on_processor(shooting.field.state_dict()),
        }
        write_tensors(folder / "weights.pt", content)

    def load(self, folder: Path) -> None:
        """Read what `save` wrote, to the processor: a fit on a GPU can be used without one."""
        stored = read_tensors(folder / "weights.pt")
        self._orders, self.sizes = stored["orders"], stored["sizes"]
        self.reads, self.chosen_strength = reads_of(self._orders), stored["chosen_strength"]
        self._numbers, self._masses = stored["numbers"].numpy(), stored["masses"].numpy()
        self._distances = stored["distances"].numpy()
        even, odd, intercept = (each.numpy() for each in stored["coefficients"])
        self._coefficients = even, odd, intercept
        self._shooting = self._untrained(stored["reference"].numpy(), stored["gap"])
        self._shooting.remembered = stored["remembered"].numpy()
        self._shooting.friction = GlobalFriction(*stored["friction"])
        self._shooting.field.load_state_dict(stored["field"])


class _Matching(BatchDescent):
    """A force matching under way: descents over batches of frames.

    ``frames`` and ``unseen`` are positions and accelerations, each (3, atoms, n), to learn from
    and of the validation segments.
    """

    unit = "of what pair forces lack"
    network: ForceField

    def __init__(
        self,
        field: ForceField,
        training: BatchTraining,
        updates: int,
        frames: list[Tensor],
        unseen: list[Tensor],
    ) -> None:
        super().__init__(field, training, training.learning_rate, updates)
        self.frames, self.unseen = frames, unseen

    def batch_loss(self, rng: np.random.Generator) -> Tensor:
        """Loss of some frames."""
        rows = rng.integers(0, self.frames[0].shape[2], self.batch)
        chosen = torch.from_numpy(rows).to(self.frames[0].device)
        return self._loss(*(each.index_select(2, chosen) for each in self.frames))

    def validation_loss(self) -> float:
        """Root of the mean square error, in units of what pair forces lack."""
        parts = zip(*(each.split(BLOCK, dim=2) for each in self.unseen), strict=True)
        total = sum(float(self._loss(x, a)) * x.shape[2] for x, a in parts)
        return math.sqrt(total / self.unseen[0].shape[2])

    def _loss(self, x: Tensor, a: Tensor) -> Tensor:
        """Mean square error of accelerations, in units of what pair forces lack."""
        return ((self.network(x) - a) / self.network.lacking).square().mean()


def _statics(joined: JoinedSegments, gap: int) -> tuple[Floats, Floats]:
    """Give positions near the origin (n, atoms, 3) in Å, and accelerations in Å / frame²."""
    x = joined.known[:, 0]
    return x - x.mean(1, keepdims=True), joined.known[:, 2] / gap**2


def _freed(joined: JoinedSegments, friction: Floats, gap: int) -> JoinedSegments:
    """Take a friction (frames,) off accelerations: a + ξ v in the place of a."""
    known = joined.known.copy()
    known[:, 2] += gap * friction[:, None, None] * known[:, 1]
    return replace(joined, known=known)


def _features(seen: Floats, filled: Filled, gap: int) -> Floats:
    """Give what the linear stage reads, even and odd under time reversal, (2, n, features)."""
    parts = [seen, filled.missed]
    if seen.shape[2] == 3:
        parts.append(filled.lack[:, :, None] * gap**2)
    forward, backward = np.concatenate(parts, axis=2).reshape(*seen.shape[:2], -1)
    return np.stack([forward + backward, forward - backward])


def _solved(solvers: Solvers, strength: float) -> Coefficients:
    """Give coefficients in single precision, as on disk: a loaded model is the same one."""
    even, odd, intercept = solve(solvers, strength)
    return even.astype(np.float32), odd.astype(np.float32), intercept.astype(np.float32)


def _regressed(features: Floats, coefficients: Coefficients, shape: tuple[int, ...]) -> Floats:
    """Give the linear stage's answer, of ``shape`` (n, gap - 1, atoms, 3)."""
    even, odd, intercept = coefficients
    x_even, x_odd = features.astype(np.float32)
    n, hidden, atoms, _ = shape
    symmetric = (x_even @ even + intercept).reshape(n, -1, atoms, 3)  # the first half of frames
    skew = (x_odd @ odd).reshape(n, -1, atoms, 3)
    half = symmetric.shape[1]
    answer = np.empty(shape)
    answer[:, :half] = symmetric + skew
    answer[:, hidden - half :] = (symmetric - skew)[:, ::-1]
    return answer
