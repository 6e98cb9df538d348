"""The truth itself: a fresh chain as long as the training data, which scores z ≈ 1."""

from __future__ import annotations

from baselines.kinetics.replay import Replay
from benchmark.model import ModelCard


class Truth(Replay):
    """Replay frozen chains of the true process that no other model sees.

    They are as long as a training replica: what is left of their error is the price of finite data.
    There is no ``predict``.
    """

    card = ModelCard(
        title="Truth (a fresh chain)",
        description="A fresh chain of the true process, as long as the training data, played over "
        "and over.",
        role="control",
        trained_on="fresh",
    )
