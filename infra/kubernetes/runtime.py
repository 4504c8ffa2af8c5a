"""What our own pods run with: image, the stack's intent, its Platform, and how they are confined.

A pod reads the intent from the stack's file in the project (`LANDFALL_STACK`) and the Platform from the
file that `LANDFALL_PLATFORM` names; both come from one ConfigMap a namespace. Neither holds a secret.
Leaves out building the image, whose project lies in `PROJECT`.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pulumi
import yaml

from infra.contract import Cluster, Data, Database, Foundation, Ml, Services
from infra.export import platform
from infra.images import image
from infra.kubernetes.namespaces import Namespaces, spaces
from infra.kubernetes.resources import config_map, metadata
from infra.scope import Scope

PROJECT = "/opt/landfall"
TRACKING = "mlflow.mlflow.svc"
"""MLflow, as pods of the cluster call it: they need neither the network's DNS nor the platform's authority, and what
they say never leaves the cluster. People come by the gateway."""
_PLATFORM = "/etc/landfall/platform.json"
CONFINED: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
}
"""Security context of a container, as Pod Security `restricted` wants it."""
CONFINED_POD: dict[str, Any] = {
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "runAsGroup": 10001,
    "fsGroup": 10001,
    "seccompProfile": {"type": "RuntimeDefault"},
}


class Runtime(pulumi.ComponentResource):
    """The ConfigMap `landfall` in every namespace of ours."""

    def __init__(
        self,
        scope: Scope,
        foundation: Foundation,
        data: Data,
        cluster: Cluster,
        database: Database,
        services: Services,
        namespaces: Namespaces,
    ) -> None:
        super().__init__("landfall:kubernetes:Runtime", "runtime", opts=scope.component())
        self.stack = scope.stack
        self.image = image(cluster, "landfall")
        whole = platform(
            scope.intent, scope.stack, foundation, data, Ml(cluster, database, services)
        )
        inside = {**whole, "tracking": {**whole["tracking"], "uri": f"http://{TRACKING}"}}
        known = pulumi.Output.json_dumps(inside, sort_keys=True)
        self._intent = scope.intent.model_dump(mode="json", exclude_unset=True)
        self.maps: list[pulumi.Resource] = []
        serving = self._intent.get("serving", {})
        contents = {"landfall": {**serving, "canary": 0}}
        if scope.intent.serving.canary:
            # The candidate's own servers give every answer by the candidate; the share is the route's.
            contents["landfall-candidate"] = {**serving, "canary": 1}
        for space in spaces(scope.intent):
            if space.images != "ours" or space.name == "mlflow":
                continue
            for name, part in (
                contents.items() if space.name == "serving" else [("landfall", serving)]
            ):
                files = {"stack.yaml": self._stack_file(part), "platform.json": known}
                self.maps.append(
                    config_map(scope, namespaces.of[space.name], f"{space.name}-{name}",
                               metadata(name, space.name), files)
                )  # fmt: skip
        self.digest = known.apply(self._digest)
        self.register_outputs({})

    def _stack_file(self, serving: dict[str, Any]) -> str:
        intent = {**self._intent, "serving": serving} if serving else self._intent
        return yaml.safe_dump({"config": {"landfall:intent": intent}}, sort_keys=True)

    def _digest(self, platform_json: str) -> str:
        """Changes with what the files hold, so that pods that mount them are replaced."""
        text = platform_json + json.dumps(self._intent, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def environment(self) -> list[dict[str, str]]:
        """Variables of a container that runs `landfall`."""
        return [
            {"name": "LANDFALL_STACK", "value": self.stack},
            {"name": "LANDFALL_PLATFORM", "value": _PLATFORM},
            {"name": "LANDFALL_HOME", "value": "/tmp/landfall"},
        ]

    @property
    def mounts(self) -> list[dict[str, Any]]:
        """Where a container finds its files; `/tmp` is all that it may write."""
        file = f"{PROJECT}/stacks/Pulumi.{self.stack}.yaml"
        return [
            {"name": "config", "mountPath": file, "subPath": "stack.yaml", "readOnly": True},
            {
                "name": "config",
                "mountPath": _PLATFORM,
                "subPath": "platform.json",
                "readOnly": True,
            },
            {"name": "tmp", "mountPath": "/tmp"},
        ]

    def volumes(self, config: str = "landfall") -> list[dict[str, Any]]:
        """The volumes that `mounts` names."""
        return [
            {"name": "config", "configMap": {"name": config}},
            {"name": "tmp", "emptyDir": {"sizeLimit": "4Gi"}},
        ]
