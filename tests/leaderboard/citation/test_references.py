from __future__ import annotations

import re

import pytest

from benchmark.registry import shipped_tasks
from leaderboard.citation.references import BETWEEN, entries, key, keys, known
from leaderboard.published import read_board
from leaderboard.submission import SUBMISSIONS
from tasks.md17.published import CITATION as MD17


def cited() -> set[str]:
    """Give every paper that a card of a task or a shipped row cites."""
    board = read_board(SUBMISSIONS.parent / "board.json")
    rows = [row.card.citation for track in board.shown for row in track.rows]
    tasks = [words for task in shipped_tasks().values() for words in task.card.citations]
    return {paper for words in [*rows, *tasks, MD17] for paper in words.split(BETWEEN) if paper}


def test_every_source_of_every_card_has_its_entry() -> None:
    assert cited() <= set(known())
    assert all(task.card.citations for task in shipped_tasks().values())


def test_no_entry_is_there_that_nothing_cites() -> None:
    assert set(known().values()) == {known()[paper] for paper in cited()}


def test_keys_are_of_one_entry_each() -> None:
    found = list(dict.fromkeys(known().values()))
    assert len({key(entry) for entry in found}) == len(found)


@pytest.mark.parametrize("entry", dict.fromkeys(known().values()), ids=key)
def test_entry_has_balanced_braces_and_what_a_reader_needs(entry: str) -> None:
    assert entry.count("{") == entry.count("}")
    assert entry.isascii()
    fields = dict(re.findall(r"^  (\w+) = \{(.*)\},?$", entry, re.MULTILINE))
    assert {"author", "title", "year"} <= set(fields)
    assert fields.keys() & {"doi", "eprint", "publisher"}
    assert all(one == "others" or "," in one for one in fields["author"].split(" and "))


def test_citation_of_two_papers_gives_two_entries_and_a_repeated_one_is_there_once() -> None:
    words = (
        "L. R. Rabiner, Proc. IEEE 77, 257 (1989); F. Noé et al., J. Chem. Phys. 139, 184114 (2013)"
    )
    assert keys([words, words]) == ["rabiner1989tutorial", "noe2013projected"]


def test_unknown_paper_becomes_an_entry_of_its_words_which_are_inert() -> None:
    [entry] = entries([r"A. Nobody, J. None 1, 2 (2030) \input{/etc/passwd} }"])
    assert key(entry).startswith("nobody")
    assert r"\input{" not in entry
    assert entry.count("{") - entry.count(r"\{") == entry.count("}") - entry.count(r"\}")
