"""Text that anybody may have written: what of it shows, and what of it may stand in a line."""

from __future__ import annotations

import unicodedata

#: Printable by Python's book, and yet nothing to see: fillers, joiners, selectors of a variant
#: (Unicode's Default_Ignorable_Code_Point, less what is no printable character anyway).
INVISIBLE = frozenset(
    [
        0x034F,
        *range(0x115F, 0x1161),
        *range(0x17B4, 0x17B6),
        *range(0x180B, 0x1810),
        0x2800,
        0x3164,
        *range(0xFE00, 0xFE10),
        0xFFA0,
        *range(0x1D173, 0x1D17B),
        *range(0xE0100, 0xE01F0),
    ]
)

#: Accents on one letter; a tower of them hides the lines above and below.
MOST_MARKS = 4


def shows(char: str) -> bool:
    r"""Whether a character is to be seen where it stands: a letter, a mark, a sign, a blank.

    Controls, marks of direction, blanks without width, lone surrogates, private and unassigned
    characters are not.

    Examples
    --------
    >>> [shows(char) for char in "é 中"], [shows(char) for char in "\u202e\u200b\n\ue000"]
    ([True, True, True], [False, False, False, False])
    """
    return char.isprintable() and ord(char) not in INVISIBLE


def one_line(text: str, most: int) -> str:
    r"""Give a text as it may stand in a line: composed (NFC), with single blanks.

    Parameters
    ----------
    text : str
    most : int
        Characters at most.

    Raises
    ------
    ValueError
        If it is longer, or holds something that does not show; names it.

    Examples
    --------
    >>> one_line("A title,\n  in two lines ", 80)
    'A title, in two lines'
    """
    if len(text) > 4 * most:  # composing takes time
        raise ValueError(f"{len(text):,} characters; at most {most}")
    line = unicodedata.normalize("NFC", " ".join(text.split()))
    if len(line) > most:
        raise ValueError(f"{len(line):,} characters; at most {most}")
    marks = 0
    for place, char in enumerate(line):
        if not shows(char):
            raise ValueError(
                f"character {place + 1} is U+{ord(char):04X}, which does not show; take it out"
            )
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks > MOST_MARKS:
            raise ValueError(f"over {MOST_MARKS} accents on one letter; take them out")
    return line


#: Scripts that are written beside Latin letters in one word, and look like none of them.
BESIDE_LATIN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})

#: Greek letters that look like no Latin one.
PLAINLY_GREEK = frozenset("ΓΔΘΛΞΠΣΦΨΩβγδεζηθλμξπσςφψω")


def of_one_script(text: str) -> str:
    r"""Give a text back if no word of it mixes letters that can be taken for one another.

    Raises
    ------
    ValueError
        If a letter stands among Latin ones that is none, and is of a script with letters that look
        like Latin ones; names it.

    Examples
    --------
    >>> of_one_script("β-VAE, ΔG, LSTMモデル, Модель")
    'β-VAE, ΔG, LSTMモデル, Модель'
    >>> of_one_script("M\u0430rkov")
    Traceback (most recent call last):
    ...
    ValueError: 'Mаrkov' has U+0430 (CYRILLIC SMALL LETTER A) among Latin letters; write it in one
    """
    for word in _words(text):
        scripts = [_script(char) for char in word]
        for char, script in zip(word, scripts, strict=True):
            if "LATIN" in scripts and script not in ("LATIN", ""):
                raise ValueError(
                    f"'{word}' has U+{ord(char):04X} ({unicodedata.name(char, 'nameless')}) among "
                    "Latin letters; write it in one"
                )
    return text


def _words(text: str) -> list[str]:
    """Give the runs of letters, digits and marks of a text."""
    return "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in text).split()


def _script(char: str) -> str:
    """Name the script of a letter; empty for what goes with Latin letters."""
    script = unicodedata.name(char, "?").split()[0]
    beside = unicodedata.category(char)[0] != "L" or script in BESIDE_LATIN
    return "" if beside or char in PLAINLY_GREEK or script == "MICRO" else script
