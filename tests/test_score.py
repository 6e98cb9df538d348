"""Scores: what they are at the ends of their scale, and what they do not depend on."""

from __future__ import annotations

import itertools
import math
import shutil
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import InputError, ModelError
from benchmark.result import Unit, UnitMetric
from benchmark.score import score_task, score_unit, z_score
from benchmark.store import predictions
from benchmark.task import MetricScale, Task
from benchmark.tracks.kinetics.card import METRICS
from benchmark.tracks.kinetics.data import (
    kinetics_reference,
    load_chains,
    load_test,
    reference_sha256,
)
from benchmark.tracks.kinetics.predictions import LOG_PROB, SAMPLES
from tasks.making.freeze import freeze_task
from tests.plugs import MARKOV, do, scored
from tests.tracks.kinetics.relabelling import relabelled

SCALE = MetricScale(group="rates", trivial=2.0, trivial_stderr=0.1, floor=0.1, floor_stderr=0.01)


def unit(task, replica=0, seed=0, status="done", **values):
    metrics = {
        name: UnitMetric(value=value, stderr=0.01, unit="") for name, value in values.items()
    }
    return Unit(task=task.id, version=1, replica=replica, seed=seed, status=status, metrics=metrics)


def everywhere(task, which):
    """Give every metric the same place on its scale: ``trivial`` or ``floor``."""
    return {name: getattr(scale, which) for name, scale in task.card.metrics.items()}


# ---- the scale --------------------------------------------------------------------------------


def test_z_is_zero_at_the_trivial_error_and_one_at_the_floor():
    assert z_score(2.0, 0.0, SCALE)[:2] == (0.0, 0.0)
    assert z_score(0.1, 0.0, SCALE)[:2] == (1.0, 1.0)


def test_z_is_half_at_the_geometric_mean():
    assert z_score(math.sqrt(2.0 * 0.1), 0.0, SCALE)[0] == pytest.approx(0.5)


def test_z_is_clipped_and_the_raw_one_is_not():
    z, raw, _ = z_score(0.01, 0.0, SCALE)
    assert (z, raw) == (1.0, pytest.approx(math.log(200) / math.log(20)))
    z, raw, _ = z_score(1000.0, 0.0, SCALE)
    assert (z, raw) == (-1.0, pytest.approx(math.log(1 / 500) / math.log(20)))


def test_z_ends_at_that_of_the_true_process():
    scale = SCALE.model_copy(update={"perfect": 0.05})
    highest = math.log(2.0 / 0.05) / math.log(2.0 / 0.1)
    assert scale.highest == pytest.approx(highest)
    assert z_score(0.07, 0.0, scale)[0] == pytest.approx(math.log(2.0 / 0.07) / math.log(20))
    assert z_score(0.05, 0.0, scale)[0] == z_score(0.001, 0.0, scale)[0] == scale.highest
    assert z_score(1000.0, 0.0, scale)[0] == -1


def test_mark_that_is_no_limit_ends_nothing():
    scale = SCALE.model_copy(update={"perfect": 0.05, "capped": False})
    assert scale.highest == math.inf
    assert z_score(0.01, 0.0, scale)[0] == z_score(0.01, 0.0, scale)[1] > scale.ratio / 20


def test_error_of_zero_counts_as_a_hundredth_of_the_floor():
    assert z_score(0.0, 0.0, SCALE) == z_score(0.001, 0.0, SCALE)
    assert math.isfinite(z_score(0.0, 0.1, SCALE)[2])


@given(one=st.floats(0, 1e6), other=st.floats(0, 1e6))
def test_larger_error_never_scores_higher(one, other):
    small, large = sorted([one, other])
    assert z_score(small, 0.0, SCALE)[0] >= z_score(large, 0.0, SCALE)[0]
    assert z_score(small, 0.0, SCALE)[1] >= z_score(large, 0.0, SCALE)[1]
    assert -1 <= z_score(one, 0.0, SCALE)[0] <= 1


@given(factor=st.floats(1e-6, 1e6), error=st.floats(1e-2, 1e2))
def test_z_does_not_depend_on_the_unit_of_the_error(factor, error):
    scaled = MetricScale(
        group="rates",
        trivial=2.0 * factor,
        trivial_stderr=0.1 * factor,
        floor=0.1 * factor,
        floor_stderr=0.01 * factor,
    )
    assert z_score(error * factor, 0.05 * factor, scaled) == pytest.approx(
        z_score(error, 0.05, SCALE), rel=1e-9, abs=1e-12
    )


def test_standard_error_of_z_is_that_of_a_simulation():
    rng = np.random.default_rng(0)
    error, trivial, floor = (
        mean + stderr * rng.standard_normal(200_000)
        for mean, stderr in ((0.5, 0.02), (2.0, 0.1), (0.1, 0.005))
    )
    simulated = np.log(trivial / error) / np.log(trivial / floor)
    scale = SCALE.model_copy(update={"floor_stderr": 0.005})
    assert z_score(0.5, 0.02, scale)[2] == pytest.approx(simulated.std(), rel=0.02)


def test_metric_whose_floor_is_not_below_its_trivial_error_has_no_z():
    blunt = SCALE.model_copy(update={"floor": 2.0})
    assert all(math.isnan(value) for value in z_score(1.0, 0.1, blunt))


# ---- the score of a task ----------------------------------------------------------------------


def test_task_scores_zero_at_its_trivial_errors_and_one_at_its_floors(toy: Task):
    for which, z in (("trivial", 0.0), ("floor", 1.0)):
        units = [unit(toy, replica, **everywhere(toy, which)) for replica in range(5)]
        result = score_task(toy, units)
        assert result.score == pytest.approx(z, abs=1e-12)
        assert result.groups == pytest.approx({"likelihood": z, "rates": z, "paths": z})


def test_score_is_the_mean_of_the_groups_and_a_group_of_its_counting_metrics(toy: Task):
    values = everywhere(toy, "floor") | {"its_error": toy.card.metrics["its_error"].trivial}
    result = score_task(toy, [unit(toy, **values)])
    assert result.groups == pytest.approx({"likelihood": 1, "rates": 0.5, "paths": 1})
    assert result.score == pytest.approx(2.5 / 3)


def test_metric_that_does_not_count_is_shown_and_not_scored(toy: Task):
    scales = dict(toy.card.metrics)
    its = scales["its_error"]
    scales["its_error"] = its.model_copy(update={"floor": its.trivial / 2.99})
    blunt = replace(toy, card=toy.card.model_copy(update={"metrics": scales}))
    values = everywhere(blunt, "floor") | {"its_error": 100.0}
    result = score_task(blunt, [unit(blunt, **values)])
    assert not result.metrics["its_error"].counts
    assert result.metrics["its_error"].value == 100.0
    assert result.groups["rates"] == pytest.approx(1)


def test_populations_never_count(toy: Task):
    good = score_task(toy, [unit(toy, **everywhere(toy, "floor"))])
    values = everywhere(toy, "floor") | {"population_error": 1.0, "free_energy_error": 50.0}
    assert score_task(toy, [unit(toy, **values)]).score == good.score


def test_group_without_a_counting_metric_is_not_averaged(toy: Task):
    scales = {
        name: scale.model_copy(update={"floor": scale.trivial}) if scale.group == "rates" else scale
        for name, scale in toy.card.metrics.items()
    }
    blunt = replace(toy, card=toy.card.model_copy(update={"metrics": scales}))
    result = score_task(blunt, [unit(blunt, **everywhere(toy, "floor"))])
    assert result.groups == pytest.approx({"likelihood": 1, "paths": 1})
    assert result.score == pytest.approx(1)


@pytest.mark.parametrize("status", ["failed", "timeout", "skipped"])
def test_failed_unit_counts_as_trivial_and_is_counted(toy: Task, status):
    bad = unit(toy, status=status).model_copy(update={"reason": "why"})
    result = score_task(toy, [bad])
    assert result.score == 0
    assert (result.units, result.failed, result.mark) == (1, 1, "why")
    assert all(metric.missing == 1 for metric in result.metrics.values())


def test_failed_replica_enters_the_mean_square_as_trivial(toy: Task):
    good = unit(toy, 0, **everywhere(toy, "floor"))
    result = score_task(toy, [good, unit(toy, 1, status="failed")])
    scale = toy.card.metrics["mfpt_error"]
    expected = math.sqrt((scale.floor**2 + scale.trivial**2) / 2)
    assert result.metrics["mfpt_error"].value == pytest.approx(expected)


def test_metrics_left_in_a_failed_unit_do_not_help_it(toy: Task):
    assert score_task(toy, [unit(toy, status="failed", **everywhere(toy, "floor"))]).score == 0


def test_missing_likelihood_is_zero_and_marked(toy: Task):
    values = everywhere(toy, "floor")
    del values["nll_regret"]
    result = score_task(toy, [unit(toy, **values)])
    assert result.groups == pytest.approx({"likelihood": 0, "rates": 1, "paths": 1})
    assert "gives no probabilities" in result.mark
    assert result.failed == 0


def test_nan_counts_as_trivial(toy: Task):
    values = everywhere(toy, "floor") | {"its_error": math.nan}
    result = score_task(toy, [unit(toy, **values)])
    assert result.metrics["its_error"].z == 0
    assert result.metrics["its_error"].missing == 1


def test_errors_are_averaged_in_squares_over_replicas_and_seeds_within_them(toy: Task):
    values = {(0, 0): 0.3, (0, 1): 0.5, (1, 0): 0.4, (2, 0): 1.0}
    units = [unit(toy, *key, mfpt_error=value) for key, value in values.items()]
    metric = score_task(toy, units).metrics["mfpt_error"]
    squares = [(0.3**2 + 0.5**2) / 2, 0.4**2, 1.0**2]
    assert metric.value == pytest.approx(math.sqrt(np.mean(squares)))
    assert metric.replica_spread == pytest.approx(np.std([0.4, 0.4, 1.0], ddof=1))
    assert metric.seed_spread == pytest.approx(np.std([0.3, 0.5], ddof=1))


def test_error_of_a_score_is_its_jackknife_over_replicas(toy: Task):
    rng = np.random.default_rng(0)
    scales = toy.card.metrics.items()
    units = [
        unit(toy, replica, **{name: scale.floor * rng.uniform(1, 3) for name, scale in scales})
        for replica in range(5)
    ]
    scores = [score_task(toy, [u for u in units if u.replica != left]) for left in range(5)]
    result = score_task(toy, units)
    assert len(result.without) == 5
    for found, expected in zip(result.without, scores, strict=True):
        assert found == pytest.approx(expected.groups)
    values = np.array([one.score for one in scores])
    assert result.stderr == pytest.approx(math.sqrt(4 / 5 * np.sum((values - values.mean()) ** 2)))


def test_single_replica_has_the_error_of_its_metrics_and_nothing_to_leave_out(toy: Task):
    result = score_task(toy, [unit(toy, **everywhere(toy, "floor"))])
    assert result.without == []
    parts = [
        math.hypot(*(result.metrics[name].z_stderr for name in names)) / len(names)
        for names in toy.card.counting.values()
    ]
    assert result.stderr == pytest.approx(math.hypot(*parts) / 3)


def test_order_of_units_does_not_matter(toy: Task):
    units = [unit(toy, replica, mfpt_error=0.1 + replica) for replica in range(3)]
    results = [score_task(toy, order) for order in itertools.permutations(units)]
    values = [result.metrics["mfpt_error"].value for result in results]
    assert values == pytest.approx([values[0]] * len(values), rel=1e-14)


def test_regret_below_zero_is_no_error_and_shown_with_its_sign(toy: Task):
    metric = score_task(toy, [unit(toy, nll_regret=-0.01)]).metrics["nll_regret"]
    assert metric.value == -0.01
    assert metric.z == toy.card.metrics["nll_regret"].highest


def test_one_lucky_replica_does_not_hide_the_regret_of_the_others(toy: Task):
    units = [unit(toy, replica, nll_regret=value) for replica, value in enumerate((-0.01, 0.03))]
    metric = score_task(toy, units).metrics["nll_regret"]
    assert metric.value == pytest.approx(0.03 / math.sqrt(2))
    units = [unit(toy, replica, nll_regret=value) for replica, value in enumerate((-0.03, 0.01))]
    metric = score_task(toy, units).metrics["nll_regret"]
    assert metric.value == pytest.approx(-0.01)
    assert metric.stderr == pytest.approx(math.hypot(0.02, 0.01))  # of the mean, and of the test


def test_every_unit_without_a_result_scores_zero(toy: Task):
    assert (
        score_task(toy, [unit(toy, replica, status="skipped") for replica in range(5)]).score == 0
    )


def refrozen(task, folder, permutation):
    """Freeze a task again with label i called ``permutation[i]``."""
    table = np.array(permutation, np.uint8)
    names = list(task.card.splits)
    chains = {name: table[np.stack(load_chains(task, name))] for name in names}
    described = {"splits", "reference_sha256", "generation", "metrics"}
    renamed = freeze_task(
        folder / "renamed",
        task.card.model_dump(exclude=described),
        chains,
        load_test(task)[1],
        relabelled(kinetics_reference(task), permutation),
    )
    return replace(renamed, card=renamed.card.model_copy(update={"metrics": task.card.metrics}))


# ---- of real chains ---------------------------------------------------------------------------


def test_independent_frames_score_nothing(toy: Task, tmp_path):
    result = scored(toy, "iid", tmp_path)
    assert result.metrics["nll_regret"].z == pytest.approx(0, abs=0.03)
    for group in ("rates", "paths"):
        assert result.groups[group] == pytest.approx(0, abs=0.03)


def test_true_chains_score_one_within_their_error(toy: Task, tmp_path):
    units = [do(toy, "truth", tmp_path / str(replica), replica) for replica in range(5)]
    result = score_task(toy, units)
    for name in ("mfpt_error", "its_error", "commit_error", "dwell_error"):
        metric = result.metrics[name]
        assert metric.z_raw == pytest.approx(1, abs=max(0.1, 3 * metric.z_stderr))
    assert result.groups["likelihood"] == 0


def test_oracle_itself_has_no_regret(toy: Task, tmp_path):
    do(toy, "truth", tmp_path)
    _, oracle = load_test(toy)
    predictions.write(tmp_path, LOG_PROB, oracle.astype(np.float32))
    metric = score_unit(toy, tmp_path)[0]["nll_regret"]
    assert metric.value == pytest.approx(0, abs=3e-6)  # what mixing in 1e-6 costs
    highest = toy.card.metrics["nll_regret"].highest
    likelihood = score_task(toy, [unit(toy, nll_regret=metric.value)]).groups["likelihood"]
    assert likelihood == highest > 1


def test_every_metric_has_a_unit_and_a_standard_error(toy: Task, plug, tmp_path):
    metrics = do(toy, plug(MARKOV), tmp_path).metrics
    units = {metric.name: metric.unit for metric in METRICS}
    assert list(metrics) == list(units)
    for name, metric in metrics.items():
        assert metric.unit == units[name]
        assert metric.stderr > 0


def test_unit_is_scored_from_its_files_alone(toy: Task, plug, tmp_path):
    first = do(toy, plug(MARKOV), tmp_path / "unit").metrics
    shutil.copytree(tmp_path / "unit", tmp_path / "elsewhere")
    assert score_unit(toy, tmp_path / "elsewhere") == (first, "")


@pytest.mark.parametrize("permutation", [[1, 2, 0], [2, 1, 0], [0, 2, 1]])
def test_renaming_the_labels_changes_no_score(toy: Task, plug, tmp_path, permutation):
    unit = do(toy, plug(MARKOV), tmp_path / "unit")
    renamed = refrozen(toy, tmp_path / "tasks", permutation)
    table = np.array(permutation, np.uint8)
    for name in (SAMPLES, LOG_PROB):
        rows = predictions.read(tmp_path / "unit", name)
        assert rows is not None
        rows = table[rows] if name == SAMPLES else rows
        predictions.write(tmp_path / "renamed", name, rows)
    metrics, _ = score_unit(renamed, tmp_path / "renamed")
    for name, metric in metrics.items():
        assert metric.value == pytest.approx(unit.metrics[name].value, rel=1e-10)
    again = unit.model_copy(update={"metrics": metrics})
    assert score_task(renamed, [again]).score == pytest.approx(score_task(toy, [unit]).score)


def test_renaming_the_labels_changes_no_trained_model(toy: Task, plug, tmp_path):
    renamed = refrozen(toy, tmp_path / "tasks", [2, 0, 1])
    one = do(toy, plug(MARKOV), tmp_path / "one").metrics["nll_regret"]
    other = do(renamed, plug(MARKOV), tmp_path / "other").metrics["nll_regret"]
    assert other.value == pytest.approx(one.value, rel=1e-6)


def test_another_frame_time_changes_no_score(toy: Task, plug, tmp_path):
    card = toy.card.model_copy(update={"frame_time": 2500.0, "time_unit": "fs"})
    one, other = (
        scored(task, plug(MARKOV), tmp_path / name)
        for task, name in ((toy, "one"), (replace(toy, card=card), "other"))
    )
    assert one == other


def test_merged_labels_are_scored_as_macrostates(toy: Task, tmp_path):
    """Five labels of which two pairs look alike give the errors of the three that are seen."""
    do(toy, "truth", tmp_path / "one")
    samples = predictions.read(tmp_path / "one", SAMPLES)
    assert samples is not None
    finer = samples + 3 * (np.random.default_rng(0).random(samples.shape) < 0.5) * (samples < 2)
    predictions.write(tmp_path / "two", SAMPLES, finer.astype(np.uint8))
    card = toy.card.model_copy(update={"labels": 5, "observable": [0, 1, 2, 0, 1]})
    assert score_unit(replace(toy, card=card), tmp_path / "two") == score_unit(
        toy, tmp_path / "one"
    )


def test_hold_removes_recrossings_before_scoring(toy: Task, tmp_path):
    """Single frames of another label, far apart, cost nothing where a state must be held twice."""
    held = replace(toy, card=toy.card.model_copy(update={"hold": 2}))
    do(toy, "truth", tmp_path / "one")
    samples = predictions.read(tmp_path / "one", SAMPLES)
    assert samples is not None
    flickering = samples.copy()
    inside = np.zeros(samples.shape, bool)
    inside[:, 2:-2] = np.array(
        [samples[:, 2 + k : samples.shape[1] - 2 + k] == samples[:, 2:-2] for k in (-2, -1, 1, 2)]
    ).all(0)
    inside &= np.arange(samples.shape[1]) % 10 == 0
    flickering[inside] = (flickering[inside] + 1) % 3
    predictions.write(tmp_path / "two", SAMPLES, flickering)
    assert score_unit(held, tmp_path / "two") == score_unit(held, tmp_path / "one")
    raw, clean = (score_unit(toy, tmp_path / name)[0]["mfpt_error"] for name in ("two", "one"))
    assert raw.value > 3 * clean.value


# ---- what cannot be scored --------------------------------------------------------------------


@pytest.fixture
def done(toy: Task, plug, tmp_path):
    """Give the folder of a unit that is done."""
    do(toy, plug(MARKOV), tmp_path / "unit")
    return tmp_path / "unit"


def test_unit_without_samples_cannot_be_scored(toy: Task, done):
    (done / SAMPLES).unlink()
    with pytest.raises(ModelError, match=r"samples\.parquet is missing"):
        score_unit(toy, done)


def test_samples_of_another_shape_cannot_be_scored(toy: Task, done):
    predictions.write(done, SAMPLES, np.zeros((13, 10), np.uint8))
    with pytest.raises(ModelError, match=r"shape \(13, 10\), expected \(13, 3847\)"):
        score_unit(toy, done)


def test_log_prob_of_another_shape_cannot_be_scored(toy: Task, done):
    predictions.write(done, LOG_PROB, np.zeros((4, 10), np.float32))
    with pytest.raises(ModelError, match=r"has shape \(4, 10\), expected \(4, 3000\)"):
        score_unit(toy, done)


@pytest.mark.parametrize("value", [0.5, math.nan, math.inf])
def test_log_prob_above_zero_cannot_be_scored(toy: Task, done, value):
    rows = np.full((4, 3000), -1.0, np.float32)
    rows[2, 2000] = value
    predictions.write(done, LOG_PROB, rows)
    with pytest.raises(ModelError, match=r"log_prob.parquet: log_prob is .* in chain 2"):
        score_unit(toy, done)


def test_reference_that_is_not_the_frozen_one_is_refused(toy: Task, tmp_path):
    shutil.copytree(toy.path.parent.parent, tmp_path / "toy")
    copy = replace(toy, path=tmp_path / "toy" / "cards" / toy.path.name)
    reference = kinetics_reference(toy)
    assert reference_sha256(reference) == toy.card.reference_sha256
    path = copy.data / "reference.json"
    path.write_text(relabelled(reference, [1, 0, 2]).to_json())
    with pytest.raises(InputError, match=r"reference\.json is not the frozen reference"):
        kinetics_reference(copy)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"populations": [1]}'])
def test_unreadable_reference_is_refused_in_one_line(toy: Task, tmp_path, text):
    shutil.copytree(toy.path.parent.parent, tmp_path / "toy")
    copy = replace(toy, path=tmp_path / "toy" / "cards" / toy.path.name)
    (copy.data / "reference.json").write_text(text)
    with pytest.raises(InputError, match=r"reference\.json is not a readable reference") as caught:
        kinetics_reference(copy)
    assert "\n" not in str(caught.value)
