"""The Iceberg catalog on the cluster: where the cloud has none, confined, behind the gateway, for listed callers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.kubernetes import catalog_names
from infra.kubernetes.charts import CHARTS
from infra.kubernetes.clouds import CLOUDS as TABLE
from infra.plan.model import Plan, Resource
from pipelines import catalog as client
from pipelines import pods, sign_in
from pipelines.submit.batch import LIMIT_MINUTES
from pipelines.token_file import TokenFile
from tests.infra.kubernetes.hand import CLOUDS, one
from tests.infra.kubernetes.test_jenkins import known, paths

Plans = Callable[..., Plan]
RELEASE = "kubernetes:helm.sh/v3:Release"
POLICY = "kubernetes:gateway.envoyproxy.io/v1alpha1:SecurityPolicy"
KEYS = Path(__file__).with_name("catalog_chart_keys.txt")


def ours(plan: Plan, kind: str, name: str) -> Resource:
    """A part of the catalog's own component."""
    (found,) = [
        r
        for r in plan.of_type(kind)
        if r.name == name and r.parent.endswith("kubernetes:Catalog::catalog")
    ]
    return found


def values(plan: Plan) -> dict[str, Any]:
    found = one(plan, RELEASE, "catalog").inputs["values"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("cloud", CLOUDS)
def test_it_is_there_where_the_cloud_has_none_of_its_own(plan: Plans, cloud: str) -> None:
    wanted = TABLE[cloud].catalog is not None
    assert wanted == (cloud == "azure")
    assert any(r.name == "catalog" for r in plan(cloud).of_type(RELEASE)) == wanted
    spaces = {r.name for r in plan(cloud).of_type("kubernetes:core/v1:Namespace")}
    assert ("catalog" in spaces) == wanted
    store = one(plan(cloud), "kubernetes:external-secrets.io/v1:ClusterSecretStore", "store")
    (allowed,) = store.inputs["spec"]["conditions"]
    assert ("catalog" in allowed["namespaces"]) == wanted


def test_every_value_is_a_key_of_the_pinned_chart(plan: Plans) -> None:
    text = KEYS.read_text(encoding="utf-8")
    keys = {line for line in text.splitlines() if line and not line.startswith("#")}
    assert f"lakekeeper {CHARTS['catalog'].version} " in text
    used = paths(values(plan("azure")))
    assert len(used) > 30
    assert not {path for path in used if not known(path, keys)}
    assert not known("catalog.replica", keys)


def test_no_password_is_a_value_and_its_own_key_lies_in_the_store(plan: Plans) -> None:
    told = values(plan("azure"))
    assert told["externalDatabase"]["passwordSecret"] == "database"
    assert "password" not in told["externalDatabase"]
    drawn = one(plan("azure"), "kubernetes:external-secrets.io/v1:ExternalSecret", "catalog-key")
    assert drawn.inputs["spec"]["data"][0]["remoteRef"]["key"] == "acme-prod-catalog-key"
    assert told["secretBackend"]["postgres"]["encryptionKeySecret"] == "encryption"
    assert drawn.inputs["metadata"]["name"] == "encryption"


def test_its_pods_fit_the_restricted_standard_and_come_from_its_own_registry(plan: Plans) -> None:
    told = values(plan("azure"))["catalog"]
    assert told["podSecurityContext"]["runAsNonRoot"] is True
    assert told["podSecurityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert told["containerSecurityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert told["podDisruptionBudget"]["enabled"] is True
    assert told["replicas"] == 2
    images = [
        r for r in plan("azure").of_type("kubernetes:core/v1:ConfigMap") if r.name == "upstream"
    ]
    assert "quay.io/lakekeeper/" in images[0].inputs["data"]["prefixes"].split(" ")
    space = one(plan("azure"), "kubernetes:core/v1:Namespace", "catalog")
    labels = space.inputs["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_gateway_answers_at_the_address_that_clients_are_told(plan: Plans) -> None:
    way = ours(plan("azure"), "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute", "catalog-route")
    (host,) = way.inputs["spec"]["hostnames"]
    gate = one(plan("azure"), "kubernetes:gateway.networking.k8s.io/v1:Gateway", "gateway")
    (tools,) = [x for x in gate.inputs["spec"]["listeners"] if x["name"] == "tools"]
    assert tools["port"] == 8443
    (chosen,) = tools["allowedRoutes"]["namespaces"]["selector"]["matchExpressions"]
    assert "catalog" in chosen["values"]
    told = values(plan("azure"))["catalog"]["config"]["LAKEKEEPER__BASE_URI"]
    assert told == f"https://{host}:8443"


def test_callers_are_the_accounts_of_the_monthly_flow_each_with_its_own_reach(plan: Plans) -> None:
    policy = ours(plan("azure"), POLICY, "callers").inputs["spec"]
    (target,) = policy["targetRefs"]
    assert (target["kind"], target["name"]) == ("HTTPRoute", "catalog")
    (provider,) = policy["jwt"]["providers"]
    assert provider["audiences"] == [catalog_names.AUDIENCE]
    assert provider["remoteJWKS"]["uri"] == f"{provider['issuer']}/openid/v1/jwks"
    assert policy["authorization"]["defaultAction"] == "Deny"
    told = {}
    for rule in policy["authorization"]["rules"]:
        principal = rule["principal"]
        assert principal["clientCIDRs"] == ["10.64.0.0/16"]
        (claim,) = principal["jwt"]["claims"]
        assert claim["name"] == "sub"
        (who,) = claim["values"]
        own = principal.get("headers")
        told[who] = (own is not None, rule.get("operation", {}).get("methods"))
        if own:
            assert own == [{"name": "x-iceberg-access-delegation", "values": ["client-managed"]}]
    assert told == {
        "system:serviceaccount:training:ingest": (False, None),
        "system:serviceaccount:training:transform": (True, None),
        "system:serviceaccount:training:training": (True, ["GET", "HEAD"]),
    }


def test_the_job_makes_the_warehouse_and_a_namespace_a_zone_where_tables_lie(plan: Plans) -> None:
    given = ours(plan("azure"), "kubernetes:core/v1:ConfigMap", "warehouse").inputs["data"]
    asked = json.loads(given["warehouse.json"])
    assert asked["warehouse"]["warehouse-name"] == catalog_names.WAREHOUSE
    assert asked["warehouse"]["storage-credential"] == {
        "type": "az", "credential-type": "azure-system-identity",
    }  # fmt: skip
    assert asked["warehouse"]["storage-profile"]["sas-token-validity-seconds"] > 60 * LIMIT_MINUTES
    assert asked["namespaces"] == {
        zone: f"abfss://{zone}@acme.dfs.core.windows.net/tables" for zone in client.NAMESPACES
    }
    job = ours(plan("azure"), "kubernetes:batch/v1:Job", "prepare").inputs["spec"]["template"][
        "spec"
    ]
    assert job["serviceAccountName"] == "prepare"
    (container,) = job["containers"]
    server, request, token = container["args"]
    assert server == "http://catalog.catalog.svc:8181"
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert {str(Path(request).parent), str(Path(token).parent)} <= mounted


def test_both_sides_go_by_the_same_names() -> None:
    assert set(catalog_names.NAMESPACES) == set(client.NAMESPACES)
    module, name = catalog_names.SIGN_IN.rsplit(".", 1)
    assert (TokenFile.__module__, TokenFile.__name__) == (module, name)
    assert pods.TRUST == catalog_names.TRUST
    assert pods.SIGN_IN == sign_in.FILE
    # Renewed when a fifth is left, which must outlast a batch.
    assert pods.TOKEN_SECONDS / 5 >= 60 * LIMIT_MINUTES
