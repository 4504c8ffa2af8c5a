"""Network policies as data: everything denied, then one allowance a reason.

Addresses: pods reach the API server and the cloud's services at addresses that no policy can name
beforehand, so `apis` opens TCP 443 and 6443 to anywhere; the way out of the network is the network's
own matter (`intent.network.egress`). Leaves out rules by domain name, which plain policies cannot say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pulumi_kubernetes.meta.v1 import LabelSelectorArgs
from pulumi_kubernetes.networking import v1 as net

Reach = Literal["apis", "identity", "database", "data", "pods", "mail", "nodes"]
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
"""RFC 1918 and RFC 6598 ranges."""
_EVERY_POD = LabelSelectorArgs()


def policies(
    reaches: Sequence[Reach],
    serves: Sequence[int],
    behind_gateway: bool,
    tokens: Sequence[tuple[str, int]],
    callers: Sequence[str] = (),
    data: Sequence[int] = (),
) -> dict[str, net.NetworkPolicySpecArgs]:
    """Policy name → spec, for one namespace. `tokens` are where the cloud hands out pod identities, `callers` the
    namespaces whose pods may come in, `data` the ports of sources and warehouse."""
    made = {
        "deny": net.NetworkPolicySpecArgs(
            pod_selector=_EVERY_POD, policy_types=["Ingress", "Egress"]
        ),
        "inside": net.NetworkPolicySpecArgs(
            pod_selector=_EVERY_POD,
            policy_types=["Ingress", "Egress"],
            ingress=[net.NetworkPolicyIngressRuleArgs(from_=[_peer(None)])],
            egress=[net.NetworkPolicyEgressRuleArgs(to=[_peer(None)])],
        ),
        "dns": _out(
            # Of the two addresses the first is a cache on the node, the second Google's Cloud DNS.
            [_peer("kube-system"), _block("169.254.20.10/32"), _block("169.254.169.254/32")],
            _ports(53, "UDP") + _ports(53),
        ),
        "metrics": _in([_peer("monitoring")], []),
    }
    if "apis" in reaches:
        made["apis"] = _out([], _ports(443) + _ports(6443))
    if "identity" in reaches and tokens:
        made["identity"] = net.NetworkPolicySpecArgs(
            pod_selector=_EVERY_POD,
            policy_types=["Egress"],
            egress=[
                net.NetworkPolicyEgressRuleArgs(to=[_block(cidr)], ports=_ports(port))
                for cidr, port in tokens
            ],
        )
    if "database" in reaches:
        made["database"] = _out([_block(cidr) for cidr in PRIVATE], _ports(5432))
    if "data" in reaches and data:
        made["data"] = _out([], [one for port in data for one in _ports(port)])
    if "pods" in reaches:
        made["pods"] = _out([net.NetworkPolicyPeerArgs(namespace_selector=LabelSelectorArgs())], [])
    if "nodes" in reaches:
        # The kubelet's and the node exporter's metrics lie at nodes' addresses, which no selector names.
        made["nodes"] = _out([], _ports(10250) + _ports(9100))
    if "mail" in reaches:
        made["mail"] = _out([], _ports(25))
    if callers:
        made["callers"] = _in([_peer(one) for one in callers], [])
    if serves:
        made["webhooks"] = _in([], [one for port in serves for one in _ports(port)])
    if behind_gateway:
        made["gateway"] = _in([_peer("gateway")], [])
    return made


def _in(
    peers: list[net.NetworkPolicyPeerArgs], ports: list[net.NetworkPolicyPortArgs]
) -> net.NetworkPolicySpecArgs:
    rule = net.NetworkPolicyIngressRuleArgs(from_=peers or None, ports=ports or None)
    return net.NetworkPolicySpecArgs(
        pod_selector=_EVERY_POD, policy_types=["Ingress"], ingress=[rule]
    )


def _out(
    peers: list[net.NetworkPolicyPeerArgs], ports: list[net.NetworkPolicyPortArgs]
) -> net.NetworkPolicySpecArgs:
    rule = net.NetworkPolicyEgressRuleArgs(to=peers or None, ports=ports or None)
    return net.NetworkPolicySpecArgs(
        pod_selector=_EVERY_POD, policy_types=["Egress"], egress=[rule]
    )


def _peer(namespace: str | None) -> net.NetworkPolicyPeerArgs:
    """All pods of a namespace; None: of the policy's own."""
    if namespace is None:
        return net.NetworkPolicyPeerArgs(pod_selector=_EVERY_POD)
    named = {"kubernetes.io/metadata.name": namespace}
    return net.NetworkPolicyPeerArgs(namespace_selector=LabelSelectorArgs(match_labels=named))


def _block(cidr: str) -> net.NetworkPolicyPeerArgs:
    return net.NetworkPolicyPeerArgs(ip_block=net.IPBlockArgs(cidr=cidr))


def _ports(port: int, protocol: str = "TCP") -> list[net.NetworkPolicyPortArgs]:
    return [net.NetworkPolicyPortArgs(port=port, protocol=protocol)]
