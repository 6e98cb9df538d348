from __future__ import annotations

from leaderboard.site.web.news import CHANGELOG, Release, releases
from tests.leaderboard.site.web import conftest


def test_sections_are_releases_the_latest_first() -> None:
    first, second = releases(conftest.CHANGELOG)
    assert (first.version, first.date) == ("Unreleased", "")
    assert first.text == "### Added\n\n- A `site`."
    assert second == Release("0.1.0", "2026-01-02", "The first <b>version</b>.")


def test_text_without_a_heading_holds_no_release() -> None:
    assert releases("") == []
    assert releases("# Changelog\n\nNothing.") == []


def test_our_own_changelog_begins_with_what_is_to_come() -> None:
    assert releases(CHANGELOG.read_text("utf-8"))[0].version == "Unreleased"
