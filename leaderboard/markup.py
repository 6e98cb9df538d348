"""What strangers write, made inert: shown as it is wherever it is shown, and nothing beside.

A submission's card holds free text. This module is the only one that knows what such text could do
in Markdown, HTML, SVG, CSV and LaTeX; whoever writes one of them asks here.
"""

from __future__ import annotations

import html as standard_html
import re
import unicodedata
from urllib.parse import quote, urlsplit

#: Characters that nobody sees although Unicode does not call them so: fillers and joiners.
UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0]")

#: Accents upon one letter; more of them reach over the lines above and below.
MOST_ACCENTS = 3

#: What begins something in the middle of a line of GitHub's Markdown; "_" does not inside a word.
MARKDOWN = re.compile(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])")

#: What begins a block at the start of a line: a heading, a list, a rule.
BLOCK = re.compile(r"^(?:[#+=:-]|\d+(?=[.)]))")

#: What a spreadsheet takes for a formula at the start of a cell.
FORMULA = re.compile(r"^[=+\-@\uff1d\uff0b\uff0d\uff20]")

#: What may stay as it is in an address: RFC 3986 less what Markdown or HTML could read.
SAFE = "/:?#&=+,;%@.-_~!"

#: What TeX calls the Greek letters of the field.
GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi",
    "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi",
    "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip

LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "-": "{-}",  # two of them would become one dash
    "–": "--",
    "—": "---",
    "−": r"$-$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "·": r"$\cdot$",
    "…": r"\dots{}",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "≈": r"$\approx$",
    "√": r"$\surd$",
    "∞": r"$\infty$",
    "→": r"$\to$",
    "†": r"\dag{}",
    "°": r"$^\circ$",
    "µ": r"$\mu$",
    "Å": r"\AA{}",
}

#: LaTeX's utf8 knows ASCII and Latin letters up to here, but for these.
LATIN_END, LATIN_UNKNOWN = 0x180, frozenset("ĦħĸĿŀŉŦŧſ")

#: A mark that is set upon a letter, in the alphabets that have many.
ACCENT = (
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0e31\u0e34-\u0e3a"
    "\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
TOO_MANY = re.compile(f"({ACCENT}{{{MOST_ACCENTS}}}){ACCENT}+")


def plain(text: str) -> str:
    r"""Keep what can be seen of a text, on one line.

    Line ends and blanks become single blanks; characters that control, turn the direction of
    writing, have no width, or are no characters are left out, and so is the fourth accent upon a
    letter.

    Examples
    --------
    >>> plain(" a\n b\u202e\u200bc ")
    'a bc'
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    seen = "".join(
        char for char in UNSEEN.sub("", text)
        if char.isspace() or unicodedata.category(char)[0] != "C"
    )  # fmt: skip
    return " ".join(TOO_MANY.sub(r"\1", seen).split())


def markdown(text: str) -> str:
    r"""Write text into a line, or a cell of a table, of GitHub's Markdown.

    Examples
    --------
    >>> markdown("a | <b> & _c_")
    'a \\| &lt;b&gt; &amp; \\_c\\_'
    """
    safe = MARKDOWN.sub(r"\\\g<0>", standard_html.escape(plain(text), quote=False))
    return BLOCK.sub(lambda found: f"&#{ord(found[0][0])};{found[0][1:]}", safe)


def html(text: str) -> str:
    """Write text into HTML or XML, between tags or as an attribute in quotes.

    Examples
    --------
    >>> html('<a title="b">')
    '&lt;a title=&quot;b&quot;&gt;'
    """
    return standard_html.escape(plain(text))


def svg(text: str) -> str:
    r"""Write text into a figure: matplotlib escapes XML, but reads TeX between dollars.

    Examples
    --------
    >>> svg("$x$")
    '\\$x\\$'
    """
    return plain(text).replace("$", r"\$")


def csv_cell(text: str) -> str:
    """Write text into a cell that no spreadsheet takes for a formula.

    Numbers are no text: a minus before one stays where the table writes it as a number.

    Examples
    --------
    >>> csv_cell("=1+1"), csv_cell("msm")
    ("'=1+1", 'msm')
    """
    return FORMULA.sub(r"'\g<0>", plain(text))


def latex(text: str) -> str:
    r"""Write text into LaTeX, for any engine; characters that pdfTeX does not know become "?".

    Examples
    --------
    >>> latex("50 % of x_1, ±0.1 Å")
    '50 \\% of x\\_1, $\\pm$0.1 \\AA{}'
    """
    return "".join(_latex(char) for char in unicodedata.normalize("NFC", plain(text)))


def _latex(char: str) -> str:
    if char in LATEX:
        return LATEX[char]
    if char in GREEK:
        return rf"$\{GREEK[char]}$"
    if ord(char) < LATIN_END and char not in LATIN_UNKNOWN:
        return char
    name, small = unicodedata.name(char, ""), unicodedata.normalize("NFKD", char)
    for word, mark in (("SUBSCRIPT", "_"), ("SUPERSCRIPT", "^")):
        if word in name and small.isascii():
            return f"${mark}{{{small}}}$"
    return "?"


def link(url: str) -> str:
    """Give an address that may be linked to, or nothing.

    Only http and https lead anywhere, to a host with an ordinary name and without a user before
    it; what Markdown, HTML or a reader could mistake is percent-encoded.

    Examples
    --------
    >>> link("https://a.org/b c"), link("javascript:alert(1)")
    ('https://a.org/b%20c', '')
    """
    text = plain(url)
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises ValueError where it is no number
    except ValueError:
        return ""
    ordinary = re.fullmatch(r"[A-Za-z0-9.-]+(:\d+)?", parts.netloc)
    if parts.scheme not in ("http", "https") or not ordinary:
        return ""
    return quote(text, safe=SAFE)
