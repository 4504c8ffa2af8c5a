"""The images that `make images` builds, and where a platform's cluster finds them.

All carry the blueprint's version: a registry whose tags never move takes each of them once. A registry that wants a
repository an image (ECR) makes them of this list. Leaves out how they are built (`ci/images/`, held to this by a test).
"""

from __future__ import annotations

import pulumi

from infra.contract import Cluster
from landfall import __version__

IMAGES = ("landfall", "mlflow", "airflow", "jenkins", "agent-cpu", "agent-spark", "agent-gpu")


def image(cluster: Cluster, name: str) -> pulumi.Output[str]:
    """One of them, as a pod names it."""
    return pulumi.Output.concat(repository(cluster, name), f":{__version__}")


def repository(cluster: Cluster, name: str) -> pulumi.Output[str]:
    """The same without its tag, for charts that take both apart."""
    if name not in IMAGES:
        raise ValueError(f"{name} is not built: one of {', '.join(IMAGES)}")
    return pulumi.Output.concat(cluster.registry, f"/{name}")
