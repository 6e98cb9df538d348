"""What every model has and gets, whatever its track: a card, and the context of its fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from benchmark.untrusted import line


class ModelCard(BaseModel):
    """Who a model is. Optional: a class attribute ``card`` of the model's class.

    ``role`` is "model" for an entry that wants a rank and "control" for a yardstick (trivial
    model, replay of the data, truth itself), which is shown on the board but never ranked. Only a
    control may be ``trained_on`` something else than training data: on the ``fresh`` chains of the
    true process, which the harness then hands to `fit` in their place. Each text is one line.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Annotated[str, line(100)]
    description: Annotated[str, line(600)] = ""
    citation: Annotated[str, line(400)] = ""
    role: Literal["model", "control"] = "model"
    trained_on: Literal["train", "fresh"] = "train"

    @model_validator(mode="after")
    def _only_controls_see_more(self) -> ModelCard:
        if self.role == "model" and self.trained_on != "train":
            raise ValueError(f"only a control may be trained on '{self.trained_on}'")
        return self


@dataclass(frozen=True)
class ModelFacts:
    """What a run knows of a model without importing it.

    Attributes
    ----------
    name, track : str
    card : ModelCard
    settings : dict
        Resolved, as in JSON.
    source_sha256 : str
        Of its code.
    device : str
        A torch device of this machine.
    note : str
        Which of several models of one name it is; empty if there is one only.
    """

    name: str
    track: str
    card: ModelCard
    settings: dict[str, Any]
    source_sha256: str
    device: str
    note: str = ""


def _silent(fraction: float, note: str) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True)
class FitContext:
    """What a model of any track may know about its task, and what it may use.

    Attributes
    ----------
    task : str
        The task's id, such as ``potentials/triangular3``.
    replica : int
        Which training replica this is.
    frame_time : float
        Physical time between frames, in ``time_unit``.
    time_unit : str
        Unit of ``frame_time``.
    seed : int
        Everything random in ``fit`` must come from it.
    device : str
        A torch device, "cpu" or "cuda".
    effort : float
        Share of the default training budget to spend: 1 in a ranked run, less with ``--quick``.
    scratch : Path
        A folder of this unit's own for checkpoints. It outlives an interrupted run: a model that
        finds its checkpoint there goes on from it.
    seconds : float
        Wall-clock seconds after which the harness stops the unit.
    progress : callable (fraction, note)
        Call it now and then with the share done, 0 … 1, and a few words.
    """

    task: str
    scratch: Path
    replica: int = 0
    frame_time: float = 1.0
    time_unit: str = "frames"
    seed: int = 0
    device: str = "cpu"
    effort: float = 1.0
    seconds: float = float("inf")
    progress: Callable[[float, str], None] = _silent
