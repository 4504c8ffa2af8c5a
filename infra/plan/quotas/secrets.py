"""Secrets that must lie in the cloud's store before the apply, since nothing in the plan puts them there.

Read from the plan: an ExternalSecret names the secret that it draws, and its template the fields. What the plan makes
itself, or gets from what it makes, is left out; so are secrets that pods read in other ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.plan.model import Plan, Resource
from infra.plan.query import at, every, strings
from infra.plan.quotas.base import Need

if TYPE_CHECKING:
    from landfall.intent import Intent

_DRAWN = "kubernetes:external-secrets.io/v1:ExternalSecret"
_STORE = "kubernetes:external-secrets.io/v1:ClusterSecretStore"
_MADE = {
    "gcp:secretmanager/secret:Secret": "secretId",
    "aws:secretsmanager/secret:Secret": "name",
    "azure-native:keyvault:Secret": "secretName",
}
_FIELD = re.compile(r"\(\.value \| fromJson\)\.(\w+)")


def needs(plan: Plan, intent: Intent) -> Iterator[Need]:
    """One need a secret, with the command that puts it there."""
    made = {str(one.inputs.get(_MADE[one.type])) for one in plan.of_type(*_MADE)}
    drawn: dict[str, list[Resource]] = {}
    for one in plan.of_type(_DRAWN):
        from_plan = bool(one.property_deps.get("spec"))
        for key in every(dict(one.inputs), "spec.data.remoteRef.key"):
            if key not in made and not from_plan:
                drawn.setdefault(str(key), []).append(one)
    vault = _vault(plan)
    for key, found in sorted(drawn.items()):
        fields = sorted({f for one in found for f in _fields(one)})
        held = f"JSON with {', '.join(fields)}" if fields else "text"
        file = f"{key}.json" if fields else f"{key}.txt"
        show, request = _commands(intent, key, file, vault)
        yield Need(
            "secret", key, key, str(getattr(intent.cloud, "region", "")), why=tuple(one.name for one in found), show=show,
            request=request, service=vault,
            text=f"The secret store must hold “{key}”, as {held}, before the first apply: no file of the repository may hold it.",
        )  # fmt: skip


def _fields(one: Resource) -> list[str]:
    texts = strings(at(dict(one.inputs), "spec.target.template.data"))
    return [name for _, text in texts for name in _FIELD.findall(text)]


def _vault(plan: Plan) -> str:
    """The name of the key vault that the cluster's store reads; empty on other clouds."""
    for store in plan.of_type(_STORE):
        url = str(at(dict(store.inputs), "spec.provider.azurekv.vaultUrl") or "")
        if found := re.match(r"https://([A-Za-z0-9-]+)\.", url):
            return found[1]
    return ""


def _commands(intent: Intent, key: str, file: str, vault: str) -> tuple[str, str]:
    """What shows whether the secret is there, never what it holds; and what puts it there."""
    cloud, region = intent.cloud, str(getattr(intent.cloud, "region", ""))
    if cloud.provider == "gcp":
        project = f"--project={getattr(cloud, 'project', None) or 'PROJECT_ID'}"
        return (
            f"gcloud secrets versions list {key} --filter=state:ENABLED {project}",
            f"gcloud secrets create {key} --replication-policy=user-managed --locations={region} --data-file={file} {project}",
        )  # fmt: skip
    if cloud.provider == "aws":
        return (
            f"aws secretsmanager describe-secret --secret-id {key} --region {region}",
            f"aws secretsmanager create-secret --name {key} --secret-string file://{file} --region {region}",
        )
    name = vault or "VAULT"
    return (
        f"az keyvault secret list --vault-name {name} --query '[].name'",
        f"az keyvault secret set --vault-name {name} --name {key} --file {file}",
    )
