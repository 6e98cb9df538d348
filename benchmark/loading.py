"""From what ``--model`` says to an object: a name, a file, a class in a file or in a package."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import pkgutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from benchmark.errors import InputError, named
from benchmark.model import ModelCard

ENTRY_POINTS = "stridebench.models"

#: Of each track: the package of shipped models, and the method that makes a class a model of it.
BASELINES = {"kinetics": "baselines.kinetics", "superresolution": "baselines.superresolution"}
METHODS = {"kinetics": "sample", "superresolution": "reconstruct"}


@dataclass(frozen=True)
class LoadedModel:
    """A model's class with its resolved settings; ``build()`` makes a fresh, unfitted model."""

    name: str
    cls: type
    settings: dict[str, Any]

    @property
    def card(self) -> ModelCard:
        """The class's card, or a plain one."""
        card = getattr(self.cls, "card", None)
        return card if isinstance(card, ModelCard) else ModelCard(title=self.name)

    @property
    def track(self) -> str:
        """The track of the model: the first whose method the class has."""
        return _tracks(self.cls)[0]

    @property
    def source_sha256(self) -> str:
        """SHA-256 of the model's code: says whether two runs had the same.

        That is the file that holds the class, and of a shipped model also the private modules
        beside and above it, which it may use.
        """
        path = inspect.getsourcefile(self.cls)
        if path is None:
            return ""
        shared = self.cls.__module__.startswith(tuple(f"{name}." for name in BASELINES.values()))
        beside = Path(path).parents[:2] if shared else []
        files = [Path(path), *(file for at in beside for file in sorted(at.glob("_*.py")))]
        return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()

    def build(self) -> Any:
        """Make a model.

        Raises
        ------
        InputError
            If the class's ``__init__`` raises.
        """
        try:
            return self.cls(**self.settings)
        except InputError:
            raise
        except Exception as error:
            raise InputError(f"{self.name} cannot be built: {named(error)}") from error


def shipped_models(track: str) -> list[str]:
    """Names of the baselines of a track in this repository."""
    spec = importlib.util.find_spec(BASELINES[track])
    locations = spec.submodule_search_locations if spec else None
    modules = pkgutil.iter_modules(list(locations or []))
    return sorted(m.name.replace("_", "-") for m in modules if not m.name.startswith("_"))


def _tracks(cls: type) -> list[str]:
    return [track for track, method in METHODS.items() if callable(getattr(cls, method, None))]


def load_model(
    text: str, settings: dict[str, str] | None = None, track: str | None = None
) -> LoadedModel:
    """Find the class that ``--model`` names, and resolve ``--set``.

    Parameters
    ----------
    text : str
        The name of a shipped model or of an entry point of the group ``stridebench.models``;
        ``file.py`` with one model in it; ``file.py:Class``; or ``package.module:Class``.
    settings : dict of str to str
        Keyword arguments of the class, as text; read as YAML scalars.
    track : str, optional
        The track the model is wanted for: some shipped models of different tracks share a name.
        By default the first track that has the name.

    Raises
    ------
    InputError
        If there is no such model, it cannot be imported, it is of another track, or a setting is
        unknown or ill-typed.
    """
    cls, name = _find_class(text, [track] if track else list(BASELINES))
    if not callable(getattr(cls, "fit", None)):
        raise InputError(f"{text}: {cls.__name__} has no method fit()")
    if not _tracks(cls) or (track and track not in _tracks(cls)):
        method = METHODS[track] if track else " or ".join(METHODS.values())
        needed = f", which {track} tasks need" if track else ""
        raise InputError(f"{text}: {cls.__name__} has no method {method}(){needed}")
    return LoadedModel(name, cls, _resolve(cls, settings or {}))


def _find_class(text: str, tracks: list[str]) -> tuple[type, str]:
    where, colon, class_name = text.rpartition(":")
    if not colon or text.endswith(".py"):  # the colon of C:\model.py is none of ours
        where, colon, class_name = text, "", ""
    if where.endswith(".py"):
        module, name = _import_file(Path(where)), Path(where).stem
        name += f"-{class_name}" if class_name else ""
    elif colon:
        module, name = _import(where, text), class_name
    elif package := next((BASELINES[t] for t in tracks if text in shipped_models(t)), ""):
        module, name = _import(f"{package}.{text.replace('-', '_')}", text), text
    else:
        other = next((t for t in BASELINES if t not in tracks and text in shipped_models(t)), "")
        if other:
            raise InputError(f"{text} is a {other} model, and these are {tracks[0]} tasks")
        points = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
        if text not in points:
            known = [*dict.fromkeys(name for t in tracks for name in shipped_models(t)), *points]
            near = get_close_matches(text, known, n=2)
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            raise InputError(
                f"no model '{text}'; {hint}available: {', '.join(known)}; "
                "or give file.py, file.py:Class, package.module:Class"
            )
        module = _import(points[text].module, text)
        name, class_name = text, points[text].attr
    if class_name:
        cls = getattr(module, class_name, None)
        if not inspect.isclass(cls):
            raise InputError(f"{where} has no class '{class_name}'")
        return cls, name
    found = [
        cls
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if cls.__module__ == module.__name__ and hasattr(cls, "fit") and _tracks(cls)
    ]
    if len(found) != 1:
        names = ", ".join(cls.__name__ for cls in found) or "none"
        raise InputError(
            f"{where} must hold one class with fit and sample (or reconstruct), it holds: {names}"
        )
    return found[0], name


def _import(module: str, asked: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except (Exception, SystemExit) as error:
        raise InputError(f"cannot import {module} for --model {asked}: {named(error)}") from error


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise InputError(f"no file {path}")
    name = f"_stridebench_plug_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and type hints look their module up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise InputError(f"{path} does not load: {named(error)}") from error
    return module


def _resolve(cls: type, given: dict[str, str]) -> dict[str, Any]:
    parameters = {
        name: parameter
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }
    settings = {
        name: parameter.default
        for name, parameter in parameters.items()
        if parameter.default is not parameter.empty
    }
    for name, text in given.items():
        if name not in parameters:
            known = ", ".join(f"{key}={value}" for key, value in settings.items()) or "none"
            raise InputError(f"{cls.__name__} has no setting '{name}'; it has: {known}")
        settings[name] = _read_value(name, text, settings.get(name))
    missing = set(parameters) - set(settings)
    if missing:
        raise InputError(f"{cls.__name__} needs --set {missing.pop()}=…")
    return settings


def _read_value(name: str, text: str, default: Any) -> Any:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(f"--set {name}={text}: not a YAML value") from error
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if isinstance(default, float) and isinstance(value, str):
        with suppress(ValueError):
            value = float(value)  # YAML 1.1 reads 1e-3 as text
    if default is not None and type(value) is not type(default):
        expected = type(default).__name__
        raise InputError(f"--set {name}={text}: expected {expected}, such as {default}")
    return value
