"""A force field learned from forces: pair potentials, and networks of clusters of bonded atoms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from baselines.superresolution._parts.clusters import find_clusters

Floats = NDArray[np.float64]

_STATICS = 1_500  # frames that the pair potentials are fitted to
_CHUNK = 100  # of these at once: bounds the memory
_DAMPING = 1e-7  # of the least squares, for features of norm 1
_FLOOR = 1e-3  # least spread of a distance, as a share of the mean one: those of rigid rings
_ANGLE = 2  # bonds between the ends of an angle
_SMALL = 1e-2  # size of the networks' last weights before training


class ForceField(nn.Module):
    """U(x) = Σ_pairs u(r) + Σ_clusters w(r_1, r_2, …), and the accelerations −∇U / m.

    The force between a pair of atoms is a polynomial of their distance; alike pairs have the same
    one, found by least squares before any training. Polynomials soon go astray beyond the distances
    of the training frames: there, the force goes on along its tangent where a bond or an angle
    holds the pair in place, and stays as it is where not. A cluster, some atoms that hang together
    by bonds, has a network w of all distances within it; alike clusters have the same weights, as
    in the body expansion of a molecule's energy (`find_clusters` says which are alike).
    So what one C–H bond teaches holds for all, and no network sees more of the molecule than it can
    learn from a few picoseconds: one that reads all distances at once fits the training frames
    better, and others much worse. Its units give y / √(1 + y²), a sigmoid like tanh that takes less
    time.

    Distances do not change when the molecule is turned, shifted or mirrored, and accelerations
    conserve energy, momentum and angular momentum.

    Tensors have frames last, which is how sums over atoms, pairs and clusters are fastest.

    Parameters
    ----------
    distances : float64 array of shape (atoms, atoms)
        Å, means over frames; bonds are found from them.
    numbers : sequence of int
        Atomic numbers.
    cluster : int
        Atoms of a cluster.
    degree : int
        Of the pair forces as polynomials of the distance.
    hidden, layers : int
        Width and number of the hidden layers of a cluster's network.
    """

    mass: Tensor  # (atoms, 1), u
    length: Tensor  # (pairs, 1), mean distance in Å, of alike pairs
    stretch: Tensor  # (pairs, 1), its standard deviation
    shortest: Tensor  # (pairs, 1), least (distance − length) / stretch of the training frames
    longest: Tensor  # (pairs, 1), and largest
    pulls: Tensor  # (degree + 1, pairs, 1), coefficients of −du/dr in u Å / frame²
    centre: Tensor  # (clusters distances, 1), mean distance in Å, of alike clusters
    spread: Tensor  # (clusters distances, 1), its standard deviation
    scale: Tensor  # (), energy of a cluster in u Å² / frame²
    lacking: Tensor  # (), rms of what the pair potentials lack, Å / frame²
    _stiff: Tensor  # (pairs, 1), 1 for pairs that bonds or angles hold in place, 0 for others
    _first: Tensor  # (pairs,), atoms
    _second: Tensor  # (pairs,)
    _distances: Tensor  # (clusters distances,), pairs
    _types: Tensor  # (clusters,)

    def __init__(
        self,
        distances: Floats,
        numbers: Sequence[int],
        cluster: int,
        degree: int,
        hidden: int,
        layers: int,
    ) -> None:
        super().__init__()
        self._clusters = parts = find_clusters(distances, numbers, cluster)
        n_pairs = parts.pairs.shape[1]
        for name, indices in (
            ("_first", parts.pairs[0]),
            ("_second", parts.pairs[1]),
            ("_distances", parts.distances.ravel()),
            ("_types", parts.types),
        ):
            self.register_buffer(name, torch.from_numpy(indices), persistent=False)
        stiff = torch.from_numpy(parts.bonds <= _ANGLE).float()[:, None]
        self.register_buffer("_stiff", stiff, persistent=False)
        self.register_buffer("mass", torch.ones(len(numbers), 1))
        for name in ("length", "stretch", "shortest", "longest"):
            self.register_buffer(name, torch.ones(n_pairs, 1))
        self.register_buffer("pulls", torch.zeros(degree + 1, n_pairs, 1))
        self.register_buffer("centre", torch.zeros(parts.distances.size, 1))
        self.register_buffer("spread", torch.ones(parts.distances.size, 1))
        self.register_buffer("scale", torch.zeros(()))
        self.register_buffer("lacking", torch.ones(()))
        n_types = int(parts.types.max(initial=-1)) + 1
        widths = [parts.distances.shape[1], *[hidden] * layers, 1]
        self.weights = nn.ParameterList(_uniform(n_types, b, a, a) for a, b in pairwise(widths))
        self.biases = nn.ParameterList(_uniform(n_types, b, 1, a) for a, b in pairwise(widths[:-1]))
        with torch.no_grad():
            self.weights[-1].mul_(_SMALL)

    def forward(self, x: Tensor) -> Tensor:
        """Give accelerations (3, atoms, n) in Å / frame² at positions (3, atoms, n) in Å."""
        apart, distance = self._apart(x)
        force = (self._pair_pull(distance) - self._cluster_slope(distance)) / distance * apart
        total = torch.zeros_like(x)
        total.index_add_(1, self._first, force)
        total.index_add_(1, self._second, force, alpha=-1)
        return total / self.mass

    def energy(self, x: Tensor) -> Tensor:
        """Give the energy (n,) in u Å² / frame² of what the networks add, at (3, atoms, n)."""
        inputs, _ = self._hidden(self._apart(x)[1])
        return self.scale * (self._typed(self.weights[-1]) @ inputs).sum((0, 1))

    def _apart(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give the vectors (3, pairs, n) from second to first atoms, and their lengths."""
        # index_select copies whole rows; indexing by a tensor takes three times as long.
        apart = x.index_select(1, self._first) - x.index_select(1, self._second)
        along_x, along_y, along_z = apart.square()
        return apart, (along_x + along_y + along_z).sqrt()

    def _typed(self, weights: Tensor) -> Tensor:
        """Give each cluster the weights of its type."""
        return weights.index_select(0, self._types)

    def _pair_pull(self, distance: Tensor) -> Tensor:
        """Give −du/dr (pairs, n): Horner's rule, and beyond all samples what `_stiff` says."""
        z = (distance - self.length) / self.stretch
        sampled = z.clamp(self.shortest, self.longest)
        pull, slope = self.pulls[-1].expand_as(z), torch.zeros_like(z)
        for coefficient in self.pulls.flip(0)[1:]:
            slope = torch.addcmul(pull, slope, sampled)
            pull = torch.addcmul(coefficient, pull, sampled)
        return torch.addcmul(pull, slope * self._stiff, z - sampled)

    def _hidden(self, distance: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Give the last hidden layer (clusters, hidden, n), and the slopes of all layers."""
        z = (distance.index_select(0, self._distances) - self.centre) / self.spread
        inputs, slopes = z.unflatten(0, (self.n_clusters, -1)), []
        one = torch.ones_like(self.scale)
        for weight, bias in zip(self.weights[:-1], self.biases, strict=True):
            y = torch.baddbmm(self._typed(bias), self._typed(weight), inputs)
            root = torch.addcmul(one, y, y).rsqrt()
            inputs = y * root
            slopes.append(root * root * root)
        return inputs, slopes

    def _cluster_slope(self, distance: Tensor) -> Tensor:
        """Give dw/dr (pairs, n), summed over clusters.

        The gradient is written out rather than left to autograd, whose second derivatives cost
        more, and which is off when a gap is only filled.
        """
        if not self.n_clusters:
            return torch.zeros_like(distance)
        _, slopes = self._hidden(distance)
        last, *others = (self._typed(weight).transpose(1, 2) for weight in reversed(self.weights))
        gradient = last * slopes[-1]
        for weight, slope in zip(others, [*slopes[-2::-1], None], strict=True):
            gradient = weight @ gradient
            gradient = gradient if slope is None else gradient * slope
        scaled = gradient.flatten(0, 1) * (self.scale / self.spread)
        return torch.zeros_like(distance).index_add_(0, self._distances, scaled)

    @torch.no_grad()
    def calibrate(self, positions: Floats, accelerations: Floats, masses: Floats) -> None:
        """Find the scales and the pair potentials from training frames.

        Parameters
        ----------
        positions : float64 array of shape (frames, atoms, 3)
            Å; near the origin, as these are turned to single precision.
        accelerations : float64 array of shape (frames, atoms, 3)
            Å / frame².
        masses : float64 array of shape (atoms,)
            u.
        """
        some = slice(None, None, max(1, len(positions) // _STATICS))
        x, a = positions[some], accelerations[some]
        parts = self._clusters
        apart = x[:, parts.pairs[0]] - x[:, parts.pairs[1]]
        distance = np.linalg.norm(apart, axis=2)  # (n, pairs)
        length, stretch = _alike(distance, parts.kinds)
        centre, spread = _alike(distance[:, parts.distances], parts.types)
        stretch = np.maximum(stretch, _floor(stretch))
        z = (distance - length) / stretch
        self._set(
            mass=masses[:, None],
            shortest=_of_kind(z.min(0), parts.kinds, np.min)[:, None],
            longest=_of_kind(z.max(0), parts.kinds, np.max)[:, None],
            length=length[:, None],
            stretch=stretch[:, None],
            centre=centre.reshape(-1, 1),
            spread=np.maximum(spread, _floor(stretch)).reshape(-1, 1),
            pulls=self._fitted_pulls(apart, z, a, masses)[..., None],
            scale=np.zeros(()),  # no networks yet
        )
        frames = frames_last(x, self.mass.device).split(_CHUNK, dim=2)
        paired = torch.cat([self(part) for part in frames], dim=2).permute(2, 1, 0)
        lack = a - paired.double().numpy()
        lacking = np.sqrt((lack**2).mean())
        force = np.sqrt(((lack * masses[:, None]) ** 2).mean())
        self._set(
            lacking=np.maximum(lacking, 1e-12),
            scale=np.maximum(force, 1e-12) * stretch.mean() / np.sqrt(max(1, len(masses) - 1)),
        )

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return len(self._types)

    @property
    def parameters_learned(self) -> int:
        """Weights of the networks, and coefficients of pair forces that are not alike."""
        weights = sum(weight.numel() for weight in self.parameters())
        return weights + len(self.pulls) * np.unique(self._clusters.kinds).size

    def _set(self, **found: Floats) -> None:
        for name, value in found.items():
            getattr(self, name).copy_(torch.from_numpy(np.asarray(value)))

    def _fitted_pulls(self, apart: Floats, z: Floats, a: Floats, masses: Floats) -> Floats:
        """Give the coefficients (degree + 1, pairs) of the pair forces with the least Σ m |a|²."""
        pairs, kinds = self._clusters.pairs, self._clusters.kinds
        n_kinds, powers = int(kinds.max(initial=-1)) + 1, np.arange(len(self.pulls))
        incidence = np.zeros((len(masses), pairs.shape[1]))
        incidence[pairs[0], np.arange(pairs.shape[1])] = 1
        incidence[pairs[1], np.arange(pairs.shape[1])] = -1
        alike = np.eye(n_kinds)[kinds]  # (pairs, kinds)
        unit = apart / np.linalg.norm(apart, axis=2, keepdims=True)
        root = np.sqrt(masses)[:, None]
        n_columns = len(powers) * n_kinds
        xx, xy = np.zeros((n_columns, n_columns)), np.zeros(n_columns)
        for begin in range(0, len(z), _CHUNK):
            part = slice(begin, begin + _CHUNK)
            one = np.einsum("ap,npi->niap", incidence / root, unit[part])
            columns = [(one * (z[part] ** power)[:, None, None]) @ alike for power in powers]
            X = np.concatenate(columns, axis=3).reshape(-1, n_columns)
            y = (root * a[part]).transpose(0, 2, 1).ravel()
            xx, xy = xx + X.T @ X, xy + X.T @ y
        size = np.maximum(np.sqrt(np.diag(xx)), 1e-30)
        damped = xx / size[:, None] / size + _DAMPING * np.eye(n_columns)
        found = np.linalg.solve(damped, xy / size) / size
        return found.reshape(len(powers), n_kinds)[:, kinds]


def mean_distances(positions: Floats) -> Floats:
    """Give mean distances (atoms, atoms) in Å over frames (n, atoms, 3)."""
    some = positions[:: max(1, len(positions) // _STATICS)]
    return np.stack(
        [np.linalg.norm(some - some[:, i : i + 1], axis=2).mean(0) for i in range(some.shape[1])]
    )


def frames_last(values: Floats, device: torch.device) -> Tensor:
    """Turn vectors (n, atoms, 3) into what a `ForceField` takes, (3, atoms, n)."""
    return torch.from_numpy(values).float().permute(2, 1, 0).contiguous().to(device)


def _uniform(n: int, rows: int, columns: int, inputs: int) -> nn.Parameter:
    """Give weights (n, rows, columns) of the usual size, 1/√inputs."""
    return nn.Parameter((2 * torch.rand(n, rows, columns) - 1) / max(1, inputs) ** 0.5)


def _alike(values: Floats, kinds: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Give mean and standard deviation over frames (first axis) and over what is alike (second)."""
    mean, spread = np.empty((2, *values.shape[1:]))
    for kind in np.unique(kinds):
        same = values[:, kinds == kind]
        mean[kinds == kind], spread[kinds == kind] = same.mean((0, 1)), same.std((0, 1))
    return mean, spread


def _of_kind(values: Floats, kinds: NDArray[np.int64], which: Callable[[Floats], Any]) -> Floats:
    """Replace values by the extreme one of all that are alike."""
    return np.array([which(values[kinds == kind]) for kind in kinds])


def _floor(spread: Floats) -> Floats:
    return np.maximum(_FLOOR * spread.mean(), 1e-9)
