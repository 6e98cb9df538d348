"""Neural ordinary differential equation started from the left kept frame, after Winkler et al."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from baselines.superresolution._parts.network_model import WINKLER, NetworkModel
from baselines.superresolution._parts.networks import Network, Shape, perceptron
from benchmark.errors import InputError
from benchmark.model import ModelCard

#: Integrators: that of the trajectories, and fixed-step ones of torchdiffeq.
METHODS = ("verlet", "rk4", "midpoint", "euler")


class Node(NetworkModel):
    """dx/dt = v, dv/dt = f(x, v) with a network in f, integrated from the kept frame.

    The force on an atom is a sum of pulls along the lines to all others: those of springs (see
    `Network`), and what a network g adds to each. It reads the distances between all atoms and
    their rates of change, so that the force turns with the molecule; it need not conserve energy.
    See R. Chen et al., NeurIPS 2018,
    arXiv:1806.07366, for neural differential equations. The authors' public code
    (github.com/ludwigwinkler/MLMD) has by default 5 layers of 10 units for each coordinate and
    velocity, fourth-order Runge-Kutta steps and batches of 500; for ethanol that is ``--set
    layers=5 --set hidden=540 --set method=rk4 --set batch=500``. The default here is smaller, for
    a training of a minute, and takes the steps that the trajectories were made with.

    See `NetworkModel` for the other options; the layers are those of g.

    Parameters
    ----------
    method : str
        "verlet", or a method of torchdiffeq: "rk4", "midpoint", "euler"; the step is one frame.

    Raises
    ------
    InputError
        If an option is out of its range.
    """

    card = ModelCard(
        title="NODE",
        description="Neural ordinary differential equation from the left kept frame.",
        citation=WINKLER,
    )

    def __init__(
        self,
        reads: str = "forces",
        hidden: int = 128,
        layers: int = 2,
        method: str = "verlet",
        **training: Any,
    ) -> None:
        super().__init__(reads, hidden, layers, **training)
        if method not in METHODS:
            raise InputError(f"method={method}: expected one of {', '.join(METHODS)}")
        self.sizes["method"] = method

    def build(self, shape: Shape) -> Network:
        """Make an untrained network."""
        return _Network(shape, **self.sizes)


class _Network(Network):
    def __init__(self, shape: Shape, hidden: int, layers: int, method: str) -> None:
        super().__init__(shape)
        self.method = method
        pairs = len(self.length)
        self.added = perceptron(2 * pairs, hidden, layers, pairs)

    def pull(self, z: Tensor, along: Tensor, v: Tensor) -> Tensor:
        """Give the springs and what the network adds, from all distances and their rates."""
        inputs = torch.cat([z, self.rates(along, v)], dim=1)
        return super().pull(z, along, v) + self.unit * self.added(inputs)

    def integrate(
        self, q: Tensor, v: Tensor, a: Tensor, kick: Tensor
    ) -> list[tuple[Tensor, Tensor, Tensor]]:
        """Take Verlet steps, or those of torchdiffeq; ρ is linear between two frames."""
        if self.method == "verlet":
            return super().integrate(q, v, a, kick)
        from torchdiffeq import odeint

        def acceleration(t: Tensor, q: Tensor, v: Tensor) -> Tensor:
            j = min(math.floor(float(t)), self.shape.gap - 1)
            before = self._remembered(j - 1, kick) if j else kick
            return self.force(q, v) + torch.lerp(before, self._remembered(j, kick), t - j)

        def motion(t: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
            return state[1], acceleration(t, *state)

        times = torch.arange(self.shape.gap + 1, dtype=q.dtype, device=q.device)
        path = odeint(motion, (q, v), times, method=self.method)
        frames = zip(times[1:], path[0][1:], path[1][1:], strict=True)
        return [(x, u, acceleration(t, x, u)) for t, x, u in frames]
