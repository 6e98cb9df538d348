"""Names of files that mdtraj can open."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark.errors import InputError


@contextmanager
def ascii_path(path: Path) -> Iterator[str]:
    """Give a name that mdtraj opens, which takes no signs beyond ASCII: if need be, of a link.

    Raises
    ------
    InputError
        If there is no place for a link.
    """
    if str(path).isascii():
        yield str(path)
        return
    name = "".join(sign if sign.isascii() else "_" for sign in path.name)
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / name
        try:
            link.symlink_to(path.resolve())
        except OSError as error:
            raise InputError(f"{path}: mdtraj opens no such name; rename it in ASCII") from error
        if not str(link).isascii():
            raise InputError(f"{path}: mdtraj opens no such name; rename it in ASCII")
        yield str(link)
