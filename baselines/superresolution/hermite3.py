"""Cubic Hermite interpolation: positions and velocities at both ends of a gap."""

from __future__ import annotations

from baselines.superresolution._parts.interpolating import InterpolatingModel
from benchmark.model import ModelCard


class Hermite3(InterpolatingModel):
    """The cubic in time that meets x and v at both ends of a gap."""

    card = ModelCard(
        title="Cubic Hermite",
        description="The cubic through positions and velocities at both ends of a gap.",
        citation="Hairer, Nørsett and Wanner, Solving Ordinary Differential Equations I, "
        "Springer (1993)",
    )
    name = "hermite3"
