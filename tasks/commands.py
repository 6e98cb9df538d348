"""``python -m benchmark data``: a user's own trajectories, public files, and frozen data."""

from __future__ import annotations

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmark.errors import InputError

if TYPE_CHECKING:
    pass

# Commands import what they need when they run, so that `--help` need not wait for it.

app = typer.Typer(
    help="Import your own trajectories, fetch public ones, verify the frozen data.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

#: Of a file whose fingerprint nobody has published.
FIRST_USE = (
    "note: nobody has published a fingerprint of {}, which came from {}. What it holds has the "
    "SHA-256 {}, compare it with somebody else's; it is written down in {}, and other content is "
    "refused from now on"
)

#: A source of this beginning is the name of a fetched file.
PUBLIC = "mdshare:"


class Partition(StrEnum):
    """How coordinates become labels."""

    bins = "bins"
    kmeans = "kmeans"
    pcca = "pcca"
    states = "states"


class Format(StrEnum):
    """What a source is."""

    auto = "auto"
    trajectory = "trajectory"
    series = "series"
    riboswitch = "riboswitch"


@app.command("import")
def import_(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE…", help="files, or mdshare:alanine")
    ],
    name: Annotated[str, typer.Option(help="the task will be private/NAME")],
    topology: Annotated[Path | None, typer.Option(help="of a trajectory: .pdb, .gro, …")] = None,
    dihedrals: Annotated[
        str | None, typer.Option(help="of all residues, from phi,psi,omega,chi1…chi5")
    ] = None,
    format_: Annotated[
        Format, typer.Option("--format", help="auto goes by suffix and header")
    ] = Format.auto,
    columns: Annotated[
        str | None, typer.Option(help="of a series: names, or numbers from 1, such as 1,3")
    ] = None,
    arrays: Annotated[
        str | None, typer.Option(help="of an .npz: names or globs, such as 'traj*'")
    ] = None,
    angles: Annotated[bool, typer.Option("--angles", help="columns are angles")] = False,
    degrees: Annotated[
        bool | None, typer.Option("--degrees/--radians", help="unit of angles [default: radians]")
    ] = None,
    interval: Annotated[
        str | None, typer.Option(help="between saved frames, such as 0.1ps or 100us")
    ] = None,
    stride: Annotated[int, typer.Option(min=1, help="keep every K-th frame")] = 1,
    partition: Annotated[
        Partition | None, typer.Option(help="default: states, bins or kmeans, as suits the data")
    ] = None,
    states: Annotated[
        int | None,
        typer.Option(min=2, max=256, help="bins [20], centres [at most 100] or PCCA+ sets"),
    ] = None,
    macrostates: Annotated[
        int | None, typer.Option(min=2, max=256, help="PCCA+ sets between which rates are scored")
    ] = None,
    hold: Annotated[
        str | None, typer.Option(help="a macrostate counts as entered once held for this time")
    ] = None,
    cores: Annotated[
        bool, typer.Option("--cores", help="label by the core visited last: no recrossings")
    ] = False,
    lag: Annotated[str | None, typer.Option(help="of Markov models and PCCA+")] = None,
    replicas: Annotated[int, typer.Option(min=2, max=10, help="training replicas")] = 3,
    force: Annotated[bool, typer.Option("--force", help="replace the task of that name")] = False,
) -> None:
    """Make a private, unranked task of your own trajectories.

    Times are a number with a unit (fs, ps, ns, us, ms, s), or a number of kept frames.

    Example: python -m benchmark data import run.xtc --topology run.gro --name my-peptide
    """
    from importlib import import_module

    from benchmark.console.show import console, progress_bar
    from benchmark.quantities import parse_time

    make = import_module("tasks.private.make")
    recordings = import_module("tasks.private.reading")
    labelling = import_module("tasks.private.labelling")

    def time(text: str | None, flag: str) -> Any:
        return None if text is None else parse_time(text, flag)

    unit = None if degrees is None and not angles else "degrees" if degrees else "radians"
    saved = time(interval, "--interval")
    paths, citations = [], []
    for source in sources:
        public = _public(source)
        if public is None:
            paths.append(Path(source))
            continue
        path, citation = public
        paths.append(path)
        citations.append(citation)
        if unit is None and partition is not Partition.states:
            unit = "radians"
        saved = saved or parse_time("1ps", "--interval")
    asked_states = None if partition is None else partition is Partition.states
    request = make.Request(
        name=name,
        sources=paths,
        reading=recordings.Reading(
            topology=topology,
            dihedrals=_words(dihedrals) or ("phi", "psi"),
            format=format_.value,
            columns=_words(columns),
            angles=unit,
            arrays=_words(arrays),
            states=asked_states,
            interval=saved,
        ),
        asked=labelling.Asked(
            partition=partition.value if partition else None,
            states=states,
            macrostates=macrostates,
            cores=cores,
            lag=time(lag, "--lag"),
        ),
        stride=stride,
        hold=time(hold, "--hold"),
        replicas=replicas,
        force=force,
        command=shlex.join(["python", "-m", "benchmark", *sys.argv[1:]]),
        citations=citations,
    )
    with progress_bar() as progress:
        bar = progress.add_task("import", total=len(make.STEPS))

        def tell(step: int, note: str) -> None:
            progress.update(bar, completed=step, description=note, refresh=True)

        _, report = make.make_private_task(request, tell)
    report.print(console)


@app.command()
def fetch(
    name: Annotated[str | None, typer.Argument(help="what to fetch; without it, a list")] = None,
    molecule: Annotated[
        list[str] | None,
        typer.Option("--molecule", "-m", help="of md17; may be repeated [default: all]"),
    ] = None,
    to: Annotated[Path | None, typer.Option(help="folder [default: the user's cache]")] = None,
) -> None:
    """Fetch public data by URL and hash.  Example: python -m benchmark data fetch alanine.

    Of md17 it makes the tasks md17-dft/MOLECULE-k5, -k10, -k20 and -k40 at once.
    """
    from importlib import import_module

    download = import_module("tasks.making.download")
    published = import_module("tasks.md17.published")
    folder = to or download.default_folder()
    if name is None:
        for file in download.FILES.values():
            typer.echo(f"{file.name}: {file.about}; {file.bytes:,} bytes, {file.licence}")
            typer.echo(f"  {file.url}")
        for one in published.PUBLISHED.values():
            typer.echo(f"{one.file.name}: {one.file.about}; {one.file.licence}")
            typer.echo(f"  {one.file.url}")
        typer.echo("fetch one: python -m benchmark data fetch NAME, or md17 --molecule NAME")
        return
    if name == published.NAME:
        found = [published.find_published(text) for text in molecule or published.PUBLISHED]
        for one in found:
            _fetch_md17(one, folder)
        return
    if molecule:
        raise InputError(f"--molecule is for {published.NAME}; {name} has none")
    file = download.find_public(name, [published.NAME])
    path = download.fetch(file, folder, sys.stderr.isatty())
    typer.echo(path)
    source = shlex.quote(str(path)) if to else f"{PUBLIC}{name}"
    typer.echo(f"import it: python -m benchmark data import {source} --name {name}", err=True)


def _fetch_md17(molecule: Any, folder: Path) -> None:
    """Fetch one molecule and make its tasks."""
    from importlib import import_module

    from benchmark.registry import user_tasks

    download = import_module("tasks.making.download")
    dft = import_module("tasks.md17.dft")
    published = import_module("tasks.md17.published")
    path = download.fetch(molecule.file, folder, sys.stderr.isatty())
    is_known = bool(published.fingerprint(path))
    tasks = dft.make_tasks(molecule, path, user_tasks())
    if not is_known:
        sha256 = published.fingerprint(path)
        record = path.parent / published.RECORD
        typer.echo(FIRST_USE.format(path.name, molecule.file.url, sha256, record), err=True)
    typer.echo(path)
    for task in tasks:
        typer.echo(task.id)
    chosen = tasks[0].id.rpartition("-")[0]
    typer.echo(f"run one: python -m benchmark run --model ridge --tasks '{chosen}-k10'", err=True)


def _public(source: str) -> tuple[Path, str] | None:
    """Find a public file by name or by path; give its path and citation, None if it is none."""
    from importlib import import_module

    download = import_module("tasks.making.download")
    if source.startswith(PUBLIC):
        file = download.find_public(source.removeprefix(PUBLIC))
        folder = download.default_folder()
        return download.fetch(file, folder, sys.stderr.isatty()), file.citation
    for file in download.FILES.values():
        if Path(source).name == file.filename:
            return Path(source), file.citation
    return None


def _words(text: str | None) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text.split(",")) if text is not None else ()
    if not all(words):
        raise InputError(f"'{text}': expected words between commas")
    return words


@app.command()
def export(
    to: Annotated[Path, typer.Option(help="a new folder")],
    globs: Annotated[
        list[str] | None, typer.Argument(metavar="[GLOB]…", help="of tasks [default: all shipped]")
    ] = None,
) -> None:
    """Write frozen data as a dataset folder for the Hugging Face hub, with its card.

    Example: python -m benchmark data export 'potentials/*' --to stridebench-data
    """
    from benchmark.registry import select_tasks, shipped_tasks
    from tasks.exporting.hugging_face import export as write

    tasks = select_tasks(globs) if globs else list(shipped_tasks().values())
    fingerprint = write(tasks, to)
    typer.echo(f"written: {to} ({len(tasks)} tasks, fingerprint {fingerprint})")
    typer.echo("upload it: huggingface-cli upload --repo-type dataset NAME " + str(to))
