"""AWS as the bus: published to an SNS topic, read from an SQS queue that subscribes to it.

`topic` is the topic's ARN, `queue` and `dead_letter` are queue URLs; settings: `region`, and `endpoint`
for a stand-in. The queue's redrive policy moves what failed too often. Credentials come the AWS SDK's
own way. Makes no topics or queues: the stack does.
"""

from __future__ import annotations

import time
from typing import Any

from landfall.errors import MissingTool
from landfall.platform import EventTopic
from pipelines.bus.base import LEASE, Closing, Message
from pipelines.bus.envelope import pack, unpack

_MOST = 10
_LONGEST_WAIT = 20
_LOST = ("MessageNotInflight", "ReceiptHandleIsInvalid", "InvalidParameterValue")
"""What SQS calls a receipt of an earlier delivery, by protocol and queue."""


class SnsSqsBus(Closing):
    """An SNS topic and the SQS queue behind it."""

    def __init__(self, events: EventTopic) -> None:
        try:
            from boto3.session import Session
        except ImportError:
            raise MissingTool(
                "The AWS SDK for Python (boto3) is not installed.",
                fix="Install the project's group `buses`: uv pip install --group buses",
            ) from None
        session = Session(region_name=events.settings.get("region"))
        endpoint = events.settings.get("endpoint")
        self._sns = session.client("sns", endpoint_url=endpoint)
        self._sqs = session.client("sqs", endpoint_url=endpoint)
        self._events = events
        self._lease = int(float(events.settings.get("lease_seconds", LEASE)))

    def publish(self, subject: str, body: dict[str, Any]) -> str:
        told = self._sns.publish(TopicArn=self._events.topic, Message=pack(subject, body))
        return told["MessageId"]

    def receive(self, limit: int = 10, wait_seconds: float = 0) -> list[Message]:
        deadline = time.monotonic() + wait_seconds
        while True:
            left = max(0.0, deadline - time.monotonic())
            found = self._take(
                self._events.queue, limit, min(_LONGEST_WAIT, int(left)), self._lease
            )
            if found or left < 1:
                return found

    def _take(self, queue: str, limit: int, wait: int, hide: int) -> list[Message]:
        messages: list[Message] = []
        while len(messages) < limit:
            told = self._sqs.receive_message(
                QueueUrl=queue,
                MaxNumberOfMessages=min(_MOST, limit - len(messages)),
                WaitTimeSeconds=0 if messages else wait,
                VisibilityTimeout=hide,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            ).get("Messages", [])
            if not told:
                break
            messages += [_message(one) for one in told]
        return messages

    def extend(self, message: Message, seconds: float) -> Message:
        self._hide(message, seconds)
        return message

    def ack(self, message: Message) -> None:
        try:
            self._sqs.delete_message(QueueUrl=self._events.queue, ReceiptHandle=message.receipt)
        except self._sqs.exceptions.ReceiptHandleIsInvalid:
            return

    def nack(self, message: Message, delay: float = 0) -> None:
        self._hide(message, delay)

    def _hide(self, message: Message, seconds: float) -> None:
        from botocore.exceptions import ClientError

        try:
            self._sqs.change_message_visibility(
                QueueUrl=self._events.queue,
                ReceiptHandle=message.receipt,
                VisibilityTimeout=int(seconds),
            )
        except ClientError as error:
            # The lease had run out, or it was acknowledged: somebody else's now, or nobody's.
            if error.response["Error"]["Code"].rpartition(".")[2] not in _LOST:
                raise

    def dead_letters(self, limit: int = 10) -> list[Message]:
        # SQS has no way to look without taking, so each is taken for a moment.
        found = self._take(self._events.dead_letter, limit, 0, 2)
        for message in found:
            self._sqs.change_message_visibility(
                QueueUrl=self._events.dead_letter,
                ReceiptHandle=message.receipt,
                VisibilityTimeout=0,
            )
        return found

    def close(self) -> None:
        self._sns.close()
        self._sqs.close()


def _message(told: Any) -> Message:
    subject, body = unpack(told["Body"])
    deliveries = int(told.get("Attributes", {}).get("ApproximateReceiveCount", 1))
    return Message(told["MessageId"], subject, body, deliveries, told["ReceiptHandle"])
