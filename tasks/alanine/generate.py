"""Make the runs of `alanine`: ACE-ALA-NME at 450 K, (phi, psi) every 0.1 ps.

    python -m tasks.alanine.generate --workers 2

One Parquet piece a run of 20 ns appears in `tasks/alanine/data/runs` when it is done. An
interrupted command is simply given again: finished runs are skipped, and a half-finished one goes
on from its last checkpoint (every ns, in the folder `.partial` beside `runs`).
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from tasks.making.pieces import (
    WorkUnit,
    parse_indices,
    require,
    run_units,
    write_table,
)

if TYPE_CHECKING:
    import openmm

N_RUNS = 54
DEFAULT_OUT = Path(__file__).parent / "data" / "runs"
START = Path(__file__).parent / "ace-ala-nme.pdb"
# ff99SB-ILDN with GBSA-OBC; this file's native force is far faster than `implicit/obc2.xml`.
FORCE_FIELD = ("amber99sbildn.xml", "amber99_obc.xml")
PLATFORM = "Reference"  # double precision on one core, and for 22 atoms the fastest
METADATA_KEY = b"stridebench"

# Atoms of the backbone dihedrals in `START`: C-N-CA-C and N-CA-C-N.
PHI = (4, 6, 8, 14)
PSI = (6, 8, 14, 16)
RESOLUTION = 0.5  # degree

SEED = 4_500_000


@dataclass(frozen=True)
class Protocol:
    """How a run is made. The defaults are the benchmark's; tests shorten them.

    All runs start from the same minimum (phi < 0) and are equilibrated for 1 ns, which is not
    kept. At 450 K the slowest relaxation, through phi = 0, takes about 0.16 ns, so a run forgets
    its start to e^-6 before its first frame. Starting some runs at phi > 0 (5 % of the population)
    would gain no crossings and would put too many there, if equilibration were too short.

    A step of 4 fs is stable because hydrogens weigh 3 u, the difference taken from the heavy atom
    they are bonded to. The mean kinetic energy then is that of 450.8 K (450.4 K at 2 fs). The
    masses are part of the system: alpha-beta jumps within phi < 0 are 84.1 ± 1.1 per ns (99 ns),
    against 92.0 ± 2.4 with natural masses at 2 fs (20 ns), so rates hold for these masses only.
    In the same runs the share of alpha within phi < 0 is 0.408 ± 0.006 against 0.432 ± 0.011.

    Attributes
    ----------
    temperature : float
        K.
    friction : float
        1/ps.
    time_step : float
        fs.
    hydrogen_mass : float
        u.
    constraint_tolerance : float
        Relative error of constrained bond lengths.
    steps_per_frame : int
        25 steps of 4 fs: a frame every 0.1 ps.
    equilibration_frames, n_frames, checkpoint_frames : int
        Frames thrown away, frames kept, frames between checkpoints.
    """

    temperature: float = 450.0
    friction: float = 1.0
    time_step: float = 4.0
    hydrogen_mass: float = 3.0
    constraint_tolerance: float = 1e-6
    steps_per_frame: int = 25
    equilibration_frames: int = 10_000
    n_frames: int = 200_000
    checkpoint_frames: int = 10_000


app = typer.Typer(add_completion=False)


def build_context(protocol: Protocol, seed: int) -> openmm.Context:
    """Return a context at `START` with random velocities.

    `seed` is for the noise, `seed` + 1 for the velocities. Centre-of-mass motion is left alone:
    the dihedrals do not see it.
    """
    import openmm  # slow to load
    from openmm import app as openmm_app
    from openmm import unit

    pdb = openmm_app.PDBFile(str(START))
    force_field = openmm_app.ForceField(*FORCE_FIELD)
    system = force_field.createSystem(
        pdb.topology,
        nonbondedMethod=openmm_app.NoCutoff,
        constraints=openmm_app.HBonds,
        hydrogenMass=protocol.hydrogen_mass * unit.dalton,
        removeCMMotion=False,
    )
    integrator = openmm.LangevinMiddleIntegrator(
        protocol.temperature * unit.kelvin,
        protocol.friction / unit.picosecond,
        protocol.time_step * unit.femtosecond,
    )
    integrator.setConstraintTolerance(protocol.constraint_tolerance)
    integrator.setRandomNumberSeed(seed)
    platform = openmm.Platform.getPlatformByName(PLATFORM)
    context = openmm.Context(system, integrator, platform)
    context.setPositions(pdb.positions)
    context.setVelocitiesToTemperature(protocol.temperature * unit.kelvin, seed + 1)
    return context


def dihedral(positions: NDArray[np.float64], atoms: tuple[int, int, int, int]) -> NDArray:
    """Return the dihedral angle of four atoms in every frame.

    Parameters
    ----------
    positions : float64, shape (frames, atoms, 3)
        In any unit of length.
    atoms
        Indices of the four atoms in order.

    Returns
    -------
    float64, shape (frames,)
        Degrees in (-180, 180], positive clockwise when looking along the central bond (IUPAC, as
        in mdtraj).
    """
    a, b, c, d = (positions[:, atom] for atom in atoms)
    along = c - b
    left, right = np.cross(b - a, along), np.cross(along, d - c)
    # arctan2 of both projections keeps its precision near 0 and 180 degrees, as arccos does not
    sine = np.linalg.norm(along, axis=1) * ((b - a) * right).sum(axis=1)
    return np.degrees(np.arctan2(sine, (left * right).sum(axis=1)))


def to_integers(degrees: NDArray[np.float64]) -> NDArray[np.int16]:
    """Round angles to multiples of `RESOLUTION`, in -360 … 359 (180° is -180°)."""
    half_turn = round(180 / RESOLUTION)
    integers = np.rint(degrees / RESOLUTION).astype(np.int16)
    return (integers + half_turn) % (2 * half_turn) - half_turn


def simulate(context: openmm.Context, n_frames: int, steps_per_frame: int) -> NDArray[np.int16]:
    """Advance `context` and return (phi, psi) after every frame, shape (n_frames, 2)."""
    integrator = context.getIntegrator()
    positions = np.empty((n_frames, context.getSystem().getNumParticles(), 3))  # nm
    for frame in range(n_frames):
        integrator.step(steps_per_frame)
        positions[frame] = context.getState(positions=True).getPositions(asNumpy=True)._value
    angles = np.stack([dihedral(positions, PHI), dihedral(positions, PSI)], axis=1)
    if not np.isfinite(angles).all():
        raise RuntimeError("the integration blew up: a dihedral is not a number")
    return to_integers(angles)


def run_seed(run: int) -> int:
    """Return the seed of a run; the next integer is its velocities'."""
    return SEED + 2 * run


def make_run(path: Path, run: int, protocol: Protocol | None = None) -> None:
    """Make one run, or finish it from its last checkpoint, and write its piece.

    An OpenMM checkpoint holds the state of the random numbers too, so that on one machine an
    interrupted run gives the same angles as an uninterrupted one. A checkpoint that does not fit
    (another protocol, another OpenMM) is ignored and the run starts anew.

    Parameters
    ----------
    path
        File to write.
    run
        Number of the run; it gives the seed.
    protocol
        Default: the benchmark's.
    """
    protocol = protocol or Protocol()
    seed = run_seed(run)
    partial = path.parent.parent / ".partial" / f"{path.stem}.npz"
    origin = json.dumps({"seed": seed, **asdict(protocol), **_versions()}, sort_keys=True)
    context = build_context(protocol, seed)
    blocks = _resume(context, partial, origin)
    done = sum(map(len, blocks))
    total = protocol.equilibration_frames + protocol.n_frames
    while done < total:
        n = min(protocol.checkpoint_frames, total - done)
        blocks.append(simulate(context, n, protocol.steps_per_frame))
        done += n
        _checkpoint(context, partial, origin, blocks)
    angles = np.concatenate(blocks)[protocol.equilibration_frames :]
    metadata = {
        "run": run,
        "frame_ps": protocol.steps_per_frame * protocol.time_step * 1e-3,
        "resolution_degree": RESOLUTION,
        "force_field": FORCE_FIELD,
        "platform": PLATFORM,
        **json.loads(origin),
    }
    write_run(path, angles, metadata)
    partial.unlink()


def _checkpoint(
    context: openmm.Context, partial: Path, origin: str, blocks: list[NDArray[np.int16]]
) -> None:
    """Write state and angles into one file, so that they cannot disagree."""
    partial.parent.mkdir(parents=True, exist_ok=True)
    temporary = partial.with_name(f".{partial.name}.{os.getpid()}.tmp")
    state = np.frombuffer(context.createCheckpoint(), dtype=np.uint8)
    with temporary.open("wb") as file:
        np.savez(file, state=state, angles=np.concatenate(blocks), origin=np.array(origin))
    temporary.replace(partial)


def _resume(context: openmm.Context, partial: Path, origin: str) -> list[NDArray[np.int16]]:
    """Put `context` into the state of a checkpoint; return the angles before it."""
    if not partial.exists():
        return []
    with np.load(partial, allow_pickle=False) as file:
        if str(file["origin"]) != origin:
            return []
        context.loadCheckpoint(file["state"].tobytes())
        return [file["angles"]]


def write_run(path: Path, angles: NDArray[np.int16], metadata: dict[str, Any]) -> None:
    """Write (phi, psi), integers of `RESOLUTION`, shape (frames, 2), as two columns of changes.

    A row holds what a frame adds to the one before it, the shorter way round the circle; the first
    one is added to zero. Delta encoding then packs second differences, an eighth smaller.
    """
    import pyarrow as pa  # slow to load

    whole = angles.astype(np.int64)
    changes = _wrapped(whole - np.vstack([np.zeros_like(whole[:1]), whole[:-1]]))
    table = pa.table({"phi_change": changes[:, 0], "psi_change": changes[:, 1]})
    table = table.replace_schema_metadata({METADATA_KEY: json.dumps(metadata).encode()})
    write_table(table, path, use_dictionary=False, column_encoding="DELTA_BINARY_PACKED")


def read_run(path: Path) -> tuple[NDArray[np.int16], dict[str, Any]]:
    """Return (phi, psi) as integers of `RESOLUTION`, shape (frames, 2), and the metadata."""
    import pyarrow.parquet as pq  # slow to load

    table = pq.read_table(path)
    changes = np.stack([column.to_numpy() for column in table.columns], axis=1)
    return _wrapped(changes.cumsum(0, np.int64)), json.loads(table.schema.metadata[METADATA_KEY])


def _wrapped(angles: NDArray[np.int64]) -> NDArray[np.int16]:
    """Bring integers of `RESOLUTION` to −180° … 180°, the upper end excluded."""
    half = round(180 / RESOLUTION)
    return ((angles + half) % (2 * half) - half).astype(np.int16)


def describe_run(path: Path) -> str:
    """Return one line about a finished piece."""
    angles, metadata = read_run(path)
    ns = len(angles) * metadata["frame_ps"] * 1e-3
    return (
        f"{ns:g} ns, phi > 0 {100 * np.mean(angles[:, 0] > 0):.1f} %, "
        f"{path.stat().st_size / len(angles):.2f} bytes/frame"
    )


def _versions() -> dict[str, str]:
    from importlib.metadata import version  # slow to load

    return {"openmm_version": version("openmm")}


@app.command(epilog="Example: python -m tasks.alanine.generate --runs 0-9 --workers 2")
def main(
    runs: Annotated[str, typer.Option(help="Runs, e.g. 0-3,7.")] = f"0-{N_RUNS - 1}",
    workers: Annotated[int, typer.Option(min=1, help="Processes, each with one thread.")] = 1,
    out: Annotated[
        Path,
        typer.Option(help="Folder of the pieces; checkpoints go to .partial beside it."),
    ] = DEFAULT_OUT,
) -> None:
    """Generate the runs of alanine dipeptide; runs already there are skipped."""
    require("openmm")
    units = [
        WorkUnit(out / f"run-{run:03d}.parquet", (run,))
        for run in parse_indices(runs, N_RUNS, "--runs")
    ]
    raise typer.Exit(run_units(units, make_run, describe_run, workers))


if __name__ == "__main__":
    app()
