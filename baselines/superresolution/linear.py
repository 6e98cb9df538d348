"""Straight lines between kept frames: what every model is measured against."""

from __future__ import annotations

from baselines.superresolution._parts.interpolating import InterpolatingModel
from benchmark.model import ModelCard


class Linear(InterpolatingModel):
    """Linear interpolation of every coordinate: x(s) = (1 − s) x₀ + s x₁."""

    card = ModelCard(
        title="Linear interpolation",
        description="Straight lines between kept frames.",
        role="control",
    )
    name = "linear"
