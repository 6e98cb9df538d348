"""What compare prints, as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.plugs import command, one_line

Capsys = pytest.CaptureFixture[str]


def test_compare_prints_tables_and_ends_with_what_may_be_claimed(
    tmp_path: Path, capsys: Capsys
) -> None:
    figure = tmp_path / "c.png"
    code, out, err = command(capsys, "compare", "hmm", "gru", "--plot", figure)
    assert (code, err) == (0, "")
    *_, sentence, drawn = out.strip().splitlines()
    assert sentence.startswith("It may not be claimed that hmm and gru differ")
    assert drawn == f"drawn: {figure}"
    assert figure.stat().st_size > 10_000
    assert "### By task" in out


def test_compare_as_json_holds_every_level_and_nothing_else(tmp_path: Path, capsys: Capsys) -> None:
    figure = tmp_path / "c.svg"
    _, out, err = command(capsys, "compare", "linear", "ridge", "gp", "--json", "--plot", figure)
    found = json.loads(out)
    assert f"drawn: {figure}" in err
    assert [pair["other"] for pair in found] == ["ridge", "gp"]
    assert found[0]["caveats"] == []
    assert found[0]["cells"]["groups"] == []  # one group: it is the score
    assert len(found[0]["cells"]["tasks"]) == len(found[0]["tasks"]) == 36
    assert found[0]["cells"]["overall"][0]["better"] == "other"


@pytest.mark.parametrize("names", ["lstn gru", "gru ridge", "gru gru", "gru", "runs/none gru"])
def test_what_cannot_be_compared_is_one_line_and_exit_code_2(capsys: Capsys, names: str) -> None:
    code, _, err = command(capsys, "compare", *names.split())
    assert code == 2
    assert one_line(err)


def test_figure_of_an_unknown_kind_is_refused(capsys: Capsys) -> None:
    code, _, err = command(capsys, "compare", "hmm", "gru", "--plot", "c.jpg")
    assert code == 2
    assert one_line(err)
    assert "c.jpg" in err
