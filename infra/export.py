"""What a stack exports: its layers, for other stacks, and the Platform, for pipelines, warehouse and models.

The Platform's shape is `landfall/platform.py`; `landfall platform show` reads it back and checks it.
"""

from __future__ import annotations

from typing import Any

import pulumi

from infra.contract import Data, Foundation, Ml, exported
from infra.jenkins import ACTS
from infra.layers import Layers
from landfall import __version__
from landfall.intent import Intent


def export_layers(intent: Intent, stack: str, layers: Layers, retiring: list[str]) -> None:
    """Export each layer that this stack built under its name, `platform` where it is whole, and `release`: the
    blueprint's version and what is marked for the release after it."""
    pulumi.export("release", {"version": __version__, "retiring": retiring})
    for layer in (layers.foundation, layers.data, layers.ml):
        if layer is not None and layer.NAME in intent.layout.build:
            pulumi.export(layer.NAME, exported(layer))
    if layers.data is not None:
        pulumi.export(
            "platform", platform(intent, stack, layers.foundation, layers.data, layers.ml)
        )


def platform(
    intent: Intent, stack: str, foundation: Foundation, data: Data, ml: Ml | None
) -> dict[str, Any]:
    """The Platform as nested Outputs, in the form of `landfall.platform.Platform`."""
    lake, events, spark, warehouse = data.lake, data.events, data.spark, data.warehouse
    endpoints: Any = ml.services.endpoints if ml else {}
    return {
        "stack": stack,
        "client": intent.client.slug,
        "environment": intent.environment,
        "storage": {**lake.zones, "options": lake.storage_options},
        "catalog": {
            "name": lake.catalog,
            "properties": lake.catalog_properties,
            "spark": lake.catalog_spark,
        },
        "warehouse": {"engine": warehouse.engine, "settings": warehouse.settings},
        "spark": {
            "kind": spark.kind,
            "master": spark.master,
            "packages": spark.packages,
            "conf": spark.conf,
        },
        "events": {
            "kind": events.kind,
            "topic": events.topic,
            "queue": events.queue,
            "dead_letter": events.dead_letter,
            "settings": events.settings,
        },
        "tracking": {
            "uri": endpoints["mlflow"] if ml else "",
            "artifacts": pulumi.Output.concat(lake.zones["artifacts"], "/models"),
        },
        "secrets": foundation.security.secret_store,
        "registry": ml.cluster.registry if ml else None,
        "cluster": {
            "name": ml.cluster.name,
            "access_command": ml.cluster.access_command,
            "airflow": ml.cluster.airflow.apply(lambda told: told or {})
            if intent.orchestration.airflow == "managed"
            else {},
        }
        if ml
        else None,
        "identities": {one: foundation.identity.workloads[one] for one in ACTS},
        "endpoints": endpoints,
    }
