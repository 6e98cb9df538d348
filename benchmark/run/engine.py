"""What has the units of a run done: processes of this machine, or of a cluster."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Protocol

from benchmark.job import Event, Job
from benchmark.model import ModelFacts


class Engine(Protocol):
    """Takes jobs and gives what they tell. Which engine it is changes no bit of a prediction.

    Attributes
    ----------
    workers : int
        Units at a time; on a cluster, when it was asked.
    threads : int
        Of each unit. Sums of floating-point numbers depend on it, in the last digits.
    places : list of dict
        What units run on, a provenance for each kind of machine; grows when others come.
    """

    workers: int
    threads: int

    @property
    def places(self) -> list[dict[str, Any]]:
        """What units run on."""
        ...

    def described(
        self, spec: str, settings: dict[str, str], track: str | None, device: str
    ) -> ModelFacts:
        """Say what ``--model``, ``--set`` and ``--device`` name where units will run.

        Raises
        ------
        InputError
            If there is no such model, setting or device there.
        """
        ...

    def do(self, jobs: Sequence[Job]) -> Generator[Event]:
        """Do units, and write how each has ended into its folder.

        Yields
        ------
        Event
            Progress, remarks, and one event with its record for every unit. When the generator is
            closed, units under way are stopped.

        Raises
        ------
        InputError
            If a folder cannot be written to, or the cluster is gone.
        """
        ...
