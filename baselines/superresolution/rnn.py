"""Recurrent network that fills a gap from its left end, after Winkler, Müller and Sauceda."""

from __future__ import annotations

from baselines._torch import require_at_least
from baselines.superresolution._recurrent import Recurrent
from baselines.superresolution._training import NetworkModel, Training
from benchmark.model import ModelCard


class Rnn(NetworkModel):
    """RNN: reads kept frames, then walks through the gap and corrects the springs' path.

    See `Network` for the path and `Recurrent` for what is read. The authors' public code
    (github.com/ludwigwinkler/MLMD) has by default 5 layers of 10 units for each coordinate and
    velocity, 3 kept frames and batches of 500; for ethanol that is
    ``--set layers=5 --set hidden=540 --set past=3 --set batch=500``. The default here is smaller,
    for a training of a minute or two. Unlike there, it walks in the molecule-fixed frame and
    starts from springs.

    Parameters
    ----------
    reads : str
        "velocities" (and positions) or "forces" (and both).
    hidden, layers : int
        Width and number of the recurrent layers.
    past : int
        Kept frames read up to the end of the gap.
    frames, batch, learning_rate, weight_decay, average
        How it is trained: see `Training`.

    Raises
    ------
    InputError
        If an option is out of its range.
    """

    card = ModelCard(
        title="RNN",
        description="Recurrent network that corrects the dynamics of springs "
        "from the left kept frames.",
        citation="L. Winkler, K.-R. Müller, H. Sauceda, Mach. Learn.: Sci. Technol. 3, 025011 "
        "(2022), arXiv:2201.01195",
    )

    def __init__(
        self,
        reads: str = "forces",
        hidden: int = 128,
        layers: int = 1,
        past: int = 3,
        frames: float = 1.5e6,
        batch: int = 64,
        learning_rate: float = 2e-3,
        weight_decay: float = 1e-4,
        average: float = 100.0,
    ) -> None:
        require_at_least(1, hidden=hidden, layers=layers, past=past)
        super().__init__(
            Recurrent,
            {"cell": "rnn", "hidden": hidden, "layers": layers, "past": past},
            reads,
            Training(
                frames=frames,
                batch=batch,
                learning_rate=learning_rate,
                weight_decay=weight_decay,
                average=average,
                units=hidden,
            ),
        )
