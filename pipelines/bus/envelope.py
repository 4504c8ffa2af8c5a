"""A message's text on the clouds' queues: one JSON object with `subject` and `body`.

Messages of other origin (a bucket's own notifications) are handed on with the subject `foreign`.
"""

from __future__ import annotations

import json
from typing import Any

FOREIGN = "foreign"


def pack(subject: str, body: dict[str, Any]) -> str:
    """The text of a message."""
    return json.dumps({"subject": subject, "body": body})


def unpack(text: str) -> tuple[str, dict[str, Any]]:
    """Subject and body, with SNS's own wrapping undone; never raises, whoever wrote the text."""
    value = _object(text)
    if value.get("Type") == "Notification" and isinstance(value.get("Message"), str):
        text = value["Message"]
        value = _object(text)
    subject, body = value.get("subject"), value.get("body")
    if isinstance(subject, str) and isinstance(body, dict):
        return subject, body
    return FOREIGN, value or {"text": text}


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
