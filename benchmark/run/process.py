"""A process of this machine that runs a model's code: started, listened to, stopped.

Whatever the model's code does (dies, hangs, closes its files, forks, floods the line), it is
heard of without waiting, and when the process is stopped so is all that it has started.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NoReturn

from benchmark.errors import InputError
from benchmark.hiding import refusal
from benchmark.registry import DRAWN_VARIABLE
from benchmark.run.descendants import HAS_PROC, adopt_orphans, end_all_below, end_as
from benchmark.run.line import Line
from benchmark.run.preloading import preloads

#: Bytes of one message at most, and of one read.
LONGEST_MESSAGE, PART = 1 << 24, 1 << 16

#: Seconds that a process whose line is closed, or that has been killed, gets to be gone.
GRACE = 2.0


def processes(threads: int, spec: str = "", track: str | None = None) -> Any:
    """Give the way to start processes: forked from one that has imported what is slow to import.

    Parameters
    ----------
    threads : int
        Of each.
    spec, track
        The model that they run, if it is known, see `benchmark.loading.load_model`. The process
        to fork from is started for the first model that this is called for, and serves all others.

    Raises
    ------
    InputError
        If a file of the working directory hides a module that they import.
    """
    if in_the_way := refusal(Path.cwd()):
        raise InputError(in_the_way)
    # Read when they load by all that would start threads of its own: torch, BLAS, numba.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(threads)
    # A killed process leaves semaphores behind, which Python cleans up with a warning.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(preloads(spec, track))
    return context


class ProcessEndedError(Exception):
    """The process has ended, or will say nothing more; the message says why."""


class ModelProcess:
    """A process that does ``work(line, *arguments)``; see `Line` for what it can say."""

    def __init__(self, context: Any, work: Callable[..., None], *arguments: Any) -> None:
        self._connection, theirs = context.Pipe()
        # A daemon for this process, so that it does not outlive it; see `_begin`.
        self._process = context.Process(target=_begin, args=(work, theirs, *arguments), daemon=True)
        self._process.start()
        theirs.close()
        self._unread = b""
        self._answering: list[threading.Thread] = []

    @property
    def handles(self) -> tuple[Any, ...]:
        """What `multiprocessing.connection.wait` waits for: its line, and its end."""
        return self._connection, self._process.sentinel

    def read(self) -> tuple[list[list[Any]], str]:
        """Give the messages that are there, each ``[kind, …]``, and why there will be no more.

        The reason is empty while the process goes on. It never waits for a message.
        """
        ended = not self._process.is_alive()  # first: what it said before its end is read below
        closed = self._take()
        *lines, self._unread = self._unread.split(b"\n")
        try:
            messages = [_message(line) for line in lines]
        except ValueError:
            return [], "the model's process said what is no message on its line to the run"
        if ended or closed:
            return messages, self._why_ended()
        if len(self._unread) > LONGEST_MESSAGE:
            return messages, "the model's process floods its line to the run"
        return messages, ""

    def _take(self) -> bool:
        """Read what is there, some of it if it never ends; say whether the line is closed."""
        try:
            for _ in range(16):
                if not self._connection.poll():
                    return False
                part = os.read(self._connection.fileno(), PART)
                if not part:
                    return True
                self._unread += part
        except OSError:
            return True
        return False

    def _why_ended(self) -> str:
        self._process.join(GRACE)
        code = self._process.exitcode
        if code is None:
            return "the model's process closed its line to the run: did it close all its files?"
        return f"the model's process died (exit code {code}; -9 is often lack of memory)"

    def listen(self, seconds: float) -> Iterator[list[Any]]:
        """Give every message as it comes.

        Raises
        ------
        ProcessEndedError
            When there will be no more, or after so many seconds.
        """
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            wait(self.handles, timeout=min(left, 60.0))
            messages, why = self.read()
            yield from messages
            if why:
                raise ProcessEndedError(why)
        raise ProcessEndedError(f"stopped after {seconds:g} s")

    def answer(self, message: Any) -> None:
        """Answer what the process has asked."""
        # A pipe holds little: a process that does not read must not keep all others waiting.
        thread = threading.Thread(target=_send, args=(self._connection, message), daemon=True)
        thread.start()
        self._answering = [one for one in self._answering if one.is_alive()] + [thread]

    def stop(self) -> None:
        """Kill the process and what it has started, whatever they do."""
        if HAS_PROC:
            end_all_below(self._process.pid)
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):  # its group may have no member left
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.join(GRACE)
        for thread in self._answering:
            thread.join(GRACE)
        # The number of a closed pipe is given to the next: nobody may be writing to it any more.
        if not any(thread.is_alive() for thread in self._answering):
            self._connection.close()


def _message(line: bytes) -> list[Any]:
    try:
        message = json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(message, list) or not message:
        raise ValueError("not a message")
    return message


def _send(connection: Connection, message: Any) -> None:
    with suppress(OSError):  # the process is gone, which its own end tells
        connection.send(message)


def _begin(work: Callable[..., None], connection: Connection, *arguments: Any) -> None:
    """Do the work, in the new process."""
    if hasattr(os, "setsid"):
        os.setsid()  # a group of its own, which ends with it
    os.environ.pop(DRAWN_VARIABLE, None)  # no model is told where a task drawn anew lies
    # Workers of a data loader, a pool: a daemon might have no children.
    multiprocessing.current_process().daemon = False
    if adopt_orphans() and (child := os.fork()):
        connection.close()
        _keep(child)
    threading.Thread(target=_end_with_the_run, daemon=True).start()
    work(Line(connection), *arguments)


def _keep(child: int) -> NoReturn:
    """Outlive the process that runs the model, end all that it leaves behind, and end as it did."""
    threading.Thread(target=_end_with_the_run, daemon=True).start()
    while True:
        ended, status = os.wait()  # orphans too, which have been handed to this process
        if ended == child:
            end_all_below(os.getpid())
            end_as(status)


def _end_with_the_run() -> None:
    """End this process and its children when the run's own is gone: nobody waits for an answer."""
    if run := parent_process():
        with suppress(OSError, ValueError):  # the model's code has closed what is waited for
            run.join()
        if HAS_PROC:
            end_all_below(os.getpid())
        if hasattr(os, "killpg"):
            os.killpg(0, signal.SIGKILL)
        os._exit(1)
