"""``check`` in a process of the model's own, under the circumstances of a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmark.check import findings, tried
from benchmark.errors import InputError, named, said
from benchmark.loading import load_model
from benchmark.run.code import require_no_truth, truth_modules
from benchmark.run.describing import resolved_device
from benchmark.run.line import Line
from benchmark.run.process import ModelProcess, ProcessEndedError
from benchmark.track import Finding


def check(line: Line, spec: str, settings: dict[str, str], device: str, folder: str) -> None:
    """Tell ``"finding"`` and what one holds for each clause, ``"fault"`` if there is no model."""
    try:
        before = truth_modules()
        model = load_model(spec, settings)
        _ = model.card  # as in a run, no model goes without a sound one
        for finding in findings(model, Path(folder), resolved_device(device)):
            line.tell("finding", asdict(finding))
        _, fault = tried(lambda: require_no_truth(before))
        line.tell("finding", asdict(Finding("imports", fault, "nothing that makes the tasks")))
        line.tell("end", "")
    except InputError as error:
        line.tell("fault", said(error))
    except BaseException as error:  # of the model's own code, when it is looked at
        line.tell("fault", f"{spec}: {named(error)}")


def checked(
    context: Any, spec: str, settings: dict[str, str], device: str, seconds: float
) -> Iterator[Finding]:
    """Give what ``check`` finds, clause by clause; a process that dies or hangs is a fault.

    Raises
    ------
    InputError
        If there is no such model, setting or device, or the model cannot be built.
    """
    with TemporaryDirectory() as folder:
        process = ModelProcess(context, check, spec, settings, device, folder)
        try:
            for kind, content in process.listen(seconds):
                if kind == "fault":
                    raise InputError(content)
                if kind == "end":
                    return
                yield Finding(**content)
        except ProcessEndedError as error:
            yield Finding("process", str(error))
        finally:
            process.stop()
