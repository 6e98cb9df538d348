"""What cite prints, from the shipped board; and that a TeX engine takes it."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from datetime import date
from pathlib import Path

import pytest
import yaml

from benchmark import __version__
from benchmark.errors import InputError
from benchmark.registry import select_tasks, shipped_tasks
from benchmark.uncertainty import with_error
from leaderboard.citation.choice import Choice, choose
from leaderboard.citation.formats import FORMATS, bibtex, json_text, latex, text
from leaderboard.citation.references import key
from leaderboard.citation.software import AUTHORS, DOI, TITLE
from leaderboard.published import Published, read_board
from leaderboard.submission import SUBMISSIONS
from tests.plugs import ROOT, command, one_line

DAY = date(2026, 2, 3)

needs_tex = pytest.mark.skipif(
    shutil.which("pdflatex") is None or shutil.which("bibtex") is None,
    reason="no TeX engine: apt-get install texlive-latex-base texlive-latex-recommended",
)


@pytest.fixture(scope="module")
def board() -> Published:
    return read_board(SUBMISSIONS.parent / "board.json")


def chosen(board: Published, models: str = "", globs: str = "") -> Choice:
    cards = [task.card for task in shipped_tasks().values()]
    return choose(board, cards, DAY, models.split(), globs.split())


def test_line_of_text_names_version_day_and_board(board: Published) -> None:
    line = text(chosen(board, "transformer"))
    assert "\n" not in line
    assert f"version {__version__}" in line
    assert "2026-02-03" in line
    assert board.fingerprint[:12] in line
    row = next(row for row in board.shown[0].rows if row.name == "transformer")
    assert with_error(row.overall.value, row.overall.stderr) in line


def test_bibtex_of_all_holds_every_source_once(board: Published) -> None:
    found = bibtex(chosen(board)).split("\n\n")
    assert key(found[0]) == "stridebench"
    assert len(found) == len(set(found)) >= 18


def test_bibtex_of_tasks_alone_holds_their_sources_and_no_model(board: Published) -> None:
    found = [key(entry) for entry in bibtex(chosen(board, globs="riboswitch/*")).split("\n\n")]
    assert found == ["stridebench", "tsai2020learning", "neupane2011riboswitch"]


def test_task_that_is_not_on_the_board_has_sources_and_no_table(board: Published) -> None:
    choice = chosen(board, globs="md17-xtb/*-k5")
    assert "bannwarth2019gfn2" in bibtex(choice)
    with pytest.raises(InputError, match="not on the board"):
        latex(choice)


def test_table_of_models_has_their_scores_and_the_board(board: Published) -> None:
    table = latex(chosen(board, "kinetics/lstm transformer"))
    assert table.count(r"\toprule") == 1
    assert board.fingerprint[:12] in table
    row = next(row for row in board.shown[0].rows if row.name == "lstm")
    assert with_error(row.overall.value, row.overall.stderr) in table


def test_models_of_two_tracks_stand_in_two_tables(board: Published) -> None:
    assert latex(chosen(board, "lstm")).count(r"\toprule") == 2


def test_table_of_tasks_has_a_line_a_task(board: Published) -> None:
    table = latex(chosen(board, "gru", "potentials/*"))
    assert table.count("potentials/") == len(select_tasks(["potentials/*"]))


def test_json_holds_all_of_it(board: Published) -> None:
    found = json.loads(json_text(chosen(board, "gru", "riboswitch/*")))
    assert found["board"] == board.fingerprint
    assert set(found["tracks"]["kinetics"]["rows"]["gru"]["tasks"]) == set(found["tasks"])
    assert set(found["keys"]) == {
        "stridebench", "tsai2020learning", "neupane2011riboswitch", "cho2014learning",
    }  # fmt: skip


def test_models_may_be_globs(board: Published) -> None:
    every = {row.name for track in board.shown for row in track.rows}
    found = json.loads(json_text(chosen(board, "*", "")))
    assert {name for track in found["tracks"].values() for name in track["rows"]} == every
    found = json.loads(json_text(chosen(board, "bi-*", "")))
    assert set(found["tracks"]) == {"superresolution"}
    assert all(name.startswith("bi-") for name in found["tracks"]["superresolution"]["rows"])


@pytest.mark.parametrize(
    ("models", "globs", "message"),
    [
        ("lstn", "", "did you mean lstm"),
        ("", "potential/*", "no task is called 'potential/"),
        ("gru", "md17-xtb/*", "no row of gru is of the track of md17-xtb"),
    ],
)
def test_what_is_not_there_is_refused(
    board: Published, models: str, globs: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        chosen(board, models, globs)


def test_citation_file_package_and_code_say_the_same() -> None:
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert cff["version"] == project["version"] == __version__
    assert cff["title"] == TITLE
    assert cff.get("doi", "") == DOI
    assert (
        [one["name"] for one in cff["authors"]]
        == [AUTHORS]
        == [one["name"] for one in project["authors"]]
    )


@needs_tex
@pytest.mark.timeout(120)
def test_tables_and_references_compile(board: Published, tmp_path: Path) -> None:
    (tmp_path / "b.bib").write_text(bibtex(chosen(board)), "utf-8")
    tables = [latex(chosen(board)), latex(chosen(board, "gru ridge", "potentials/* md17-xtb/*"))]
    (tmp_path / "a.tex").write_text(
        r"\documentclass{article}\usepackage{booktabs}\usepackage[T1]{fontenc}\usepackage{textcomp}"
        "\n\\begin{document}\n" + "\n".join(tables) + "\n\\nocite{*}\n"
        r"\bibliographystyle{plain}\bibliography{b}\end{document}",
        "utf-8",
    )
    tex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    for call in (tex, ["bibtex", "a"], tex, tex):
        done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:]
    log = (tmp_path / "a.log").read_text("utf-8", errors="replace")
    assert "undefined" not in log
    assert "Warning" not in (tmp_path / "a.blg").read_text("utf-8").replace("there were 0", "")
    assert (tmp_path / "a.pdf").stat().st_size > 10_000


@pytest.mark.parametrize("form", FORMATS)
def test_cite_prints_every_format(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = command(
        capsys, "cite", "--model", "gru", "kinetics/lstm", "--tasks", "potentials/linear3",
        "--format", form,
    )  # fmt: skip
    assert code == 0
    assert "gru" in out or form == "bibtex"


@pytest.mark.parametrize("words", ["--format html", "--model nobody", "--badge b.svg --model lstm"])
def test_cite_of_what_is_not_there_is_one_line_and_exit_code_2(
    words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = command(capsys, "cite", *words.split())
    assert code == 2
    assert one_line(err)
    assert not list(tmp_path.iterdir())
