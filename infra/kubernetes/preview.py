"""What Jenkins sees in the cluster while it previews and looks for drift: all that the program manages, and no Secret.

The clouds' own read-only roles see less: Google's names no admission policy, EKS' no kind of the whole cluster and none
that a chart brings. Server-side apply asks for more (a dry run needs the right to write); where that is refused the
provider compares by itself, so a preview needs no more than this. Helm keeps a release in a Secret beside passwords and
keys, and Kubernetes cannot tell them apart: so releases are not looked at (`infra/release/after.py`).
Leaves out Azure, whose own roles say it (`infra/azure/identity.py`). Source: pulumi-kubernetes
provider/pkg/provider/provider.go and helm_release.go, 2026-07.
"""

from __future__ import annotations

import pulumi
from pulumi_kubernetes.rbac import v1 as rbac

from infra.contract import Foundation
from infra.jenkins import PREVIEW_GROUP
from infra.kubernetes.clouds import cloud_of
from infra.kubernetes.resources import metadata
from infra.scope import Scope

CORE = (
    "configmaps", "endpoints", "events", "limitranges", "namespaces", "nodes", "persistentvolumeclaims",
    "persistentvolumes", "pods", "resourcequotas", "serviceaccounts", "services",
)  # fmt: skip
"""Of the core group by name, since Secrets are in it, too."""
GROUPS = (
    "admissionregistration.k8s.io", "apiextensions.k8s.io", "apps", "batch", "cert-manager.io", "discovery.k8s.io",
    "external-secrets.io", "gateway.envoyproxy.io", "gateway.networking.k8s.io", "keda.sh", "kueue.x-k8s.io",
    "monitoring.coreos.com", "networking.k8s.io", "policy", "rbac.authorization.k8s.io", "scheduling.k8s.io",
    "serving.kserve.io", "storage.k8s.io",
)  # fmt: skip
"""Groups that hold no secret; all of their kinds."""
_NAME = "landfall-preview"
_LOOK = ["get", "list", "watch"]
_RBAC = "rbac.authorization.k8s.io"


def build_preview(scope: Scope, foundation: Foundation) -> None:
    """The role and who has it; nothing where the intent names no Jenkins."""
    if scope.intent.jenkins is not None and cloud_of(scope).preview_kind:
        Preview(scope, foundation)


class Preview(pulumi.ComponentResource):
    """A role of the whole cluster, bound to Jenkins' preview identity alone."""

    def __init__(self, scope: Scope, foundation: Foundation) -> None:
        super().__init__("landfall:kubernetes:Preview", "preview", opts=scope.component())
        kind = cloud_of(scope).preview_kind
        who = foundation.identity.jenkins_preview if kind == "User" else PREVIEW_GROUP
        rbac.ClusterRole(
            "jenkins-preview",
            metadata=metadata(_NAME),
            rules=[
                rbac.PolicyRuleArgs(api_groups=[""], resources=list(CORE), verbs=_LOOK),
                rbac.PolicyRuleArgs(api_groups=list(GROUPS), resources=["*"], verbs=_LOOK),
                # How long a password is to be; other kinds of the group keep what they made.
                rbac.PolicyRuleArgs(
                    api_groups=["generators.external-secrets.io"],
                    resources=["passwords"],
                    verbs=_LOOK,
                ),
            ],
            opts=scope.child(self),
        )
        rbac.ClusterRoleBinding(
            "jenkins-preview",
            metadata=metadata(_NAME),
            role_ref=rbac.RoleRefArgs(api_group=_RBAC, kind="ClusterRole", name=_NAME),
            subjects=[rbac.SubjectArgs(kind=kind, name=who, api_group=_RBAC)],
            opts=scope.child(self),
        )
        self.register_outputs({})
