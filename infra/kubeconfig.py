"""The kubeconfig of any cloud's cluster: an address, and how whoever uses it signs in; never a key.

Signing in is a command of ours, `landfall cluster token`, so that a build needs no cloud's own tools: it has Jenkins'
token, a person their own login, and both the same file. Leaves out the tokens (`infra/cluster_token.py`) and rights in
the cluster. Form: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
(2026-11).
"""

from __future__ import annotations

import json

API_VERSION = "client.authentication.k8s.io/v1"


def kubeconfig(name: str, server: str, *login: str, authority: str = "") -> str:
    """A kubeconfig as JSON, which kubectl reads as YAML.

    `server` is an https address, `authority` the base64 of its certificate authority's PEM (empty: a public one),
    `login` what follows `landfall cluster token`.
    """
    helper = {
        "apiVersion": API_VERSION,
        "command": "landfall",
        "args": ["cluster", "token", *login],
        "interactiveMode": "Never",
        "provideClusterInfo": False,
        "installHint": "`landfall` is not on PATH: it lies in .venv/bin of the project (make infra).",
    }
    trusted = {"certificate-authority-data": authority} if authority else {}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [{"name": name, "cluster": {"server": server, **trusted}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "users": [{"name": name, "user": {"exec": helper}}],
        }
    )
