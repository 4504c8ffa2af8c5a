"""Keys, audit trail, secret store; threats by alerts, and by Security Command Center where the organization has it.

Everywhere the audit log itself raises alerts (`infra/gcp/alerts.py`). Findings of the Security Command Center go
to a topic where the intent names the organization. Leaves out switching that service on: it is the organization's,
and which tier of it to pay for is its owner's choice; where nobody made it the topic stays empty, and without an
organization there is none. Leaves out identities and their grants. Secrets are made beside what they open; here
is only where they lie.
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import essentialcontacts, logging, pubsub, securitycenter

from infra import contract
from infra.gcp.alerts import channel, watch
from infra.gcp.audit import keep_audit_logs, retention_days
from infra.gcp.keys import platform_keys
from infra.gcp.tenancy import cloud, strict
from infra.scope import Scope

OPERATION = 'severity>=NOTICE AND NOT log_id("cloudaudit.googleapis.com/data_access")'
OFFERED = True


def build_security(
    scope: Scope,
    organization: contract.Organization,
    network: contract.Network,  # noqa: ARG001 (other clouds log their network from here)
) -> contract.Security:
    """The keys, the trail, and what watches it."""
    return Security(scope, organization).outputs


class Security(pulumi.ComponentResource):
    """`outputs` is the contract."""

    def __init__(self, scope: Scope, organization: contract.Organization) -> None:
        super().__init__("landfall:gcp:Security", "security", None, scope.component())
        self.scope = scope
        self.organization = organization
        keys = platform_keys(scope, self, organization)
        log_bucket, keys["logs"] = keep_audit_logs(scope, self, organization)
        workspace = self._operation_logs(keys["logs"])
        self._contacts()
        if cloud(scope.intent).organization:
            self._findings(keys["data"])
        self.outputs = contract.Security(
            keys=keys,
            log_bucket=log_bucket,
            secret_store=pulumi.Output.concat("projects/", organization.tenancy, "/secrets"),
            log_workspace=workspace,
            encryption_identity=pulumi.Output.from_input(""),
        )
        self.register_outputs({"log_bucket": log_bucket})

    def _operation_logs(self, key: pulumi.Output[str]) -> pulumi.Output[str]:
        """Logs of operation in the region, encrypted, where they can be searched."""
        scope = self.scope
        bucket = logging.ProjectBucketConfig(
            "operation",
            project=self.organization.tenancy,
            location=cloud(scope.intent).region,
            bucket_id=scope.name("log-bucket", "operation"),
            description="Logs of operation",
            retention_days=retention_days(scope.intent) if strict(scope.intent) else 30,
            cmek_settings=logging.ProjectBucketConfigCmekSettingsArgs(kms_key_name=key),
            opts=scope.stateful(self),
        )
        logging.ProjectSink(
            "operation",
            name=scope.name("log-sink", "operation"),
            project=self.organization.tenancy,
            destination=pulumi.Output.concat("logging.googleapis.com/", bucket.id),
            filter=OPERATION,
            unique_writer_identity=True,
            opts=scope.child(self),
        )
        return bucket.id

    def _contacts(self) -> None:
        """Whom Google writes to, and whom the alerts write to."""
        contacts = self.scope.intent.contacts
        if contacts is None:  # the intent's rules forbid it on a cloud
            return
        subjects = {
            "technical": (contacts.technical, ["TECHNICAL", "SUSPENSION"]),
            "security": (contacts.security, ["SECURITY"]),
            "billing": (contacts.billing, ["BILLING"]),
        }
        for logical, (address, kinds) in subjects.items():
            essentialcontacts.Contact(
                f"contact-{logical}",
                parent=pulumi.Output.concat("projects/", self.organization.number),
                email=address,
                language_tag="en",
                notification_category_subscriptions=kinds,
                opts=self.scope.child(self),
            )
        watch(self.scope, self, channel(self.scope, self, "security", contacts.security))

    def _findings(self, key: pulumi.Output[str]) -> None:
        """Findings of high and critical severity, as messages that a SOC subscribes to."""
        scope = self.scope
        region = cloud(scope.intent).region
        topic = pubsub.Topic(
            "findings",
            name=scope.name("topic", "findings"),
            kms_key_name=key,
            # Whoever subscribes later still finds the last week.
            message_retention_duration="604800s",
            message_storage_policy=pubsub.TopicMessageStoragePolicyArgs(
                allowed_persistence_regions=[region]
            ),
            labels=scope.labels,
            opts=scope.child(self),
        )
        notice = securitycenter.V2ProjectNotificationConfig(
            "findings",
            config_id=scope.name("finding-notice", "findings"),
            project=self.organization.tenancy,
            location="global",
            description="Active findings of high and critical severity",
            pubsub_topic=topic.id,
            streaming_config=securitycenter.V2ProjectNotificationConfigStreamingConfigArgs(
                filter='state="ACTIVE" AND NOT mute="MUTED" AND '
                '(severity="HIGH" OR severity="CRITICAL")'
            ),
            opts=scope.child(self),
        )
        pubsub.TopicIAMMember(
            "findings-publish",
            topic=topic.id,
            role="roles/pubsub.publisher",
            member=pulumi.Output.concat("serviceAccount:", notice.service_account),
            opts=scope.child(self),
        )
