"""The only place that constructs providers for a stack on Google Cloud.

Each is explicit: project, region, labels and the project that quota is charged to come from the intent,
never from the machine that runs Pulumi. Leaves out credentials: they are the environment's (a person's
`gcloud auth application-default login`, Jenkins' federated identity), and no key is ever read.
"""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp
import pulumi_random as random

from infra.contract import Organization
from infra.gcp.tenancy import above, cloud, project_id
from infra.scope import Scope
from landfall.intent import Intent
from landfall.labels import labels
from landfall.naming import Names

LABELS_OF_ADOPTED = ("labels", "pulumiLabels", "effectiveLabels")
"""What an import leaves alone: the provider adds its default labels to the last two, and an import is refused
where these differ from what the client's resource carries (https://github.com/pulumi/pulumi-gcp/issues/3044)."""


def open_scope(intent: Intent, stack: str) -> Scope:
    """The stack with the provider that makes or adopts its project.

    Where projects are created there is none yet to charge quota to: the caller's own is charged, which suffices
    for folders and projects, but not for what refuses a person's credentials without one (`guarding`).
    """
    marks = labels(intent, stack)
    project = project_id(intent)
    created = bool(above(intent))
    provider = gcp.Provider(
        "tenancy",
        project=None if created else project,
        billing_project=None if created else project,
        user_project_override=not created,
        region=cloud(intent).region,
        default_labels=marks,
    )
    names = Names(intent.client.slug, intent.environment, salt=project)
    return Scope(intent, stack, names, marks, provider)


def guarding(scope: Scope, project: pulumi.Output[str]) -> Scope:
    """The stack with the provider that sets organization policies, charged to the project, whose services are on.

    The Organization Policy API takes a person's credentials only with a project to charge, and the provider
    names it only where it may override (https://github.com/hashicorp/terraform-provider-google/issues/18281).
    """
    return scope.entering(_inside(scope, "guardrails", project))


def enter(scope: Scope, organization: Organization) -> Scope:
    """The stack inside its project, whose services are on: everything from here on waits for them."""
    return scope.entering(_inside(scope, "platform", organization.tenancy))


def _inside(scope: Scope, name: str, project: pulumi.Output[str]) -> gcp.Provider:
    return gcp.Provider(
        name,
        project=project,
        billing_project=project,
        user_project_override=True,
        region=cloud(scope.intent).region,
        default_labels=scope.labels,
    )


def random_provider() -> pulumi.ProviderResource:
    """What makes passwords: they are secrets in Pulumi's state and in Secret Manager, nowhere else."""
    return random.Provider("random")
