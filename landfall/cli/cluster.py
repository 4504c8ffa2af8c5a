"""`landfall cluster`: the token by which kubectl and Pulumi sign in to a cluster; kubeconfigs call it.

Prints an ExecCredential and nothing else on stdout, whatever `--output` says elsewhere: kubectl reads it. Leaves out
kubeconfigs, which the stacks export.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from infra.cluster_token import Token

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Sign in to a cluster without the cloud's own tools.",
)
token = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Print a token for a cluster's API as an ExecCredential: a kubeconfig calls this.",
)
app.add_typer(token, name="token")


@token.command()
def gke() -> None:
    """For any GKE cluster: as the application default credentials, a build's federated ones too."""
    from infra.cluster_token import google

    _print(google())


@token.command()
def eks(
    name: Annotated[str, typer.Option(help="the cluster's name")],
    region: Annotated[str, typer.Option(help="its region")],
    role: Annotated[str, typer.Option(help="the role's ARN to become first", metavar="ARN")] = "",
) -> None:
    """For one EKS cluster: as the caller is to AWS, or as the role that the caller may become."""
    from infra.cluster_token import amazon

    _print(amazon(name, region, role))


@token.command()
def aks() -> None:
    """For any AKS cluster of the caller's tenant: as a build's federated identity, else as the caller's login."""
    from infra.cluster_token import azure

    _print(azure())


def _print(found: Token) -> None:
    print(json.dumps(found.credential()))
