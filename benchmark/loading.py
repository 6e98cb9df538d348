"""From what ``--model`` says to an object: a name, a file, a class in a file or in a package."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml
from pydantic import ValidationError

from benchmark.errors import InputError, named
from benchmark.model import ModelCard
from benchmark.registry import track_named, tracks
from benchmark.sources import closure, imported_by_now, module_file, sha256

ENTRY_POINTS = "stridebench.models"

#: The package of shipped models; a folder a track, named after it.
BASELINES = "baselines"


@dataclass(frozen=True)
class LoadedModel:
    """A model's class with its resolved settings; ``build()`` makes a fresh, unfitted model."""

    name: str
    cls: type
    settings: dict[str, Any]

    @property
    def card(self) -> ModelCard:
        """The class's card, which may be written as a dict; a plain one if it has none.

        Raises
        ------
        InputError
            If it is neither, or not a card.
        """
        card = getattr(self.cls, "card", None)
        if card is None:
            return ModelCard(title=self.name)
        if not isinstance(card, ModelCard | dict):
            kind = type(card).__name__
            raise InputError(f"{self.name}: card is a {kind}; expected a ModelCard or a dict")
        known = card.model_dump() if isinstance(card, ModelCard) else {"title": self.name, **card}
        try:
            return ModelCard.model_validate(known)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "card"
            raise InputError(f"{self.name}: card: {where}: {first['msg']}") from error

    @property
    def track(self) -> str:
        """The track of the model: the first whose method the class has."""
        return _tracks(self.cls)[0]

    @cached_property
    def sources(self) -> list[Path]:
        """The files of the model's code (see `benchmark.sources`), the one with the class first."""
        source = inspect.getsourcefile(self.cls)
        if source is None:
            return []
        own = Path(source), self.cls.__module__
        first, *others = closure(*own)
        if self.cls.__module__.startswith(f"{BASELINES}."):
            return [first, *others]
        return [first, *sorted({*others, *imported_by_now(*own)} - {first})]

    @property
    def late_sources(self) -> list[Path]:
        """The files of the model's own that have been imported since, and that nothing told of."""
        if not self.sources or self.cls.__module__.startswith(f"{BASELINES}."):
            return []
        known = set(self.sources)
        found = imported_by_now(self.sources[0], self.cls.__module__)
        return [file for file in found if file not in known]

    @property
    def source_sha256(self) -> str:
        """SHA-256 of `sources` as they are on disk now: says whether two runs had the same."""
        return sha256(self.sources)

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
        except BaseException as error:  # its code may raise anything
            raise InputError(f"{self.name} cannot be built: {named(error)}") from error


def unloaded_sources(text: str, track: str | None = None) -> list[Path]:
    """Give the files of a model's code (see `benchmark.sources`) without importing any of it.

    Parameters
    ----------
    text, track
        As of `load_model`.

    Returns
    -------
    list of Path
        Empty where there is no such model, or only an import could tell where it is.
    """
    where = text.rpartition(":")[0] or text
    if "." in where and ":" not in text and not where.endswith(".py"):
        return []  # its packages would be imported to see whether there is such a module
    try:
        source = _find(text, [track] if track else list(tracks()))
    except InputError:
        return []
    file, module = source.file or module_file(source.module), source.module or "plug"
    return closure(file.absolute(), module) if file and file.is_file() else []


def shipped_models(track: str) -> list[str]:
    """Names of the baselines of a track in this repository."""
    spec = importlib.util.find_spec(f"{BASELINES}.{track}")
    locations = spec.submodule_search_locations if spec else None
    modules = pkgutil.iter_modules(list(locations or []))
    return sorted(m.name.replace("_", "-") for m in modules if not m.name.startswith("_"))


def _tracks(cls: type) -> list[str]:
    """Name the tracks whose method a class has."""
    return [name for name, track in tracks().items() if callable(getattr(cls, track.method, None))]


def load_model(
    text: str, settings: dict[str, str] | None = None, track: str | None = None
) -> LoadedModel:
    """Find the class that ``--model`` names, and resolve ``--set``.

    Parameters
    ----------
    text : str
        ``file.py`` with one model in it, ``file.py:Class``, ``package.module:Class``, or a name:
        of a shipped model, of an entry point of the group ``stridebench.models``, of ``NAME.py``
        in the working directory, of an importable module with one model in it. The first that
        there is, in this order, is taken.
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
    found = _find(text, [track] if track else list(tracks()))
    cls, name = _class_of(found, text)
    if not callable(getattr(cls, "fit", None)):
        raise InputError(f"{text}: {cls.__name__} has no method fit()")
    if not _tracks(cls) or (track and track not in _tracks(cls)):
        wanted = [track_named(track)] if track else tracks().values()
        method = " or ".join(one.method for one in wanted)
        needed = f", which {track} tasks need" if track else ""
        raise InputError(f"{text}: {cls.__name__} has no method {method}(){needed}")
    return LoadedModel(name, cls, _resolve(cls, settings or {}))


def clash(text: str, track: str | None = None) -> str:
    """Say which of several models of one name `load_model` takes; empty if there is one only."""
    if ":" in text or text.endswith(".py"):
        return ""
    found = list(_named(text, [track] if track else list(tracks())))
    if len(found) < 2:
        return ""
    others = " or ".join(f"--model {other.spelled}" for other in found[1:])
    return f"--model {text} is {found[0].what}; the other one is {others}"


@dataclass(frozen=True)
class _Source:
    """Where a model's class is: a file or a module, perhaps its name in there, and what it is."""

    name: str
    file: Path | None = None
    module: str = ""
    class_name: str = ""
    what: str = ""

    @property
    def spelled(self) -> str:
        """What ``--model`` takes for this one and no other."""
        return str(self.file) if self.file else f"{self.module}:{self.class_name or 'CLASS'}"


def _find(text: str, wanted: list[str]) -> _Source:
    """Tell what ``--model`` names."""
    where, colon, class_name = text.rpartition(":")
    if not colon or text.endswith(".py"):  # the colon of C:\model.py is none of ours
        where, colon, class_name = text, "", ""
    if where.endswith(".py"):
        name = Path(where).stem + (f"-{class_name}" if class_name else "")
        return _Source(name, file=Path(where), class_name=class_name)
    if colon:
        return _Source(class_name, module=where, class_name=class_name)
    for found in _named(text, wanted):
        return found
    raise InputError(_no_such_model(text, wanted))


def _named(text: str, wanted: list[str]) -> Iterator[_Source]:
    """Give all that bear a name, in the order in which they are taken."""
    for track in wanted:
        if text in shipped_models(track):
            module = f"{BASELINES}.{track}.{text.replace('-', '_')}"
            yield _Source(text, module=module, what="the shipped model")
            break
    for point in entry_points(group=ENTRY_POINTS):
        if point.name == text:
            what = f"the model of an installed package ({point.value})"
            yield _Source(text, module=point.module, class_name=point.attr, what=what)
    file = Path(f"{text}.py")
    if file.is_file():
        yield _Source(text, file=file, what=str(file))
    spec = _spec(text)
    if spec and not (spec.origin and file.is_file() and file.samefile(spec.origin)):
        yield _Source(text, module=text, what=f"the module {spec.origin}")


def _spec(module: str) -> ModuleSpec | None:
    """Find a module without importing it; of a submodule its package is imported, though."""
    if not all(part.isidentifier() for part in module.split(".")):
        return None
    with suppress(Exception):  # a broken package is not the one that was meant
        return importlib.util.find_spec(module)
    return None


def _no_such_model(text: str, wanted: list[str]) -> str:
    other = next((t for t in tracks() if t not in wanted and text in shipped_models(t)), "")
    if other:
        return f"{text} is a {other} model, and these are {wanted[0]} tasks"
    points = [point.name for point in entry_points(group=ENTRY_POINTS)]
    known = [*dict.fromkeys(name for t in wanted for name in shipped_models(t)), *points]
    near = get_close_matches(text, known, n=2)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return (
        f"no model '{text}'; {hint}available: {', '.join(known)}; "
        "or give file.py, file.py:Class, package.module:Class"
    )


def _class_of(source: _Source, asked: str) -> tuple[type, str]:
    """Import a model's module and give its class and name."""
    module = _import_file(source.file) if source.file else _import(source.module, asked)
    where = source.file or source.module
    if source.class_name:
        cls = getattr(module, source.class_name, None)
        if not inspect.isclass(cls):
            raise InputError(f"{where} has no class '{source.class_name}'")
        return cls, source.name
    found = [
        cls
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if cls.__module__ == module.__name__ and hasattr(cls, "fit") and _tracks(cls)
    ]
    if len(found) != 1:
        names = ", ".join(cls.__name__ for cls in found) or "none"
        first, *others = (track.method for track in tracks().values())
        methods = f"{first} (or {', '.join(others)})"
        raise InputError(f"{where} must hold one class with fit and {methods}, it holds: {names}")
    return found[0], source.name


def _import(module: str, asked: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except BaseException as error:  # its code may raise anything
        raise InputError(f"cannot import {module} for --model {asked}: {named(error)}") from error


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise InputError(f"no file {path}")
    name = _importable_name(path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and type hints look their module up
    try:
        spec.loader.exec_module(module)
    except BaseException as error:  # its code may raise anything
        raise InputError(f"{path} does not load: {named(error)}") from error
    return module


def _importable_name(path: Path) -> str:
    """Name the module of a file so that processes that the model starts can import it, too.

    That is its own name, with its folder at the end of the path. Where something else is imported
    under that name, only a copy of this process (a fork) knows the module.
    """
    name = path.stem
    there = getattr(sys.modules.get(name), "__file__", "") if name in sys.modules else None
    spec = PathFinder.find_spec(name)
    others = [there, spec.origin or "" if spec else None]
    if not name.isidentifier() or name in sys.builtin_module_names:
        others.append("")
    if any(one is not None and not (one and path.samefile(one)) for one in others):
        return f"_stridebench_plug_{name}"
    if spec is None:
        sys.path.append(str(path.absolute().parent))
    return name


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
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # 2026-13-01, [[[[…
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
