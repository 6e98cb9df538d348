"""Results that cannot be: every field of one is changed, and every known forgery is made whole."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmark.registry import shipped_tasks
from benchmark.result import Call, Result, UnitMetric
from benchmark.task import Split, Task
from leaderboard.card import checked_card
from leaderboard.submission import SUBMISSIONS, Submission
from leaderboard.validation import Report, examined
from tests.leaderboard.mutants import mutants
from tests.leaderboard.synthetic import MakeSubmission, Tasks, rescored

#: Changes of a field that nobody can know to be none: what remains of them is that the score is as
#: it was. What is "gone" has a default that says the same, or that it is unknown.
FREE: dict[str, set[str]] = {
    "schema_version": {"gone"},
    "model.name": {"other"},
    "model.title": {"other", "empty", "gone"},
    "model.description": {"other", "empty", "gone"},
    "model.citation": {"other", "empty", "gone"},
    "model.role": {"gone"},
    "model.trained_on": {"gone"},
    "config.settings": {"unknown field", "object", "empty", "gone"},
    "config.settings.NAME": {"other", "negative", "huge", "fraction", "true", "text", "null",
                             "gone", "object"},
    "config.replicas": {"other"},
    "config.device": {"other"},
    "config.workers": {"other"},
    "config.threads": {"other", "gone"},
    "config.timeout": {"other"},
    "provenance.packages": {"empty", "gone"},
    "provenance.packages.NAME": {"other", "empty", "gone"},
    "provenance.benchmark_version": {"other", "empty", "gone"},
    "provenance.python": {"other", "empty", "gone"},
    "provenance.platform": {"other", "empty", "gone"},
    "provenance.processor": {"other", "empty", "gone"},
    "provenance.cores": {"other", "null", "gone"},
    "provenance.git_commit": {"empty", "gone"},
    "provenance.date": {"gone"},
    "earlier": {"gone"},
    "units.*.reason": {"other", "gone"},
    "units.*.metrics.NAME.bias": {"null", "gone"},
    "units.*.cost": {"empty", "gone"},
    "units.*.cost.parameters": {"other", "null", "gone"},  # but the most of all units is the card's
    "units.*.cost.fit_seconds": {"other", "null", "gone"},
    "units.*.cost.predict_seconds": {"other", "null", "gone"},
    "units.*.cost.sample_seconds": {"other", "null", "gone"},
    "units.*.cost.cpu_seconds": {"other", "null", "gone"},
    "units.*.cost.total_seconds": {"other", "null", "gone"},
    "units.*.cost.sampled_frames_per_second": {"other", "null", "gone"},
    "units.*.cost.peak_memory_bytes": {"other", "null", "gone"},
    "tasks.*.without": {"gone"},
    "tasks.*.metrics.NAME.missing": {"gone"},
    "tasks.*.mark": {"gone"},
}  # fmt: skip

#: Earlier calls are as the run tells them.
FREE |= {
    f"earlier.*.{kind}": ways
    for kind, ways in FREE.items()
    if kind.startswith(("config", "provenance")) and not kind.startswith("config.settings")
}
FREE["earlier"] |= {"twice", "shorter", "empty"}
FREE["earlier.*.config.tasks"] = {"shorter"}
FREE["earlier.*.config.tasks.*"] = {"other", "gone"}
FREE |= {
    "earlier.*": {"gone"},
    "earlier.*.provenance": {"empty", "gone"},
    "earlier.*.provenance.scorer_version": {"other", "gone"},
    "earlier.*.provenance.data": {"empty", "gone"},
    "earlier.*.provenance.data.TASK": {"unknown field", "object", "empty", "gone"},
    "earlier.*.provenance.data.TASK.SPLIT": {"other", "gone"},
}


def unwelcome(folder: Path, tasks: Tasks) -> tuple[int, list[str]]:
    """Change every field of a submission's result; give how many changes, and those accepted."""
    data = json.loads((folder / "results.json").read_text())
    score = examined(folder, tasks).entry.scores
    n_changes, accepted = 0, []
    for kind, way, changed in mutants(data):
        (folder / "results.json").write_text(json.dumps(changed))
        report = examined(folder, tasks)
        assert all("\n" not in line for one in report.outcomes for line in one.listed)
        n_changes += 1
        if report.valid and way not in FREE.get(kind, ()):
            accepted.append(f"{kind}: {way}")
        if report.valid:
            assert str(report.entry.scores) == str(score), (kind, way)
    return n_changes, accepted


def test_every_change_of_a_field_is_refused_or_changes_nothing(
    tasks: Tasks, make_submission: MakeSubmission, write_submission: Callable[[Submission], Path]
) -> None:
    made = make_submission("m", {"left/a": 0.5})
    made.result.provenance |= {"packages": {"numpy": "2.0"}, "date": "2026-01-01", "cores": 2}
    made.result.config.settings = {"hidden": 64}
    n_changes, accepted = unwelcome(write_submission(made), tasks)
    assert accepted == []
    assert n_changes > 500


@pytest.mark.slow  # a minute
@pytest.mark.parametrize("row", ["superresolution/linear", "superresolution/hnn"])
def test_every_change_of_a_field_of_a_real_row_is_refused_or_changes_nothing(
    row: str, tmp_path: Path
) -> None:
    folder = tmp_path / row
    shutil.copytree(SUBMISSIONS / row, folder)
    n_changes, accepted = unwelcome(folder, shipped_tasks())
    assert accepted == []
    assert n_changes > 600


# ---- forgeries that add up --------------------------------------------------------------------

Forge = Callable[[Result], Any]


def on_first(**changes: Any) -> Forge:
    """Change the first metric of a unit: the rate error of replica 0 on the first task."""

    def forge(result: Result) -> None:
        for name, value in changes.items():
            setattr(result.units[0].metrics["mfpt_error"], name, value)

    return forge


def on_likelihoods(value: float, stderr: float) -> Forge:
    def forge(result: Result) -> None:
        for place, unit in enumerate(result.units):
            unit.metrics["nll_regret"].value = value * (1 + place / 100)
            unit.metrics["nll_regret"].stderr = stderr

    return forge


def on_all(metric: str, **changes: float) -> Forge:
    """Change a metric of all units to the same."""

    def forge(result: Result) -> None:
        for unit in result.units:
            for name, value in changes.items():
                setattr(unit.metrics[metric], name, value)

    return forge


def on_call(**changes: Any) -> Forge:
    """Change what the call says of where it was made."""

    def forge(result: Result) -> None:
        result.provenance |= changes

    return forge


def on_device(device: str) -> Forge:
    def forge(result: Result) -> None:
        result.config.device = device

    return forge


def without_history(result: Result) -> None:
    result.config.tasks = ["left/b"]


def history_of_less_seeds(result: Result) -> None:
    extra_seeds(1, asked=2)(result)
    result.config.tasks = ["left/b"]
    result.earlier = [Call(config=result.config.model_copy(update={"tasks": ["left/a"]}))]
    result.earlier[0].config.seeds = 1


def copied_replica(result: Result) -> None:
    """Give replica 2 what replica 0 has; the regrets of both stay, so that not all is the same."""
    kept = result.units[2].metrics["nll_regret"]
    result.units[2].metrics = {**deepcopy(result.units[0].metrics), "nll_regret": kept}


def nearly_copied_replica(result: Result) -> None:
    copied_replica(result)
    for metric in result.units[2].metrics.values():
        metric.value *= 1 + 1e-9


def frames_of_another_number(result: Result) -> None:
    for place, unit in enumerate(result.units):
        unit.cost.sample_seconds = 1.0
        unit.cost.sampled_frames_per_second = 1000.0 + place


def time_of_two_calls(result: Result) -> None:
    """Say that a unit took up a fit that had taken almost all of its time in an earlier call."""
    cost = {"fit_seconds": 3500.0, "predict_seconds": 2000.0, "sample_seconds": 500.0}
    on_cost(**cost, total_seconds=6001.0, cpu_seconds=5000.0)(result)
    result.provenance["cores"] = 1


def most_cores(result: Result) -> None:
    on_cost(total_seconds=10.0, cpu_seconds=41.0)(result)
    result.provenance["cores"] = 4


def more_cores(result: Result) -> None:
    on_cost(total_seconds=10.0, cpu_seconds=60.0)(result)
    result.provenance["cores"] = 4


def on_unit(**changes: Any) -> Forge:
    def forge(result: Result) -> None:
        result.units[0] = result.units[0].model_copy(update=changes)

    return forge


def on_cost(**changes: Any) -> Forge:
    def forge(result: Result) -> None:
        result.units[0].cost = result.units[0].cost.model_copy(update=changes)

    return forge


def extra_seeds(*seeds: int, asked: int) -> Forge:
    def forge(result: Result) -> None:
        result.config.seeds = asked
        result.units += [result.units[0].model_copy(update={"seed": seed}) for seed in seeds]

    return forge


def seed_of_another_replica(result: Result) -> None:
    result.config.seeds = 2
    result.units.append(result.units[1].model_copy(update={"seed": 1}))


def chosen_seed(result: Result) -> None:
    result.units[0].seed = 7


def more_replicas_than_asked(result: Result) -> None:
    result.config.replicas = 1


def quick_call_before(result: Result) -> None:
    config = result.config.model_copy(update={"quick": True})
    result.earlier = [Call(config=config)]


def call_with_other_settings_before(result: Result) -> None:
    config = result.config.model_copy(update={"settings": {"hidden": 1024}})
    result.earlier = [Call(config=config)]


def same_task_asked_twice(result: Result) -> None:
    result.config.tasks = ["left/a", "left/a"]


def invented_metric(result: Result) -> None:
    for unit in result.units:
        unit.metrics["accuracy"] = UnitMetric(value=0.0, stderr=0.0)


def metric_left_out(result: Result) -> None:
    for unit in result.units:
        del unit.metrics["dwell_error"]


def metric_without_a_value(result: Result) -> None:
    for unit in result.units:
        unit.metrics["dwell_error"] = UnitMetric(value=math.nan, unit="ln")


def error_alone(result: Result) -> None:
    result.units[0].reason = "the likelihood was refused"
    result.units[0].metrics["mfpt_error"].value = math.nan


def likelihood_left_out_where_it_is_bad(result: Result) -> None:
    del result.units[0].metrics["nll_regret"]


def no_metrics(result: Result) -> None:
    for unit in result.units:
        unit.metrics = {}


def data_of_a_task_beside(result: Result) -> None:
    result.provenance["data"]["left/b"] = result.provenance["data"]["left/a"]


def hidden_setting(result: Result) -> None:
    result.config.settings = {"note": ["\u202egood"]}


def endless_settings(result: Result) -> None:
    result.config.settings = {"note": ["x" * 400] * 100}


FORGERIES: dict[str, tuple[Forge, str, str]] = {
    "negative error": (on_first(value=-0.1), "metrics", "mfpt_error is -0.1, expected 0 …"),
    "error above its end": (on_first(value=4.7), "metrics", "mfpt_error is 4.7, expected 0 …"),
    "huge error": (on_first(value=1e308), "result", "it is 1e+308; expected -1e+12 … 1e+12"),
    "negative standard error": (on_first(stderr=-0.1), "result", "stderr: it is -0.1; expected 0"),
    "huge standard error": (on_first(stderr=1e308), "result", "stderr: it is 1e+308"),
    "no standard error": (on_first(stderr=math.nan), "metrics", "has the standard error nan"),
    "large standard error": (on_first(stderr=50.0), "metrics", "has the standard error 50"),
    "bias above the error": (on_first(bias=1.0), "metrics", "has the bias 1, more than"),
    "error without a value": (error_alone, "metrics", "has an error, but no value"),
    "unit of another metric": (on_first(unit="nats"), "metrics", "is in 'nats', expected 'ln'"),
    "no unit": (on_first(unit=""), "metrics", "mfpt_error is in '', expected 'ln'"),
    "regret far below an oracle": (on_likelihoods(-1.0, 0.01), "metrics", "better than the exact"),
    "regret below what is": (on_likelihoods(-9.0, 3.0), "metrics", "is -9, expected -5.6 …"),
    "invented metric": (invented_metric, "metrics", "'accuracy' is no metric of the track"),
    "metric left out": (metric_left_out, "metrics", "lacks dwell_error, without a reason"),
    "metric without a value": (metric_without_a_value, "metrics", "lacks dwell_error"),
    "likelihood left out": (likelihood_left_out_where_it_is_bad, "metrics", "missing in 1 units"),
    "no metrics": (no_metrics, "units", "is done, but has no metrics"),
    "negative seed": (on_unit(seed=-1), "result", "units.0.seed: Input should be greater"),
    "chosen seed": (chosen_seed, "units", "a replica lacks seed 0"),
    "seeds that are no row": (extra_seeds(1, 5, asked=3), "units", "seeds 0, 1, 5 of replica 0"),
    "more seeds than asked": (extra_seeds(1, 2, asked=1), "units", "3 seeds, but no call"),
    "less seeds than asked": (extra_seeds(1, asked=3), "units", "2 seeds, but the run was asked"),
    "seed twice": (extra_seeds(1, 1, asked=2), "units", "replica 0, seed 1 more than once"),
    "seed of another replica": (seed_of_another_replica, "units", "of replica 0 alone"),
    "more replicas than asked": (more_replicas_than_asked, "units", "3 replicas, but no call"),
    "negative replica": (on_unit(replica=-1), "result", "units.0.replica: Input should be"),
    "failed with metrics": (on_unit(status="failed", reason="x"), "units", "but has metrics"),
    "failed, no reason": (on_unit(status="failed", metrics={}), "units", "no reason is given"),
    "timed out, no reason": (on_unit(status="timeout", metrics={}), "units", "no reason is given"),
    "negative seconds": (on_cost(fit_seconds=-1.0), "result", "fit_seconds: it is -1"),
    "endless seconds": (on_cost(cpu_seconds=1e10), "result", "cpu_seconds: it is 1e+10"),
    "negative memory": (on_cost(peak_memory_bytes=-1), "result", "peak_memory_bytes: Input"),
    "endless memory": (on_cost(peak_memory_bytes=10**15), "result", "peak_memory_bytes: Input"),
    "endless parameters": (on_cost(parameters=10**4000), "result", "whole number of 4,001 digits"),
    "parameters unlike the card": (on_cost(parameters=8), "model", "parameters is 7, but the most"),
    "quick call before": (quick_call_before, "calls", "an earlier call was made with --quick"),
    "other settings before": (call_with_other_settings_before, "calls", "had other settings"),
    "task asked twice": (same_task_asked_twice, "calls", "call 1 of the run names left/a twice"),
    "hidden text in a setting": (hidden_setting, "calls", "is U+202E, which does not show"),
    "endless settings": (endless_settings, "calls", "settings of 40,"),
    "error of exactly zero": (
        on_first(value=0.0, stderr=0.0, bias=0.0),
        "metrics",
        "mfpt_error is exactly 0",
    ),
    "regret of exactly zero": (on_all("nll_regret", value=0.0), "metrics", "is exactly 0"),
    "good with next to no error": (on_first(stderr=1e-300), "metrics", "standard error 1e-300"),
    "good without an error": (on_first(stderr=0.0), "metrics", "with the standard error 0"),
    "same in all replicas": (
        on_all("dwell_error", value=0.2),
        "metrics",
        "dwell_error is the same to the last digit in all 3 replicas",
    ),
    "same regret in all": (on_all("nll_regret", value=0.2), "metrics", "nll_regret is the same"),
    "replica copied": (
        copied_replica,
        "metrics",
        "replicas 0 and 2 share mfpt_error and dwell_error to six digits",
    ),
    "replica copied, last digits changed": (
        nearly_copied_replica,
        "metrics",
        "replicas 0 and 2 share mfpt_error and dwell_error to six digits",
    ),
    "history cut": (without_history, "units", "left/a: no call of the run names it"),
    "seeds of no call": (history_of_less_seeds, "units", "2 seeds, but no call of the run asked"),
    "answers longer than all": (
        on_cost(predict_seconds=50.0, total_seconds=10.0),
        "costs",
        "predict and sample took 51.5 s, but all of it 10.0 s",
    ),
    "parts longer than all": (
        on_cost(fit_seconds=900.0, total_seconds=300.0),
        "costs",
        "fit, predict and sample took 900.0 s, but all of it 300.0 s",
    ),
    "longer than allowed": (on_cost(total_seconds=1e5), "costs", "to be stopped after 3,600 s"),
    "fit longer than allowed": (on_cost(fit_seconds=4e3, total_seconds=4e3), "costs", "fit took"),
    "fit in no time": (on_cost(fit_seconds=0.0), "costs", "fit_seconds is 0"),
    "more cores than there are": (more_cores, "costs", "more than 4 cores have in 10.0 s"),
    "memory of no machine": (on_cost(peak_memory_bytes=5 * 10**13), "costs", "a unit takes 10,0"),
    "no processor time": (on_cost(cpu_seconds=0.0), "costs", "cpu_seconds is 0"),
    "memory of no program": (
        on_cost(peak_memory_bytes=4096),
        "costs",
        "is 4,096; a unit takes",
    ),
    "frames of another number": (frames_of_another_number, "costs", "make 1,001 frames, 1,000"),
    "day to come": (on_call(date="2126-01-01"), "origin", "a day that is still to come"),
    "day before all": (on_call(date="2015-12-31"), "origin", "benchmark is no older than 2026"),
    "version that is none": (on_call(benchmark_version="best"), "origin", "'best' of the benchm"),
    "version to come": (on_call(benchmark_version="99.0"), "origin", "version 99.0 of the bench"),
    "package of no version": (on_call(packages={"torch": "new"}), "origin", "'new' of torch"),
    "Python that is none": (on_call(python="<b>9</b>"), "origin", "of Python, which is none"),
    "Python too old": (on_call(python="2.7.18"), "origin", "made with Python 2.7.18"),
    "commit of zeros": (on_call(git_commit="0" * 40), "origin", "names the commit 0000000…"),
    "device that is none": (on_device("tpu"), "origin", "made on the device 'tpu'; expected cpu"),
    "data of a task beside": (data_of_a_task_beside, "tasks", "names data of left/b, which"),
}


@pytest.fixture
def sound(make_submission: MakeSubmission) -> Submission:
    made = make_submission("m", {"left/a": 0.5})
    fields = made.card.model_dump() | {"parameters": 7}
    return Submission(checked_card(fields), made.result, made.tasks)


def only_fault(report: Report, check: str) -> str:
    """Give the fault of a check, the only one that has any."""
    assert [one.check.name for one in report.outcomes if one.faults] == [check]
    return next(one for one in report.outcomes if one.faults).faults[0]


@pytest.mark.parametrize("name", FORGERIES)
def test_forgery_whose_scores_add_up_is_refused(
    name: str, sound: Submission, tasks: Tasks, write_submission: Callable[[Submission], Path]
) -> None:
    forge, check, message = FORGERIES[name]
    if check == "result":  # beyond what can be scored, or listed in a manifest
        folder = write_submission(sound)
        forge(sound.result)
        sound.result.write(folder / "results.json")
    else:
        forge(sound.result)
        folder = write_submission(Submission(sound.card, rescored(sound.result, tasks), {}))
    assert message in only_fault(examined(folder, tasks), check)


def test_sound_submission_passes_every_check(
    sound: Submission, tasks: Tasks, write_submission: Callable[[Submission], Path]
) -> None:
    report = examined(write_submission(sound), tasks)
    assert report.valid
    report.require_valid()


@pytest.mark.parametrize(
    "forge",
    [
        extra_seeds(1, 2, asked=3),
        on_likelihoods(-0.01, 0.01),
        time_of_two_calls,
        on_cost(fit_seconds=10.2, predict_seconds=0.1, total_seconds=10.1),  # clocks
        most_cores,
        on_device("cuda:1"),
        on_all("dwell_error", value=0.9, stderr=0.0),  # chains that show nothing of it
        on_all("dwell_error", value=0.4, stderr=0.0),  # all shuffled alike
    ],
)
def test_what_is_possible_passes(
    forge: Forge,
    sound: Submission,
    tasks: Tasks,
    write_submission: Callable[[Submission], Path],
) -> None:
    forge(sound.result)
    result = rescored(sound.result, tasks)
    assert examined(write_submission(Submission(sound.card, result, {})), tasks).valid


@pytest.mark.parametrize(
    ("value", "stderr", "message"),
    [
        (-0.05, 0.05, "gets below -8.4e-05, whatever its error"),
        (-2e-4, 1e-4, "gets below -8.4e-05, whatever its error"),
        (1e-5, 0.5, "has the standard error 0.5; on this test set it is"),
        (-5e-5, 3e-5, ""),
        (0.01, 0.001, ""),
    ],
)
def test_regret_that_chance_cannot_bring_about_on_its_test_set_is_refused(
    value: float,
    stderr: float,
    message: str,
    sound: Submission,
    tasks: Tasks,
    write_submission: Callable[[Submission], Path],
) -> None:
    task = tasks["left/a"]
    test = Split(rows=10, frames=300_000, sha256="c" * 64)
    card = task.card.model_copy(update={"splits": {**task.card.splits, "test": test}})
    tasks = {card.id: Task(card, task.path)}
    on_likelihoods(value, stderr)(sound.result)
    sound.result.provenance["data"] = {card.id: card.fingerprints}
    result = rescored(sound.result, tasks)
    report = examined(write_submission(Submission(sound.card, result, {})), tasks)
    if message:
        assert message in only_fault(report, "metrics")
    else:
        assert report.valid


@pytest.mark.parametrize(("factor", "possible"), [(5e-4, False), (5e-2, True)])
def test_replicas_that_are_all_far_below_the_perfect_sampler_are_refused(
    factor: float,
    possible: bool,
    sound: Submission,
    tasks: Tasks,
    write_submission: Callable[[Submission], Path],
) -> None:
    task, perfect = tasks["left/a"], 0.005
    scale = task.card.metrics["dwell_error"].model_copy(update={"perfect": perfect})
    card = task.card.model_copy(update={"metrics": {**task.card.metrics, "dwell_error": scale}})
    tasks = {card.id: Task(card, task.path)}
    for place, unit in enumerate(sound.result.units):
        value = factor * perfect * (1 + place / 10)
        unit.metrics["dwell_error"] = UnitMetric(value=value, stderr=value, bias=0.0, unit="ln")
    sound.result.provenance["data"] = {card.id: card.fingerprints}
    result = rescored(sound.result, tasks)
    report = examined(write_submission(Submission(sound.card, result, {})), tasks)
    assert report.valid is possible
    if not possible:
        assert "dwell_error is below a thousandth of what the true" in only_fault(report, "metrics")


def test_replicas_may_share_errors_that_few_events_decide(
    sound: Submission, tasks: Tasks, write_submission: Callable[[Submission], Path]
) -> None:
    """Two chains that commit ten times each have few populations to choose from."""
    copied_replica(sound.result)
    for unit in sound.result.units[:3:2]:
        for metric in unit.metrics.values():
            metric.stderr = 2.0 * metric.value
    result = rescored(sound.result, tasks)
    report = examined(write_submission(Submission(sound.card, result, {})), tasks)
    assert report.valid


def test_regret_below_an_empirical_oracle_is_possible(
    sound: Submission, tasks: Tasks, write_submission: Callable[[Submission], Path]
) -> None:
    task = tasks["left/a"]
    card = task.card.model_copy(update={"oracle": "empirical"})
    tasks = {card.id: Task(card, task.path)}
    on_likelihoods(-0.1, 0.001)(sound.result)
    sound.result.provenance["data"] = {card.id: card.fingerprints}
    result = rescored(sound.result, tasks)
    assert examined(write_submission(Submission(sound.card, result, {})), tasks).valid


@pytest.mark.parametrize(
    ("literal", "message"),
    [
        ("NaN", "NaN is no number"),
        ("Infinity", "Infinity is no number"),
        ("-Infinity", "-Infinity is no number"),
        ("1e999", "1e999 is larger than any number"),
        ("1" + "0" * 4000, "a whole number of 4,001 digits"),
        ('0, "value": 0', "the field 'value' is there twice"),
        ("[" * 1000 + "]" * 1000, "nested over 32 deep"),
        ('"' + "x" * 1_000_000 + '"', "value: Input should be a valid number"),
    ],
)
def test_number_that_is_none_is_refused(
    literal: str,
    message: str,
    sound: Submission,
    tasks: Tasks,
    write_submission: Callable[[Submission], Path],
) -> None:
    sound.result.units[0].metrics["mfpt_error"].value = 0.123456789
    folder = write_submission(sound)
    text = (folder / "results.json").read_text().replace("0.123456789", literal, 1)
    (folder / "results.json").write_text(text)
    assert message in only_fault(examined(folder, tasks), "result")


# ---- folder and card --------------------------------------------------------------------------


def with_card(**changes: Any) -> Callable[[Path], Any]:
    def forge(folder: Path) -> None:
        path = folder / "card.yaml"
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | changes))

    return forge


def linked(folder: Path) -> None:
    folder.rename(folder.parent / "there")
    folder.symlink_to("there")


def linked_result(folder: Path) -> None:
    (folder / "results.json").rename(folder.parent / "results.json")
    (folder / "results.json").symlink_to("../results.json")


FOLDERS: dict[str, tuple[Callable[[Path], Any], str, str]] = {
    "stray file": (lambda one: (one / "x.py").touch(), "files", "'x.py' does not belong here"),
    "hidden file": (lambda one: (one / ".x").touch(), "files", "'.x' does not belong here"),
    "stray folder": (lambda one: (one / "data").mkdir(), "files", "'data' does not belong here"),
    "file for a folder": (lambda one: (one / "audit").touch(), "files", "audit is not a folder"),
    "name in other letters": (
        lambda one: (one.parent / "M").mkdir(), "name", "differs from 'M' in case only"),
    "role unlike the model's": (with_card(role="control"), "model", "role is 'control', but the"),
    "fresh chains": (with_card(trained_on=["fresh"]), "model", "which only a control may see"),
    "parameters": (with_card(parameters=3), "model", "parameters is 3, but the most"),
    "what its track does not show": (
        with_card(reads=["labels", "forces"]), "model", "reads 'forces', which kinetics does not"),
    "trained on the test": (
        with_card(trained_on=["train", "test"]), "model", "nothing may be trained"),
    "letters of two scripts": (
        with_card(title="M\u0430rkov"), "card", "title: 'M\u0430rkov' has U+0430 (CYRILLIC"),
    "name of two scripts": (
        with_card(authors=["Bob Sm\u03b9th"]), "card", "has U+03B9 (GREEK SMALL LETTER IOTA)"),
    "revision of zeros": (
        with_card(code={"url": "https://example.org", "revision": "0" * 40}), "card",
        "no commit has one digit alone"),
    "revision that moves": (
        with_card(code={"url": "https://example.org", "revision": "HEAD"}), "card",
        "'HEAD' names no code that stays"),
}  # fmt: skip


@pytest.mark.parametrize("name", FOLDERS)
def test_folder_or_card_that_does_not_fit_is_refused(
    name: str, sound: Submission, tasks: Tasks, write_submission: Callable[[Submission], Path]
) -> None:
    forge, check, message = FOLDERS[name]
    folder = write_submission(sound)
    forge(folder)
    assert message in only_fault(examined(folder, tasks), check)


def test_links_are_no_submission(
    sound: Submission, tasks: Tasks, write_submission: Callable[[Submission], Path]
) -> None:
    folder = write_submission(sound)
    linked_result(folder)
    report = examined(folder, tasks)
    faults = [fault for one in report.outcomes for fault in one.faults]
    assert any("results.json is not a file; links are none either" in fault for fault in faults)
    assert any("it is a link, not a file" in fault for fault in faults)


def test_folder_that_is_a_link_is_no_submission(
    sound: Submission, tasks: Tasks, write_submission: Callable[[Submission], Path]
) -> None:
    folder = write_submission(sound)
    linked(folder)
    faults = [fault for one in examined(folder, tasks).outcomes for fault in one.faults]
    assert faults[0].startswith("the folder is a link")


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"units": [{}]}', '{"units": {"left/a/r0-s0": 1}}', "[" * 1000]
)
def test_damaged_row_beside_a_sound_one_is_no_fault_of_it(
    content: str,
    sound: Submission,
    tasks: Tasks,
    write_submission: Callable[[Submission], Path],
) -> None:
    folder = write_submission(sound)
    (folder.parent / "other").mkdir()
    for name in ("results.json", "manifest.json"):
        (folder.parent / "other" / name).write_text(content)
    assert examined(folder, tasks).valid


def test_control_may_see_fresh_chains_and_says_so(
    make_submission: MakeSubmission, tasks: Tasks, write_submission: Callable[[Submission], Path]
) -> None:
    made = make_submission("m", {"left/a": 0.5}, role="control")
    made.result.model.trained_on = "fresh"
    folder = write_submission(made)
    with_card(trained_on=["fresh"], parameters=7)(folder)
    assert examined(folder, tasks).valid
    with_card(trained_on=["train"])(folder)
    assert "must name 'fresh'" in only_fault(examined(folder, tasks), "model")


def test_all_faults_are_found_at_once_and_what_cannot_be_asked_waits(
    sound: Submission, tasks: Tasks, write_submission: Callable[[Submission], Path]
) -> None:
    folder = write_submission(sound)
    (folder / "x.py").touch()
    with_card(name="other", title="\u202e")(folder)
    sound.result.config.quick = True
    sound.result.ranked = False
    sound.result.units[0].seed = 3
    sound.result.write(folder / "results.json")
    report = examined(folder, tasks)
    faults = {one.check.name: len(one.faults) for one in report.outcomes if one.faults}
    assert faults == {"files": 1, "card": 1, "calls": 1, "units": 3, "rank": 1, "listing": 2}
    waiting = {one.check.name: one.waits_for for one in report.outcomes if one.waits_for}
    assert waiting == {
        "name": ("card",), "scores": ("units",), "model": ("card",),
        "audit": ("listing",), "own": ("listing",),
    }  # fmt: skip
