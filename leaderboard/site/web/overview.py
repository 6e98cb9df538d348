"""The first page: who stands where, on everything or on a part of it, and at what cost."""

from __future__ import annotations

from collections.abc import Iterator

from leaderboard.published import PublishedRow, PublishedTrack, Value
from leaderboard.site.cells import group_cell, overall_cells
from leaderboard.site.web.addresses import model_page
from leaderboard.site.web.grid import Cell, Column, Grid, Line, measured
from leaderboard.tables import NO_VALUE, two_digits

#: Stands for all families, and for the score itself among its groups.
ALL, SCORE = "all", "score"


def standings(track: PublishedTrack) -> Grid:
    """Tabulate the rows of a track: scores overall, by group, by family and by both; costs.

    A script shows the columns of the family and the group that a reader asks for.
    """
    places = list(_places(track))
    return Grid(
        name=track.name,
        caption=f"{track.title}: models by score",
        columns=[
            Column("model", number=False),
            Column("rank", about="equal ranks: models that no paired difference tells apart"),
            *[_score_column(family, group, track) for family, group in places],
            Column("tasks run", extra=True),
            Column("parameters", about="smallest and largest over the tasks"),
            Column("fit, s", about="median seconds of one fit, on the submitter's machine"),
            *([GENERATED] if _generates(track) else []),
            Column("failed units", extra=True),
            Column("checked", number=False, about="how far the numbers were checked"),
            Column("reads", number=False, about="what the model is shown", extra=True),
        ],
        lines=[_line(row, track, places) for row in track.rows],
    )


GENERATED = Column("frames/s", about="median of generated frames a second", extra=True)


def _generates(track: PublishedTrack) -> bool:
    return any(row.costs.sampled_frames_per_second > 0 for row in track.rows)


def _places(track: PublishedTrack) -> Iterator[tuple[str, str]]:
    """Give the parts of the score: (family or all, group or score)."""
    groups = [SCORE, *track.groups] if len(track.groups) > 1 else [SCORE]
    families = [one.name for one in track.families] if len(track.families) > 1 else []
    for family in (ALL, *families):
        for group in groups:
            yield family, group


def _score_column(family: str, group: str, track: PublishedTrack) -> Column:
    seen = SCORE in (group, family) or family == ALL
    heading = {True: group, False: family if group == SCORE else f"{family}: {group}"}
    return Column(
        heading[family == ALL],
        about=f"0 {track.ends[0]}, 1 {track.ends[1]}",
        data={"family": family, "group": group},
        extra=not seen,
    )


def _line(row: PublishedRow, track: PublishedTrack, places: list[tuple[str, str]]) -> Line:
    told = overall_cells(row, track)
    costs = row.costs
    look = "control" if row.role == "control" else ""
    scores = [_score(row, family, group) for family, group in places]
    speed = [_speed(costs.sampled_frames_per_second)] if _generates(track) else []
    cells = [
        Cell(row.name, link=model_page(track, row), look=look),
        Cell(told["rank"], row.rank or float("nan")),
        *scores,
        Cell(told["tasks run"], len(row.tasks)),
        Cell(told["parameters"], costs.most_parameters),
        Cell(told["fit, s"], costs.fit_seconds),
        *speed,
        Cell(told["failed units"], costs.failed),
        Cell(row.checked, badge=row.verification),
        Cell(", ".join(row.card.reads) or NO_VALUE),
    ]
    data = {
        "role": row.role,
        "checked": row.verification,
        "reads": " ".join(row.card.reads),
    }
    return Line(cells, data)


def _score(row: PublishedRow, family: str, group: str) -> Cell:
    value: Value = row.overall if family == ALL else row.families[family]
    if group == SCORE:
        return measured(value.value, value.stderr)
    if group not in value.groups:
        return Cell(NO_VALUE)
    return Cell(group_cell(row, value, group), value.groups[group])


def _speed(value: float) -> Cell:
    return Cell(f"{value:,.0f}" if value > 0 else two_digits(value), value)
