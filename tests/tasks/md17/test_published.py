"""Files of the real MD17: what is accepted, what is refused, and the fingerprint at first use."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import InputError
from tasks.md17.molecules import GEOMETRIES, load_molecule
from tasks.md17.published import (
    PUBLISHED,
    RECORD,
    Published,
    content_sha256,
    find_published,
    formula,
    read_published,
)

WATER = Published("water", "md17_water.npz", "H2O", 50, 0.5)


def arrays(frames: int = 50) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {
        "E": rng.normal(size=(frames, 1)),
        "F": rng.normal(size=(frames, 3, 3)),
        "R": rng.normal(size=(frames, 3, 3)),
        "z": np.array([8, 1, 1], np.uint8),
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / WATER.filename
    np.savez(path, **arrays())
    return path


def test_published_formulas_are_those_of_our_own_geometries():
    assert set(GEOMETRIES) <= set(PUBLISHED)
    for name in GEOMETRIES:
        assert formula(load_molecule(name).numbers) == PUBLISHED[name].formula
    assert len({one.formula for one in PUBLISHED.values()}) == len(PUBLISHED) == 10


def test_time_steps_are_each_molecules_own():
    steps = {name: one.time_step for name, one in PUBLISHED.items() if one.time_step != 0.5}
    assert steps == {"benzene": 0.2, "paracetamol": 1.0, "azobenzene": 1.0}


def test_addresses_are_those_of_the_site():
    site = "http://www.quantum-machine.org/gdml/data/npz/"
    assert find_published("benzene").file.url == site + "md17_benzene2017.npz"
    assert find_published("salicylic-acid").file.url == site + "md17_salicylic.npz"
    assert find_published("uracil").file.url == site + "md17_uracil.npz"


def test_unknown_molecule_is_refused_with_those_there_are():
    with pytest.raises(InputError, match=r"MD17 has no molecule 'insulin'; it has ethanol, mal"):
        find_published("insulin")


def test_arrays_are_read_and_their_fingerprint_is_written_down(path: Path):
    numbers, positions = read_published(path, WATER)
    assert numbers.tolist() == [8, 1, 1]
    np.testing.assert_array_equal(positions, arrays()["R"])
    known = json.loads((path.parent / RECORD).read_text())
    wide = {key: np.asarray(value, np.float64) for key, value in arrays().items()}
    assert known == {WATER.filename: content_sha256(wide)}


def test_same_arrays_packed_otherwise_are_the_same_content(path: Path):
    read_published(path, WATER)
    np.savez_compressed(path, **arrays())
    read_published(path, WATER)


@pytest.mark.parametrize("key", ["E", "F", "R"])
def test_other_content_than_at_first_use_is_refused(path: Path, key: str):
    read_published(path, WATER)
    changed = arrays()
    changed[key].flat[7] += 1e-9
    np.savez(path, **changed)
    with pytest.raises(InputError, match=r"is not what it was at first use: .* md17.json beside"):
        read_published(path, WATER)
    (path.parent / RECORD).write_text("{}")  # as the message says
    read_published(path, WATER)


def test_two_files_are_recorded_side_by_side(path: Path):
    other = Published("heavy", "md17_heavy.npz", "H2O", 20, 0.5)
    np.savez(path.with_name(other.filename), **arrays(20))
    read_published(path, WATER)
    read_published(path.with_name(other.filename), other)
    assert set(json.loads((path.parent / RECORD).read_text())) == {WATER.filename, other.filename}


def altered(**changes: object) -> dict[str, object]:
    return {key: value for key, value in (arrays() | changes).items() if value is not None}


def with_value(value: float) -> np.ndarray:
    positions = arrays()["R"]
    positions[12, 1, 2] = value
    return positions


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (altered(R=None), r"has no array 'R'; it has E, F, z"),
        (altered(z=np.array([8, 1])), r"shape \(50, 3, 3\) and 2 atomic numbers"),
        (altered(R=np.zeros((50, 9))), r"shape \(50, 9\) and 3 atomic numbers"),
        (altered(z=np.array([8, 8, 1])), r"holds HO2 \(3 atoms\), and water is H2O"),
        (altered(z=np.array([11, 1, 1])), r"holds H2Z11 \(3 atoms\)"),
        (altered(R=arrays(49)["R"]), r"has 49 frames, shorter than the 50 published"),
        (altered(R=with_value(np.nan)), r"at nan or beyond 200 Å in frame 12"),
        (altered(R=with_value(-np.inf)), r"at nan or beyond 200 Å in frame 12"),
        (altered(R=with_value(201.0)), r"beyond 200 Å in frame 12"),
        (altered(R=np.array([{"a": 1}])), r"is no whole \.npz file"),
        (altered(z=np.array(["O", "H", "H"])), r"is no whole \.npz file"),
    ],
)
def test_wrong_file_is_refused_and_not_recorded(path: Path, content, message: str):
    np.savez(path, **content)
    with pytest.raises(InputError, match=message) as error:
        read_published(path, WATER)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)
    assert not (path.parent / RECORD).exists()


def test_file_cut_short_is_refused(path: Path):
    whole = path.read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError, match=r"is no whole \.npz file"):
            read_published(path, WATER)


def test_file_with_a_flipped_byte_is_refused(path: Path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"is no whole \.npz file"):
        read_published(path, WATER)


def test_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"no file .*nowhere\.npz"):
        read_published(tmp_path / "nowhere.npz", WATER)


@pytest.mark.parametrize(
    ("text", "message"), [("{", "is no JSON"), ("[1]", "does not hold"), ('{"a": 1}', "does not")]
)
def test_damaged_record_is_named(path: Path, text: str, message: str):
    (path.parent / RECORD).write_text(text)
    with pytest.raises(InputError, match=message):
        read_published(path, WATER)
