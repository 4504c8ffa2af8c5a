"""What Jenkins may do in the project: read it to plan, administer its services to apply.

No basic role (owner, editor, viewer) is among them: a viewer could read data. Source of the roles:
https://cloud.google.com/iam/docs/roles-permissions, as of 2026-11-24. Leaves out the folder and the billing
account, on which the client grants `roles/resourcemanager.projectCreator`, `roles/orgpolicy.policyAdmin` and
`roles/billing.costsManager` where projects are created.
"""

from __future__ import annotations

PREVIEW = (
    "roles/artifactregistry.reader",
    "roles/bigquery.metadataViewer",
    "roles/browser",
    "roles/cloudkms.viewer",
    "roles/cloudsql.viewer",
    "roles/compute.viewer",
    "roles/container.clusterViewer",
    "roles/dataproc.viewer",
    "roles/dns.reader",
    "roles/iam.securityReviewer",
    "roles/logging.viewer",
    "roles/monitoring.viewer",
    "roles/pubsub.viewer",
    "roles/secretmanager.viewer",
    "roles/serviceusage.serviceUsageConsumer",
    "roles/storage.bucketViewer",
)
"""Names, settings and grants; no rows, objects, messages or secrets."""

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
)
"""Every role that Landfall grants on the project; a test compares it with the sample stacks."""
