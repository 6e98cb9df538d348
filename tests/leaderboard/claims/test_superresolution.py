"""Verdicts on filling gaps follow from planted errors: TRIVIAL 10^(−2z) Å, so 1e-4 at z = 2."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leaderboard.board import make_board
from leaderboard.claims.claim import Claim
from leaderboard.claims.evidence import Evidence
from leaderboard.claims.superresolution import superresolution_claims
from leaderboard.publishing import published
from leaderboard.site.claims_page import claims_page
from leaderboard.submission import Submission
from tests.leaderboard.synthetic import MakeSubmission, Tasks, make_superresolution_task

MOLECULES = ("water", "ammonia", "methane")
GAPS = (10, 20)
CLAIM = "hidden-frames"
IDS = {(gap, one): f"md17-xtb/{one}-k{gap}" for gap in GAPS for one in MOLECULES}
#: Two molecules, as in the family; the same molecules and gaps as at constant energy.
NOISY = {
    (name, gap, one): f"md17-xtb-nvt/{one}-{name}-k{gap}"
    for name in ("global", "langevin-0.1")
    for gap in GAPS
    for one in MOLECULES[:2]
}


@pytest.fixture
def tasks() -> Tasks:
    made = [make_superresolution_task(name, one, gap) for (gap, one), name in IDS.items()]
    made += [make_superresolution_task(name, one, gap) for (_, gap, one), name in NOISY.items()]
    return {task.id: task for task in made}


def row(page: str, first: str) -> list[str]:
    """Give the cells of the last row that begins so."""
    rows = [line for line in page.splitlines() if line.startswith(f"| {first} ")]
    return [cell.strip() for cell in rows[-1].split("|")[1:-1]]


def scores(at_10: float, at_20: float) -> dict[str, float]:
    return {name: at_10 if gap == 10 else at_20 for (gap, _), name in IDS.items()}


def with_seeds(submission: Submission, shares: dict[str, float]) -> Submission:
    """Give errors of tasks a spread over seeds, as a share of the error."""
    changed = dict(submission.tasks)
    for name, share in shares.items():
        mae = changed[name].metrics["mae"]
        mae = mae.model_copy(update={"seed_spread": share * mae.value})
        changed[name] = changed[name].model_copy(update={"metrics": {"mae": mae}})
    return replace(submission, tasks=changed)


def test_table_gives_the_geometric_mean_and_who_is_below_the_mark(
    make_submission: MakeSubmission, tasks: Tasks
):
    uneven = scores(1.5, 1.0) | {IDS[10, "water"]: 2.1, IDS[10, "ammonia"]: 0.9}
    page = claims_page(published(make_board([make_submission("bi-lstm", uneven)], tasks)))
    # 10^-3 is the geometric mean of 10^-4.2, 10^-1.8 and 10^-3.
    assert row(page, "`bi-lstm`") == ["`bi-lstm`", "1 (1 of 3)", "10 (0 of 3)"]


def test_twins_are_compared_molecule_by_molecule(make_submission: MakeSubmission, tasks: Tasks):
    rows = [
        make_submission("hnn", scores(1.0, 1.0)),
        make_submission(
            "bi-hnn", scores(1.5, 0.9) | {IDS[10, "water"]: 1.4, IDS[20, "water"]: 0.8}
        ),
    ]
    page = claims_page(published(make_board(rows, tasks)))
    assert row(page, "`hnn`") == ["`hnn`", "8.6(13) (3 of 3)", "0.54(8) (0 of 3)"]


def test_claimed_network_can_be_beaten(make_submission: MakeSubmission, tasks: Tasks):
    rows = [
        make_submission("bi-lstm", scores(1.5, 1.0)),
        make_submission("bi-hnn", scores(1.0, 1.5)),
    ]
    page = claims_page(published(make_board(rows, tasks)))
    assert "**k = 10**: `bi-lstm` has the smallest error." in page
    assert "**k = 20**: `bi-hnn` has the smallest error; `bi-lstm` is beaten" in page


def test_spread_over_seeds_is_told_of_those_that_have_it(
    make_submission: MakeSubmission, tasks: Tasks
):
    several = with_seeds(
        make_submission("bi-hnn", scores(1.0, 1.5)),
        {IDS[10, "water"]: 0.03, IDS[10, "ammonia"]: 0.04},
    )
    page = claims_page(
        published(make_board([several, make_submission("bi-lstm", scores(1.5, 1.0))], tasks))
    )
    told = page[page.index("What a seed changes") :]
    assert row(told, "`bi-hnn`") == ["`bi-hnn`", "3.5", "–"]  # √((3² + 4²) / 2)
    assert "bi-lstm" not in told


def test_nothing_is_said_without_the_networks(make_submission: MakeSubmission, tasks: Tasks):
    page = claims_page(published(make_board([make_submission("ridge", scores(1.0, 1.0))], tasks)))
    assert "##" not in page


def under(**planted: float) -> dict[str, float]:
    """Give scores by thermostat, and 1 at constant energy."""
    noisy = {task: planted[name.partition("-")[0]] for (name, _, _), task in NOISY.items()}
    return scores(1.0, 1.0) | noisy


def claims_of(rows: list[Submission], tasks: Tasks) -> dict[str, Claim]:
    (ranking,) = (one for one in make_board(rows, tasks).rankings if one.track.name[0] == "s")
    claims = [
        one for one in superresolution_claims(ranking, Evidence()) if one.id.startswith(CLAIM)
    ]
    return {claim.id: claim for claim in claims}


def test_each_thermostat_has_a_claim_of_its_own(make_submission: MakeSubmission, tasks: Tasks):
    rows = [
        make_submission("bi-lstm", under(**{"global": 1.5, "langevin": 1.0})),
        make_submission("bi-hnn", under(**{"global": 1.0, "langevin": 1.5})),
    ]
    claims = claims_of(rows, tasks)
    nvt = f"{CLAIM}-md17-xtb-nvt"
    assert list(claims) == [CLAIM, f"{nvt}-global", f"{nvt}-langevin-0.1"]
    told = {
        (one.of.get("thermostat"), one.of["gap"]): (one.of["best"], one.verdict)
        for claim in claims.values()
        for one in claim.verdicts
        if "thermostat" in one.of and "model" in one.of
    }
    assert told == {
        ("global", "10"): ("bi-lstm", "best"),
        ("global", "20"): ("bi-lstm", "best"),
        ("langevin-0.1", "10"): ("bi-hnn", "beaten"),
        ("langevin-0.1", "20"): ("bi-hnn", "beaten"),
    }


def test_errors_under_thermostats_are_told_apart(make_submission: MakeSubmission, tasks: Tasks):
    rows = [make_submission("bi-lstm", under(**{"global": 2.0, "langevin": 0.5}))]
    page = claims_page(published(make_board(rows, tasks)))
    sections = {part.splitlines()[0]: part for part in page.split("## ")[1:]}
    heading = "A Bi-LSTM fills in hidden frames best, to 1e-4 Å"
    shown = {
        "": "10 (0 of 3)",
        ": under the thermostat global": "0.1 (0 of 2)",
        ": under the thermostat langevin-0.1": "100 (0 of 2)",
    }
    for end, cell in shown.items():
        assert row(sections[heading + end], "`bi-lstm`") == ["`bi-lstm`", cell, cell]


def test_two_molecules_are_judged_by_the_errors_own_standard_errors(
    make_submission: MakeSubmission, tasks: Tasks
):
    """Equal ratios would be a certainty to Student's t; a tenth of each error is known better."""
    rows = [
        make_submission("bi-lstm", under(**{"global": 1.0, "langevin": 1.0})),
        make_submission("bi-hnn", under(**{"global": 1.02, "langevin": 1.3})),
    ]
    claims = claims_of(rows, tasks)
    near, far = (
        [one for one in claims[f"{CLAIM}-md17-xtb-nvt-{name}"].verdicts if "model" in one.of]
        for name in ("global", "langevin-0.1")
    )
    assert {one.verdict for one in near} == {"not clearly beaten"}
    assert {one.verdict for one in far} == {"beaten"}
    task = rows[0].tasks[NOISY["global", 10, "water"]].metrics["mae"]
    share = task.stderr / task.value
    assert near[0].stderr / near[0].value == pytest.approx(share)  # √(4 share²) / 2
    words = " ".join(block.text for block in claims[f"{CLAIM}-md17-xtb-nvt-global"].blocks
                     if block.kind == "text")  # fmt: skip
    assert "so on these molecules only" in words


def test_how_far_a_ratio_must_be_off_is_said_for_the_number_of_molecules(
    make_submission: MakeSubmission, tasks: Tasks
):
    rows = [
        make_submission(name, under(**{"global": 1.0, "langevin": 1.0}))
        for name in ("lstm", "bi-lstm")
    ]
    page = claims_page(published(make_board(rows, tasks)))
    assert "With 3 molecules the ratio differs\nfrom 1 at 5 % where it is off by 4.3 of" in page
    assert page.count("tells of these molecules only: the ratio differs") == 2


def verdicts(claim: Claim, key: str) -> dict[tuple[str, str], str]:
    """Give the verdicts whose ``of`` has a key, by its value and the gap."""
    return {(one.of[key], one.of["gap"]): one.verdict for one in claim.verdicts if key in one.of}


def test_both_ends_are_better_worse_or_undecided_by_holm(
    make_submission: MakeSubmission, tasks: Tasks
):
    """Ratios of the molecules are 10^(2 dz): alike at one gap, on either side of 1 at the other."""
    apart = {IDS[20, one]: 1.0 + dz for one, dz in zip(MOLECULES, (0.2, -0.2, 0.1), strict=True)}
    tight = {IDS[10, one]: 1.5 + dz for one, dz in zip(MOLECULES, (0.0, 0.01, -0.01), strict=True)}
    rows = [
        make_submission("lstm", scores(1.0, 1.0)),
        make_submission("bi-lstm", scores(1.5, 1.0) | tight | apart),
        make_submission("hnn", scores(1.5, 1.0) | tight),
        make_submission("bi-hnn", scores(1.0, 1.0)),
    ]
    claim = claims_of(rows, tasks)[CLAIM]
    assert verdicts(claim, "network") == {
        ("lstm", "10"): "better",
        ("lstm", "20"): "undecided",
        ("hnn", "10"): "worse",
        ("hnn", "20"): "undecided",
    }
    page = claims_page(published(make_board(rows, tasks)))
    assert "- **k = 10**: better: `lstm`; worse: `hnn`." in page
    assert page.count("- **k = 20**: undecided: `lstm`, `hnn`.") == 1


def test_mark_is_reached_where_the_best_network_is_below_it_on_every_molecule(
    make_submission: MakeSubmission, tasks: Tasks
):
    some = {IDS[20, "water"]: 2.1}
    rows = [
        make_submission("bi-hnn", scores(2.1, 1.0) | some),
        make_submission("lstm", scores(1.0, 0.5)),
        make_submission("ridge", scores(3.0, 3.0)),  # no network
    ]
    claim = claims_of(rows, tasks)[CLAIM]
    assert verdicts(claim, "mark") == {
        ("1e-4 Å", "10"): "reached",
        ("1e-4 Å", "20"): "reached on some",
    }
    page = claims_page(published(make_board(rows, tasks)))
    assert "- **k = 20**: reached on some; `bi-hnn` is below it on 1 of 3 molecules." in page
    worse = [make_submission("bi-hnn", scores(1.9, 1.9))]
    assert set(verdicts(claims_of(worse, tasks)[CLAIM], "mark").values()) == {"not reached"}


def decisions(claim: Claim) -> dict[str, list[str]]:
    return {one.code: [part.verdict for part in one.parts] for one in claim.answers}


def test_numbered_claims_are_answered_by_the_verdicts(
    make_submission: MakeSubmission, tasks: Tasks
):
    near = dict(zip(MOLECULES, (0.0, 0.2, -0.2), strict=True))
    rows = [
        make_submission("lstm", scores(0.5, 0.5)),
        make_submission("hnn", scores(0.5, 0.5)),
        make_submission("bi-lstm", scores(2.1, 1.0)),
        make_submission(
            "bi-hnn", scores(1.5, 1.0) | {IDS[20, one]: 1.0 + dz for one, dz in near.items()}
        ),
    ]
    claim = claims_of(rows, tasks)[CLAIM]
    assert decisions(claim) == {
        "W1": ["holds", "holds", "holds", "holds"],
        "W2": ["holds", "undecided"],  # at k = 20 the two are alike
        "W3": ["holds", "does not hold"],
    }
    assert "- **W2: undecided (1 holds, 1 undecided)**" in claim.blocks[0].text
    beaten = [
        make_submission("bi-lstm", scores(1.0, 1.0)),
        make_submission("bi-hnn", scores(1.5, 1.5)),
    ]
    assert decisions(claims_of(beaten, tasks)[CLAIM])["W2"] == ["does not hold"] * 2
