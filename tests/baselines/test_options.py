"""Options of models: where ``--set`` finds them, and what it may set them to."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, fields
from typing import Any

import pytest

from baselines._options import Trained, Training, require_at_least, require_share
from benchmark.errors import InputError
from benchmark.loading import load_model


@dataclass(frozen=True, kw_only=True)
class ToyTraining(Training):
    frames: float = 100.0
    learning_rate: float = 0.1
    weight_decay: float = 0.0
    average: float = 5.0
    epochs: int = 3


class Toy(Trained):
    training: ToyTraining = ToyTraining(epochs=4)

    def __init__(self, width: int = 2, **training: Any) -> None:
        super().__init__(**training)
        self.width = width


class Heir(Toy):
    training = ToyTraining(frames=7.0)


class Closed(Toy):
    def __init__(self, depth: int = 1) -> None:
        super().__init__(width=9, epochs=8)
        self.depth = depth


def defaults(cls: type) -> dict[str, Any]:
    return {name: each.default for name, each in inspect.signature(cls).parameters.items()}


OPTIONS = {"frames": 100.0, "learning_rate": 0.1, "weight_decay": 0.0, "average": 5.0, "epochs": 4}


def test_options_of_the_training_are_in_the_signature_with_the_class_own_defaults():
    assert defaults(Toy) == {"width": 2} | OPTIONS
    assert defaults(Heir) == {"width": 2} | OPTIONS | {"frames": 7.0, "epochs": 3}
    assert all(
        each.kind is inspect.Parameter.KEYWORD_ONLY
        for name, each in inspect.signature(Toy).parameters.items()
        if name in OPTIONS
    )


def test_a_subclass_that_passes_no_options_on_has_none():
    assert defaults(Closed) == {"depth": 1}
    assert Closed().training.epochs == 8


def test_an_option_changes_the_model_and_not_its_class():
    assert Toy(epochs=9, width=5).training == ToyTraining(epochs=9)
    assert (Toy().training.epochs, Toy.training.epochs, Heir(epochs=1).training.frames) == (4, 4, 7)


def test_an_option_that_does_not_exist_is_refused():
    with pytest.raises(TypeError, match="unexpected keyword argument 'epoch'"):
        Toy(epoch=3)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"frames": 0.0}, "frames is 0; expected at least 1"),
        ({"average": float("nan")}, "average is nan; expected at least 1"),
        ({"weight_decay": -1.0}, "weight_decay is -1; expected at least 0"),
        ({"learning_rate": 0.0}, "learning_rate is 0; expected more than 0"),
        ({"learning_rate": float("inf")}, "learning_rate is inf; expected more than 0"),
    ],
)
def test_an_option_out_of_its_range_is_one_line(option: dict[str, float], message: str):
    with pytest.raises(InputError, match=f"^{message}$"):
        Toy(**option)


def test_the_first_of_several_options_that_is_wrong_is_named():
    with pytest.raises(InputError, match=r"^b is 1; expected at least 2$"):
        require_at_least(2, a=2, b=1, c=0)
    with pytest.raises(InputError, match=r"^b is 1; expected at least 0 and less than 1$"):
        require_share(a=0.5, b=1.0, c=-1.0)


NETWORKS = [
    *(("kinetics", name) for name in ("gru", "lstm", "transformer")),
    *(("superresolution", name) for name in ("rnn", "lstm", "node", "hnn")),
    *(("superresolution", f"bi-{name}") for name in ("rnn", "lstm", "node", "hnn")),
    ("superresolution", "force-matching"),
]


@pytest.mark.parametrize(("track", "name"), NETWORKS)
def test_every_option_of_a_shipped_network_can_be_set_by_its_name(track: str, name: str):
    model = load_model(name, track=track)
    training = model.cls.training
    for field in fields(training):
        default = getattr(training, field.name)
        assert model.settings[field.name] == default
        changed = load_model(name, {field.name: str(default * 2)}, track=track).build()
        assert getattr(changed.training, field.name) == default * 2
    with pytest.raises(InputError, match=r"has no setting 'epocs'; it has: .*learning_rate=0\.00"):
        load_model(name, {"epocs": "1"}, track=track)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lstm", {"hidden": 64, "embedding": 32, "epochs": 60, "frames": 1.5e7, "window": 100}),
        ("gru", {"hidden": 64, "frames": 7.5e6, "streams": 64, "learning_rate": 5e-3}),
        ("transformer", {"width": 32, "frames": 3e6, "epochs": 24, "streams": 16, "window": 128}),
    ],
)
def test_budgets_of_kinetics_networks_are_those_of_the_board(name: str, expected: dict[str, Any]):
    settings = load_model(name, track="kinetics").settings
    assert {key: settings[key] for key in expected} == expected
    assert settings["dropout"] == 0.0
