"""Google's own service accounts in a project, which encrypt for the services and must be let use the keys.

Source of the addresses: https://cloud.google.com/iam/docs/service-agents, as of 2026-11-24. `MADE` are those
that a project has only once they are asked for; `projects.ServiceIdentity` asks. The agents of Cloud Storage,
BigQuery and Compute Engine cannot be asked for that way: Google makes them when their e-mail address is
looked up (`gcloud storage service-agent --project ID`, `bq show --encryption_service_account --project_id ID`)
or on first use, so a project that has never used them needs these two commands once before `pulumi up`.
"""

from __future__ import annotations

import pulumi

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
    "logging": "service-{}@gcp-sa-logging.iam.gserviceaccount.com",
    "cloudfunctions": "service-{}@gcf-admin-robot.iam.gserviceaccount.com",
    "run": "service-{}@serverless-robot-prod.iam.gserviceaccount.com",
    "eventarc": "service-{}@gcp-sa-eventarc.iam.gserviceaccount.com",
    "apis": "{}@cloudservices.gserviceaccount.com",
}
MADE = frozenset(
    {"pubsub", "dataproc", "composer", "artifactregistry", "container", "sqladmin", "secretmanager",
     "logging", "cloudfunctions", "run", "eventarc"}
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
