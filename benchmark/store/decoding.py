"""Decode Parquet files that anybody may have written, as a program of its own; see `strangers`.

It is run by its path, so that it imports nothing of ours. Of each request it reads a line of JSON
and as many bytes as that says, the file; it answers with a line of JSON and what it has decoded:
the values of a column, or the whole table as a stream of Arrow's own. Files may end it, or ask for
more memory or time than it has.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import Any, BinaryIO

#: Bytes of what is not values: a footer, the heads of pages.
SHORT = 1 << 20

#: Bytes of memory beyond what it has: for any file, and for each value of one. Levels
#: take 4 bytes of each, offsets 4, and values lie there up to four times.
MEMORY, MEMORY_A_VALUE = 1 << 29, 40

#: Seconds of processor time for a file; the largest that we have take half a second.
SECONDS = 5


def main() -> None:
    """Answer requests until there are no more."""
    with contextlib.suppress(AttributeError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks is interrupted, and then ends
    import numpy  # noqa: F401  (before memory is counted, as the next)
    import pyarrow.parquet  # noqa: F401

    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while line := requests.readline():
        request = json.loads(line)
        content = requests.read(request["bytes"])
        limit(0)
        _reply(answers, request, content)


def limit(values: int) -> None:
    """Allow no more memory and processor time from now on than so many values may take."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):  # not on every system
        return
    now = pages * resource.getpagesize()
    memory = now + MEMORY + MEMORY_A_VALUE * values
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + 1 + SECONDS
    wanted = {"RLIMIT_AS": memory, "RLIMIT_CPU": seconds, "RLIMIT_CORE": 0}
    for name, most in wanted.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, hard))


def _reply(answers: BinaryIO, request: dict[str, Any], content: bytes) -> None:
    import pyarrow as pa

    answer: dict[str, Any] = {}
    values: Any = b""
    try:
        table = _table(content, request)
        if request["column"] is None:
            values = _stream(table)
            answer = {"bytes": values.size}
        else:
            answer, values = _values(table, request["column"])
    except (MemoryError, pa.ArrowMemoryError):
        answer = {"damage": "it takes more memory to read than what it should hold"}
    except (OSError, AttributeError, pa.ArrowException) as error:
        answer = {"damage": str(error)[:10_000]}
    except (KeyError, ValueError) as error:
        answer = {"fault": str(error)[:10_000]}
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.write(values)
    answers.flush()


def _table(content: bytes, request: dict[str, Any]) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.BufferReader(content))
    limit(count(file.metadata, request["values"], request["rows"], request["columns"]))
    return file.read(use_threads=False)


def count(footer: Any, values: int, rows: int | None, columns: int) -> int:
    """Count the values of a file; refuse one that speaks of other rows, or of more, than expected.

    Parameters
    ----------
    footer : pyarrow.parquet.FileMetaData
    values : int
        Of each column, at most.
    rows : int, optional
        Exactly.
    columns : int
        At most.

    Raises
    ------
    ValueError
        If it does; what it speaks of need not fit into memory.
    """
    if not 1 <= footer.num_columns <= columns:
        expected = "one" if columns == 1 else f"1 … {columns}"
        raise ValueError(f"it has {footer.num_columns} columns, expected {expected}")
    if rows is not None and footer.num_rows != rows:
        raise ValueError(f"it has {footer.num_rows} rows, expected {rows}")
    total = 0
    for column in range(footer.num_columns):
        groups = range(footer.num_row_groups)
        # Of a column that says what cannot be, this ends the process: pyarrow 26 does not catch
        # what the library below raises here, as it does in `read`.
        parts = [footer.row_group(number).column(column) for number in groups]
        found = sum(part.num_values for part in parts)
        size = sum(part.total_uncompressed_size for part in parts)
        if found > values or size > 16 * values + SHORT:
            raise ValueError(f"it has {found:,} values, expected {values:,}")
        total += found
    return total


def _stream(table: Any) -> Any:
    """Give a table as Arrow writes it to another process, which need not decode it again."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()


def _values(table: Any, name: str) -> tuple[dict[str, Any], bytes]:
    """Give the rows of a column of lists of equal length: shape and type, and the values."""
    import numpy as np
    import pyarrow as pa

    column = table[name].combine_chunks()
    found = column.flatten()
    if found.null_count or column.null_count:
        raise ValueError("it has gaps")
    if len(column.value_lengths().unique()) != 1:
        raise ValueError("its rows differ in length, or there are none")
    if not (pa.types.is_integer(found.type) or pa.types.is_floating(found.type)):
        raise ValueError(f"it holds {found.type}, not numbers")
    array = np.from_dlpack(found)  # without pandas, which Arrow loads otherwise
    facts = {"rows": len(column), "dtype": array.dtype.str, "type": str(found.type)}
    return {**facts, "bytes": array.nbytes}, array.tobytes()


if __name__ == "__main__":
    main()
