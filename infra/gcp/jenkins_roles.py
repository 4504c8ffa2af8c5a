"""What Jenkins may do in the project: read it to plan, administer its services to apply.

No basic role (owner, editor, viewer) is among them: a viewer could read data. Source of the roles:
https://cloud.google.com/iam/docs/roles-permissions, as of 2026-11-24; a test holds them to what the plan says
a stack takes (`infra/plan/quotas/permissions.yaml`). Leaves out what lies above the project, where the client
grants: on folder or organization `roles/resourcemanager.projectCreator` and `roles/orgpolicy.policyAdmin` to
deploy and `roles/orgpolicy.policyViewer` to preview, on the billing account `roles/billing.costsManager` and
`roles/billing.viewer`. Leaves out buying reserved capacity, too: only Compute Engine's whole administrator may,
so a person makes and ends reservations.
"""

from __future__ import annotations

PREVIEW = (
    "roles/artifactregistry.reader",
    "roles/biglake.metadataViewer",
    "roles/bigquery.metadataViewer",
    "roles/bigquery.resourceViewer",
    "roles/bigquerydatapolicy.viewer",
    "roles/browser",
    "roles/cloudfunctions.viewer",
    "roles/cloudkms.viewer",
    "roles/cloudsql.viewer",
    "roles/composer.viewer",
    "roles/compute.viewer",
    "roles/container.viewer",
    "roles/datacatalog.viewer",
    "roles/dataproc.viewer",
    "roles/dns.reader",
    "roles/essentialcontacts.viewer",
    "roles/iam.securityReviewer",
    "roles/iam.workloadIdentityPoolViewer",
    "roles/logging.viewer",
    "roles/monitoring.viewer",
    "roles/pubsub.viewer",
    "roles/secretmanager.viewer",
    "roles/securitycenter.notificationConfigViewer",
    "roles/serviceusage.serviceUsageConsumer",
    "roles/storage.bucketViewer",
)
"""Names, settings and grants, the cluster's too; no rows, objects, messages or secrets."""
PREVIEW_ALSO = ("logging.settings.get",)
"""What no narrow role holds: whose agent encrypts logs (`infra/gcp/agents.py`)."""

DEPLOY = (
    "roles/artifactregistry.admin",
    "roles/biglake.admin",
    "roles/bigquery.admin",
    "roles/cloudfunctions.admin",
    "roles/cloudkms.admin",
    "roles/cloudsql.admin",
    "roles/composer.admin",
    "roles/compute.instanceAdmin.v1",
    "roles/compute.loadBalancerAdmin",
    "roles/compute.networkAdmin",
    "roles/compute.securityAdmin",
    "roles/container.admin",
    "roles/datacatalog.categoryAdmin",
    "roles/dataproc.admin",
    "roles/dns.admin",
    "roles/essentialcontacts.admin",
    "roles/iam.roleAdmin",
    "roles/iam.serviceAccountAdmin",
    "roles/iam.serviceAccountUser",
    "roles/iam.workloadIdentityPoolAdmin",
    "roles/logging.configWriter",
    "roles/monitoring.editor",
    "roles/pubsub.admin",
    "roles/secretmanager.admin",
    "roles/securitycenter.notificationConfigEditor",
    "roles/serviceusage.serviceUsageAdmin",
    "roles/run.admin",
    "roles/storage.admin",
)

GRANTED = (
    "roles/artifactregistry.reader",
    "roles/biglake.editor",
    "roles/biglake.viewer",
    "roles/bigquery.jobUser",
    "roles/bigquery.readSessionUser",
    "roles/cloudsql.client",
    "roles/composer.worker",
    "roles/container.clusterViewer",
    "roles/container.defaultNodeServiceAccount",
    "roles/dataproc.editor",
    "roles/dataproc.worker",
    "roles/eventarc.eventReceiver",
    "roles/logging.bucketWriter",
    "roles/logging.logWriter",
    "roles/monitoring.metricWriter",
    "roles/serviceusage.serviceUsageConsumer",
    "roles/storage.objectViewer",
)
"""Every role that Landfall grants on the project; a test compares it with the sample stacks."""
