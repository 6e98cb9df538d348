"""Shooting across gaps: a force followed from both kept frames, until both paths meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines._torch import device_of
from baselines.superresolution._parts.force_field import ForceField, frames_last
from baselines.superresolution._parts.friction import (
    GlobalFriction,
    Readings,
    doubled_kinetic,
    read_friction,
)
from baselines.superresolution._parts.passes import JoinedSegments
from benchmark.tracks.superresolution.interpolation import hermite_weights

Floats = NDArray[np.float64]

#: Gaps to fill at once: fewer cost more overhead a gap, more cost memory only.
BLOCK = 512

_STRETCHES = 1_000  # stretches of a gap's length that the memory of the force is measured on
_NUGGET = 1e-6  # share of the lack that is noise: where it does not change, both ends count


@dataclass(frozen=True)
class Filled:
    """Gaps as two paths fill them.

    Attributes
    ----------
    answer : float64 array of shape (n, gap - 1, atoms, 3)
        Å relative to the reference geometry, in the frame of the passes.
    missed : float64 array of shape (2, n, orders, atoms, 3)
        By how much a path misses the kept frame where it ends, as scaled derivatives in Å.
    lack : float64 array of shape (2, n, atoms, 3)
        What the force, and friction, lack where a path starts, Å / frame²; 0 unless forces are
        read.
    """

    answer: Floats
    missed: Floats
    lack: Floats


class Shooting:
    """Velocity Verlet steps of one frame from either kept frame to the other.

    The trajectories were made with these steps. They follow

        d²x/dt² = f(x) − ξ v + α_j l_0 + β_j l_k,    l = a − f(x) + ξ v,

    where f is a `ForceField`, and ξ a `GlobalFriction`, if one acts: it is read at the kept frame
    where a path starts, and goes on by its law. Where forces are read, what is lacking is known at
    both ends, and is interpolated: α and β are those of a Gaussian process with the autocorrelation
    that the lack has on training frames. Each path is bent by the Hermite polynomial that makes it
    meet the kept frame where it ends; the two are blended with the weight 1 − 10 s³ + 15 s⁴ − 6 s⁵.

    Parameters
    ----------
    field : ForceField
    reference : float64 array of shape (atoms, 3)
        Å; what positions are relative to.
    gap : int
        k.
    orders : int
        Scaled derivatives at kept frames: 2 (x, v h) or 3 (x, v h, a h²).

    Attributes
    ----------
    friction : GlobalFriction
        None acts unless it is set.
    remembered : float64 array of shape (gap, 2, atoms)
        α and β in frames 1 … gap.
    """

    def __init__(self, field: ForceField, reference: Floats, gap: int, orders: int) -> None:
        self.field, self.reference, self.gap, self.orders = field, reference, gap, orders
        self.friction = GlobalFriction()
        self.remembered = np.zeros((gap, 2, len(reference)))
        self._bend = hermite_weights(gap, orders)[:, orders:]
        self._blend = hermite_weights(gap, 3)[:, 0, None, None]

    def measure_memory(self, train: JoinedSegments) -> None:
        """Find α and β from stretches of training frames; all scaled derivatives are needed."""
        gap = self.gap
        lefts = train.starts[:: max(1, len(train.starts) // _STRETCHES)]
        path = train.known[lefts[:, None] + np.arange(gap + 1)]  # (n, gap + 1, 3, atoms, 3)
        lack = self._lack(path.reshape(-1, *path.shape[2:]))
        lack = lack.reshape(*path.shape[:2], *lack.shape[1:])
        both = (lack * lack[:, :1]).mean((0, 3)) + (lack * lack[:, -1:]).mean((0, 3))[::-1]
        rho = both / np.maximum(both[0], 1e-30)  # (gap + 1, atoms)
        start, end = rho[1:], rho[::-1][1:]
        one, across = 1 + _NUGGET, rho[-1]
        ends = np.stack([one * start - across * end, one * end - across * start], axis=1)
        self.remembered = ends / (one**2 - across**2)

    def read_frictions(self, known: JoinedSegments) -> Readings:
        """Read a friction in all frames of segments, whether one acts or not."""
        read = [torch.stack(self._read(v, lack)) for v, lack in self._blocks(known.known)]
        friction, kinetic = torch.cat(read, dim=1).numpy()
        return Readings(kinetic, friction, known.first)

    def _lack(self, derivatives: Floats) -> Floats:
        """Give a − f(x) + ξ v in Å / frame² of frames (n, 3, atoms, 3) that lie anyhow."""
        blocks = [self._lacking(v, lack)[0] for v, lack in self._blocks(derivatives)]
        return torch.cat(blocks, dim=2).permute(2, 1, 0).numpy()

    @torch.no_grad()
    def _blocks(self, derivatives: Floats) -> Iterator[tuple[Tensor, Tensor]]:
        """Give v and a − f(x) of frames, some at a time: (3, atoms, n), in double precision."""
        for begin in range(0, len(derivatives), BLOCK):
            x, v, a = np.moveaxis(derivatives[begin : begin + BLOCK], 1, 0)
            near = frames_last(x - x.mean(1, keepdims=True), device_of(self.field))
            force = self.field(near).cpu().double()
            v, a = (torch.from_numpy(each).permute(2, 1, 0) for each in (v, a))
            yield v / self.gap, a / self.gap**2 - force

    def _read(self, v: Tensor, lack: Tensor) -> tuple[Tensor, Tensor]:
        """Give ξ (n,) and Σ m v² (n,)."""
        return read_friction(v, lack, self.field.mass.to(v))

    def _lacking(self, v: Tensor, lack: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Give what force and friction lack (3, atoms, n), ξ (n,), and Σ m v² (n,)."""
        friction, kinetic = self._read(v, lack)
        if not self.friction.acts:
            friction = torch.zeros_like(friction)
        return lack + friction * v, friction, kinetic

    def fill(self, seen: Floats) -> Filled:
        """Fill gaps.

        Parameters
        ----------
        seen : float64 array of shape (2, n, orders, atoms, 3)
            The ends of n gaps, as forward and backward passes see them; see `Passes`.
        """
        inside, arrivals, lack = self._paths(seen)
        missed = seen[::-1] * (-1.0) ** np.arange(self.orders)[:, None, None] - arrivals
        bent = self._bend @ missed.reshape(*missed.shape[:3], -1)
        weighted = self._blend * (inside + bent.reshape(inside.shape))
        return Filled(weighted[0] + weighted[1, :, ::-1], missed, lack)

    @torch.no_grad()
    def _paths(self, seen: Floats) -> tuple[Floats, Floats, Floats]:
        """Follow the force across gaps.

        Returns
        -------
        float64 array of shape (2, n, gap - 1, atoms, 3)
            Å relative to the reference, in frames 1 … gap − 1 of each pass.
        float64 array of shape (2, n, orders, atoms, 3)
            Scaled derivatives in frame gap: where a path ends.
        float64 array of shape (2, n, atoms, 3)
            As in `Filled`.
        """
        gap, n = self.gap, seen.shape[1]
        flat = torch.from_numpy(seen.reshape(2 * n, *seen.shape[2:])).float()
        starts = flat.permute(1, 3, 2, 0).to(device_of(self.field))  # (orders, 3, atoms, 2 n)
        reference = frames_last(self.reference[None], starts.device)
        x, v = starts[0] + reference, starts[1] / gap
        a, mass = self.field(x), self.field.mass
        lack, friction, kinetic = torch.zeros_like(a), a.new_zeros(2 * n), a.new_zeros(2 * n)
        if self.orders == 3:
            a, lack = starts[2] / gap**2, starts[2] / gap**2 - a
            lack, friction, kinetic = self._lacking(v, lack)
        # A gap's other end is the start of its other pass; reversed time leaves forces alone.
        other = lack.roll(n, dims=2)
        inside = []
        for weight in torch.from_numpy(self.remembered[..., None]).to(lack):
            half = v + a / 2
            x = x + half
            a = self.field(x) + weight[0] * lack + weight[1] * other
            v = half + a / 2
            if self.friction.acts:
                friction = self.friction.step(friction, kinetic, doubled_kinetic(v, mass))
                v = v / (1 + friction / 2)
                kinetic = doubled_kinetic(v, mass)
                a = a - friction * v
            inside.append(x - reference)
        arrival = torch.stack([inside.pop(), v * gap, a * gap**2][: self.orders])
        frames = torch.stack(inside)
        return _frames_first(frames, n), _frames_first(arrival, n), _frames_first(lack, n)


def _frames_first(values: Tensor, n: int) -> Floats:
    """Turn a tensor (…, 3, atoms, 2 n) into an array (2, n, …, atoms, 3)."""
    array = values.movedim(-1, 0).transpose(-1, -2).cpu().numpy().astype(np.float64, order="C")
    return array.reshape(2, n, *array.shape[1:])
