"""From a file in the landing zone to a message that waits for Spark: bucket → topic → subscription.

What fails five times goes to a topic of dead letters, which keeps it two weeks for a person to look at.
Besides the bucket, the pipelines publish their own notices to the same topic. Leaves out who listens.
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import pubsub, storage

from infra import contract
from infra.access import CONSUMERS, PUBLISHERS
from infra.gcp.agents import agent
from infra.gcp.tenancy import cloud
from infra.scope import Scope

ATTEMPTS = 5
WEEK = "604800s"
TWO_WEEKS = "1209600s"
LEASE_SECONDS = 600
"""The longest that Pub/Sub allows; the bus renews it while a month is being loaded."""
OFFERED = True


def build_events(
    scope: Scope, foundation: contract.Foundation, lake: contract.Lake
) -> contract.Events:
    """Topic, queue and dead letters."""
    return Events(scope, foundation, lake).outputs


class Events(pulumi.ComponentResource):
    """`outputs` is the contract; full names, as Google's clients take them."""

    def __init__(self, scope: Scope, foundation: contract.Foundation, lake: contract.Lake) -> None:
        super().__init__("landfall:gcp:Events", "events", None, scope.component())
        self.scope = scope
        self.principals = foundation.identity.principals
        key = foundation.security.keys["data"]
        number = foundation.organization.number
        topic = self._topic("landing", key)
        dead = self._topic("dead-letters", key)
        queue = self._queue("landing", topic, TWO_WEEKS, dead)
        shelf = self._queue("dead-letters", dead, TWO_WEEKS)
        delivers = self._publish("storage-publishes", topic, agent("storage", number))
        self._publish("pubsub-buries", dead, agent("pubsub", number))
        self._subscribe("pubsub-forwards", queue, agent("pubsub", number))
        for workload in PUBLISHERS:
            self._publish(f"{workload}-publishes", topic, self.principals[workload])
        for workload in CONSUMERS:
            self._subscribe(f"{workload}-subscribes", queue, self.principals[workload])
            self._subscribe(f"{workload}-looks-at-dead-letters", shelf, self.principals[workload])
        storage.Notification(
            "landing",
            bucket=lake.buckets["landing"],
            topic=topic.id,
            payload_format="JSON_API_V1",
            event_types=["OBJECT_FINALIZE"],
            opts=scope.child(self, depends_on=[delivers]),
        )
        self.outputs = contract.Events(
            kind=pulumi.Output.from_input("pubsub"),
            topic=topic.id,
            queue=queue.id,
            dead_letter=shelf.id,
            settings=pulumi.Output.from_input({"lease_seconds": str(LEASE_SECONDS)}),
        )
        self.register_outputs({"topic": topic.id, "queue": queue.id})

    def _topic(self, purpose: str, key: pulumi.Input[str]) -> pubsub.Topic:
        return pubsub.Topic(
            purpose,
            name=self.scope.name("topic", purpose),
            kms_key_name=key,
            message_retention_duration=WEEK,
            message_storage_policy=pubsub.TopicMessageStoragePolicyArgs(
                allowed_persistence_regions=[cloud(self.scope.intent).region]
            ),
            labels=self.scope.labels,
            opts=self.scope.stateful(self),
        )

    def _queue(
        self, purpose: str, topic: pubsub.Topic, kept: str, dead: pubsub.Topic | None = None
    ) -> pubsub.Subscription:
        return pubsub.Subscription(
            purpose,
            name=self.scope.name("subscription", purpose),
            topic=topic.id,
            ack_deadline_seconds=LEASE_SECONDS,
            message_retention_duration=kept,
            # Never by itself, however quiet the source.
            expiration_policy=pubsub.SubscriptionExpirationPolicyArgs(ttl=""),
            retry_policy=pubsub.SubscriptionRetryPolicyArgs(
                minimum_backoff="10s", maximum_backoff="600s"
            ),
            dead_letter_policy=pubsub.SubscriptionDeadLetterPolicyArgs(
                dead_letter_topic=dead.id, max_delivery_attempts=ATTEMPTS
            )
            if dead
            else None,
            labels=self.scope.labels,
            opts=self.scope.stateful(self),
        )

    def _publish(
        self, logical: str, topic: pubsub.Topic, member: pulumi.Input[str]
    ) -> pubsub.TopicIAMMember:
        return pubsub.TopicIAMMember(
            logical,
            topic=topic.id,
            role="roles/pubsub.publisher",
            member=member,
            opts=self.scope.child(self),
        )

    def _subscribe(
        self, logical: str, queue: pubsub.Subscription, member: pulumi.Input[str]
    ) -> None:
        pubsub.SubscriptionIAMMember(
            logical,
            subscription=queue.id,
            role="roles/pubsub.subscriber",
            member=member,
            opts=self.scope.child(self),
        )
