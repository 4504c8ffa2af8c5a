"""Which images may run: a ValidatingAdmissionPolicy that every namespace of ours is bound to.

Namespaces labelled `ours` take images from the platform's registry only; `upstream` ones also from the
registries that the pinned charts name. Checked by the API server itself, so no webhook can be down.
Leaves out signatures, and namespaces that the cloud runs (kube-system).
"""

from __future__ import annotations

import pulumi
from pulumi_kubernetes.admissionregistration import v1 as admission
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs

from infra.contract import Cluster
from infra.kubernetes.charts import CHARTS
from infra.kubernetes.namespaces import IMAGES_LABEL, Namespaces
from infra.kubernetes.resources import config_map, metadata
from infra.scope import Scope

NAME = "landfall-images"
_CONTAINERS = (
    "object.spec.containers"
    " + object.spec.?initContainers.orValue([])"
    " + object.spec.?ephemeralContainers.orValue([])"
)
_ALLOWED = (
    "variables.containers.all(c, params.data.prefixes.split(' ').exists(p, c.image.startsWith(p)))"
)


def build_admission(scope: Scope, cluster: Cluster, namespaces: Namespaces) -> Admission:
    """The policy and its two bindings."""
    return Admission(scope, cluster, namespaces)


class Admission(pulumi.ComponentResource):
    """Images are admitted by the prefix of their name."""

    def __init__(self, scope: Scope, cluster: Cluster, namespaces: Namespaces) -> None:
        super().__init__("landfall:kubernetes:Admission", "admission", opts=scope.component())
        policy = self._policy(scope)
        upstream = sorted({f"{one}/" for chart in CHARTS.values() for one in chart.images})
        ours = cluster.registry.apply(lambda registry: f"{registry}/")
        allowed = {
            "ours": ours,
            "upstream": ours.apply(lambda prefix: " ".join([prefix, *upstream])),
        }
        home = "monitoring"  # any namespace that always exists; the bindings name it
        for kind, prefixes in allowed.items():
            params = config_map(
                scope, self, kind, metadata(f"{NAME}-{kind}", home), {"prefixes": prefixes}
            )
            self._binding(scope, kind, home, [policy, params, *namespaces.of.values()])
        self.register_outputs({})

    def _policy(self, scope: Scope) -> admission.ValidatingAdmissionPolicy:
        rule = admission.NamedRuleWithOperationsArgs(
            api_groups=[""],
            api_versions=["v1"],
            operations=["CREATE", "UPDATE"],
            resources=["pods", "pods/ephemeralcontainers"],
        )
        return admission.ValidatingAdmissionPolicy(
            "images",
            metadata=metadata(NAME),
            spec=admission.ValidatingAdmissionPolicySpecArgs(
                failure_policy="Fail",
                param_kind=admission.ParamKindArgs(api_version="v1", kind="ConfigMap"),
                match_constraints=admission.MatchResourcesArgs(resource_rules=[rule]),
                variables=[admission.VariableArgs(name="containers", expression=_CONTAINERS)],
                validations=[
                    admission.ValidationArgs(
                        expression=_ALLOWED,
                        message_expression=(
                            "'images must come from: ' + params.data.prefixes"
                            " + '; push the image to the platform registry'"
                        ),
                    )
                ],
            ),
            opts=scope.child(self),
        )

    def _binding(self, scope: Scope, kind: str, home: str, after: list[pulumi.Resource]) -> None:
        admission.ValidatingAdmissionPolicyBinding(
            kind,
            metadata=metadata(f"{NAME}-{kind}"),
            spec=admission.ValidatingAdmissionPolicyBindingSpecArgs(
                policy_name=NAME,
                validation_actions=["Deny", "Audit"],
                param_ref=admission.ParamRefArgs(
                    name=f"{NAME}-{kind}", namespace=home, parameter_not_found_action="Deny"
                ),
                match_resources=admission.MatchResourcesArgs(
                    namespace_selector=LabelSelectorArgs(match_labels={IMAGES_LABEL: kind})
                ),
            ),
            opts=scope.child(self, depends_on=after),
        )
