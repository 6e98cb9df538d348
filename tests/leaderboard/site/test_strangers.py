"""What strangers write stays text in Markdown, CSV, SVG and LaTeX."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ET
from collections import Counter

import pytest
from markdown_it import MarkdownIt

from leaderboard.board import make_board
from leaderboard.published import Published
from leaderboard.publishing import published
from leaderboard.site.csv_table import csv_text
from leaderboard.site.figure import scores_svg
from leaderboard.site.markdown import page
from tests.leaderboard.strangers import strangers
from tests.leaderboard.synthetic import MakeSubmission, Tasks

Boards = tuple[Published, Published]


@pytest.fixture
def boards(tasks: Tasks, make_submission: MakeSubmission) -> Boards:
    """Publish rows of ordinary words, and the same rows of everything that could do harm."""
    calm, wild = strangers(make_submission)
    return published(make_board(calm, tasks)), published(make_board(wild, tasks))


def kinds(text: str) -> Counter[str]:
    """Count what there is in a page of Markdown, beside text."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tokens = parser.parse(text)
    inside = [child for token in tokens for child in token.children or []]
    return Counter(
        token.type
        for token in [*tokens, *inside]
        if token.type not in ("text", "text_special", "inline")
    )


def test_page_of_markdown_has_the_same_parts_whatever_strangers_write(boards: Boards) -> None:
    calm, wild = (page(board) for board in boards)
    # Each row tells of its own failure, and so of as many as there are rows either way.
    assert kinds(wild) == kinds(calm)
    assert "<script" not in wild
    assert not set("\u202e\u2066\u200b\ufeff\x00\x1b") & set(wild)


def test_csv_and_figure_have_nothing_of_what_strangers_write(boards: Boards) -> None:
    calm, wild = (csv_text(board) for board in boards)
    assert wild == calm
    assert {len(line) for line in csv.reader(wild.splitlines())} == {
        len(wild.splitlines()[0].split(","))
    }
    svgs = [scores_svg(board.shown[0]) for board in boards]
    assert svgs[0] == svgs[1]
    assert ET.fromstring(svgs[1]).tag.endswith("svg")
