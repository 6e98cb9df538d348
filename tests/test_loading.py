"""From what ``--model`` and ``--set`` say to a model."""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

import pytest

from benchmark.errors import InputError
from benchmark.loading import clash, load_model, shipped_models
from benchmark.model import ModelCard
from tests.command import stridebench
from tests.plugs import MARKOV

PLUG = """
class Plug:
    def __init__(self, width: int = 3, rate: float = 0.5, kind: str = "a", deep: bool = False,
                 layers: tuple = (1, 2), extra=None):
        self.settings = width, rate, kind, deep, layers, extra
    def fit(self, train, validation, context): ...
    def sample(self, prompt, n_frames, rng): ...
"""

TWO = PLUG + "class Other(Plug):\n    pass\n"


def refusal(text, settings=None):
    """Load what must be refused; give the message, which is one line."""
    with pytest.raises(InputError) as caught:
        load_model(text, settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# ---- where a model can come from --------------------------------------------------------------


@pytest.mark.parametrize("name", shipped_models("kinetics"))
def test_every_shipped_model_loads_by_name_and_has_a_card(name):
    model = load_model(name)
    assert model.name == name
    assert isinstance(model.cls.card, ModelCard)


def test_names_of_shipped_models_use_hyphens():
    assert "block-shuffle" in shipped_models("kinetics")
    assert load_model("block-shuffle").cls.__module__ == "baselines.kinetics.block_shuffle"


def test_file_with_one_class_is_called_by_its_file(plug):
    model = load_model(plug(PLUG, "mine"))
    assert (model.name, model.cls.__name__) == ("mine", "Plug")
    assert model.card == ModelCard(title="mine")


def test_class_is_picked_from_a_file_with_two(plug):
    assert load_model(plug(TWO) + ":Other").cls.__name__ == "Other"


def test_imported_classes_do_not_count_as_the_files_own(plug):
    path = plug("from baselines.kinetics.iid import Iid\n" + PLUG)
    assert load_model(path).cls.__name__ == "Plug"
    assert load_model(path + ":Iid").cls.__name__ == "Iid"


def test_class_is_found_in_a_package():
    model = load_model("baselines.kinetics.iid:Iid")
    assert (model.name, model.cls.__name__) == ("Iid", "Iid")


def test_edited_file_is_read_anew(plug):
    assert load_model(plug(PLUG)).settings["width"] == 3
    assert load_model(plug(PLUG.replace("width: int = 3", "width: int = 4"))).settings["width"] == 4


def test_fingerprint_is_that_of_the_file_with_the_class(plug):
    path = plug(PLUG)
    assert load_model(path).source_sha256 == hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_dataclass_and_annotations_work_in_a_file(plug):
    path = plug(
        """
        from __future__ import annotations
        from dataclasses import dataclass

        @dataclass
        class Plug:
            width: int = 3
            def fit(self, train, validation, context): ...
            def sample(self, prompt, n_frames, rng): ...
        """
    )
    assert load_model(path, {"width": "5"}).build().width == 5


@pytest.fixture
def entry_points_of(tmp_path, monkeypatch):
    """Install a package with entry points, for one test."""

    def install(lines):
        info = tmp_path / "site" / "theirs-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[stridebench.models]\n{lines}\n")
        (tmp_path / "site" / "theirs.py").write_text(PLUG)
        monkeypatch.syspath_prepend(str(tmp_path / "site"))
        monkeypatch.delitem(sys.modules, "theirs", raising=False)

    return install


@pytest.mark.parametrize("target", ["theirs:Plug", "theirs"])
def test_model_of_an_installed_package_is_found_by_its_entry_point(entry_points_of, target):
    entry_points_of(f"their-model = {target}")
    model = load_model("their-model", {"width": "7"})
    assert model.name == "their-model"
    assert model.cls.__module__ == "theirs"
    assert model.settings["width"] == 7


def test_entry_point_that_does_not_import_is_refused(entry_points_of):
    entry_points_of("their-model = absent_package.models:Plug")
    message = refusal("their-model")
    assert message.startswith("cannot import absent_package.models for --model their-model: Module")


def test_unknown_name_lists_entry_points_too(entry_points_of):
    entry_points_of("their-model = theirs:Plug")
    assert "did you mean their-model?" in refusal("their-modle")
    assert ", their-model; or give" in refusal("zzzzz")


# ---- a bare name -------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Work in an empty folder that modules are imported from, as with ``python -m``."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    for name in ("mymodel", "lstm"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return folder


def test_bare_name_is_a_file_of_the_working_directory(here):
    (here / "mymodel.py").write_text(PLUG)
    model = load_model("mymodel")
    assert (model.name, model.cls.__name__) == ("mymodel", "Plug")
    assert clash("mymodel") == ""


def test_bare_name_is_an_importable_module_with_one_model(here):
    (here / "mymodel").mkdir()
    (here / "mymodel" / "__init__.py").write_text(PLUG)
    model = load_model("mymodel")
    assert (model.name, model.cls.__module__) == ("mymodel", "mymodel")
    assert clash("mymodel") == ""


def test_bare_name_of_a_module_in_a_package(here):
    (here / "ours").mkdir()
    (here / "ours" / "__init__.py").write_text("")
    (here / "ours" / "markov.py").write_text(PLUG)
    assert load_model("ours.markov").cls.__module__ == "ours.markov"


def test_shipped_name_wins_over_a_file_and_says_how_to_name_the_file(here):
    (here / "lstm.py").write_text(PLUG)
    model = load_model("lstm")
    assert model.cls.__module__ == "baselines.kinetics.lstm"
    assert clash("lstm") == "--model lstm is the shipped model; the other one is --model lstm.py"
    assert load_model("lstm.py").cls.__name__ == "Plug"


def test_entry_point_wins_over_a_file_and_says_how_to_name_the_file(here, entry_points_of):
    entry_points_of("mymodel = theirs:Plug")
    (here / "mymodel.py").write_text(PLUG)
    model = load_model("mymodel")
    assert model.cls.__module__ == "theirs"
    assert clash("mymodel") == (
        "--model mymodel is the model of an installed package (theirs:Plug); "
        "the other one is --model mymodel.py"
    )


def test_file_wins_over_a_module_and_says_how_to_name_the_module(here):
    (here / "mymodel.py").write_text(PLUG)
    (here / "mymodel").mkdir()
    (here / "mymodel" / "__init__.py").write_text(PLUG)
    model = load_model("mymodel")
    assert model.cls.__module__ != "mymodel"
    assert clash("mymodel") == (
        "--model mymodel is mymodel.py; the other one is --model mymodel:CLASS"
    )
    assert load_model("mymodel:Plug").cls.__module__ == "mymodel"


def test_module_without_a_model_is_refused(here):
    (here / "mymodel.py").write_text("x = 1")
    assert refusal("mymodel").startswith("mymodel.py must hold one class with fit and sample")


def test_users_command_runs_a_model_of_the_working_directory(toy, tmp_path):
    """``python -m benchmark run --model mymodel``, as it stands in the README."""
    (tmp_path / "mymodel.py").write_text(MARKOV)
    done = stridebench("run", "--model", "mymodel", "--tasks", toy.id, "--quick", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert (tmp_path / "runs" / "mymodel-quick" / "results.json").is_file()


def test_clash_is_one_line_before_the_run(toy, tmp_path):
    (tmp_path / "msm.py").write_text(MARKOV)
    done = stridebench("run", "--model", "msm", "--tasks", toy.id, "--quick", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == (
        "note: --model msm is the shipped model; the other one is --model msm.py\n"
    )


# ---- where it cannot --------------------------------------------------------------------------


def test_unknown_name_suggests_the_nearest_and_lists_all():
    message = refusal("persistance")
    assert message.startswith("no model 'persistance'; did you mean persistence? available: ")
    assert all(name in message for name in shipped_models("kinetics"))


def test_missing_file_is_refused(tmp_path):
    path = tmp_path / "absent.py"
    assert refusal(str(path)) == f"no file {path}"
    assert refusal(f"{path}:Class") == f"no file {path}"


def test_folder_is_not_a_file(tmp_path):
    (tmp_path / "folder.py").mkdir()
    assert refusal(str(tmp_path / "folder.py")).startswith("no file")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (TWO, "must hold one class with fit and sample (or reconstruct), it holds: Other, Plug"),
        ("x = 1", "must hold one class with fit and sample (or reconstruct), it holds: none"),
        ("", "must hold one class with fit and sample (or reconstruct), it holds: none"),
        ("class Broken(\n", "does not load: SyntaxError"),
        ("import absent_package", "does not load: ModuleNotFoundError: No module named 'absent"),
        ("1 / 0", "does not load: ZeroDivisionError: division by zero"),
        ("raise ValueError('one\\ntwo')", "does not load: ValueError: one"),
        ("import sys\nsys.exit('bye')", "does not load: SystemExit: bye"),
    ],
)
def test_file_that_holds_no_model_is_refused(plug, body, message):
    path = plug(body)
    found = refusal(path)
    assert found.startswith(path)
    assert message in found


def test_class_that_is_not_there_is_refused(plug):
    path = plug(PLUG)
    assert refusal(path + ":Absent") == f"{path} has no class 'Absent'"
    assert refusal("baselines.kinetics.iid:iid") == "baselines.kinetics.iid has no class 'iid'"


def test_module_that_is_not_there_is_refused():
    message = refusal("absent_package.models:Class")
    assert message.startswith("cannot import absent_package.models for --model absent_package")


@pytest.mark.parametrize(("method", "named"), [("fit", "fit"), ("sample", "sample or reconstruct")])
def test_class_without_a_method_is_refused(plug, method, named):
    path = plug(PLUG.replace(f"def {method}", "def other"))
    assert refusal(path + ":Plug") == f"{path}:Plug: Plug has no method {named}()"


def test_model_of_another_track_is_refused(plug):
    with pytest.raises(InputError, match=r"reconstruct\(\), which superresolution tasks need"):
        load_model(plug(PLUG), track="superresolution")
    with pytest.raises(InputError, match="msm is a kinetics model, and these are superres"):
        load_model("msm", track="superresolution")


def test_track_of_a_model_follows_from_its_methods(plug):
    assert load_model(plug(PLUG)).track == "kinetics"
    assert load_model("ridge").track == "superresolution"


def test_constructor_that_raises_is_refused_when_built(plug):
    model = load_model(plug(PLUG.replace("self.settings =", "raise ValueError('odd')  #")))
    with pytest.raises(InputError, match=r"^plug cannot be built: ValueError: odd$"):
        model.build()


# ---- settings ---------------------------------------------------------------------------------


def test_defaults_are_part_of_the_settings(plug):
    assert load_model(plug(PLUG)).settings == {
        "width": 3,
        "rate": 0.5,
        "kind": "a",
        "deep": False,
        "layers": (1, 2),
        "extra": None,
    }


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("width", "128", 128),
        ("width", "-1", -1),
        ("rate", "0.25", 0.25),
        ("rate", "1", 1.0),
        ("rate", "1e-3", 1e-3),
        ("rate", "inf", float("inf")),
        ("kind", "b", "b"),
        ("kind", "'5'", "5"),
        ("deep", "true", True),
        ("deep", "no", False),
        ("extra", "[1, a]", [1, "a"]),
        ("extra", "none", "none"),
    ],
)
def test_setting_takes_the_type_of_its_default(plug, name, text, value):
    model = load_model(plug(PLUG), {name: text})
    assert model.settings[name] == value
    assert type(model.settings[name]) is type(value)
    assert value in model.build().settings


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("width", "wide", "--set width=wide: expected int, such as 3"),
        ("width", "2.5", "--set width=2.5: expected int, such as 3"),
        ("width", "true", "--set width=true: expected int, such as 3"),
        ("width", "", "--set width=: expected int, such as 3"),
        ("rate", "fast", "--set rate=fast: expected float, such as 0.5"),
        ("rate", "true", "--set rate=true: expected float, such as 0.5"),
        ("kind", "5", "--set kind=5: expected str, such as a"),
        ("deep", "1", "--set deep=1: expected bool, such as False"),
        ("extra", "[1", "--set extra=[1: not a YAML value"),
    ],
)
def test_ill_typed_setting_is_refused_with_an_example(plug, name, text, message):
    assert refusal(plug(PLUG), {name: text}) == message


def test_unknown_setting_is_refused_and_the_known_are_named(plug):
    message = refusal(plug(PLUG), {"witdh": "3"})
    assert message.startswith("Plug has no setting 'witdh'; it has: width=3, rate=0.5, kind=a")


def test_model_without_settings_says_so():
    assert refusal("iid", {"width": "3"}) == "Iid has no setting 'width'; it has: none"


def test_setting_without_a_default_must_be_given(plug):
    path = plug(PLUG.replace("width: int = 3", "width"))
    assert refusal(path) == "Plug needs --set width=…"
    assert load_model(path, {"width": "3"}).settings["width"] == 3


def test_message_is_short_enough_for_a_line(plug):
    assert re.fullmatch(r"[^\n]{1,400}", refusal(plug(PLUG), {"none": "1"}))
