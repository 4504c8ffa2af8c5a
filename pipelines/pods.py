"""A task of the monthly flow as a pod of our image on the stack's cluster.

The pod is confined, mounts and is told what infra/kubernetes/runtime.py gives to our other pods there, and acts as
the workload whose task it runs. Leaves out starting it: Airflow's operator does, the one that the Platform names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from landfall import __version__
from landfall.errors import LandfallError
from landfall.intent import Intent
from landfall.platform import Platform

if TYPE_CHECKING:
    from pipelines.orchestration import Task

NAMESPACE = "training"
"""Where managed Airflow may start pods, and where GPUs may be asked for."""
ACCOUNTS = {"ingest": "ingest", "transform": "transform", "train": "training"}
"""Workload → service account in NAMESPACE (infra/kubernetes/accounts.py)."""
CONFIG = "landfall"
"""The ConfigMap with the stack's file and the Platform's."""
PROJECT, PLATFORM_FILE = "/opt/landfall", "/etc/landfall/platform.json"
INSIDE = {
    "operator": "airflow.providers.cncf.kubernetes.operators.pod.KubernetesPodOperator",
    "in_cluster": True,
}
"""How Airflow on the very cluster starts pods."""
SIGN_IN = "auth.file"
"""The property of a catalog that is signed in at by a token: where the token lies."""
TRUST = "catalog-trust"
"""The secret in NAMESPACE that holds, as `ca.crt`, what signs the catalog's certificate (infra/kubernetes/catalog.py)."""
TOKEN_SECONDS = 43_200
"""Kubernetes renews a token when a fifth of its time is left, and a batch is given the token as it stands: so that
fifth is to outlast a batch (pipelines/submit/batch.py). It ends with its pod in any case."""
_CPU: dict[str, tuple[str, str, str]] = {"train": ("4", "8Gi", "16Gi")}
_USUAL = ("500m", "1Gi", "4Gi")
"""Processors, memory asked for, memory at most."""
_LAST_WORDS = 'set -o pipefail; landfall "$@" | tee /dev/termination-log'
"""Kubernetes keeps 4,096 bytes of that file in the pod's status: no second container is needed to hand on a result."""


def reach(platform: Platform) -> dict[str, Any]:
    """Airflow's `operator` that starts pods on the Platform's cluster, and under `reach` what it is told to find it."""
    assert platform.cluster is not None
    told = dict(platform.cluster.airflow or INSIDE)
    return {"operator": told.pop("operator"), "reach": told}


def pod(task: Task, platform: Platform, intent: Intent) -> dict[str, Any]:
    """The Pod of a task, as Kubernetes' API takes it; raises LandfallError where the Platform has no registry."""
    if not platform.registry:
        raise LandfallError(
            f"The Platform of '{platform.stack}' names no registry.",
            so="There is no image for the flow's pods.",
            fix="Apply the stack's layer 'ml', then: landfall platform show STACK --save",
        )
    spec: dict[str, Any] = {
        "serviceAccountName": ACCOUNTS[task.acts_as],
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 60,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(task, platform)],
        "volumes": [
            {"name": "config", "configMap": {"name": CONFIG}},
            {"name": "tmp", "emptyDir": {"sizeLimit": "20Gi" if task.name == "train" else "4Gi"}},
            *_sign_in(platform),
        ],
    }
    if task.name == "train" and intent.ml and intent.ml.training_gpu:
        wanted = intent.ml.training_gpu
        _on_gpus(spec, wanted.count, list(wanted.capacity))
    labels = {
        "app.kubernetes.io/part-of": "landfall",
        "landfall.dev/task": task.name,
        "azure.workload.identity/use": "true",  # AKS hands out an identity by it; the others know no such label
    }
    metadata = {
        "name": f"landfall-{task.name.replace('_', '-')}",  # Airflow puts a suffix of its own behind it
        "namespace": NAMESPACE,
        "labels": labels,
        "annotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _container(task: Task, platform: Platform) -> dict[str, Any]:
    cpu, memory, most = _CPU.get(task.name, _USUAL)
    return {
        "name": "base",
        "image": f"{platform.registry}/landfall:{__version__}",
        "command": command(task),
        "args": list(task.words),
        "env": environment(platform.stack),
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": most}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
        },
        "volumeMounts": [*mounts(platform.stack), *_sign_in_mounts(platform)],
    }


def command(task: Task) -> list[str]:
    """What the container runs before the task's words; no shell reads the words themselves."""
    if task.kind == "read":
        return ["bash", "-c", _LAST_WORDS, "landfall"]
    if task.allowed:
        return ["bash", "-c", f'landfall "$@" || [ $? -eq {task.allowed} ]', "landfall"]
    return ["landfall"]


def environment(stack: str) -> list[dict[str, str]]:
    """The variables by which `landfall` finds stack, Platform and a home that it may write."""
    given = {
        "LANDFALL_STACK": stack,
        "LANDFALL_PLATFORM": PLATFORM_FILE,
        "LANDFALL_HOME": "/tmp/landfall",
    }
    return [{"name": name, "value": value} for name, value in given.items()]


def mounts(stack: str) -> list[dict[str, Any]]:
    """Where the two files of the ConfigMap lie; `/tmp` is all that the container may write."""
    files = {
        "stack.yaml": f"{PROJECT}/stacks/Pulumi.{stack}.yaml",
        "platform.json": PLATFORM_FILE,
    }
    read = [
        {"name": "config", "mountPath": path, "subPath": name, "readOnly": True}
        for name, path in files.items()
    ]
    return [*read, {"name": "tmp", "mountPath": "/tmp"}]


def _sign_in(platform: Platform) -> list[dict[str, Any]]:
    """What opens the catalog, where it is one that is signed in at: a token of the pod's account, renewed by
    Kubernetes, and the certificate that signs the catalog's."""
    told = platform.catalog.properties
    if SIGN_IN not in told:
        return []
    token = {
        "audience": told["auth.audience"],
        "expirationSeconds": TOKEN_SECONDS,
        "path": told[SIGN_IN].rpartition("/")[2],
    }
    trust = {"name": TRUST, "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    sources = [{"serviceAccountToken": token}, {"secret": trust}]
    return [{"name": "catalog", "projected": {"sources": sources}}]


def _sign_in_mounts(platform: Platform) -> list[dict[str, Any]]:
    told = platform.catalog.properties
    if SIGN_IN not in told:
        return []
    folder = told[SIGN_IN].rpartition("/")[0]
    return [{"name": "catalog", "mountPath": folder, "readOnly": True}]


def _on_gpus(spec: dict[str, Any], count: int, capacity: list[str]) -> None:
    """On training's pools, never on serving's: by the labels of GKE and AKS, or by those of EKS."""
    spec["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] = str(count)
    spec["containers"][0]["resources"]["requests"]["nvidia.com/gpu"] = str(count)
    spec["tolerations"] = [
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},
        # AKS puts it on spot nodes; the others put none.
        {
            "key": "kubernetes.azure.com/scalesetpriority",
            "operator": "Equal",
            "value": "spot",
            "effect": "NoSchedule",
        },
    ]
    either = [
        {"key": "landfall.io/use", "operator": "In", "values": ["training"]},
        {
            "key": "landfall.dev/pool",
            "operator": "In",
            "values": [f"training-{kind}" for kind in capacity],
        },
    ]
    terms = [{"matchExpressions": [one]} for one in either]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    spec["affinity"] = {"nodeAffinity": required}
