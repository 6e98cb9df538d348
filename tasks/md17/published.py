"""The real MD17 as others publish it: ten molecules, their files, and what a file must hold.

Chmiela et al., Sci. Adv. 3, e1603015 (2017), doi:10.1126/sciadv.1603015: PBE+vdW-TS, 500 K, every
step saved. No hash of the files was ever published, and their site is known by an http address
alone, which anybody on the way can answer in its place. So the SHA-256 of what a file holds is
written down beside it when it is first read, which is said, and checked from then on.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, named
from benchmark.files import write_text
from benchmark.tracks.superresolution.predictions import MAX_POSITION
from tasks.making.download import PublicFile
from tasks.md17.molecules import ATOMIC_NUMBERS

NAME = "md17"
SITE = "http://www.quantum-machine.org/gdml/data/npz/"
CITATION = "Chmiela et al., Sci. Adv. 3, e1603015 (2017) (MD17)"

#: What a file holds: energies, forces (kcal/mol/Å), positions (Å), atomic numbers.
KEYS = ("E", "F", "R", "z")

#: The fingerprints at first use, beside the files.
RECORD = "md17.json"


@dataclass(frozen=True)
class Published:
    """One molecule's trajectory.

    Attributes
    ----------
    molecule : str
        As in `tasks.md17.molecules`, where it is there too.
    filename : str
    formula : str
        The order of its atoms is the file's.
    frames : int
        As many as its authors say; the last `old_indices` of rMD17 fit them.
    time_step : float
        fs between frames.
    """

    molecule: str
    filename: str
    formula: str
    frames: int
    time_step: float

    @property
    def file(self) -> PublicFile:
        """What to download."""
        return PublicFile(
            name=f"{NAME} {self.molecule}",
            url=SITE + self.filename,
            bytes=None,
            md5="",
            about=f"{self.molecule}, {self.frames:,} frames of {self.time_step:g} fs",
            licence="no licence stated",
            citation=CITATION,
        )


PUBLISHED = {
    one.molecule: one
    for one in (
        Published("ethanol", "md17_ethanol.npz", "C2H6O", 555_092, 0.5),
        Published("malonaldehyde", "md17_malonaldehyde.npz", "C3H4O2", 993_237, 0.5),
        Published("benzene", "md17_benzene2017.npz", "C6H6", 627_983, 0.2),
        Published("uracil", "md17_uracil.npz", "C4H4N2O2", 133_770, 0.5),
        Published("toluene", "md17_toluene.npz", "C7H8", 442_790, 0.5),
        Published("salicylic_acid", "md17_salicylic.npz", "C7H6O3", 320_231, 0.5),
        Published("naphthalene", "md17_naphthalene.npz", "C10H8", 326_250, 0.5),
        Published("aspirin", "md17_aspirin.npz", "C9H8O4", 211_762, 0.5),
        # These two were added later, under names of another kind and with longer steps.
        Published("paracetamol", "paracetamol_dft.npz", "C8H9NO2", 106_490, 1.0),
        Published("azobenzene", "azobenzene_dft.npz", "C12H10N2", 99_999, 1.0),
    )
}


def find_published(name: str) -> Published:
    """Find a molecule by its name, with ``-`` or ``_``.

    Raises
    ------
    InputError
        If MD17 has none of that name; names those it has.
    """
    found = PUBLISHED.get(name.replace("-", "_"))
    if found is None:
        raise InputError(f"MD17 has no molecule '{name}'; it has {', '.join(PUBLISHED)}")
    return found


def formula(numbers: NDArray[np.int64]) -> str:
    """Give the formula of atomic numbers, such as C2H6O; sodium, unknown here, is Z11."""
    letters = {number: symbol for symbol, number in ATOMIC_NUMBERS.items()}
    counts = Counter(letters.get(int(z), f"Z{z}") for z in numbers)
    return "".join(
        f"{symbol}{count if count > 1 else ''}" for symbol, count in sorted(counts.items())
    )


def read_arrays(path: Path, keys: tuple[str, ...]) -> dict[str, NDArray[np.float64]]:
    """Read some arrays of an ``.npz`` as float64.

    Raises
    ------
    InputError
        If the file is missing, cut short or otherwise damaged, or lacks a key.
    """
    if not path.is_file():
        raise InputError(f"no file {path}")
    try:
        with np.load(path, allow_pickle=False) as file:
            if missing := [key for key in keys if key not in file.files]:
                there = ", ".join(file.files)
                raise InputError(f"{path} has no array '{missing[0]}'; it has {there}")
            return {key: np.asarray(file[key], np.float64) for key in keys}
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"{path} is no whole .npz file ({named(error)})") from error


def read_published(
    path: Path, molecule: Published
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Read atomic numbers (atoms,) and positions (frames, atoms, 3), Å; see `published_arrays`."""
    arrays = published_arrays(path, molecule)
    return arrays["z"].astype(np.int64), arrays["R"]


def published_arrays(path: Path, molecule: Published) -> dict[str, NDArray[np.float64]]:
    """Read a trajectory, check it, and compare it with the first time it was read.

    Parameters
    ----------
    path : Path
        Fingerprints are kept in `RECORD` beside it.
    molecule : Published

    Returns
    -------
    dict of str to float64 array
        By `KEYS`; R and F have the shape (frames, atoms, 3).

    Raises
    ------
    InputError
        If the file is damaged, holds another molecule, fewer frames than were published or
        positions that are no numbers, or other content than at first use.
    """
    arrays = read_arrays(path, KEYS)
    again = "remove it, then fetch it again"
    if fault := _fault(arrays, molecule):
        raise InputError(f"{path} {fault}; {again}")
    found = content_sha256(arrays)
    record = path.parent / RECORD
    known = _recorded(record)
    if known.get(path.name, found) != found:
        raise InputError(
            f"{path} is not what it was at first use: its arrays have SHA-256 {found[:12]}…, "
            f"{record.name} beside it says {known[path.name][:12]}…; {again}, or take its line out "
            "of there if the new content is right"
        )
    if path.name not in known:
        write_text(record, json.dumps({**known, path.name: found}, indent=2, sort_keys=True) + "\n")
    return arrays


def fingerprint(path: Path) -> str:
    """Give the SHA-256 of what a file held at first use; empty if it was never used.

    Raises
    ------
    InputError
        If `RECORD` beside it is damaged.
    """
    return _recorded(path.parent / RECORD).get(path.name, "")


def content_sha256(arrays: dict[str, NDArray[np.float64]]) -> str:
    """Give the SHA-256 of arrays, which does not depend on how the file packs them.

    In alphabetical order: of each its name and shape, then its values as little-endian float64.
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name}:{arrays[name].shape};".encode())
        digest.update(np.ascontiguousarray(arrays[name], "<f8").data)
    return digest.hexdigest()


def _fault(arrays: dict[str, NDArray[np.float64]], molecule: Published) -> str:
    """Say what is wrong with the arrays of a file; empty if nothing is."""
    numbers, positions = arrays["z"], arrays["R"]
    if numbers.ndim != 1 or positions.ndim != 3 or positions.shape[1:] != (len(numbers), 3):
        return (
            f"holds positions of shape {positions.shape} and {numbers.size} atomic numbers; "
            "(frames, atoms, 3) is needed"
        )
    if formula(numbers.astype(np.int64)) != molecule.formula:
        return (
            f"holds {formula(numbers.astype(np.int64))} ({len(numbers)} atoms), "
            f"and {molecule.molecule} is {molecule.formula}"
        )
    if len(positions) < molecule.frames:
        return f"has {len(positions):,} frames, shorter than the {molecule.frames:,} published"
    wrong = ~(np.abs(positions).max(axis=(1, 2)) <= MAX_POSITION)  # also true of nan
    if wrong.any():
        frame = int(np.argmax(wrong))
        return f"has an atom at infinity, at nan or beyond {MAX_POSITION:g} Å in frame {frame:,}"
    return ""


def _recorded(record: Path) -> dict[str, str]:
    if not record.exists():
        return {}
    try:
        known = json.loads(record.read_text("utf-8"))
    except ValueError as error:
        raise InputError(f"{record} is no JSON ({named(error)}); remove it") from error
    if not isinstance(known, dict) or not all(isinstance(value, str) for value in known.values()):
        raise InputError(f"{record} does not hold a fingerprint a file; remove it")
    return known
