"""Our own Markdown as HTML: explanations, claims, news. What strangers write never comes here."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


@cache
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")


def paragraphs(text: str) -> Markup:
    """Write blocks of Markdown as HTML."""
    return Markup(_reader().render(text))


def line(text: str) -> Markup:
    """Write a line of Markdown as HTML."""
    return Markup(_reader().renderInline(text))


def bare(text: str) -> str:
    """Leave out the marks of a line of Markdown."""
    tokens = _reader().parseInline(text)[0].children or []
    return "".join(token.content for token in tokens)
