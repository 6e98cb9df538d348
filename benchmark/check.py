"""The contract of a model, tried on a tiny task: for authors, before a long run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, ModelError, said, where_raised
from benchmark.loading import LoadedModel
from benchmark.registry import track_named
from benchmark.track import Finding

#: Share of the default training budget.
TINY_EFFORT = 0.02


def check_model(model: LoadedModel) -> list[Finding]:
    """Try every clause of the contract in this very process; see `findings`."""
    with tempfile.TemporaryDirectory() as folder:
        return list(findings(model, Path(folder)))


def findings(model: LoadedModel, folder: Path, device: str = "cpu") -> Iterator[Finding]:
    """Try every clause of the contract; stop at the first that the rest cannot do without.

    Parameters
    ----------
    model : LoadedModel
    folder : Path
        Empty, for what the model writes.
    device : str
        The torch device that the model is told to use.
    """
    yield from track_named(model.track).work.findings(model, folder.resolve(), device)


def repeated(
    model: LoadedModel,
    fitted: Any,
    asked: Mapping[str, Callable[[Any], NDArray[Any]]],
    again: Callable[[], Any],
    folder: Path,
) -> Iterator[Finding]:
    """Try a second answer, a second fit under the same seed, and a trip through ``save``, ``load``.

    Parameters
    ----------
    model : LoadedModel
    fitted : object
        One that has been fitted.
    asked : mapping of str to callable
        By the name of a method, what asks it of a fitted model, always under one seed.
    again : callable
        Fit another model under the same seed.
    folder : Path
        Into which the model may be saved.
    """
    first = {name: ask(fitted) for name, ask in asked.items()}

    def differing(other: Any) -> list[str]:
        return [
            name
            for name, ask in asked.items()
            if not np.allclose(ask(other), first[name], rtol=0, atol=1e-6)
        ]

    fault = _difference(lambda: differing(fitted), "gives another answer when asked again")
    if not fault:
        refitted = "after a second fit with the same seed gives another answer"
        fault = _difference(lambda: differing(again()), refitted)
    yield Finding("deterministic", fault, "the same seed gives the same answers")

    saves, loads = (callable(getattr(fitted, name, None)) for name in ("save", "load"))
    if saves and loads:
        back = _difference(
            lambda: differing(reloaded(model, fitted, folder / "saved")),
            "of a loaded model gives another answer",
        )
        yield Finding("save and load", back, "a saved model answers as before")
    elif saves or loads:
        has, lacks = ("save", "load") if saves else ("load", "save")
        yield Finding("save and load", f"has {has} and no {lacks}: a run needs both, or neither")
    else:
        yield Finding("save and load", note="none: an interrupted run will fit again")


def _difference(differing: Callable[[], list[str]], what: str) -> str:
    names, fault = tried(differing)
    return fault or (f"{' and '.join(names)} {what}" if names else "")


def reloaded(model: LoadedModel, fitted: Any, folder: Path) -> Any:
    """Save a fitted model and load it into a fresh one."""
    folder.mkdir()
    fitted.save(folder)
    loaded = model.build()
    loaded.load(folder)
    return loaded


def tried(action: Callable[[], Any]) -> tuple[Any, str]:
    """Give what an action gives, or the line that says why it does not."""
    try:
        return action(), ""
    except (ModelError, InputError) as error:
        return None, said(error)
    except BaseException as error:  # a model may raise anything, and call sys.exit
        return None, where_raised(error)
