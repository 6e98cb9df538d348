from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.text import MOST_MARKS, of_one_script, one_line, shows

HIDDEN = {
    "control": "\x07",
    "escape": "\x1b",
    "nul": "\x00",
    "right-to-left override": "\u202e",
    "isolate": "\u2066",
    "zero-width space": "\u200b",
    "zero-width joiner": "\u200d",
    "byte-order mark": "\ufeff",
    "soft hyphen": "\xad",
    "no-break space": "\xa0",
    "private use": "\ue000",
    "unassigned": "\u0378",
    "lone surrogate": "\ud800",
    "Hangul filler": "\u3164",
    "empty braille": "\u2800",
    "variation selector": "\ufe0f",
    "tag": "\U000e0041",
    "selector beyond the first plane": "\U000e0101",
}


@pytest.mark.parametrize("char", HIDDEN.values(), ids=HIDDEN.keys())
def test_what_does_not_show_is_refused_with_its_place_and_number(char: str) -> None:
    assert not shows(char)
    if char == "\xa0":  # a blank to `str.split`, and so written as one
        assert one_line(f"a{char}b", 80) == "a b"
        return
    with pytest.raises(ValueError, match=f"character 2 is U\\+{ord(char):04X}, which does not"):
        one_line(f"a{char}b", 80)


@pytest.mark.parametrize(
    "text", ["K.-R. Müller", "Ångström", "李明", "Ελένη", "محمد", "x² ≤ 1e-4 Å", "50 % <b>", "한국"]
)
def test_writing_of_people_and_of_science_stays_as_it_is(text: str) -> None:
    assert one_line(text, 80) == unicodedata.normalize("NFC", text)


def test_text_is_composed_and_in_one_line() -> None:
    assert one_line("  Mu\u0308ller,\n\tet  al.\r\n", 80) == "Müller, et al."


def test_length_is_that_of_the_line() -> None:
    assert one_line("a" + " " * 20 + "b", 10) == "a b"
    with pytest.raises(ValueError, match="11 characters; at most 10"):
        one_line("x" * 11, 10)


def test_long_text_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(ValueError, match="10,000,000 characters; at most 100"):
        one_line("e\u0301" * 5_000_000, 100)


def test_tower_of_accents_is_refused() -> None:
    assert one_line("q" + "\u0323" * MOST_MARKS, 80)
    with pytest.raises(ValueError, match="accents on one letter"):
        one_line("q" + "\u0323" * (MOST_MARKS + 1), 80)


@given(st.text(max_size=50))
def test_line_that_passes_shows_whole_and_passes_again_unchanged(text: str) -> None:
    try:
        line = one_line(text, 50)
    except ValueError:
        return
    assert all(shows(char) for char in line)
    assert one_line(line, 50) == line


@pytest.mark.parametrize(
    "text",
    [
        "Markov state model",
        "β-VAE",
        "ΔG of 5 µs in Å",
        "LSTMモデル",
        "Модель Маркова",
        "H₂O, x²",
        "Müller",
    ],
)
def test_words_of_one_script_are_as_they_were(text: str) -> None:
    assert of_one_script(text) == text


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("M\u0430rkov", "U+0430 (CYRILLIC SMALL LETTER A)"),
        ("a Transf\u03bfrmer", "U+03BF (GREEK SMALL LETTER OMICRON)"),
        ("LST\uff2d", "U+FF2D (FULLWIDTH LATIN CAPITAL LETTER M)"),
        ("H\U0001d40c\u041cM", "U+1D40C (MATHEMATICAL BOLD CAPITAL M)"),
        ("gr\u057d", "U+057D (ARMENIAN SMALL LETTER SEH)"),
    ],
)
def test_letter_that_can_be_taken_for_a_latin_one_is_named(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=re.escape(named)):
        of_one_script(text)
