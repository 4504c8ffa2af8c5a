"""Which Kubernetes service account acts as which workload identity: the table that both sides read.

`infra/<cloud>/` trusts exactly these (GKE: Workload Identity members, EKS: pod identity associations,
AKS: federated credentials); `infra/kubernetes/` makes the accounts and runs the pods under them. Leaves
out operators, which act on the cluster only and hold no identity of the cloud.
"""

from __future__ import annotations

from typing import NamedTuple


class Account(NamedTuple):
    """One service account, the workload (`infra/contract.WORKLOADS`) it acts as, and for what."""

    namespace: str
    name: str
    workload: str
    purpose: str

    @property
    def subject(self) -> str:
        """As OIDC tokens of the cluster name it."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"


ACCOUNTS: tuple[Account, ...] = (
    Account("training", "training", "train", "training jobs"),
    Account("training", "ingest", "ingest", "Airflow's pods that land and ingest"),
    Account("training", "transform", "transform", "Airflow's pods that build the warehouse"),
    Account("mlflow", "mlflow", "train", "the tracking server, which reads and writes artifacts"),
    Account("serving", "serving", "serve", "model servers"),
    Account("airflow", "airflow", "orchestrate", "Airflow and its task pods"),
    Account("external-secrets", "external-secrets", "orchestrate", "reads secrets for the cluster"),
)


def account(namespace: str) -> Account:
    """The account that bears its namespace's name; raises KeyError where it has none."""
    return {one.namespace: one for one in ACCOUNTS if one.name == one.namespace}[namespace]
