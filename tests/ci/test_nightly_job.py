"""The night: what is looked at, what is told, and that nothing is put right by itself."""

from __future__ import annotations

from landfall.errors import LandfallError, Refused
from tests.ci.scenarios import STACK, Build, fails, known, says, scenario

NIGHTLY = "ci/pipelines/nightly.Jenkinsfile"
JENKINS = {"JOB_NAME": "harbor/nightly", "LANDFALL_REGISTRY": "registry.example/landfall"}
CHEAP = says("landfall plan", {"cost": {"expected": 90.0, "budget": {"over": False, "told": ""}}})
NO_WAIVER = says("landfall waivers", {"today": "", "waivers": [], "reasons": []})
SIGNED_IN = says("registry login", {"registry": "", "signed_in": True, "folder": ""})
QUIET = [says("landfall clients", known([STACK])), CHEAP, NO_WAIVER, SIGNED_IN]
PUTS_RIGHT = ("stack up", "stack preview", "stack approve", "stack destroy", "stack recover", "stack tag")  # fmt: skip


def untouched(build: Build) -> bool:
    """Whether the night changed nothing, asked nobody and never held the deploy role."""
    assert build.credentials <= {"landfall-preview"}
    assert not build.steps("input")
    return build.never(*PUTS_RIGHT)


@scenario(NIGHTLY, env=JENKINS, answers=QUIET)
def test_a_quiet_night_looks_at_what_is_applied_and_writes_to_nobody(build: Build) -> None:
    assert build.result == "SUCCESS"
    (asked,) = build.ran("landfall clients")
    assert (
        "--client harbor" in asked["args"]
    )  # another client's clouds trust this folder's jobs for nothing
    assert asked["credentials"] == ["landfall-preview"]  # the register lies beside the state
    assert [r["args"].split()[3] for r in build.ran("stack drift")] == [STACK]
    assert build.ran("stack drift")[0]["credentials"] == ["landfall-preview"]
    assert build.ran(f"landfall waivers {STACK}")
    assert build.ran(f"landfall plan {STACK}")
    (login,), (scan,) = build.ran("registry login"), build.ran("make scan")
    assert f"registry.example/landfall --stack {STACK} --folder" in login["args"]
    assert login["credentials"] == ["landfall-preview"]
    assert scan["credentials"] == []
    assert build.lines.index(login["args"]) < build.lines.index(scan["args"])
    assert untouched(build)
    assert build.told() == []


@scenario(
    NIGHTLY,
    env=JENKINS,
    answers=[
        fails("registry login", LandfallError("The registry of images lets nobody in.")),
        *QUIET,
    ],
)
def test_a_registry_that_lets_nobody_in_is_told_and_the_lists_are_scanned(build: Build) -> None:
    assert build.result == "UNSTABLE"
    assert build.ran("make scan")
    assert build.ran("stack drift")
    assert untouched(build)


@scenario(
    NIGHTLY, env=JENKINS, answers=[says("landfall clients", known([STACK], ["a-dev"])), *QUIET]
)
def test_a_stack_whose_intent_names_no_jenkins_is_told_and_not_looked_at(build: Build) -> None:
    assert build.result == "SUCCESS"
    assert "Left to people, as their intents name no Jenkins: a-dev" in build.steps("echo")
    assert build.never("stack drift a-dev", "stack admit a-dev", "landfall plan a-dev")
    assert untouched(build)


@scenario(NIGHTLY, env=JENKINS, answers=[says("landfall clients", known([])), *QUIET])
def test_a_night_that_looked_at_nothing_is_not_green(build: Build) -> None:
    assert build.result == "UNSTABLE"
    assert build.steps("unstable") == ["No applied stack of this client is known: nothing was looked at."]  # fmt: skip
    assert build.ran("make scan")  # dependencies are everybody's
    assert build.never("registry login", "stack drift", "landfall waivers", "landfall plan")
    assert untouched(build)


@scenario(
    NIGHTLY,
    env=JENKINS,
    answers=[
        says("stack drift", {"stack": STACK, "at": "", "drifted": True, "changes": [{"name": "bronze", "what": "gone"}]}, 3),
        *QUIET,
    ],
)  # fmt: skip
def test_drift_at_night_is_told_and_nothing_is_put_right_by_itself(build: Build) -> None:
    assert build.result == "UNSTABLE"
    assert build.told() == ["drift"]
    assert build.steps("unstable") == [f"{STACK} has drifted: bronze"]
    assert build.ran("landfall waivers")  # the other looks go on
    assert build.ran("make scan")
    assert untouched(build)


@scenario(
    NIGHTLY,
    env=JENKINS,
    answers=[
        says("landfall waivers", {"today": "", "waivers": [], "reasons": ["harbor: the waiver ran out"]}, 3),
        says("landfall plan", {"cost": {"expected": 900.0, "budget": {"over": True, "told": "1 EUR = 1.2 USD"}}}, 3),
        *QUIET,
    ],
)  # fmt: skip
def test_an_expired_waiver_and_a_cost_over_budget_are_told(build: Build) -> None:
    assert build.result == "UNSTABLE"
    assert build.told() == ["waivers", "over-budget"]
    assert build.ran("stack drift")
    assert untouched(build)


@scenario(NIGHTLY, env=JENKINS, answers=[says("make scan", code=2), *QUIET])
def test_a_known_hole_marks_the_night_and_hides_nothing_else(build: Build) -> None:
    assert build.result == "UNSTABLE"
    assert "scan.json" in build.steps("archiveArtifacts")
    assert build.ran("stack drift")
    assert build.ran("landfall waivers")
    assert build.told() == []  # the build shows it; nobody's stack is at fault
    assert untouched(build)


@scenario(NIGHTLY, answers=QUIET)
def test_images_that_nobody_looked_at_leave_no_green_night(build: Build) -> None:
    assert build.result == "UNSTABLE"
    assert build.steps("unstable") == ["Images are not looked at: LANDFALL_REGISTRY does not say where they lie."]  # fmt: skip
    assert build.ran("make scan")  # the lists are
    assert build.never("registry login")
    assert build.ran("stack drift")
    assert untouched(build)


@scenario(
    NIGHTLY,
    env=JENKINS,
    params={"STACKS": "a-dev b-dev"},
    answers=[fails("stack drift a-dev", LandfallError("The state cannot be read.")), *QUIET],
)
def test_one_stack_that_cannot_be_looked_at_keeps_no_other_from_it(build: Build) -> None:
    assert build.result == "FAILURE"
    assert build.failure == "The state cannot be read."
    assert build.ran("stack drift b-dev")
    assert build.ran("landfall waivers b-dev")
    assert build.ran("make scan")
    assert build.never("landfall clients")  # who names them needs no register
    assert len(build.ran("stack drift a-dev")) == 1  # and it is not tried again
    assert untouched(build)
    assert build.told()[-2:] == ["failed", "failed"]  # the people of both stacks


@scenario(NIGHTLY, env=JENKINS, answers=[fails("landfall clients", LandfallError("The register cannot be read.")), *QUIET])  # fmt: skip
def test_a_night_that_fails_before_it_knows_a_stack_is_told_to_all_of_the_clients_people(
    build: Build,
) -> None:
    assert build.result == "FAILURE"
    assert build.failure == "The register cannot be read."
    assert build.stage("Look") == "skipped for failure"
    assert build.never("stack drift", "landfall waivers", "landfall plan", "make scan")
    assert build.told() == ["failed"]
    (told,) = build.ran("landfall notice")
    assert "notice failed --client harbor" in told["args"]
    assert untouched(build)


@scenario(
    NIGHTLY,
    env=JENKINS,
    params={"STACKS": "harbour-gcp-dev"},
    answers=[
        fails("stack admit", Refused("The intent of harbour-gcp-dev names no Jenkins.")),
        *QUIET,
    ],
)
def test_a_stack_that_the_night_may_not_look_at_ends_it_in_the_first_stage(build: Build) -> None:
    assert build.failure == "The intent of harbour-gcp-dev names no Jenkins."
    assert build.stage("Look") == "skipped for failure"
    assert build.credentials == set()
    assert build.never("stack drift", "make scan")
