"""The folder that a site is written into: pages by template, tables and figures as files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from benchmark.errors import InputError
from benchmark.files import atomic_folder, explained
from leaderboard.markup import plain
from leaderboard.published import Published
from leaderboard.site.web.grid import Grid
from leaderboard.site.web.theming import Drawing, inline

STATIC = Path(__file__).parent / "static"

#: Lies in every site, and in hardly any other folder.
SIGN = "static/site.js"

#: Address and name of what every page leads to.
MENU = (
    ("index.html", "Leaderboard"),
    ("tasks.html", "Tasks"),
    ("claims.html", "Claims"),
    ("scores.html", "How scores are made"),
    ("submit.html", "How to submit"),
    ("docs/index.html", "Docs"),
    ("news.html", "News"),
)


class SiteFolder:
    """Writes pages and files below a folder.

    Parameters
    ----------
    folder : Path
    board : Published
        Named at the foot of every page.
    """

    def __init__(self, folder: Path, board: Published) -> None:
        self.folder = folder
        self._environment = Environment(
            loader=PackageLoader(__package__),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_visible,
        )
        self._environment.globals.update(board=board, menu=MENU, fingerprint=board.fingerprint)

    def page(self, address: str, template: str, **context: Any) -> None:
        """Write a page; its links begin at ``root``, so that the site may lie anywhere."""
        root = "../" * address.count("/")
        text = self._environment.get_template(template).render(root=root, here=address, **context)
        self.text(address, text)

    def text(self, address: str, text: str) -> None:
        """Write a file."""
        path = self.folder / address
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")

    def grid(self, grid: Grid) -> Grid:
        """Write the files of a table, and give it back to be shown."""
        self.text(f"data/{grid.name}.csv", grid.csv)
        self.text(f"data/{grid.name}.tex", grid.latex)
        return grid

    def figure(self, name: str, drawn: Drawing, says: str) -> Markup:
        """Write a figure, and give it to be shown in a page.

        Parameters
        ----------
        name : str
            Of its files, without their suffix.
        drawn : Drawing
        says : str
            What it shows, for whoever cannot see it.
        """
        self.text(f"figures/{name}.svg", drawn.svg)
        if drawn.pdf:
            (self.folder / "figures" / f"{name}.pdf").write_bytes(drawn.pdf)
        return Markup(inline(drawn.svg, name, says))

    def static(self) -> None:
        """Copy scripts and styles."""
        shutil.copytree(STATIC, self.folder / "static")


@contextmanager
def replaced(folder: Path, board: Published) -> Iterator[SiteFolder]:
    """Write a site in the place of an earlier one: it is there whole or not at all.

    Raises
    ------
    InputError
        If there is something else in the folder, or it cannot be written.
    """
    check_free(folder)
    with explained(folder), atomic_folder(folder.absolute()) as temporary:
        site = SiteFolder(temporary, board)
        yield site
        site.static()
        temporary.chmod(0o755)  # temporary folders are private, a site is not


def check_free(folder: Path) -> None:
    """Refuse a folder whose content would be lost if a site took its place.

    Raises
    ------
    InputError
        If it is a file, or holds anything but an earlier site.
    """
    try:
        foreign = folder.exists() and any(folder.iterdir()) and not (folder / SIGN).exists()
    except OSError as error:
        raise InputError(f"cannot write a site to {folder}: {error.strerror}") from error
    if foreign:
        raise InputError(
            f"{folder} holds something that is no site of ours and would be lost; "
            "name an empty folder, or one that does not exist"
        )


def _visible(value: Any) -> Any:
    """Keep what can be seen of a text; what we have marked as HTML stays as it is."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value
