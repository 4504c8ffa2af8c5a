"""Dashboards: the read-only identity and what is typed into Power BI, Tableau and Looker.

The right to read is granted in the marts themselves, by dbt, to the identity's name: Azure's interface
knows no rights inside a warehouse. Power BI reaches the private warehouse through a virtual network data gateway
in the subnet `gateways`; Tableau and Looker from inside the network. People sign in through Entra. Leaves
out licences, workspaces and reports.
"""

from __future__ import annotations

import pulumi

from infra.azure.warehouse import FABRIC_SERVER
from infra.contract import Bi, Foundation, Warehouse
from infra.scope import Scope

OFFERED = True


class AzureBi(pulumi.ComponentResource):
    """The connections of the three tools."""

    def __init__(self, scope: Scope, foundation: Foundation, warehouse: Warehouse) -> None:
        super().__init__("landfall:azure:Bi", "bi", {}, scope.component())
        tools = {
            "power-bi": "Azure Synapse Analytics SQL, by a virtual network data gateway",
            "tableau": "Azure Synapse Analytics, sign in with Microsoft Entra",
            "looker": "Microsoft Azure Synapse Analytics, OAuth",
        }
        if scope.intent.warehouse.engine == "fabric":
            tools = {
                "power-bi": "the capacity's semantic model, Direct Lake",
                "tableau": "Microsoft SQL Server, sign in with Microsoft Entra",
                "looker": "Microsoft SQL Server, OAuth",
            }
        where = warehouse.settings.apply(_where)
        self.result = Bi(
            identity=foundation.identity.workloads["bi"],
            connections=pulumi.Output.all(
                **{
                    tool: pulumi.Output.concat(how, "; ", where, "; schema ", warehouse.marts)
                    for tool, how in tools.items()
                }
            ),
        )
        self.register_outputs({"connections": self.result.connections})


def _where(settings: dict[str, str]) -> str:
    server = settings.get("server") or f"the server in the vault's secret {FABRIC_SERVER}"
    return f"{server}; database {settings['database']}"


def build_bi(scope: Scope, foundation: Foundation, warehouse: Warehouse) -> Bi:
    """What a dashboard needs to read the marts, and nothing else."""
    return AzureBi(scope, foundation, warehouse).result
