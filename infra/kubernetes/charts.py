"""The Helm charts that Landfall installs, each pinned: the one table to change when one is raised.

As of 2026-11-24; versions are the newest that public release tags showed, read from each chart's own
`Chart.yaml` at that tag (source beside it). What is only known from a changelog says so. Leaves out the
values, which stand with the part that a chart serves.
"""

from __future__ import annotations

from typing import NamedTuple

AS_OF = "2026-11-24"


class Chart(NamedTuple):
    """One pinned chart."""

    name: str
    version: str
    repository: str
    """Address of the repository; for OCI charts the folder that holds the chart."""
    source: str
    images: tuple[str, ...]
    """Registries that its images come from: what the admission policy lets into its namespace."""


CHARTS: dict[str, Chart] = {
    "cert-manager": Chart(
        "cert-manager", "v1.21.1", "oci://quay.io/jetstack/charts",
        "cert-manager/cert-manager tag v1.21.1, 2026-07-29", ("quay.io/jetstack",),
    ),
    "monitoring": Chart(
        "kube-prometheus-stack", "88.5.3", "https://prometheus-community.github.io/helm-charts",
        "prometheus-community/helm-charts tag kube-prometheus-stack-88.5.3, 2026-08-21",
        (
            "quay.io/prometheus", "quay.io/prometheus-operator", "quay.io/kiwigrid",
            "registry.k8s.io", "docker.io/grafana", "ghcr.io/jkroepke", "docker.io/library",
        ),
    ),
    "external-secrets": Chart(
        "external-secrets", "2.9.0", "https://charts.external-secrets.io",
        "external-secrets/external-secrets tag helm-chart-2.9.0, 2026-08-08",
        ("ghcr.io/external-secrets",),
    ),
    "cluster-autoscaler": Chart(
        "cluster-autoscaler", "9.59.0", "https://kubernetes.github.io/autoscaler",
        "kubernetes/autoscaler tag cluster-autoscaler-chart-9.59.0, 2026-07-21", (),
    ),
    "gpu-operator": Chart(
        "gpu-operator", "v26.7.0", "https://helm.ngc.nvidia.com/nvidia",
        "NVIDIA/gpu-operator tag v26.7.0, 2026-08-20", ("nvcr.io/nvidia", "registry.k8s.io"),
    ),
    "dcgm-exporter": Chart(
        "dcgm-exporter", "4.8.2", "https://nvidia.github.io/dcgm-exporter/helm-charts",
        "NVIDIA/dcgm-exporter deployment/Chart.yaml, 2026-05-12", ("nvcr.io/nvidia",),
    ),
    "kueue": Chart(
        "kueue", "0.19.2", "oci://registry.k8s.io/kueue/charts",
        "kubernetes-sigs/kueue tag v0.19.2, 2026-08-20", ("registry.k8s.io/kueue",),
    ),
    "keda": Chart(
        "keda", "2.20.2", "https://kedacore.github.io/charts",
        "kedacore/charts tag v2.20.2, 2026-07-31", ("ghcr.io/kedacore",),
    ),
    "kserve-crd": Chart(
        "kserve-crd", "v0.20.0", "oci://ghcr.io/kserve/charts",
        "kserve/kserve tag v0.20.0, 2026-08-06", (),
    ),
    "kserve": Chart(
        "kserve-resources", "v0.20.0", "oci://ghcr.io/kserve/charts",
        "kserve/kserve tag v0.20.0, 2026-08-06", ("docker.io/kserve", "quay.io/brancz"),
    ),
    "gateway": Chart(
        "gateway-helm", "v1.9.0", "oci://docker.io/envoyproxy",
        "envoyproxy/gateway tag v1.9.0, 2026-08-15", ("docker.io/envoyproxy",),
    ),
    "mlflow": Chart(
        "mlflow", "1.11.5", "https://community-charts.github.io/helm-charts",
        "community-charts/helm-charts tag mlflow-1.11.5, 2026-08-21", (),
    ),
    "airflow": Chart(
        "airflow", "1.22.0", "https://airflow.apache.org",
        "apache/airflow release helm-chart/1.22.0, 2026-06-13 (release notes only)", (),
    ),
    "catalog": Chart(
        "lakekeeper", "0.11.0", "https://lakekeeper.github.io/lakekeeper-charts/",
        "lakekeeper/lakekeeper-charts tag lakekeeper-0.11.0, 2026-05-11 (Lakekeeper 0.12.2)",
        ("quay.io/lakekeeper",),
    ),
    "jenkins": Chart(
        "jenkins", "5.9.53", "https://charts.jenkins.io",
        "jenkinsci/helm-charts main charts/jenkins/Chart.yaml, 2026-08-07 (Jenkins 2.568.2)", (),
    ),
}  # fmt: skip
"""Purpose → chart."""
