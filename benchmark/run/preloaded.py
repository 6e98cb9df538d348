"""Imported once, by the process that those of all units are forked from: what is slow to load."""

from __future__ import annotations

from contextlib import suppress

import numba  # noqa: F401
import pyarrow.parquet  # noqa: F401

import benchmark.run.worker  # noqa: F401
from benchmark.registry import tracks

for _track in tracks().values():
    with suppress(Exception):  # what is wrong with a track is said where it is used
        _track.load()
