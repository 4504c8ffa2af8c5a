"""Conditions between values of AWS' queues, topics, notifications, rules and schedules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from infra.plan.check.finding import at_path, open_value
from infra.plan.check.joint.base import (
    Condition,
    Wrong,
    absent,
    at,
    excludes,
    given,
    is_open,
    needs,
)
from infra.plan.model import Plan, Resource

_SQS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html"
_SCHEDULER = "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_FlexibleTimeWindow.html"
_PATTERN = (
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html"
)


def _fifo(one: Resource, _: Plan) -> Iterator[Wrong]:
    name = at(one, "name")
    fifo = at(one, "fifoQueue") is True or at(one, "fifoTopic") is True
    unsure = is_open(one, "fifoQueue") or is_open(one, "fifoTopic")
    if isinstance(name, str) and name.endswith(".fifo") != fifo and not unsure:
        allowed = "a name that ends in .fifo" if fifo else "a name without .fifo"
        origin = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"
        yield Wrong("name", name, allowed, origin)


def _redrive(one: Resource, _: Plan) -> Iterator[Wrong]:
    try:
        policy = json.loads(str(at(one, "redrivePolicy") or "{}"))
    except ValueError:
        return
    count = policy.get("maxReceiveCount") if isinstance(policy, dict) else None
    if count is not None and not (str(count).isdigit() and 1 <= int(count) <= 1000):
        yield Wrong("redrivePolicy", count, "a maxReceiveCount of 1 to 1000", _SQS)


def _batched(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html"
    queue = ":sqs:" in str(at(one, "eventSourceArn"))
    size, waits = at(one, "batchSize"), at(one, "maximumBatchingWindowInSeconds")
    if queue and isinstance(size, int) and size > 10 and not waits:
        yield Wrong("batchSize", size, "at most 10, unless maximumBatchingWindowInSeconds is at least 1", origin)  # fmt: skip
    if queue and given(one, "startingPosition"):
        yield Wrong("startingPosition", at(one, "startingPosition"), "none for a queue", origin)


def _window(one: Resource, _: Plan) -> Iterator[Wrong]:
    minutes = "flexibleTimeWindow.maximumWindowInMinutes"
    mode = at(one, "flexibleTimeWindow.mode")
    if mode == "OFF" and given(one, minutes):
        yield Wrong(minutes, at(one, minutes), "none where mode is OFF", _SCHEDULER)
    if mode == "FLEXIBLE" and absent(one, minutes):
        yield Wrong("flexibleTimeWindow.mode", mode, f"only together with {minutes}", _SCHEDULER)


def _dead_letters(one: Resource, _: Plan) -> Iterator[Wrong]:
    """What a FIFO queue gives up on goes to a FIFO queue, a standard queue's to a standard one."""
    text, name = at(one, "redrivePolicy"), at(one, "name")
    found = re.search(r'"deadLetterTargetArn"\s*:\s*"arn:[^"]*:([^":]+)"', str(text or ""))
    made = "redrivePolicy" in one.property_deps  # a name that only the cloud gives
    if found is None or made or not (isinstance(name, str) or given(one, "fifoQueue")):
        return
    fifo = at(one, "fifoQueue") is True or str(name or "").endswith(".fifo")
    if found[1].endswith(".fifo") != fifo:
        kind = "a FIFO queue" if fifo else "a standard queue"
        yield Wrong("redrivePolicy", text, f"{kind} for dead letters, as this one is", _SQS)


def _notified(one: Resource, _: Plan) -> Iterator[Wrong]:
    """No two targets of a bucket are told of the same object."""
    origin = (
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html"
    )
    told = [
        (place, target)
        for kind in ("queues", "topics", "lambdaFunctions")
        for place, target in at_path(one.inputs, f"{kind}[]")
        if isinstance(target, dict) and not open_value(json.dumps(target, default=str))
    ]
    for (_first, before), (place, target) in combinations(told, 2):
        starts = [str(each.get("filterPrefix") or "") for each in (before, target)]
        ends = [str(each.get("filterSuffix") or "")[::-1] for each in (before, target)]
        if _one_begins(starts) and _one_begins(ends) and _same_events(before, target):
            key = "filterPrefix" if starts[1] else "events"
            yield Wrong(f"{place}.{key}", target.get(key), f"objects or events apart from those of {before.get('id') or 'the one before'}", origin)  # fmt: skip


def _one_begins(texts: list[str]) -> bool:
    return texts[0].startswith(texts[1]) or texts[1].startswith(texts[0])


def _same_events(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two lists hold the same event, or one that a `*` covers."""
    stems = [[str(event).removesuffix("*") for event in each.get("events") or ()] for each in (one, other)]  # fmt: skip
    return any(_one_begins([a, b]) for a in stems[0] for b in stems[1] if a == b or a.endswith(":") or b.endswith(":"))  # fmt: skip


_OPERATORS = frozenset(
    (
        "prefix",
        "suffix",
        "anything-but",
        "numeric",
        "exists",
        "cidr",
        "equals-ignore-case",
        "wildcard",
    )
)


def _pattern(*paths: str) -> Condition:
    """An event pattern holds lists of values at its ends, each a value or one operator."""

    def condition(one: Resource, _: Plan) -> Iterator[Wrong]:
        for path in paths:
            for place, text in at_path(one.inputs, path):
                try:
                    pattern = json.loads(text) if isinstance(text, str) else text
                except ValueError:
                    continue  # told as no JSON
                if wrong := _not_matching(pattern, "the pattern"):
                    yield Wrong(place, text, wrong, _PATTERN)

    return condition


def _not_matching(pattern: Any, name: str) -> str:
    if not isinstance(pattern, dict) or not pattern:
        return f"an object in {name}"
    for key, value in pattern.items():
        if isinstance(value, dict):
            wrong = _not_matching(value, key)
        elif not isinstance(value, list) or not value:
            wrong = f"a list of values in {key} (found {json.dumps(value)})"
        elif key == "$or":
            wrong = next((w for each in value if (w := _not_matching(each, key))), "")
        else:
            wrong = next((w for each in value if (w := _no_operator(each, key))), "")
        if wrong:
            return wrong
    return ""


def _no_operator(value: Any, key: str) -> str:
    if isinstance(value, list):
        return f"values in {key}, not a list in a list"
    if isinstance(value, dict) and not (len(value) == 1 and set(value) <= _OPERATORS):
        return (
            f"in {key} one operator of {', '.join(sorted(_OPERATORS))} (found {json.dumps(value)})"
        )
    return ""


def _bus(one: Resource, _: Plan) -> Iterator[Wrong]:
    """A rule matches or is scheduled, and a schedule runs on the default bus alone."""
    origin = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html"
    bus = at(one, "eventBusName")
    if absent(one, "eventPattern") and absent(one, "scheduleExpression"):
        yield Wrong("eventPattern", None, "a pattern, or scheduleExpression", origin)
    if given(one, "scheduleExpression") and bus not in (None, "default"):
        yield Wrong("scheduleExpression", at(one, "scheduleExpression"), "none on a bus of one's own", origin)  # fmt: skip


JOINT: dict[str, tuple[Condition, ...]] = {
    "aws:sqs/queue:Queue": (
        _redrive,
        _dead_letters,
        excludes("kmsMasterKeyId", "sqsManagedSseEnabled", _SQS),
        needs("contentBasedDeduplication", "fifoQueue", _SQS),
        needs("deduplicationScope", "fifoQueue", _SQS),
        needs("fifoThroughputLimit", "fifoQueue", _SQS),
        _fifo,
    ),
    "aws:sns/topic:Topic": (_fifo, needs("contentBasedDeduplication", "fifoTopic", _SQS)),
    "aws:s3/bucketNotification:BucketNotification": (_notified,),
    "aws:cloudwatch/eventRule:EventRule": (_pattern("eventPattern"), _bus),
    "aws:cloudwatch/eventArchive:EventArchive": (_pattern("eventPattern"),),
    "aws:pipes/pipe:Pipe": (_pattern("sourceParameters.filterCriteria.filters[].pattern"),),
    "aws:lambda/eventSourceMapping:EventSourceMapping": (
        _batched,
        _pattern("filterCriteria.filters[].pattern"),
    ),
    "aws:scheduler/schedule:Schedule": (_window,),
}
