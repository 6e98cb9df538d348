"""Whatever a stranger writes is shown as it is, and does nothing."""

from __future__ import annotations

import csv
import html as standard_html
import io
import re
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from leaderboard.markup import csv_cell, html, latex, link, markdown, plain, svg

#: Everything that did something in a page of the board once, or could.
LIVE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!-- a comment",
    "--> after a comment",
    "<![CDATA[x]]>",
    "<?php x ?>",
    "# heading",
    "a\n# heading",
    "a\n\n## heading\n",
    "heading\n=======",
    "- item",
    "1. item",
    "> quote",
    "***",
    "---",
    "```\ncode",
    "`code`",
    "``",
    "[text](javascript:alert(1))",
    "[text](https://example.org)",
    "![image](https://example.org/a.png)",
    "[a]: https://example.org 'link reference'",
    "[a][b]",
    "[^1]: note",
    "<javascript:alert(1)>",
    "<https://example.org>",
    "a | b",
    "a \\| b",
    "| a | b |\n|---|---|",
    "**bold** _italic_ __bold__ ~~gone~~",
    "$x^2$",
    "&lt;script&gt;",
    "&#60;b&#62; &amp; &nbsp;",
    "\\<b\\> \\",
    "\u202eright to left\u202c",
    "\u2066isolate\u2069",
    "zero\u200bwidth\u200d\ufeff",
    "a\x00b\x1b[31mred\x07",
    "line\u2028separator\u2029paragraph\x85next",
    "soft\u00adhyphen \U000e0041tag",
    "x" + "\u0301" * 40,
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\uff1d1+1",
    '=HYPERLINK("https://example.org")',
    "\\input{/etc/passwd}",
    "\\write18{ls}",
    "\\end{tabular}",
    "% comment",
    "^^5cinput",
    "50 & 60 \\\\ [1em]",
    "#1 {x} ~ ^ _",
)

anything = st.one_of(
    st.sampled_from(LIVE), st.text(), st.lists(st.sampled_from(LIVE), max_size=3).map("".join)
)


def shown(text: str, parser: MarkdownIt) -> tuple[str, set[str]]:
    """Render a line of Markdown; give the text that is seen and the kinds of what else there is."""
    inline = [token for token in parser.parse(text) if token.type == "inline"]
    children = [child for token in inline for child in token.children or []]
    kinds = {child.type for child in children} | {token.type for token in parser.parse(text)}
    words = "".join(child.content for child in children if child.type.startswith("text"))
    return words, kinds - {"inline", "text", "text_special"}


@given(anything)
def test_plain_text_has_nothing_unseen_and_stays_as_it_is(text: str) -> None:
    kept = plain(text)
    assert plain(kept) == kept
    assert kept == kept.strip()
    assert not any(unicodedata.category(char)[0] == "C" for char in kept)
    assert not set(kept) & set("\n\r\t\u2028\u2029\u202e\u200b\u200d\ufeff\u00ad\u2066\u3164")


def test_letters_of_all_alphabets_stay() -> None:
    text = "Müller, Łukasz, Nguyễn, 王, محمد, साहिल, Ελένη, E₀/f ≥ 3 → Å"
    assert plain(text) == text


def test_heap_of_accents_ends_at_three() -> None:
    assert plain("x" + "\u0301" * 40) == "x" + "\u0301" * 3


@given(anything)
def test_text_in_a_line_of_markdown_is_text(text: str) -> None:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    words, kinds = shown(f"- {markdown(text)}", parser)
    assert words == plain(text)
    around = {f"{kind}_{end}" for kind in ("bullet_list", "list_item", "paragraph")
              for end in ("open", "close")}  # fmt: skip
    assert kinds <= around


@given(anything)
def test_text_at_the_start_of_a_line_of_markdown_is_a_paragraph(text: str) -> None:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    words, kinds = shown(f"before\n\n{markdown(text)}\n", parser)
    assert words == "before" + plain(text)
    assert kinds <= {"paragraph_open", "paragraph_close"}


@given(anything)
def test_text_in_a_table_of_markdown_is_one_cell(text: str) -> None:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    source = f"| a | b |\n|---|---|\n| {markdown(text)} | x |\n"
    tokens = [token for token in parser.parse(source) if token.type == "inline"]
    assert len(tokens) == 4
    words = [child.content for child in tokens[2].children or []]
    assert "".join(words) == plain(text)


@given(anything)
def test_text_in_html_is_text_between_tags_and_in_attributes(text: str) -> None:
    found: list[tuple[str, object]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append((tag, attrs))

        def handle_data(self, data):
            found.append(("data", data))

    reader = Reader()
    reader.feed(f'<p title="{html(text)}">{html(text)}</p>')
    reader.close()
    assert found[0] == ("p", [("title", plain(text))])
    assert "".join(str(data) for kind, data in found[1:]) == plain(text)
    assert {kind for kind, _ in found[1:]} <= {"data"}
    assert standard_html.unescape(html(text)) == plain(text)


@given(anything)
def test_no_spreadsheet_takes_a_cell_for_a_formula(text: str) -> None:
    cell = csv_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d"))
    assert cell.removeprefix("'") == plain(text).removeprefix("'")
    written = io.StringIO()
    csv.writer(written).writerow([cell, "x"])
    assert list(csv.reader(io.StringIO(written.getvalue()))) == [[cell, "x"]]


@given(anything)
def test_no_dollar_opens_mathematics_in_a_figure(text: str) -> None:
    assert not re.search(r"(?<!\\)\$", svg(text))


@given(anything)
def test_latex_has_no_command_but_ours(text: str) -> None:
    written = latex(text)
    commands = set(re.findall(r"\\(?:[a-zA-Z]+|.)", written))
    ours = set(re.findall(r"\\(?:[a-zA-Z]+|.)", " ".join(map(latex, map(chr, range(32, 0x2300))))))
    assert commands <= ours
    assert not commands & {r"\input", r"\write", r"\end", r"\begin", r"\def", r"\catcode"}
    bare = re.sub(r"\\(?:[a-zA-Z]+|.)", "", written)
    assert not set(bare) & set('%&#~"`\\')
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//example.org",
        "example.org",
        "https://",
        "https://user@example.org",
        "https://github.com:443@example.org",
        "https://example.org:port",
        "https://[::1",
        "https://ex\u0430mple.org",
        "ftp://example.org",
        "",
    ],
)
def test_address_that_leads_nowhere_good_is_no_link(url: str) -> None:
    assert link(url) == ""


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://github.com/a/b", "https://github.com/a/b"),
        ("http://example.org:8080/?q=1&r=2#x", "http://example.org:8080/?q=1&r=2#x"),
        ("https://example.org/<b>(x)[y]|`", "https://example.org/%3Cb%3E%28x%29%5By%5D%7C%60"),
        ("https://example.org/a%20b", "https://example.org/a%20b"),
        ("https://example.org/\u202eb", "https://example.org/b"),
        ("https://example.org/ü", "https://example.org/%C3%BC"),
    ],
)
def test_ordinary_address_stays_and_odd_characters_are_encoded(url: str, safe: str) -> None:
    assert link(url) == safe


@given(st.one_of(st.text().map("https://example.org/".__add__), anything))
def test_link_is_safe_between_angle_brackets_and_in_quotes(url: str) -> None:
    found = link(url)
    assert found == "" or found.startswith(("http://", "https://"))
    assert not set(found) & set(" <>\"'()[]|`\\^{}*\n")
    assert found.isascii()
