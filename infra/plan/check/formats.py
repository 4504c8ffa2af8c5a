"""Forms of texts that the clouds agree on: address ranges, schedules, durations, ARNs, ports, places.

A form is a function from a value to what would be allowed, None where the value is fine. Leaves out names
(`infra/plan/values/` has the clouds' patterns) and conditions between two values (`infra/plan/check/joint`).
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from infra.plan.check import grants, places

Form = Callable[[Any], str | None]


def network(value: Any) -> str | None:
    """An address range in CIDR notation without host bits, v4 or v6."""
    try:
        ipaddress.ip_network(str(value), strict=True)
    except ValueError as error:
        return f"an address range such as 10.0.0.0/16 ({error})"
    return None


def address_or_network(value: Any) -> str | None:
    """A single address or a range."""
    try:
        ipaddress.ip_network(str(value), strict=False)
    except ValueError as error:
        return f"an address or an address range ({error})"
    return None


def azure_prefix(value: Any) -> str | None:
    """What a rule of a network security group takes: `*`, a range, an address or a service tag."""
    if value == "*" or re.fullmatch(r"[A-Za-z][A-Za-z0-9.]*", str(value)):
        return None
    return address_or_network(value) and "*, an address, an address range or a service tag"


def azure_ports(value: Any) -> str | None:
    """`*`, one port or one range; lists go into the plural property."""
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", str(value))
    if value == "*" or (found and _ports(found[1], found[2])):
        return None
    return "*, a port of 0 to 65535 or a range such as 80-443; several go into the list property"


def google_ports(value: Any) -> str | None:
    """One port or one range."""
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", str(value))
    if found and _ports(found[1], found[2]):
        return None
    return "a port of 0 to 65535 or a range such as 80-443"


def _ports(low: str, high: str | None) -> bool:
    return int(low) <= int(high or low) <= 65535


_ARN = r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|aws|)?:.+"


def arn(value: Any) -> str | None:
    """Any ARN; https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html."""
    twice = str(value).count("arn:aws") > 1
    return None if re.fullmatch(_ARN, str(value)) and not twice else "an ARN"


def role_arn(value: Any) -> str | None:
    """The ARN of an IAM role."""
    fine = re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", str(value))
    return None if fine else "the ARN of a role: arn:aws:iam::<account>:role/<name>"


_UNIX = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_NAMES = [
    "SUN",
    "MON",
    "TUE",
    "WED",
    "THU",
    "FRI",
    "SAT",
    "JAN",
    "FEB",
    "MAR",
    "APR",
    "MAY",
    "JUN",
    "JUL",
    "AUG",
    "SEP",
    "OCT",
    "NOV",
    "DEC",
]


def cron(value: Any) -> str | None:
    """A schedule of five fields as in crontab(5); Cloud Scheduler also takes `every 5 minutes`."""
    text = str(value)
    if re.fullmatch(r"every \d+ (minutes|mins|hours)( from \d\d:\d\d to \d\d:\d\d)?", text):
        return None
    fields = text.split()
    if len(fields) == 5 and all(
        _field(f, *span, question=False) for f, span in zip(fields, _UNIX, strict=True)
    ):
        return None
    return "five fields: minute, hour, day of month, month, day of week"


_AWS = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))


def aws_schedule(value: Any) -> str | None:
    """`rate(…)`, `cron(…)` of six fields with one `?`, or `at(…)`.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
    """
    text = str(value)
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)(s?)\)", text)
    if rate:
        fine = int(rate[1]) > 0 and (int(rate[1]) == 1) == (rate[3] == "")
        return None if fine else "rate(1 day) or rate(2 days): singular for one, plural for more"
    if re.fullmatch(r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)", text):
        return None
    inside = re.fullmatch(r"cron\((.*)\)", text)
    fields = inside[1].split() if inside else []
    if len(fields) != 6:
        return "rate(…), or cron(…) of six fields: minutes, hours, day of month, month, day of week, year"
    if (fields[2] == "?") == (fields[4] == "?"):
        return "cron(…) with ? in exactly one of day of month and day of week"
    wrong = [f for f, s in zip(fields, _AWS, strict=True) if not _field(f, *s, question=True)]
    return f"cron(…) without '{wrong[0]}' in that place" if wrong else None


def _field(text: str, low: int, high: int, *, question: bool) -> bool:
    if text == "?":
        return question
    for part in text.split(","):
        base, _, step = part.partition("/")
        if step and not step.isdigit():
            return False
        ends = base.split("-")
        if base in ("*", "L", "LW") or (question and re.fullmatch(r"\d+(W|L|#[1-5])", base)):
            continue
        for end in ends:
            named = end.upper() in _NAMES
            if not named and not (end.isdigit() and low <= int(end) <= high):
                return False
    return True


def google_seconds(value: Any) -> float | None:
    """Seconds of a Google duration such as `3.5s`; None where it is none."""
    found = re.fullmatch(r"(\d+(?:\.\d{1,9})?)s", str(value))
    return float(found[1]) if found else None


_ISO = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)


def iso_seconds(value: Any) -> float | None:
    """Seconds of an ISO 8601 duration such as `P1DT12H`, a month of 30 days; None where it is none."""
    found = _ISO.fullmatch(str(value))
    if not found or not any(found.groups()) or str(value).endswith("T"):
        return None
    years, months, days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return (years * 365 + months * 30 + days) * 86400 + hours * 3600 + minutes * 60 + seconds


def https(value: Any) -> str | None:
    """A URL over TLS."""
    return None if re.fullmatch(r"https://[^\s/]+(/\S*)?", str(value)) else "a URL with https://"


def email(value: Any) -> str | None:
    """An e-mail address."""
    return None if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", str(value)) else "an e-mail address"


def uuid(value: Any) -> str | None:
    """A UUID with hyphens."""
    fine = re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", str(value))
    return None if fine else "a UUID such as 11111111-2222-3333-4444-555555555555"


def time_zone(value: Any) -> str | None:
    """A name of the IANA time zone database."""
    return None if value in _zones() else "a time zone such as Europe/Amsterdam"


@cache
def _zones() -> frozenset[str]:
    import zoneinfo

    return frozenset(zoneinfo.available_timezones())


def role_definition(value: Any) -> str | None:
    """The id of an Azure role definition, not its name."""
    text = str(value)
    found = re.search(r"/providers/Microsoft\.Authorization/roleDefinitions/([^/]+)$", text, re.I)
    if text.startswith("/") and found and uuid(found[1]) is None:
        return None
    return "the role definition's id: /subscriptions/…/providers/Microsoft.Authorization/roleDefinitions/<uuid>"


def google_label(value: Any) -> str | None:
    """Labels: https://cloud.google.com/resource-manager/docs/labels-overview#requirements."""
    if not isinstance(value, dict):
        return None
    rule = "keys and values of a-z, 0-9, '_' and '-', at most 63; keys begin with a letter"
    for key, text in value.items():
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", key):
            return rule
        if isinstance(text, str) and not re.fullmatch(r"[a-z0-9_-]{0,63}|\[.*\]", text):
            return rule
    return None


def json_text(value: Any) -> str | None:
    """JSON in a text."""
    try:
        json.loads(value) if isinstance(value, str) else None
    except ValueError as error:
        return f"JSON ({error})"
    return None


_BIGQUERY = [
    "STRING",
    "BYTES",
    "INTEGER",
    "INT64",
    "FLOAT",
    "FLOAT64",
    "BOOLEAN",
    "BOOL",
    "TIMESTAMP",
    "DATE",
    "TIME",
    "DATETIME",
    "GEOGRAPHY",
    "NUMERIC",
    "BIGNUMERIC",
    "DECIMAL",
    "BIGDECIMAL",
    "JSON",
    "RECORD",
    "STRUCT",
    "RANGE",
    "INTERVAL",
    "FOREIGN",
]


def bigquery_schema(value: Any) -> str | None:
    """A table's columns as JSON: names, types and modes that BigQuery has."""
    if wrong := json_text(value):
        return wrong
    fields = json.loads(value) if isinstance(value, str) else value
    if not isinstance(fields, list):
        return "a list of columns"
    for field in fields:
        if not isinstance(field, dict) or not re.fullmatch(r"\w{1,300}", str(field.get("name"))):
            return "columns with a name of letters, digits and '_'"
        if str(field.get("type", "")).upper() not in _BIGQUERY:
            return f"a column's type of {', '.join(_BIGQUERY)} (found {field.get('type')})"
        if str(field.get("mode", "NULLABLE")).upper() not in ("NULLABLE", "REQUIRED", "REPEATED"):
            return f"a column's mode of NULLABLE, REQUIRED, REPEATED (found {field['mode']})"
        if field.get("fields") and (wrong := bigquery_schema(field["fields"])):
            return wrong
    return None


def ecr_lifecycle(value: Any) -> str | None:
    """A lifecycle policy of ECR, as far as its words go."""
    if wrong := json_text(value):
        return wrong
    policy = json.loads(value) if isinstance(value, str) else value
    rules = policy.get("rules") if isinstance(policy, dict) else None
    if not isinstance(rules, list):
        return "an object with a list of rules"
    words = {
        "tagStatus": ("tagged", "untagged", "any"),
        "countType": ("imageCountMoreThan", "sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"),
        "countUnit": ("days",),
    }  # fmt: skip
    for rule in rules:
        selection = rule.get("selection") if isinstance(rule, dict) else None
        if not isinstance(selection, dict):
            return "rules with a selection"
        for key, allowed in words.items():
            if selection.get(key, allowed[0]) not in allowed:
                return f"{key} of {', '.join(allowed)} (found {selection[key]})"
    return None


_STATES = ("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")


def state_machine(value: Any) -> str | None:
    """A definition in Amazon States Language: its states and where each goes."""
    if wrong := json_text(value):
        return wrong
    definition = json.loads(value) if isinstance(value, str) else value
    states = definition.get("States") if isinstance(definition, dict) else None
    if not isinstance(states, dict) or not states:
        return "an object with StartAt and States"
    if definition.get("StartAt") not in states:
        return f"StartAt as one of the States {', '.join(states)}"
    for name, state in states.items():
        if not isinstance(state, dict) or state.get("Type") not in _STATES:
            return f"a Type of {', '.join(_STATES)} for the state {name}"
        ends = state["Type"] in ("Choice", "Succeed", "Fail")
        if not ends and ("Next" in state) == bool(state.get("End")):
            return f"either Next or End for the state {name}"
        parts = [state, *state.get("Choices", ()), *state.get("Catch", ())]
        for target in (part.get(key) for part in parts for key in ("Next", "Default")):
            if target is not None and target not in states:
                return f"one of the States {', '.join(states)} after {name} (found {target})"
    return None


FORMS: dict[str, tuple[Form, str]] = {
    "state-machine": (state_machine, "https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html"),
    "json": (json_text, "RFC 8259"),
    "bigquery-schema": (bigquery_schema, "https://cloud.google.com/bigquery/docs/schemas"),
    "ecr-lifecycle": (ecr_lifecycle, "https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html"),
    "network": (network, "RFC 4632"),
    "address": (address_or_network, "RFC 4632"),
    "azure-prefix": (azure_prefix, "https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview"),
    "azure-ports": (azure_ports, "https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview"),
    "google-ports": (google_ports, "https://cloud.google.com/firewall/docs/firewalls#protocols_and_ports"),
    "arn": (arn, "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"),
    "role-arn": (role_arn, "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"),
    "cron": (cron, "https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules"),
    "aws-schedule": (aws_schedule, "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html"),
    "https": (https, "RFC 8414"),
    "email": (email, "RFC 5322"),
    "uuid": (uuid, "RFC 9562"),
    "time-zone": (time_zone, "the IANA time zone database of this Python"),
    "role-definition": (role_definition, "https://learn.microsoft.com/azure/role-based-access-control/role-definitions"),
    "google-labels": (google_label, "https://cloud.google.com/resource-manager/docs/labels-overview"),
    **places.FORMS,
    **grants.FORMS,
}  # fmt: skip
"""Name in the tables → form, and where it is described."""
