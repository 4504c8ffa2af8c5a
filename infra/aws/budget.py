"""The month's budget over the account, whom it tells, and the stop that the intent may ask for.

Alerts go to the billing contact and to a topic; a forecast of overspending counts as one. Leaves out other
accounts' costs, and any currency but US dollars: AWS Budgets takes no other, so the intent may name none.
"""

from __future__ import annotations

from pathlib import Path

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.identity import BoundedIdentity
from infra.aws.policies import Value, allow, document, from_account, services, trust
from infra.aws.provider import cloud
from infra.aws.roles import grant, role
from infra.scope import Scope
from landfall.errors import LandfallError

OFFERED = True
CODE = Path(__file__).with_name("stop_gpus") / "handler.py"


class Budget(pulumi.ComponentResource):
    """Topics, the budget and, where asked for, the function that stops GPUs."""

    def __init__(
        self, scope: Scope, organization: contract.Organization, identity: BoundedIdentity
    ) -> None:
        super().__init__("landfall:aws:Budget", "budget", None, scope.component())
        wanted, contacts = scope.intent.budget, scope.intent.contacts
        if wanted is None or contacts is None:
            raise LandfallError("A stack on AWS needs a budget and contacts.")
        self._scope, self._account = scope, organization.tenancy
        self._limit, self._key = identity.boundary, identity.notice_key
        self.topic = self._topic("spending")
        stop = self._topic("stop") if wanted.hard_stop else None
        at: list[float] = sorted({*wanted.alerts, 1.0} if stop else wanted.alerts)
        notices = [
            # A notification has one topic at most; at the whole amount it is the one that stops.
            self._notice("ACTUAL", share, contacts.billing, stop if stop and share == 1 else self.topic)
            for share in at
        ]  # fmt: skip
        notices.append(self._notice("FORECASTED", 1.0, contacts.billing, self.topic))
        self.budget = aws.budgets.Budget(
            "month",
            name=scope.name("budget", "month"),
            account_id=self._account,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=f"{wanted.amount:.2f}",
            limit_unit=wanted.currency,
            notifications=notices,
            opts=scope.child(self),
        )
        self.stop = self._stop(stop) if stop else pulumi.Output.from_input("")
        self.register_outputs({})

    def _topic(self, purpose: str) -> aws.sns.Topic:
        """A topic that AWS Budgets may publish to; encrypted by AWS's key for SNS would shut Budgets out."""
        scope = self._scope
        topic = aws.sns.Topic(
            purpose,
            name=scope.name("topic", purpose),
            kms_master_key_id=self._key,
            opts=scope.child(self),
        )
        aws.sns.TopicPolicy(
            purpose,
            arn=topic.arn,
            policy=document(
                allow(
                    "Budgets", ["sns:Publish"], topic.arn, to=services("budgets.amazonaws.com"),
                    when=from_account(self._account),
                )
            ),
            opts=scope.child(self),
        )  # fmt: skip
        return topic

    @staticmethod
    def _notice(
        kind: str, share: float, mail: str, topic: aws.sns.Topic
    ) -> aws.budgets.BudgetNotificationArgs:
        return aws.budgets.BudgetNotificationArgs(
            comparison_operator="GREATER_THAN",
            notification_type=kind,
            threshold=round(share * 100, 2),
            threshold_type="PERCENTAGE",
            subscriber_email_addresses=[mail],
            subscriber_sns_topic_arns=[topic.arn],
        )

    def _stop(self, topic: aws.sns.Topic) -> pulumi.Output[str]:
        """The function that sends GPU node groups to zero, and the only role that may."""
        scope, name = self._scope, self._scope.name("function", "stop-gpus")
        acts = role(
            scope, self, "stop-gpus",
            trust=[trust(services("lambda.amazonaws.com"))],
            limit=self._limit,
            what="Sends GPU node groups to zero",
        )  # fmt: skip
        log = aws.cloudwatch.LogGroup(
            "stop-gpus",
            name=f"/aws/lambda/{name}",
            kms_key_id=self._key,
            retention_in_days=365,
            opts=scope.child(self),
        )
        cluster = scope.name("cluster", "platform")
        grant(scope, self, "stop-gpus", acts.name, *self._may(cluster, log.arn))
        function = aws.lambda_.Function(
            "stop-gpus",
            name=name,
            description="At the budget's end: GPU node groups to zero",
            runtime="python3.13",
            architectures=["arm64"],
            handler="handler.handle",
            code=pulumi.AssetArchive(
                {"handler.py": pulumi.StringAsset(CODE.read_text(encoding="utf-8"))}
            ),
            role=acts.arn,
            timeout=120,
            memory_size=128,
            environment=aws.lambda_.FunctionEnvironmentArgs(variables={"CLUSTER": cluster}),
            logging_config=aws.lambda_.FunctionLoggingConfigArgs(
                log_format="JSON", log_group=log.name
            ),
            opts=scope.child(self),
        )
        aws.lambda_.Permission(
            "stop-gpus",
            action="lambda:InvokeFunction",
            function=function.name,
            principal="sns.amazonaws.com",
            source_arn=topic.arn,
            opts=scope.child(self),
        )
        aws.sns.TopicSubscription(
            "stop-gpus",
            topic=topic.arn,
            protocol="lambda",
            endpoint=function.arn,
            opts=scope.child(self),
        )
        return function.arn

    def _may(self, cluster: str, log: Value):
        region = cloud(self._scope).region
        base = pulumi.Output.concat("arn:aws:eks:", region, ":", self._account)
        clusters = pulumi.Output.concat(base, ":cluster/", cluster)
        groups = pulumi.Output.concat(base, ":nodegroup/", cluster, "/*")
        return [
            allow("List", ["eks:ListNodegroups"], clusters),
            allow("Stop", ["eks:DescribeNodegroup", "eks:UpdateNodegroupConfig"], groups),
            allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], pulumi.Output.concat(log, ":*")),
        ]  # fmt: skip


def build_budget(
    scope: Scope, organization: contract.Organization, identity: BoundedIdentity
) -> contract.Budget:
    """Build the budget; `stop` is the function's ARN, empty without a hard stop."""
    made = Budget(scope, organization, identity)
    return contract.Budget(id=made.budget.id, topic=made.topic.arn, stop=made.stop)
