"""What is named on the command line of a measurement."""

from __future__ import annotations

import sys
from collections.abc import Collection


def chosen(known: Collection[str]) -> list[str]:
    """Give the names on the command line, or all that are known; end with a line at another one."""
    if unknown := [name for name in sys.argv[1:] if name not in known]:
        sys.exit(f"nothing is called {', '.join(unknown)}; known are {', '.join(known)}")
    return sys.argv[1:] or list(known)
