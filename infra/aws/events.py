"""Object created in the landing zone → topic → queue, with dead letters: what tells the flow of new files.

S3 publishes to the topic itself, for this bucket and account only. An adopted landing bucket keeps the client's
own notifications, which a new one would replace: there the client adds the topic to them (the policy lets
it in already). Leaves out who works the queue off: `landfall listen`.
"""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.access import CONSUMERS, PUBLISHERS
from infra.aws.policies import EVERYONE, allow, deny, document, from_account, services
from infra.aws.provider import cloud
from infra.aws.roles import grant
from infra.scope import Scope

OFFERED = True
DELIVERIES = 5
"""After so many attempts a message is set aside."""
LEASE = 300
"""Seconds for which a message is hidden while it is worked on; the bus extends it."""
FOURTEEN_DAYS = 14 * 24 * 3600


class Events(pulumi.ComponentResource):
    """Topic, queue and dead letters."""

    def __init__(self, scope: Scope, foundation: contract.Foundation, lake: contract.Lake) -> None:
        super().__init__("landfall:aws:Events", "events", None, scope.component())
        self._scope, self._account = scope, foundation.organization.tenancy
        self._key = foundation.security.keys["data"]
        self.topic = aws.sns.Topic(
            "landing",
            name=scope.name("topic", "landing"),
            kms_master_key_id=self._key,
            opts=scope.child(self),
        )
        policy = self._publishers(pulumi.Output.concat("arn:aws:s3:::", lake.buckets["landing"]))
        self.dead = self._queue("flow-dead", None)
        self.queue = self._queue("flow", self.dead)
        self._admit(self.queue)
        aws.sqs.RedriveAllowPolicy(
            "flow-dead",
            queue_url=self.dead.id,
            redrive_allow_policy=self.queue.arn.apply(
                lambda arn: json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [arn]})
            ),
            opts=scope.child(self),
        )
        aws.sns.TopicSubscription(
            "flow",
            topic=self.topic.arn,
            protocol="sqs",
            endpoint=self.queue.arn,
            raw_message_delivery=True,
            opts=scope.child(self),
        )
        if "landing" not in scope.intent.network.adopt.buckets:
            aws.s3.BucketNotification(
                "landing",
                bucket=lake.buckets["landing"],
                topics=[
                    aws.s3.BucketNotificationTopicArgs(
                        id="landing", topic_arn=self.topic.arn, events=["s3:ObjectCreated:*"]
                    )
                ],
                opts=scope.child(self, depends_on=[policy]),
            )
        self._grants(foundation)
        self.register_outputs({})

    def _publishers(self, bucket: pulumi.Output[str]) -> aws.sns.TopicPolicy:
        own = from_account(self._account)
        return aws.sns.TopicPolicy(
            "landing",
            arn=self.topic.arn,
            policy=document(
                allow(
                    "Bucket", ["sns:Publish"], self.topic.arn, to=services("s3.amazonaws.com"),
                    when={**own, "ArnLike": {"aws:SourceArn": bucket}},
                ),
                deny(
                    "TlsOnly", ["sns:Publish"], self.topic.arn, to=EVERYONE,
                    when={"Bool": {"aws:SecureTransport": "false"}},
                ),
            ),
            opts=self._scope.child(self),
        )  # fmt: skip

    def _queue(self, purpose: str, dead: aws.sqs.Queue | None) -> aws.sqs.Queue:
        redrive = dead.arn.apply(_redrive) if dead else None
        return aws.sqs.Queue(
            purpose,
            name=self._scope.name("queue", purpose),
            kms_master_key_id=self._key,
            kms_data_key_reuse_period_seconds=3600,
            message_retention_seconds=FOURTEEN_DAYS,
            visibility_timeout_seconds=LEASE,
            receive_wait_time_seconds=20,
            redrive_policy=redrive,
            opts=self._scope.child(self),
        )

    def _admit(self, queue: aws.sqs.Queue) -> None:
        aws.sqs.QueuePolicy(
            "flow",
            queue_url=queue.id,
            policy=document(
                allow(
                    "Topic", ["sqs:SendMessage"], queue.arn, to=services("sns.amazonaws.com"),
                    when={"ArnEquals": {"aws:SourceArn": self.topic.arn}},
                ),
                deny(
                    "TlsOnly", ["sqs:*"], queue.arn, to=EVERYONE,
                    when={"Bool": {"aws:SecureTransport": "false"}},
                ),
            ),
            opts=self._scope.child(self),
        )  # fmt: skip

    def _grants(self, foundation: contract.Foundation) -> None:
        """Who works the queue off, and who publishes notices besides the bucket's own."""
        reads = [
            "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility",
            "sqs:GetQueueAttributes", "sqs:GetQueueUrl",
        ]  # fmt: skip
        for workload in dict.fromkeys((*PUBLISHERS, *CONSUMERS)):
            statements = [allow("Key", ["kms:Decrypt", "kms:GenerateDataKey*"], self._key)]
            if workload in CONSUMERS:
                statements.append(allow("Work", reads, [self.queue.arn, self.dead.arn]))
            if workload in PUBLISHERS:
                statements.append(allow("Publish", ["sns:Publish"], self.topic.arn))
            grant(
                self._scope,
                self,
                f"{workload}-events",
                foundation.identity.resources[workload],
                *statements,
            )


def _redrive(dead: str) -> str:
    return json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": DELIVERIES})


def build_events(
    scope: Scope, foundation: contract.Foundation, lake: contract.Lake
) -> contract.Events:
    """Build topic and queues; the bus (`pipelines/bus/sns_sqs.py`) takes them as they are."""
    made = Events(scope, foundation, lake)
    settings = {"region": cloud(scope).region, "lease_seconds": str(LEASE)}
    return contract.Events(
        kind=pulumi.Output.from_input("sns-sqs"),
        topic=made.topic.arn,
        queue=made.queue.url,
        dead_letter=made.dead.url,
        settings=pulumi.Output.from_input(settings),
    )
