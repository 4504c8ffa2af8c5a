"""Dashboards on BigQuery: an identity that reads the marts and nothing else, and what each tool is told.

No key is made: Looker and Tableau impersonate the identity, whose rows in `row_access` all their readers then
share. Power BI signs people in as themselves, and Tableau can: an intent names no people, so the client lets a
group of his in, which is a reader of the marts, may run queries and see masked columns, and has a policy of its
own on `row_access`, beside the program's. Leaves out QuickSight, which knows BigQuery only by a key file, and
the dashboards.
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import bigquery, projects

from infra import contract
from infra.gcp.tenancy import cloud
from infra.scope import Scope

OFFERED = True


def build_bi(
    scope: Scope, foundation: contract.Foundation, warehouse: contract.Warehouse
) -> contract.Bi:
    """The grant on the marts and the tools' connections."""
    return Bi(scope, foundation, warehouse).outputs


class Bi(pulumi.ComponentResource):
    """`outputs` is the contract."""

    def __init__(
        self, scope: Scope, foundation: contract.Foundation, warehouse: contract.Warehouse
    ) -> None:
        super().__init__("landfall:gcp:Bi", "bi", None, scope.component())
        project = foundation.organization.tenancy
        member = foundation.identity.principals["bi"]
        bigquery.DatasetIamMember(
            "bi-reads-marts",
            dataset_id=warehouse.marts,
            role="roles/bigquery.dataViewer",
            member=member,
            opts=scope.child(self),
        )
        projects.IAMMember(
            "bi-jobuser",
            project=project,
            role="roles/bigquery.jobUser",
            member=member,
            opts=scope.child(self),
        )
        account = foundation.identity.workloads["bi"]
        region = cloud(scope.intent).region
        self.outputs = contract.Bi(
            identity=account,
            connections=pulumi.Output.all(
                project=project, marts=warehouse.marts, account=account
            ).apply(lambda it: connections(it["project"], it["marts"], it["account"], region)),
        )
        self.register_outputs({"identity": account})


def connections(project: str, marts: str, account: str, region: str) -> dict[str, str]:
    """Tool to what is typed into its form."""
    return {
        "looker": f"Dialect: Google BigQuery Standard SQL; billing project: {project}; dataset: "
        f"{marts}; authentication: application default credentials; impersonated service account: "
        f"{account}",
        "tableau": f"Connector: Google BigQuery (JDBC); authentication: OAuth; billing project: "
        f"{project}; project: {project}; dataset: {marts}; service account to impersonate: {account}",
        "power-bi": f"Connector: Google BigQuery; billing project: {project}; navigate to {project} > "
        f"{marts}; sign in with an organizational account of a group that you have let in (BigQuery Data "
        f"Viewer on {marts}, BigQuery Job User, Masked Reader, a row access policy on row_access); data in {region}",
    }
