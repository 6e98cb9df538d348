"""Where each page, table and figure of the site lies, relative to its first page."""

from __future__ import annotations

from leaderboard.published import PublishedRow, PublishedTask, PublishedTrack


def slug(name: str) -> str:
    """Give the name of a task or a place as part of a file's name.

    Examples
    --------
    >>> slug("alanine/cored4-1ps")
    'alanine--cored4-1ps'
    """
    return name.replace("/", "--")


def task_page(task: PublishedTask) -> str:
    """Give the page of a task."""
    return f"tasks/{slug(task.id)}.html"


def model_page(track: PublishedTrack, row: PublishedRow) -> str:
    """Give the page of a row."""
    return f"models/{track.name}--{row.name}.html"


def data_figure(task: str, fingerprint: str) -> str:
    """Name the figure of a task before any model; its name changes with what it shows."""
    return f"{slug(task)}-data-{fingerprint[:12]}"


def units_file(track: PublishedTrack, row: PublishedRow) -> str:
    """Give the file of a row's units."""
    return f"data/units/{track.name}--{row.name}.json"
