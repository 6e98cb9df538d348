from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmark import __version__
from benchmark.uncertainty import with_error
from leaderboard.published import PublishedRow, PublishedTrack, read_board
from leaderboard.site.badge import COLOURS, badge_svg
from leaderboard.submission import SUBMISSIONS
from tests.plugs import command


@pytest.fixture(scope="module")
def track() -> PublishedTrack:
    return read_board(SUBMISSIONS.parent / "board.json").shown[0]


def row_named(track: PublishedTrack, name: str) -> PublishedRow:
    return next(row for row in track.rows if row.name == name)


def test_badge_says_score_rank_version_and_how_it_was_checked(track: PublishedTrack) -> None:
    row = row_named(track, "transformer")
    alt = ET.fromstring(badge_svg(track, row, "1.2.3")).get("aria-label")
    score = with_error(row.overall.value, row.overall.stderr)
    ranked = sum(one.rank is not None for one in track.rows)
    assert alt is not None
    assert alt.startswith(f"transformer: stridebench 1.2.3, kinetics {score} · rank {row.rank}")
    assert f"of {ranked}" in alt
    assert alt.endswith(row.checked)


def test_badge_says_of_how_many_units_it_is_one(track: PublishedTrack) -> None:
    told = {"verification": "re-scored", "share": "2 of 130 units"}
    svg = badge_svg(track, row_named(track, "msm").model_copy(update=told), "1")
    alt = ET.fromstring(svg).get("aria-label")
    assert alt is not None
    assert alt.endswith("re-scored (2 of 130 units)")


def test_control_is_unranked_and_colours_tell_what_was_checked(track: PublishedTrack) -> None:
    row = row_named(track, "msm").model_copy(update={"rank": None})
    drawn = [
        badge_svg(track, row.model_copy(update={"verification": level}), "1") for level in COLOURS
    ]
    assert all("unranked" in svg for svg in drawn)
    assert all(colour in svg for colour, svg in zip(COLOURS.values(), drawn, strict=True))


def test_texts_of_a_row_are_inert(track: PublishedTrack) -> None:
    row = row_named(track, "msm").model_copy(update={"name": '"/><script>alert(1)</script>'})
    svg = badge_svg(track, row, "1")
    assert ET.fromstring(svg) is not None
    assert "<script" not in svg


def test_text_stays_within_the_badge(track: PublishedTrack) -> None:
    svg = ET.fromstring(badge_svg(track, row_named(track, "lstm"), __version__))
    width = float(svg.get("width", "0"))
    for text in svg.iter("{http://www.w3.org/2000/svg}text"):
        assert float(text.get("x", "0")) + float(text.get("textLength", "0")) <= width


def test_cite_writes_the_badge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "badge.svg"
    code, _, err = command(capsys, "cite", "--model", "gru", "--badge", path, "--format", "text")
    assert (code, err) == (0, f"written: {path}\n")
    assert ET.parse(path).getroot().get("role") == "img"


def test_badge_is_written_into_a_folder_that_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new" / "folder" / "badge.svg"
    code, out, err = command(capsys, "cite", "--model", "gru", "--badge", path)
    assert (code, out) == (2, "")
    assert f"there is no folder {path.parent}; make it first" in err
    assert not (tmp_path / "new").exists()
