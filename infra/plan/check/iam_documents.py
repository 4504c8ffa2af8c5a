"""IAM documents of AWS: grammar, actions, principals, ARNs, condition operators, lengths.

Source of the grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html; of the
actions cfn-lint's packaged list. Leaves out whether a grant is wise: that is a policy's question.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from infra.plan.check import aws_data
from infra.plan.check.finding import Finding, at_path, finding, one_of
from infra.plan.check.formats import arn
from infra.plan.model import Plan, Resource

_GRAMMAR = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"
_KEYS = frozenset(
    """Sid Effect Principal NotPrincipal Action NotAction Resource NotResource Condition""".split()  # noqa: SIM905
)
_BASES = frozenset(
    """StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike
    StringNotLike NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals
    NumericGreaterThan NumericGreaterThanEquals DateEquals DateNotEquals DateLessThan
    DateLessThanEquals DateGreaterThan DateGreaterThanEquals Bool BinaryEquals IpAddress
    NotIpAddress ArnEquals ArnLike ArnNotEquals ArnNotLike Null""".split()  # noqa: SIM905
)


class Kind(NamedTuple):
    """What a document of one use must hold. `longest` counts characters without white space."""

    principal: bool
    resource: bool
    longest: int


IDENTITY = Kind(False, True, 6144)
INLINE = Kind(False, True, 10240)
TRUST = Kind(True, False, 4096)
OF_RESOURCE = Kind(True, True, 20480)
OF_KEY = Kind(True, True, 32768)
OF_REPOSITORY = Kind(True, False, 10240)
GUARDRAIL = Kind(False, True, 10240)
# Lengths: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html and each service's quotas.

DOCUMENTS: dict[str, dict[str, Kind]] = {
    "aws:iam/policy:Policy": {"policy": IDENTITY},
    "aws:iam/rolePolicy:RolePolicy": {"policy": INLINE},
    "aws:iam/role:Role": {"assumeRolePolicy": TRUST, "inlinePolicies[].policy": INLINE},
    "aws:s3/bucketPolicy:BucketPolicy": {"policy": OF_RESOURCE},
    "aws:kms/key:Key": {"policy": OF_KEY},
    "aws:kms/keyPolicy:KeyPolicy": {"policy": OF_KEY},
    "aws:kms/replicaKey:ReplicaKey": {"policy": OF_KEY},
    "aws:sns/topic:Topic": {"policy": OF_KEY},
    "aws:sns/topicPolicy:TopicPolicy": {"policy": OF_KEY},
    "aws:sqs/queue:Queue": {"policy": OF_RESOURCE},
    "aws:sqs/queuePolicy:QueuePolicy": {"policy": OF_RESOURCE},
    "aws:secretsmanager/secret:Secret": {"policy": OF_RESOURCE},
    "aws:secretsmanager/secretPolicy:SecretPolicy": {"policy": OF_RESOURCE},
    "aws:ecr/repositoryPolicy:RepositoryPolicy": {"policy": OF_REPOSITORY},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"policy": OF_RESOURCE},
    "aws:glue/resourcePolicy:ResourcePolicy": {"policy": OF_REPOSITORY},
    "aws:backup/vaultPolicy:VaultPolicy": {"policy": OF_RESOURCE},
    "aws:organizations/policy:Policy": {"content": GUARDRAIL},
}  # fmt: skip


class Wrong(NamedTuple):
    """Something in a document: what stands there, what is allowed, who says so."""

    value: Any
    allowed: str
    origin: str = _GRAMMAR
    warn: bool = False


def check_documents(plan: Plan) -> Iterator[Finding]:
    """Findings in every document of the plan."""
    for one in plan.resources:
        for path, kind in DOCUMENTS.get(one.type, {}).items():
            if one.type.endswith("organizations/policy:Policy") and not _guardrail(one):
                continue
            for place, value in at_path(one.inputs, path):
                for wrong in _document(value, kind, one.type):
                    severity = "warn" if wrong.warn else "error"
                    yield finding("iam", one, place, wrong.value, wrong.allowed, wrong.origin, severity)  # fmt: skip


def _guardrail(one: Resource) -> bool:
    return one.inputs.get("type", "SERVICE_CONTROL_POLICY") == "SERVICE_CONTROL_POLICY"


def _document(value: Any, kind: Kind, type_: str) -> Iterator[Wrong]:
    try:
        document = json.loads(value) if isinstance(value, str) else value
    except ValueError as error:
        yield Wrong(value, f"JSON ({error})")
        return
    if not isinstance(document, dict):
        yield Wrong(value, "an object with Version and Statement")
        return
    size = len(re.sub(r"\s", "", value if isinstance(value, str) else json.dumps(value)))
    if size > kind.longest:
        yield Wrong(f"{size} characters", f"at most {kind.longest} characters, white space aside")
    if document.get("Version", "2012-10-17") not in ("2012-10-17", "2008-10-17"):
        yield Wrong(document["Version"], "2012-10-17 (or 2008-10-17)")
    statements = document.get("Statement")
    listed = statements if isinstance(statements, list) else [statements]
    if not listed:
        yield Wrong(statements, "at least one statement")
    for statement in listed:
        if isinstance(statement, dict):
            yield from _statement(statement, kind, type_)
        else:
            yield Wrong(statement, "a statement: an object with Effect and Action")


def _statement(statement: dict[str, Any], kind: Kind, type_: str) -> Iterator[Wrong]:
    for key in sorted(set(statement) - _KEYS):
        yield Wrong(key, one_of(sorted(_KEYS)))
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield Wrong(statement.get("Effect"), "Allow or Deny")
    yield from _actions(statement)
    yield from _principals(statement, kind)
    resources = _texts(statement.get("Resource", statement.get("NotResource")))
    if kind.resource and not resources:
        yield Wrong(statement, "a Resource (or NotResource): the statement names none")
    if kind is TRUST and resources:
        yield Wrong(resources, "no Resource: a trust policy is about the role itself")
    for resource in resources:
        if resource != "*" and not _resource_arn(resource):
            yield Wrong(resource, "* or an ARN, in which * and ? are wildcards")
    yield from _conditions(statement.get("Condition", {}))
    if type_ == "aws:s3/bucketPolicy:BucketPolicy" and "Action" in statement:
        yield from _levels(statement, resources)


def _texts(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [] if value is None else [value]
    return [str(one) for one in found]


def _resource_arn(text: str) -> bool:
    if text.count("arn:") > 1:
        return False
    if arn(text) is None or text.startswith("${"):
        return True
    # Wildcards may stand for the parts in front of the resource too.
    return re.fullmatch(r"arn:[\w*-]+:[\w*-]+:[\w*-]*:[\d*?a-z]*:.+|arn:\*.*", text) is not None


def _actions(statement: dict[str, Any]) -> Iterator[Wrong]:
    named = _texts(statement.get("Action", statement.get("NotAction")))
    if not named:
        yield Wrong(statement, "an Action (or NotAction)")
    for action in named:
        if action == "*":
            continue
        service, _, name = action.partition(":")
        known = aws_data.actions().get(service.lower())
        if not name or not re.fullmatch(r"[\w*?-]+", name):
            yield Wrong(action, "* or service:Action")
        elif known is None:
            if not re.search(r"[*?]", service):
                allowed = one_of(sorted(aws_data.actions()), service)
                yield Wrong(action, f"a service prefix, {allowed}", aws_data.origin())
        elif not _has_action(service.lower(), name.lower()):
            allowed = one_of(sorted(known["Actions"]), name.lower())
            # A pattern that matches nothing is accepted, and does nothing.
            idle = re.search(r"[*?]", name) is not None
            yield Wrong(action, f"an action of {service}, {allowed}", aws_data.origin(), idle)


@cache
def _has_action(service: str, name: str) -> bool:
    known = aws_data.actions()[service]["Actions"]
    if not re.search(r"[*?]", name):
        return name in known
    return bool(fnmatch.filter(known, name))


def _principals(statement: dict[str, Any], kind: Kind) -> Iterator[Wrong]:
    given = statement.get("Principal", statement.get("NotPrincipal"))
    if not kind.principal:
        if given is not None:
            yield Wrong(given, "no Principal: the document belongs to who it is attached to")
        return
    if given is None:
        yield Wrong(statement, "a Principal (or NotPrincipal): the statement names none")
        return
    if given == "*":
        return
    if not isinstance(given, dict) or not given:
        yield Wrong(given, '"*" or an object of AWS, Service, Federated or CanonicalUser')
        return
    for sort, members in given.items():
        form = _PRINCIPALS.get(sort)
        if form is None:
            yield Wrong(sort, one_of(_PRINCIPALS))
            continue
        for member in _texts(members):
            if not re.fullmatch(form, member):
                yield Wrong(member, f"a principal of the form {form}")


_PRINCIPALS = {
    "AWS": r"\*|\d{12}|AIDA\w+|AROA\w+|arn:aws[a-z-]*:(iam|sts)::(\d{12}|cloudfront):[\w+=,.@/ *-]+",
    "Service": r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?",
    "Federated": r"arn:aws[a-z-]*:iam::\d{12}:(oidc-provider|saml-provider)/\S+|[a-z0-9-]+(\.[a-z0-9-]+)+",
    "CanonicalUser": r"[0-9a-f]{64}",
}


def _conditions(conditions: Any) -> Iterator[Wrong]:
    if not isinstance(conditions, dict):
        yield Wrong(conditions, "an object of condition operators")
        return
    for operator in conditions:
        base = operator.removeprefix("ForAnyValue:").removeprefix("ForAllValues:")
        if base.removesuffix("IfExists") not in _BASES:
            yield Wrong(operator, "a condition operator, " + one_of(sorted(_BASES), operator))


def _levels(statement: dict[str, Any], resources: list[str]) -> Iterator[Wrong]:
    """S3 refuses a statement with an action for which no resource of its level is named."""
    known = aws_data.actions()["s3"]["Actions"]
    levels = {"object" if "/" in one.partition(":::")[2] else "bucket" for one in resources}
    if "*" in resources:
        return
    for action in _texts(statement["Action"]):
        kinds = known.get(action.partition(":")[2].lower(), {}).get("Resources")
        wanted = {kind for kind in kinds or () if kind in ("bucket", "object")}
        if wanted and not wanted & levels:
            level = "the bucket itself" if "bucket" in wanted else "the objects (<bucket>/*)"
            yield Wrong(action, f"a Resource on which it acts: {level}", aws_data.origin())
