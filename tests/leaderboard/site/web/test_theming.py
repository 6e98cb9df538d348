from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from benchmark.console.plots import INK, PALETTE
from leaderboard.site.web.theming import VARIABLES, Drawing, canvas, drawing, inline


def drawn() -> Drawing:
    with canvas(2.0, 1.0) as figure:
        axis = figure.add_axes((0.1, 0.2, 0.8, 0.7))
        axis.plot([0, 1], [0, 1], "o", color=PALETTE[0])
        axis.set_xlabel("x", color=INK)
        return drawing(figure)


@pytest.fixture(scope="module")
def svg() -> str:
    return drawn().svg


def test_figure_is_the_same_file_whenever_it_is_drawn() -> None:
    one, other = drawn(), drawn()
    assert one == other
    assert one.pdf.startswith(b"%PDF-")
    assert b"CreationDate" not in one.pdf


def test_file_keeps_its_colours_and_its_words(svg: str) -> None:
    assert PALETTE[0].lower() in svg.lower()
    assert "var(" not in svg
    assert ">x</text>" in svg
    assert svg == "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def test_part_of_a_page_has_the_colours_of_the_page(svg: str) -> None:
    text = inline(svg, "one", 'a < "b"')
    assert f"var({VARIABLES[PALETTE[0]]})" in text
    assert PALETTE[0].lower() not in text.lower()
    root = ET.fromstring(text)
    assert root.get("role") == "img"
    assert root.get("fill") == "currentColor"  # of what matplotlib leaves black
    assert "#ffffff" not in text
    assert root.get("aria-label") == 'a < "b"'
    assert not text.startswith("<?xml")
    assert "DejaVu" not in text


def test_identifiers_of_two_figures_do_not_clash(svg: str) -> None:
    def ids(name: str) -> set[str]:
        return {one.get("id", "") for one in ET.fromstring(inline(svg, name, "")).iter()} - {""}

    assert ids("one")
    assert not ids("one") & ids("two")
    text = inline(svg, "one", "")
    for word in ('href="#', "url(#"):
        for part in text.split(word)[1:]:
            assert part.startswith("one-")


def test_text_that_is_no_figure_is_an_error() -> None:
    with pytest.raises(ValueError, match="not an SVG of matplotlib"):
        inline("<svg></svg>", "one", "")
