from __future__ import annotations

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.quantities import Time
from tasks.private.reading import Reading, read_recordings

RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=(200, 2))


def read(path, **reading):
    return read_recordings([path], Reading(**reading))


def saved(tmp_path, **arrays):
    path = tmp_path / "series.npz"
    np.savez(path, **arrays)
    return path


def text(tmp_path, content, name="series.txt"):
    path = tmp_path / name
    path.write_bytes(content.encode())
    return path


# ---- what is read -----------------------------------------------------------------------------


def test_arrays_of_an_npz_are_trajectories(tmp_path):
    found = read(saved(tmp_path, a=NUMBERS, b=NUMBERS[:50]))
    assert [r.name for r in found] == ["series.npz:a", "series.npz:b"]
    assert np.array_equal(found[1].values, NUMBERS[:50])
    assert {r.kind for r in found} == {"numbers"}


def test_npy_of_one_dimension_is_one_column(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, NUMBERS[:, 0])
    assert np.array_equal(read(path)[0].values, NUMBERS[:, :1])


def test_integers_are_states_and_rows_of_a_wide_array_are_trajectories(tmp_path):
    states = RNG.integers(0, 4, (3, 50)).astype(np.int8)
    found = read(saved(tmp_path, states=states))
    assert [r.kind for r in found] == ["states"] * 3
    assert np.array_equal(np.concatenate([r.values for r in found], axis=1).T, states)


@pytest.mark.parametrize(
    "content",
    [
        "0\n1\n2\n",
        "0.000e+00\n1.0\n2\n",
        "label\r0\r1\r2\r",
        "# comment\n0\n1\n2",
        "s,t\n0,5\n1,5\n2,6",
    ],
    ids=["integers", "floats", "CR line ends", "comment", "first of two"],
)
def test_text_of_whole_numbers_is_a_state_series(tmp_path, content):
    found = read(text(tmp_path, content), columns=("1",))[0]
    assert found.kind == "states"
    assert found.values[:, 0].tolist() == [0, 1, 2]


@pytest.mark.parametrize("separator", [",", " ", "\t", "   "])
def test_columns_of_a_table_are_chosen_by_name_or_number(tmp_path, separator):
    rows = ["x y z", *(f"{a} {b} 1.5" for a, b in NUMBERS)]
    path = text(tmp_path, "\n".join(rows).replace(" ", separator))
    assert np.allclose(read(path, columns=("y",))[0].values, NUMBERS[:, 1:])
    assert np.allclose(read(path, columns=("2", "x"))[0].values, NUMBERS[:, ::-1])
    assert read(path)[0].values.shape == (200, 3)


def test_column_of_times_gives_the_interval(tmp_path):
    rows = ["time (ns),x", *(f"{0.25 * i},{x}" for i, x in enumerate(NUMBERS[:, 0]))]
    found = read(text(tmp_path, "\n".join(rows), "a.csv"))[0]
    assert found.interval == Time(0.25, "ns")
    assert np.allclose(found.values, NUMBERS[:, :1])


def test_header_of_a_grace_file_is_skipped(tmp_path):
    path = text(tmp_path, "# by gmx\n@ title\n@ s0\n0.5 1.5\n0.6 1.7\n", "a.xvg")
    assert read(path)[0].values.tolist() == [[0.5, 1.5], [0.6, 1.7]]


def test_riboswitch_trace_is_known_by_its_header(tmp_path):
    found = read(text(tmp_path, "Ext_9\r711.5\r707.25\r"))[0]
    assert found.values[:, 0].tolist() == [711.5, 707.25]
    assert found.interval == Time(0.1, "ms")
    other = text(tmp_path, "extension\r711.5\r707.25\r")
    assert read(other)[0].interval is None
    assert read(other, format="riboswitch")[0].interval == Time(0.1, "ms")


def test_degrees_become_radians(tmp_path):
    path = saved(tmp_path, a=np.linspace(-180, 180, 300))
    found = read(path, angles="degrees")[0]
    assert found.kind == "angles"
    assert np.allclose(found.values[[0, -1], 0], [-np.pi, np.pi])


@pytest.mark.parametrize(("unit", "header"), [("degrees", "psi (rad)"), ("radians", "psi/deg")])
def test_column_whose_header_names_the_other_unit_is_refused(tmp_path, unit, header):
    path = tmp_path / "a.csv"
    rows = "".join(f"{phi:.1f},{phi / 90:.3f}\n" for phi in np.linspace(-3, 3, 300))
    path.write_text(f"phi,{header}\n{rows}")
    with pytest.raises(InputError, match=f"is not in {unit}"):
        read(path, angles=unit)


def test_one_file_of_whole_numbers_among_others_is_no_state_series(tmp_path):
    path = saved(tmp_path, a=NUMBERS[:, 0], b=np.array([1.0, 2.0, 1.0]))
    assert {r.kind for r in read(path)} == {"numbers"}


# ---- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("1.0\nnan\n2.0\n", "holds nan at frame 1, column 1"),
        ("1.0\ninf\n2.0\n", "holds inf at frame 1"),
        ("1.0\n2.0\nthree\n", "column 1 is not all numbers: 'three' in row 2"),
        ("x\n1 2 3\n1 2\n1 2 3 4 5\n", "is no table of numbers"),
        ("time,x\n0,1.5\n1,2.5\n", "column 'time' has no unit; call it 'time \\(ps\\)'"),
        ("t_ps,x\n0,1.5\n1,2.5\n5,3\n6,3\n7,4\n", "times are not 1 ps apart throughout: frame 1"),
    ],
)
def test_bad_text_is_refused(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read(text(tmp_path, content))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 3, 4)), "has shape \\(2, 3, 4\\)"),
        (np.zeros((2, 30)), "has 2 frames of 30 columns; .* transpose it"),
        (np.array(["a", "b"]), "holds <U1, expected numbers"),
        (np.array([None, 1], object), "is no NumPy file of numbers"),
        (np.zeros(0), "is empty"),
        (np.array([1.0, np.nan]), "holds nan at frame 1"),
    ],
)
def test_bad_array_is_refused(tmp_path, array, message):
    with pytest.raises(InputError, match=message):
        read(saved(tmp_path, a=array))


@pytest.mark.parametrize("name", ["a.npz", "a.npy"])
def test_truncated_numpy_file_is_refused(tmp_path, name):
    path = tmp_path / name
    (np.savez if name == "a.npz" else np.save)(path, NUMBERS)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(InputError, match="is no NumPy file of numbers"):
        read(path)


def test_npz_without_arrays_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no array"):
        read(saved(tmp_path))


def test_missing_file_and_unknown_suffix_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"no file absent\.npz"):
        read(tmp_path.joinpath("absent.npz").relative_to(tmp_path))
    with pytest.raises(InputError, match=r"unknown suffix '\.doc'; known: \.npz, .*\.xtc"):
        read(text(tmp_path, "1", "a.doc"))


def test_file_given_twice_is_refused(tmp_path):
    path = saved(tmp_path, a=NUMBERS)
    with pytest.raises(InputError, match="is given twice"):
        read_recordings([path, tmp_path / ".." / tmp_path.name / path.name], Reading())


def test_angles_in_the_wrong_unit_are_refused(tmp_path):
    with pytest.raises(InputError, match="angles up to 180 are no radians; give --degrees"):
        read(saved(tmp_path, a=np.linspace(-180, 180, 300)), angles="radians")
    with pytest.raises(InputError, match=r"no angle is beyond 3\.1.*give --radians"):
        read(saved(tmp_path, a=np.linspace(-3.1, 3.1, 300)), angles="degrees")
    with pytest.raises(InputError, match="1000 is no angle in degrees"):
        read(saved(tmp_path, a=np.linspace(-1000, 1000, 300)), angles="degrees")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([0.5, 1.0]), "holds 0.5, which is no integer"),
        (np.arange(300), "holds 300 different integers, labels are at most 256"),
        (np.zeros((9, 2)), "has 2 columns, states have one"),
    ],
)
def test_what_cannot_be_states_is_refused_as_states(tmp_path, array, message):
    with pytest.raises(InputError, match=message):
        read(saved(tmp_path, a=array), states=True)


def test_unknown_column_names_those_there_are(tmp_path):
    path = text(tmp_path, "x,y\n1.5,2\n2,3\n")
    for column in ("z", "3", "0"):
        with pytest.raises(InputError, match=f"has no column '{column}'; it has x, y"):
            read(path, columns=(column,))


def test_topology_for_a_series_is_refused(tmp_path):
    with pytest.raises(InputError, match="is a series"):
        read(saved(tmp_path, a=NUMBERS), topology=tmp_path / "a.pdb")


def test_recordings_of_different_systems_are_refused(tmp_path):
    path = saved(tmp_path, a=NUMBERS, b=NUMBERS[:, 0])
    with pytest.raises(InputError, match=r"a holds 2 columns of numbers, .*:b 1 of numbers"):
        read(path)


def test_recordings_of_different_intervals_are_refused(tmp_path):
    paths = [
        text(tmp_path, f"t_{unit},x\n0,1.5\n1,2.5\n2,3\n", f"{unit}.csv") for unit in ("ps", "ns")
    ]
    with pytest.raises(InputError, match=r"ps\.csv has 1 ps, ns\.csv has 1 ns"):
        read_recordings(paths, Reading())


def test_array_that_is_said_to_be_larger_than_memory_is_refused(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, NUMBERS)
    content = path.read_bytes()
    said = b"(99999999999999, 2), }"
    header = content[:128].replace(b"(200, 2), }", said)
    path.write_bytes(header[:127].rstrip().ljust(127) + b"\n" + content[128:])
    with pytest.raises(InputError, match=r"a\.npy is no NumPy file of numbers: .*Unable to alloc"):
        read(path)


def test_name_over_another_column_in_another_file_is_refused(tmp_path):
    first = text(tmp_path, "phi,psi\n0.1,2.5\n0.2,2.6\n", "a.csv")
    other = text(tmp_path, "psi,phi\n2.4,0.3\n2.3,0.4\n", "b.csv")
    with pytest.raises(InputError, match=r"psi is column 2 .*of a\.csv, but 1 of b\.csv; name"):
        read_recordings([first, other], Reading())
    _, found = read_recordings([first, other], Reading(columns=("phi", "psi")))
    assert np.array_equal(found.values, [[0.3, 2.4], [0.4, 2.3]])
