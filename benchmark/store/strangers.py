"""Reading Parquet files that anybody may have written: their faults never end this process.

One changed byte of a footer makes pyarrow abort, where no exception can be caught; a few bytes of
the head of a page ask for gigabytes. So files are decoded in another process, one for all files,
that has limits of memory and time. It costs 0.2 s once, and of each file the copy of its values.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import one_line
from benchmark.files import read_small
from benchmark.store import decoding
from benchmark.store.decoding import SHORT

#: Seconds that a file may take where other processes take turns; see `decoding.SECONDS`.
PATIENCE = 60.0

#: An address space that is one block from the start would count as memory that is in use.
SURROUNDINGS = {"ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}

DIED = "the library that reads it breaks on it"


class Expected(NamedTuple):
    """What a file may hold.

    Attributes
    ----------
    values : int
        Of each column, at most.
    rows : int or None
        Exactly; None if not known.
    columns : int
        At most.
    """

    values: int
    rows: int | None = None
    columns: int = 1


def read_table(path: Path, expected: Expected) -> Any:
    """Read a whole file.

    Returns
    -------
    pyarrow.Table
        Its arrays are not to be written to.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it speaks of more than is expected.
    """
    import pyarrow as pa  # slow to load

    _, stream = _answer(path, expected, None)
    with pa.ipc.open_stream(stream) as reader:
        return reader.read_all()


def read_column(path: Path, expected: Expected) -> tuple[NDArray[Any], str]:
    """Read the column of lists that is called as the file is.

    Returns
    -------
    rows : array of shape (rows, values of each)
    type : str
        What Arrow calls the type of its values.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it speaks of other rows or more values than are expected; if its rows differ in length,
        it has gaps, or holds no numbers.
    """
    facts, values = _answer(path, expected, path.stem)
    array = np.frombuffer(bytearray(values), np.dtype(facts["dtype"]))
    return array.reshape(facts["rows"], -1), facts["type"]


def _answer(path: Path, expected: Expected, column: str | None) -> tuple[dict[str, Any], bytes]:
    # Nothing compresses to more than it is, and a footer is short.
    content = read_small(path, (8 * expected.values + SHORT) * expected.columns)
    request = {**expected._asdict(), "column": column, "bytes": len(content)}
    return _decoder(os.getpid()).ask(request, content)


@lru_cache(maxsize=1)
def _decoder(process: int) -> _Decoder:
    """Give the one that this process has started: none that it was forked from may be shared."""
    return _Decoder()


class _Decoder:
    """A process that decodes one file after the other, begun anew when a file has ended it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()
        atexit.register(self.close)

    def ask(self, request: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
        """Have a file decoded.

        Raises
        ------
        OSError
            If it cannot be read.
        ValueError
            If it holds something else than is expected.
        """
        with self._turn:
            process = self._process = self._running()
            late = threading.Timer(PATIENCE, process.kill)
            late.start()
            try:
                answer, values = _exchanged(process, request, content)
            except (OSError, EOFError):
                self.close()
                raise OSError(_reason(process.returncode)) from None
            except BaseException:  # interrupted: what would still come is no answer to the next
                self.close()
                raise
            finally:
                late.cancel()
        for kind, error in (("damage", OSError), ("fault", ValueError)):
            if kind in answer:
                raise error(one_line(answer[kind]) or "no reason given")
        return answer, values

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        # -P: no file beside the program is imported.
        return subprocess.Popen(
            [sys.executable, "-P", decoding.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **SURROUNDINGS},
        )

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                if pipe:
                    pipe.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
        process.kill()
        process.wait()


def _exchanged(
    process: subprocess.Popen[bytes], request: dict[str, Any], content: bytes
) -> tuple[dict[str, Any], bytes]:
    """Send a request and give what comes back; EOFError if nothing does."""
    ask, hear = process.stdin, process.stdout
    assert ask is not None
    assert hear is not None
    ask.write(json.dumps(request).encode() + b"\n")
    ask.write(content)
    ask.flush()
    line = hear.readline()
    if not line:
        raise EOFError
    answer = json.loads(line)
    values = hear.read(answer.get("bytes", 0))
    if len(values) < answer.get("bytes", 0):
        raise EOFError
    return answer, values


def _reason(code: int | None) -> str:
    """Say why the process is gone."""
    if code is None or code >= 0:
        return DIED
    name = signal.Signals(-code).name if -code in list(signal.Signals) else f"signal {-code}"
    if name in ("SIGXCPU", "SIGKILL"):
        return f"it takes too long to read, or too much memory ({name})"
    return f"{DIED} ({name})"
