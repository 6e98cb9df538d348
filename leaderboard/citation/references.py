"""From the words in which a card cites a paper to its BibTeX entry."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import yaml

from leaderboard.markup import latex

#: Stands between the papers of one citation.
BETWEEN = "; "


@cache
def known() -> dict[str, str]:
    """Give the entries of ``references.yaml`` by the words that cite them."""
    text = files("leaderboard.citation").joinpath("references.yaml").read_text("utf-8")
    found = yaml.load(text, Loader=yaml.CSafeLoader)
    return {words: one["bibtex"].strip() for one in found for words in one["cited_as"]}


def entries(citations: Iterable[str]) -> list[str]:
    """Give the BibTeX entries of citations, each once, in the order in which they come.

    Parameters
    ----------
    citations : iterable of str
        As in cards. A paper that is not in ``references.yaml`` becomes an entry of its words alone,
        escaped: anybody may have written them.
    """
    papers = [paper.strip() for one in citations for paper in one.split(BETWEEN)]
    return list(dict.fromkeys(known().get(paper) or _of_words(paper) for paper in papers if paper))


def keys(citations: Iterable[str]) -> list[str]:
    """Give the keys by which the entries of citations are cited."""
    return [key(entry) for entry in entries(citations)]


def key(entry: str) -> str:
    r"""Give the key of a BibTeX entry.

    Examples
    --------
    >>> key("@misc{zeng2021note,\n  year = {2021}\n}")
    'zeng2021note'
    """
    return entry.split("{", 1)[1].split(",", 1)[0]


def _of_words(words: str) -> str:
    name = re.sub(r"[^a-z]", "", words.split(",")[0].split()[-1].lower()) or "paper"
    digest = hashlib.sha256(words.encode()).hexdigest()[:6]
    return f"@misc{{{name}{digest},\n  title = {{{{{latex(words)}}}}}\n}}"
