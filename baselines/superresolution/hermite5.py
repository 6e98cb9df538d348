"""Quintic Hermite interpolation: positions, velocities and forces at both ends of a gap."""

from __future__ import annotations

from baselines.superresolution._parts.interpolating import InterpolatingModel
from benchmark.model import ModelCard


class Hermite5(InterpolatingModel):
    """The quintic in time that meets x, v and a = F/m at both ends of a gap."""

    card = ModelCard(
        title="Quintic Hermite",
        description="The quintic through positions, velocities and forces at both ends of a gap.",
        citation="Hairer, Nørsett and Wanner, Solving Ordinary Differential Equations I, "
        "Springer (1993)",
    )
    name = "hermite5"
