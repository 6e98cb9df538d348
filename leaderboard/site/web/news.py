"""What has changed, from CHANGELOG.md: a page, and an Atom feed of the releases."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

CHANGELOG = Path(__file__).parents[3] / "CHANGELOG.md"

HEADING = re.compile(
    r"^## \[?(?P<version>[^\]\s]+)\]?(?: - (?P<date>\d{4}-\d{2}-\d{2}))?\s*$", re.M
)


@dataclass(frozen=True)
class Release:
    """A version, its date (empty until it is out), and what has changed, in Markdown."""

    version: str
    date: str
    text: str


def releases(changelog: str) -> list[Release]:
    """Read the sections of a changelog, the latest first."""
    found = list(HEADING.finditer(changelog))
    parts = []
    for one, following in zip_longest(found, found[1:]):
        end = following.start() if following else len(changelog)
        parts.append(Release(one["version"], one["date"] or "", changelog[one.end() : end].strip()))
    return parts
