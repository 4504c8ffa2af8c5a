"""Policies on who may do what: no stars, no owners, no long-lived keys, federation bound to a branch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from infra.plan.model import Plan, Resource
from infra.plan.policies.base import Fault, on, over, resource
from infra.plan.query import at, strings

# Type → input that holds an IAM document, as text or as an object.
DOCUMENTS: dict[str, str] = {
    "aws:iam/policy:Policy": "policy",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/role:Role": "assumeRolePolicy",
    "aws:s3/bucketPolicy:BucketPolicy": "policy",
    "aws:kms/key:Key": "policy",
    "aws:sqs/queuePolicy:QueuePolicy": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "policy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "policy",
    "aws:secretsmanager/secretPolicy:SecretPolicy": "policy",
}
_KEY = "aws:kms/key:Key"
_ROLE = "aws:iam/role:Role"
_POLICY = "aws:iam/policy:Policy"
_BUCKET = "aws:s3/bucketPolicy:BucketPolicy"


def document(one: Resource) -> dict[str, Any] | None:
    """The IAM document of a resource, None where it holds none or one that is not JSON."""
    held = one.inputs.get(DOCUMENTS[one.type])
    if isinstance(held, str):
        try:
            held = json.loads(held)
        except ValueError:
            return None
    return held if isinstance(held, dict) else None


def as_list(value: Any) -> list[Any]:
    """IAM writes one thing or a list of them."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _doc(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


@on(
    *DOCUMENTS,
    id="iam-no-star",
    title="No IAM statement allows every action, or everybody",
    rationale="A star grants what nobody has thought of, and tomorrow's services too.",
    controls={
        "cis-aws-3.0": ("1.16",), "nist-800-53-r5": ("AC-6", "AC-3"),
        "iso-27001-2022": ("A.5.15", "A.8.2"),
    },
    passing=[
        resource(_POLICY, policy=_doc(Action="s3:GetObject", Resource="arn:aws:s3:::b/*")),
        resource(_BUCKET, policy=json.dumps({"Statement": [
            {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]})),
        resource(_KEY, policy=_doc(Principal={"AWS": "arn:aws:iam::1:root"}, Action="kms:*", Resource="*")),
        resource(_BUCKET, policy=_doc(Principal="*", Action="s3:GetObject", Resource="x",
                 Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})),
    ],
    failing=[
        resource(_POLICY, policy=_doc(Action="*", Resource="*")),
        resource(_POLICY, policy=_doc(Action=["s3:*"], Resource="*")),
        resource(_ROLE, assumeRolePolicy=_doc(Principal={"AWS": "*"}, Action="sts:AssumeRole")),
        resource(_BUCKET, policy=_doc(Principal="*", Action="s3:GetObject", Resource="x")),
    ],
)  # fmt: skip
def _no_star(one: Resource) -> Iterable[str]:
    for statement in as_list((document(one) or {}).get("Statement")):
        if statement.get("Effect") != "Allow":
            continue
        name = statement.get("Sid", "a statement")
        for action in as_list(statement.get("Action")):
            # A key's own policy names no other key: kms:* is the account's root keeping control of it.
            whole = action == "*" or (action.endswith(":*") and one.type != _KEY)
            if whole and one.type != "aws:ec2/vpcEndpoint:VpcEndpoint":
                yield f"{name} allows the action '{action}'"
        if statement.get("NotAction"):
            yield f"{name} allows everything but a list (NotAction)"
        if _everybody(statement) and not _narrowed(statement.get("Condition")):
            yield f"{name} is open to everybody (Principal '*' without a condition on who)"


def _everybody(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        return any("*" in as_list(who) for who in principal.values())
    return principal == "*"


_WHO = ("aws:principalorgid", "aws:principalaccount", "aws:sourceaccount", "aws:sourcearn",
        "aws:principalarn", "kms:calleraccount", "aws:sourcevpce", "aws:sourcevpc")  # fmt: skip


def _narrowed(condition: Any) -> bool:
    """Whether a condition says who: an organization, an account, an endpoint."""
    if not isinstance(condition, dict):
        return False
    keys = {key.lower() for test in condition.values() if isinstance(test, dict) for key in test}
    return bool(keys & set(_WHO))


GCP_GRANTS = (
    "gcp:projects/iAMMember:IAMMember", "gcp:projects/iAMBinding:IAMBinding",
    "gcp:folder/iAMMember:IAMMember", "gcp:organizations/iAMMember:IAMMember",
    "gcp:storage/bucketIAMMember:BucketIAMMember", "gcp:storage/bucketIAMBinding:BucketIAMBinding",
    "gcp:bigquery/datasetIamMember:DatasetIamMember", "gcp:pubsub/topicIAMMember:TopicIAMMember",
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
    "gcp:secretmanager/secretIamMember:SecretIamMember",
    "gcp:serviceaccount/iAMMember:IAMMember",
)  # fmt: skip
_GRANT = "gcp:projects/iAMMember:IAMMember"
BASIC_ROLES = {"roles/owner", "roles/editor", "roles/viewer"}


@on(
    *GCP_GRANTS,
    id="gcp-no-basic-roles",
    title="No basic roles, and nothing granted to everybody",
    rationale="Owner and Editor hold thousands of permissions; allUsers is the internet.",
    controls={
        "cis-gcp-3.0": ("1.5", "5.1", "7.1", "1.9"), "nist-800-53-r5": ("AC-6", "AC-3"),
        "iso-27001-2022": ("A.5.15", "A.8.2"),
    },
    passing=[resource(_GRANT, role="roles/storage.objectViewer", member="serviceAccount:a@b")],
    failing=[
        resource(_GRANT, role="roles/editor", member="serviceAccount:a@b"),
        resource(_GRANT, role="roles/storage.objectViewer", member="allUsers"),
    ],
)  # fmt: skip
def _gcp_grants(one: Resource) -> Iterable[str]:
    role = one.inputs.get("role")
    if role in BASIC_ROLES:
        yield f"role {role} is a basic role"
    for member in [one.inputs.get("member"), *as_list(one.inputs.get("members"))]:
        if member in ("allUsers", "allAuthenticatedUsers"):
            yield f"grants {role} to {member}"


AZURE_GRANT = "azure-native:authorization:RoleAssignment"
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
ALMIGHTY = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
}


@on(
    AZURE_GRANT,
    id="azure-no-almighty-roles",
    title="No Owner, Contributor or User Access Administrator is assigned",
    rationale="These roles reach every resource below their scope.",
    controls={
        "nist-800-53-r5": ("AC-6",), "iso-27001-2022": ("A.5.15", "A.8.2"),
    },
    passing=[resource(AZURE_GRANT, roleDefinitionId="/x/2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", scope="/s")],
    failing=[resource(AZURE_GRANT, roleDefinitionId="/x/8e3af657-a8ff-443c-a75c-2fe8c4bcb635", scope="/s")],
)  # fmt: skip
def _azure_grants(one: Resource) -> Iterable[str]:
    role = str(one.inputs.get("roleDefinitionId", "")).rpartition("/")[2].lower()
    if role in ALMIGHTY:
        yield f"assigns {ALMIGHTY[role]}"


_LASTING = (
    "gcp:serviceaccount/key:Key", "gcp:storage/hmacKey:HmacKey", "aws:iam/accessKey:AccessKey",
    "aws:iam/user:User", "azuread:index/applicationPassword:ApplicationPassword",
    "azuread:index/servicePrincipalPassword:ServicePrincipalPassword",
)  # fmt: skip


@on(
    *_LASTING,
    id="no-long-lived-keys",
    title="Nobody gets a key that lasts",
    rationale="A key that lasts is copied, forgotten and found; federated identities expire by themselves.",
    controls={
        "cis-gcp-3.0": ("1.4",), "cis-aws-3.0": ("1.14",), "nist-800-53-r5": ("IA-5",),
        "iso-27001-2022": ("A.5.17",),
    },
    passing=[],
    failing=[resource("aws:iam/accessKey:AccessKey", user="ci")],
)  # fmt: skip
def _no_keys(_: Resource) -> Iterable[str]:
    yield "is a credential that does not expire by itself"


POOL = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
FEDERATED = "azure-native:managedidentity:FederatedIdentityCredential"


@over(
    POOL, FEDERATED, _ROLE,
    id="federation-bound",
    title="A federated identity says which issuer and which subject it trusts",
    rationale="An issuer's other jobs, branches and tenants would otherwise be trusted as well.",
    controls={"nist-800-53-r5": ("IA-2", "AC-6"), "iso-27001-2022": ("A.5.16", "A.5.17")},
    passing=[(resource(POOL, attributeCondition="assertion.sub.startsWith('job/')", oidc={"issuerUri": "i"}),)],
    failing=[
        (resource(POOL, oidc={"issuerUri": "i"}),),
        (resource(_ROLE, assumeRolePolicy=_doc(Action="sts:AssumeRoleWithWebIdentity",
                  Principal={"Federated": "arn:aws:iam::1:oidc-provider/i"})),),
        (resource(FEDERATED, issuer="i"),),
    ],
)  # fmt: skip
def _federation(plan: Plan, _: object) -> Iterator[Fault]:
    for one in plan.of_type(POOL):
        if not one.inputs.get("attributeCondition"):
            yield Fault(one, "attributeCondition is missing: every token of the issuer is trusted")
    for one in plan.of_type(FEDERATED):
        if not one.inputs.get("subject") or not one.inputs.get("issuer"):
            yield Fault(one, "must name issuer and subject")
    for one in plan.of_type(_ROLE):
        for statement in as_list((document(one) or {}).get("Statement")):
            if "sts:AssumeRoleWithWebIdentity" not in as_list(statement.get("Action")):
                continue
            tested = [key for test in (statement.get("Condition") or {}).values() for key in test]
            if not any(key.endswith(":sub") for key in tested):
                yield Fault(one, "trusts a token issuer without a condition on the subject (…:sub)")


_SECRET_KEYS = ("password", "secretkey", "clientsecret", "privatekey", "connectionstring", "accesskey",
                "sharedkey", "apikey", "administratorloginpassword", "secretstring")  # fmt: skip


@over(
    id="no-secret-in-plan",
    title="No secret stands readable in a plan",
    rationale="Plans and states are kept, shown and sent; what is secret must be a Pulumi secret.",
    controls={"nist-800-53-r5": ("IA-5", "SC-28"), "iso-27001-2022": ("A.5.17",)},
    passing=[
        (resource("aws:rds/instance:Instance", password="[secret]"),),
        (
            resource(
                "kubernetes:external-secrets.io/v1:ExternalSecret",
                spec={"data": [{"secretKey": "value", "remoteRef": {"key": "database"}}]},
            ),
        ),
    ],
    failing=[(resource("aws:rds/instance:Instance", password="hunter2"),)],
)
def _no_secret(plan: Plan, _: object) -> Iterator[Fault]:
    for one in plan.resources:
        for path, text in strings(dict(one.inputs)):
            leaf = path.rpartition(".")[2].partition("[")[0].lower().replace("_", "")
            # An ExternalSecret holds keys and templates: it names where a secret lies, never what it is.
            named = one.type.startswith("kubernetes:external-secrets.io/")
            if leaf in _SECRET_KEYS and text and not text.startswith("[") and not named:
                yield Fault(one, f"{path} stands in plain text; wrap it in pulumi.Output.secret")
            if "-----BEGIN" in text and "PRIVATE KEY" in text:
                yield Fault(one, f"{path} holds a private key")


@on(
    "azure-native:storage:StorageAccount",
    id="azure-no-shared-key",
    title="Storage accounts answer to identities, not to account keys",
    rationale="An account key opens everything, for ever, and names nobody in the log.",
    controls={"nist-800-53-r5": ("IA-5", "AC-3"), "iso-27001-2022": ("A.5.17",)},
    passing=[resource("azure-native:storage:StorageAccount", allowSharedKeyAccess=False)],
    failing=[resource("azure-native:storage:StorageAccount")],
)  # fmt: skip
def _no_shared_key(one: Resource) -> Iterable[str]:
    if at(one.inputs, "allowSharedKeyAccess") is not False:
        yield "allowSharedKeyAccess must be false"
