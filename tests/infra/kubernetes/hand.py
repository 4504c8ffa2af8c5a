"""Contract values built by hand, so that what stands on them is recorded without any cloud's package."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pulumi

from infra.contract import KEY_DOMAINS, WORKLOADS, ZONES, Cluster, Data, Database, Foundation
from infra.kubernetes.pools import gpu_pools
from infra.plan.model import Plan, Resource
from infra.plan.record import record
from infra.scope import Scope
from landfall.intent import Intent, parse_intent
from landfall.labels import labels
from landfall.naming import Names

CLOUDS = ("gcp", "aws", "azure")
_REGION = {"gcp": "europe-west4", "aws": "eu-west-1", "azure": "westeurope"}
_GPU = {"gcp": "L4", "aws": "T4", "azure": "T4"}
_ID = "11111111-2222-3333-4444-555555555555"
_OWN = {
    "gcp": {"project": "acme-data-dev", "billing_account": "000000-AAAAAA-BBBBBB"},
    "aws": {"account": "123456789012"},
    "azure": {"subscription": _ID, "tenant": _ID},
}
_ENGINE = {"gcp": "bigquery", "aws": "redshift", "azure": "synapse"}
_SCHEME = {"gcp": "gs://acme-{}", "aws": "s3://acme-{}",
           "azure": "abfss://{}@acme.dfs.core.windows.net"}  # fmt: skip
_BUCKET = {"gcp": "acme-{}", "aws": "acme-{}", "azure": "acme/{}"}
_KEY = {
    "gcp": "projects/acme-data-dev/locations/europe-west4/keyRings/acme/cryptoKeys/{}",
    "aws": "arn:aws:kms:eu-west-1:123456789012:key/{}",
    "azure": "https://acme.vault.azure.net/keys/{}",
}
WORKLOAD = {
    "gcp": "{}@acme-data-dev.iam.gserviceaccount.com",
    "aws": "arn:aws:iam::123456789012:role/{}",
    "azure": _ID,
}


def intent(cloud: str = "gcp", **changes: Any) -> Intent:
    """A client that predicts something; `changes` replace top-level keys."""
    raw: dict[str, Any] = {
        "client": {"name": "Acme", "slug": "acme"},
        "environment": "dev",
        "cloud": {"provider": cloud, "region": _REGION[cloud], **_OWN[cloud]},
        "contacts": {key: f"{key}@acme.example" for key in ("technical", "security", "billing")},
        "budget": {"amount": 5000, "currency": "USD" if cloud == "aws" else "EUR"},
        "warehouse": {"engine": _ENGINE[cloud]},
        "ml": {
            "problem": {
                "name": "late_order", "kind": "binary", "table": "features_orders",
                "time": "ordered_at", "key": ["order_id"], "target": "late", "metric": "pr_auc",
            },
        },
    }  # fmt: skip
    return parse_intent({**raw, **changes}, "a test")


def full(cloud: str = "gcp", environment: str = "prod", **changes: Any) -> Intent:
    """Everything that can be asked of the cluster at once."""
    base = intent(cloud).model_dump(mode="json", exclude_unset=True)
    pool = {
        "accelerator": _GPU[cloud],
        "count": 1,
        "max_nodes": 4,
        "capacity": ["spot", "on-demand"],
    }
    ml = {**base["ml"], "training_gpu": pool, "serving_gpu": {**pool, "max_nodes": 2}}
    wanted: dict[str, Any] = {
        "ml": ml,
        "orchestration": {"airflow": "cluster"},
        "serving": {"replicas": 3, "throttle": {"web": 200, "batch": 0.5}, "canary": 0.1},
        "environment": environment,
        "jenkins": {
            "issuer": "https://keys.acme.example/jenkins",
            "approvers": ["lead@acme.example"],
            "controller": {
                "repository": "https://github.com/acme/platform",
                "login": "https://login.acme.example/.well-known/openid-configuration",
                "smtp": "smtp.acme.example",
            },
        },
    }
    return intent(cloud, **{**wanted, **changes})


def made(kind: Any, name: str, special: Mapping[str, Any]) -> Any:
    """A contract type with a text of the right form in every field; `special` by field name."""
    given: dict[str, Any] = {}
    hints = get_type_hints(kind, include_extras=True)
    for one in dataclasses.fields(kind):
        hint = hints[one.name]
        nested = next((p for p in (hint, *get_args(hint)) if dataclasses.is_dataclass(p)), None)
        if one.name in special:
            given[one.name] = special[one.name]
        elif nested is not None:
            given[one.name] = made(nested, one.name, special)
        elif get_origin(hint) is Annotated:
            keys = hint.__metadata__[0]
            given[one.name] = {key: out(f"{one.name}-{key}") for key in keys}
        elif "list" in str(hint):
            given[one.name] = pulumi.Output.from_input([f"{name}-{one.name}"])
        elif "dict" in str(hint):
            given[one.name] = pulumi.Output.from_input({})
        else:
            given[one.name] = out(f"{name}-{one.name}")
    return kind(**given)


def out(text: str) -> pulumi.Output[str]:
    return pulumi.Output.from_input(text)


def special(wanted: Intent) -> dict[str, Any]:
    """What has a form of its own on the intent's cloud."""
    cloud = wanted.cloud.provider
    return {
        "zones": {zone: out(_SCHEME[cloud].format(zone)) for zone in ZONES},
        "buckets": {zone: out(_BUCKET[cloud].format(zone)) for zone in ZONES},
        "workloads": {one: out(WORKLOAD[cloud].format(one)) for one in WORKLOADS},
        "keys": {domain: out(_KEY[cloud].format(domain)) for domain in KEY_DOMAINS},
        "tenancy": out(_OWN[cloud].get("project") or _OWN[cloud].get("account") or _ID),
        "secret_store": out("https://acme.vault.azure.net" if cloud == "azure" else "acme"),
        "gpu_pools": pulumi.Output.from_input([pool.name for pool in gpu_pools(wanted)]),
        "registry": out("registry.acme.example/landfall"),
        "kubeconfig": pulumi.Output.secret("apiVersion: v1\nkind: Config\n"),
        "cidr": out(str(wanted.network.cidr)),
        "private_zones": pulumi.Output.from_input(
            {f"{wanted.client.slug}-{wanted.environment}.internal": "own-zone"}
        ),
    }


def scope_of(wanted: Intent, stack: str = "acme-dev") -> Scope:
    """The scope inside a recording; the provider stands for the cloud's own."""
    provider = pulumi.ProviderResource(wanted.cloud.provider, "cloud", {}, None)
    names = Names(wanted.client.slug, wanted.environment, "123456789012")
    return Scope(wanted, stack, names, labels(wanted, stack), provider)


def planned(
    wanted: Intent, build: Callable[[Scope, Mapping[str, Any]], Any], *, known: bool = True
) -> Plan:
    """The plan of `build(scope, layers)`, where layers are made by hand: foundation, data, cluster, database."""

    def program() -> None:
        forms = special(wanted)
        layers = {
            "foundation": made(Foundation, "foundation", forms),
            "data": made(Data, "data", forms),
            "cluster": made(Cluster, "cluster", forms),
            "database": made(Database, "database", {}),
        }
        build(scope_of(wanted), layers)

    return record(program, "acme-dev", wanted.cloud.provider, known=known)


def one(plan: Plan, kind: str, name: str) -> Resource:
    """The one resource of a type and logical name."""
    found = [resource for resource in plan.of_type(kind) if resource.name == name]
    assert len(found) == 1, f"{len(found)} of {kind} '{name}'"
    return found[0]
