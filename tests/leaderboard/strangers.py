"""Rows in which strangers wrote whatever could do something in a page."""

from __future__ import annotations

from leaderboard.card import checked_card
from leaderboard.markup import plain
from leaderboard.submission import Submission
from tests.leaderboard.synthetic import MakeSubmission, card_fields
from tests.leaderboard.test_markup import LIVE

#: Characters of one text: a card has room for a hundred in its title.
ROOM = 90


def strangers(make_submission: MakeSubmission) -> tuple[list[Submission], list[Submission]]:
    """Make rows of ordinary words, and the same rows of everything that could do harm."""
    text = "\n".join(LIVE)
    parts = [text[start : start + ROOM] for start in range(0, len(text), ROOM)]
    calm = [_stranger(make_submission, f"m{n}", "words") for n in range(len(parts))]
    wild = [_stranger(make_submission, f"m{n}", part) for n, part in enumerate(parts)]
    return calm, wild


def _stranger(make_submission: MakeSubmission, name: str, words: str) -> Submission:
    """Make a row whose every free text is the given words."""
    one = make_submission(name, 0.5)
    for unit in one.result.units[:2]:
        unit.status, unit.reason = "failed", words
    one.result.config.settings = {"note": words}
    seen = plain(words)  # a card with anything else is refused
    fields = card_fields(name) | {
        "title": seen, "authors": [{"name": seen, "affiliation": seen}], "description": seen,
        "citation": seen, "hardware": seen, "trained_on": [seen],
    }  # fmt: skip
    model = one.result.model.model_copy(update={"name": words})
    result = one.result.model_copy(update={"model": model})
    return Submission(checked_card(fields), result, one.tasks)
