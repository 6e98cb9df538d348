"""Who can be compared: a row of the board by its name, a run by its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from benchmark.errors import InputError
from benchmark.registry import track_named
from benchmark.result import Result, Unit, read_result
from benchmark.score import SCORER_VERSION
from benchmark.task import Task
from leaderboard.checks.entry import RESULTS
from leaderboard.doubts import doubts
from leaderboard.quick import QUICK, quick_file
from leaderboard.submission import SUBMISSIONS, Submission, read_submission

#: Where `run` puts its folders.
RUNS = Path("runs")


@dataclass(frozen=True)
class Entrant:
    """A row of the board or a run, as it takes part in a comparison.

    Attributes
    ----------
    name : str
        As it was asked for.
    track : str
    result : Result
        Of the tasks as they are now.
    row : bool
        Whether it is on the board.
    doubts : tuple of str
        What is too good to be true.
    """

    name: str
    track: str
    result: Result
    row: bool
    doubts: tuple[str, ...] = ()

    @property
    def tasks(self) -> list[str]:
        """The tasks that it has run."""
        return [task.task for task in self.result.tasks]

    def units(self, task: str) -> list[Unit]:
        """Give the units of one task."""
        return [unit for unit in self.result.units if unit.task == task]


def entrants(
    names: Sequence[str], tasks: Mapping[str, Task], folder: Path = SUBMISSIONS
) -> list[Entrant]:
    """Find rows and runs that can stand side by side.

    Parameters
    ----------
    names : sequence of str
        A row (``lstm``, or ``kinetics/lstm`` where two tracks have one) or a run's folder.
    tasks : mapping of task id to Task
        The tasks as they are now.
    folder : Path
        Holds the submissions.

    Returns
    -------
    list of Entrant
        Where one is a quick run, rows of the board are their models' quick runs, if such are kept.

    Raises
    ------
    InputError
        If a name is unknown, a run is of other versions, or no track has all of them.
    """
    found = [_candidates(name, tasks, folder) for name in names]
    common = [track for track in found[0] if all(track in one for one in found)]
    if not common:
        told = "; ".join(
            f"{name} is of {' and '.join(one)}" for name, one in zip(names, found, strict=True)
        )
        raise InputError(f"no common tasks: {told}; compare models of one track")
    if len(common) > 1:
        raise InputError(
            f"'{names[0]}' is in the tracks {' and '.join(common)}; "
            f"say which: {' or '.join(f'{track}/{names[0]}' for track in common)}"
        )
    chosen = [one[common[0]] for one in found]
    if quick := [one for one in chosen if one.result.config.quick]:
        kept = folder.parent / QUICK.name
        return [_like(quick[0], one, tasks, kept) for one in chosen]
    return chosen


def _like(run: Entrant, one: Entrant, tasks: Mapping[str, Task], folder: Path) -> Entrant:
    """Give what can stand beside a quick run: of a row its own quick run, where one is kept."""
    path = quick_file(one.track, one.name.rpartition("/")[2], folder)
    if not one.row or not path.is_file():
        return one
    try:
        kept = _run(f"{one.name} (quick)", path, tasks)
    except InputError:  # of an earlier version: the row itself is better than nothing
        return one
    return kept if {*kept.tasks} & {*run.tasks} else one


def _candidates(name: str, tasks: Mapping[str, Task], folder: Path) -> dict[str, Entrant]:
    """Give what has a name, by track: rows of the board before a folder."""
    rows = _rows(folder)
    homes = [home for label, home in rows if name in (label, home.name)]
    if homes:
        return {home.parent.name: _row(name, home, tasks) for home in homes}
    path = Path(name)
    if (path / RESULTS).is_file() or path.name == RESULTS:
        entrant = _run(name, path, tasks)
        return {entrant.track: entrant}
    if path.is_dir():
        raise InputError(
            f"'{name}' has no {RESULTS}; finish the run, or python -m benchmark score {name}"
        )
    raise InputError(_unknown(name, [label for label, _ in rows]))


def _rows(folder: Path) -> list[tuple[str, Path]]:
    homes = sorted(path for path in folder.glob("*/*") if path.is_dir())
    return [(f"{home.parent.name}/{home.name}", home) for home in homes]


def _unknown(name: str, labels: Sequence[str]) -> str:
    runs = [str(path) for path in sorted(RUNS.glob("*")) if (path / RESULTS).is_file()]
    known = [*dict.fromkeys(label.split("/")[1] for label in labels), *runs]
    near = get_close_matches(name, [*known, *labels], n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"available: {', '.join(known) or 'none'}"
    return f"no row of the board and no run is called '{name}'; {hint}"


def _row(name: str, home: Path, tasks: Mapping[str, Task]) -> Entrant:
    found = read_submission(home, tasks)
    track = home.parent.name
    return Entrant(name, track, found.result, True, _doubts(found, track, tasks))


def _doubts(found: Submission, track: str, tasks: Mapping[str, Task]) -> tuple[str, ...]:
    cards = [tasks[task].card for task in found.tasks]
    return doubts(found, cards, track_named(track))


def _run(name: str, path: Path, tasks: Mapping[str, Task]) -> Entrant:
    """Read a run; it may be quick, or lack replicas, but must be of the tasks as they are."""
    result = read_result(path)
    scorer = result.provenance.get("scorer_version")
    if scorer != SCORER_VERSION:
        raise InputError(
            f"{name}: scored by scorer version {scorer}, the current one is {SCORER_VERSION}; "
            f"python -m benchmark score {name}"
        )
    if not result.tasks:
        raise InputError(f"{name}: holds no scored task; run it first")
    data = result.provenance.get("data") or {}
    for task in (one.task for one in result.tasks):
        if task not in tasks:
            raise InputError(f"{name}: there is no task {task} any more")
        now, then = tasks[task].card.fingerprints, data.get(task)
        if then != now:
            version = (then or {}).get("version", "unknown")
            raise InputError(
                f"{name}: made with version {version} of {task}, or with other data; "
                f"the task is version {now['version']} now: run it again"
            )
    return Entrant(name, tasks[result.tasks[0].task].card.track, result, row=False)
