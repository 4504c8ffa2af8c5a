"""Prometheus and Grafana, our dashboards and alerts.

Metrics stay in the cluster on an encrypted disk; Grafana's password is made there. Leaves out where
alerts are sent: Alertmanager's receivers are the client's (mail relay, pager), set by secret.
"""

from __future__ import annotations

from pathlib import Path

import pulumi

from infra.kubernetes.basics import STORAGE_CLASS, Basics
from infra.kubernetes.namespaces import Namespaces
from infra.kubernetes.resources import config_map, custom, metadata, release
from infra.kubernetes.secrets import Secrets
from infra.scope import Scope

PROMETHEUS = "http://monitoring-kube-prometheus-prometheus.monitoring.svc:9090"
GRAFANA = ("monitoring-grafana", 80)
DASHBOARDS = Path(__file__).parent / "dashboards"
_SIZES = {"dev": ("20Gi", "7d"), "staging": ("50Gi", "15d"), "prod": ("200Gi", "30d")}
_SPACE = "monitoring"
# Each: name, expression, how long, severity, what it means.
_ALERTS = (
    ("ServingErrors",
     'sum(rate(landfall_requests_total{status=~"5.."}[5m])) / sum(rate(landfall_requests_total[5m])) > 0.02',
     "10m", "critical", "More than 2 % of requests fail."),
    ("ServingSlow",
     "histogram_quantile(0.99, sum by (le) (rate(landfall_request_seconds_bucket[5m]))) > 0.5",
     "15m", "warning", "One request in a hundred takes longer than half a second."),
    ("CanaryStopped", "max(landfall_canary_stopped) > 0",
     "1m", "warning", "The candidate failed too often and was taken out."),
    ("PredictionsDropped", "increase(landfall_predictions_dropped_total[15m]) > 0",
     "1m", "warning", "Predictions could not be written to the lake."),
    ("GpuIdle",
     "avg by (Hostname, gpu) (DCGM_FI_DEV_GPU_UTIL) < 5",
     "1h", "warning", "A GPU has been paid for and idle for an hour."),
    ("GpuErrors", "increase(DCGM_FI_DEV_XID_ERRORS[10m]) > 0",
     "1m", "critical", "The driver reports an error of a GPU (XID)."),
    ("QueueStuck", "sum by (cluster_queue) (kueue_pending_workloads{status=\"inadmissible\"}) > 0",
     "2h", "warning", "Jobs wait that no quota or pool can admit."),
)  # fmt: skip


def build_monitoring(
    scope: Scope, namespaces: Namespaces, basics: Basics, secrets: Secrets
) -> Monitoring:
    """The stack; others wait for `operator`, which brings ServiceMonitor and PodMonitor."""
    return Monitoring(scope, namespaces, basics, secrets)


class Monitoring(pulumi.ComponentResource):
    """kube-prometheus-stack with our dashboards and rules."""

    def __init__(
        self, scope: Scope, namespaces: Namespaces, basics: Basics, secrets: Secrets
    ) -> None:
        super().__init__("landfall:kubernetes:Monitoring", "monitoring", opts=scope.component())
        password = secrets.invent(
            "grafana-admin", "grafana-admin", _SPACE,
            {"admin-user": "admin", "admin-password": "{{ .password }}"},
        )  # fmt: skip
        size, retention = _SIZES[scope.intent.environment]
        disk = {
            "spec": {
                "storageClassName": STORAGE_CLASS,
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": size}},
            }
        }
        # Whatever asks to be scraped is scraped, not only what this chart installed.
        every = {
            f"{kind}SelectorNilUsesHelmValues": False
            for kind in ("rule", "serviceMonitor", "podMonitor", "probe", "scrapeConfig")
        }
        self.operator = release(
            scope, self, "monitoring", _SPACE,
            {
                "fullnameOverride": "monitoring-kube-prometheus",
                # The cloud runs these and shows none of their metrics: their alerts would never end.
                **{
                    f"kube{part}": {"enabled": False}
                    for part in ("ControllerManager", "Scheduler", "Etcd", "Proxy")
                },
                "grafana": {
                    "fullnameOverride": GRAFANA[0],
                    "admin": {
                        "existingSecret": "grafana-admin",
                        "userKey": "admin-user",
                        "passwordKey": "admin-password",
                    },
                    "sidecar": {"dashboards": {"enabled": True, "label": "grafana_dashboard"}},
                    "grafana.ini": {
                        "analytics": {"reporting_enabled": False, "check_for_updates": False},
                        "users": {"allow_sign_up": False},
                    },
                },
                "prometheus": {
                    "prometheusSpec": {
                        **every,
                        "retention": retention,
                        "replicas": 2 if scope.intent.environment == "prod" else 1,
                        "storageSpec": {"volumeClaimTemplate": disk},
                    }
                },
            },
            after=[namespaces.of[_SPACE], basics.storage, password],
        )  # fmt: skip
        for path in sorted(DASHBOARDS.glob("*.json")):
            config_map(
                scope, self, f"dashboard-{path.stem}",
                metadata(f"dashboard-{path.stem}", _SPACE, labels={"grafana_dashboard": "1"}),
                {path.name: path.read_text(encoding="utf-8")},
            )  # fmt: skip
        custom(
            scope, self, "alerts", "monitoring.coreos.com/v1/PrometheusRule",
            metadata("landfall", _SPACE),
            {"groups": [{"name": "landfall", "rules": [_alert(*one) for one in _ALERTS]}]},
            after=[self.operator],
        )  # fmt: skip
        self.register_outputs({})


def _alert(
    name: str, expression: str, lasts: str, severity: str, summary: str
) -> dict[str, object]:
    return {
        "alert": f"Landfall{name}",
        "expr": expression,
        "for": lasts,
        "labels": {"severity": severity},
        "annotations": {"summary": summary},
    }
