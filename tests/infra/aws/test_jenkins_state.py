"""Jenkins' preview role and the state: it reads, opens secrets, and writes only what builds note."""

from __future__ import annotations

import json
from typing import Any

from tests.infra.aws.conftest import DEV, named
from tests.infra.foundation import foundation_of

KEY = "arn:aws:kms:us-east-1:123456789012:key/1111-2222"
POLICY = "iam/rolePolicy:RolePolicy"


def statements(**jenkins: Any) -> dict[str, dict[str, Any]]:
    plan = foundation_of(DEV, **jenkins)
    found = named(plan, POLICY, "jenkins-preview-reads-state")
    return {one["Sid"]: one for one in json.loads(found.inputs["policy"])["Statement"]}


def test_the_preview_role_reads_the_state_and_writes_what_builds_note() -> None:
    found = statements(
        state="s3://acme-state/dev?region=us-east-1", state_key=f"awskms:///{KEY}?region=us-east-1"
    )
    changes = {"Put", "Delete", "Restore", "Create"}
    writes = {
        sid: one["Resource"]
        for sid, one in found.items()
        if any(action.split(":")[1].startswith(tuple(changes)) for action in one["Action"])
    }
    assert writes == {"NoteBuilds": ["arn:aws:s3:::acme-state/dev/landfall/builds/*"]}
    assert found["ReadState"]["Resource"] == ["arn:aws:s3:::acme-state/dev/*"]
    assert found["FindState"]["Resource"] == ["arn:aws:s3:::acme-state"]
    assert (found["OpenState"]["Action"], found["OpenState"]["Resource"]) == (
        ["kms:Decrypt", "kms:GenerateDataKey"],
        [KEY],
    )


def test_without_a_key_none_is_opened() -> None:
    assert set(statements(state="s3://acme-state")) == {"FindState", "ReadState", "NoteBuilds"}


def test_without_a_bucket_of_amazon_s_nothing_is_granted() -> None:
    for state in (None, "gs://acme-state"):
        plan = foundation_of(DEV, state=state)
        assert not [one for one in plan.resources if one.name == "jenkins-preview-reads-state"]
