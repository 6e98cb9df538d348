"""Bi-LSTM that fills a gap from both ends, after Winkler, Müller and Sauceda."""

from __future__ import annotations

from baselines.superresolution._parts.network_model import WINKLER
from baselines.superresolution.lstm import Lstm
from benchmark.model import ModelCard


class BiLstm(Lstm):
    """`Lstm` from the left kept frame, and in reversed time from the right one, blended.

    See `Network` for how the two meet. The options are those of `Lstm`.
    """

    card = ModelCard(
        title="Bi-LSTM",
        description="Long short-term memories that correct the dynamics of springs "
        "from both ends of a gap, bent to meet and blended.",
        citation=WINKLER,
    )
    both_ways = True
