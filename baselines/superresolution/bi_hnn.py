"""Bi-HNN that fills a gap from both ends, after Winkler, Müller and Sauceda."""

from __future__ import annotations

from baselines.superresolution._parts.network_model import WINKLER
from baselines.superresolution.hnn import Hnn
from benchmark.model import ModelCard


class BiHnn(Hnn):
    """`Hnn` from the left kept frame, and in reversed time from the right one, blended.

    See `Network` for how the two meet. The options are those of `Hnn`.
    """

    card = ModelCard(
        title="Bi-HNN",
        description="Hamiltonian neural networks "
        "from both ends of a gap, bent to meet and blended.",
        citation=WINKLER,
    )
    both_ways = True
