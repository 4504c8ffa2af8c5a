"""The policy pack holds `pulumi preview` to the very policies of `landfall plan`."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from infra.plan.stacks import plan_intent, read_stack
from landfall.project import find_project
from tests.engine.conftest import ROOT, Cli

STACK = "kestrel-gcp-staging"


@pytest.fixture(scope="module")
def packed(cli: Cli) -> Cli:
    if not (ROOT / ".venv-policy").is_dir():
        pytest.skip("NOT PROVEN HERE: no .venv-policy; type: ci/setup.sh policy")
    link = cli.folder / ".venv-policy"
    if not link.exists():
        link.symlink_to(ROOT / ".venv-policy")
    cli.run("stack", "init", f"organization/landfall/{STACK}-packed")
    project = find_project(ROOT)
    cli.cloud.adopt(plan_intent(project, read_stack(project, STACK), STACK))
    return cli


def intent_file(cli: Cli, without_waivers: bool) -> Path:
    sample = yaml.safe_load((ROOT / "stacks" / f"Pulumi.{STACK}.yaml").read_text(encoding="utf-8"))
    if without_waivers:
        del sample["config"]["landfall:intent"]["waivers"]
    path = cli.folder / "stacks" / f"Pulumi.{STACK}-packed.yaml"
    held = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(yaml.safe_dump({**held, **sample}), encoding="utf-8")
    return path


@pytest.mark.parametrize(("without_waivers", "code"), [(False, 0), (True, 1)])
def test_a_sample_passes_with_its_waivers_and_is_refused_without(
    packed: Cli, without_waivers: bool, code: int
) -> None:
    intent_file(packed, without_waivers)
    told = packed.run(
        "preview", "--stack", f"{STACK}-packed", "--policy-pack", "infra/policy", expect=None
    )
    said = told.stdout + told.stderr
    assert told.returncode == code, said[:4000]
    assert ("[mandatory]" in said) == without_waivers
