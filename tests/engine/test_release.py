"""Releases on the real engine: what is applied is what was looked at and approved, and nothing else.

The tests are the life of one stack, in order: its first apply is killed, and all that comes after stands on what
was recovered.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.release.apply import apply
from infra.release.engine import Engine
from landfall.errors import LandfallError
from tests.engine.conftest import project
from tests.engine.desk import APPROVER, STACK, Desk, calm, kill

MARK = {
    "resource": "audit-logs", "reason": "It moves to the group's own log archive.",
    "owner": APPROVER, "until": "2099-12-31",
}  # fmt: skip


@pytest.fixture(scope="module")
def desk(real: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    base = tmp_path_factory.mktemp("desk")
    with project(base, checkpoints=True) as cli:
        made = Desk(cli, base / "landfall")
        made.begin()
        yield made


@pytest.fixture
def applied(desk: Desk, tmp_path: Path) -> Desk:
    """The stack stands, also where a test runs alone."""
    if not desk.cli.state(STACK):
        desk.preview(tmp_path / "first")
        desk.stack("up", str(tmp_path / "first"))
    return desk


def budget(amount: int) -> dict[str, Any]:
    """A change that nobody need be asked about."""
    return {"budget": {"amount": amount, "currency": "EUR"}}


def test_a_first_apply_whose_agent_vanishes_is_recovered_and_ends_clean(
    desk: Desk, tmp_path: Path
) -> None:
    first = desk.preview(tmp_path / "first")
    assert first["refused"] == []
    assert not first["approval"]["needed"]
    assert set(first["changes"]) <= {"create", "update", "import"}
    with (
        desk.cli.cloud.stalled("audit-logs") as stall,
        desk.started("up", str(tmp_path / "first")) as process,
    ):
        pid = desk.engines_pid(process)
        assert stall.reached.wait(120)
        calm(desk.cli)
        process.kill()
        kill(pid)
    told, _ = desk.stack("pending", STACK, expect=3)
    (left,) = told["pending"]
    assert (left["name"], left["doing"]) == ("audit-logs", "creating")
    assert "--none-exist" in left["way_out"]

    _, err = desk.stack("up", str(tmp_path / "first"), expect=3)
    assert "left pending" in err
    assert f"landfall stack recover {STACK}" in err
    _, err = desk.stack("recover", STACK, expect=3)
    assert "was killed while it created 'audit-logs'" in err
    told, err = desk.stack("recover", STACK, "--none-exist")
    assert told["settled"] == ["creating audit-logs"]
    assert told["locks"]
    assert str(pid) in told["locks"][0]
    assert desk.stack("pending", STACK)[0]["pending"] == []

    rest = desk.preview(tmp_path / "rest")
    assert "audit-logs" in {one["name"] for one in rest["steps"]}
    assert len(rest["steps"]) < len(first["steps"])
    desk.stack("up", str(tmp_path / "rest"))
    told, _ = desk.stack("verify", STACK)
    assert told["ok"]


def test_a_killed_change_is_settled_by_asking_the_cloud(applied: Desk, tmp_path: Path) -> None:
    """The CLI alone is killed; the build lives to tell of it, and the lock is its own."""
    desk = applied
    with desk.edited(**budget(940)), desk.cli.cloud.stalled("month") as stall:
        desk.preview(tmp_path)
        with desk.started("up", str(tmp_path)) as process:
            pid = desk.engines_pid(process)
            assert stall.reached.wait(60)
            kill(pid)
            _, err = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "Traceback" not in err
        assert "Left pending: month (updating)" in err
    told, _ = desk.stack("recover", STACK)
    assert told["settled"] == ["updating month"]
    assert len(told["locks"]) == 1
    again = desk.preview(tmp_path / "again")
    assert again["changes"] == {}, "the change was never made; the file is as before"
    assert desk.stack("verify", STACK)[0]["ok"]


def test_while_somebody_applies_nobody_else_does(applied: Desk, tmp_path: Path) -> None:
    desk = applied
    with desk.edited(**budget(950)):
        desk.preview(tmp_path / "one")
        desk.preview(tmp_path / "two")
        with (
            desk.cli.cloud.stalled("month") as stall,
            desk.started("up", str(tmp_path / "one")) as process,
        ):
            desk.engines_pid(process)
            assert stall.reached.wait(60)
            for command in (("up", str(tmp_path / "two")), ("recover", STACK)):
                _, err = desk.stack(*command, expect=3)
                assert "is being applied by" in err, err
            assert process.poll() is None
            stall.over.set()
            _, err = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "the cloud did not answer for month" in err
        desk.preview(tmp_path / "three")
        desk.stack("up", str(tmp_path / "three"))


def test_a_strangers_lock_is_left_alone_even_when_nothing_runs(
    applied: Desk, tmp_path: Path
) -> None:
    """Somebody applied by hand and was killed: no register knows the process."""
    desk = applied
    with desk.edited(**budget(960)):
        desk.preview(tmp_path)
        with desk.cli.cloud.stalled("month") as stall:
            process = desk.cli.start("up", "--stack", STACK, "--yes", "--skip-preview")
            assert stall.reached.wait(60)
            kill(process.pid)
            process.communicate()
        before = desk.held()
        for command in (("up", str(tmp_path)), ("recover", STACK)):
            _, err = desk.stack(*command, expect=3)
        assert "no build that this register knows" in err
        assert f"pid {process.pid}" in err
        assert "pulumi cancel" in err
        assert desk.held() == before
        desk.cli.run("cancel", "--yes", STACK)
        desk.stack("recover", STACK)
        desk.stack("up", str(tmp_path))


def test_a_hung_cli_is_ended_at_its_limit_and_told(applied: Desk, tmp_path: Path) -> None:
    desk = applied
    with desk.edited(**budget(970)), desk.cli.cloud.stalled("month"):
        desk.preview(tmp_path)
        engine = Engine(desk.cli.folder, desk.cli.environment, {"up": 8}, grace=4)
        with pytest.raises(LandfallError, match="did not end within") as raised:
            apply(desk.project, engine, desk.builds, tmp_path, "up")
        assert f"landfall stack pending {STACK}" in raised.value.fix
        assert all(desk.builds.ended(one) for one in desk.builds.of(STACK))
    desk.stack("recover", STACK)
    assert desk.stack("pending", STACK)[0]["pending"] == []


def test_a_safe_change_is_not_asked_about(applied: Desk, tmp_path: Path) -> None:
    desk = applied
    with desk.edited(**budget(1000)):
        made = desk.preview(tmp_path)
        assert made["steps"]
        assert not made["approval"]["needed"]
        told, _ = desk.stack("up", str(tmp_path))
    assert told["result"] == "succeeded"
    assert told["approved_by"] == ""
    assert told["changes"] == made["changes"]


def test_a_risky_change_waits_for_a_yes_and_a_no_is_final(applied: Desk, tmp_path: Path) -> None:
    desk, before = applied, applied.held()
    no, yes = tmp_path / "no", tmp_path / "yes"
    with desk.edited(retiring=[MARK]):
        made = desk.preview(no)
        assert made["approval"]["needed"]
        assert made["approval"]["approvers"] == [APPROVER]
        assert any("audit-logs" in reason for reason in made["approval"]["reasons"])
        _, err = desk.stack("up", str(no), expect=3)
        assert "needs a yes" in err
        desk.stack("approve", str(no), "--by", "intern@harbor.example", "--digest", made["digest"], expect=3)  # fmt: skip
        answer = ("approve", str(no), "--by", APPROVER, "--digest", made["digest"])
        desk.stack(*answer, "--refuse", "--why", "not before the audit", expect=3)
        _, err = desk.stack("up", str(no), expect=3)
        assert "not before the audit" in err
        assert desk.held() == before

        digest = desk.preview(yes)["digest"]
        desk.stack("approve", str(yes), "--by", APPROVER, "--digest", digest)
        told, _ = desk.stack("up", str(yes))
        assert told["approved_by"] == APPROVER
        (bucket,) = (one for one in desk.held() if one["urn"].endswith("Bucket::audit-logs"))
        assert not bucket.get("protect")
        assert bucket["retainOnDelete"]


def test_a_plan_whose_file_changed_after_the_yes_is_refused(applied: Desk, tmp_path: Path) -> None:
    desk, before = applied, applied.held()
    approved(desk, tmp_path)
    with desk.edited(**budget(1200), retiring=[MARK]):
        _, err = desk.stack("up", str(tmp_path), expect=3)
    assert "is not what it was made from" in err
    assert desk.held() == before


def test_a_plan_whose_stack_changed_after_the_yes_is_refused(applied: Desk, tmp_path: Path) -> None:
    """Somebody applied by hand while the build waited."""
    desk = applied
    made = approved(desk, tmp_path)
    with desk.edited(**budget(1300)):
        desk.cli.run("up", "--stack", STACK, "--yes", "--skip-preview")
    before = desk.held()
    with desk.edited(**made):
        _, err = desk.stack("up", str(tmp_path), expect=3)
    assert "a preview comes to other changes now" in err
    assert desk.held() == before


def approved(desk: Desk, folder: Path) -> dict[str, Any]:
    """A risky release, looked at and approved; the parts of the intent that it is made from."""
    parts = {**budget(1100), "retiring": [{**MARK, "resource": "spending"}]}
    with desk.edited(**parts):
        digest = desk.preview(folder)["digest"]
    desk.stack("approve", str(folder), "--by", APPROVER, "--digest", digest)
    return parts


def test_drift_is_told_gone_and_data_first_and_nothing_is_put_right(
    applied: Desk, tmp_path: Path
) -> None:
    desk, cloud = applied, applied.cli.cloud
    assert desk.stack("drift", STACK)[0]["drifted"] is False
    (bucket,) = (key for key, one in cloud.live.items() if one.urn.endswith("Bucket::audit-logs"))
    (network,) = (one for one in cloud.live.values() if "compute/network:Network::" in one.urn)
    before, gone = desk.held(), cloud.live.pop(bucket)
    network.inputs["description"] = network.state["description"] = "by hand"
    told, _ = desk.stack("drift", STACK, expect=3)
    assert [(one["op"], one["holds_data"]) for one in told["changes"]] == [
        ("gone", True), ("changed", False),
    ]  # fmt: skip
    assert told["changes"][1]["properties"] == ["description"]
    assert desk.builds.noted("drift", STACK) == told
    assert desk.held() == before
    cloud.live[bucket] = gone


def test_what_is_kept_of_releases_holds_no_secret(applied: Desk) -> None:
    secret = applied.cli.environment["PULUMI_CONFIG_PASSPHRASE"]
    kept = [path for path in applied.project.home.rglob("*") if path.is_file()]
    assert kept
    assert [path for path in kept if secret.encode() in path.read_bytes()] == []
