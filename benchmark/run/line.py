"""The line between a run and the process that runs a model, as that process holds it.

What the model's process says is a line of JSON each time, and short: the run unpickles nothing that
comes from there, and never waits for the rest of a message.
"""

from __future__ import annotations

import json
import os
import threading
from multiprocessing.connection import Connection
from typing import Any

from benchmark.errors import InputError


class Line:
    """The model's end of the line. A forked copy of the process has no part in it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._process = os.getpid()
        self._one_at_a_time = threading.Lock()

    def tell(self, kind: str, *content: Any) -> None:
        """Say something that JSON can hold; a copy of the process that tries to ends here."""
        if os.getpid() != self._process:
            os._exit(1)
        left = json.dumps([kind, *content]).encode() + b"\n"
        with self._one_at_a_time:
            while left:
                left = left[os.write(self._connection.fileno(), left) :]

    def ask(self, *what: str) -> Any:
        """Ask for what a model is shown next.

        Raises
        ------
        InputError
            If it cannot be shown.
        """
        self.tell("ask", *what)
        kind, content = self._connection.recv()
        if kind == "fault":
            raise InputError(content)
        return content
