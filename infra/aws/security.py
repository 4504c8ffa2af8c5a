"""Keys, the audit trail, records, threat detection, the account's switches and the secret store.

Secrets are made without a value: the client writes it, so none passes through a plan. Leaves out who reads a
secret (`identity.py`). Each part stands in a module of its own, beside its sources.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.account import set_switches
from infra.aws.buckets import ACCESS_LOGS, AUDIT
from infra.aws.detection import build_detection
from infra.aws.keys import build_keys
from infra.aws.log_archive import build_log_archive
from infra.aws.network import HubAndSpoke
from infra.aws.organization import Accounts
from infra.aws.policies import document
from infra.aws.provider import cloud
from infra.aws.records import build_access_logs, build_records
from infra.aws.roles import boundary_name, ceiling
from infra.aws.trail import audit_bucket, build_trail, platform_events, proof_days, trail_arn
from infra.scope import Scope
from infra.sources import stored_passwords

OFFERED = True


class Security(pulumi.ComponentResource):
    """What keeps and proves."""

    def __init__(self, scope: Scope, organization: Accounts, network: HubAndSpoke) -> None:
        super().__init__("landfall:aws:Security", "security", None, scope.component())
        account = organization.tenancy
        self.boundary = aws.iam.Policy(
            "boundary",
            name=boundary_name(scope),
            description="No role of the platform may do more",
            policy=document(*ceiling(scope)),
            opts=scope.child(self),
        )
        self.keys = build_keys(scope, self, account)
        logs = self.keys["logs"].arn
        set_switches(scope, self, organization)
        self.access_logs = build_access_logs(scope, self, ACCESS_LOGS, account)
        self.log_bucket, key = self._kept_in(scope, organization)
        build_trail(scope, self, AUDIT, self.log_bucket, key, platform_events(scope))
        build_records(scope, self, organization, network, logs, self.boundary, self.access_logs)
        build_detection(scope, self, account, logs)
        self.log_group = aws.cloudwatch.LogGroup(
            "services",
            name=f"/landfall/{scope.name('log-group', 'services')}",
            kms_key_id=logs,
            retention_in_days=retention(proof_days(scope)),
            opts=scope.stateful(self),
        )
        self._secrets(scope)
        self.register_outputs({})

    def _kept_in(
        self, scope: Scope, organization: Accounts
    ) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """The bucket that the trail writes to, and the key that it writes under."""
        logs = self.keys["logs"].arn
        if cloud(scope).log_archive_email:
            return build_log_archive(scope, self, organization)
        adopted = scope.intent.network.adopt.log_bucket
        if adopted:
            return pulumi.Output.from_input(adopted), logs
        account = organization.tenancy
        trails = [trail_arn(scope, account)]
        return audit_bucket(scope, self, AUDIT, account, logs, trails, self.access_logs), logs

    def _secrets(self, scope: Scope) -> None:
        prefix = secret_prefix(scope)
        for source in stored_passwords(scope.intent):
            aws.secretsmanager.Secret(
                f"source-{source.dataset}",
                name=f"{prefix}{source.password_secret}",
                description=f"Password of {source.user} at the source of {source.dataset}",
                kms_key_id=self.keys["secrets"].arn,
                recovery_window_in_days=30,
                opts=scope.stateful(self),
            )


def secret_prefix(scope: Scope) -> str:
    """What the names of the platform's secrets begin with."""
    return f"{scope.intent.client.slug}-{scope.intent.environment}/"


def retention(days: int) -> int:
    """The least retention of log groups that CloudWatch offers and that is no shorter (PutRetentionPolicy)."""
    offered = (30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3653)
    return next(one for one in offered if one >= days)


def build_security(scope: Scope, organization: Accounts, network: HubAndSpoke) -> contract.Security:
    """Build all of it; the log group's name is known once the roles' boundary and the access logs' bucket are there."""
    made = Security(scope, organization, network)
    ready = pulumi.Output.all(made.log_group.name, made.boundary.arn, made.access_logs)
    return contract.Security(
        keys={domain: key.arn for domain, key in made.keys.items()},
        log_bucket=made.log_bucket,
        secret_store=pulumi.Output.from_input(secret_prefix(scope)),
        log_workspace=ready.apply(lambda got: got[0]),
        encryption_identity=pulumi.Output.from_input(""),
    )
