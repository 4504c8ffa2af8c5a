"""Managed Airflow: Azure has none to offer. Airflow runs on the cluster instead (`infra/kubernetes/airflow.py`)."""

from __future__ import annotations

from infra.contract import Foundation, Lake, NotOffered, Orchestration
from infra.scope import Scope
from landfall.errors import LandfallError

OFFERED = NotOffered(
    what="managed Airflow",
    reason="Azure closed Data Factory's Workflow Orchestration Manager to new customers in 2025; "
    "Fabric's Airflow job stays on Airflow 2 and is no resource of Azure",
    instead="Airflow 3 by Helm on the platform's own cluster (orchestration.airflow: cluster)",
)


def build_orchestration(scope: Scope, foundation: Foundation, lake: Lake) -> Orchestration:  # noqa: ARG001
    """Raises LandfallError: the intent's rules refuse `airflow: managed` on Azure before this."""
    raise LandfallError(
        f"Azure offers no {OFFERED.what}: {OFFERED.reason}.", fix=f"Choose {OFFERED.instead}."
    )
