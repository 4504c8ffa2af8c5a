"""From which hosts an image of a public registry really comes: the registry answers, a CDN sends the layers.

As of 2026-11-29. Sources: docs.docker.com/desktop/setup/allow-list (and docker/docs #25122), access.redhat.com/articles/7001746
with OpenShift's list of hosts (cdn04 to cdn06 since April 2025), docs.github.com on hosts of the container registry,
github.com/kubernetes/registry.k8s.io (Artifact Registry, and on AWS a bucket of the region; its owners may change both),
NVIDIA's egress list for nvcr.io. Leaves out the charts themselves, which whoever applies fetches, and how a host is reached
inside a cloud: Google's Artifact Registry has a private address there, S3 an endpoint whose policy names the buckets.
"""

from __future__ import annotations

from collections.abc import Iterable

HOSTS: dict[str, tuple[str, ...]] = {
    "docker.io": (
        "registry-1.docker.io", "auth.docker.io", "production.cloudflare.docker.com",
        "production.cloudfront.docker.com",
        "docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2.cloudflarestorage.com",
    ),
    "quay.io": (
        "quay.io", "cdn.quay.io", "cdn01.quay.io", "cdn02.quay.io", "cdn03.quay.io", "cdn04.quay.io",
        "cdn05.quay.io", "cdn06.quay.io",
    ),
    "ghcr.io": ("ghcr.io", "pkg-containers.githubusercontent.com"),
    "registry.k8s.io": ("registry.k8s.io", "*.pkg.dev"),
    "nvcr.io": ("nvcr.io", "layers.nvcr.io", "authn.nvidia.com"),
}  # fmt: skip
INSIDE = {"gcp": ("*.pkg.dev",)}
"""What a cloud reaches without its way out: `infra/gcp/private_access.py`."""


def hosts(registries: Iterable[str], cloud: str) -> list[str]:
    """Every host that must be let out for images of these registries, sorted; raises KeyError for one without a row."""
    inside = INSIDE.get(cloud, ())
    return sorted({host for one in registries for host in HOSTS[one] if host not in inside})


def lets_out(allowed: Iterable[str], host: str) -> bool:
    """Whether an allow-list covers a host: by its name, or by `*.` before a domain above it."""
    return any(one == host or (one.startswith("*.") and host.endswith(one[1:])) for one in allowed)
