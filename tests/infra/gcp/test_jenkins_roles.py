"""What Jenkins may do on Google Cloud suffices for what a stack takes, and opens no data to whoever only looks."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from infra.gcp.jenkins_roles import DEPLOY, PREVIEW, PREVIEW_ALSO
from infra.plan.model import Plan, Resource
from infra.plan.quotas.permissions import wanted
from tests.infra.gcp.conftest import named

GRANTS = "roles/resourcemanager.projectIamAdmin"
"""What deploy holds besides, under a condition."""
READ_IN_PLACE = {"storage.objects.get"}
"""Granted on the one bucket that holds code of ours."""
BY_A_PERSON = {"compute.reservations.create", "compute.reservations.delete"}


@cache
def facts() -> dict[str, Any]:
    return yaml.safe_load(Path(__file__).with_name("roles.yaml").read_text(encoding="utf-8"))


def held(*roles: str) -> set[str]:
    return {permission for role in roles for permission in facts()["roles"][role]}


def reads(permissions: set[str]) -> set[str]:
    """What a look for drift asks for: each resource is read back, and who may use it."""
    return {one for one in permissions if one.rpartition(".")[2] in ("get", "list", "getIamPolicy")}


def test_every_role_is_known_by_what_it_holds() -> None:
    assert set(facts()["roles"]) == {*PREVIEW, *DEPLOY, GRANTS}


def test_preview_reads_every_kind_of_resource_that_a_stack_holds(plan: Plan) -> None:
    asked = reads(set(wanted(plan.resources)))
    assert len(asked) > 40
    assert asked - held(*PREVIEW) <= READ_IN_PLACE


def test_deploy_may_all_that_a_stack_takes_but_buy_capacity(plan: Plan) -> None:
    asked = set(wanted(plan.resources))
    assert asked - held(*DEPLOY, GRANTS) <= BY_A_PERSON


def test_preview_opens_no_data_and_changes_nothing() -> None:
    opened = {*held(*PREVIEW), *PREVIEW_ALSO}
    assert not opened & set(facts()["data"])
    assert reads(opened) == opened


def test_preview_reads_back_what_of_ours_lies_in_a_bucket_or_a_secret_and_nothing_beside(
    adopts: Plan,
) -> None:
    account = named(adopts, "serviceaccount/account:Account")["jenkins-preview"]

    def held_by_preview(kind: str) -> Resource:
        (found,) = [one for one in named(adopts, kind).values() if account.urn in one.deps]
        return found

    bucket = held_by_preview("storage/bucketIAMMember:BucketIAMMember")
    code = named(adopts, "storage/bucket:Bucket")["stop-code"]
    assert bucket.inputs["bucket"] == code.inputs["name"]
    secret = held_by_preview("secretmanager/secretIamMember:SecretIamMember")
    assert named(adopts, "secretmanager/secret:Secret")["password"].urn in secret.deps
