"""The jobs pipelines, ml and rollback: what each runs, what it tells, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import yaml

from landfall.errors import LandfallError, Refused, UsageError
from tests.ci.scenarios import APPROVER, ROOT, STACK, Build, fails, says, scenario

ML = "ci/pipelines/ml.Jenkinsfile"
MONTH = {"STACK": STACK, "MONTH": "2013-03"}


def ran(decision: str) -> dict[str, Any]:
    """What `landfall run` prints, by its verdict."""
    verdict = {"decision": decision, "winner": "linear", "reasons": []}
    return {"month": "2013-03", "stack": STACK, "steps": [], "counts": {}, "drift": None, "verdict": verdict}  # fmt: skip


def spend(hours: float = 0, reasons: tuple[str, ...] = ()) -> dict[str, Any]:
    """What `landfall model spend` prints."""
    approval = {"needed": bool(reasons), "reasons": list(reasons), "approvers": [APPROVER]}
    return {"stack": STACK, "month": "2013-03", "gpu_hours": hours, "node_hours": hours, "cost": 90.0, "approval": approval}  # fmt: skip


FREE = says("model spend", spend())
GPU = says("model spend", spend(60, ("up to 900 USD, more than 5% of the month's budget",)))
PASSED = says("model canary", {"passed": True, "reasons": []})
YES = {"spend": {"by": APPROVER, "ANSWER": "yes"}}


@scenario(ML, params=MONTH, answers=[FREE, PASSED, says("run", ran("PROMOTE"))])
def test_a_good_model_is_rehearsed_trained_judged_tried_and_promoted(build: Build) -> None:
    assert build.result == "SUCCESS"
    assert [line.split(" --")[0] for line in build.lines if line.startswith("landfall") and "notice" not in line] == [
        f"landfall stack admit {STACK}", "landfall run", "landfall model rehearse", "landfall model spend",
        "landfall run", "landfall run", "landfall model canary", "landfall run",
    ]  # fmt: skip
    assert [(r["args"].split()[5], r["args"].split()[7]) for r in build.ran("landfall run")] == [
        ("land", "drift"), ("train", "train"), ("gate", "gate"), ("promote", "promote")
    ]  # fmt: skip
    assert not build.steps("input")  # no GPU, nothing to ask
    assert "landfall-gpu" not in build.steps("node")
    assert build.told() == ["promoted"]
    assert tokens(build) == WORKS


def tokens(build: Build) -> dict[str, list[str]]:
    """Command → the credentials that were bound when it ran, for those that had any."""
    rows = [row for row in build.log if row["step"] == "sh" and row["credentials"]]
    return {" ".join(row["args"].split()[:3]).split(" --")[0]: row["credentials"] for row in rows}


WORKS = {
    "landfall run": ["landfall-data"],
    "landfall model rehearse": ["landfall-data"],
    "landfall model canary": ["landfall-data"],
}
"""What works on data or models has the token of data and no other; spend, admission and messages have none."""


@scenario(ML, params=MONTH, answers=[FREE, PASSED, says("run", ran("PROMOTE"))])
def test_every_agent_that_works_on_data_has_the_warehouses_adapters(build: Build) -> None:
    made = {
        row["node"]: row["args"]
        for row in build.log
        if row["step"] == "sh" and "setup.sh" in row["args"]
    }
    for row in build.log:
        if row["step"] == "sh" and row["credentials"]:
            assert made[row["node"]] == "ci/setup.sh data"


@scenario(ML, params=MONTH, answers=[FREE, PASSED, says("run", ran("PROMOTE"))])
def test_a_command_is_ended_before_its_token_is(build: Build) -> None:
    """A cloud's SDK renews its hour by the token again: past the token's life it would fail in the middle of a write."""
    tokens_file = (ROOT / "ci/jenkins/casc/tokens.yaml").read_text(encoding="utf-8")
    lives = yaml.safe_load(tokens_file)["security"]["idToken"]["tokenLifetime"]
    bound = [
        build.log[at - 1]
        for at, row in enumerate(build.log)
        if row["step"] == "withCredentials" and row["args"] == ["landfall-data"]
    ]
    assert len(bound) == len(build.ran("landfall run")) + 2  # the rehearsal and the canary
    for before in bound:
        assert before["step"] == "timeout"
        assert int(before["args"]["time"]) * 60 <= lives - 600
        assert before["args"]["unit"] == "MINUTES"


@scenario(
    ML,
    params=MONTH,
    credentials=["landfall-preview", "landfall-deploy", "landfall-scm"],
)
def test_without_the_token_of_data_nothing_is_run_as_somebody_else(build: Build) -> None:
    assert build.result == "FAILURE"
    assert build.never("landfall run", "landfall model")
    assert build.told() == ["failed"]


@scenario(
    ML, params=MONTH, answers=[fails("stack admit", Refused(f"The Platform of {STACK} does not say what a build becomes to train."))]
)  # fmt: skip
def test_a_stack_whose_platform_is_not_shared_begins_nothing(build: Build) -> None:
    assert build.result == "FAILURE"
    assert build.stage("Data and drift") == "skipped for failure"
    assert build.never("landfall run", "landfall model")
    assert build.credentials == set()
    assert build.told() == ["refused"]


@scenario(ML, params=MONTH, answers=[FREE, says("run", ran("HOLD"))])
def test_a_held_model_is_told_and_never_tried(build: Build) -> None:
    assert build.result == "SUCCESS"
    assert build.never("model canary")
    assert build.told() == ["held"]


@scenario(
    ML,
    params=MONTH,
    answers=[
        FREE,
        says("run --from promote", ran("HOLD")),
        says("run", ran("PROMOTE")),
        says("model canary", {"passed": False, "reasons": ["it failed 9 of 60 requests"]}, 3),
    ],
)
def test_a_promotion_whose_canary_fails_is_rolled_back_and_held(build: Build) -> None:
    assert build.result == "UNSTABLE"
    assert build.told() == ["rolled-back", "held"]  # never "promoted"
    assert "it failed 9 of 60 requests" in build.steps("unstable")[0]
    (promote,) = build.ran("run --from promote")  # the command heeds the canary and holds
    (canary,) = build.ran("model canary")
    # One lock over both: a rollback in between would change the champion that the canary was compared with.
    assert canary["locks"] == promote["locks"] == [f"landfall-model-{STACK}"]


@scenario(ML, params=MONTH, answers=[GPU, PASSED, says("run", ran("PROMOTE"))], inputs=YES)
def test_gpu_hours_are_asked_for_before_they_are_spent(build: Build) -> None:
    assert build.result == "SUCCESS"
    (asked,) = build.steps("input")
    assert asked["submitter"] == APPROVER
    assert "60" in asked["message"]
    assert not build.steps("waits-with-agent")
    (train,) = build.ran("run --from train")
    assert train["node"] == "landfall-gpu"


@scenario(
    ML,
    params=MONTH,
    answers=[GPU],
    inputs={"spend": {"by": APPROVER, "ANSWER": "no", "WHY": "not this month"}},
)
def test_a_refused_spend_trains_nothing(build: Build) -> None:
    assert build.result == "FAILURE"
    assert build.failure == f"{APPROVER} refused to train {STACK}. not this month"
    assert build.never("run --from train", "run --from gate", "model canary", "run --from promote")
    assert "landfall-gpu" not in build.steps("node")
    assert build.told() == ["refused"]


@scenario(
    ML,
    params=MONTH,
    answers=[GPU],
    inputs={"spend": {"by": "root@jenkins", "administrator": True, "ANSWER": "yes"}},
)
def test_an_administrator_of_jenkins_is_no_approver(build: Build) -> None:
    assert build.result == "FAILURE"
    assert "root@jenkins may not approve" in str(build.failure)
    assert build.never("run --from train")


@scenario(
    ML,
    params=MONTH,
    answers=[
        GPU,
        PASSED,
        says("run --from train", preempted=True, once=True),
        says("run", ran("PROMOTE")),
    ],
    inputs=YES,
)
def test_a_preempted_gpu_agent_is_replaced_and_training_goes_on(build: Build) -> None:
    assert build.result == "SUCCESS"
    first, second = build.ran("run --from train")
    assert first["args"] == second["args"]  # the same command: what was trained is found again
    assert build.steps("retry")
    assert len(build.ran("run --from land")) == 1  # nothing before it is repeated
    assert len(build.ran("run --from promote")) == 1
    assert build.told() == ["promoted"]


@scenario(ML, params=MONTH, answers=[FREE, says("run --from train", preempted=True)])
def test_an_agent_that_is_lost_again_and_again_ends_the_build(build: Build) -> None:
    assert build.result == "FAILURE"
    assert len(build.ran("run --from train")) == 5
    assert build.never("run --from gate", "run --from promote")
    assert build.told() == ["failed"]


@scenario(
    ML, params=MONTH, answers=[fails("model rehearse", LandfallError("mlp: MemoryError: unable to allocate 80 GiB"))]
)  # fmt: skip
def test_a_rehearsal_that_fails_spends_nothing(build: Build) -> None:
    assert build.result == "FAILURE"
    assert "unable to allocate 80 GiB" in str(build.failure)
    assert build.never("model spend", "run --from train")
    assert build.told() == ["failed"]


@scenario(
    ML, params=MONTH, answers=[FREE, fails("run --from train", LandfallError("2013-03 train: no space left"))]
)  # fmt: skip
def test_a_command_that_fails_is_not_repeated(build: Build) -> None:
    assert build.result == "FAILURE"
    assert len(build.ran("run --from train")) == 1


@scenario(ML, params={"STACK": STACK, "MONTH": "March"})
def test_a_month_that_is_none_begins_nothing(build: Build) -> None:
    assert build.failure == "MONTH is 'March'; write it as YYYY-MM, as 2013-03. Nothing was begun."
    assert build.never("landfall run", "landfall stack")


@scenario(
    ML,
    params=MONTH,
    answers=[fails("stack admit", UsageError("harbor-gcp-dev is not a valid intent."))],
)
def test_a_bad_intent_ends_the_ml_job_in_its_first_stage(build: Build) -> None:
    assert build.result == "FAILURE"
    assert build.stage("Data and drift") == "skipped for failure"
    assert build.never("landfall run", "landfall model")


# --- pipelines --------------------------------------------------------------------------------------------------

PIPELINES = "ci/pipelines/pipelines.Jenkinsfile"
CODE = {
    "STAGING": "harbor-gcp-dev",
    "STACK": "harbor-gcp-prod",
    "MONTH": "2013-03",
    "BASE": "origin/main",
}
STAGED = says(
    "code stage",
    {"stack": STACK, "digest": "7" * 64, "name": "landfall.whl", "uri": "", "new": True},
)
SAME = says("dataset diff", {"base": "origin/main", "contracts": [], "refused": []})


@scenario(PIPELINES, params=CODE, answers=[STAGED, SAME, says("run", ran("NONE"))])
def test_code_is_tried_on_staging_and_then_published_as_tried(build: Build) -> None:
    assert build.result == "SUCCESS"
    order = [line.split(" --")[0] for line in build.lines if line.startswith(("landfall", "make"))]
    assert order == [
        "landfall stack admit harbor-gcp-dev", "landfall stack admit harbor-gcp-prod", "landfall dataset diff",
        "make test", "make wheel",
        "landfall code stage dist", "landfall run", "landfall code stage dist", f"landfall code publish {'7' * 64}",
    ]  # fmt: skip
    (tried,) = build.ran("landfall run")
    assert "--stack harbor-gcp-dev" in tried["args"]
    assert "--to drift" in tried["args"]
    (published,) = build.ran("code publish")
    assert "--stack harbor-gcp-prod" in published["args"]
    assert published["locks"] == ["landfall-code-harbor-gcp-prod"]
    assert len(build.ran("make wheel")) == 1  # what is published is the wheel that was tried
    assert tokens(build) == {
        "landfall code stage": ["landfall-data"],
        "landfall run": ["landfall-data"],
        "landfall code publish": ["landfall-data"],
    }  # neither the tests nor what builds the wheel could read anything
    assert all("--job data" in row["args"] for row in build.ran("stack admit"))


@scenario(
    PIPELINES,
    params=CODE,
    answers=[says("dataset diff", {"base": "origin/main", "contracts": [], "refused": ["flights: breaking (delay: the column is gone)"]}, 3)],
)  # fmt: skip
def test_a_broken_contract_is_refused_before_anything_runs(build: Build) -> None:
    assert build.result == "FAILURE"
    assert "the column is gone" in str(build.failure)
    assert build.never("make test", "make wheel", "landfall run", "code publish")
    assert build.told() == ["refused"]


@scenario(
    PIPELINES, params=CODE,
    answers=[STAGED, SAME, fails("landfall run", Refused("2013-03 ingest: flights has 9% faulty rows."))],
)  # fmt: skip
def test_a_month_that_fails_on_staging_publishes_nothing(build: Build) -> None:
    assert build.result == "FAILURE"
    assert build.stage("Publish") == "skipped for failure"
    assert build.never("code publish")


@scenario(
    PIPELINES,
    params=CODE,
    answers=[fails("stack admit", Refused("Branch 'feature/x' may not run data steps on harbor-gcp-dev."))],
    env={"BRANCH_NAME": "feature/x"},
)  # fmt: skip
def test_a_month_of_another_branch_is_refused_before_anything_runs(build: Build) -> None:
    assert build.result == "FAILURE"
    assert "--branch feature/x" in build.ran("stack admit")[0]["args"]
    assert build.stage("Tests") == "skipped for failure"
    assert build.never("make test", "make wheel", "landfall run", "landfall code")
    assert build.credentials == set()


@scenario(PIPELINES, params={}, answers=[SAME], commits={"GIT_PREVIOUS_SUCCESSFUL_COMMIT": "beef"})
def test_a_push_is_held_to_contracts_and_tests_and_reaches_no_data(build: Build) -> None:
    assert build.result == "SUCCESS"
    ran_ = [line for line in build.lines if line.startswith(("landfall", "make"))]
    assert [line.split(" --")[0] for line in ran_] == ["landfall dataset diff", "make test"]
    assert "--against beef" in ran_[0]  # since the last good build, however many pushes ago
    assert build.stage("Staging") == build.stage("Publish") == "skipped by when"
    assert build.never("landfall run", "landfall code", "make wheel", "stack admit")
    assert build.credentials == set()
    assert build.told() == []


@scenario(PIPELINES, params={}, answers=[says("make test", code=1), SAME])
def test_a_push_whose_tests_fail_is_red_and_published_nowhere(build: Build) -> None:
    assert build.result == "FAILURE"
    assert build.never("landfall run", "landfall code")
    assert "--against 'HEAD~1'" in build.ran("dataset diff")[0]["args"]  # no build succeeded before
    assert build.told() == ["failed"]
    assert build.ran("landfall notice failed --client")  # a push is no single stack's


@scenario(PIPELINES, params={"MONTH": "2013-03", "STACK": STACK})
def test_a_month_without_a_staging_stack_begins_nothing(build: Build) -> None:
    assert build.failure == "Say STAGING: nothing is filled in there. Nothing was begun."
    assert build.lines == []  # who forgot it sees it: nobody is written to


# --- rollback ---------------------------------------------------------------------------------------------------

ROLLBACK = "ci/pipelines/rollback.Jenkinsfile"


@scenario(ROLLBACK, params={"STACK": STACK, "WHY": "complaints of the tower", "TO": "4"})
def test_a_rollback_keeps_its_reason_and_tells(build: Build) -> None:
    assert build.result == "SUCCESS"
    (line,) = [r["args"] for r in build.ran("model rollback")]
    assert "--why 'complaints of the tower'" in line
    assert "--to 4" in line
    assert build.told() == ["rolled-back"]
    assert tokens(build) == {"landfall model rollback": ["landfall-data"]}
    assert build.never("landfall run", "model promote", "model canary", "landfall code", "stack up")
    (ran,) = build.ran("model rollback")
    assert ran["locks"] == [f"landfall-model-{STACK}"]


@scenario(
    ROLLBACK,
    params={"STACK": STACK, "WHY": "complaints"},
    answers=[fails("model rollback", Refused("There is no champion before this one."))],
)
def test_a_rollback_that_is_refused_tells_why_and_is_not_tried_again(build: Build) -> None:
    assert build.result == "FAILURE"
    assert build.failure == "There is no champion before this one."
    assert len(build.ran("model rollback")) == 1
    assert build.told() == ["refused"]  # never "rolled-back"


@scenario(
    ROLLBACK,
    params={"STACK": STACK, "WHY": "complaints"},
    answers=[fails("stack admit", Refused("Branch 'x' may not run data steps."))],
)
def test_a_rollback_that_is_not_admitted_touches_no_model(build: Build) -> None:
    assert build.result == "FAILURE"
    assert build.never("model rollback")
    assert build.credentials == set()


@scenario(ROLLBACK, params={"STACK": STACK})
def test_a_rollback_without_a_reason_begins_nothing(build: Build) -> None:
    assert build.failure == "Say WHY: nothing is filled in there. Nothing was begun."
    assert build.never("model rollback")


@scenario(ROLLBACK, params={"STACK": STACK, "WHY": "$(touch /tmp/owned); 'it' \"failed\""})
def test_what_people_write_never_becomes_part_of_a_command(build: Build) -> None:
    import shlex

    (row,) = build.ran("model rollback")
    words = shlex.split(row["args"])
    assert words[words.index("--why") + 1] == "$(touch /tmp/owned); 'it' \"failed\""
