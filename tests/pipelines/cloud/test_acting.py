"""By Jenkins' token a step and a model's command are their own workloads to AWS: the real clients exchange it at moto.

The exchange is what is tried; that AWS lets these jobs alone do it is in the roles' trust (tests/infra/aws). Leaves out
Google Cloud and Azure, whose token services have no stand-in.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.pipelines.cloud import lakes
from tests.pipelines.cloud.platforms import SAMPLES, changed
from tests.pipelines.cloud.project import flights_project

ACCOUNT = "123456789012"
JENKINS = {"issuer": "https://jenkins.example.com/oidc"}


def assumed() -> list[tuple[str, str]]:
    """Role and session of every exchange that moto made."""
    from moto.sts.models import sts_backends

    backends = sts_backends[ACCOUNT].values()
    return [
        (one.role_arn, one.session_name) for backend in backends for one in backend.assumed_roles
    ]


def test_a_step_and_a_models_command_exchange_the_token_for_their_own_role(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roles = {
        one: f"arn:aws:iam::{ACCOUNT}:role/northwind-{one}"
        for one in ("ingest", "transform", "train")
    }
    token = tmp_path / "token"
    token.write_text("header.payload.signature", encoding="utf-8")
    wheel = tmp_path / "landfall-0.0.0-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    with lakes.aws(tmp_path / "home") as lake:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            lake.variables.pop(name, None)  # an agent has no keys
            monkeypatch.delenv(name, raising=False)
        flights = flights_project(
            tmp_path / "project", SAMPLES["aws"], changed(lake.platform, identities=roles)
        )
        flights.variables.update(lake.variables, LANDFALL_OIDC_TOKEN_FILE=str(token))
        file = flights.root / "stacks" / f"Pulumi.{SAMPLES['aws']}.yaml"
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        content["config"]["landfall:intent"]["jenkins"] = JENKINS
        file.write_text(yaml.safe_dump(content), encoding="utf-8")

        before = assumed()
        told = flights.landfall("run", "--month", "2013-02", "--from", "land", "--to", "land")
        assert [step["name"] for step in told["steps"]] == ["land"]
        landed = assumed()[len(before) :]
        assert set(landed) == {(roles["ingest"], "landfall-data")}
        staged = flights.landfall("code", "stage", str(wheel))
        assert staged["uri"].startswith(lake.platform.storage.artifacts)
        assert set(assumed()[len(before) + len(landed) :]) == {(roles["train"], "landfall-data")}
