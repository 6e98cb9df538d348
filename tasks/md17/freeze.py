"""Make the cards of `md17-xtb` from its segments: eight molecules, four gaps.

    python -m tasks.md17.generate --workers 2    # the segments: GFN2-xTB dynamics, an hour
    python -m tasks.md17.freeze                  # the cards, with E₀ of linear interpolation

The frozen data are the segments themselves: a card names them and holds the SHA-256 of their
decoded positions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.progress import track

from benchmark.task import MetricScale, Split, Task
from benchmark.tracks.superresolution import data
from benchmark.tracks.superresolution.card import Piece, SuperResolutionCard
from benchmark.tracks.superresolution.interpolation import INTERPOLANTS
from benchmark.tracks.superresolution.metrics.errors import superresolution_errors
from benchmark.tracks.superresolution.segments import DenseSegment
from tasks.making.pieces import bad_input
from tasks.md17.generate import DEFAULT_OUT, N_FRAMES, TIME_STEP
from tasks.md17.molecules import GEOMETRIES, Molecule, load_molecule

GAPS = (5, 10, 20, 40)
#: With five frames a gap a spline is already within 2e-4 Å.
UNRANKED_GAPS = (5,)

SPLITS = {"train": range(8), "validation": range(8, 9), "test": range(9, 12)}

#: Å: what the paper says its networks reach. A mark, not a limit: z may be above 1.
CLAIM = 1e-4

WINKLER = "Winkler, Müller, Sauceda, Mach. Learn.: Sci. Technol. 3, 025011 (2022), arXiv:2201.01195"
BANNWARTH = "Bannwarth, Ehlert, Grimme, J. Chem. Theory Comput. 15, 1652 (2019) (GFN2-xTB)"


def claimed(molecule: Molecule, gap: int) -> float:
    """Give f of the MAE, Å, where dynamics has no noise: the same for all."""
    return CLAIM


@dataclass(frozen=True)
class Origin:
    """Where the segments of a family come from: what its cards say besides the molecule.

    Attributes
    ----------
    family : str
        The part of the tasks' ids before the slash.
    folder : Path
        Gets ``cards/``, and holds ``data/segments/``.
    about : str
        The first sentences of a card's description.
    citations : tuple of str
    generator : str
        The command that makes the tasks.
    time_step : float
        fs between frames.
    ranked : bool
        Whether its tasks are on the board.
    variant : str
        What tells its segments and tasks from others of the same molecule and family, if any.
    gaps : tuple of int
        One task each.
    floor : callable
        f of the MAE, Å, of a molecule at a gap; ``floor_is`` says what it is.
    """

    family: str
    folder: Path
    about: str
    citations: tuple[str, ...]
    generator: str
    time_step: float
    ranked: bool
    variant: str = ""
    gaps: tuple[int, ...] = GAPS
    floor: Callable[[Molecule, int], float] = claimed
    floor_is: str = "the 1e-4 Å of the paper"

    def named(self, molecule: str) -> str:
        """Give the name of a molecule's segments, and tasks, without their numbers."""
        return "-".join(part for part in (molecule, self.variant) if part)


def pieces(name: str) -> dict[str, list[Piece]]:
    """Give the files of each split, by the name of a molecule's segments."""
    folder = DEFAULT_OUT.name
    return {
        split: [Piece(file=f"{folder}/{name}-{number:02d}.parquet") for number in numbers]
        for split, numbers in SPLITS.items()
    }


def described(molecule: Molecule, origin: Origin) -> dict[str, Split]:
    """Give rows, frames and fingerprint of each split of a molecule."""
    found = {}
    for split, files in pieces(origin.named(molecule.name)).items():
        read = [
            data.read_piece(origin.folder / "data", piece, len(molecule.numbers)) for piece in files
        ]
        found[split] = Split(
            rows=len(read),
            frames=sum(map(len, read)),
            sha256=data.positions_sha256(read),
        )
    return found


def scales(
    test: list[DenseSegment], gap: int, molecule: Molecule, floor: float
) -> dict[str, MetricScale]:
    """Measure linear interpolation, E₀ of every metric; only the MAE is scored, and has an f."""
    linear = INTERPOLANTS[0]
    truth = [segment.cut(gap) for segment in test]
    filled = [linear.reconstruct(segment.coarse(gap, linear.reads)) for segment in truth]
    errors = superresolution_errors(filled, truth, gap, molecule.bonds)
    return {
        name: MetricScale(
            group="accuracy" if name == "mae" else None,
            trivial=_short(errors[name].value),
            trivial_stderr=_short(errors[name].stderr),
            floor=_short(floor) if name == "mae" else None,
            capped=False,
        )
        for name in errors
    }


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def card(molecule: Molecule, gap: int, splits: dict[str, Split], origin: Origin) -> dict[str, Any]:
    """Give the fields of a card other than its metrics."""
    name = origin.named(molecule.name.replace("_", "-"))
    parts = (molecule.name.replace("_", " "), origin.variant, f"one frame in {gap} kept")
    return {
        "id": f"{origin.family}/{name}-k{gap}",
        "version": 1,
        "track": "superresolution",
        "title": ", ".join(part for part in parts if part),
        "description": f"{origin.about} One frame in {gap} "
        f"({gap * origin.time_step:g} fs) is kept; hidden frames two or more away from a kept one "
        f"are scored. E₀ is linear interpolation, f {origin.floor_is}.",
        "citations": list(origin.citations),
        "ranked": origin.ranked and gap not in UNRANKED_GAPS,
        "frame_time": origin.time_step,
        "time_unit": "fs",
        "oracle": "exact",
        "generator": origin.generator,
        "molecule": molecule.name,
        "numbers": molecule.numbers.tolist(),
        "masses": molecule.masses.tolist(),
        "bonds": molecule.bonds.tolist(),
        "gap": gap,
        "pieces": pieces(origin.named(molecule.name)),
        "splits": splits,
    }


def freeze(molecule: Molecule, origin: Origin) -> list[Task]:
    """Write the cards of a molecule, whose segments lie in the origin's folder."""
    splits = described(molecule, origin)
    tasks = []
    for gap in origin.gaps:
        fields = card(molecule, gap, splits, origin)
        bare = SuperResolutionCard.model_validate(fields)
        task = Task(bare, origin.folder / "cards" / f"{bare.name}.yaml")
        test = data.load(task, "test")
        scaled = bare.model_copy(
            update={"metrics": scales(test, gap, molecule, origin.floor(molecule, gap))}
        )
        tasks.append(Task(scaled, task.path))
        tasks[-1].write()
    return tasks


XTB = Origin(
    family="md17-xtb",
    folder=Path(__file__).parent,
    about=f"GFN2-xTB dynamics at constant energy from 500 K, {N_FRAMES:,} frames of {TIME_STEP} fs "
    "a segment, every segment independent.",
    citations=(WINKLER, BANNWARTH),
    generator="python -m tasks.md17.freeze",
    time_step=TIME_STEP,
    ranked=True,
)


def main() -> None:
    """Write all cards. Example: python -m tasks.md17.freeze."""
    files = [
        piece.file for name in GEOMETRIES for split in pieces(name).values() for piece in split
    ]
    missing = [file for file in files if not (XTB.folder / "data" / file).exists()]
    if missing:
        bad_input(f"{len(missing)} segments are missing ({missing[0]}): run the generator")
    for name in track(list(GEOMETRIES), description="molecules"):
        freeze(load_molecule(name), XTB)
        typer.echo(f"{XTB.family}/{name} is frozen")


if __name__ == "__main__":
    typer.run(main)
