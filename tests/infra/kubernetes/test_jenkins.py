"""Jenkins on the platform's own cluster: where asked for, in our image, with its secrets and its variables."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from infra.aws.security import secret_prefix
from infra.jenkins import SECRETS, subjects
from infra.plan.model import Plan, Resource
from tests.ci.controller import AGENTS, CASC, JENKINS
from tests.ci.controller import HERE as FACTS
from tests.infra.kubernetes import hand
from tests.infra.kubernetes.hand import CLOUDS, one

Plans = Callable[..., Plan]
RELEASE = "kubernetes:helm.sh/v3:Release"
EXTERNAL = "kubernetes:external-secrets.io/v1:ExternalSecret"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
SPACES = {"jenkins", "jenkins-agents"}


def values(plan: Plan) -> dict[str, Any]:
    found = one(plan, RELEASE, "jenkins").inputs["values"]
    assert isinstance(found, dict)
    return found


def variables(plan: Plan) -> dict[str, str]:
    return {one["name"]: one["value"] for one in values(plan)["controller"]["containerEnv"]}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_nothing_of_it_is_there_where_the_client_has_a_jenkins(plan: Plans, cloud: str) -> None:
    small = plan(cloud, "small")
    assert not [r for r in small.resources if r.custom and "jenkins" in json.dumps(dict(r.inputs))]
    with_one = hand.intent(cloud, jenkins={"issuer": "https://ci.acme.example/oidc"})
    assert with_one.jenkins
    assert with_one.jenkins.controller is None


@pytest.mark.parametrize("cloud", CLOUDS)
def test_it_runs_in_our_image_restricted_and_with_no_account_of_its_own(
    plan: Plans, cloud: str
) -> None:
    controller = values(plan(cloud))["controller"]
    assert controller["image"]["registry"] == "registry.acme.example/landfall"
    assert controller["admin"]["createSecret"] is False
    assert controller["installPlugins"] is False
    assert controller["JCasC"]["defaultConfig"] is False
    assert controller["sidecars"]["configAutoReload"]["enabled"] is False
    assert controller["containerSecurityContext"]["readOnlyRootFilesystem"] is True
    assert controller["containerSecurityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert controller["podSecurityContextOverride"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert values(plan(cloud))["persistence"]["storageClass"] == "landfall-encrypted"
    assert values(plan(cloud))["agent"]["namespace"] == "jenkins-agents"


def paths(value: Any, path: str = "") -> set[str]:
    if isinstance(value, dict) and value:
        return set().union(*(paths(v, f"{path}.{k}" if path else k) for k, v in value.items()))
    return {path}


def known(path: str, keys: set[str]) -> bool:
    parts = path.split(".")
    above = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
    return bool(above & keys) or bool({f"{one}.*" for one in above} & keys)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_value_is_a_key_of_the_pinned_chart(plan: Plans, cloud: str) -> None:
    text = (FACTS / "chart_keys.txt").read_text(encoding="utf-8")
    keys = {line for line in text.splitlines() if line and not line.startswith("#")}
    version = one(plan(cloud), RELEASE, "jenkins").inputs["version"]
    assert f"jenkins {version} " in text
    used = paths(values(plan(cloud)))
    assert len(used) > 40
    assert not {path for path in used if not known(path, keys)}
    assert not known("controller.installPlugin", keys)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_it_is_told_every_variable_that_its_configuration_asks_for(plan: Plans, cloud: str) -> None:
    asked: set[str] = set()
    for file in [*CASC.glob("*.yaml"), *AGENTS.glob("*.yaml")]:
        asked |= set(re.findall(r"(?<!\^)\$\{([A-Za-z][\w-]*)\}", file.read_text(encoding="utf-8")))
    image = {"LANDFALL_CODE"}  # the image sets it
    mounted = {
        f"{one['name']}-{one['keyName']}"
        for one in values(plan(cloud))["controller"]["additionalExistingSecrets"]
    }
    assert asked - image - mounted <= set(variables(plan(cloud)))
    assert mounted <= asked
    told = (JENKINS / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in told for name in variables(plan(cloud)))


def test_its_jobs_are_the_clients_and_its_tokens_name_the_issuer_that_the_clouds_trust(
    plan: Plans,
) -> None:
    told = variables(plan("gcp"))
    (client,) = json.loads(told["LANDFALL_CLIENTS"])
    assert client["client"] == "acme"
    assert client["repository"] == told["LANDFALL_REPOSITORY"]
    assert told["LANDFALL_OIDC_ISSUER"] == "https://keys.acme.example/jenkins"
    assert told["LANDFALL_GPU_CAPACITY"] == "spot"


def seen(locations: str, job: str) -> bool:
    """Whether a job finds the credential, as the plugin reads the list and compares it with what the job lies in."""
    assert locations.startswith("[")
    assert locations.endswith("]")
    listed = {one.strip()[1:-1] for one in locations[1:-1].split(", ") if one}
    return job.rpartition("/")[0] in listed


@pytest.mark.parametrize("cloud", CLOUDS)
def test_secrets_come_from_the_clouds_store_by_name_and_the_push_token_to_the_clients_folders(
    plan: Plans, cloud: str
) -> None:
    drawn: dict[str, Resource] = {
        r.inputs["metadata"]["name"]: r
        for r in plan(cloud).of_type(EXTERNAL)
        if r.inputs["metadata"]["namespace"] == "jenkins"
    }
    assert set(drawn) == {"landfall-login", "landfall-scm-read", "landfall-scm", "landfall-git"}
    for name, kind in (("landfall-scm", "secretText"), ("landfall-git", "usernamePassword")):
        marks = drawn[name].inputs["spec"]["target"]["template"]["metadata"]
        assert marks["labels"]["jenkins.io/credentials-type"] == kind
    where = drawn["landfall-git"].inputs["spec"]["target"]["template"]["metadata"]["annotations"]
    allowed = where["jenkins.io/credentials-store-locations"]
    assert yaml.safe_load(allowed) == ["acme", "acme/infra"]
    for subject in subjects(hand.full(cloud), "deploy").values():
        assert seen(allowed, subject.removeprefix("landfall:"))
    assert not seen(allowed, "other/infra/main")
    assert not seen(allowed, "other/destroy")
    store = plan(cloud).of_type("kubernetes:external-secrets.io/v1:ClusterSecretStore")[0]
    assert "jenkins" in store.inputs["spec"]["conditions"][0]["namespaces"]
    assert "jenkins-agents" not in store.inputs["spec"]["conditions"][0]["namespaces"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_agents_reach_the_controller_and_nobody_reaches_agents(plan: Plans, cloud: str) -> None:
    found = {
        (p.inputs["metadata"]["namespace"], p.inputs["metadata"]["name"]): p.inputs["spec"]
        for p in plan(cloud).of_type(POLICY)
        if p.inputs["metadata"]["namespace"] in SPACES
    }
    (rule,) = found["jenkins", "callers"]["ingress"]
    (peer,) = rule["from"]
    named = peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
    assert named == "jenkins-agents"
    assert ("jenkins", "gateway") in found
    assert ("jenkins-agents", "gateway") not in found
    assert ("jenkins-agents", "callers") not in found
    assert ("jenkins-agents", "mail") not in found


@pytest.mark.parametrize("cloud", CLOUDS)
def test_gpu_agents_fit_their_namespaces_quota(plan: Plans, cloud: str) -> None:
    quota = one(plan(cloud), "kubernetes:core/v1:ResourceQuota", "jenkins-agents-quota")
    assert quota.inputs["spec"]["hard"]["requests.nvidia.com/gpu"] == "4"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_its_address_is_inside_the_network_and_told(plan: Plans, cloud: str) -> None:
    route = one(plan(cloud), "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute", "jenkins-route")
    assert route.inputs["spec"]["hostnames"] == ["jenkins.acme-prod.internal"]
    assert variables(plan(cloud))["LANDFALL_JENKINS_URL"] == "https://jenkins.acme-prod.internal:8443/"  # fmt: skip


@pytest.mark.parametrize("cloud", CLOUDS)
def test_its_secrets_are_drawn_from_where_the_cluster_may_read(plan: Plans, cloud: str) -> None:
    """AWS' policy opens names below the stack's own; Google's opens each of these; Azure's vault is the stack's."""
    drawn = {
        one["remoteRef"]["key"]
        for resource in plan(cloud).of_type(EXTERNAL)
        if resource.inputs["metadata"]["namespace"] == "jenkins"
        for one in resource.inputs["spec"]["data"]
    }
    stack: Any = SimpleNamespace(intent=hand.full("aws"))
    below = secret_prefix(stack) if cloud == "aws" else ""
    assert drawn == {f"{below}{name}" for name in SECRETS}
