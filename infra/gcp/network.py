"""The private network: a platform VPC (the spoke), in production beside a hub for the client's own networks.

No machine has a public address and nothing listens to the internet; what may go out is the intent's
`egress`. Google's services are reached through restricted.googleapis.com (`infra/gcp/private_access.py`);
who may talk to whom is a firewall policy (`infra/gcp/firewall.py`). In dev one VPC suffices: there is no
second network to keep apart, and a hub would be an empty one. Leaves out the VPN or Interconnect that
joins the hub to the client, whose other end is not ours; and, where the client's network is adopted, its names,
its firewall, and the attachment of the project to the one that shares it.
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import compute, projects

from infra import contract
from infra.gcp.addresses import carve
from infra.gcp.agents import agent
from infra.gcp.firewall import protect
from infra.gcp.hub import join
from infra.gcp.keys import ask_for_agents
from infra.gcp.private_access import RESTRICTED_RANGE, own_zone, resolve_privately
from infra.gcp.tenancy import cloud, project_id, strict
from infra.gcp.waiting import after
from infra.gcp.zones import used_zones
from infra.scope import Scope

PODS, SERVICES = "pods", "services"
OFFERED = True


def build_network(scope: Scope, organization: contract.Organization) -> contract.Network:
    """The network with its subnets, routes, firewall and private access; what is adopted is left alone."""
    return Network(scope, organization).outputs


class Network(pulumi.ComponentResource):
    """`outputs` is the contract."""

    def __init__(self, scope: Scope, organization: contract.Organization) -> None:
        super().__init__("landfall:gcp:Network", "network", None, scope.component())
        self.scope = scope
        self.ranges = carve(scope.intent.network.cidr)
        adopted = scope.intent.network.adopt
        self.zones: pulumi.Output[dict[str, str]] = pulumi.Output.from_input({})
        self.leaves_by: list[pulumi.Input[str]] = list(adopted.egress_addresses)
        if adopted.subnets:
            self.outputs = self._adopted(self._share(organization))
        elif adopted.network:
            self.outputs = self._inside(pulumi.Output.from_input(adopted.network))
        else:
            self.outputs = self._build()
        self.register_outputs({"id": self.outputs.id})

    def _build(self) -> contract.Network:
        scope = self.scope
        spoke = self._vpc("platform")
        networks = {"platform": spoke}
        self._way_out(spoke)
        if strict(scope.intent):
            hub = networks["hub"] = self._vpc("hub")
            self._subnet("hub", hub.id, str(self.ranges.hub))
            join(scope, self, hub, spoke)
        protect(scope, self, networks)
        resolve_privately(scope, self, networks)
        self.zones = own_zone(scope, self, networks)
        return self._inside(spoke.id)

    def _inside(self, network: pulumi.Output[str]) -> contract.Network:
        """The platform's subnets, in our network or in the client's; routes and firewall are the network's."""
        workloads = self._subnet("workloads", network, str(self.ranges.workloads))
        cluster = self._subnet(
            "cluster",
            network,
            str(self.ranges.nodes),
            secondary=[(PODS, str(self.ranges.pods)), (SERVICES, str(self.ranges.services))],
        )
        self._proxies(network)
        return self._contract(network, [workloads.id, cluster.id], pods=PODS, services=SERVICES)

    def _adopted(self, shared: list[pulumi.CustomResource]) -> contract.Network:
        """The client's own subnets, to be had once Google's agents may use them; in the last of them lie the ranges of pods and services: the client's own by name,
        or such as GKE adds."""
        adopted = self.scope.intent.network.adopt
        return self._contract(
            after(adopted.network or "", shared),
            [after(one, shared) for one in adopted.subnets],
            pods=adopted.pods_range or str(self.ranges.pods),
            services=adopted.services_range or str(self.ranges.services),
        )

    def _share(self, organization: contract.Organization) -> list[pulumi.CustomResource]:
        """Where the client's network lies in another project (Shared VPC): Google's agents may use the subnets, by
        these grants.

        Sources: https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-shared-vpc,
        https://cloud.google.com/composer/docs/composer-3/configure-shared-vpc.
        """
        scope = self.scope
        hosts = {one.split("/")[1] for one in scope.intent.network.adopt.subnets}
        if hosts == {project_id(scope.intent)}:
            return []
        on_hosts = {"container": "roles/container.hostServiceAgentUser"}
        if scope.intent.orchestration.airflow == "managed":
            on_hosts["composer"] = "roles/composer.sharedVpcAgent"
        # A new project has no such agents, and nobody can be granted anything who is not there.
        grants: list[pulumi.CustomResource] = []
        asked = ask_for_agents(scope, self, organization, {"dataproc", *on_hosts})
        for index, subnet in enumerate(scope.intent.network.adopt.subnets):
            host = subnet.split("/")[1]
            if host == project_id(scope.intent):
                continue
            for service in ("apis", "container", "dataproc"):
                grants.append(
                    compute.SubnetworkIAMMember(
                        f"subnet-{index}-{service}",
                        project=host,
                        region=cloud(scope.intent).region,
                        subnetwork=subnet.rpartition("/")[2],
                        role="roles/compute.networkUser",
                        member=agent(service, organization.number),
                        opts=scope.child(
                            self, depends_on=[asked[service]] if service in asked else []
                        ),
                    )
                )
            if index == 0:
                for service, role in on_hosts.items():
                    grants.append(
                        projects.IAMMember(
                            f"host-{service}",
                            project=host,
                            role=role,
                            member=agent(service, organization.number),
                            opts=scope.child(self, depends_on=[asked[service]]),
                        )
                    )
        return grants

    def _contract(
        self,
        network: pulumi.Output[str],
        subnets: list[pulumi.Output[str]],
        pods: str,
        services: str,
    ) -> contract.Network:
        known = pulumi.Output.from_input
        return contract.Network(
            id=network,
            subnets=pulumi.Output.all(*subnets[:1]).apply(lambda ids: [str(one) for one in ids]),
            cluster_subnet=subnets[-1],
            database_subnets=known([]),
            endpoint_subnet=known(""),
            pods_range=known(pods),
            services_range=known(services),
            workload_group=known("landfall"),
            zones=known(list(used_zones(self.scope.intent))),
            cidr=known(self.scope.intent.network.cidr),
            private_zones=self.zones,
            egress_addresses=pulumi.Output.all(*self.leaves_by).apply(list),
        )

    def _vpc(self, purpose: str) -> compute.Network:
        """A network with no route of its own making: each way out is written down."""
        vpc = compute.Network(
            purpose,
            name=self.scope.name("network", purpose),
            auto_create_subnetworks=False,
            routing_mode="GLOBAL" if purpose == "hub" else "REGIONAL",
            delete_default_routes_on_create=True,
            opts=self.scope.child(self),
        )
        compute.Route(
            f"{purpose}-google",
            name=self.scope.name("route", f"{purpose}-google"),
            network=vpc.id,
            dest_range=RESTRICTED_RANGE,
            # The next hop's name misleads: this range never leaves Google's network.
            next_hop_gateway="default-internet-gateway",
            opts=self.scope.child(self),
        )
        return vpc

    def _subnet(
        self,
        purpose: str,
        network: pulumi.Input[str],
        cidr: str,
        secondary: list[tuple[str, str]] | None = None,
    ) -> compute.Subnetwork:
        return compute.Subnetwork(
            purpose,
            name=self.scope.name("subnet", purpose),
            network=network,
            region=cloud(self.scope.intent).region,
            ip_cidr_range=cidr,
            private_ip_google_access=True,
            secondary_ip_ranges=[
                compute.SubnetworkSecondaryIpRangeArgs(range_name=name, ip_cidr_range=range_)
                for name, range_ in secondary or []
            ],
            log_config=self._flow_logs(),
            opts=self.scope.child(self),
        )

    def _flow_logs(self) -> compute.SubnetworkLogConfigArgs | None:
        """Whole in production (CIS 3.8), thinned elsewhere, where they cost more than they tell."""
        if not self.scope.intent.network.flow_logs:
            return None
        whole = strict(self.scope.intent)
        return compute.SubnetworkLogConfigArgs(
            aggregation_interval="INTERVAL_5_SEC" if whole else "INTERVAL_10_MIN",
            flow_sampling=1.0 if whole else 0.2,
            metadata="INCLUDE_ALL_METADATA",
        )

    def _proxies(self, network: pulumi.Input[str]) -> None:
        """Where the internal gateway's Envoy proxies live; Google allows no flow logs there."""
        compute.Subnetwork(
            "proxies",
            name=self.scope.name("subnet", "proxies"),
            network=network,
            region=cloud(self.scope.intent).region,
            ip_cidr_range=str(self.ranges.proxies),
            purpose="REGIONAL_MANAGED_PROXY",
            role="ACTIVE",
            opts=self.scope.child(self),
        )

    def _way_out(self, vpc: compute.Network) -> None:
        """Cloud NAT, unless the intent says `egress: none`: then not even a route leads out."""
        scope = self.scope
        if scope.intent.network.egress == "none":
            return
        compute.Route(
            "internet",
            name=scope.name("route", "internet"),
            network=vpc.id,
            dest_range="0.0.0.0/0",
            next_hop_gateway="default-internet-gateway",
            opts=scope.child(self),
        )
        region = cloud(scope.intent).region
        router = compute.Router(
            "egress",
            name=scope.name("router", "egress"),
            network=vpc.id,
            region=region,
            opts=scope.child(self),
        )
        # Fixed addresses in production and for Snowflake, so that the other side can let exactly these in.
        fixed = 2 if strict(scope.intent) else int(scope.intent.warehouse.engine == "snowflake")
        addresses = [
            compute.Address(
                f"egress-{index}",
                name=scope.name("address", f"egress-{index}"),
                region=region,
                address_type="EXTERNAL",
                opts=scope.child(self),
            )
            for index in range(fixed)
        ]
        self.leaves_by = [one.address for one in addresses]
        compute.RouterNat(
            "egress",
            name=scope.name("router", "egress-nat"),
            router=router.name,
            region=region,
            nat_ip_allocate_option="MANUAL_ONLY" if addresses else "AUTO_ONLY",
            nat_ips=[one.self_link for one in addresses] or None,
            source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES",
            enable_dynamic_port_allocation=True,
            enable_endpoint_independent_mapping=False,
            min_ports_per_vm=64,
            max_ports_per_vm=4096,
            log_config=compute.RouterNatLogConfigArgs(
                enable=True, filter="ALL" if strict(scope.intent) else "ERRORS_ONLY"
            ),
            opts=scope.child(self),
        )
