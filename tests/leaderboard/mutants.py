"""Files of a submission with one thing changed: every field of a result, each in several ways."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Place = tuple[str | int, ...]

#: Marks a field that is taken out.
GONE = object()

BY_TYPE: dict[type, dict[str, Any]] = {
    bool: {"other": lambda value: not value, "one": lambda _: 1},
    int: {
        "other": lambda value: value + 1,
        "negative": lambda _: -1,
        "huge": lambda _: 10**15 + 1,
        "endless": lambda _: 10**4000,
        "fraction": lambda value: value + 0.5,
        "true": lambda _: True,
        "text": str,
    },
    float: {
        "other": lambda value: value * 1.001 + 1e-6,
        "negative": lambda value: -abs(value) - 1e-3,
        "huge": lambda _: 1e308,
        "infinite": lambda _: float("inf"),
        "no number": lambda _: float("nan"),
        "text": str,
    },
    str: {
        "other": lambda value: value + "x",
        "long": lambda value: value + "x" * 5000,
        "hidden": lambda value: value + "\u202e",
        "control": lambda value: value + "\x07",
        "surrogate": lambda value: value + "\ud800",
        "empty": lambda _: "",
        "number": lambda _: 1,
    },
    list: {
        "twice": lambda value: value + value[-1:],
        "shorter": lambda value: value[:-1],
        "empty": lambda _: [],
        "text": lambda _: "x",
    },
    dict: {
        "unknown field": lambda value: {**value, "zz": 1},
        "empty": lambda _: {},
        "list": lambda value: [value],
    },
    type(None): {"other": lambda _: 1.0, "negative": lambda _: -1.0, "huge": lambda _: 1e308},
}


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Give the place of every field and element, and of every part that holds some."""
    yield place
    if isinstance(value, dict):
        for key, held in value.items():
            yield from places(held, (*place, key))
    elif isinstance(value, list):
        for number, held in enumerate(value):
            yield from places(held, (*place, number))


def kind(place: Place) -> str:
    """Name all places of one kind: the units of a result are alike, and so are the metrics."""
    words = ["*" if isinstance(part, int) else str(part) for part in place]
    for number, word in enumerate(words):
        if "/" in word:
            words[number] = "TASK"
        elif number and words[number - 1] in ("metrics", "groups", "settings", "packages"):
            words[number] = "NAME"
        elif number and words[number - 1] == "TASK" and "data" in words:
            words[number] = "SPLIT"
        elif number > 1 and words[number - 2 : number] == ["without", "*"]:
            words[number] = "NAME"
    return ".".join(words)


def changed(data: Any, place: Place, change: Any) -> Any:
    """Give a copy with one place changed; `GONE` takes it out."""
    made = json.loads(json.dumps(data))
    held = made
    for part in place[:-1]:
        held = held[part]
    if change is GONE:
        del held[place[-1]]
    else:
        held[place[-1]] = change
    return made


def at(data: Any, place: Place) -> Any:
    """Give what is at a place."""
    for part in place:
        data = data[part]
    return data


def mutants(data: Any) -> Iterator[tuple[str, str, Any]]:
    """Give the kind of a place, the name of a change, and the data with it; one place a kind."""
    first: dict[str, Place] = {}
    for place in places(data):
        first.setdefault(kind(place), place)
    for name, place in first.items():
        if not place:
            continue
        value = at(data, place)
        ways = {way: make(value) for way, make in BY_TYPE[type(value)].items()}
        ways |= {"object": {"a": 1}, "gone": GONE} | ({} if value is None else {"null": None})
        for way, change in ways.items():
            if change is GONE or type(change) is not type(value) or change != value:
                yield name, way, changed(data, place, change)
