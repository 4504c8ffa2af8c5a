"""A `pulumi` of our own on PATH that answers from a script and notes how it was called; words as the real one prints them."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from infra.release.builds import Builds
from infra.release.engine import Engine
from landfall.project import Project, find_project

ROOT = find_project(Path(__file__)).root
STACK = "harbor-gcp-dev"
BUCKET = f"urn:pulumi:{STACK}::landfall::gcp:storage/bucket:Bucket::bronze"
TOPIC = f"urn:pulumi:{STACK}::landfall::gcp:pubsub/topic:Topic::landed"
SCRIPT = """#!{python}
import json, os, signal, sys, time
folder = {folder!r}
with open(folder + "/calls.jsonl", "a") as stream:
    stream.write(json.dumps({{"args": sys.argv[1:], "home": os.environ.get("PULUMI_HOME", ""), "env": {{k: v for k, v in os.environ.items() if k.startswith(("AWS_", "GOOGLE_"))}}}}) + "\\n")
answers = json.load(open(folder + "/answers.json"))
words = [one for one in sys.argv[1:] if not one.startswith("-")]
for number, one in enumerate(answers):
    if all(word in sys.argv[1:] for word in one["match"]):
        if one.get("once"):
            del answers[number]
            json.dump(answers, open(folder + "/answers.json", "w"))
        break
else:
    sys.exit("the test has no answer for: " + " ".join(sys.argv[1:]))
if one.get("deaf"):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.stdout.write(one.get("out", "")); sys.stdout.flush()
sys.stderr.write(one.get("err", "")); sys.stderr.flush()
time.sleep(one.get("sleep", 0))
sys.exit(one.get("code", 0))
"""


@dataclass
class Fake:
    """The pretended CLI: what it answers, and what it was asked."""

    folder: Path
    answers: list[dict[str, Any]] = field(default_factory=list)

    def says(self, *match: str, out: Any = "", **more: Any) -> None:
        """Answer calls that hold all these words; later ones win over earlier ones."""
        text = out if isinstance(out, str) else json.dumps(out)
        self.answers.insert(0, {"match": list(match), "out": text, **more})
        (self.folder / "answers.json").write_text(json.dumps(self.answers), encoding="utf-8")

    def calls(self) -> list[list[str]]:
        """The arguments of each call, in order."""
        return [one["args"] for one in self.details()]

    def details(self) -> list[dict[str, Any]]:
        file = self.folder / "calls.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        return [json.loads(line) for line in lines]

    def ran(self, command: str) -> bool:
        return any(one[0] == command for one in self.calls())


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    folder = tmp_path / "cli"
    folder.mkdir()
    script = folder / "pulumi"
    script.write_text(SCRIPT.format(python=sys.executable, folder=str(folder)), encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("BUILD_URL", raising=False)
    monkeypatch.delenv("LANDFALL_BUILDS", raising=False)
    made = Fake(folder)
    made.says("stack", "export", out=state())
    made.says("preview", out=preview())
    return made


@pytest.fixture
def engine(fake: Fake, tmp_path: Path) -> Engine:
    return Engine(tmp_path, dict(os.environ), grace=1)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of its own: the committed program and samples, a home that nobody else has."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "Pulumi.yaml").write_text("name: landfall\n", encoding="utf-8")
    (root / "stacks").mkdir()
    for path in (ROOT / "stacks").glob("*.yaml"):
        (root / "stacks" / path.name).write_bytes(path.read_bytes())
    return Project(root=root, home=tmp_path / "home")


@pytest.fixture
def builds(project: Project, monkeypatch: pytest.MonkeyPatch) -> Builds:
    for name in ("LANDFALL_BUILDS", "BUILD_URL", "LANDFALL_OIDC_TOKEN_FILE", "PULUMI_BACKEND_URL"):
        monkeypatch.delenv(name, raising=False)
    return Builds(project.home)


def state(
    *resources: dict[str, Any], pending: list[dict[str, Any]] | None = None, **outputs: Any
) -> dict[str, Any]:
    """The JSON of `pulumi stack export`."""
    stack = {"urn": f"urn:pulumi:{STACK}::landfall::pulumi:pulumi:Stack::landfall-{STACK}", "type": "pulumi:pulumi:Stack", "outputs": outputs}  # fmt: skip
    return {
        "version": 3,
        "deployment": {"resources": [stack, *resources], "pending_operations": pending or []},
    }


def preview(*steps: dict[str, Any]) -> dict[str, Any]:
    """The JSON of `pulumi preview --json`."""
    return {"config": {}, "steps": list(steps), "diagnostics": [], "changeSummary": {}}


def held(urn: str, **more: Any) -> dict[str, Any]:
    """A resource in a state or in a preview's step."""
    return {"urn": urn, "type": urn.split("::")[2], "custom": True, "inputs": {}, **more}


def step(op: str, urn: str, **more: Any) -> dict[str, Any]:
    """One step of a preview."""
    one = {"op": op, "urn": urn, **more}
    if op != "create":
        one.setdefault("oldState", held(urn))
    if op != "delete":
        one.setdefault("newState", held(urn))
    return one


def locked(
    user: str = "ci", host: str = "agent-1", pid: int = 5021, at: str = "2026-11-24T00:37:16Z"
) -> str:
    """What the CLI says on stderr where the stack is locked."""
    return (
        "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete "
        "the lock file with `pulumi cancel`.\n"
        f"  file:///state/.pulumi/locks/organization/landfall/{STACK}/b5bb.json?no_tmp_dir=true: "
        f"created by {user}@{host} (pid {pid}) at {at}\n"
    )
