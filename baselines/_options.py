"""Options of models: their ranges, and those that every network has in its training."""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

from benchmark.errors import InputError


def require_at_least(least: float, **options: float) -> None:
    """Raise an `InputError` naming the first option below ``least``, or not a number."""
    for name, value in options.items():
        if not value >= least:
            raise InputError(f"{name} is {value:g}; expected at least {least:g}")


def require_more_than_zero(**options: float) -> None:
    """Raise an `InputError` naming the first option that is not a finite number above 0."""
    for name, value in options.items():
        if not 0.0 < value < math.inf:
            raise InputError(f"{name} is {value:g}; expected more than 0")


def require_share(**options: float) -> None:
    """Raise an `InputError` naming the first option outside 0 ≤ value < 1."""
    for name, value in options.items():
        if not 0.0 <= value < 1.0:
            raise InputError(f"{name} is {value:g}; expected at least 0 and less than 1")


@dataclass(frozen=True, kw_only=True)
class Training:
    """How a network is trained; a track adds what it needs besides, and says what a frame is.

    Attributes
    ----------
    frames : float
        Frames trained on in all: the budget.
    learning_rate : float
        Peak of the cosine schedule, for a network of the track's usual size.
    weight_decay : float
        Of AdamW.
    average : float
        Memory of the running average of the weights, in updates.

    Raises
    ------
    InputError
        If an option is out of its range.
    """

    frames: float
    learning_rate: float
    weight_decay: float
    average: float

    def __post_init__(self) -> None:
        require_at_least(1, frames=self.frames, average=self.average)
        require_at_least(0, weight_decay=self.weight_decay)
        require_more_than_zero(learning_rate=self.learning_rate)


class Trained:
    """A model whose constructor takes the options of a `Training` beside its own.

    A class sets its defaults in the attribute ``training``; a subclass that passes on
    ``**training`` has each of them in its signature, as if it were written out there: this is
    where ``--set`` finds them.

    Parameters
    ----------
    **training
        Fields of `training` that are not to be the class's own.

    Raises
    ------
    InputError
        If one is out of its range.
    """

    training: Training
    __signature__: ClassVar[inspect.Signature]

    def __init__(self, **training: Any) -> None:
        self.training = replace(self.training, **training)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _, *parameters = inspect.signature(cls.__init__).parameters.values()  # all but self
        if parameters and parameters[-1].kind is inspect.Parameter.VAR_KEYWORD:
            parameters[-1:] = [
                inspect.Parameter(
                    field.name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=getattr(cls.training, field.name),
                    annotation=field.type,
                )
                for field in fields(cls.training)
            ]
        cls.__signature__ = inspect.Signature(parameters)
