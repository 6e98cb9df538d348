"""``python -m benchmark``.

``python -m`` looks for modules in the working directory first, where a ``tasks.py`` or a folder
``baselines`` would hide a package of ours. So before anything else is imported, that folder is
moved behind all other places; a user's own modules are found there as before.
"""

import os
import sys
from importlib.util import find_spec

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120

#: Our packages beside this one. Their names are common, so that others may lie before them.
PACKAGES = ("tasks", "baselines", "leaderboard")


def own_packages_first() -> None:
    """Move the working directory to the end of ``sys.path``, unless it is where we are.

    Raises
    ------
    SystemExit
        If one of our packages is hidden nevertheless (exit code 2); says by what.
    """
    first = "" if sys.flags.safe_path or not sys.path else sys.path[0] or "."
    if first in (".", _working_directory()) and os.path.realpath(first) != ROOT:
        sys.path.append(sys.path.pop(0))
    for name in PACKAGES:
        spec = find_spec(name)
        found = spec.origin if spec else None
        own = os.path.join(ROOT, name, "__init__.py")  # noqa: PTH118
        if found is None or os.path.realpath(found) != own:
            _refuse(f"{found or 'nothing'} is found for stridebench's package '{name}': rename it, "
                    "or take it off PYTHONPATH")  # fmt: skip


def _working_directory() -> str:
    try:
        return os.getcwd()  # noqa: PTH109
    except OSError:  # removed meanwhile
        return ""


def _refuse(reason: str) -> None:
    sys.stderr.write(f"error: {reason}\n")
    raise SystemExit(2)


if __name__ == "__main__":
    # Before anything is imported that may be hidden.
    own_packages_first()
    from pathlib import Path

    from benchmark.hiding import refusal

    if in_the_way := refusal(Path.cwd()):
        _refuse(in_the_way)
    from benchmark.cli import main

    main()
