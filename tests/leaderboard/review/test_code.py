from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import InputError
from leaderboard.review.code import fetch_code
from leaderboard.submission import SUBMISSIONS

CARD = SUBMISSIONS / "kinetics" / "msm" / "card.yaml"


def card_with(folder: Path, url: str) -> Path:
    """Write the card of a shipped row, but with code at an address."""
    lines = CARD.read_text("utf-8").splitlines()
    text = "\n".join(f"  url: {url}" if line.startswith("  path:") else line for line in lines)
    assert url in text
    (folder / "card.yaml").write_text(text, "utf-8")
    return folder


def test_code_of_a_shipped_model_is_not_fetched(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is shipped \(baselines/kinetics/msm\.py\)"):
        fetch_code(CARD.parent, tmp_path / "code")


@pytest.mark.parametrize(
    "url", ["ext::sh -c id", "file:///etc", "http://a.org/b", "--upload-pack=id"]
)
def test_address_that_is_not_of_the_web_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(InputError, match=r"card\.yaml: "):
        fetch_code(card_with(tmp_path, url), tmp_path / "code")
    assert not (tmp_path / "code").exists()


def test_code_that_cannot_be_had_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot fetch https://nowhere\.invalid/a at ") as caught:
        fetch_code(card_with(tmp_path, "https://nowhere.invalid/a"), tmp_path / "code")
    assert "\n" not in str(caught.value)
