"""What the networks share: dynamics across a gap, started from its ends.

Every network starts from the same simple dynamics and differs in what it adds to it: springs
between all pairs of atoms, found by least squares on the forces of the training frames. This knows
nothing of hidden frames. A force that is linear in Cartesian coordinates would be simpler still,
but methyl groups and hydroxyls turn, and it misses most of their forces.

Coordinates are mass-scaled and relative to a reference geometry, q = √(m/⟨m⟩) (x − reference), in
Å; the time is in frames. Pair forces do not depend on the frame that they are written in.

The integrator is velocity Verlet with a step of one frame, which is how the trajectories were
made: any other one, however fine, misses the positions and velocities that it gives by O(h²).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from baselines.superresolution._parts.frame import align
from baselines.superresolution._parts.passes import JoinedSegments
from benchmark.tracks.superresolution.interpolation import hermite_weights

Floats = NDArray[np.float64]

_STATICS = 1_500  # frames that the springs are fitted to
_CHUNK = 100  # of these at once: bounds the memory
_STRETCHES = 1_000  # stretches of a gap's length that the memory of the force is measured on
_DAMPING = 1e-7  # of the least squares, as a share of the mean variance: for stiff rings
_FLOOR = 1e-3  # least spread of a coordinate, as a share of the mean one: those of still atoms


@dataclass(frozen=True)
class Shape:
    """What a network must fit to.

    Attributes
    ----------
    gap : int
        k.
    orders : int
        Scaled derivatives at kept frames: 2 (x, v h) or 3 (x, v h, a h²).
    atoms : int
        Of the molecule.
    both_ways : bool
        Whether it reaches a gap from both ends, or from the left one only.
    """

    gap: int
    orders: int
    atoms: int
    both_ways: bool

    @property
    def coordinates(self) -> int:
        """D = 3 atoms."""
        return 3 * self.atoms


class Network(nn.Module):
    """Paths across gaps, from one end or from both.

    From the end where a pass starts, Verlet steps follow the force

        dv/dt = f(q, v) + ρ_j [a_0 − f(q_0, v_0)],

    where f is `force`, here of the springs. Where forces are read, what f lacks at the kept frame
    is known, and is remembered for a while: ρ_j, for each coordinate, is one at the kept frame;
    it starts as the autocorrelation of what the springs lack, and is learned.

    A one-directional network answers with that path. A network that goes both ways bends each path
    by the Hermite polynomial that vanishes, with its derivatives, where the pass started, and makes
    it meet the kept frame where it ends. This is the Hermite interpolant of the kept frames plus
    what the Hermite interpolant of the path itself lacks of the path. The two passes are blended
    with w(s) = 1 − 10 s³ + 15 s⁴ − 6 s⁵, which is 1 where a pass starts and 0 where it ends. The
    backward pass is the same network in reversed time, so that the answer to a reversed segment is
    the reversed answer. `correction` can add to either.

    Parameters
    ----------
    shape : Shape

    Attributes
    ----------
    past : int
        Kept frames that a pass sees.
    """

    past = 1
    incidence: Tensor  # (pairs, atoms), 1 for the first atom of a pair and −1 for the second
    reference: Tensor  # (atoms, 3) in Å
    length: Tensor  # (pairs,), mean distance in Å
    stretch: Tensor  # (pairs,), its standard deviation
    speed: Tensor  # (), rms of v h along a line between atoms, Å
    tension: Tensor  # (pairs,), force at the mean distance, in ⟨m⟩ Å / frame²
    spring: Tensor  # (pairs,), what a standard deviation adds to it
    weight: Tensor  # (D,), √(m / ⟨m⟩)
    centre: Tensor  # (3, D), mean of q, v h, a h² in Å
    spread: Tensor  # (3, D), their standard deviations
    lacking: Tensor  # (D,), rms of what the springs lack, Å / frame²
    missed: Tensor  # (gap - 1, D), mean |x − answer| before training, Å
    _blend: Tensor  # (gap - 1, 1), w
    _bend: Tensor  # (gap - 1, orders), Hermite weights of the end where a pass arrives
    _signs: Tensor  # (3, 1), of x, v h, a h² when time is reversed

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        D, gap, orders = shape.coordinates, shape.gap, shape.orders
        pairs = np.stack(np.triu_indices(shape.atoms, 1), axis=1)  # (pairs, 2)
        eye = torch.eye(shape.atoms)
        self.register_buffer("speed", torch.ones(()))
        self.register_buffer("incidence", eye[pairs[:, 0]] - eye[pairs[:, 1]], persistent=False)
        self.register_buffer("reference", torch.zeros(shape.atoms, 3))
        for name in ("length", "stretch", "tension", "spring"):
            self.register_buffer(name, torch.ones(len(pairs)))
        self.register_buffer("weight", torch.ones(D))
        self.register_buffer("centre", torch.zeros(3, D))
        self.register_buffer("spread", torch.ones(3, D))
        self.register_buffer("lacking", torch.ones(D))
        self.register_buffer("missed", torch.ones(gap - 1, D))
        self.memory = nn.Parameter(torch.zeros(gap, D)) if orders == 3 else None
        blend = torch.from_numpy(hermite_weights(gap, 3)[:, :1])
        bend = torch.from_numpy(hermite_weights(gap, orders)[:, orders:])
        signs = (-1.0) ** torch.arange(3)[:, None]
        self.register_buffer("_blend", blend.float(), persistent=False)
        self.register_buffer("_bend", bend.float(), persistent=False)
        self.register_buffer("_signs", signs.float(), persistent=False)

    def force(self, q: Tensor, v: Tensor) -> Tensor:
        """Give dv/dt (p, D) in Å / frame² at q (p, D) in Å and v (p, D) in Å / frame.

        Every pair of atoms pulls or pushes along the line between them, by `pull`.
        """
        apart = self._apart((q / self.weight).unflatten(1, (-1, 3)) + self.reference)
        distance = apart.square().sum(1, keepdim=True).sqrt()
        along = apart / distance
        z = (distance[:, 0] - self.length) / self.stretch
        pulled = self.pull(z, along, v)[:, None] * along  # (p, 3, pairs)
        gathered = pulled.flatten(0, 1) @ self.incidence  # (3 p, atoms)
        return gathered.unflatten(0, (-1, 3)).transpose(1, 2).flatten(1) / self.weight

    def _apart(self, x: Tensor) -> Tensor:
        """Give the differences (p, 3, pairs) of pairs of vectors (p, atoms, 3), as one product."""
        flat = x.transpose(1, 2).flatten(0, 1)  # (3 p, atoms)
        return (flat @ self.incidence.T).unflatten(0, (-1, 3))

    def pull(self, z: Tensor, along: Tensor, v: Tensor) -> Tensor:
        """Give the force on the first atom of each pair, away from the second.

        Parameters
        ----------
        z : Tensor of shape (p, pairs)
            Distances, standardised by mean and standard deviation.
        along : Tensor of shape (p, 3, pairs)
            Unit vectors from the second atom to the first.
        v : Tensor of shape (p, D)
            Velocities, mass-scaled.

        Returns
        -------
        Tensor of shape (p, pairs)
            In ⟨m⟩ Å / frame².
        """
        return torch.addcmul(self.tension, self.spring, z)

    def rates(self, along: Tensor, v: Tensor) -> Tensor:
        """Give how fast z changes, (p, pairs), in units that make it as large as z."""
        apart = self._apart((v / self.weight).unflatten(1, (-1, 3)))
        return (apart * along).sum(1) * (self.shape.gap / self.speed)

    @property
    def unit(self) -> Tensor:
        """Size of the force of a pair that would, with all others, make up what springs lack."""
        return (self.lacking * self.weight).square().mean().sqrt() / (self.shape.atoms - 1) ** 0.5

    def correction(self, seen: Tensor, present: Tensor, guess: Tensor) -> Tensor | None:
        """Give what to add to the answer, (p, gap - 1, D) in Å of q; None adds nothing.

        Parameters
        ----------
        seen : Tensor of shape (p, past, orders, D)
            Kept frames of p passes.
        present : bool Tensor of shape (p, past)
            Which of them there are.
        guess : Tensor of shape (p, gap - 1, 3, D)
            Hidden frames: the answer so far, and v h and a h² of the pass's own path.
        """
        return None

    def forward(self, seen: Tensor, present: Tensor) -> Tensor:
        """Give the hidden frames, in Å relative to the reference geometry.

        Parameters
        ----------
        seen : Tensor of shape (d, n, past, orders, D)
            In Å, not mass-scaled; see `Passes`.
        present : bool Tensor of shape (d, n, past)

        Returns
        -------
        Tensor of shape (d, n, gap - 1, D)
            In the order of the pass. If both ways, d = 2 and the answer is that of the forward
            pass, (1, n, gap - 1, D).
        """
        d, n = present.shape[:2]
        seen = seen * self.weight
        paths = self.paths(seen[:, :, -1].flatten(0, 1)).unflatten(0, (d, n))  # (d, n, gap, 3, D)
        inner = paths[:, :, :-1]
        answer = inner[:, :, :, 0]
        if self.shape.both_ways:
            answer = self._blended(self._bent(answer, paths[:, :, -1], seen[:, :, -1]))
        guess = torch.cat([answer.unsqueeze(3), inner[:, :, :, 1:]], dim=3)
        added = self.correction(seen.flatten(0, 1), present.flatten(0, 1), guess.flatten(0, 1))
        if added is not None:
            both = added.unflatten(0, (d, n))
            answer = answer + (self._blended(both) if self.shape.both_ways else both)
        return (answer[:1] if self.shape.both_ways else answer) / self.weight

    def paths(self, start: Tensor) -> Tensor:
        """Follow the dynamics across the gap.

        Parameters
        ----------
        start : Tensor of shape (p, orders, D)
            Scaled derivatives at the kept frame, mass-scaled.

        Returns
        -------
        Tensor of shape (p, gap, 3, D)
            Scaled derivatives in frames 1 … gap: the last one is the kept frame of the other end.
        """
        gap = self.shape.gap
        q, v = start[:, 0], start[:, 1] / gap
        force = self.force(q, v)
        kick = start[:, 2] / gap**2 - force if self.memory is not None else torch.zeros_like(q)
        frames = self.integrate(q, v, force + kick, kick)
        scale = gap ** torch.arange(3, device=q.device)[:, None]
        return torch.stack([torch.stack(frame, dim=1) for frame in frames], dim=1) * scale

    def integrate(
        self, q: Tensor, v: Tensor, a: Tensor, kick: Tensor
    ) -> list[tuple[Tensor, Tensor, Tensor]]:
        """Give q, v and dv/dt (p, D) in frames 1 … gap, in Å and frames, by velocity Verlet.

        ``kick`` is what the force lacks in the kept frame, ``a`` the acceleration there. A force
        that depends on the velocity gets it as half a step ahead of the last one.
        """
        frames = []
        for j in range(self.shape.gap):
            half = v + a / 2
            q = q + half
            a = self.force(q, half + a / 2) + self._remembered(j, kick)
            v = half + a / 2
            frames.append((q, v, a))
        return frames

    def _remembered(self, j: int, kick: Tensor) -> Tensor:
        """Give ρ_j [a_0 − f(q_0, v_0)] of frame j + 1."""
        return kick if self.memory is None else self.memory[j] * kick

    def _bent(self, answer: Tensor, arrival: Tensor, ends: Tensor) -> Tensor:
        """Bend paths (2, n, gap - 1, D) that arrive at (2, n, 3, D) to ends (2, n, orders, D)."""
        orders = self.shape.orders
        other = ends.flip(0) * self._signs[:orders]
        return answer + self._bend @ (other - arrival[:, :, :orders])

    def _blended(self, passes: Tensor) -> Tensor:
        """Blend passes (2, n, gap - 1, D); the answer is given in the order of either pass."""
        weighted = self._blend * passes
        return weighted + weighted.flip(0).flip(2)

    @torch.no_grad()
    def calibrate(self, joined: JoinedSegments, reference: Floats, masses: Floats) -> None:
        """Find the scales and the springs from training frames.

        Parameters
        ----------
        joined : JoinedSegments
            Of dense training segments with all three scaled derivatives.
        reference : float64 array of shape (atoms, 3)
            Å.
        masses : float64 array of shape (atoms,)
            u.
        """
        gap = self.shape.gap
        weight = np.repeat(np.sqrt(masses / masses.mean()), 3)
        every = joined.known[:: max(1, len(joined.known) // _STATICS)]
        moving = _stretches(every[:, None], reference, masses)[:, 0] * weight  # (n, 3, D)
        spread = moving.std(0)
        distances = np.linalg.norm(self.incidence.numpy() @ every[:, 0], axis=2)  # (n, pairs)
        stretch = distances.std(0)
        self._set(
            weight=weight,
            reference=reference,
            centre=moving.mean(0),
            spread=np.maximum(spread, _floor(spread)),
            length=distances.mean(0),
            stretch=np.maximum(stretch, _floor(stretch)),
            speed=np.maximum(np.sqrt(2 * ((moving / weight)[:, 1] ** 2).mean()), 1e-9),
        )
        q, a = moving[:, 0], moving[:, 2] / gap**2
        tension, spring = self._fitted_springs(q, a)
        self._set(tension=tension, spring=spring)
        lacking = np.sqrt(((a - self._force_of(q)) ** 2).mean(0))
        self._set(lacking=np.maximum(lacking, _floor(lacking)))
        if self.memory is not None:
            lefts = joined.starts[:: max(1, len(joined.starts) // _STRETCHES)]
            along = joined.known[lefts[:, None] + np.arange(gap + 1)]
            path = _stretches(along, reference, masses) * weight  # (n, gap + 1, 3, D)
            flat = path[:, :, 0].reshape(-1, self.shape.coordinates)
            lack = path[:, :, 2] / gap**2 - self._force_of(flat).reshape(path[:, :, 0].shape)
            products = (lack * lack[:, :1]).mean(0)  # (gap + 1, D)
            remembered = products[1:] / np.maximum(products[0], 1e-30)
            self.memory.copy_(torch.from_numpy(remembered))

    def _set(self, **found: Floats) -> None:
        for name, value in found.items():
            getattr(self, name).copy_(torch.from_numpy(np.asarray(value)))

    def _force_of(self, q: Floats) -> Floats:
        """Give the force of the springs at q (n, D)."""
        some = torch.from_numpy(q).float()
        parts = [Network.force(self, part, part) for part in some.split(_CHUNK)]
        return torch.cat(parts).double().numpy()

    def _fitted_springs(self, q: Floats, a: Floats) -> tuple[Floats, Floats]:
        """Give the tensions and springs with the least |a − f(q)|², for q and a (n, D)."""
        B, weight = self.incidence.double().numpy(), self.weight.double().numpy()
        n_pairs = len(B)
        xx, xy = np.zeros((2 * n_pairs, 2 * n_pairs)), np.zeros(2 * n_pairs)
        for begin in range(0, len(q), _CHUNK):
            x = (q[begin : begin + _CHUNK] / weight).reshape(-1, *self.reference.shape)
            apart = B @ (x + self.reference.double().numpy())  # (n, pairs, 3)
            distance = np.linalg.norm(apart, axis=2)
            z = (distance - self.length.double().numpy()) / self.stretch.double().numpy()
            one = np.einsum("pa,npi->naip", B, apart / distance[..., None])
            one = one.reshape(len(x), -1, n_pairs) / weight[:, None]  # (n, D, pairs)
            X = np.concatenate([one, one * z[:, None]], axis=2).reshape(-1, 2 * n_pairs)
            xx, xy = xx + X.T @ X, xy + X.T @ a[begin : begin + _CHUNK].ravel()
        damped = xx + max(_DAMPING * np.trace(xx) / len(xx), 1e-30) * np.eye(len(xx))
        tension, spring = np.split(np.linalg.solve(damped, xy), 2)
        return tension, spring


def perceptron(inputs: int, hidden: int, layers: int, outputs: int) -> nn.Sequential:
    """Make a tanh network whose output starts at zero."""
    widths = [inputs, *[hidden] * layers]
    inner = [part for pair in pairwise(widths) for part in _layer(*pair)]
    return nn.Sequential(*inner, silent_linear(hidden, outputs))


def silent_linear(inputs: int, outputs: int) -> nn.Linear:
    """Make a linear layer whose output starts at zero: training starts from the springs."""
    last = nn.Linear(inputs, outputs)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return last


def _layer(inputs: int, outputs: int) -> tuple[nn.Module, nn.Module]:
    return nn.Linear(inputs, outputs), nn.Tanh()


def _stretches(known: Floats, reference: Floats, masses: Floats) -> Floats:
    """Bring stretches (n, frames, 3, atoms, 3) into the frame of their first frame: (…, 3, D)."""
    frames = align(known[:, 0, 0], reference, masses)
    inside = frames.vectors_in(known)
    inside[:, :, 0] = frames.positions_in(known[:, :, 0]) - reference
    return inside.reshape(*inside.shape[:3], -1)


def _floor(spread: Floats) -> Floats:
    return np.maximum(_FLOOR * spread.mean(-1, keepdims=True), 1e-9)
