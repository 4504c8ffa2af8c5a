"""`landfall preflight` looks at the account where it can, reads only, ends in time, and says when nothing was looked at."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.exceptions import ServiceException
from moto.servicequotas.models import ServiceQuotasBackend
from typer.testing import CliRunner

from infra.plan.quotas import Need, quotas
from infra.plan.quotas.live import judged, look, run_json
from landfall.cli import build_app
from landfall.intent import Intent
from tests.infra.samples import plan_of, sample

CLI = """#!/bin/sh
case "$*" in
{cases}
esac
echo "unknown: $*" >&2
exit 1
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing but a shell's own commands and what a test puts there."""
    for name in ("sh", "sleep", "cat"):
        (tmp_path / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def cli(path: Path, name: str, answers: dict[str, Any]) -> None:
    """A command that answers each call, told apart by a part of its words, with JSON, or a text as it is."""
    cases = []
    for i, (words, answer) in enumerate(answers.items()):
        text = answer if isinstance(answer, str) else json.dumps(answer)
        (path / f"{name}-{i}.json").write_text(text)
        cases.append(f'*"{words}"*) cat {path}/{name}-{i}.json; exit 0;;')
    script = path / name
    script.write_text(CLI.format(cases="\n".join(cases)))
    script.chmod(script.stat().st_mode | stat.S_IXUSR)


def looked(intent: Intent, stack: str) -> tuple[dict[str, Need], bool, str]:
    there = look(quotas(plan_of(stack), intent), intent, timeout=10)
    return {one.code: one for one in there.needs}, there.live, there.said


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


@pytest.fixture
def aws(no_aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield


class Denied(ServiceException):
    """What Service Quotas says to an identity that may not look."""

    code = "AccessDeniedException"


def limits(monkeypatch: pytest.MonkeyPatch, known: dict[str, float]) -> None:
    """Quotas of EC2 for moto, which knows those of the VPC alone; every other may not be read."""
    vpc = ServiceQuotasBackend.get_service_quota

    def quota(self: ServiceQuotasBackend, service_code: str, quota_code: str) -> dict[str, Any]:
        if quota_code in known:
            return {"QuotaCode": quota_code, "Value": known[quota_code]}
        if service_code == "vpc":
            return vpc(self, service_code, quota_code)
        raise Denied("not authorized to perform servicequotas:GetServiceQuota")

    monkeypatch.setattr(ServiceQuotasBackend, "get_service_quota", quota)


def here(stack: str) -> Intent:
    """The sample's intent, of the account that moto plays."""
    intent = sample(stack)
    return intent.model_copy(
        update={"cloud": intent.cloud.model_copy(update={"account": "123456789012"})}
    )


STACK = "northwind-aws-prod-foundation"


@pytest.mark.usefixtures("no_aws")
def test_without_credentials_nothing_is_checked_and_that_is_said() -> None:
    needs, live, said = looked(sample(STACK), STACK)
    assert not live
    assert "no AWS credentials" in said
    assert {one.state for one in needs.values()} == {"not checked"}


@pytest.mark.usefixtures("no_aws")
def test_the_command_prints_the_requests_then() -> None:
    done = CliRunner().invoke(build_app(), ["preflight", "northwind-aws-dev"])
    assert done.exit_code == 0
    assert "NOTHING WAS CHECKED LIVE" in done.stdout
    assert "aws service-quotas request-service-quota-increase --service-code ec2" in done.stdout
    assert "in words: Northwind Health (dev) asks for" in done.stdout


@pytest.mark.usefixtures("aws")
def test_accounts_are_counted_in_the_organization(monkeypatch: pytest.MonkeyPatch) -> None:
    limits(monkeypatch, {"L-E619E033": 2})
    boto3.client("organizations", "us-east-1").create_organization(FeatureSet="ALL")
    needs, _, _ = looked(here(STACK), STACK)
    accounts = needs["L-E619E033"]
    assert (accounts.limit, accounts.used, accounts.state) == (2, 1, "short")


@pytest.mark.usefixtures("aws")
def test_an_aws_account_is_looked_at_and_its_use_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    limits(monkeypatch, {"L-0263D0A3": 5})
    needs, live, said = looked(here(STACK), STACK)
    assert live
    assert "account 123456789012" in said
    vpcs, addresses = needs["L-F678F1CE"], needs["L-0263D0A3"]
    assert (vpcs.limit, vpcs.used, vpcs.state) == (
        5,
        1,
        "enough",
    )  # moto's account has a default VPC
    assert (addresses.limit, addresses.used, addresses.state) == (5, 0, "enough")


@pytest.mark.usefixtures("aws")
def test_what_the_identity_may_not_read_stays_unknown_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits(monkeypatch, {})
    needs, live, _ = looked(here(STACK), STACK)
    assert live
    assert needs["L-0263D0A3"].state == "unknown"
    assert "not authorized" in needs["L-0263D0A3"].said
    assert needs["L-F678F1CE"].state == "enough"


@pytest.mark.usefixtures("aws")
def test_gpus_that_the_account_lacks_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    limits(monkeypatch, {"L-DB2E81BA": 8, "L-3819A6DF": 96, "L-1216C47A": 640})
    stack = "northwind-aws-prod-ml"
    needs, _, _ = looked(here(stack), stack)
    assert (needs["L-DB2E81BA"].state, needs["L-DB2E81BA"].to_ask) == ("short", True)
    assert (needs["L-3819A6DF"].state, needs["L-3819A6DF"].to_ask) == ("enough", False)
    assert needs["m7i.xlarge"].state in ("enough", "short")  # as the offerings that moto knows
    assert needs["m7i.xlarge"].said.startswith("offered in")


@pytest.mark.usefixtures("aws")
def test_credentials_of_another_account_are_not_asked_further() -> None:
    _, live, said = looked(sample("northwind-aws-prod-ml"), "northwind-aws-prod-ml")
    assert not live
    assert "these credentials are of account 123456789012, the intent names 210987654321" in said


GCP = {
    "auth list": [{"account": "a@b.example", "status": "ACTIVE"}],
    "regions describe": {"quotas": [
        {"metric": "N2_CPUS", "limit": 24.0, "usage": 8.0}, {"metric": "CPUS", "limit": 200.0, "usage": 8.0},
        {"metric": "SSD_TOTAL_GB", "limit": 4096.0, "usage": 0.0},
    ]},
    "project-info describe": {"quotas": [{"metric": "NETWORKS", "limit": 15.0, "usage": 14.0}]},
    "services list": [{"config": {"name": "iam.googleapis.com"}}, {"config": {"name": "serviceusage.googleapis.com"}}],
    "machine-types list": [{"name": "e2-standard-4", "zone": "europe-west1-b"}],
}  # fmt: skip


def test_a_google_project_is_looked_at_by_gcloud(path: Path) -> None:
    cli(path, "gcloud", GCP)
    needs, live, said = looked(sample("harbor-gcp-dev"), "harbor-gcp-dev")
    assert live
    assert "europe-west1" in said
    cpus = needs["N2-CPUS-per-project-region"]
    assert (cpus.amount, cpus.limit, cpus.used, cpus.state) == (32, 24, 8, "short")
    assert needs["NETWORKS-per-project"].state == "enough"
    assert needs["iam.googleapis.com"].state == "enough"
    assert (
        needs["cloudresourcemanager.googleapis.com"].state == "short"
    )  # must be on before the first run
    assert needs["dataproc.googleapis.com"].state == "enough"  # the plan turns it on
    assert needs["e2-standard-4"].said == "offered in europe-west1-b"
    assert needs["n2-standard-8"].state == "short"


def test_the_command_fails_where_the_account_lacks_something(path: Path) -> None:
    cli(path, "gcloud", GCP)
    done = CliRunner().invoke(build_app(), ["preflight", "harbor-gcp-dev", "--output", "json"])
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert told["live"] is True
    short = [one["name"] for one in told["needs"] if one["state"] == "short"]
    assert "N2_CPUS" in short


def test_a_quota_of_gpu_families_is_read_from_the_cloud_quotas_api(path: Path) -> None:
    row = {"dimensions": {"gpu_family": "NVIDIA_H100"}, "details": {"value": "8"}, "applicableLocations": ["europe-west1"]}  # fmt: skip
    cli(path, "gcloud", {**GCP, "quotas info describe": {"dimensionsInfos": [row]}})
    intent = sample("harbor-gcp-dev")
    need = Need(
        "quota", "GPUS_PER_GPU_FAMILY", "GPUS-PER-GPU-FAMILY-per-project-region/gpu_family=NVIDIA_H100", "europe-west1", 16
    )  # fmt: skip
    [there] = look([need], intent).needs
    assert (there.limit, there.state) == (8, "short")


def test_gcloud_that_is_not_logged_in_or_not_there_is_told(path: Path) -> None:
    assert "not on PATH" in looked(sample("harbor-gcp-dev"), "harbor-gcp-dev")[2]
    cli(path, "gcloud", {"auth list": []})
    _, live, said = looked(sample("harbor-gcp-dev"), "harbor-gcp-dev")
    assert not live
    assert "gcloud auth login" in said


def test_an_azure_subscription_is_looked_at_by_az(path: Path) -> None:
    cli(path, "az", {
        "account show": {"id": "x"},
        "vm list-usage": [
            {"name": {"value": "StandardDASv5Family"}, "limit": "10", "currentValue": 4},
            {"name": {"value": "cores"}, "limit": 100, "currentValue": 4},
        ],
        "network list-usages": [{"name": {"value": "PublicIPAddresses"}, "limit": 20, "currentValue": 0}],
        "Microsoft.Fabric/locations/norwayeast/usages": {"value": [
            {"name": {"value": "CapacityQuota"}, "limit": 3, "currentValue": 2, "unit": "CU"}]},
        "provider list": [{"namespace": "Microsoft.ContainerService", "registrationState": "Registered"}],
        "feature show": {"properties": {"state": "Registering"}},
        "list-skus": [{"name": "Standard_D2as_v5", "restrictions": []},
                      {"name": "Standard_D4as_v5", "restrictions": [{"reasonCode": "NotAvailableForSubscription"}]}],
    })  # fmt: skip
    needs, live, _ = looked(sample("fjord-azure-dev"), "fjord-azure-dev")
    assert live
    assert (
        needs["standardDASv5Family"].state == "short"
    )  # the name's case differs and does not matter
    assert needs["cores"].state == "enough"
    assert (needs["CapacityQuota"].limit, needs["CapacityQuota"].state) == (3, "short")
    assert needs["spark-vcores-per-workspace"].state == "unknown"
    assert "before its workspace" in needs["spark-vcores-per-workspace"].said
    assert needs["Microsoft.ContainerService"].state == "enough"
    assert needs["Microsoft.Fabric"].said == "NotRegistered"
    assert needs["Microsoft.PolicyInsights"].said == "NotRegistered"
    host = needs["Microsoft.Compute/EncryptionAtHost"]
    assert (host.said, host.state) == ("Registering", "short")
    assert (
        "az feature register --namespace Microsoft.Compute --name EncryptionAtHost" in host.request
    )
    assert needs["Standard_D2as_v5"].state == "enough"
    assert needs["Standard_D4as_v5"].said == "NotAvailableForSubscription"


def test_a_cli_that_hangs_is_left_and_its_needs_stay_unknown(path: Path) -> None:
    script = path / "slow"
    script.write_text("#!/bin/sh\nexec sleep 30\n")
    script.chmod(0o755)
    began = time.monotonic()
    answer, why = run_json(["slow"], timeout=0.3)
    assert time.monotonic() - began < 5
    assert answer is None
    assert "did not answer within 0.3 s" in why


def test_a_cli_that_answers_nonsense_or_fails_is_told(path: Path) -> None:
    for name, body, told in (
        ("odd", "echo hello", "not JSON"), ("bad", "echo 'ERROR: no access' >&2; exit 3", "ERROR: no access"),
    ):  # fmt: skip
        (path / name).write_text(f"#!/bin/sh\n{body}\n")
        (path / name).chmod(0o755)
        assert told in run_json([name], timeout=5)[1]
    assert "cannot be run" in run_json(["nowhere"], timeout=5)[1]


def test_what_is_used_already_counts_against_the_limit_and_minus_one_is_no_limit() -> None:
    need = Need("quota", "CPUS", "CPUS", "somewhere", amount=10)
    assert judged(need, 12, 2).state == "enough"
    assert judged(need, 12, 3).state == "short"
    assert judged(need, -1).state == "enough"
    assert judged(need, None, said="no answer").state == "unknown"
