"""Diagnostic settings: where a resource's logs go. Leaves out Prometheus, which watches the cluster."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import monitor

from infra.scope import Scope


def watch(
    scope: Scope,
    parent: pulumi.Resource,
    name: str,
    target: pulumi.Input[str],
    workspace: pulumi.Input[str],
    *,
    archive: pulumi.Input[str] | None = None,
    categories: tuple[str, ...] = (),
) -> monitor.DiagnosticSetting:
    """Send a resource's audit logs (or the `categories` named) to the workspace, and to the archive."""
    wanted = [
        monitor.DiagnosticsLogSettingsArgs(category=one, enabled=True) for one in categories
    ] or [monitor.DiagnosticsLogSettingsArgs(category_group="audit", enabled=True)]
    return monitor.DiagnosticSetting(
        f"{name}-logs",
        monitor.DiagnosticSettingArgs(
            name="landfall",
            resource_uri=target,
            workspace_id=workspace,
            storage_account_id=archive,
            logs=wanted,
        ),
        scope.child(parent),
    )
