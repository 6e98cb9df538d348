"""Text tables: whatever program wrote them, first frame, columns and names are right."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.quantities import Time
from tasks.private.table import read_table
from tests.tasks.private.inputs import (
    BOTH,
    FRAMES,
    PHI,
    PSI,
    ROWS,
    STATES,
    TIMES,
    read_text,
    refused,
    rows,
)

TWO = rows("{:.3f} {:.3f}", PHI, PSI)
TIMED = rows("{:.2f} {:.3f} {:.3f}", TIMES, PHI, PSI)
GRACE = '# gmx\n@    xaxis  label "Time (ns)"\n@    yaxis  label "Angle"\n@TYPE xy\n'


# ---- no frame is lost, and none is added ---------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + rows("{}", STATES).encode(),
        b"\xef\xbb\xbf" + ("state\n" + rows("{}", STATES)).encode(),
        rows("{}", STATES).encode("utf-16"),
        rows("{}", STATES).encode("utf-32"),
        f"{STATES[0]} # start\n{rows('{}', STATES[1:])}",
        f"# start\n\n{STATES[0]}  # the first\n{rows('{}', STATES[1:])}# the end\n",
        rows("{}", STATES).replace("\n", "\r\n"),
        rows("{:.6e}", STATES),
    ],
    ids=["mark", "mark, header", "UTF-16", "UTF-32", "remark", "remarks", "CR LF", "floats"],
)
def test_every_frame_of_a_label_series_is_read(tmp_path, content):
    found = read_text(tmp_path, content)
    assert found.kind == "states"
    assert np.array_equal(found.values[:, 0], STATES)


@pytest.mark.parametrize(
    "content",
    [
        "0 ! start\n1\n2\n",
        "0 start\n1\n2\n",
        "0 start\n1 2\n2 3\n",
        "0, start\n1\n2\n",
        "1.234,5\n0.5\n0.6\n",
        "0\u200b\n1\n2\n",
    ],
)
def test_first_line_that_is_neither_header_nor_numbers_is_refused(tmp_path, content):
    with refused("neither a header nor numbers|the header has 2 words, the table 1 columns"):
        read_text(tmp_path, content)


def test_missing_value_in_the_first_row_is_no_header(tmp_path):
    with refused("holds nan at frame 0"):
        read_text(tmp_path, "NA\n" + rows("{:.3f}", PHI))


def test_truth_values_are_two_states(tmp_path):
    found = read_text(tmp_path, rows("{}", STATES > 0))
    assert np.array_equal(found.values[:, 0], STATES > 0)


@pytest.mark.parametrize(
    "content",
    [
        "0,1\n" + rows("{:.3f},{:.3f}", PHI, PSI),
        ",0,1\n" + rows("{},{:.3f},{:.3f}", FRAMES, PHI, PSI),
    ],
    ids=["no index", "index"],
)
def test_columns_that_pandas_numbers_have_a_header(tmp_path, content):
    assert np.array_equal(read_text(tmp_path, content).values, BOTH)


# ---- separators and decimal marks ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("phi;psi\n" + rows("{:.3f};{:.3f}", PHI, PSI).replace(".", ","), ("phi", "psi")),
        ("phi;psi\n" + rows("{:.3f};{:.3f}", PHI, PSI), ("phi", "psi")),
        ("phi\tpsi\n" + rows("{:.3f}\t{:.3f}", PHI, PSI).replace(".", ","), ("phi", "psi")),
        ("the phi\tthe psi\n" + rows("{:.3f}\t{:.3f}", PHI, PSI), ("the phi", "the psi")),
        (TWO.replace(".", ","), ("column 1", "column 2")),
        (rows("{:.3f} , {:.3f}", PHI, PSI), ("column 1", "column 2")),
        ('"phi","psi"\n' + rows("{:.3f},{:.3f}", PHI, PSI), ("phi", "psi")),
        (rows('"{:.3f}" "{:.3f}"', PHI, PSI), ("column 1", "column 2")),
        ("phi,psi,\n" + rows("{:.3f},{:.3f},", PHI, PSI), ("phi", "psi")),
        ("# phi psi\n" + TWO, ("phi", "psi")),
    ],
    ids=["; and comma", ";", "tab and comma", "tab, blanks in names", "white space and comma",
         "comma and blanks", "quotes", "quoted numbers", "comma at the end", "names in a remark"],
)  # fmt: skip
def test_numbers_and_names_are_those_of_the_file(tmp_path, content, names):
    found = read_text(tmp_path, content)
    assert np.array_equal(found.values, BOTH)
    assert found.columns == names


def test_one_column_with_decimal_commas_needs_a_header(tmp_path):
    content = rows("{:.3f}", PHI).replace(".", ",")
    with refused("may be one number with a decimal comma, or two columns; give it a header"):
        read_text(tmp_path, content)
    assert np.array_equal(read_text(tmp_path, "x\n" + content).values[:, 0], PHI)


def test_frame_numbers_and_labels_between_commas_are_two_columns(tmp_path):
    for header in ("", "frame,state\n", ",0\n"):
        found = read_text(tmp_path, header + rows("{},{}", FRAMES, STATES))
        assert np.array_equal(found.values[:, 0], STATES)


@pytest.mark.parametrize(
    "content",
    [
        "phi,psi\n" + rows("{:.3f},{:.3f}", PHI, PSI).replace(".", ","),
        "Step Time (ps) phi psi\n" + rows("{} {:.2f} {:.3f} {:.3f}", FRAMES, TIMES, PHI, PSI),
        "phi,psi\n" + rows("{},{:.3f},{:.3f}", FRAMES, PHI, PSI),
        '"phi" "psi"\n' + rows('"{}" {:.3f} {:.3f}', FRAMES, PHI, PSI),
        "i,phi,psi,chi\n" + rows("{},{:.3f},{:.3f}", FRAMES, PHI, PSI),
    ],
    ids=["commas everywhere", "blank in a name", "index without a name", "R", "one too many"],
)
def test_header_of_another_number_of_words_is_refused(tmp_path, content):
    with refused(r"the header has \d words, the table \d columns"):
        read_text(tmp_path, content, columns=("phi",))


def test_unit_that_makes_up_for_a_missing_name_is_refused(tmp_path):
    with refused("'Time \\(ps\\) phi' has blanks within names"):
        read_text(tmp_path, "Time (ps) phi\n" + TIMED, columns=("phi",))


# ---- names from remarks --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "names"),
    [
        ("#! FIELDS time phi psi\n#! SET min_phi -pi\n", ("time", "phi", "psi")),
        ("# written by X\n#Frame  phi  psi\n", ("Frame", "phi", "psi")),
        ("# time (ps)  phi [deg]  psi [deg]\n", ("time (ps)", "phi [deg]", "psi [deg]")),
        (GRACE + '@ s0 legend "phi"\n@ s1 legend "psi"\n', ("Time (ns)", "phi", "psi")),
        ("# a remark of many words\n", ()),
        ("# 1 2 3\n", ()),
    ],
)
def test_names_stand_in_remarks(tmp_path, head, names):
    path = tmp_path / "a.dat"
    path.write_text(head + TIMED)
    assert read_table(path).names == names


def test_remark_with_the_separator_of_the_table_gives_names(tmp_path):
    head = '#"Step","Time (ps)","phi"\n'
    found = read_text(tmp_path, head + rows("{},{:.2f},{:.3f}", 500 * FRAMES, TIMES, PHI))
    assert found.columns == ("phi",)
    assert found.interval == Time(0.02, "ps")


def test_remark_below_the_table_gives_no_names(tmp_path):
    path = tmp_path / "a.dat"
    path.write_text(TIMED + "# written by me\n")
    assert read_table(path).names == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("#! FIELDS time phi psi chi\n" + TIMED, "FIELDS names 4 columns, the table has 3"),
        (
            "#! FIELDS time phi psi\n" + TIMED + "#! FIELDS time psi phi\n" + TIMED,
            "FIELDS of several kinds",
        ),
        (GRACE + TIMED + "&\n" + TIMED, "several data sets, the first ends at line 305"),
        ("phi,phi\n" + rows("{:.3f},{:.3f}", PHI, PSI), "2 columns 'phi'; give the number"),
        ("phi\n", "is empty but for its header"),
        ("# nothing\n", "is empty"),
        (bytes(range(256)) * 20, "is no text: it holds zero bytes"),
        (rows("{}", STATES).encode("utf-16-le"), "is no text: it holds zero bytes"),
    ],
    ids=["too many fields", "other fields", "two sets", "twice", "header", "remark", "binary",
         "UTF-16 without a mark"],
)  # fmt: skip
def test_table_that_is_not_one_table_is_refused(tmp_path, content, message):
    with refused(message):
        read_text(tmp_path, content, columns=("phi",))


def test_mark_of_a_second_set_at_the_end_does_no_harm(tmp_path):
    assert len(read_text(tmp_path, GRACE + TIMED + "&\n").values) == ROWS


def test_latin_1_names_are_read(tmp_path):
    content = "time (µs),x\n" + rows("{:.2f},{:.3f}", TIMES, PHI)
    assert read_text(tmp_path, content.encode("latin-1")).interval == Time(0.02, "µs")


# ---- columns are chosen before they are checked --------------------------------------------------

RAMA = rows("{:.3f} {:.3f} ALA-2", PHI, PSI)


def test_columns_that_are_not_asked_for_need_not_be_numbers(tmp_path):
    with refused("column 3 is not all numbers: 'ALA-2' in row 0; choose others with --columns 1,2"):
        read_text(tmp_path, RAMA)
    found = read_text(tmp_path, RAMA, columns=("1", "2"))
    assert np.array_equal(found.values, BOTH)
    assert found.notes == ("not used: column 3",)


def test_times_need_no_unit_when_the_interval_is_given(tmp_path):
    content = "Time,phi,psi\n" + rows("{:.2f},{:.3f},{:.3f}", TIMES, PHI, PSI)
    with refused("column 'Time' has no unit; call it 'time \\(ps\\)', or give --interval"):
        read_text(tmp_path, content, columns=("phi", "psi"))
    for columns in ((), ("phi", "psi"), ("2", "3")):
        found = read_text(tmp_path, content, columns=columns, interval=Time(0.1, "ps"))
        assert np.array_equal(found.values, BOTH)


def test_rows_of_several_residues_in_turn_are_refused(tmp_path):
    content = rows("{:.3f} {:.3f} ALA-2\n{:.3f} {:.3f} GLY-3", PHI, PSI, PSI, PHI)
    with refused("column 3 holds ALA-2, GLY-3 in turn: the rows are of 2 series"):
        read_text(tmp_path, content, columns=("1", "2"))


# ---- columns of nothing --------------------------------------------------------------------------


def test_last_column_without_a_number_is_a_column_and_none_where_lines_end_in_a_separator(tmp_path):
    empty = "phi psi rmsd\n" + rows("{:.3f} {:.3f} nan", PHI, PSI)
    found = read_text(tmp_path, empty, columns=("phi", "psi"))
    assert np.array_equal(found.values, BOTH)
    assert "not used: column 3 'rmsd'" in " ".join(found.notes)
    ended = "phi,psi,\n" + rows("{:.3f},{:.3f},", PHI, PSI)
    assert np.array_equal(read_text(tmp_path, ended).values, BOTH)
    blank = "phi,psi,rmsd\n" + rows("{:.3f},{:.3f},nan", PHI, PSI)
    assert np.array_equal(read_text(tmp_path, blank, columns=("phi", "psi")).values, BOTH)


@pytest.mark.parametrize("blank", ["\n", "\n\n", " \t\n", "\n# block 2\n", "\r\n"])
def test_blank_line_among_the_numbers_is_refused_with_its_place(tmp_path, blank):
    with refused("line 4 is blank, and numbers follow: is one missing there, or does another run"):
        read_text(tmp_path, f"# state\n0\n1\n{blank}2\n{rows('{}', STATES)}")


@pytest.mark.parametrize("end", ["\n\n", "\n\n# the end\n", "\r\r\n"])
def test_blank_lines_around_the_numbers_are_nothing(tmp_path, end):
    content = "state\n\n" + rows("{}", STATES)
    if end == "\r\r\n":
        content = content.replace("\n", end)
    found = read_text(tmp_path, (content + ("" if "\r" in end else end)).encode())
    assert np.array_equal(found.values[:, 0], STATES)
