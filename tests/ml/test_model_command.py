"""`landfall model`: what a person sees, and the exit codes a script can rely on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from landfall.cli.model import allow, app
from landfall.errors import LandfallError, Refused, UsageError
from landfall.month import Month
from ml.record import Record
from tests.ml.conftest import month_rows, publish, run_loop

NAME = "late_arrival"


@pytest.fixture
def ctx(make_context, monkeypatch):
    """A project with a stack file, one month run; commands find it by the environment."""
    ctx = make_context()
    root = ctx.project.root
    (root / "Pulumi.yaml").write_text("name: test\n")
    (root / "stacks").mkdir()
    raw = ctx.intent.model_dump(mode="json", exclude_unset=True)
    stack = {"config": {"landfall:intent": raw}}
    (root / "stacks" / "Pulumi.test.yaml").write_text(yaml.safe_dump(stack))
    monkeypatch.setenv("LANDFALL_PROJECT", str(root))
    monkeypatch.setenv("LANDFALL_HOME", str(root))
    monkeypatch.setenv("LANDFALL_STACK", "test")
    monkeypatch.setenv("LANDFALL_USER", "ann")
    publish(ctx, month_rows(Month(2013, 1)), month_rows(Month(2013, 2)))
    run_loop(ctx, Month(2013, 2))
    return ctx


def call(*words: str) -> dict:
    result = CliRunner().invoke(app, [*words, "--output", "json"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return json.loads(result.stdout)


def test_show_says_who_is_champion_and_where_it_comes_from(ctx):
    shown = call("show")["champion"]
    assert shown["version"] == 2
    assert shown["window"] == ["2013-01"]
    assert shown["metrics"]["pr_auc"] > 0.2
    assert shown["since"]["who"] == "flow (ann)"
    assert len(shown["code"]) == 12
    assert "version 2 (linear)" in CliRunner().invoke(app, ["show"]).stdout


def test_promote_and_rollback_leave_a_verified_history(ctx):
    assert call("promote", "1", "--why", "a try")["version"] == 1
    assert call("rollback", "--why", "it failed")["version"] == 2
    history = call("history")
    assert history["verified"]
    assert [(e["action"], e["version"], e["who"]) for e in history["entries"]] == [
        ("promote", 2, "flow (ann)"),
        ("promote", 1, "ann"),
        ("rollback", 2, "ann"),
    ]
    assert call("show")["champion"]["version"] == 2
    assert "the chain holds" in CliRunner().invoke(app, ["history"]).stdout


def test_a_change_without_a_reason_or_of_an_unknown_version_is_refused(ctx):
    assert CliRunner().invoke(app, ["promote", "1"]).exit_code == 2
    with pytest.raises(UsageError, match="no model version 99"):
        call("promote", "99", "--why", "x")
    with pytest.raises(UsageError, match="no earlier champion"):
        call("rollback", "--why", "x")


def test_history_of_a_changed_record_shows_it_and_fails(ctx):
    path = Path(ctx.platform.storage.artifacts.removeprefix("file://")) / f"record/{NAME}.jsonl"
    path.write_text(path.read_text().replace('"ann', '"eve').replace("flow (ann)", "flow (eve)"))
    result = CliRunner().invoke(app, ["history", "--output", "json"])
    assert isinstance(result.exception, LandfallError)
    assert json.loads(result.stdout)["faults"] == ["entry 1 was changed after it was written"]
    with pytest.raises(LandfallError, match="does not hold"):
        Record(ctx.platform, NAME).champion()


def test_reproduce_says_equal(ctx):
    assert call("reproduce", "2")["equal"] is True


def test_a_rehearsal_a_canary_and_a_spend_are_json_a_pipeline_can_read(ctx):
    month = ("--month", "2013-02")
    assert call("rehearse", *month, "--rows", "200")["ok"] is True
    tried = call("canary", *month)
    assert (tried["passed"], tried["version"], tried["champion"]) == (True, 2, 2)
    assert call("spend", *month)["approval"]["needed"] is False


def test_a_canary_that_fails_ends_with_3_and_says_why(ctx, monkeypatch):
    import ml.canary

    monkeypatch.setattr(ml.canary, "_ask", lambda *_: ([], 0))
    result = CliRunner().invoke(app, ["canary", "--month", "2013-02"])
    assert result.exit_code == 3
    assert "it answered no request" in result.stdout


def test_a_rehearsal_that_fails_is_an_error_that_names_the_candidate(ctx, monkeypatch):
    import ml.rehearse

    def broken(*_):
        raise ValueError("no encoder takes 'grade'")

    monkeypatch.setattr(ml.rehearse, "fit_all", broken)
    result = CliRunner().invoke(app, ["rehearse", "--month", "2013-02"])
    assert isinstance(result.exception, LandfallError)
    assert "linear: ValueError: no encoder takes 'grade'" in str(result.exception)


def test_refuse_and_verdict_say_what_was_answered(ctx):
    before = call("verdict", "--month", "2013-02")
    assert (before["decision"], before["answer"]) == ("PROMOTE", None)
    with pytest.raises(Refused, match="too late"):
        call("refuse", "--month", "2013-02", "--why", "no")
    call("promote", "1", "--why", "so that the winner is no longer champion")
    told = call("refuse", "--month", "2013-02", "--why", "no", "--who", "bea")
    assert (told["applied"], told["who"], told["version"]) == ("held", "bea", 2)
    assert call("verdict", "--month", "2013-02")["answer"]["said"] == "refuse"
    assert "bea said" in CliRunner().invoke(app, ["verdict", "--month", "2013-02"]).stdout


def test_a_spend_that_needs_a_yes_is_let_through_by_one_of_those_who_may(ctx):
    assert call("spend", "--month", "2013-02", "--approved-by", "")["approval"]["needed"] is False
    due = {"needed": True, "reasons": ["much"], "approvers": ["ann@harbor.example"]}
    with pytest.raises(Refused, match="Nobody approved"):
        allow("test", due, "")
    with pytest.raises(Refused, match="'eve' may not"):
        allow("test", due, "eve")
    with pytest.raises(Refused) as refused:
        allow("test", {**due, "approvers": []}, "eve")
    assert "jenkins.approvers" in str(refused.value.fix)
    allow("test", due, "Ann@harbor.example")
