"""Which of Google's services a project must have switched on, from what the intent asks for.

Source of the names: https://cloud.google.com/service-usage/docs/list-services, as of 2026-11-24.
"""

from __future__ import annotations

from landfall.intent import Intent

_ALWAYS = (
    "cloudresourcemanager", "serviceusage", "iam", "iamcredentials", "sts", "orgpolicy",
    "compute", "dns", "cloudkms", "logging", "monitoring", "secretmanager", "essentialcontacts",
    "billingbudgets", "pubsub", "storage", "biglake", "dataproc", "container", "containersecurity",
    "artifactregistry", "sqladmin",
    # A second project, for the audit trail, is tied to the billing account by way of this one.
    "cloudbilling",
)  # fmt: skip
AUDIT = ("cloudresourcemanager", "serviceusage", "cloudkms", "logging", "storage")
"""What the audit project needs."""


def services(intent: Intent) -> tuple[str, ...]:
    """The services of the platform's project, in alphabetical order, of all layers: they share it."""
    wanted: set[str] = set(_ALWAYS)
    if intent.warehouse.engine == "bigquery":
        wanted |= {"bigquery", "bigqueryconnection", "bigquerydatapolicy", "datacatalog"}
        if intent.warehouse.size in ("medium", "large"):
            wanted.add("bigqueryreservation")
    if intent.orchestration.airflow == "managed":
        wanted.add("composer")
    if intent.budget is not None and intent.budget.hard_stop:
        wanted |= {"cloudfunctions", "cloudbuild", "run", "eventarc"}
    if intent.cloud.provider == "gcp" and intent.cloud.organization:
        wanted.add("securitycenter")
    return tuple(f"{one}.googleapis.com" for one in sorted(wanted))
