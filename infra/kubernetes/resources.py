"""The three kinds of thing that every part makes: a chart's release, a custom resource, metadata.

Keeps pins, namespaces and labels in one place. Leaves out built-in kinds, which have classes of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from infra.kubernetes.charts import CHARTS
from infra.scope import Scope

LABELS = {"app.kubernetes.io/managed-by": "landfall", "app.kubernetes.io/part-of": "landfall"}
"""On every object that we make ourselves; charts label theirs."""


def metadata(
    name: str,
    namespace: str | None = None,
    *,
    labels: Mapping[str, pulumi.Input[str]] | None = None,
    annotations: Mapping[str, pulumi.Input[str]] | None = None,
) -> ObjectMetaArgs:
    """Metadata with our labels and, where given, more."""
    return ObjectMetaArgs(
        name=name,
        namespace=namespace,
        labels={**LABELS, **(labels or {})},
        annotations=dict(annotations) if annotations else None,
    )


def release(
    scope: Scope,
    parent: pulumi.Resource,
    chart: str,
    namespace: str,
    values: Mapping[str, Any],
    *,
    after: Sequence[pulumi.Resource] = (),
) -> Release:
    """Install a chart of `infra/kubernetes/charts.py`; `after` are the resources it waits for."""
    pin = CHARTS[chart]
    oci = pin.repository.startswith("oci://")
    return Release(
        chart,
        name=chart,
        chart=f"{pin.repository}/{pin.name}" if oci else pin.name,
        version=pin.version,
        repository_opts=None if oci else RepositoryOptsArgs(repo=pin.repository),
        namespace=namespace,
        create_namespace=False,
        atomic=True,
        timeout=900,
        values=dict(values),
        opts=scope.child(parent, depends_on=list(after)),
    )


def custom(
    scope: Scope,
    parent: pulumi.Resource,
    logical: str,
    kind: str,
    meta: ObjectMetaArgs,
    spec: Mapping[str, Any],
    *,
    after: Sequence[pulumi.Resource] = (),
) -> CustomResource:
    """A custom resource; `kind` as `group/version/Kind`."""
    version, _, name = kind.rpartition("/")
    return CustomResource(
        logical,
        api_version=version,
        kind=name,
        metadata=meta,
        spec=dict(spec),
        opts=scope.child(parent, depends_on=list(after)),
    )


def config_map(
    scope: Scope,
    parent: pulumi.Resource,
    logical: str,
    meta: ObjectMetaArgs,
    data: Mapping[str, pulumi.Input[str]],
) -> kubernetes.core.v1.ConfigMap:
    """A ConfigMap."""
    return kubernetes.core.v1.ConfigMap(
        logical, metadata=meta, data=dict(data), opts=scope.child(parent)
    )
