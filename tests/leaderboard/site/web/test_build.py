"""The site as files: what is on which page, that every link leads somewhere, and nowhere else."""

from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

from benchmark.errors import InputError
from leaderboard.published import Published
from leaderboard.submission import Submission
from leaderboard.units import RowUnits
from tests.leaderboard.site.web.conftest import site_of
from tests.leaderboard.strangers import strangers
from tests.leaderboard.synthetic import MakeSubmission, Tasks

#: Beside the elements of text, tables, forms and SVG there are these alone.
SCRIPTS = ["static/first.js", "static/datatables.min.js", "static/site.js"]


@dataclass
class Seen:
    """What is in a page."""

    links: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str]] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    text: str = ""
    tables: dict[str, list[list[str]]] = field(default_factory=dict)


class Reader(HTMLParser):
    """Reads a page as a browser would, but for its mercy."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = Seen()
        self._table: list[list[str]] = []
        self._cell = False

    def handle_starttag(self, tag, attrs) -> None:
        seen, found = self.seen, {name: value or "" for name, value in attrs}
        seen.tags.add(tag)
        seen.attributes += [(f"{tag} {name}", value) for name, value in found.items()]
        if "id" in found:
            seen.ids.append(found["id"])
        if tag in ("a", "link") and "href" in found:
            seen.links.append(found["href"])
        if tag == "script":
            seen.scripts.append(found.get("src", "inline"))
        if tag == "table":
            self._table = seen.tables[found.get("id", "")] = []
        if tag == "tr":
            self._table.append([])
        if tag in ("td", "th"):
            self._table[-1].append("")
            self._cell = True

    def handle_endtag(self, tag) -> None:
        if tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data) -> None:
        self.seen.text += data
        if self._cell:
            self._table[-1][-1] += data


def read(path: Path) -> Seen:
    reader = Reader()
    reader.feed(path.read_text("utf-8"))
    reader.close()
    return reader.seen


def test_every_row_and_every_task_has_a_page(site: Path) -> None:
    assert {path.name for path in (site / "models").iterdir()} == {
        "kinetics--lstm.html", "kinetics--transformer.html", "kinetics--replay.html",
        "kinetics--part.html", "kinetics--iid.html", "superresolution--ridge.html",
    }  # fmt: skip
    assert {path.name for path in (site / "tasks").iterdir()} == {
        "left--a.html", "left--b.html", "right--c.html", "md17-xtb--water-k10.html",
    }  # fmt: skip


def test_every_link_leads_to_a_file_of_the_site_and_a_place_in_it(site: Path) -> None:
    ids = {path: set(read(path).ids) for path in site.rglob("*.html")}
    for path in ids:
        for address in read(path).links:
            if address.startswith("data:,"):
                continue
            if path.parent.name == "models" and address.startswith("https://example.org/"):
                continue  # the code that a card names
            assert "://" not in address, (path, address)
            name, _, place = address.partition("#")
            target = (path.parent / name).resolve() if name else path
            assert target.is_file(), (path, address)
            assert not place or place in ids[target], (path, address)


def test_every_figure_of_the_board_is_there_as_svg_and_as_pdf(site: Path) -> None:
    files = {path.name for path in (site / "figures").iterdir()}
    assert {"kinetics-cost.svg", "left--a.svg", "kinetics--lstm.svg"} <= files
    assert {f"{name[:-4]}.pdf" for name in files if name.endswith(".svg")} <= files
    links = read(site / "tasks" / "left--a.html").links
    assert {"../figures/left--a.svg", "../figures/left--a.pdf"} <= {*links}


def test_ids_are_unique_and_what_figures_refer_to_is_there(site: Path) -> None:
    for path in site.rglob("*.html"):
        seen = read(path)
        assert len(seen.ids) == len(set(seen.ids)), path
        wanted = {value[1:] for name, value in seen.attributes if name == "use xlink:href"}
        assert wanted <= set(seen.ids), path


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    for path in [*site.rglob("*.html"), *site.rglob("*.css")]:
        text = path.read_text("utf-8")
        for origin in ("//cdn", "fonts.googleapis", 'src="http', "@import", "url(http", "url(//"):
            assert origin not in text, (path, origin)
    assert all(
        name.split("/../")[-1].removeprefix("../") in SCRIPTS
        for path in site.rglob("*.html")
        for name in read(path).scripts
    )


def test_first_page_has_the_tables_before_any_script_runs(site: Path) -> None:
    seen = read(site / "index.html")
    head, *lines = seen.tables["kinetics"]
    assert head[:6] == ["model", "rank", "score", "likelihood", "rates", "paths"]
    assert [line[0] for line in lines] == ["transformer", "lstm", "replay", "part", "iid"]
    (ridge,) = seen.tables["superresolution"][1:]
    assert ridge[0] == "ridge"
    assert ridge[2].startswith("1.4")


def test_page_of_a_task_says_who_leads_and_shows_every_row_and_mark(site: Path) -> None:
    seen = read(site / "tasks" / "left--a.html")
    assert re.search(r"lstm leads with 0\.\d+\(\d+\)\. It is 0\.2\d*\(\d+\) above", seen.text)
    head, *lines = seen.tables["left--a"]
    cells = {line[0]: dict(zip(head, line, strict=True)) for line in lines}
    assert set(cells) == {
        "lstm", "transformer", "replay", "part", "iid",
        "trivial (E₀)", "data-limited (f)", "perfect (p)",
    }  # fmt: skip
    assert cells["lstm"]["behind"] == "leads"
    assert cells["trivial (E₀)"]["Likelihood: regret, mnats/frame"] == "1e+03"
    assert "python -m benchmark run --model my_model.py --tasks left/a" in seen.text


def test_page_of_a_model_goes_down_to_its_units_and_the_command_that_makes_them(
    site: Path,
) -> None:
    seen = read(site / "models" / "kinetics--lstm.html")
    head, *lines = seen.tables["lstm--left--a"]
    assert [line[0] for line in lines] == ["0, 0", "1, 0", "2, 0"]
    assert {line[1] for line in lines} == {"done"}
    assert head[2] == "Likelihood: regret, mnats/frame"
    assert "python -m benchmark run --model x --tasks left/a --replicas 3 --seeds 1" in seen.text
    places = {line[0]: line for line in seen.tables["kinetics--lstm"][1:]}
    assert places["left/a"][1] == "1 of 4"
    assert "left--a" in seen.ids


def test_task_that_was_not_run_is_said_to_be(site: Path) -> None:
    places = read(site / "models" / "kinetics--part.html").tables["kinetics--part"]
    assert [line[1] for line in places[1:]] == ["3 of 4", "not run", "not run"]


def test_downloads_hold_what_the_table_shows(site: Path) -> None:
    lines = list(csv.DictReader((site / "data" / "left--a.csv").read_text("utf-8").splitlines()))
    one = next(line for line in lines if line["model"] == "lstm")
    assert float(one["score"]) == pytest.approx(0.9, abs=0.01)
    assert float(one["score stderr"]) > 0
    text = (site / "data" / "left--a.tex").read_text("utf-8")
    assert r"\toprule" in text
    assert "\nlstm & " in text
    board = Published.model_validate_json((site / "data" / "board.json").read_bytes())
    assert board.tracks[0].rows[0].tasks
    units = site / "data" / "units" / "kinetics--lstm.json"
    assert len(RowUnits.model_validate_json(units.read_bytes()).units) == 9
    assert json.loads((site / "data" / "board.schema.json").read_text())["title"] == "Published"
    for figure in (site / "figures").glob("*.svg"):
        assert ET.parse(figure).getroot().tag.endswith("svg")
        assert "var(--" not in figure.read_text("utf-8")


def test_news_are_those_of_the_changelog_and_the_feed_those_that_are_out(site: Path) -> None:
    seen = read(site / "news.html")
    assert "Unreleased" in seen.text
    assert "The first <b>version</b>." in seen.text  # as it is written there, and not bold
    feed = ET.parse(site / "feed.xml").getroot()
    atom = "{http://www.w3.org/2005/Atom}"
    (entry,) = feed.findall(f"{atom}entry")
    assert entry.findtext(f"{atom}title") == "Version 0.1.0"
    assert feed.findtext(f"{atom}updated") == "2026-01-02T00:00:00Z"


def test_same_board_is_the_same_site(
    tmp_path: Path, site: Path, rows: list[Submission], tasks: Tasks
) -> None:
    other = site_of(tmp_path / "other", rows, tasks)
    files = sorted(path.relative_to(site) for path in site.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(other) for path in other.rglob("*") if path.is_file())
    for file in files:
        assert (site / file).read_bytes() == (other / file).read_bytes(), file


def test_site_without_rows_says_so(tmp_path: Path, tasks: Tasks) -> None:
    site = site_of(tmp_path / "site", [], tasks)
    assert "No submissions yet" in read(site / "index.html").text
    assert "No ranked model has run it yet." in read(site / "tasks" / "left--a.html").text


def test_figure_of_a_task_before_any_model_is_on_its_page(
    tmp_path: Path, rows: list[Submission], tasks: Tasks
) -> None:
    svg = (site_of(tmp_path / "plain", rows, tasks) / "figures" / "left--a.svg").read_text("utf-8")
    site = site_of(tmp_path / "site", rows, tasks, drawn={"left/a": svg})
    assert "The task as it is before any model" in read(site / "tasks" / "left--a.html").text
    assert "before any model" not in read(site / "tasks" / "left--b.html").text


def test_earlier_site_is_replaced_whole(
    tmp_path: Path, site: Path, rows: list[Submission], tasks: Tasks
) -> None:
    (site / "models" / "kinetics--gone.html").write_text("old")
    site_of(site, rows, tasks)
    assert not (site / "models" / "kinetics--gone.html").exists()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_folder_of_something_else_is_refused_and_stays(
    tmp_path: Path, rows: list[Submission], tasks: Tasks, kind: str
) -> None:
    place = tmp_path / "place"
    if kind == "folder":
        place.mkdir()
        (place / "thesis.tex").write_text("years")
    else:
        place.write_text("years")
    with pytest.raises(InputError, match=r"place"):
        site_of(place, rows, tasks)
    assert (place / "thesis.tex" if kind == "folder" else place).read_text() == "years"


def test_what_strangers_write_is_text_on_every_page(
    tmp_path: Path, tasks: Tasks, make_submission: MakeSubmission
) -> None:
    tame, wild = strangers(make_submission)
    calm = site_of(tmp_path / "calm", tame, tasks)
    site = site_of(tmp_path / "site", wild, tasks)
    for path in calm.rglob("*.html"):
        before, after = read(path), read(site / path.relative_to(calm))
        assert after.tags == before.tags
        assert after.links == before.links
        assert after.scripts == before.scripts
        assert {name for name, _ in after.attributes} == {name for name, _ in before.attributes}
    for path in [*site.rglob("*.svg"), site / "feed.xml"]:
        ET.parse(path)
    page = read(site / "models" / "kinetics--m0.html").text
    assert "<script>alert(1)</script>" in page
    assert not set("\u202e\u2066\u200b\ufeff\x00\x1b") & set(page)
