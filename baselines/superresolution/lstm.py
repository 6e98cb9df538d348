"""Long short-term memory that fills a gap from its left end, after Winkler, Müller and Sauceda."""

from __future__ import annotations

from baselines.superresolution._parts.network_model import WINKLER
from baselines.superresolution._parts.recurrent import RecurrentModel
from benchmark.model import ModelCard


class Lstm(RecurrentModel):
    """LSTM: reads kept frames, then walks through the gap and corrects the springs' path.

    See `Network` for the path, `Recurrent` for what is read, `RecurrentModel` for the options.
    """

    card = ModelCard(
        title="LSTM",
        description="Long short-term memory that corrects the dynamics of springs "
        "from the left kept frames.",
        citation=WINKLER,
    )
    cell = "lstm"
