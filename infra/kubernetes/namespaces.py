"""The namespaces: Pod Security, what may run in them, who may talk to whom, and how much they may take.

Everything is denied that `SPACES` does not allow. Leaves out limits of single pods, which stand with them,
and admission of images (`admission.py`), which reads `images` as a label.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.rbac import v1 as rbac

from infra.contract import Foundation
from infra.kubernetes import pools, traffic
from infra.kubernetes.accounts import ACCOUNTS, account
from infra.kubernetes.clouds import CLOUDS, cloud_of
from infra.kubernetes.resources import metadata
from infra.scope import Scope
from infra.sources import ports
from landfall.intent import Intent

IMAGES_LABEL = "landfall.dev/images"


class Space(NamedTuple):
    """One namespace."""

    name: str
    level: Literal["restricted", "baseline", "privileged"]
    """Pod Security Standard that is enforced."""
    images: Literal["ours", "upstream"]
    """`ours`: only from the platform's registry; `upstream`: also from the charts' registries."""
    reaches: tuple[traffic.Reach, ...] = ()
    """Where its pods may go besides each other and DNS."""
    serves: tuple[int, ...] = ()
    """Ports that the API server calls (webhooks, aggregated APIs)."""
    behind_gateway: bool = False
    """Whether the gateway may come in."""
    callers: tuple[str, ...] = ()
    """Other namespaces whose pods may come in."""
    gpus_of: str = ""
    """The use whose GPUs its pods may ask for, where that is not the namespace's own name."""
    why: str = ""
    """The reason for a level other than restricted."""


SPACES: tuple[Space, ...] = (
    Space("cert-manager", "restricted", "upstream", ("apis",), (10250,)),
    Space(
        "monitoring", "privileged", "upstream", ("apis", "pods", "nodes"), (10250,), behind_gateway=True,
        why="the node exporter reads the host's /proc and network",
    ),
    Space("external-secrets", "restricted", "upstream", ("apis", "identity"), (10250,)),
    Space(
        "gpu-operator", "privileged", "upstream", ("apis",),
        why="device plugin and DCGM need the node's devices",
    ),
    Space("kueue-system", "restricted", "upstream", ("apis",), (9443, 8082)),
    Space("keda", "restricted", "upstream", ("apis", "pods"), (6443, 9443)),
    Space("kserve", "restricted", "upstream", ("apis",), (9443,)),
    Space(
        "gateway", "baseline", "upstream", ("apis", "pods"), (9443, 10443, 8443),
        why="Envoy's drain helper does not meet `restricted` in every release",
    ),
    Space(
        "mlflow", "restricted", "ours", ("apis", "identity", "database"), behind_gateway=True,
        callers=("training",),
    ),
    Space(
        "catalog", "restricted", "upstream", ("apis", "identity", "database"), behind_gateway=True
    ),
    Space("serving", "restricted", "ours", ("apis", "identity"), behind_gateway=True),
    Space("training", "restricted", "ours", ("apis", "identity", "data", "pods")),
    Space(
        "airflow", "restricted", "ours", ("apis", "identity", "database", "pods"),
        behind_gateway=True,
    ),
    Space(
        "jenkins", "restricted", "ours", ("apis", "mail"), behind_gateway=True,
        callers=("jenkins-agents",),
    ),
    # Builds ask for pods as they like, so they get a namespace in which no secret lies.
    Space("jenkins-agents", "restricted", "ours", ("apis", "data", "pods"), gpus_of="training"),
)  # fmt: skip


def spaces(intent: Intent) -> tuple[Space, ...]:
    """The namespaces that this intent needs."""
    unused: set[str] = set()
    if intent.orchestration.airflow != "cluster":
        unused.add("airflow")
    if CLOUDS[intent.cloud.provider].catalog is None:
        unused.add("catalog")
    if not pools.gpu_pools(intent):
        unused.add("gpu-operator")
    if intent.jenkins is None or intent.jenkins.controller is None:
        unused |= {"jenkins", "jenkins-agents"}
    return tuple(one for one in SPACES if one.name not in unused)


def build_namespaces(scope: Scope, foundation: Foundation) -> Namespaces:
    """The namespaces, their policies, quotas and service accounts."""
    return Namespaces(scope, foundation)


class Namespaces(pulumi.ComponentResource):
    """Namespace name → resource, as `of`."""

    def __init__(self, scope: Scope, foundation: Foundation) -> None:
        super().__init__("landfall:kubernetes:Namespaces", "namespaces", opts=scope.component())
        self.of: dict[str, core.Namespace] = {}
        for space in spaces(scope.intent):
            self.of[space.name] = self._namespace(scope, space)
            self._policies(scope, space)
            if space.images == "ours":
                self._bounds(scope, space)
        self._accounts(scope, foundation)
        self._airflow(scope, foundation)
        self.register_outputs({})

    def _namespace(self, scope: Scope, space: Space) -> core.Namespace:
        standard = "pod-security.kubernetes.io"
        return core.Namespace(
            space.name,
            metadata=metadata(
                space.name,
                labels={
                    f"{standard}/enforce": space.level,
                    f"{standard}/enforce-version": "latest",
                    f"{standard}/warn": "restricted" if space.level == "baseline" else space.level,
                    IMAGES_LABEL: space.images,
                },
                annotations={"landfall.dev/reason": space.why} if space.why else None,
            ),
            opts=scope.child(self),
        )

    def _policies(self, scope: Scope, space: Space) -> None:
        made = traffic.policies(
            space.reaches,
            space.serves,
            space.behind_gateway,
            cloud_of(scope).metadata,
            space.callers,
            ports(scope.intent),
        )
        for name, spec in made.items():
            kubernetes.networking.v1.NetworkPolicy(
                f"{space.name}-{name}",
                metadata=metadata(name, space.name),
                spec=spec,
                opts=scope.child(self.of[space.name]),
            )

    def _bounds(self, scope: Scope, space: Space) -> None:
        """A quota, and what a container is given that asks for nothing."""
        gpus = pools.gpus(scope.intent, space.gpus_of or space.name)
        core.ResourceQuota(
            f"{space.name}-quota",
            metadata=metadata("quota", space.name),
            spec=core.ResourceQuotaSpecArgs(
                hard={
                    "pods": "200",
                    "persistentvolumeclaims": "10",
                    "services.loadbalancers": "0",  # nothing of ours opens a way in of its own
                    "services.nodeports": "0",
                    "requests.nvidia.com/gpu": str(gpus),
                }
            ),
            opts=scope.child(self.of[space.name]),
        )
        core.LimitRange(
            f"{space.name}-limits",
            metadata=metadata("limits", space.name),
            spec=core.LimitRangeSpecArgs(
                limits=[
                    core.LimitRangeItemArgs(
                        type="Container",
                        default_request={"cpu": "100m", "memory": "256Mi"},
                        default={"memory": "1Gi"},
                    )
                ]
            ),
            opts=scope.child(self.of[space.name]),
        )

    def _airflow(self, scope: Scope, foundation: Foundation) -> None:
        """Airflow starts its tasks' pods where GPUs may be asked for, and nowhere else."""
        runs = scope.intent.orchestration.airflow
        if runs == "cluster":
            own = account("airflow")
            who = rbac.SubjectArgs(kind="ServiceAccount", name=own.name, namespace=own.namespace)
        elif runs == "managed" and cloud_of(scope).names_users:
            who = rbac.SubjectArgs(
                kind="User",
                name=foundation.identity.workloads["orchestrate"],
                api_group="rbac.authorization.k8s.io",
            )
        else:
            return
        rbac.RoleBinding(
            "training-airflow",
            metadata=metadata("airflow", "training"),
            role_ref=rbac.RoleRefArgs(
                api_group="rbac.authorization.k8s.io", kind="ClusterRole", name="edit"
            ),
            subjects=[who],
            opts=scope.child(self.of["training"]),
        )

    def _accounts(self, scope: Scope, foundation: Foundation) -> None:
        """Service accounts bound to the cloud's workload identities."""
        cloud = cloud_of(scope)
        for one in ACCOUNTS:
            if one.namespace not in self.of:
                continue
            named = {cloud.identity_annotation: foundation.identity.workloads[one.workload]}
            own = one.name == one.namespace
            core.ServiceAccount(
                f"{one.namespace}-account" if own else f"{one.namespace}-{one.name}-account",
                metadata=metadata(
                    one.name,
                    one.namespace,
                    labels=cloud.identity_labels,
                    annotations=named if cloud.identity_annotation else None,
                ),
                automount_service_account_token=one.namespace in ("external-secrets", "airflow"),
                opts=scope.child(self.of[one.namespace]),
            )
