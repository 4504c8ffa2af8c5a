"""Object created in the landing zone → Event Grid → a storage queue, with dead letters; keys play no part.

Event Grid delivers as a managed identity, and lays what it cannot deliver into a container of its own. A storage
queue moves nothing by itself: the reader (`pipelines/bus/azure_queue.py`) moves what failed too often to
the second queue. An adopted landing zone lies in an account whose id the intent does
not hold: there its owner makes the subscription. Leaves out who reads.
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import eventgrid, managedidentity, storage

from infra.access import CONSUMERS, PUBLISHERS
from infra.azure.endpoints import build_endpoint
from infra.azure.groups import group, group_id
from infra.azure.provider import region_of
from infra.azure.roles import grant, role_id
from infra.contract import Events, Foundation, Lake, Text
from infra.scope import Scope

OFFERED = True
_QUEUE, _DEAD = "objects", "objects-dead"
_DAY_MINUTES = 1440
_WEEK_SECONDS = 604_800
_WRITTEN = ("FlushWithClose", "PutBlob", "PutBlockList", "CopyBlob")
"""The calls after which a file is whole: https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage"""


class AzureEvents(pulumi.ComponentResource):
    """Topic, subscription, two queues, who may use them."""

    def __init__(self, scope: Scope, foundation: Foundation, lake: Lake) -> None:
        super().__init__("landfall:azure:Events", "events", {}, scope.component())
        self._scope = scope
        self._foundation = foundation
        self._group = group(scope, foundation.organization, "data")
        self._account = lake.storage_options.apply(lambda options: options["account_name"])
        self._account_id = pulumi.Output.concat(
            group_id(scope, foundation.organization, "data"),
            "/providers/Microsoft.Storage/storageAccounts/",
            self._account,
        )
        queues = {name: self._queue(name) for name in (_QUEUE, _DEAD)}
        build_endpoint(
            scope, self, "lake-queue", "queue", self._account_id, foundation.organization, foundation.network
        )  # fmt: skip
        topic = pulumi.Output.from_input("")
        if "landing" not in scope.intent.network.adopt.buckets:
            topic = self._topic(queues).id
        self._readers(queues)
        self.result = Events(
            kind=pulumi.Output.from_input("azure-queue"),
            topic=topic,
            queue=queues[_QUEUE].name,
            dead_letter=queues[_DEAD].name,
            settings=pulumi.Output.all(
                account_url=self._account.apply(
                    lambda name: f"https://{name}.queue.core.windows.net"
                )
            ),
        )
        self.register_outputs({"topic": topic, "queue": self.result.queue})

    def _queue(self, name: str) -> storage.Queue:
        return storage.Queue(
            f"queue-{name}",
            storage.QueueArgs(
                queue_name=self._scope.name("queue", name),
                account_name=self._account,
                resource_group_name=self._group,
            ),
            self._scope.child(self),
        )

    def _topic(self, queues: dict[str, storage.Queue]) -> eventgrid.SystemTopic:
        scope, organization = self._scope, self._foundation.organization
        courier = managedidentity.UserAssignedIdentity(
            "courier",
            resource_name_=scope.name("identity", "courier"),
            resource_group_name=self._group,
            location=region_of(scope),
            tags=scope.labels,
            opts=scope.child(self),
        )
        dead = storage.BlobContainer(
            "undelivered",
            storage.BlobContainerArgs(
                container_name=scope.name("container", "undelivered"),
                account_name=self._account,
                resource_group_name=self._group,
                public_access=storage.PublicAccess.NONE,
            ),
            scope.stateful(self),
        )
        may: list[pulumi.Resource] = [
            grant(
                scope, self, "courier-sends", role_id(organization, "Storage Queue Data Message Sender"),
                courier.principal_id, self._queue_scope(queues[_QUEUE]),
            ),
            grant(
                scope, self, "courier-buries", role_id(organization, "Storage Blob Data Contributor"),
                courier.principal_id,
                pulumi.Output.concat(self._account_id, "/blobServices/default/containers/", dead.name),
            ),
        ]  # fmt: skip
        topic = eventgrid.SystemTopic(
            "topic",
            eventgrid.SystemTopicArgs(
                system_topic_name=scope.name("event-topic", "lake"),
                resource_group_name=self._group,
                location=region_of(scope),
                source=self._account_id,
                topic_type="Microsoft.Storage.StorageAccounts",
                identity=eventgrid.IdentityInfoArgs(
                    type="UserAssigned",
                    user_assigned_identities=courier.id.apply(
                        lambda one: {one: eventgrid.UserIdentityPropertiesArgs()}
                    ),
                ),
                tags=scope.labels,
            ),
            scope.child(self),
        )
        self._subscription(topic, courier, queues[_QUEUE], dead.name, may)
        return topic

    def _subscription(
        self,
        topic: eventgrid.SystemTopic,
        courier: managedidentity.UserAssignedIdentity,
        queue: storage.Queue,
        undelivered: Text,
        may: list[pulumi.Resource],
    ) -> None:
        landing = self._scope.name("container", "landing")
        identity = eventgrid.EventSubscriptionIdentityArgs(
            type="UserAssigned", user_assigned_identity=courier.id
        )
        eventgrid.SystemTopicEventSubscription(
            "landed",
            eventgrid.SystemTopicEventSubscriptionArgs(
                event_subscription_name="landed",
                system_topic_name=topic.name,
                resource_group_name=self._group,
                event_delivery_schema="CloudEventSchemaV1_0",
                delivery_with_resource_identity=eventgrid.DeliveryWithResourceIdentityArgs(
                    identity=identity,
                    destination=eventgrid.StorageQueueEventSubscriptionDestinationArgs(
                        endpoint_type="StorageQueue",
                        resource_id=self._account_id,
                        queue_name=queue.name,
                        queue_message_time_to_live_in_seconds=_WEEK_SECONDS,
                    ),
                ),
                dead_letter_with_resource_identity=eventgrid.DeadLetterWithResourceIdentityArgs(
                    identity=identity,
                    dead_letter_destination=eventgrid.StorageBlobDeadLetterDestinationArgs(
                        endpoint_type="StorageBlob",
                        resource_id=self._account_id,
                        blob_container_name=undelivered,
                    ),
                ),
                filter=eventgrid.EventSubscriptionFilterArgs(
                    included_event_types=["Microsoft.Storage.BlobCreated"],
                    subject_begins_with=f"/blobServices/default/containers/{landing}/",
                    advanced_filters=[
                        eventgrid.StringInAdvancedFilterArgs(
                            operator_type="StringIn", key="data.api", values=list(_WRITTEN)
                        )
                    ],
                ),
                retry_policy=eventgrid.RetryPolicyArgs(
                    max_delivery_attempts=30, event_time_to_live_in_minutes=_DAY_MINUTES
                ),
            ),
            self._scope.child(self, depends_on=may),
        )

    def _readers(self, queues: dict[str, storage.Queue]) -> None:
        """Who takes messages and buries them, and who only publishes notices besides the container's own."""
        for workload in CONSUMERS:
            for name, queue in queues.items():
                self._allow(workload, f"uses-{name}", "Storage Queue Data Contributor", queue)
        for workload in PUBLISHERS:
            if workload not in CONSUMERS:
                name = f"publishes-to-{_QUEUE}"
                self._allow(workload, name, "Storage Queue Data Message Sender", queues[_QUEUE])

    def _allow(self, workload: str, does: str, role: str, queue: storage.Queue) -> None:
        grant(
            self._scope,
            self,
            f"{workload}-{does}",
            role_id(self._foundation.organization, role),
            self._foundation.identity.principals[workload],
            self._queue_scope(queue),
        )

    def _queue_scope(self, queue: storage.Queue) -> Text:
        return pulumi.Output.concat(self._account_id, "/queueServices/default/queues/", queue.name)


def build_events(scope: Scope, foundation: Foundation, lake: Lake) -> Events:
    """What tells the pipelines that a file has landed."""
    return AzureEvents(scope, foundation, lake).result
