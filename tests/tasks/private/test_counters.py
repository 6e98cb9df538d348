"""Times, frame numbers and indices are never coordinates, and no jump in them is overlooked."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.quantities import Time
from tasks.private.counters import is_even
from tests.tasks.private.inputs import (
    BOTH,
    FRAMES,
    PHI,
    PSI,
    RNG,
    STATES,
    TIMES,
    read_arrays,
    read_text,
    refused,
    rows,
)

TIMED = rows("{:.2f} {:.3f} {:.3f}", TIMES, PHI, PSI)
COUNTED = rows("{} {:.3f} {:.3f}", FRAMES, PHI, PSI)
XAXIS = '@    xaxis  label "Time (ps)"\n@TYPE xy\n'


@pytest.mark.parametrize(
    ("content", "interval"),
    [
        ("#Frame phi psi\n" + COUNTED, None),
        (",phi,psi\n" + COUNTED.replace(" ", ","), None),
        (COUNTED, None),
        (TIMED, None),
        ("# TimeStep v_phi v_psi\n" + rows("{} {:.3f} {:.3f}", 500 * FRAMES, PHI, PSI), None),
        ("#! FIELDS time phi psi\n" + TIMED, Time(0.02, "ps")),
        (XAXIS + TIMED, Time(0.02, "ps")),
        ("time_ns,phi,psi\n" + TIMED.replace(" ", ","), Time(0.02, "ns")),
        ("simulation time [us],phi,psi\n" + TIMED.replace(" ", ","), Time(0.02, "us")),
        ("t/nanoseconds phi psi\n" + TIMED, Time(0.02, "ns")),
        ("phi psi time_ms\n" + rows("{:.3f} {:.3f} {:.2f}", PHI, PSI, TIMES), Time(0.02, "ms")),
        (
            "step time_ps phi psi\n" + rows("{} {:.2f} {:.3f} {:.3f}", FRAMES, TIMES, PHI, PSI),
            Time(0.02, "ps"),
        ),
    ],
    ids=["cpptraj", "pandas", "VMD", "no header", "LAMMPS", "PLUMED", "Grace", "name", "words",
         "unit in words", "last", "two"],
)  # fmt: skip
def test_what_counts_frames_is_left_out_and_gives_the_interval(tmp_path, content, interval):
    found = read_text(tmp_path, content)
    assert np.array_equal(found.values, BOTH)
    assert found.interval == interval
    assert any("is left out" in note for note in found.notes)


def test_index_beside_labels_leaves_the_labels(tmp_path):
    found = read_text(tmp_path, ",state\n" + rows("{},{}", FRAMES, STATES))
    assert found.kind == "states"
    assert np.array_equal(found.values[:, 0], STATES)
    assert found.columns == ("state",)


@pytest.mark.parametrize("columns", [("1", "2"), ("time_ps", "phi")])
def test_counter_that_is_asked_for_is_refused(tmp_path, columns):
    with refused("column 1 'time_ps' counts frames .* choose others with --columns 2,3"):
        read_text(tmp_path, "time_ps phi psi\n" + TIMED, columns=columns)


def test_numbers_of_columns_count_all_columns_of_the_file(tmp_path):
    found = read_text(tmp_path, "time_ps phi psi\n" + TIMED, columns=("3",))
    assert np.array_equal(found.values[:, 0], PSI)
    assert found.columns == ("psi",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "#Frame phi\n" + rows("{} {:.3f}", np.where(FRAMES < 99, FRAMES, FRAMES + 7), PHI),
            "column 1 'Frame' counts frames in steps of 1, but 106 follows 98 in row 99",
        ),
        (rows("{} {:.3f}", FRAMES % 150, PHI), "0 follows 149 in row 150: .* runs are joined"),
        (",x\n" + rows("{},{:.3f}", FRAMES % 150, PHI), "0 follows 149 in row 150"),
        (
            "#! FIELDS time phi\n" + 2 * rows("{:.2f} {:.3f}", TIMES, PHI),
            "times do not ascend: frame 299 is at 5.98 ps, the next at 0 ps",
        ),
        ("frame,res,phi\n" + rows("{0},2,{1}\n{0},3,{1}", FRAMES, PHI), "rows 0 and 1 the same"),
        ("time (min),x\n" + rows("{:.2f},{:.3f}", TIMES, PHI), "has no unit that is known"),
        ("time_ps,step\n" + rows("{:.2f},{}", TIMES, FRAMES), "holds times and frame numbers only"),
    ],
    ids=["missing frames", "joined", "joined by pandas", "restarted", "long", "minutes", "nothing"],
)
def test_counter_that_jumps_or_says_nothing_is_refused(tmp_path, content, message):
    with refused(message):
        read_text(tmp_path, content)


def test_times_of_another_unit_than_plumeds_are_given(tmp_path):
    found = read_text(tmp_path, "#! FIELDS time phi psi\n" + TIMED, interval=Time(0.02, "ns"))
    assert found.interval is None  # so that what is given counts


def test_constant_times_need_the_interval(tmp_path):
    content = "time (ps),x\n" + rows("{:.2f},{:.3f}", 0 * TIMES, PHI)
    with refused("times do not ascend"):
        read_text(tmp_path, content)
    assert read_text(tmp_path, content, interval=Time(1, "ps")).interval is None


def test_temperature_is_no_time(tmp_path):
    found = read_text(tmp_path, "T,dwell time (ms)\n" + rows("{:.3f},{:.3f}", 300 + PHI, PSI))
    assert found.columns == ("T", "dwell time (ms)")


def test_a_series_of_times_alone_is_no_trajectory(tmp_path):
    with refused("ascends in equal steps throughout: these are times or frame numbers"):
        read_arrays(tmp_path, 0.1 * np.arange(2000))


@pytest.mark.parametrize(
    ("values", "even"),
    [
        (np.arange(100), True),
        (100.0 - np.arange(100), True),
        (np.round(np.arange(100) / 3, 3), True),
        ((1e5 + 0.02 * np.arange(1000)).astype(np.float32), True),
        (np.delete(np.arange(100), 50), False),
        (np.insert(np.arange(100), 50, 50), False),
        (np.zeros(100), False),
        (PHI, False),
        (np.array([1.0]), False),
        (np.array([0, np.nan, 2]), False),
    ],
)
def test_even_steps_are_told_from_others(values, even):
    assert is_even(values) == even


# ---- what only ascends, and what numbers runs --------------------------------------------------

LONG = 3000
WALK = np.round(RNG.normal(size=LONG).cumsum() % 3, 3)


@pytest.mark.parametrize(
    "times",
    [
        np.arange(LONG) + RNG.normal(scale=0.05, size=LONG),  # adaptive steps
        np.round(np.arange(LONG) / 3, 1),  # rounded
        np.arange(LONG) ** 1.5,
        RNG.random(LONG).cumsum(),
        -RNG.random(LONG).cumsum(),
    ],
)
def test_column_that_only_ascends_or_descends_is_no_coordinate(tmp_path, times):
    table = rows("{:.3f} {}", times, WALK)
    with refused(r"column 1 only (as|des)cends, in unequal steps.*--columns 2"):
        read_text(tmp_path, table)
    found = read_text(tmp_path, table, columns=("2",))
    assert np.array_equal(found.values[:, 0], WALK)
    assert any("if it is the time, frames are not equally" in text for text in found.warnings) == (
        times[-1] > times[0]
    )
    with refused("column 1 only"):
        read_text(tmp_path, rows("{:.3f}", times))


@pytest.mark.parametrize("columns", [(), ("2",)])
@pytest.mark.parametrize(
    ("header", "number"),
    [
        ("", np.arange(LONG) // 1000),
        ("run,x\n", np.arange(LONG) // 1000),
        ("traj_id,x\n", np.arange(LONG) % 3),
        ("resid,x\n", 2 + np.arange(LONG) // 1500),
        ("walker,x\n", 5 - np.arange(LONG) // 1000),
    ],
)
def test_rows_of_several_runs_are_refused_whatever_is_chosen(tmp_path, header, number, columns):
    with refused("the rows are of several runs or molecules; give each as a file"):
        read_text(tmp_path, header + rows("{},{}", number, WALK), "a.csv", columns=columns)


def test_number_of_one_run_passes(tmp_path):
    table = "run,x\n" + rows("{},{}", np.full(LONG, 4), WALK)
    assert np.array_equal(read_text(tmp_path, table, "a.csv", columns=("x",)).values[:, 0], WALK)


def test_rows_in_reverse_order_are_refused(tmp_path):
    with refused("descends in equal steps: are the rows in reverse order"):
        read_text(tmp_path, rows("{} {}", np.arange(LONG)[::-1], WALK))


@pytest.mark.parametrize("columns", [("phi", "phi"), ("2", "phi"), ("1", "2", "1")])
def test_column_that_is_given_twice_is_refused(tmp_path, columns):
    table = "psi,phi\n" + rows("{},{}", PHI, PSI)
    with refused("--columns: column . '.*' of a.csv is given twice"):
        read_text(tmp_path, table, "a.csv", columns=columns)


@pytest.mark.parametrize("turn", [360.0, 2 * np.pi])
def test_numbers_that_wrap_round_a_full_turn_are_warned_of(tmp_path, turn):
    angles = np.mod(RNG.normal(scale=0.1, size=LONG).cumsum(), 1) * turn
    found = read_text(tmp_path, rows("{:.4f}", angles))
    assert "column 1 are taken for plain numbers; if they are angles" in found.warnings[0]
    assert not read_text(tmp_path, rows("{:.4f}", np.abs(angles - turn / 2))).warnings
