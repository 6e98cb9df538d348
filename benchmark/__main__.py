"""``python -m benchmark``."""

import sys
from pathlib import Path

from benchmark.hiding import refusal

if __name__ == "__main__":
    # Before anything is imported that may be hidden.
    if in_the_way := refusal(Path.cwd()):
        sys.stderr.write(f"error: {in_the_way}\n")
        raise SystemExit(2)
    from benchmark.cli import main

    main()
