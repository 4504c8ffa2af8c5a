"""The bus: events of the lake and notices to people, over whatever queue the Platform names.

At least once: a message is handed out again until it is acknowledged, so whoever reads must be able to
do the same work twice. Leaves out ordering.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from landfall.platform import Platform
from pipelines.bus.base import MAX_DELIVERIES, Bus, Message

if TYPE_CHECKING:
    from pipelines.context import Context

Channel = Literal["flow", "notices"]


def open_bus(platform: Platform, channel: Channel = "flow") -> Bus:
    """The Platform's bus for events (`flow`) or for notices to engineers (`notices`).

    The notices' topic and queues carry the events' names with `-notices` behind them. Raises
    MissingTool where the cloud's client library is not installed.
    """
    events = platform.events
    if channel == "notices":
        events = events.model_copy(
            update={
                field: f"{value}-notices"
                for field in ("topic", "queue", "dead_letter")
                if (value := getattr(events, field))
            }
        )
    if events.kind == "sqlite":
        from pipelines.bus.sqlite import SqliteBus

        return SqliteBus(events)
    if events.kind == "pubsub":
        from pipelines.bus.pubsub import PubSubBus

        return PubSubBus(events)
    if events.kind == "sns-sqs":
        from pipelines.bus.sns_sqs import SnsSqsBus

        return SnsSqsBus(events)
    if events.kind == "azure-queue":
        from pipelines.bus.azure_queue import AzureQueueBus

        return AzureQueueBus(events)
    from landfall.errors import UsageError

    raise UsageError(
        f"The bus '{events.kind}' is not read by this version.",
        fix="Use an Azure Storage Queue (events.kind: azure-queue).",
    )


def notify(ctx: Context, subject: str, body: dict[str, Any]) -> str:
    """Tell the engineers; `landfall listen --notices` reads it. Gives the message's id."""
    with open_bus(ctx.platform, "notices") as bus:
        return bus.publish(subject, body)


__all__ = ["MAX_DELIVERIES", "Bus", "Message", "notify", "open_bus"]
