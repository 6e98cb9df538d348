"""What a reader does with the site, in Chromium: nothing asks for a network."""

from __future__ import annotations

import csv
import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leaderboard.submission import Submission
from tests.leaderboard.site.web.conftest import site_of
from tests.leaderboard.synthetic import Tasks

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")

PAGES = (
    "index.html",
    "tasks.html",
    "tasks/left--a.html",
    "models/kinetics--lstm.html",
    "claims.html",
    "scores.html",
    "submit.html",
    "news.html",
)

WAIT = 120_000  # ms: the machine may be busy


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        # In a container Chromium has no sandbox of its own to make; it opens our own pages only.
        found = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"], timeout=WAIT
        )
        yield found
        found.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("site") / "site"


@pytest.fixture
def folder(place: Path, rows: list[Submission], tasks: Tasks) -> Path:
    """Write the site once for all tests of this file; they only read it."""
    return place if place.exists() else site_of(place, rows, tasks)


@pytest.fixture
def host(folder: Path) -> Iterator[str]:
    """Serve the site on this machine alone."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class Reader:
    """A window of the browser, and what went wrong in it."""

    def __init__(self, browser: Any, root: str, **options: Any) -> None:
        self.root = root
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(WAIT)
        self.page = self.context.new_page()
        self.troubles: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", self._asked)

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(message.text)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.root, "data:")):
            self.troubles.append(f"asked for {request.url}")

    def open(self, address: str) -> Any:
        self.page.goto(self.root + address)
        self.page.wait_for_function("document.documentElement.dataset.ready === 'yes'")
        return self.page

    def names(self, table: str) -> list[str]:
        """Give the rows that are seen, from the top."""
        found: list[str] = self.page.locator(f"#{table} tbody th").all_inner_texts()
        return found

    def wait_for_first(self, table: str, name: str) -> None:
        """Wait until a row is on top: tables are sorted after the click has returned."""
        row = self.page.locator(f"#{table} tbody th").first
        playwright.expect(row).to_have_text(name, timeout=WAIT)

    def headings(self, table: str) -> list[str]:
        """Give the columns that are seen, from the left."""
        return [
            head.split("\n")[0].strip()
            for head in self.page.locator(f"#{table} thead th").all_inner_texts()
        ]


@pytest.fixture
def reader(browser: Any, host: str) -> Iterator[Reader]:
    made = Reader(browser, host)
    yield made
    assert made.troubles == []
    made.context.close()


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_every_page_opens_without_an_error_or_a_request_elsewhere(
    browser: Any, host: str, folder: Path, scheme: str
) -> None:
    root = host if scheme == "http" else f"{folder.as_uri()}/"
    reader = Reader(browser, root)
    for address in PAGES:
        page = reader.open(address)
        assert page.locator("h1").count() == 1
    assert reader.troubles == []
    reader.context.close()


def test_heading_sorts_and_sorts_the_other_way(reader: Reader) -> None:
    page = reader.open("index.html")
    before = reader.names("kinetics")
    assert before == ["transformer", "lstm", "replay", "part", "iid"]
    head = page.locator("#kinetics thead th", has_text="left").first
    head.click()
    reader.wait_for_first("kinetics", "lstm")  # the largest first
    assert head.get_attribute("aria-sort") == "descending"
    head.click()
    reader.wait_for_first("kinetics", "iid")
    assert "sort" in page.url


def test_filters_leave_out_rows_and_show_the_columns_asked_for(reader: Reader) -> None:
    page = reader.open("index.html")
    form = page.locator("form[data-for=kinetics]")
    form.get_by_label("Controls").uncheck()
    assert "iid" not in reader.names("kinetics")
    form.get_by_label("Family").select_option("left")
    form.get_by_label("Group").select_option("rates")
    assert "left: rates" in reader.headings("kinetics")
    assert "likelihood" not in reader.headings("kinetics")
    reader.wait_for_first("kinetics", "lstm")  # sorted by what was asked for
    form.get_by_label("Search").fill("former")
    assert reader.names("kinetics") == ["transformer"]
    assert form.locator("output").inner_text() == "1 of 5 rows"
    form.locator("select[name=checked]").select_option("re-run")
    assert page.locator("#kinetics tbody th").count() == 0
    form.get_by_role("button", name="Reset").click()
    page.wait_for_function("location.hash === ''")
    assert len(reader.names("kinetics")) == 5


def test_columns_can_be_shown_and_hidden(reader: Reader) -> None:
    page = reader.open("index.html")
    assert "failed units" not in reader.headings("kinetics")
    form = page.locator("form[data-for=kinetics]")
    form.locator("summary").click()
    form.get_by_label("failed units").check()
    form.get_by_label("rank").uncheck()
    assert "failed units" in reader.headings("kinetics")
    assert "rank" not in reader.headings("kinetics")
    page.keyboard.press("Escape")
    assert not form.locator("fieldset").is_visible()


def test_address_shares_the_view(reader: Reader) -> None:
    page = reader.open("index.html")
    form = page.locator("form[data-for=kinetics]")
    form.get_by_label("Controls").uncheck()
    form.get_by_label("Group").select_option("paths")
    form.locator("summary").click()
    form.get_by_label("tasks run").check()
    page.locator("#kinetics thead th", has_text="fit, s").click()
    page.wait_for_function("location.hash.includes('sort=fit')")
    seen = (page.url, reader.headings("kinetics"), reader.names("kinetics"))
    other = reader.context.new_page()
    other.goto("about:blank")
    other.close()
    page.goto("about:blank")
    reader.open(seen[0].removeprefix(reader.root))
    assert (page.url, reader.headings("kinetics"), reader.names("kinetics")) == seen
    assert not form.get_by_label("Controls").is_checked()


def test_address_of_nonsense_shows_the_page_as_it_is(reader: Reader) -> None:
    reader.open("index.html#?kinetics.family=%3Cscript%3E&kinetics.sort=x|up&kinetics.show=|y&z=1")
    assert len(reader.names("kinetics")) == 5


def test_reader_gets_from_the_table_to_a_task_and_down_to_a_unit(reader: Reader) -> None:
    page = reader.open("tasks.html")
    page.get_by_role("link", name="left/a").first.click()
    page.wait_for_url("**/tasks/left--a.html")
    page.locator("#left--a").get_by_role("link", name="lstm", exact=True).click()
    page.wait_for_url("**/models/kinetics--lstm.html#left--a")
    page.wait_for_selector("details#left--a[open]")
    cells = page.locator("details#left--a tbody tr").first.locator("th, td").all_inner_texts()
    assert cells[:2] == ["0, 0", "done"]


def test_table_can_be_taken_away_as_csv(reader: Reader) -> None:
    page = reader.open("tasks/left--a.html")
    with page.expect_download() as caught:
        page.get_by_role("link", name="CSV of: Every model on left/a").click()
    lines = list(csv.DictReader(Path(caught.value.path()).read_text("utf-8").splitlines()))
    assert caught.value.suggested_filename == "left--a.csv"
    assert [line["model"] for line in lines][0] == "lstm"  # noqa: RUF015 – of the whole column


def test_dark_and_light_are_both_readable(browser: Any, host: str) -> None:
    found = {}
    for scheme in ("light", "dark"):
        reader = Reader(browser, host, color_scheme=scheme)
        page = reader.open("tasks/left--a.html")
        style = "getComputedStyle(document.querySelector({}))"
        paper = page.evaluate(style.format("'html'") + ".backgroundColor")
        drawn = page.evaluate(style.format("'figure svg text'") + ".fill")
        found[scheme] = (sum(_channels(paper)), sum(_channels(drawn)))
        reader.context.close()
    assert found["light"][0] > 700 > 200 > found["light"][1]
    assert found["dark"][0] < 150 < 600 < found["dark"][1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_reader_chooses_light_or_dark_and_it_stays_on_the_next_page(
    browser: Any, host: str, scheme: str
) -> None:
    reader = Reader(browser, host, color_scheme=scheme)
    page = reader.open("index.html")
    button = page.locator("button.theme")
    other = {"light": "Dark", "dark": "Light"}[scheme]
    assert button.inner_text() == other
    before = _paper(page)
    button.click()
    assert button.inner_text().lower() == scheme
    chosen = _paper(page)
    assert abs(chosen - before) > 500
    page = reader.open("tasks.html")
    assert _paper(page) == chosen
    page.locator("button.theme").click()  # back to what the system has
    assert _paper(page) == before
    assert page.evaluate("localStorage.length") == 0
    assert reader.troubles == []
    reader.context.close()


def _paper(page: Any) -> int:
    return sum(
        _channels(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
    )


def _channels(colour: str) -> list[int]:
    return [int(part) for part in colour.strip("rgba()").split(",")[:3]]


@pytest.mark.parametrize("address", PAGES)
def test_page_of_320_pixels_does_not_scroll_sideways(browser: Any, host: str, address: str) -> None:
    reader = Reader(browser, host, viewport={"width": 320, "height": 640})
    page = reader.open(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    if address == "index.html":  # the names stay while the numbers move
        page.locator("#kinetics").evaluate("table => table.parentElement.scrollLeft = 200")
        assert page.locator("#kinetics tbody th").first.bounding_box()["x"] < 30
    reader.context.close()


def test_keyboard_alone_sorts_and_filters(reader: Reader) -> None:
    page = reader.open("index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("form[data-for=kinetics] input[type=search]").focus()
    page.keyboard.type("iid")
    assert reader.names("kinetics") == ["iid"]
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#kinetics thead th') !== null"):
            break
    else:
        pytest.fail("no heading can be reached")
    page.keyboard.press("Enter")
    reader.wait_for_first("kinetics", "iid")
    assert reader.names("kinetics") == ["iid", "lstm", "part", "replay", "transformer"]


def test_tables_are_read_without_scripts(browser: Any, host: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(host + "index.html")
    assert page.locator("#kinetics tbody tr").count() == 5
    assert page.locator("#kinetics").is_visible()
    assert not page.locator("form.view").first.is_visible()
    assert not page.locator("#kinetics thead th", has_text="failed units").is_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Any, host: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not there")
    reader = Reader(browser, host, color_scheme=scheme)
    for address in PAGES:
        found = axe.Axe().run(reader.open(address)).response["violations"]
        serious = [
            (one["id"], [node["html"][:120] for node in one["nodes"]][:3])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == [], address
    reader.context.close()


def test_first_table_is_drawn_within_a_second(reader: Reader, benchmark: Any) -> None:
    """Nothing is asserted: run with --benchmark-enable; the time is that of the first paint."""

    def paint() -> float:
        page = reader.open("index.html")
        seconds = "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"
        found: float = page.evaluate(seconds)
        return found

    painted = benchmark.pedantic(paint, rounds=3)
    assert painted > 0
    benchmark.extra_info["first_paint_seconds"] = painted
