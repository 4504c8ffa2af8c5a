"""Threat detection: GuardDuty always, Security Hub and Inspector in production or where a standard asks.

What is found goes to a topic that the security contact reads. Leaves out acting on findings by itself. An
account where these run already refuses a second: import them (`pulumi import`), as the walk-through says.
Standards' ARNs: https://docs.aws.amazon.com/securityhub/latest/userguide/standards-reference.html (2026-11-24).
"""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from infra.aws.policies import allow, document, services
from infra.aws.provider import cloud
from infra.scope import Scope

_BASE = "aws-foundational-security-best-practices/v/1.0.0"
STANDARDS = {
    "cis": "cis-aws-foundations-benchmark/v/3.0.0",
    "pci-dss": "pci-dss/v/4.0.1",
    "hipaa": "nist-800-53/v/5.0.0",
    "iso-27001": "nist-800-53/v/5.0.0",
    "soc2": "nist-800-53/v/5.0.0",
    "gdpr": _BASE,
}
"""Standard of the intent → the standard of Security Hub that looks nearest at its controls."""
_ALWAYS = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS")
_PRODUCTION = ("EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS")


def build_detection(
    scope: Scope, parent: pulumi.Resource, account: pulumi.Input[str], key: pulumi.Input[str]
) -> None:
    """Detectors and the topic of their findings."""
    prod = scope.intent.environment == "prod"
    _guard_duty(scope, parent, prod)
    if prod or scope.intent.compliance:
        _security_hub(scope, parent)
    if prod:
        aws.inspector2.Enabler(
            "inspector",
            account_ids=[account],
            resource_types=["EC2", "ECR", "LAMBDA"],
            opts=scope.child(parent),
        )
    _findings(scope, parent, key)


def _guard_duty(scope: Scope, parent: pulumi.Resource, prod: bool) -> None:
    detector = aws.guardduty.Detector(
        "guard-duty",
        enable=True,
        finding_publishing_frequency="FIFTEEN_MINUTES" if prod else "SIX_HOURS",
        opts=scope.stateful(parent),
    )
    for feature in (*_ALWAYS, *(_PRODUCTION if prod else ())):
        aws.guardduty.DetectorFeature(
            feature.lower().replace("_", "-"),
            detector_id=detector.id,
            name=feature,
            status="ENABLED",
            opts=scope.child(parent),
        )
    if prod:
        aws.guardduty.DetectorFeature(
            "runtime-monitoring",
            detector_id=detector.id,
            name="RUNTIME_MONITORING",
            status="ENABLED",
            additional_configurations=[
                aws.guardduty.DetectorFeatureAdditionalConfigurationArgs(
                    name="EKS_ADDON_MANAGEMENT", status="ENABLED"
                )
            ],
            opts=scope.child(parent),
        )


def _security_hub(scope: Scope, parent: pulumi.Resource) -> None:
    hub = aws.securityhub.Account(
        "security-hub",
        enable_default_standards=False,
        control_finding_generator="SECURITY_CONTROL",
        opts=scope.child(parent),
    )
    wanted = {_BASE, *(STANDARDS[standard] for standard in scope.intent.compliance)}
    for standard in sorted(wanted):
        aws.securityhub.StandardsSubscription(
            standard.partition("/")[0],
            standards_arn=f"arn:aws:securityhub:{cloud(scope).region}::standards/{standard}",
            opts=scope.child(parent, depends_on=[hub]),
        )


def _findings(scope: Scope, parent: pulumi.Resource, key: pulumi.Input[str]) -> None:
    """Findings of severity 4 and above, to the security contact."""
    topic = aws.sns.Topic(
        "findings",
        name=scope.name("topic", "findings"),
        kms_master_key_id=key,
        opts=scope.child(parent),
    )
    rule = aws.cloudwatch.EventRule(
        "findings",
        name=scope.name("event-rule", "findings"),
        description="GuardDuty findings of medium severity and above",
        event_pattern=json.dumps(
            {
                "source": ["aws.guardduty"],
                "detail-type": ["GuardDuty Finding"],
                "detail": {"severity": [{"numeric": [">=", 4]}]},
            }
        ),
        opts=scope.child(parent),
    )
    aws.sns.TopicPolicy(
        "findings",
        arn=topic.arn,
        policy=document(
            allow(
                # EventBridge takes no condition here: https://docs.aws.amazon.com/eventbridge/latest/
                # userguide/eb-use-resource-based.html. Its targets lie in the rule's own account.
                "Events", ["sns:Publish"], topic.arn, to=services("events.amazonaws.com"),
            )
        ),
        opts=scope.child(parent),
    )  # fmt: skip
    aws.cloudwatch.EventTarget("findings", rule=rule.name, arn=topic.arn, opts=scope.child(parent))
    contacts = scope.intent.contacts
    if contacts is not None:
        aws.sns.TopicSubscription(
            "findings",
            topic=topic.arn,
            protocol="email",
            endpoint=contacts.security,
            opts=scope.child(parent),
        )
