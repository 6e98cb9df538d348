"""The contract of a model, tried on a tiny task: for authors, before a long run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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
    agrees: Callable[[Any], bool],
    again: Callable[[], Any],
    folder: Path,
) -> Iterator[Finding]:
    """Try a second fit under the same seed, and a trip through ``save`` and ``load``."""
    same, fault = tried(lambda: agrees(again()))
    if not fault and not same:
        fault = "two fits with one seed give different answers"
    yield Finding("deterministic", fault, "the same seed gives the same answers")

    if callable(getattr(fitted, "save", None)) and callable(getattr(fitted, "load", None)):
        same, fault = tried(lambda: agrees(reloaded(model, fitted, folder / "saved")))
        if not fault and not same:
            fault = "a loaded model gives other answers than the saved one"
        yield Finding("save and load", fault, "a saved model answers as before")
    else:
        yield Finding("save and load", note="none: an interrupted run will fit again")


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
