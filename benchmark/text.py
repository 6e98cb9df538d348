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
