"""Which files are a model's code."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.loading import load_model
from benchmark.sources import closure, sha256
from tests.plugs import ROOT


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


@pytest.mark.parametrize(
    "statement",
    [
        "import helper",
        "from helper import x",
        "from . import helper",
        "from .helper import x",
        "def f():\n    import helper",
        "import inner.helper",
        "from inner import helper",
    ],
)
def test_file_that_is_imported_from_the_same_folder_is_part_of_the_code(
    tmp_path: Path, statement: str
):
    (tmp_path / "inner").mkdir()
    for path in ("helper.py", "inner/helper.py", "unused.py", "numpy.py"):
        (tmp_path / path).write_text("x = 1")
    plug = tmp_path / "plug.py"
    plug.write_text(f"import math\n{statement}")
    assert names(closure(plug, "plug")) == ["plug.py", "helper.py"]


def test_what_is_imported_is_followed_and_circles_end(tmp_path: Path):
    for name, body in {"plug": "import a", "a": "import b", "b": "import a, plug"}.items():
        (tmp_path / f"{name}.py").write_text(body)
    assert names(closure(tmp_path / "plug.py", "plug")) == ["plug.py", "a.py", "b.py"]


def test_of_a_package_only_its_own_modules_count(tmp_path: Path):
    package = tmp_path / "mine"
    package.mkdir()
    (tmp_path / "other.py").write_text("")
    (package / "__init__.py").write_text("")
    (package / "parts.py").write_text("import other")
    model = package / "model.py"
    model.write_text("import other\nfrom mine.parts import x\nfrom . import parts")
    assert names(closure(model, "mine.model")) == ["model.py", "__init__.py", "parts.py"]


def test_what_is_no_python_has_no_imports(tmp_path: Path):
    plug = tmp_path / "plug.py"
    plug.write_bytes(b"import a\x00(")
    assert closure(plug, "plug") == [plug]


def test_changed_file_changes_the_hash_and_none_has_none(tmp_path: Path):
    file = tmp_path / "a.py"
    file.write_text("1")
    one = sha256([file])
    file.write_text("2")
    assert sha256([file]) != one
    assert sha256([]) == ""


@pytest.mark.parametrize(
    ("model", "track", "wanted"),
    [
        ("bi-lstm", "superresolution", "baselines/superresolution/lstm.py"),
        ("bi-lstm", "superresolution", "baselines/_descent.py"),
        ("truth", "kinetics", "baselines/kinetics/replay.py"),
        ("truth", "kinetics", "baselines/kinetics/_parts/recorded.py"),
    ],
)
def test_shipped_model_is_also_what_it_inherits_from_and_its_parts(
    model: str, track: str, wanted: str
):
    sources = load_model(model, {}, track).sources
    assert ROOT / wanted in sources
    assert all(ROOT / "baselines" in path.parents for path in sources)


def test_shipped_model_is_not_what_it_does_not_import():
    assert ROOT / "baselines/kinetics/lstm.py" not in load_model("iid", {}, "kinetics").sources
