"""Alerts on what an intruder, or a hurried colleague, would change first: e-mail to the security contact.

They read the audit log itself, so they work in any project, with no Security Command Center. Filters after
CIS Google Cloud Foundation 3.0, 2.4 to 2.11. Leaves out findings of the Security Command Center
(`infra/gcp/security.py`) and alerts on operation (`infra/kubernetes/`).
"""

from __future__ import annotations

from typing import NamedTuple

import pulumi
from pulumi_gcp import monitoring

from infra.scope import Scope


class Alert(NamedTuple):
    """A logical name, what happened, the log entries that say so, and the control."""

    name: str
    title: str
    filter: str
    control: str


ALERTS = (
    Alert(
        "owners",
        "Somebody was made owner of the project",
        'protoPayload.serviceName="cloudresourcemanager.googleapis.com" AND '
        'protoPayload.serviceData.policyDelta.bindingDeltas.action="ADD" AND '
        'protoPayload.serviceData.policyDelta.bindingDeltas.role="roles/owner"',
        "CIS 2.4",
    ),
    Alert(
        "audit-config",
        "What is audited was changed",
        'protoPayload.methodName="SetIamPolicy" AND '
        "protoPayload.serviceData.policyDelta.auditConfigDeltas:*",
        "CIS 2.5",
    ),
    Alert(
        "custom-roles",
        "A custom role was changed",
        'resource.type="iam_role" AND protoPayload.methodName=~"(Create|Delete|Update)Role$"',
        "CIS 2.6",
    ),
    Alert(
        "firewall",
        "The firewall was changed",
        'protoPayload.methodName=~"compute\\.(firewalls|networkFirewallPolicies)\\.'
        '(insert|patch|update|delete|addRule|patchRule|removeRule)$"',
        "CIS 2.7",
    ),
    Alert(
        "routes",
        "A route was changed",
        'resource.type="gce_route" AND protoPayload.methodName=~"compute\\.routes\\.(insert|delete)$"',
        "CIS 2.8",
    ),
    Alert(
        "networks",
        "A network was changed",
        'resource.type="gce_network" AND protoPayload.methodName=~"compute\\.networks\\.'
        '(insert|patch|delete|addPeering|removePeering)$"',
        "CIS 2.9",
    ),
    Alert(
        "bucket-access",
        "Access to a bucket was changed",
        'resource.type="gcs_bucket" AND protoPayload.methodName="storage.setIamPermissions"',
        "CIS 2.10",
    ),
    Alert(
        "keys",
        "A key was disabled or is to be destroyed",
        'protoPayload.serviceName="cloudkms.googleapis.com" AND protoPayload.methodName=~'
        '"(DestroyCryptoKeyVersion|UpdateCryptoKeyVersion)$"',
        "NIST SC-12",
    ),
    Alert(
        "sinks",
        "The path of the logs was changed",
        'protoPayload.serviceName="logging.googleapis.com" AND '
        'protoPayload.methodName=~"(UpdateSink|DeleteSink|UpdateBucket|DeleteBucket)$"',
        "NIST AU-9",
    ),
)


def channel(
    scope: Scope, parent: pulumi.Resource, logical: str, address: str
) -> pulumi.Output[str]:
    """An e-mail address that alerts and budgets can write to."""
    return monitoring.NotificationChannel(
        logical,
        display_name=f"{scope.intent.client.name}: {logical}",
        type="email",
        labels={"email_address": address},
        user_labels=scope.labels,
        opts=scope.child(parent),
    ).name


def watch(scope: Scope, parent: pulumi.Resource, to: pulumi.Output[str]) -> None:
    """Make the alerts; each writes at most once in five minutes."""
    for alert in ALERTS:
        monitoring.AlertPolicy(
            f"alert-{alert.name}",
            display_name=f"{alert.title} ({scope.intent.client.slug} {scope.intent.environment})",
            combiner="OR",
            severity="WARNING",
            conditions=[
                monitoring.AlertPolicyConditionArgs(
                    display_name=alert.title,
                    condition_matched_log=monitoring.AlertPolicyConditionConditionMatchedLogArgs(
                        filter=alert.filter
                    ),
                )
            ],
            alert_strategy=monitoring.AlertPolicyAlertStrategyArgs(
                auto_close="604800s",
                notification_rate_limit=monitoring.AlertPolicyAlertStrategyNotificationRateLimitArgs(
                    period="300s"
                ),
            ),
            documentation=monitoring.AlertPolicyDocumentationArgs(
                content=f"{alert.title}. Expected during a release by Jenkins; otherwise ask who and "
                f"why. Control: {alert.control}.",
                mime_type="text/markdown",
            ),
            notification_channels=[to],
            user_labels=scope.labels,
            opts=scope.child(parent),
        )
