"""Jenkins by Helm, where the intent wants it on the platform's own cluster.

The image (ci/images/controller) brings plugins, configuration and jobs; here it gets its address, its disk, and the
variables and secrets that ci/jenkins/README.md lists. Secrets must lie in the cloud's secret store before (`SECRETS`), as
JSON: `jenkins-login` (client_id, client_secret), `jenkins-read` and `jenkins-git` (username, password), and as text
`jenkins-scm`; on AWS their names begin with `CLIENT-ENVIRONMENT/`, below which the cluster may read. Builds run in a
namespace of their own. Leaves out publishing the issuer's documents, which the clouds fetch from outside of the network
(ci/jenkins/README.md says how).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import yaml

from infra.contract import Cluster
from infra.jenkins import subjects
from infra.kubernetes.basics import STORAGE_CLASS, Basics
from infra.kubernetes.clouds import cloud_of
from infra.kubernetes.domain import address
from infra.kubernetes.gateway import Gateway, route
from infra.kubernetes.namespaces import Namespaces
from infra.kubernetes.pools import gpu_pools
from infra.kubernetes.resources import release
from infra.kubernetes.secrets import Secrets
from infra.scope import Scope
from landfall import __version__
from landfall.fast_yaml import FastLoader
from landfall.intent.governance import Controller, Jenkins

SPACE, AGENTS, IMAGE, PORT = "jenkins", "jenkins-agents", "jenkins", 8080
_VALUES = Path(__file__).parents[2] / "ci/jenkins/values.yaml"
_DISK = {"dev": "20Gi", "staging": "50Gi", "prod": "100Gi"}
_TYPE = "jenkins.io/credentials-type"
_TOLD = "jenkins.io/credentials-description"
_WHERE = "jenkins.io/credentials-store-locations"
"""What the plugin kubernetes-credentials-provider reads. It looks a job's credentials up in what the job lies in, and
compares that name whole: `acme/infra` for `acme/infra/main`, `acme` for `acme/destroy` (KubernetesCredentialProvider
and SecretUtils of 2026-08-11). So pull requests, which lie in `acme/infra` too, see what the branch sees."""


def build_jenkins(
    scope: Scope,
    cluster: Cluster,
    namespaces: Namespaces,
    basics: Basics,
    secrets: Secrets,
    gateway: Gateway,
    monitoring: pulumi.Resource,
) -> Controllers | None:
    """Jenkins, or None where the client has one."""
    jenkins = scope.intent.jenkins
    if jenkins is None or jenkins.controller is None:
        return None
    return Controllers(scope, cluster, namespaces, basics, secrets, gateway, monitoring)


class Controllers(pulumi.ComponentResource):
    """The chart, its secrets and its route."""

    def __init__(
        self,
        scope: Scope,
        cluster: Cluster,
        namespaces: Namespaces,
        basics: Basics,
        secrets: Secrets,
        gateway: Gateway,
        monitoring: pulumi.Resource,
    ) -> None:
        super().__init__("landfall:kubernetes:Jenkins", "jenkins", opts=scope.component())
        below = cloud_of(scope).secrets_below(scope)
        drawn = [
            secrets.draw("jenkins-login", "landfall-login", SPACE, f"{below}jenkins-login",
                         {"client-id": _field("client_id"), "client-secret": _field("client_secret")}),
            *(_credential(scope, secrets, *one) for one in _CREDENTIALS),
        ]  # fmt: skip
        server = release(
            scope, self, "jenkins", SPACE, values(scope, cluster),
            after=[namespaces.of[SPACE], namespaces.of[AGENTS], basics.storage, monitoring, *drawn],
        )  # fmt: skip
        route(scope, self, gateway, "jenkins", SPACE, [{"name": "jenkins", "port": PORT}],
              after=[server])  # fmt: skip
        self.register_outputs({})


_CREDENTIALS = (
    ("landfall-scm-read", "jenkins-read", "usernamePassword", "Reads the repository", False),
    ("landfall-scm", "jenkins-scm", "secretText", "Comments on pull requests", False),
    ("landfall-git", "jenkins-git", "usernamePassword", "Pushes the tags of what was applied", True),
)  # fmt: skip
"""Id, secret in the cloud's store, kind, description, and whether only the folders of jobs that deploy have it."""


def _credential(
    scope: Scope, secrets: Secrets, name: str, key: str, kind: str, told: str, deploys: bool
) -> pulumi.Resource:
    template = (
        {"text": "{{ .value }}"}
        if kind == "secretText"
        else {"username": _field("username"), "password": _field("password")}
    )
    annotations = {_TOLD: told}
    if deploys:
        jobs = [one.removeprefix("landfall:") for one in subjects(scope.intent, "deploy").values()]
        folders = sorted({job.rpartition("/")[0] for job in jobs})
        annotations[_WHERE] = f"[{', '.join(repr(folder) for folder in folders)}]"
    return secrets.draw(
        f"jenkins-{name}", name, SPACE, f"{cloud_of(scope).secrets_below(scope)}{key}", template,
        marks={"labels": {_TYPE: kind}, "annotations": annotations},
    )  # fmt: skip


def _field(name: str) -> str:
    return f"{{{{ (.value | fromJson).{name} }}}}"


def values(scope: Scope, cluster: Cluster) -> dict[str, Any]:
    """ci/jenkins/values.yaml with what differs by stack."""
    jenkins = scope.intent.jenkins
    assert jenkins is not None
    assert jenkins.controller is not None
    made: dict[str, Any] = yaml.load(_VALUES.read_text(encoding="utf-8"), FastLoader)
    own = {"registry": cluster.registry, "repository": IMAGE, "tag": __version__}
    made["controller"]["image"] |= own
    made["controller"]["jenkinsUrl"] = address(scope, "jenkins")
    given = variables(scope, jenkins, jenkins.controller, cluster)
    made["controller"]["containerEnv"] = [{"name": k, "value": v} for k, v in given.items()]
    made["persistence"] |= {"storageClass": STORAGE_CLASS, "size": _DISK[scope.intent.environment]}
    return made


def variables(
    scope: Scope, jenkins: Jenkins, controller: Controller, cluster: Cluster
) -> Mapping[str, pulumi.Input[str]]:
    """What ci/jenkins/README.md says that the controller is told."""
    contacts = scope.intent.contacts
    assert contacts is not None
    client = {
        "client": scope.intent.client.slug,
        "name": scope.intent.client.name,
        "scm": controller.scm,
        "repository": controller.repository,
        "branch": jenkins.branch,
    }
    given: dict[str, pulumi.Input[str]] = {
        "LANDFALL_JENKINS_URL": f"{address(scope, 'jenkins')}/",
        "LANDFALL_CLIENTS": json.dumps([client]),
        "LANDFALL_REPOSITORY": controller.repository,
        "LANDFALL_BRANCH": jenkins.branch,
        "LANDFALL_OIDC_ISSUER": jenkins.issuer,
        "LANDFALL_LOGIN_WELL_KNOWN": controller.login,
        "LANDFALL_REGISTRY": cluster.registry,
        "LANDFALL_VERSION": __version__,
        "LANDFALL_AGENTS_NAMESPACE": AGENTS,
        "LANDFALL_AGENTS_URL": f"http://jenkins.{SPACE}.svc:{PORT}/",
        "LANDFALL_SMTP_HOST": controller.smtp,
        "LANDFALL_MAIL_FROM": contacts.technical,
    }
    training = [pool.capacity for pool in gpu_pools(scope.intent) if pool.use == "training"]
    if training:
        given["LANDFALL_GPU_CAPACITY"] = training[0]
    return given
