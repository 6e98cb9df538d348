"""The card of a submission: what may stand in each field, and what is refused, in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmark.untrusted import LyingFileError
from leaderboard.card import (
    RESERVED,
    checked_card,
    known_fields,
    read_card,
    web_address,
    write_card,
)
from leaderboard.submission import SUBMISSIONS
from tests.leaderboard.synthetic import MakeResult, card_fields

ONE = {"left/a": 0.5}
FULL = card_fields("m") | {
    "authors": [
        "N. N.",
        {"name": "J. Müller", "affiliation": "Uni", "orcid": "0000-0002-1825-0097"},
    ],
    "paper": "10.1038/s41467-020-18959-8",
    "citation": "N. N., Nat. Commun. 11, 5115 (2020)",
    "parameters": 12,
    "hardware": "a processor, 2 cores",
    "contact": "n.n@example.org",
}


def fault(**changes: Any) -> str:
    """Give the only fault of a card with these changes."""
    with pytest.raises(LyingFileError) as caught:
        checked_card(FULL | changes)
    (found,) = caught.value.lines
    assert "\n" not in found
    return found


def test_card_is_written_and_read_back(tmp_path: Path) -> None:
    card = checked_card(FULL)
    write_card(card, tmp_path / "card.yaml")
    assert read_card(tmp_path / "card.yaml") == card
    assert "- N. N.\n- name: J. Müller\n  affiliation" in (tmp_path / "card.yaml").read_text()


def test_card_of_what_must_be_said_is_enough(tmp_path: Path) -> None:
    card = checked_card(card_fields("m"))
    write_card(card, tmp_path / "card.yaml")
    assert read_card(tmp_path / "card.yaml") == card
    assert "''" not in (tmp_path / "card.yaml").read_text().replace("description: ''", "")


@pytest.mark.parametrize(
    "name",
    ["name", "title", "authors", "description", "code", "licence", "reads", "trained_on"],
)
def test_field_that_must_be_there_is_missed(name: str) -> None:
    fields = {key: value for key, value in FULL.items() if key != name}
    with pytest.raises(LyingFileError, match=f"^{name}: Field required$"):
        checked_card(fields)


def test_all_faults_are_found_at_once() -> None:
    with pytest.raises(LyingFileError) as caught:
        checked_card(FULL | {"colour": "red", "parameters": -1, "licence": "mine"})
    assert [line.split(":")[0] for line in caught.value.lines] == [
        "licence",
        "parameters",
        "colour",
    ]


@pytest.mark.parametrize("field", ["title", "description", "citation", "hardware"])
@pytest.mark.parametrize("char", ["\u202e", "\u200b", "\x07", "\ue000", "\ufe0f"])
def test_free_text_holds_nothing_that_does_not_show(field: str, char: str) -> None:
    assert fault(**{field: f"text{char}"}).startswith(f"{field}: character 5 is U+")


@pytest.mark.parametrize("char", ["\u202e", "\u200b", "\x07"])
def test_authors_hold_nothing_that_does_not_show(char: str) -> None:
    assert fault(authors=[f"N{char}"]).startswith("authors.0.name: character 2 is")
    author = {"name": "N", "affiliation": f"U{char}"}
    assert fault(authors=[author]).startswith("authors.0.affiliation: character 2 is")
    assert fault(trained_on=["train", f"more{char}"]).startswith("trained_on.1: character 5 is")


@pytest.mark.parametrize(
    ("field", "most"), [("title", 100), ("description", 600), ("citation", 400), ("hardware", 200)]
)
def test_free_text_has_a_length_and_is_one_line(field: str, most: int) -> None:
    assert getattr(checked_card(FULL | {field: "a\nb"}), field) == "a b"
    assert getattr(checked_card(FULL | {field: "x" * most}), field) == "x" * most
    assert fault(**{field: "x" * (most + 1)}) == f"{field}: {most + 1} characters; at most {most}"


@pytest.mark.parametrize(
    "name",
    ["../m", ".m", "-m", "m/x", "m x", "mü", "", "x" * 65, "m\n", "m.", "CON", "nul.txt", "Com1",
     *sorted(RESERVED)],
)  # fmt: skip
def test_name_that_is_no_folder_everywhere_is_refused(name: str) -> None:
    assert fault(name=name).startswith("name: ")


@pytest.mark.parametrize(
    "url",
    ["http://example.org", "javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x",
     "file:///etc/passwd", "ftp://example.org", "//example.org", "example.org", "https://",
     "https:///x", "https://user@example.org", "https://user:pw@example.org", "https://localhost",
     "https://127.0.0.1/x", "https://[::1]/x", "https://example.org:99999", "https://example.org:x",
     "https://example.org/<script>", "https://example.org/a b", "https://example.org/)",
     "https://example.org/\u202e", "https://exämple.org", "https://example.org/`", "https://-a.org",
     "https://example.org/" + "x" * 400, "https://example.org\\@evil.org", "https://example.org\n"],
)  # fmt: skip
def test_address_that_is_none_of_the_web_is_refused(url: str) -> None:
    assert fault(code={"url": url, "revision": "v1"}).startswith("code.url: ")
    with pytest.raises(ValueError, match="address"):
        web_address(url)


@pytest.mark.parametrize(
    "url",
    ["https://github.com/someone/model", "https://example.org", "https://example.org:8443/a?b=c#d",
     "https://xn--exmple-cua.org/%20x", "https://zenodo.org/records/1234567/files/a.zip?download=1"],
)  # fmt: skip
def test_address_of_the_web_is_taken_as_it_is(url: str) -> None:
    assert web_address(url) == url


def test_code_is_in_one_place() -> None:
    path = "baselines/kinetics/msm.py"
    assert checked_card(FULL | {"code": {"path": path, "revision": "a"}}).code.path == path
    both = {"path": path, "url": "https://example.org", "revision": "a"}
    assert "one of the two" in fault(code=both)
    assert "one of the two" in fault(code={"revision": "a"})


@pytest.mark.parametrize(
    "path",
    ["../x.py", "/etc/passwd", "baselines/../x.py", "baselines/kinetics/msm.py\n", "tasks/a/b.py"],
)
def test_code_in_this_project_is_a_file_of_baselines(path: str) -> None:
    assert fault(code={"path": path, "revision": "a"}).startswith("code.path: ")


@pytest.mark.parametrize("revision", ["", "a b", "--upload-pack=x", "a\n", "x" * 101, "$(ls)"])
def test_revision_is_a_word(revision: str) -> None:
    assert fault(code={"url": "https://example.org", "revision": revision}).startswith(
        "code.revision: "
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [("mit", "MIT"), ("apache-2.0 or mit", "Apache-2.0 OR MIT"), ("LicenseRef-own", None)],
)
def test_licence_is_an_spdx_expression(written: str, meant: str | None) -> None:
    assert checked_card(FULL | {"licence": written}).licence == (meant or written)


@pytest.mark.parametrize("licence", ["", "free", "MIT OR", "MIT License", "(" * 90, "\u202eMIT"])
def test_licence_that_spdx_does_not_know_is_refused(licence: str) -> None:
    assert fault(licence=licence).startswith("licence: ")


@pytest.mark.parametrize("paper", ["10.1038/x", "arXiv:2004.12360v2", "https://example.org/p"])
def test_paper_has_an_identifier(paper: str) -> None:
    assert checked_card(FULL | {"paper": paper}).paper == paper


@pytest.mark.parametrize(
    "paper", ["doi:10.1038/x", "10.1/x", "arXiv:x", "http://a.org", "10.1038/<b>", "10.1038/x y"]
)
def test_paper_without_one_is_refused(paper: str) -> None:
    assert fault(paper=paper).startswith("paper: ")


@pytest.mark.parametrize(
    "orcid", ["0000-0002-1825-0098", "0000000218250097", "0000-0002-1825-009x", "a" * 19]
)
def test_orcid_with_a_wrong_digit_is_refused(orcid: str) -> None:
    assert fault(authors=[{"name": "N", "orcid": orcid}]).startswith("authors.0.orcid: ")


@pytest.mark.parametrize("orcid", ["0000-0002-1825-0097", "0000-0002-9079-593X"])
def test_orcid_with_its_check_digit_is_taken(orcid: str) -> None:
    assert checked_card(FULL | {"authors": [{"name": "N", "orcid": orcid}]})


@pytest.mark.parametrize("contact", ["me", "me@localhost", "http://a.org", "javascript:1@a.org"])
def test_contact_that_reaches_nobody_is_refused(contact: str) -> None:
    assert fault(contact=contact).startswith("contact: ")


@pytest.mark.parametrize("parameters", [-1, 10**4000, 1.5, True, "12", float("nan")])
def test_parameters_that_cannot_be_are_refused(parameters: Any) -> None:
    assert fault(parameters=parameters).startswith("parameters: ")


@pytest.mark.parametrize(
    ("field", "value"),
    [("authors", []), ("authors", ["N"] * 201), ("authors", "N. N."), ("authors", [""]),
     ("reads", []), ("reads", ["labels", "labels"]), ("reads", ["Labels"]), ("reads", ["x"] * 11),
     ("trained_on", []), ("trained_on", ["train", "train"]), ("role", "judge"), ("title", ""),
     ("title", 3), ("description", None), ("code", "https://example.org")],
)  # fmt: skip
def test_field_that_holds_something_else_is_refused(field: str, value: Any) -> None:
    assert fault(**{field: value}).startswith(field)


def test_a_run_knows_what_nobody_need_be_asked(make_result: MakeResult) -> None:
    result = make_result(ONE, role="control")
    result.provenance |= {"processor": "a processor", "cores": 2}
    assert known_fields(result) == {
        "title": "X",
        "description": "A model.",
        "trained_on": ["train"],
        "citation": "",
        "parameters": 7,
        "hardware": "a processor, 2 cores",
        "role": "control",
    }


def test_shipped_cards_name_code_that_is_there_and_how_to_cite_it() -> None:
    root = SUBMISSIONS.parents[1]
    for path in SUBMISSIONS.glob("*/*/card.yaml"):
        card, track = read_card(path), path.parts[-3]
        assert (root / card.code.path).is_file()
        assert card.licence == "MIT"
        assert card.role == "control" or card.citation
        assert card.paper.removeprefix("arXiv:") in card.citation
        reads = {"labels", "positions", "velocities", "forces"}
        assert set(card.reads) <= reads
        assert ("labels" in card.reads) == (track == "kinetics")
