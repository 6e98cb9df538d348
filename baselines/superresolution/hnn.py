"""Hamiltonian neural network started from the left kept frame, after Winkler et al."""

from __future__ import annotations

from torch import Tensor, nn

from baselines.superresolution._parts.network_model import WINKLER, NetworkModel
from baselines.superresolution._parts.networks import Network, Shape, perceptron
from benchmark.model import ModelCard


class Hnn(NetworkModel):
    """dq/dt = ∂H/∂p, dp/dt = −∂H/∂q with a learned energy, integrated from the kept frame.

    H(q, p) = p²/2 + V(q) + U(q) in mass-scaled coordinates: the kinetic energy of atoms is known,
    V is the energy of springs between them (see `Network`), and U is a network that reads the
    distances between all atoms. So H is the same for a turned molecule, and it separates: velocity
    Verlet is a symplectic integrator of it. S. Greydanus, M. Dzamba, J. Yosinski, NeurIPS 2019,
    arXiv:1906.01563, learn an H(q, p) that does not. What a read force remembers of its kept frame
    (see `Network`) is a term −κ(t)ᵀq of H.

    The authors' public code (github.com/ludwigwinkler/MLMD) has by default 5 layers of 10 units for
    each coordinate and velocity and batches of 500; for ethanol that is ``--set layers=5 --set
    hidden=540 --set batch=500``. The default here is smaller, for a training of a minute.

    See `NetworkModel` for the options; the layers are those of U.
    """

    card = ModelCard(
        title="HNN",
        description="Hamiltonian neural network from the left kept frame.",
        citation=WINKLER,
    )

    def build(self, shape: Shape) -> Network:
        """Make an untrained network."""
        return _Network(shape, **self.sizes)


class _Network(Network):
    def __init__(self, shape: Shape, hidden: int, layers: int) -> None:
        super().__init__(shape)
        self.potential = perceptron(len(self.length), hidden, layers, 1)

    def energy(self, z: Tensor) -> Tensor:
        """Give U, (p,), in ⟨m⟩ Å² / frame²."""
        return self._scale() * self.potential(z)[:, 0]

    def pull(self, z: Tensor, along: Tensor, v: Tensor) -> Tensor:
        """Give the springs and −∂U/∂r.

        The gradient is written out rather than left to autograd, whose second derivatives cost
        more, and which is off when a gap is only filled.
        """
        inputs, slopes = z, []
        layers = list(self.potential)
        for part in layers[:-1]:
            inputs = part(inputs)
            if isinstance(part, nn.Tanh):
                slopes.append(1 - inputs**2)
        linear = [part for part in layers if isinstance(part, nn.Linear)]
        gradient = linear[-1].weight  # (1, hidden)
        for part, slope in zip(linear[-2::-1], slopes[::-1], strict=True):
            gradient = (gradient * slope) @ part.weight
        return super().pull(z, along, v) - self._scale() / self.stretch * gradient

    def _scale(self) -> Tensor:
        """Energy that makes the forces as large as what the springs lack."""
        return self.unit * self.stretch.mean()
