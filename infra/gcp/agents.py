"""Google's own service accounts in a project, which encrypt for the services and must be let use the keys.

Source of the addresses: https://cloud.google.com/iam/docs/service-agents, as of 2026-11-24. `MADE` are those
that a project has only once they are asked for; `projects.ServiceIdentity` asks. The agents of Cloud Storage,
BigQuery and Cloud Logging cannot be asked for that way: Google makes them when somebody looks up who they are,
so the program does (`key_user`), and a grant that names one comes after. Compute Engine's comes with its service.
A plan answers these look-ups itself (`infra/plan/lookups.py`). Leaves out the grants.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pulumi
from pulumi_gcp import bigquery, logging, storage

from infra.scope import Scope

_ADDRESS = {
    "storage": "service-{}@gs-project-accounts.iam.gserviceaccount.com",
    "bigquery": "bq-{}@bigquery-encryption.iam.gserviceaccount.com",
    "pubsub": "service-{}@gcp-sa-pubsub.iam.gserviceaccount.com",
    "dataproc": "service-{}@dataproc-accounts.iam.gserviceaccount.com",
    "compute": "service-{}@compute-system.iam.gserviceaccount.com",
    "composer": "service-{}@cloudcomposer-accounts.iam.gserviceaccount.com",
    "artifactregistry": "service-{}@gcp-sa-artifactregistry.iam.gserviceaccount.com",
    "container": "service-{}@container-engine-robot.iam.gserviceaccount.com",
    "sqladmin": "service-{}@gcp-sa-cloud-sql.iam.gserviceaccount.com",
    "secretmanager": "service-{}@gcp-sa-secretmanager.iam.gserviceaccount.com",
    "cloudfunctions": "service-{}@gcf-admin-robot.iam.gserviceaccount.com",
    "run": "service-{}@serverless-robot-prod.iam.gserviceaccount.com",
    "eventarc": "service-{}@gcp-sa-eventarc.iam.gserviceaccount.com",
    "apis": "{}@cloudservices.gserviceaccount.com",
}
MADE = frozenset(
    {"pubsub", "dataproc", "composer", "artifactregistry", "container", "sqladmin", "secretmanager",
     "cloudfunctions", "run", "eventarc"}
)  # fmt: skip
USES_KEY = {
    "data": (
        "storage",
        "bigquery",
        "pubsub",
        "dataproc",
        "compute",
        "composer",
        "artifactregistry",
    ),
    "logs": ("storage", "logging"),
    "secrets": ("secretmanager",),
    "cluster": ("container", "compute", "sqladmin", "artifactregistry"),
}
"""Key domain → the services that encrypt with it."""
SPENDING_USES = ("pubsub",)
STOP_USES = ("artifactregistry", "cloudfunctions", "eventarc", "run", "storage")
"""The same for the key of the budget's messages, and what its hard stop adds: code and image."""


def agent(service: str, number: pulumi.Input[str]) -> pulumi.Output[str]:
    """The member that a grant names, as `serviceAccount:service-123@…`."""
    before, _, after = _ADDRESS[service].partition("{}")
    return pulumi.Output.concat("serviceAccount:", before, number, after)


def key_user(
    scope: Scope,
    service: str,
    project: pulumi.Input[str],
    number: pulumi.Input[str],
) -> pulumi.Output[str]:
    """The member that a grant on a key names; `project` is the id of a project whose services are on.

    Pulumi forgets what a look-up's answer depends on where a preview has none yet; the apply of that preview would
    then be refused for dependencies that nobody approved. So the answer goes together with what was asked about.
    """
    look_up = _LOOKED_UP.get(service)
    if look_up is None:
        return agent(service, number)
    return pulumi.Output.all(look_up(project, scope.asking()), project).apply(_first)


def _first(both: Sequence[str]) -> str:
    return both[0]


_Options = pulumi.InvokeOutputOptions


def _storage(project: pulumi.Input[str], opts: _Options) -> pulumi.Output[str]:
    return storage.get_project_service_account_output(project=project, opts=opts).member


def _bigquery(project: pulumi.Input[str], opts: _Options) -> pulumi.Output[str]:
    return bigquery.get_default_service_account_output(project=project, opts=opts).member


def _logging(project: pulumi.Input[str], opts: _Options) -> pulumi.Output[str]:
    """The only one whose address does not follow from the project's number: older projects have `cmek-p…`."""
    found = logging.get_project_settings_output(project=project, opts=opts)
    return pulumi.Output.concat("serviceAccount:", found.kms_service_account_id)


_LOOKED_UP: dict[str, Callable[[pulumi.Input[str], _Options], pulumi.Output[str]]] = {
    "storage": _storage,
    "bigquery": _bigquery,
    "logging": _logging,
}
