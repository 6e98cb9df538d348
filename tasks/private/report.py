"""What an import tells its user: how much of everything there is, what is rare, what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmark.tracks.kinetics.card import KineticsCard
from benchmark.tracks.kinetics.metrics.errors import KineticsReference, count_matrix

#: A transition seen less often in a replica has a rate that is uncertain by a third.
FEW_EVENTS = 10

#: A slowest process with fewer of its own times in a replica is hardly sampled.
FEW_TIMES = 10

#: Populations of more macrostates fill no line.
SHOWN = 6


@dataclass(frozen=True)
class Report:
    """What there is to say about a new task.

    Attributes
    ----------
    card : KineticsCard
    lag : int
        Frames, of the Markov models.
    observed : mapping of name to list of uint8 arrays (frames,)
        Held macrostates of "all", "held out" and every "training replica N".
    reference : KineticsReference
    """

    card: KineticsCard
    lag: int
    observed: Mapping[str, Sequence[NDArray[np.uint8]]]
    reference: KineticsReference

    def print(self, console: Console) -> None:
        """Print tables, warnings, and the next commands."""
        card, unit = self.card, self.card.time_unit
        console.print(f"{card.id} (version {card.version}): {escape(card.title)}")
        self._print_parts(console)
        self._print_splits(console)
        slowest = f"{card.slowest:,.1f} frames"
        if unit != "frames":
            slowest += f" = {card.slowest * card.frame_time:g} {unit}"
        console.print(f"slowest timescale of the macrostates: {slowest} (lag {self.lag} frames)")
        counting = [name for names in card.counting.values() for name in names]
        console.print(f"metrics that count: {', '.join(counting) or 'none'}")
        for warning in self.warnings():
            console.print(f"[yellow]warning[/]: {escape(warning)}")
        console.print("next:")
        console.print(f"  python -m benchmark describe {card.id} --plot {card.name}.png")
        console.print(f"  python -m benchmark run --model lstm --tasks {card.id}")

    def _print_parts(self, console: Console) -> None:
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1))
        for column in ("data", "chains", "frames", "transitions", "populations of the macrostates"):
            justify = "left" if column.startswith(("data", "pop")) else "right"
            table.add_column(column, justify=justify)  # type: ignore[arg-type]
        for name, chains in self.observed.items():
            counts = np.bincount(np.concatenate(chains), minlength=self.card.macrostates)
            shares = " ".join(f"{share:.3f}" for share in (counts / counts.sum())[:SHOWN])
            more = " …" if len(counts) > SHOWN else ""
            jumps = int(self._events(chains).sum())
            table.add_row(
                name, str(len(chains)), f"{counts.sum():,}", f"{jumps:,}", f"{shares}{more}"
            )
        console.print(table)

    def _print_splits(self, console: Console) -> None:
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1))
        for column in ("split", "chains", "frames"):
            table.add_column(column, justify="left" if column == "split" else "right")
        for name, split in self.card.splits.items():
            table.add_row(name, str(split.rows), f"{split.frames:,}")
        console.print(table)
        per = self.card.chains_per_replica
        console.print(
            f"{self.card.labels} labels, seen as {self.card.macrostates} macrostates; "
            f"{self.card.replicas} replicas of {per} chain{'s' * (per > 1)} each"
        )

    def _events(self, chains: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        """Count transitions between macrostates, float64 of shape (M, M)."""
        events = count_matrix(list(chains), self.card.macrostates, 1)
        np.fill_diagonal(events, 0)
        return events

    def warnings(self) -> Iterator[str]:
        """Say what the data are too few for."""
        absent = np.min([np.bincount(np.concatenate(chains), minlength=self.card.macrostates)
                         for name, chains in self.observed.items()
                         if name.startswith("training")], axis=0) == 0  # fmt: skip
        if absent.any():
            states = ", ".join(map(str, np.flatnonzero(absent)))
            yield (
                f"macrostate {states} never occurs in some training replica: nothing can be "
                "learned of it there; are all files of one system, and long enough?"
            )
        known = self._events(self.observed["held out"]) > 0
        replicas = [
            self._events(chains)
            for name, chains in self.observed.items()
            if name.startswith("training")
        ]
        fewest = np.min(replicas, axis=0)
        rare = known & (fewest < FEW_EVENTS)
        if rare.any():
            at = np.argwhere(rare)[int(np.argmin(fewest[rare]))]
            yield (
                f"{rare.sum()} of {known.sum()} transitions between macrostates were seen fewer "
                f"than {FEW_EVENTS} times in some training replica; the rarest, {at[0]} to {at[1]},"
                f" {int(fewest[tuple(at)])} times: rates will be uncertain"
            )
        times = self.card.training_frames / self.card.slowest
        if times < FEW_TIMES:
            yield f"a training replica lasts only {times:.2g} slowest timescales"
        unknown = [name for name in ("mfpt_error", "its_error", "commit_error", "dwell_error")
                  if name not in self.card.metrics]  # fmt: skip
        if unknown:
            yield (
                f"the held-out data do not determine {', '.join(unknown)}: too few transitions, or "
                "too many recrossings, which --hold or --cores remove"
            )
