"""Natural cubic spline through the kept positions."""

from __future__ import annotations

from baselines.superresolution._parts.interpolating import InterpolatingModel
from benchmark.model import ModelCard


class CubicSpline(InterpolatingModel):
    """Piecewise cubic with two continuous derivatives; the second is zero at both ends."""

    card = ModelCard(
        title="Cubic spline",
        description="Natural cubic spline through the kept positions (scipy).",
        citation="de Boor, A Practical Guide to Splines, Springer (1978)",
    )
    name = "cubic-spline"
