"""``python -m benchmark``, and the command ``stridebench``.

``python -m`` looks for modules in the working directory first, where a ``tasks.py`` or a
``random.py`` would hide a package of ours or of Python. So before anything else is imported, that
folder is moved behind all other places; a user's own modules are found there as before.
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
            reason = (
                f"{found} hides it; rename that, or take it off PYTHONPATH" if found else "gone"
            )
            sys.stderr.write(f"error: stridebench's package '{name}': {reason}\n")
            raise SystemExit(2)


def _working_directory() -> str:
    try:
        return os.getcwd()  # noqa: PTH109
    except OSError:  # removed meanwhile
        return ""


own_packages_first()

from benchmark.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
