"""Where the state lies, and its key, as grants name them; no grant for a state that lies elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.release.builds import FOLDER
from infra.state_bucket import NOTES, SCHEMES, StateBucket, state_bucket
from landfall.errors import UsageError
from landfall.intent import Intent, parse_intent
from landfall.project import find_project

PROJECT = find_project(Path(__file__))
ISSUER = "https://jenkins.example.com/oidc"
STACKS = {"gcp": "harbor-gcp-dev", "aws": "northwind-aws-dev", "azure": "fjord-azure-dev"}
STATES = {
    "gcp": "gs://acme-state",
    "aws": "s3://acme-state/dev?region=us-east-1",
    "azure": "azblob://state?storage_account=acmestate",
}
KEYS = {
    "gcp": "gcpkms://projects/acme/locations/europe-west4/keyRings/pulumi/cryptoKeys/state",
    "aws": "awskms:///arn:aws:kms:us-east-1:123456789012:key/1111-2222?region=us-east-1",
    "azure": "azurekeyvault://acme-state.vault.azure.net/keys/state",
}
FOUND = {
    "gcp": StateBucket(
        "acme-state",
        "",
        "",
        "projects/acme/locations/europe-west4/keyRings/pulumi/cryptoKeys/state",
    ),
    "aws": StateBucket("acme-state", "dev", "", "arn:aws:kms:us-east-1:123456789012:key/1111-2222"),
    "azure": StateBucket("state", "", "acmestate", "acme-state/state"),
}


def intent_of(cloud: str, **jenkins: Any) -> Intent:
    raw = {"issuer": ISSUER, "approvers": ["a@example.com"], **jenkins}
    return parse_intent({**PROJECT.read_stack(STACKS[cloud]), "jenkins": raw}, "a test")


@pytest.mark.parametrize("cloud", STACKS)
def test_bucket_folder_and_key_are_found(cloud: str) -> None:
    given = intent_of(cloud, state=STATES[cloud], state_key=KEYS[cloud])
    assert state_bucket(given) == FOUND[cloud]


@pytest.mark.parametrize("cloud", STACKS)
def test_a_state_that_lies_elsewhere_is_granted_by_nobody_here(cloud: str) -> None:
    assert state_bucket(intent_of(cloud)) is None
    assert state_bucket(intent_of(cloud, state="https://api.pulumi.com")) is None
    for other, state in STATES.items():
        if other != cloud:
            assert state_bucket(intent_of(cloud, state=state)) is None


def test_builds_are_noted_where_the_register_lies() -> None:
    assert NOTES == FOLDER
    assert FOUND["gcp"].notes == "landfall/builds/"
    assert FOUND["aws"].notes == "dev/landfall/builds/"
    assert set(SCHEMES.values()) == set(STACKS)


@pytest.mark.parametrize(
    "wrong",
    [
        "awskms://alias/state?region=us-east-1",  # an alias is no resource that a grant names
        "awskms:///arn:aws:kms:us-east-1:123456789012:key/1111",  # Pulumi wants the region, too
        "gcpkms://projects/acme/locations/europe-west4/keyRings/pulumi",
        "azurekeyvault://acme/keys/state",
        "passphrase",
    ],
)
def test_a_key_of_another_form_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError, match="state_key"):
        intent_of("aws", state=STATES["aws"], state_key=wrong)
