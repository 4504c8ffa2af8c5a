"""`landfall stack`: from a change to an applied stack: touched, admit, preview, approve, up, verify, drift, destroy."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from landfall.cli.output import Form, Output, emit, status
from landfall.errors import LandfallError, Refused, UsageError

if TYPE_CHECKING:
    from infra.release.engine import Engine
    from landfall.intent import Intent
    from landfall.project import Project

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Apply what was looked at: touched, admit, preview, approve, up, verify, drift, destroy.",
)
StackName = Annotated[str, typer.Argument(help="the stack in stacks/")]
Folder = Annotated[Path, typer.Argument(help="the release's folder", metavar="DIR")]
Minutes = Annotated[
    float | None, typer.Option("--limit", help="minutes after which the CLI is ended", min=0.01)
]


@app.command()
def touched(
    base: Annotated[str, typer.Option(help="what to compare HEAD with, as origin/main")],
    client: Annotated[str | None, typer.Option(help="only this client's stacks")] = None,
    branch: Annotated[
        str | None, typer.Option(help="say, too, which of them a build of this branch applies")
    ] = None,
    output: Output = Form.text,
) -> None:
    """Say which cloud stacks the changes since BASE touch, and which of them a branch applies."""
    from infra.release.touched import not_applied, of_client
    from infra.release.touched import touched as find
    from landfall.project import find_project

    project = find_project()
    why = find(project, base)
    stacks = sorted(why if client is None else of_client(project, why, client))
    value: dict[str, Any] = {
        "base": base,
        "stacks": stacks,
        "why": {one: why[one] for one in stacks},
    }
    if branch is not None:
        told = {one: not_applied(project, one, branch) for one in stacks}
        value["deploys"] = [one for one in stacks if told[one] is None]
        value["left"] = {one: reason for one, reason in told.items() if reason is not None}
    emit(value, output, _print_touched)


@app.command()
def admit(
    stack: StackName,
    job: Annotated[
        str, typer.Option(help="plan, preview, up, destroy, drift or data", metavar="JOB")
    ] = "plan",
    branch: Annotated[str, typer.Option(help="the branch that is built")] = "",
    fork: Annotated[bool, typer.Option("--fork", help="the change comes from a fork")] = False,
    output: Output = Form.text,
) -> None:
    """Say whether this build may do this to the stack at all; the first stage of every job."""
    from infra.release.admit import Job, knows_its_platform
    from infra.release.admit import admit as judge
    from landfall.project import find_project

    try:
        wanted = Job(job)
    except ValueError:
        raise UsageError(
            f"There is no job '{job}'.", fix=f"Choose one of: {', '.join(Job)}."
        ) from None
    project = find_project()
    intent = _intent(project, stack)
    admitted = judge(intent, stack, wanted, branch=branch, fork=fork)
    if wanted is Job.data:
        knows_its_platform(project, intent, stack)
    emit(
        admitted.as_dict(), output,
        lambda v: print(f"{v['stack']}: may {v['job']} ({v['client']}, {v['environment']}, {v['cloud']})"),
    )  # fmt: skip


@app.command()
def plan(
    stack: StackName,
    base: Annotated[str, typer.Option(help="the git reference that the change is held against")],
    release: Annotated[Path, typer.Option(help="the folder to write the plan to")],
    output: Output = Form.text,
) -> None:
    """Plan a stack against what BASE would build, with no credentials; exit 3 where it is refused."""
    from infra.release.proposal import propose
    from landfall.project import find_project

    project = find_project()
    status(f"{stack}: recording it as it is here and as it is at {base}")
    made = propose(project, stack, _intent(project, stack), base, datetime.date.today(), release)
    emit(made.model_dump(mode="json"), output, _print_release)
    if made.refused:
        raise typer.Exit(3)


@app.command()
def preview(
    stack: StackName,
    release: Annotated[Path, typer.Option(help="the folder to write the release to")],
    destroy_: Annotated[
        bool, typer.Option("--destroy", help="a release that destroys the stack")
    ] = False,
    commit: Annotated[str, typer.Option(help="the commit it is made from")] = "",
    limit: Minutes = None,
    output: Output = Form.text,
) -> None:
    """Ask the engine what it would do, judge it, and write a release; exit 3 where it is refused."""
    from infra.release.masking import Masker
    from infra.release.release import make, write
    from landfall.project import find_project

    project = find_project()
    intent = _intent(project, stack)
    kind: Literal["up", "destroy"] = "destroy" if destroy_ else "up"
    status(f"{stack}: asking the engine")
    with _engine(project, intent, "preview", limit) as engine:
        made, looked, assessed = make(
            project, engine, stack, intent, datetime.date.today(), kind=kind, commit=commit
        )
        write(made, looked, assessed, release, Masker(engine.environment))
    emit(made.model_dump(mode="json"), output, _print_release)
    if made.refused:
        raise typer.Exit(3)


@app.command()
def approve(
    folder: Folder,
    by: Annotated[str, typer.Option(help="who answers, as in jenkins.approvers")],
    digest: Annotated[str, typer.Option(help="the digest of the release that was looked at")],
    refuse: Annotated[bool, typer.Option("--refuse", help="the answer is no")] = False,
    why: Annotated[str, typer.Option(help="the reason, kept with the answer")] = "",
    output: Output = Form.text,
) -> None:
    """Keep a person's answer to a release, bound to its digest; exit 3 where it cannot count or is no."""
    from infra.release.approval import answer
    from infra.release.release import read
    from landfall.project import environment

    made = read(folder)
    given = answer(
        folder, made, by, digest, yes=not refuse, why=why, build=environment("BUILD_URL")
    )
    word = "approved" if given.answer == "yes" else "refused"
    emit(
        given.model_dump(mode="json"),
        output,
        lambda _: print(f"{made.stack}: {word} by {given.by}"),
    )
    if refuse:
        raise typer.Exit(3)


@app.command()
def up(folder: Folder, limit: Minutes = None, output: Output = Form.text) -> None:
    """Apply exactly the release in DIR, or refuse: not approved, changed since, locked, something pending."""
    _apply(folder, "up", limit, output)


@app.command()
def destroy(folder: Folder, limit: Minutes = None, output: Output = Form.text) -> None:
    """Destroy the stack of the release in DIR, which must have been made by `preview --destroy` and approved."""
    _apply(folder, "destroy", limit, output)


def _apply(folder: Path, kind: Literal["up", "destroy"], limit: float | None, output: Form) -> None:
    from infra.release.apply import apply
    from infra.release.builds import open_builds
    from infra.release.release import read
    from landfall.project import find_project

    project = find_project()
    intent = _intent(project, read(folder).stack)
    with _engine(project, intent, "deploy", limit) as engine:
        outcome = apply(project, engine, open_builds(project, intent), folder, kind)
    changes = ", ".join(f"{n} {op}" for op, n in outcome.changes.items()) or "no change"
    emit(
        outcome.as_dict(), output,
        lambda v: print(f"{v['stack']}: {v['kind']} {v['result']} in {v['seconds']:.0f} s: {changes}"),
    )  # fmt: skip


@app.command()
def verify(stack: StackName, limit: Minutes = None, output: Output = Form.text) -> None:
    """Prove that an applied stack is whole: outputs, Platform, nothing pending, nothing left to change."""
    from infra.release.after import verify as look
    from landfall.project import find_project

    project = find_project()
    intent = _intent(project, stack)
    with _engine(project, intent, "preview", limit) as engine:
        checks = look(project, engine, stack, intent)
    value = {
        "stack": stack,
        "ok": all(one.ok or not one.must for one in checks),
        "checks": [vars(one) for one in checks],
    }
    emit(value, output, _print_checks)
    if not value["ok"]:
        raise LandfallError(
            f"{stack} is not whole: "
            + "; ".join(f"{one.name}: {one.told}" for one in checks if one.must and not one.ok),
            so="It was applied, but not to the end, or something changes by itself.",
            fix=f"Preview it: landfall stack preview {stack} --release DIR",
        )


@app.command()
def drift(stack: StackName, limit: Minutes = None, output: Output = Form.text) -> None:
    """Say where the cloud differs from the state, changing neither; exit 3 where it does."""
    from infra.release.after import drift as look
    from infra.release.builds import open_builds
    from landfall.project import find_project

    project = find_project()
    intent = _intent(project, stack)
    with _engine(project, intent, "preview", limit) as engine:
        register = open_builds(project, intent)
        changes = look(engine, stack)
        at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        value = {"stack": stack, "at": at, "drifted": bool(changes), "changes": changes}
        register.note("drift", stack, value)
    emit(value, output, _print_drift)
    if changes:
        raise typer.Exit(3)


@app.command()
def pending(stack: StackName, output: Output = Form.text) -> None:
    """List the operations that a killed apply left pending, each with the way out; exit 3 where there are any."""
    from infra.release.state import read_state
    from landfall.project import find_project

    project = find_project()
    with _engine(project, _intent(project, stack), "preview", None) as engine:
        found = [one.as_dict() for one in read_state(engine, stack).pending]
    emit({"stack": stack, "pending": found}, output, _print_pending)
    if found:
        raise typer.Exit(3)


@app.command()
def recover(
    stack: StackName,
    none_exist: Annotated[
        bool,
        typer.Option(
            "--none-exist", help="somebody looked: no pending creation exists in the cloud"
        ),
    ] = False,
    output: Output = Form.text,
) -> None:
    """Settle what a killed apply left: its lock, where it is a finished build's of ours, and pending operations."""
    from infra.release.builds import open_builds
    from infra.release.recover import recover as settle
    from landfall.project import find_project

    project = find_project()
    intent = _intent(project, stack)
    with _engine(project, intent, "deploy", None) as engine:
        done = settle(engine, open_builds(project, intent), stack, none_exist=none_exist)
    emit(
        done.as_dict(), output,
        lambda v: print(f"{stack}: settled: {', '.join(v['settled']) or 'nothing was pending'}"),
    )  # fmt: skip


@app.command()
def comment(
    folders: Annotated[list[Path], typer.Argument(help="releases' folders", metavar="DIR...")],
    send: Annotated[
        bool, typer.Option("--post", help="post it to the pull request of CHANGE_URL")
    ] = False,
    output: Output = Form.text,
) -> None:
    """Write what a pull request's reader should know of these releases, in Markdown, or post it there."""
    from infra.release import comment as words
    from infra.release.release import read
    from landfall.project import environment

    text = words.comment([read(folder) for folder in folders])
    address = ""
    if send:
        address = words.post(text, environment("CHANGE_URL"), environment("LANDFALL_SCM_TOKEN"))
        status(f"posted: {address}")
    emit({"comment": text, "posted": address}, output, lambda _: print(text, end=""))


@app.command()
def tag(
    folder: Folder,
    push: Annotated[bool, typer.Option("--push", help="push the tag to origin")] = False,
    output: Output = Form.text,
) -> None:
    """Tag the commit of an applied release in git, as applied/STACK/TIME-DIGEST."""
    from infra.release.release import read
    from infra.release.tag import tag as make_tag
    from landfall.project import find_project

    made = read(folder)
    name = make_tag(find_project(), made, folder, push=push)
    emit({"stack": made.stack, "tag": name}, output, lambda _: print(name))


def _intent(project: Project, stack: str) -> Intent:
    from landfall.intent import intent_of

    return intent_of(project, stack)


@contextmanager
def _engine(
    project: Project, intent: Intent, role: Literal["preview", "deploy"], minutes: float | None
) -> Iterator[Engine]:
    """The engine, and this process, as this role where Jenkins handed a token over; else as the caller is."""
    from infra.release.engine import LIMITS, Engine, build_home
    from infra.release.identity import acting
    from landfall.project import whole_environment

    if intent.cloud.provider == "local":
        raise Refused(
            "This stack is a machine's own: Pulumi has nothing to do with it.",
            fix="Run it: landfall run --all",
        )
    limits = dict.fromkeys(LIMITS, minutes * 60) if minutes else LIMITS
    with acting(intent, role), build_home(whole_environment()) as variables:
        yield Engine(project.root, variables, limits)


def _print_touched(value: dict[str, Any]) -> None:
    if not value["stacks"]:
        print("no stack is touched")
    for stack in value["stacks"]:
        print(f"{stack}: {value['why'][stack]}")
    for stack, reason in value.get("left", {}).items():
        print(f"not applied: {stack}: {reason}")


def _print_release(value: dict[str, Any]) -> None:
    changes = ", ".join(f"{n} {op}" for op, n in value["changes"].items()) or "no change"
    cost = value["cost"]
    print(f"{value['stack']}: {value['kind']}: {changes}")
    for one in value["steps"][:20]:
        print(f"  {one['op']:<8} {one['type']} {one['name']}")
    if len(value["steps"]) > 20:
        print(f"  … and {len(value['steps']) - 20} more: --output json has them all")
    print(f"cost: {cost['after']:,.0f} USD a month expected ({cost['delta']:+,.0f})")
    for one in value["risks"][:20]:
        print(f"  {one['severity']} {one['kind']} '{one['resource']}': {one['reason']}")
    for reason in value["refused"]:
        print(f"REFUSED: {reason}")
    due = value["approval"]
    for reason in due["reasons"]:
        print(f"approval: {reason}")
    print(f"digest: {value['digest']}")


def _print_checks(value: dict[str, Any]) -> None:
    for one in value["checks"]:
        print(f"  {'ok ' if one['ok'] else 'NOT'} {one['name']}: {one['told']}")


def _print_drift(value: dict[str, Any]) -> None:
    if not value["drifted"]:
        print(f"{value['stack']}: the cloud is as it was applied")
    for one in value["changes"]:
        what = f": {', '.join(one['properties'])}" if one["properties"] else ""
        print(f"  {one['op']} {one['type']} {one['name']}{what}")


def _print_pending(value: dict[str, Any]) -> None:
    if not value["pending"]:
        print(f"{value['stack']}: nothing is pending")
    for one in value["pending"]:
        print(f"  {one['doing']} {one['type']} {one['name']}")
        print(f"    {one['way_out']}")
