"""Whether card, result and folder belong together."""

from __future__ import annotations

from collections.abc import Iterator

from benchmark.registry import track_of
from benchmark.text import of_one_script
from benchmark.untrusted import shown
from leaderboard.card import most_parameters
from leaderboard.checks.entry import Entry


def name_faults(entry: Entry) -> Iterator[str]:
    """Compare the name with the folder's, and with those beside it."""
    name, folder = entry.card.name, entry.folder.resolve()
    if name != folder.name:
        yield f"name is '{name}', but the folder '{shown(folder.name)}'; make them one"
    for other in sorted(folder.parent.iterdir()):
        if other.name not in (name, folder.name) and other.name.casefold() == name.casefold():
            yield f"name is '{name}', which differs from '{other.name}' in case only; take another"


def model_faults(entry: Entry) -> Iterator[str]:
    """Compare what the card says of the model with what the run found."""
    card, model = entry.card, entry.result.model
    for field in ("name", "title"):
        try:
            of_one_script(getattr(model, field))
        except ValueError as error:
            yield f"the {field} of the model that ran: {error}"
    if card.role != model.role:
        yield f"role is '{card.role}', but the model that ran is a {model.role}; make them one"
    fresh = "fresh" in card.trained_on
    if model.trained_on == "fresh" and not fresh:
        yield "trained_on must name 'fresh', on which the model that ran was trained"
    if (fresh or model.trained_on == "fresh") and "model" in (card.role, model.role):
        yield "trained_on is 'fresh', chains of the true process, which only a control may see"
    if "test" in card.trained_on:
        yield "trained_on is 'test', on which nothing may be trained that is on the board"
    yield from _reading_faults(entry)
    most = most_parameters(entry.result)
    if most is not None and card.parameters != most:
        yield f"parameters is {card.parameters}, but the most of any unit is {most}; say that"


def _reading_faults(entry: Entry) -> Iterator[str]:
    """Compare what a model is said to read with what its track has to show."""
    found = [track_of(entry.tasks[one.task]) for one in entry.result.tasks]
    for track in {one.name: one for one in found}.values():
        stray = [one for one in entry.card.reads if track.reads and one not in track.reads]
        if stray:
            yield (
                f"reads '{shown(stray[0])}', which {track.name} does not show; "
                f"a model of it may read {', '.join(track.reads)}"
            )


def track_faults(entry: Entry) -> Iterator[str]:
    """Compare the track of the tasks with the folder that the submission lies in."""
    tracks = sorted({entry.tasks[task.task].card.track for task in entry.result.tasks})
    home = entry.folder.resolve().parent
    if len(tracks) > 1:
        yield f"tasks of the tracks {', '.join(tracks)}; submit them one by one"
    elif tracks != [home.name]:
        yield f"of the track {tracks[0]}, but in {shown(str(home), 200)}; move it to {tracks[0]}"
