"""What is set before any test's imports.

One thread each: pytest's processes, side by side on the cores there are, must not fight for them,
and sums in another order would differ in the last bit. One width of the terminal: rich wraps lines.
"""

import os

from tasks.making.pieces import SINGLE_THREADED

os.environ.update(SINGLE_THREADED, COLUMNS="200")
