"""Find what there is: the tracks, and the tasks of this repository and of the user."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import yaml
from pydantic import ValidationError

from benchmark.errors import InputError
from benchmark.files import read_small
from benchmark.task import Task, TaskCard
from benchmark.track import Track
from benchmark.untrusted import LyingFileError, faults, shown, yaml_of

#: Our own tracks, each a folder of ``benchmark/tracks``. A new one is a line here.
BUILT_IN = ("benchmark.tracks.kinetics.track", "benchmark.tracks.superresolution.track")

#: Anybody's package can add tracks: a group entry ``name = "package.module:TRACK"``.
ENTRY_POINTS = "stridebench.tracks"

#: Bytes; molecules of thousands of atoms have large ones.
LARGEST_CARD = 1 << 20

#: More folders with ``<family>/cards/*.yaml`` inside, separated as in PATH.
TASKS_VARIABLE = "STRIDEBENCH_TASKS"

#: A folder like those, whose tasks take the place of the ones that bear their ids: another test set
#: for a model that may have read the frozen one. Nobody's results on them are ranked.
DRAWN_VARIABLE = "STRIDEBENCH_DRAWN"


@cache
def tracks() -> dict[str, Track]:
    """Give all tracks by name, ours first."""
    found: list[Track] = [import_module(name).TRACK for name in BUILT_IN]
    found += [point.load() for point in entry_points(group=ENTRY_POINTS)]
    return {track.name: track for track in found}


def track_named(name: str) -> Track:
    """Give the track of a name.

    Raises
    ------
    InputError
        If there is none; names those there are.
    """
    if name not in tracks():
        raise InputError(f"no track '{name}'; available: {', '.join(tracks())}")
    return tracks()[name]


def track_of(task: Task) -> Track:
    """Give the track of a task."""
    return track_named(task.card.track)


def read_card(path: Path) -> Task:
    """Read and validate one card.

    Raises
    ------
    InputError
        If the file is not a valid card of a track there is; says which field and why.
    """
    try:
        return Task(_card(read_small(path, LARGEST_CARD), tuple(tracks())), path)
    except ValidationError as error:
        raise InputError(f"{path}: {faults(error, 'card')[0]}") from error
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except (LyingFileError, InputError) as error:
        raise InputError(f"{path}: {error}") from error


@lru_cache(maxsize=1024)
def _card(content: bytes, known: tuple[str, ...]) -> TaskCard:
    """Validate what a file holds, once: all cards are looked through wherever a task is named.

    Parameters
    ----------
    content : bytes
    known : tuple of str
        The tracks there are, which the answer depends on.
    """
    raw = yaml_of(content)
    if not isinstance(raw, dict) or "track" not in raw:
        raise InputError("track: a card is a mapping that names its track")
    track = track_named(shown(str(raw["track"])))
    card = track.card.model_validate(raw)
    directions = {metric.name: metric.smaller_is_better for metric in track.metrics}
    for name, scale in card.metrics.items():
        if name not in directions:
            raise InputError(f"metrics.{shown(name)}: no such metric of the track {track.name}")
        if scale.smaller_is_better != directions[name]:
            raise InputError(f"metrics.{name}: its direction is not that of the track's metric")
    return card


def user_folders() -> list[Path]:
    """Give the folders of the user's own families: of `TASKS_VARIABLE`, else one of the user's."""
    extra = os.environ.get(TASKS_VARIABLE, "")
    if folders := [Path(part) for part in extra.split(os.pathsep) if part]:
        return folders
    import platformdirs  # slow to load

    return [platformdirs.user_data_path("stridebench") / "tasks"]


def user_tasks() -> Path:
    """Give the folder into which new families of the user's own go; it may not exist yet."""
    return user_folders()[0]


def shipped_folders() -> list[Path]:
    """Give the folder of the installed ``tasks`` package, without importing it."""
    spec = importlib.util.find_spec("tasks")
    return [Path(at) for at in (spec and spec.submodule_search_locations) or ()]


def task_roots() -> list[Path]:
    """Give the folders that hold families: the installed ``tasks`` package, then the user's."""
    return shipped_folders() + user_folders()


def all_tasks(roots: Iterable[Path] | None = None) -> dict[str, Task]:
    """Read every card, sorted by id.

    Raises
    ------
    InputError
        If a card is broken, or two have the same id.
    """
    tasks: dict[str, Task] = {}
    for root in task_roots() if roots is None else roots:
        for path in sorted(root.glob("*/cards/*.yaml")):
            task = read_card(path)
            if task.id in tasks:
                raise InputError(f"two cards are called {task.id}: {tasks[task.id].path}, {path}")
            tasks[task.id] = task
    if roots is None:
        tasks |= drawn_tasks()
    return dict(sorted(tasks.items()))


def drawn_tasks() -> dict[str, Task]:
    """Read the cards of `DRAWN_VARIABLE`; none without it."""
    folder = os.environ.get(DRAWN_VARIABLE, "")
    return all_tasks([Path(folder)]) if folder else {}


def find_task(task_id: str) -> Task:
    """Find one task by its id.

    Raises
    ------
    InputError
        If there is none; names the nearest.
    """
    tasks = all_tasks()
    if task_id not in tasks:
        raise InputError(_no_such_task(task_id, tasks))
    return tasks[task_id]


def select_tasks(globs: Sequence[str]) -> list[Task]:
    """Find the tasks whose id matches any of ``globs`` (``potentials/*``); all if none is given.

    Raises
    ------
    InputError
        If a glob matches nothing; names what is available.
    """
    tasks = all_tasks()
    if not globs:
        return list(tasks.values())
    chosen: dict[str, Task] = {}
    for glob in globs:
        hits = {key: task for key, task in tasks.items() if fnmatchcase(key, glob)}
        if not hits:
            raise InputError(_no_such_task(glob, tasks))
        chosen |= hits
    return [tasks[key] for key in tasks if key in chosen]


def fetchable() -> dict[str, str]:
    """Give the families that can be fetched, and the command that does it."""
    found: dict[str, str] = {}
    for root in shipped_folders():
        for path in sorted(root.glob("*/fetch.yaml")):
            found |= yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    return found


def _no_such_task(asked: str, tasks: dict[str, Task]) -> str:
    for family, fetch in fetchable().items():
        if asked.split("/")[0] == family:
            return f"no task matches '{asked}'; fetch {family} first: python -m benchmark {fetch}"
    near = get_close_matches(asked, tasks, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(near)}?" if near else f"available: {', '.join(tasks)}"
    return f"no task matches '{asked}'; {hint}"


def shipped_tasks() -> dict[str, Task]:
    """Read the cards of this repository alone: a board must not depend on anybody's own tasks."""
    return all_tasks(shipped_folders())
