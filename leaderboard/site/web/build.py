"""Write the site: every page, and beside every table and figure the same to take away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from benchmark.uncertainty import with_error
from leaderboard.claims.claim import Block, Claim, Dots, Points, Text
from leaderboard.markup import link
from leaderboard.published import (
    Published,
    PublishedRow,
    PublishedTask,
    PublishedTrack,
    board_schema,
)
from leaderboard.site.cells import overall_cells
from leaderboard.site.claim_figures import size
from leaderboard.site.claims_page import overview
from leaderboard.site.csv_table import csv_text
from leaderboard.site.reading import how_to_read, optional_metrics
from leaderboard.site.web.addresses import data_figure, model_page, slug, task_page, units_file
from leaderboard.site.web.figures import claim_figure, cost_figure, model_figure, task_figure
from leaderboard.site.web.folder import SiteFolder, replaced
from leaderboard.site.web.grid import Cell, Column, Grid, Line
from leaderboard.site.web.model_page import places_of, units_of
from leaderboard.site.web.news import releases
from leaderboard.site.web.overview import standings
from leaderboard.site.web.task_list import tasks_of
from leaderboard.site.web.task_page import leading, rows_of, scale_of
from leaderboard.site.web.theming import Drawing
from leaderboard.site.web.words import bare, line, paragraphs
from leaderboard.tables import two_digits
from leaderboard.units import RowUnits

#: Track and name of a row → its units.
Units = Mapping[tuple[str, str], RowUnits]

#: Inches: a wider figure of a claim fills more than a narrow page, so that it can be read.
WIDE = 6.5

#: The date of a feed without an entry.
EPOCH = "1970-01-01"

#: Stands where the docs are built to, until they are.
DOCS = Path(__file__).parent / "docs.md"
SUBMIT = Path(__file__).parent / "submit.md"


def build_site(
    folder: Path,
    board: Published,
    units: Units,
    drawn: Mapping[str, str] | None = None,
    changelog: str = "",
) -> None:
    """Write the site of a board.

    Parameters
    ----------
    folder : Path
        Empty, missing, or an earlier site, which is replaced.
    board : Published
    units : mapping of track and name of a row to RowUnits
    drawn : mapping of task id to str, optional
        Figures of tasks before any model, as SVG.
    changelog : str
        Its releases are the news.

    Raises
    ------
    InputError
        If the folder holds anything else, or cannot be written.
    """
    with replaced(folder, board) as site:
        _overview(site, board)
        _tasks(site, board, drawn or {})
        _models(site, board, units)
        _claims(site, board.claims)
        _words(site, board, changelog)
        site.text("data/board.json", board.text)
        site.text("data/board.schema.json", board_schema())
        site.text("data/leaderboard.csv", csv_text(board))


def _overview(site: SiteFolder, board: Published) -> None:
    shown = board.shown
    costs = {
        track.name: site.figure(
            f"{track.name}-cost",
            cost_figure(track),
            f"Score against the time of a fit and the parameters of every model of {track.title}; "
            "the numbers are in the table above",
        )
        for track in shown
    }
    site.page(
        "index.html",
        "index.html",
        shown=shown,
        grids={track.name: site.grid(standings(track)) for track in shown},
        costs=costs,
        inputs_of=_inputs,
        lacking=lambda track: " or ".join(
            dict.fromkeys(str(one.group) for one in optional_metrics([track]))
        ),
        two_digits=two_digits,
    )


def _inputs(track: PublishedTrack) -> list[str]:
    return sorted({one for row in track.rows for one in row.card.reads})


def _tasks(site: SiteFolder, board: Published, drawn: Mapping[str, str]) -> None:
    site.page(
        "tasks.html",
        "tasks.html",
        grids={track.name: site.grid(tasks_of(track)) for track in board.tracks},
    )
    for track in board.tracks:
        for task in track.tasks:
            _task(site, task, track, drawn.get(task.id, ""))


def _task(site: SiteFolder, task: PublishedTask, track: PublishedTrack, drawn: str) -> None:
    name, data_name = slug(task.id), data_figure(task.id, task.fingerprint)
    figure: str | Markup = ""
    if any(task.id in row.tasks for row in track.rows):
        says = f"Score of every model on {task.id}; the numbers are in the table above"
        figure = site.figure(name, task_figure(task, track), says)
    site.page(
        task_page(task),
        "task.html",
        task=task,
        track=track,
        name=name,
        rows=site.grid(rows_of(task, track)),
        marks=site.grid(scale_of(task, track)),
        leading=leading(task, track),
        data_name=data_name,
        figure=figure,
        drawn=drawn
        and site.figure(data_name, Drawing(drawn), f"The data of {task.id}, before any model"),
    )


def _models(site: SiteFolder, board: Published, units: Units) -> None:
    for track in board.tracks:
        for row in track.rows:
            _model(site, row, track, units[track.name, row.name])


def _model(site: SiteFolder, row: PublishedRow, track: PublishedTrack, units: RowUnits) -> None:
    name = f"{track.name}--{row.name}"
    says = f"Score of {row.name} on every task; the numbers are in the table above"
    site.text(units_file(track, row), units.model_dump_json() + "\n")
    site.page(
        model_page(track, row),
        "model.html",
        row=row,
        track=track,
        name=name,
        told=overall_cells(row, track),
        places=site.grid(places_of(row, track)),
        figure=site.figure(name, model_figure(row, track), says),
        units=units_of(row, track, units),
        units_file=units_file(track, row),
        slug=slug,
        task_page=task_page,
        with_error=with_error,
        link=link,
        paper=_paper(row.card.paper),
    )


def _paper(paper: str) -> str:
    """Give the address of a paper: a DOI, an arXiv number, or an address already."""
    for prefix, place in (("10.", "https://doi.org/"), ("arXiv:", "https://arxiv.org/abs/")):
        if paper.startswith(prefix):
            return link(place + paper.removeprefix("arXiv:"))
    return link(paper)


def _claims(site: SiteFolder, claims: Sequence[Claim]) -> None:
    shown = [
        {
            "id": claim.id,
            "title": claim.title,
            "source": claim.source,
            "blocks": [
                _claim_block(site, claim, number, block)
                for number, block in enumerate(claim.blocks)
            ],
        }
        for claim in claims
    ]
    places = {answer.code: claim.id for claim in reversed(claims) for answer in claim.answers}
    rows = overview(claims)
    verdicts = site.grid(_overview_grid(rows, places)) if rows else None
    site.page("claims.html", "claims.html", claims=shown, verdicts=verdicts)


def _claim_block(site: SiteFolder, claim: Claim, number: int, block: Block) -> dict[str, Any]:
    """Give what the template shows of a block: one of words, a figure or a table."""
    if isinstance(block, Text):
        return {"words": paragraphs(block.text)}
    if isinstance(block, Dots | Points):
        drawn = site.figure(block.name, claim_figure(block), block.caption)
        wide = size(block)[0] > WIDE
        return {"figure": drawn, "name": block.name, "caption": line(block.caption), "wide": wide}
    return {"grid": site.grid(_claim_grid(claim, number, block.rows, block.left))}


def _overview_grid(rows: Sequence[Mapping[str, str]], places: Mapping[str, str]) -> Grid:
    """Make the table of all verdicts, each linked to its section."""
    return Grid(
        name="claims",
        caption="What comes of each claim",
        columns=[Column(name, number=False) for name in rows[0]],
        lines=[
            Line(
                [
                    Cell(text, link=f"#{places[text]}") if name == "claim" else Cell(bare(text))
                    for name, text in row.items()
                ]
            )
            for row in rows
        ],
    )


def _claim_grid(claim: Claim, number: int, rows: Sequence[Mapping[str, str]], left: int) -> Grid:
    """Make a table of a claim's finished cells."""
    return Grid(
        name=f"claim-{claim.id}-{number}",
        caption=f"{claim.title}: table {number}",
        columns=[
            Column(name, number=place >= left and all(_is_number(row[name]) for row in rows))
            for place, name in enumerate(rows[0])
        ],
        lines=[Line([Cell(bare(text)) for text in row.values()]) for row in rows],
    )


def _is_number(text: str) -> bool:
    """Whether a finished cell is a number, perhaps with words behind it, or stands for one."""
    return not bare(text)[:1].isalpha()


def _words(site: SiteFolder, board: Published, changelog: str) -> None:
    """Write the pages that are mostly text, and the feed."""
    read = how_to_read(board.shown or board.tracks).replace("## How to read it", "", 1)
    for address, title, text in (
        ("scores.html", "How scores are made", read),
        ("submit.html", "How to submit", SUBMIT.read_text("utf-8")),
        ("docs/index.html", "Docs", DOCS.read_text("utf-8")),
    ):
        site.page(address, "words.html", title=title, words=paragraphs(text))
    found = [
        {"version": one.version, "date": one.date, "html": paragraphs(one.text)}
        for one in releases(changelog)
    ]
    site.page("news.html", "news.html", releases=found)
    out = [one for one in found if one["date"]]
    site.page("feed.xml", "feed.xml", releases=out, updated=out[0]["date"] if out else EPOCH)
