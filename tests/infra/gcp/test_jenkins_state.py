"""Jenkins' accounts and the state: one reads, and notes what builds find; one writes; both open its secrets."""

from __future__ import annotations

from typing import Any

from tests.infra.foundation import foundation_of
from tests.infra.gcp.conftest import DEV, named

KEY = "projects/acme/locations/europe-west4/keyRings/pulumi/cryptoKeys/state"
PLAN = {"state": "gs://acme-state/one", "state_key": f"gcpkms://{KEY}"}


def granted(kind: str, **jenkins: Any) -> dict[str, tuple[str, str, str]]:
    """Name → what is opened, the role, who."""
    found = {}
    for name, one in named(foundation_of(DEV, **jenkins), kind).items():
        if "state" in name or "notes-builds" in name:
            what = one.inputs.get("bucket") or one.inputs["cryptoKeyId"]
            found[name] = (what, one.inputs["role"].removeprefix("roles/"), one.inputs["member"])
    return found


def test_one_reads_the_state_and_the_other_writes_it() -> None:
    found = granted("storage/bucketIAMMember:BucketIAMMember", **PLAN)
    who = {name: member.partition("@")[0] for name, (_, _, member) in found.items()}
    assert {name: (what, role) for name, (what, role, _) in found.items()} == {
        "jenkins-preview-reads-state": ("acme-state", "storage.objectViewer"),
        "jenkins-preview-notes-builds": ("acme-state", "storage.objectUser"),
        "jenkins-deploy-writes-state": ("acme-state", "storage.objectUser"),
    }
    assert all(name.split("-")[1] in who[name] for name in who)


def test_what_the_reader_writes_is_no_part_of_the_state() -> None:
    grants = named(foundation_of(DEV, **PLAN), "storage/bucketIAMMember:BucketIAMMember")
    written = [
        one
        for name, one in grants.items()
        if "jenkins-preview" in name and one.inputs["role"] == "roles/storage.objectUser"
    ]
    (notes,) = written
    objects = "projects/_/buckets/acme-state/objects/one/landfall/builds/"
    assert notes.inputs["condition"]["expression"] == f'resource.name.startsWith("{objects}")'


def test_both_open_secrets_and_neither_administers_the_key() -> None:
    found = granted("kms/cryptoKeyIAMMember:CryptoKeyIAMMember", **PLAN)
    assert {(what, role) for what, role, _ in found.values()} == {
        (KEY, "cloudkms.cryptoKeyDecrypter")
    }
    assert set(found) == {"jenkins-preview-opens-state", "jenkins-deploy-opens-state"}


def test_without_a_bucket_of_google_s_nothing_is_granted() -> None:
    for state in (None, "s3://acme-state"):
        assert not granted("storage/bucketIAMMember:BucketIAMMember", state=state)
