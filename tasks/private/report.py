"""What an import tells its user: what was read, what was made of it, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmark.files import printable
from benchmark.quantities import FRAMES
from benchmark.tracks.kinetics.card import KineticsCard
from tasks.private.doubts import doubts, events
from tasks.private.labelling import Labelling
from tasks.private.partition import Labels
from tasks.private.recording import Recording
from tasks.private.timescale import Timescale

#: Populations of more macrostates fill no line.
SHOWN = 6

#: So many recordings are told of one by one, and so many columns of each are named.
RECORDINGS, COLUMNS = 5, 12


@dataclass(frozen=True)
class Report:
    """What there is to say about a new task.

    Attributes
    ----------
    card : KineticsCard
    recordings : sequence of Recording
        The frames that were kept.
    labelling : Labelling
    observed : mapping of name to list of uint8 arrays (frames,)
        Held macrostates of "all", "held out" and every "training replica N".
    slowest : Timescale
    oracle_nll : float
        Of the scored test frames, nats a frame.
    """

    card: KineticsCard
    recordings: Sequence[Recording]
    labelling: Labelling
    observed: Mapping[str, Sequence[Labels]]
    slowest: Timescale
    oracle_nll: float

    def print(self, console: Console) -> None:
        """Print what was read, tables, warnings, and the next commands."""
        card = self.card
        console.print(f"{card.id} (version {card.version}): {escape(card.title)}")
        for line in self.lines():
            console.print(f"  {line}", markup=False, soft_wrap=True)
        self._print_parts(console)
        self._print_splits(console)
        console.print(f"slowest timescale of the macrostates: {self._slowest()}")
        counting = [name for names in card.counting.values() for name in names]
        console.print(f"metrics that count: {', '.join(counting) or 'none'}")
        for warning in self.warnings():
            console.print(f"[yellow]warning[/]: {escape(warning)}")
        console.print("next:")
        console.print(f"  python -m benchmark describe {card.id} --plot {card.name}.png")
        console.print(f"  python -m benchmark run --model lstm --tasks {card.id}")

    def lines(self) -> Iterator[str]:
        """Say what was read: frames, columns, the interval, and what was left out."""
        for recording in self.recordings[:RECORDINGS]:
            columns = ", ".join(recording.columns[:COLUMNS])
            more = " …" if len(recording.columns) > COLUMNS else ""
            yield printable(
                f"{recording.name}: {len(recording.values):,} frames"
                + (f" of {columns}{more}" if columns else "")
            )
            yield from (f"  {printable(note)}" for note in recording.notes)
        if len(self.recordings) > RECORDINGS:
            frames = sum(len(recording.values) for recording in self.recordings)
            yield f"… {len(self.recordings)} recordings in all, of {frames:,} frames"
        unit = self.card.time_unit
        given = "" if self.recordings[0].interval else ", as given"
        if unit == FRAMES:
            yield "the time between frames is unknown: --interval says it"
        else:
            yield f"{self.card.frame_time:g} {unit} between the frames that were kept{given}"
        names = self.labelling.names
        if names and names != tuple(range(len(names))):
            listed = ", ".join(map(str, names[:COLUMNS])) + (" …" if len(names) > COLUMNS else "")
            yield f"labels 0 … {len(names) - 1} are the file's {listed}"
        yield from self.labelling.notes

    def warnings(self) -> list[str]:
        """Say what was taken for granted, and what the data are too few for."""
        read = [text for recording in self.recordings for text in recording.warnings]
        names = [recording.name for recording in self.recordings]
        found = doubts(self.card, names, self.observed, self.oracle_nll)
        if not self.slowest.converged:
            found.append(
                f"the slowest timescale still depends on the lag (of {self.slowest.lag} frames): "
                "it is uncertain, and may be longer"
            )
        return [*dict.fromkeys(read), *found]

    def _slowest(self) -> str:
        card = self.card
        text = f"{card.slowest:,.1f} frames"
        if card.time_unit != FRAMES:
            text += f" = {card.slowest * card.frame_time:g} {card.time_unit}"
        lag = self.slowest.lag
        return f"{text} (from lags of {lag} and {2 * lag} frames; of labels {self.labelling.lag})"

    def _print_parts(self, console: Console) -> None:
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1))
        for column in ("data", "chains", "frames", "transitions", "populations of the macrostates"):
            justify = "left" if column.startswith(("data", "pop")) else "right"
            table.add_column(column, justify=justify)  # type: ignore[arg-type]
        for name, chains in self.observed.items():
            counts = np.bincount(np.concatenate(chains), minlength=self.card.macrostates)
            shares = " ".join(f"{share:.3f}" for share in (counts / counts.sum())[:SHOWN])
            more = " …" if len(counts) > SHOWN else ""
            jumps = int(events(chains, self.card.macrostates).sum())
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
