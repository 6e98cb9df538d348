"""Labels: what cannot be one is never made into one."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.quantities import Time
from tasks.private.labelling import Asked, label
from tasks.private.recording import Recording
from tests.tasks.private.inputs import PHI, PSI, STATES, read_arrays, refused

RNG = np.random.default_rng(1)
MANY = RNG.integers(0, 300, 5000)


@pytest.mark.parametrize(
    "labels",
    [STATES, STATES.astype(np.uint8), STATES.astype(float), 1e10 * STATES, STATES > 0],
    ids=["int64", "uint8", "float", "large but exact", "bool"],
)
def test_whole_numbers_are_the_labels_they_are(tmp_path, labels):
    (found,) = read_arrays(tmp_path, labels)
    assert found.kind == "states"
    assert np.array_equal(found.values[:, 0], labels)


@pytest.mark.parametrize("kind", [np.int16, np.float32])
def test_no_state_in_between_is_refused_with_number_and_place(tmp_path, kind):
    holes = np.where(np.arange(300) % 50 == 7, -1, STATES).astype(kind)
    with refused(r"6 frames in between have a negative label, the first is frame 7 \(-1\)"):
        read_arrays(tmp_path, holes)


def test_no_state_at_either_end_is_cut_off(tmp_path):
    (found,) = read_arrays(tmp_path, np.concatenate([[-1] * 5, STATES, [-1] * 9]))
    assert np.array_equal(found.values[:, 0], STATES)
    assert found.notes == ("14 frames with negative labels at its ends ('no state') are left out",)


def test_no_state_anywhere_is_refused(tmp_path):
    with refused("negative labels only"):
        read_arrays(tmp_path, np.full(300, -1))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.uint64])
def test_no_state_that_became_a_large_number_is_refused(tmp_path, kind):
    holes = np.where(np.arange(300) % 50 == 7, -1, STATES).astype(kind)
    largest = np.iinfo(kind).max
    with refused(f"holds {largest} in 6 frames, which is what −1 .* becomes"):
        read_arrays(tmp_path, holes)


@pytest.mark.parametrize(
    ("fill", "kind"),
    [(999_999, int), (999_999, float), (2**31 - 1, int), (127, np.int8), (2**63 - 1, np.int64)],
)
def test_number_that_stands_for_no_value_is_no_label(tmp_path, fill, kind):
    holes = np.where(np.arange(300) % 50 == 7, np.array(fill, kind), STATES.astype(kind))
    with refused(f"holds {fill} in 6 frames, which stands for 'no value'"):
        read_arrays(tmp_path, holes.astype(kind))


def test_unsigned_number_beyond_signed_ones_is_no_label(tmp_path):
    with refused("holds 9223372036854775808 in 6 frames, which is no label: it is too large"):
        holes = np.where(np.arange(300) % 50 == 7, 2**63, STATES.astype(np.uint64))
        read_arrays(tmp_path, holes.astype(np.uint64))


def test_all_256_labels_of_a_byte_are_labels(tmp_path):
    (found,) = read_arrays(tmp_path, RNG.integers(0, 256, 5000).astype(np.uint8))
    assert found.kind == "states"


@pytest.mark.parametrize(
    "labels",
    [
        1e30 * STATES,
        (2.0**25 + STATES).astype(np.float32),
        (4096.0 * STATES).astype(np.float16),
        2.0**53 * (STATES > 0),
    ],
    ids=["float64", "float32", "float16", "the first"],
)
def test_floats_too_large_to_be_exact_are_no_labels(tmp_path, labels):
    with refused("which is no label: numbers so large are rounded"):
        read_arrays(tmp_path, labels)


@pytest.mark.parametrize("labels", [MANY, MANY.astype(float)], ids=["integers", "floats"])
def test_too_many_labels_are_never_binned_unasked(tmp_path, labels):
    message = "300 different integers, labels are at most 256; --partition bins or"
    with refused(message):
        read_arrays(tmp_path, labels)
    (found,) = read_arrays(tmp_path, labels, reading={"states": False})  # --partition bins
    assert found.kind == "numbers"


def test_labels_are_counted_over_all_runs(tmp_path):
    with refused("the 2 recordings hold 300 different integers together, labels are at most 256"):
        read_arrays(tmp_path, a=np.minimum(MANY, 199), b=np.maximum(MANY, 150))


def test_label_beyond_the_last_byte_is_never_the_first(tmp_path):
    runs = [Recording("a", np.arange(200)[:, None], "states"),
            Recording("b", np.arange(150, 300)[:, None], "states")]  # fmt: skip
    with refused("300 states, at most 256"):
        label(runs, Asked(), Time(1, "ps"), 2)


def test_labels_in_several_columns_are_never_clustered_unasked(tmp_path):
    with refused("looks like labels, but has 2 columns, .* side by side as rows"):
        read_arrays(tmp_path, np.stack([STATES, STATES[::-1]], axis=1))


def test_labels_among_other_numbers_are_refused(tmp_path):
    with refused("a holds integers, a.npz:b other numbers; all must be of one system"):
        read_arrays(tmp_path, a=STATES, b=PHI[:200])


def test_labels_beside_coordinates_are_warned_of_unless_columns_are_chosen(tmp_path):
    fields = [("x", float), ("y", float), ("state", int)]
    records = np.array(list(zip(PHI, PSI, STATES, strict=True)), fields)
    (found,) = read_arrays(tmp_path, records)
    assert "column 3 'state' holds integers" in found.warnings[0]
    assert "the others by --columns 1,2" in found.warnings[0]
    (found,) = read_arrays(tmp_path, records, reading={"columns": ("state",)})
    assert (found.kind, found.warnings) == ("states", ())


def test_columns_that_look_like_angles_are_warned_of(tmp_path):
    records = np.array(list(zip(PHI, PSI, strict=True)), [("phi", float), ("x", float)])
    (found,) = read_arrays(tmp_path, records)
    (warning,) = found.warnings
    assert "phi are taken for plain numbers; if they are angles, --radians says so" in warning
    (found,) = read_arrays(tmp_path, records, reading={"angles": "radians"})
    assert found.warnings == ()
