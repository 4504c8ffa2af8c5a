"""The infra job: what a pull request, the branch, a refusal and a crash each run, and what they do not."""

from __future__ import annotations

from infra.release.campaign import Campaign, Step
from landfall.errors import LandfallError, Refused, UsageError
from landfall.intent import parse_intent
from tests.ci.scenarios import (
    APPROVER,
    PULL_REQUEST,
    STACK,
    Build,
    applied,
    fails,
    release,
    says,
    scenario,
    touched,
)

FORK = {**PULL_REQUEST, "CHANGE_FORK": "somebody"}
RISKY = says(
    "stack preview",
    release(reasons=["replaces gcp:storage Bucket landing"]),
    files={f"releases/{STACK}/release.json": "{}"},
)
STRANGERS = Refused(
    f"{STACK} is locked by lead@laptop (pid 4242) since 2026-11-20 09:00:00 UTC, "
    "which is no build that this register knows.",
    so="Somebody may be applying it right now, so the lock was left alone.",
    fix=f"Ask them. Only when it is certain that nothing runs: pulumi cancel {STACK}",
)
"""In the words of infra/release/locks.py."""


def _mistake() -> LandfallError:
    try:
        parse_intent(
            {"client": {"name": "Harbor", "slug": "harbor"}, "environment": "devel"}, STACK
        )
    except LandfallError as error:
        return error
    raise AssertionError("this intent holds")


NO_INTENT = _mistake()
LOCKED = "the stack is locked by lead@laptop (pid 4242) since 2026-11-27T09:00:00Z"


@scenario("Jenkinsfile", env=PULL_REQUEST)
def test_a_pull_request_only_previews(build: Build) -> None:
    assert build.result == "SUCCESS"
    assert [one["args"].split(" --output")[0] for one in build.ran("landfall stack")] == [
        "landfall stack touched --base origin/main --client harbor --branch PR-7",
        f"landfall stack admit {STACK} --job plan --branch PR-7",
        f"landfall stack plan {STACK} --release releases/{STACK} --base origin/main",
        f"landfall stack comment releases/{STACK} --post",
    ]
    assert build.stage("Apply") == "skipped by when"
    assert build.ran("dataset diff --against origin/main")  # what data promises is held to, too
    assert build.credentials == {"landfall-scm"}  # for the comment, and no other
    assert build.never("stack preview", "stack up", "stack approve", "stack tag")
    assert not build.steps("input")
    assert not build.steps("lock")


@scenario(
    "Jenkinsfile",
    env=PULL_REQUEST,
    answers=[says("stack touched", touched(["a", "b"], []))],
)
def test_every_touched_stack_is_planned_side_by_side_and_told_in_one_comment(build: Build) -> None:
    assert build.result == "SUCCESS"
    assert ["a", "b"] in build.steps("parallel")
    assert [r["args"].split()[3] for r in build.ran("stack plan")] == ["a", "b"]
    assert [r["credentials"] for r in build.ran("stack plan")] == [[], []]
    (comment,) = build.ran("stack comment")
    assert "releases/a releases/b" in comment["args"]
    assert build.credentials == {"landfall-scm"}
    assert build.never("stack preview", "stack approve", "stack up", "stack verify", "stack tag")


@scenario(
    "Jenkinsfile",
    env=PULL_REQUEST,
    answers=[
        says("stack touched", touched(["a", "b"], [])),
        fails("stack plan a", LandfallError("The plan of a failed.")),
    ],
)
def test_one_stack_that_cannot_be_planned_keeps_no_other_from_being_read(build: Build) -> None:
    assert build.result == "FAILURE"
    assert build.failure == "The plan of a failed."
    assert len(build.ran("stack plan a")) == 1
    assert build.ran("stack plan b")
    (comment,) = build.ran("stack comment")
    assert "releases/b" in comment["args"]
    assert "releases/a" not in comment["args"]
    assert build.never("stack preview", "stack up", "landfall notice")


@scenario("Jenkinsfile", env=FORK)
def test_a_forks_pull_request_gets_no_credentials(build: Build) -> None:
    assert build.result == "SUCCESS"
    (asked,) = build.ran("stack admit")
    assert "--fork" in asked["args"]
    assert build.credentials == set()
    assert build.ran("stack plan")
    assert build.never("stack preview", "stack up", "stack comment")


@scenario(
    "Jenkinsfile",
    env=PULL_REQUEST,
    answers=[says("stack touched", touched([]))],
)
def test_a_change_that_touches_no_stack_is_checked_and_not_planned(build: Build) -> None:
    assert build.result == "SUCCESS"
    assert build.ran("make check")
    assert build.ran("make test")
    assert build.never("stack plan", "stack comment")


@scenario(
    "Jenkinsfile",
    answers=[says("stack touched", touched(["a", STACK], [STACK], {"a": "its intent names no Jenkins"}))],
)  # fmt: skip
def test_a_stack_whose_intent_names_no_jenkins_is_told_and_keeps_no_other_from_its_apply(
    build: Build,
) -> None:
    assert build.result == "SUCCESS"
    assert [r["args"].split()[3] for r in build.ran("stack up")] == [f"releases/{STACK}"]
    assert [r["args"].split()[5] for r in build.ran("stack admit a")] == [
        "plan"
    ]  # its intent is checked
    assert "Not applied: a: its intent names no Jenkins." in build.steps("echo")
    assert build.never("stack preview a", "stack plan a", "stack verify a")


@scenario(
    "Jenkinsfile",
    env={"JOB_NAME": "harbor/infra/release%2F2027", "BRANCH_NAME": "release/2027"},
    answers=[says("stack touched --branch release/2027", touched([STACK]))],
)
def test_the_branch_that_deploys_is_the_intents_whatever_its_name(build: Build) -> None:
    assert build.result == "SUCCESS"
    assert build.ran(f"stack admit {STACK} --job up --branch release/2027")
    assert build.ran("stack up")
    assert build.ran("stack tag")


@scenario("Jenkinsfile", answers=[fails("stack touched", UsageError("git cannot compare with 'HEAD~1'."))])  # fmt: skip
def test_a_build_that_fails_before_it_knows_a_stack_is_told_to_all_of_the_clients_people(
    build: Build,
) -> None:
    assert build.result == "FAILURE"
    assert build.failure == "git cannot compare with 'HEAD~1'."
    assert build.stage("Check") == "skipped for failure"
    assert build.told() == ["failed"]
    (told,) = build.ran("landfall notice")
    assert "notice failed --client harbor" in told["args"]
    assert build.never("stack admit", "make test", "stack preview", "stack up")


@scenario("Jenkinsfile")
def test_a_main_build_applies_what_it_previewed(build: Build) -> None:
    assert build.result == "SUCCESS"
    order = [r["args"].split()[2] for r in build.ran("landfall stack")]
    assert order == ["touched", "admit", "admit", "preview", "up", "verify", "tag"]
    (preview,), (up,) = build.ran("stack preview"), build.ran("stack up")
    assert preview["credentials"] == ["landfall-preview"]  # the read-only role looks
    assert "--commit c0ffee" in preview["args"]
    assert up["credentials"] == ["landfall-deploy"]  # the deploy role applies, and nothing else
    assert up["locks"] == [f"landfall-{STACK}"]
    assert up["args"].startswith(f"landfall stack up releases/{STACK} ")
    (verify,), (tag,) = build.ran("stack verify"), build.ran("stack tag")
    assert (verify["credentials"], tag["credentials"]) == (["landfall-preview"], ["landfall-git"])
    assert build.stage("Plan") == "skipped by when"
    assert build.never(
        "stack plan", "stack comment", "stack destroy", "stack pending", "dataset diff"
    )
    assert not build.steps("input")
    assert build.told() == []


@scenario("Jenkinsfile", answers=[says("stack preview", release(changes={}))])
def test_nothing_to_change_is_nothing_to_apply(build: Build) -> None:
    assert build.result == "SUCCESS"
    assert build.never("stack up", "stack approve", "stack verify", "stack tag")
    assert not build.steps("lock")


@scenario(
    "Jenkinsfile",
    answers=[RISKY],
    inputs={"approve": {"by": APPROVER, "ANSWER": "yes", "WHY": "agreed with the client"}},
)
def test_approval_is_asked_for_a_risky_change(build: Build) -> None:
    assert build.result == "SUCCESS"
    (asked,) = build.steps("input")
    assert asked["submitter"] == APPROVER
    assert "replaces gcp:storage Bucket landing" in asked["message"]
    assert "555555555555" in asked["message"]  # the digest that the yes is bound to
    assert not build.steps("waits-with-agent")
    (given,) = build.ran("stack approve")
    assert f"--by {APPROVER}" in given["args"].replace("'", "")
    assert f"--digest {'5' * 64}" in given["args"]
    assert "agreed with the client" in given["args"]
    assert "--refuse" not in given["args"]
    steps = [one["args"].split()[2] for one in build.ran("landfall stack")]
    assert steps.index("approve") < steps.index("up")
    assert build.told() == ["approval"]


@scenario(
    "Jenkinsfile",
    answers=[RISKY, says("stack approve --refuse", {"stack": STACK, "yes": False}, 3)],
    inputs={"approve": {"by": APPROVER, "ANSWER": "no", "WHY": "not before the audit"}},
)
def test_a_refused_approval_applies_nothing(build: Build) -> None:
    assert build.result == "FAILURE"
    assert build.failure == f"{APPROVER} refused {STACK}. not before the audit"
    assert "--refuse" in build.ran("stack approve")[0]["args"]
    assert build.never("stack up", "stack verify", "stack tag", "stack pending")
    assert "landfall-deploy" not in build.credentials
    assert build.told() == ["approval", "refused"]


@scenario("Jenkinsfile", answers=[RISKY], inputs={"approve": {"aborted": APPROVER}})
def test_an_aborted_question_applies_nothing(build: Build) -> None:
    assert build.result == "ABORTED"
    assert build.never("stack up", "stack approve", "stack tag", "stack pending")
    assert "landfall-deploy" not in build.credentials


@scenario("Jenkinsfile", answers=[RISKY], superseded=True, inputs={"approve": {"by": APPROVER, "ANSWER": "yes"}})  # fmt: skip
def test_a_build_that_a_newer_one_overtook_applies_nothing_and_alarms_nobody(build: Build) -> None:
    assert build.result == "NOT_BUILT"
    assert build.never("stack up", "stack tag")
    assert build.told() == ["approval"]


@scenario(
    "Jenkinsfile",
    answers=[says("stack preview", release(reasons=["first apply of production"], approvers=[]))],
)
def test_a_yes_that_nobody_may_give_is_refused_and_not_open_to_all(build: Build) -> None:
    assert build.result == "FAILURE"
    assert "names nobody who may give it" in str(build.failure)
    assert not build.steps("input")
    assert build.never("stack up", "stack approve")


@scenario(
    "Jenkinsfile",
    answers=[
        RISKY,
        fails("stack up", Refused("The change is no longer what was approved.", fix="Preview it again.")),
    ],
    inputs={"approve": {"by": APPROVER, "ANSWER": "yes"}},
)  # fmt: skip
def test_a_plan_that_changed_between_approval_and_apply_is_refused(build: Build) -> None:
    assert build.result == "FAILURE"
    assert build.failure == "The change is no longer what was approved. Preview it again."
    assert len(build.ran("stack up")) == 1  # and not tried again
    assert build.never("stack verify", "stack tag", "stack pending")
    assert build.told() == ["approval", "refused"]


@scenario(
    "Jenkinsfile",
    env=PULL_REQUEST,
    answers=[says("stack plan", release(kind="plan", refused=["no-public-buckets: landing is open to all"]), 3,
                  files={f"releases/{STACK}/release.json": "{}"})],
)  # fmt: skip
def test_a_policy_violation_fails_the_pull_request_after_it_was_told(build: Build) -> None:
    assert build.result == "FAILURE"
    assert "no-public-buckets" in str(build.failure)
    assert build.ran("stack comment")  # the reviewer reads it where the change is
    assert build.never("stack preview", "stack up")


@scenario(
    "Jenkinsfile",
    answers=[
        says("stack preview", release(refused=["no-public-buckets: landing is open to all"]), 3)
    ],
)
def test_a_policy_violation_on_the_branch_applies_nothing(build: Build) -> None:
    assert build.result == "FAILURE"
    assert "no-public-buckets" in str(build.failure)
    assert build.never("stack approve", "stack up", "stack pending")
    assert "landfall-deploy" not in build.credentials
    assert build.told() == ["refused"]


@scenario(
    "Jenkinsfile",
    answers=[says("stack preview", release(refused=["expected to cost 9,100 USD a month, the budget is 4,000"]), 3)],
)  # fmt: skip
def test_a_change_over_budget_applies_nothing(build: Build) -> None:
    assert build.result == "FAILURE"
    assert "the budget is 4,000" in str(build.failure)
    assert build.never("stack approve", "stack up")
    assert build.told() == ["refused"]


@scenario(
    "Jenkinsfile",
    answers=[
        fails("stack up", Refused(LOCKED, so="Nothing was applied.", fix="Wait, or ask lead."))
    ],
)
def test_a_live_lock_stops_the_build_and_is_left_alone(build: Build) -> None:
    assert build.result == "FAILURE"
    assert "lead@laptop" in str(build.failure)
    assert len(build.ran("stack up")) == 1
    assert build.never("stack recover", "stack verify", "stack tag", "pulumi cancel")
    assert build.told() == ["refused"]


@scenario("Jenkinsfile", answers=[fails("stack up", STRANGERS)])
def test_a_stale_lock_of_somebody_elses_is_left_to_whom_it_names(build: Build) -> None:
    assert build.result == "FAILURE"
    assert "is no build that this register knows" in str(build.failure)
    assert "lead@laptop" in str(build.failure)
    assert f"pulumi cancel {STACK}" in str(
        build.failure
    )  # told to people, and typed by none of our lines
    assert len(build.ran("stack up")) == 1
    assert build.never("stack recover", "stack verify", "stack tag", "pulumi")
    assert build.never("stack pending")  # nothing was begun: there is nothing to list
    assert build.told() == ["refused"]


@scenario(
    "Jenkinsfile",
    answers=[says("stack up", applied(recovered=("acme/infra/main 6",)))],
)  # fmt: skip
def test_a_stale_lock_of_ours_is_the_commands_business_and_the_build_goes_on(build: Build) -> None:
    assert build.result == "SUCCESS"
    assert build.ran("stack tag")
    assert build.never("stack recover", "pulumi")


@scenario(
    "Jenkinsfile",
    answers=[
        fails("stack up", LandfallError("The apply failed at gcp:sql DatabaseInstance mlflow.")),
        says("stack pending", {"stack": STACK, "pending": [{"operation": "creating"}]}, 3),
    ],
)
def test_a_failed_apply_lists_what_it_left_pending(build: Build) -> None:
    assert build.result == "FAILURE"
    assert len(build.ran("stack up")) == 1
    (pending,) = build.ran("stack pending")
    assert pending["credentials"] == ["landfall-preview"]
    assert pending["locks"] == []
    assert f"pending-{STACK}.json" in build.steps("archiveArtifacts")
    assert build.never("stack verify", "stack tag", "stack recover")
    assert build.told() == ["failed", "failed"]  # what is pending, then that the build failed


@scenario("Jenkinsfile", answers=[says("stack up", preempted=True)])
def test_a_crash_in_the_middle_of_an_apply_is_not_repeated(build: Build) -> None:
    assert build.result == "FAILURE"
    assert len(build.ran("stack up")) == 1
    assert build.ran("stack pending")
    assert build.never("stack verify", "stack tag")


@scenario("Jenkinsfile", answers=[says("stack up", hang=True)])
def test_a_hung_apply_is_ended_and_told(build: Build) -> None:
    assert build.result == "ABORTED"
    assert build.ran("stack pending")
    assert build.never("stack verify", "stack tag")
    assert build.told()[-1] == "failed"


@scenario("Jenkinsfile", answers=[says("stack plan", preempted=True, once=True)], env=PULL_REQUEST)
def test_a_plan_whose_agent_was_lost_is_made_again(build: Build) -> None:
    assert build.result == "SUCCESS"
    assert len(build.ran("stack plan")) == 2
    assert build.steps("retry")
    assert len(build.ran("stack comment")) == 1  # told once, when it was made
    assert len(build.ran("make test")) == 1
    assert build.credentials == {"landfall-scm"}
    assert build.never("stack preview", "stack up", "stack approve", "landfall notice")


@scenario(
    "Jenkinsfile", answers=[fails("stack verify", LandfallError("harbor-gcp-dev is not whole."))]
)
def test_a_stack_that_is_not_whole_is_not_tagged(build: Build) -> None:
    assert build.result == "FAILURE"
    assert build.never("stack tag")
    assert build.told() == ["failed"]


@scenario(
    "Jenkinsfile",
    answers=[says("stack verify", {"stack": STACK, "ok": True, "checks": [{"name": "shared platform", "ok": False, "must": False, "told": "it is out of date"}]})],
)  # fmt: skip
def test_a_whole_stack_whose_shared_platform_is_out_of_date_is_tagged_and_told(
    build: Build,
) -> None:
    assert build.result == "UNSTABLE"
    assert build.steps("unstable") == [f"{STACK}: it is out of date"]
    assert build.ran("stack tag")
    assert build.never("stack pending")


@scenario("Jenkinsfile")
def test_an_apply_is_told_that_it_holds_jenkins_lock_and_nothing_else_is(build: Build) -> None:
    told = {
        row["args"].split()[2]: row["told"].get("LANDFALL_LOCK")
        for row in build.ran("landfall stack")
    }
    assert told["up"] == told["verify"] == f"landfall-{STACK}"
    assert told["admit"] is told["preview"] is None


@scenario("Jenkinsfile", answers=[says("make test", code=2)])
def test_nothing_is_previewed_where_a_test_fails(build: Build) -> None:
    assert build.result == "FAILURE"
    assert build.stage("Apply") == "skipped for failure"
    assert build.ran("make check")  # beside it, to its end
    assert build.steps("junit")  # the report is kept also then
    assert build.never("stack preview", "stack up")
    assert build.credentials == set()


@scenario(
    "Jenkinsfile",
    answers=[fails("stack admit", UsageError("There is no stack 'harbour'.", fix="Choose one of: harbor-gcp-dev."))],
)  # fmt: skip
def test_an_unknown_stack_or_a_bad_intent_ends_in_the_first_stage(build: Build) -> None:
    assert build.result == "FAILURE"
    assert build.failure == "There is no stack 'harbour'. Choose one of: harbor-gcp-dev."
    assert build.stage("Admit") == "failed"
    assert build.stage("Check") == "skipped for failure"
    assert build.never("make check", "make test", "stack plan", "stack preview", "stack up")
    assert build.credentials == set()


@scenario(
    "Jenkinsfile",
    answers=[
        says("stack touched", touched([STACK, "kestrel-gcp-staging"])),
        fails(f"stack admit {STACK}", NO_INTENT),
    ],
)
def test_an_intent_that_does_not_hold_ends_in_the_first_stage_with_every_mistake(build: Build) -> None:  # fmt: skip
    assert build.result == "FAILURE"
    assert NO_INTENT.what in str(build.failure)
    assert "environment" in str(build.failure)
    assert build.stage("Admit") == "failed"
    assert build.stage("Check") == "skipped for failure"
    assert build.credentials == set()
    assert build.never("make check", "make test", "stack plan", "stack preview", "stack up")
    assert build.told() == ["failed", "failed"]


@scenario(
    "Jenkinsfile",
    answers=[fails("stack admit", Refused("harbor-gcp-dev has nobody who may approve.", fix="Name them: jenkins.approvers in the intent."))],
)  # fmt: skip
def test_a_stack_without_an_approver_ends_in_the_first_stage(build: Build) -> None:
    assert (
        build.failure
        == "harbor-gcp-dev has nobody who may approve. Name them: jenkins.approvers in the intent."
    )
    assert build.stage("Check") == "skipped for failure"
    assert build.never("stack preview", "stack up")


@scenario(
    "Jenkinsfile",
    env={"JOB_NAME": "harbor/infra/feature%2Fx", "BRANCH_NAME": "feature/x"},
    answers=[says("stack touched", touched([STACK], [], {STACK: "its intent applies 'main', this is 'feature/x'"}))],
)  # fmt: skip
def test_a_branch_that_does_not_deploy_is_checked_only_and_says_so(build: Build) -> None:
    assert build.result == "SUCCESS"
    assert f"Not applied: {STACK}: its intent applies 'main', this is 'feature/x'." in build.steps("echo")  # fmt: skip
    assert [r["args"].split()[5] for r in build.ran("stack admit")] == ["plan"]
    assert build.stage("Apply") == "skipped by when"
    assert build.never("stack preview", "stack up", "stack plan")
    assert build.credentials == set()


@scenario(
    "Jenkinsfile",
    answers=[
        says("stack touched", touched(["a-dev", "b-dev"])),
        fails("stack up releases/a-dev", LandfallError("The apply failed.")),
        says("stack preview a-dev", release("a-dev"), files={"releases/a-dev/release.json": "{}"}),
        says("stack preview b-dev", release("b-dev"), files={"releases/b-dev/release.json": "{}"}),
    ],
)
def test_the_next_stack_waits_where_one_failed(build: Build) -> None:
    assert build.result == "FAILURE"
    assert [r["args"].split()[3] for r in build.ran("stack up")] == ["releases/a-dev"]
    assert build.never("stack preview b-dev")


# --- its own guarded job ----------------------------------------------------------------------------------------

DESTROY = "ci/pipelines/destroy.Jenkinsfile"
SAME = {"STACK": STACK, "AGAIN": STACK}


@scenario(DESTROY, params=SAME, inputs={"approve": {"by": APPROVER, "ANSWER": "yes"}})
def test_destroying_asks_always_and_tags_nothing(build: Build) -> None:
    assert build.result == "SUCCESS"
    assert [r["args"].split()[5] for r in build.ran("stack admit")] == ["destroy", "destroy"]
    assert "--destroy" in build.ran("stack preview")[0]["args"]
    (destroyed,) = build.ran("stack destroy")
    assert destroyed["credentials"] == ["landfall-deploy"]
    assert destroyed["locks"] == [f"landfall-{STACK}"]
    assert build.never("stack up", "stack verify", "stack tag")


@scenario(DESTROY, params={"STACK": STACK, "AGAIN": "harbor-gcp-prod"})
def test_a_name_that_was_not_written_twice_destroys_nothing(build: Build) -> None:
    assert build.result == "FAILURE"
    assert "write the same name" in str(build.failure)
    assert build.lines == [line for line in build.lines if "stack" not in line or "notice" in line]
    assert build.never("stack admit", "stack preview", "stack destroy")


@scenario(DESTROY, params={})
def test_an_empty_parameter_begins_nothing(build: Build) -> None:
    assert build.failure == "Say STACK and AGAIN: nothing is filled in there. Nothing was begun."
    assert build.lines == []


@scenario(
    DESTROY,
    params=SAME,
    answers=[says("stack preview", release(kind="destroy", refused=["bronze holds data and is not marked"]), 3)],
)  # fmt: skip
def test_what_holds_data_and_was_not_marked_by_a_release_before_stays(build: Build) -> None:
    assert build.result == "FAILURE"
    assert "bronze holds data" in str(build.failure)
    assert not build.steps("input")
    assert build.never("stack destroy")


# --- an upgrade of many clients ---------------------------------------------------------------------------------

UPGRADE = "ci/pipelines/upgrade.Jenkinsfile"


def _campaign(ready: list[str], stopped_at: str | None) -> dict:
    steps = tuple(
        Step(one, "harbor", "dev", "0.0.1", "surprise" if one == stopped_at else "go", "none", {}, 0.0, ())
        for one in (*ready, *([stopped_at] if stopped_at else []))
    )  # fmt: skip
    return Campaign("0.1.0", steps, ()).as_dict()


@scenario(UPGRADE, answers=[says("clients upgrade", _campaign([STACK], "harbor-gcp-prod"), 3)])
def test_an_upgrade_stops_before_the_first_surprise(build: Build) -> None:
    assert build.result == "UNSTABLE"
    (planned,) = build.ran("clients upgrade")
    assert (
        "--client harbor" in planned["args"]
    )  # its folder's client: no other's cloud trusts these jobs
    assert planned["credentials"] == ["landfall-preview"]
    assert [r["args"].split()[3] for r in build.ran("stack up")] == [f"releases/{STACK}"]
    assert build.never("stack preview harbor-gcp-prod", "stack up releases/harbor-gcp-prod")


@scenario(
    UPGRADE,
    heads=["c0ffee", "decade", "facade"],
    answers=[
        says("clients upgrade", _campaign([STACK, "harbor-gcp-staging"], None)),
        RISKY,
        says("stack preview harbor-gcp-staging", release("harbor-gcp-staging"),
             files={"releases/harbor-gcp-staging/release.json": "{}"}),
    ],
    inputs={"approve": {"by": APPROVER, "ANSWER": "yes"}},
)  # fmt: skip
def test_what_is_merged_while_a_campaign_waits_is_no_part_of_it(build: Build) -> None:
    assert build.result == "SUCCESS"
    checkouts = build.steps("checkout")
    assert checkouts[0] == "scm"
    assert len(checkouts) > 5
    assert set(checkouts[1:]) == {"c0ffee"}  # the commit that was planned, on every agent since
    assert [r["args"].split("--commit ")[1].split()[0] for r in build.ran("stack preview")] == ["c0ffee"] * 2  # fmt: skip
    assert len(build.ran("stack up")) == 2


@scenario(UPGRADE, answers=[fails("clients upgrade", LandfallError("The register cannot be read."))])  # fmt: skip
def test_a_campaign_that_cannot_be_planned_is_told_to_all_of_the_clients_people(
    build: Build,
) -> None:
    assert build.result == "FAILURE"
    assert build.stage("Apply") == "skipped for failure"
    assert build.told() == ["failed"]
    assert "--client harbor" in build.ran("landfall notice")[0]["args"]
    assert build.never("stack preview", "stack up")


@scenario(UPGRADE, answers=[says("clients upgrade", _campaign([], None))])
def test_an_upgrade_of_nothing_applies_nothing(build: Build) -> None:
    assert build.result == "SUCCESS"
    assert build.never("stack preview", "stack up")
