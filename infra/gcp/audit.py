"""The audit trail: every administrative act and every access to data, in a locked bucket of its own.

Where projects are created, the bucket and its key lie in a project beside the platform's folder, which the
platform's people do not administer. In an adopted project the lock is the boundary: nobody, its owners
included, can delete a log or the bucket before the retention ends. A bucket that the intent names is used
instead. Leaves out logs of operation (`infra/gcp/security.py`).
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import logging, organizations, projects, storage

from infra import contract
from infra.gcp.agents import key_user
from infra.gcp.keys import key, ring
from infra.gcp.services import AUDIT
from infra.gcp.tenancy import above, cloud, project_id, strict
from infra.gcp.waiting import after
from infra.scope import Scope
from landfall.intent import Intent

FILTER = (
    'log_id("cloudaudit.googleapis.com/activity") OR log_id("cloudaudit.googleapis.com/data_access") '
    'OR log_id("cloudaudit.googleapis.com/policy") OR log_id("cloudaudit.googleapis.com/system_event") '
    'OR log_id("cloudaudit.googleapis.com/access_transparency")'
)
# 45 CFR 164.316(b)(2): six years; PCI DSS 4.0, 10.5.1: twelve months.
_YEARS = {"hipaa": 2192, "pci-dss": 366}


def retention_days(intent: Intent) -> int:
    """How long audit logs are kept: what the standards ask for, 400 days in production, else 30."""
    least = 400 if intent.environment == "prod" else 30
    return max([least, *(_YEARS.get(one, 0) for one in intent.compliance)])


def keep_audit_logs(
    scope: Scope, parent: pulumi.Resource, organization: contract.Organization
) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
    """Returns the bucket's name and the id of the logs' key."""
    _record_everything(scope, parent, "audit", organization.tenancy)
    project, number, waits = _boundary(scope, parent, organization)
    users = [
        # Asked only once the project's services are on.
        ("storage", key_user(scope, "storage", after(project, waits), number)),
        ("logging", key_user(scope, "logging", organization.tenancy, organization.number)),
    ]
    logs_key = key(scope, parent, "logs", ring(scope, parent, "logs", project), users, waits)
    adopted = scope.intent.network.adopt.log_bucket
    bucket = (
        pulumi.Output.from_input(adopted) if adopted else _bucket(scope, parent, project, logs_key)
    )
    sink = logging.ProjectSink(
        "audit",
        name=scope.name("log-sink", "audit"),
        project=organization.tenancy,
        destination=pulumi.Output.concat("storage.googleapis.com/", bucket),
        filter=FILTER,
        unique_writer_identity=True,
        opts=scope.child(parent),
    )
    storage.BucketIAMMember(
        "audit-sink-writes",
        bucket=bucket,
        # Creates, and neither reads, overwrites nor deletes.
        role="roles/storage.objectCreator",
        member=sink.writer_identity,
        opts=scope.child(parent),
    )
    return bucket, logs_key


def _boundary(
    scope: Scope, parent: pulumi.Resource, organization: contract.Organization
) -> tuple[pulumi.Input[str], pulumi.Input[str], list[pulumi.CustomResource]]:
    """The project of the logs, its number, and what must be there first."""
    if not above(scope.intent):
        return organization.tenancy, organization.number, []
    own = project_id(scope.intent, "audit")
    place = above(scope.intent)
    number = place.partition("/")[2]
    project = organizations.Project(
        "audit",
        name=own,
        project_id=own,
        folder_id=number if place.startswith("folders/") else None,
        org_id=number if place.startswith("organizations/") else None,
        billing_account=cloud(scope.intent).billing_account,
        auto_create_network=False,
        deletion_policy="PREVENT",
        labels=scope.labels,
        opts=scope.stateful(parent),
    )
    on: list[pulumi.CustomResource] = [
        projects.Service(
            f"audit-{service}",
            project=project.project_id,
            service=f"{service}.googleapis.com",
            disable_on_destroy=False,
            opts=scope.child(parent),
        )
        for service in AUDIT
    ]
    _record_everything(scope, parent, "audit-itself", project.project_id)
    return project.project_id, project.number, on


def _record_everything(
    scope: Scope, parent: pulumi.Resource, logical: str, project: pulumi.Input[str]
) -> None:
    """Who read and who wrote, besides who administered (CIS 2.1); in dev, reads are left out: they cost."""
    kinds = ["ADMIN_READ", "DATA_WRITE"]
    if strict(scope.intent) or scope.intent.compliance:
        kinds.append("DATA_READ")
    projects.IAMAuditConfig(
        logical,
        project=project,
        service="allServices",
        audit_log_configs=[
            projects.IAMAuditConfigAuditLogConfigArgs(log_type=kind) for kind in kinds
        ],
        opts=scope.child(parent),
    )


def _bucket(
    scope: Scope,
    parent: pulumi.Resource,
    project: pulumi.Input[str],
    logs_key: pulumi.Output[str],
) -> pulumi.Output[str]:
    days = retention_days(scope.intent)
    bucket = storage.Bucket(
        "audit-logs",
        name=scope.name("bucket", "audit-logs"),
        project=project,
        location=cloud(scope.intent).region,
        storage_class="STANDARD",
        uniform_bucket_level_access=True,
        public_access_prevention="enforced",
        force_destroy=False,
        encryption=storage.BucketEncryptionArgs(default_kms_key_name=logs_key),
        # A bucket has either versions or a retention policy; here nothing is ever overwritten.
        retention_policy=storage.BucketRetentionPolicyArgs(
            is_locked=True, retention_period=str(days * 86400)
        ),
        soft_delete_policy=storage.BucketSoftDeletePolicyArgs(retention_duration_seconds=604800),
        lifecycle_rules=[
            storage.BucketLifecycleRuleArgs(
                action=storage.BucketLifecycleRuleActionArgs(
                    type="SetStorageClass", storage_class="COLDLINE"
                ),
                condition=storage.BucketLifecycleRuleConditionArgs(age=30),
            ),
            storage.BucketLifecycleRuleArgs(
                action=storage.BucketLifecycleRuleActionArgs(type="Delete"),
                condition=storage.BucketLifecycleRuleConditionArgs(age=days + 1),
            ),
        ],
        labels=scope.labels,
        opts=scope.stateful(parent),
    )
    return bucket.name
