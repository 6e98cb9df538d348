"""Bi-NODE that fills a gap from both ends, after Winkler, Müller and Sauceda."""

from __future__ import annotations

from baselines.superresolution._parts.network_model import WINKLER
from baselines.superresolution.node import Node
from benchmark.model import ModelCard


class BiNode(Node):
    """`Node` from the left kept frame, and in reversed time from the right one, blended.

    See `Network` for how the two meet. The options are those of `Node`.
    """

    card = ModelCard(
        title="Bi-NODE",
        description="Neural ordinary differential equations "
        "from both ends of a gap, bent to meet and blended.",
        citation=WINKLER,
    )
    both_ways = True
