"""The Intent's rules of the house: where data may lie, which standards apply, who answers, what it may cost.

Leaves out the controls that a standard asks for: the policies know them.
"""

from __future__ import annotations

import datetime
import re
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from landfall.intent.base import Email, Part, form

Standard = Literal["gdpr", "hipaa", "pci-dss", "iso-27001", "soc2", "cis"]
Area = Literal["eu", "eea", "europe", "africa", "asia", "north-america", "south-america", "oceania"]
Country = Annotated[
    str, form(r"^[A-Z]{2}$", "must be a country's two capital letters (ISO 3166-1)", "NL")
]


class Residency(Part):
    """Where data may lie: the union of what is listed; nothing listed means anywhere."""

    areas: list[Area] = []
    """Whole areas, as `eu`."""
    countries: list[Country] = []
    """Countries, as `NL`."""
    regions: list[str] = Field(default=[], examples=[["europe-west4"]])
    """Single regions of this stack's cloud."""


class Contacts(Part):
    """Whom the cloud, the budget and the pipelines write to."""

    technical: Email
    security: Email
    billing: Email


class Budget(Part):
    """What a month may cost."""

    amount: float = Field(gt=0, le=100_000_000, examples=[2500])
    """The month's budget, in `currency`."""
    currency: Annotated[
        str, form(r"^[A-Z]{3}$", "must be a currency's three capital letters (ISO 4217)", "EUR")
    ]
    """The currency that the billing account is charged in; on AWS always USD, in which it budgets."""
    alerts: list[Annotated[float, Field(gt=0, le=5)]] = Field(
        default=[0.5, 0.8, 1.0], min_length=1, max_length=5
    )
    """Shares of the amount at which the billing contact is told, ascending; 0.8 is 80 %."""
    hard_stop: bool = False
    """Whether reaching the amount stops compute by itself. It stops work under way, too."""

    @field_validator("alerts")
    @classmethod
    def _ascending(cls, alerts: list[float]) -> list[float]:
        if any(a >= b for a, b in pairwise(alerts)):
            raise ValueError("must ascend, each share once")
        return alerts


class Orchestration(Part):
    """What calls the monthly steps."""

    airflow: Literal["none", "managed", "cluster"] = "none"
    """The cloud's managed Airflow, Airflow on the platform's own cluster, or none: then Jenkins or a
    person runs `landfall run`. Azure offers no managed Airflow to new customers."""
    size: Literal["small", "medium", "large"] = "small"
    """Of the Airflow environment; `none` has no size."""


Https = Annotated[
    str,
    form(
        r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[A-Za-z0-9._~/-]*[A-Za-z0-9._~-]$",
        "must be an https address with a path and without a slash at the end",
        "https://github.com/acme/platform",
    ),
]


class Controller(Part):
    """A Jenkins that runs on the platform's own cluster."""

    repository: Https = Field(examples=["https://github.com/acme/platform"])
    """The client's repository: the jobs, the pipelines and their library come from it."""
    scm: Literal["github", "gitlab"] = "github"
    """What the repository lies on."""
    login: Https = Field(examples=["https://login.acme.example/.well-known/openid-configuration"])
    """The OpenID configuration by which the client's people log in."""
    smtp: Annotated[
        str, form(r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", "must be a host's name", "smtp.acme.example")
    ]
    """The mail server, on port 25, that takes mail from the network without a login."""


StateKey = Annotated[
    str,
    form(
        r"^(gcpkms://projects/[^/?]+/locations/[^/?]+/keyRings/[^/?]+/cryptoKeys/[^/?]+"
        r"|awskms:///arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+\?region=[a-z0-9-]+"
        r"|azurekeyvault://[A-Za-z0-9-]+\.vault\.azure\.net/keys/[A-Za-z0-9-]+)$",
        "must be gcpkms:// and a key's path, awskms:/// and a key's ARN with ?region=, or azurekeyvault:// and a key's address",
        "awskms:///arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555?region=eu-central-1",
    ),
]


class Jenkins(Part):
    """The Jenkins that applies plans, and who may say yes."""

    issuer: Annotated[
        str,
        form(
            r"^https://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*[A-Za-z0-9._~-])?$",
            "must be an https address in lower case without a slash at the end",
            "https://jenkins.example.com/oidc",
        ),
    ]
    """The address at which Jenkins publishes its OIDC keys: the clouds trust its tokens, no long-lived key."""
    approvers: list[Email] = []
    """Who may approve an apply; an environment `prod` needs one at least."""
    branch: str = Field(default="main", min_length=1, max_length=200)
    """The branch that is applied; all others are only planned."""
    state: str | None = Field(default=None, min_length=5, examples=["gs://acme-pulumi-state"])
    """Where Pulumi keeps the state, as `pulumi login` takes it; left out, PULUMI_BACKEND_URL says."""
    builds: str | None = Field(
        default=None, min_length=5, examples=["gs://acme-platform-builds/acme"]
    )
    """Where builds note what they apply and find, as `gs://…`, `s3://…`, `abfss://…` or a shared folder's `file:///…`;
    left out, the folder landfall/builds in the bucket of `state`."""
    state_key: StateKey | None = Field(
        default=None,
        examples=["gcpkms://projects/acme/locations/europe-west4/keyRings/pulumi/cryptoKeys/state"],
    )
    """The cloud's key by which Pulumi opens the state's secrets, as `pulumi stack init --secrets-provider` takes it.
    The stack lets Jenkins' two roles decrypt by it; left out, whoever owns the key does."""
    state_group: str | None = Field(default=None, max_length=90, examples=["acme-pulumi"])
    """Azure: the resource group, in the stack's own subscription, of the storage account in `state` and the vault in
    `state_key`. Left out, whoever owns these lets Jenkins in."""
    preview_identity: str | None = Field(
        default=None, examples=["jenkins-preview@acme-data-dev.iam.gserviceaccount.com"]
    )
    """What a build is while it previews: the foundation's output `identity.jenkins_preview`. A service account's
    e-mail, a role's ARN, or a client id; left out until the foundation stands."""
    deploy_identity: str | None = Field(
        default=None, examples=["jenkins-deploy@acme-data-dev.iam.gserviceaccount.com"]
    )
    """The same while it applies: `identity.jenkins_deploy`."""
    pool: str | None = Field(
        default=None,
        examples=["projects/123456789012/locations/global/workloadIdentityPools/acme-dev-jenkins"],
    )
    """Google Cloud: the full name of the workload identity pool that trusts Jenkins."""
    controller: Controller | None = None
    """Run it on the platform's own cluster, in the stack that builds the layer `ml`; left out, the client has one."""


_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})([ T]00:00:00.*)?")


def _day(value: object) -> object:
    """A day, also as Pulumi's configuration hands on a YAML date: `2027-05-31 00:00:00 +0000 UTC`."""
    found = _DAY.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else value


class Waiver(Part):
    """A breach of a policy that somebody accepts, for a reason and until a day."""

    policy: str = Field(examples=["no-public-workers"])
    """The policy's id, as `landfall plan` names it."""
    resource: str = Field(min_length=1, examples=["legacy-sftp"])
    """The logical name of the one resource that is excused."""
    reason: str = Field(
        min_length=20, examples=["The scanner needs it until the migration in May."]
    )
    owner: Email
    expires: Annotated[datetime.date, BeforeValidator(_day)] = Field(examples=["2027-05-31"])
    """The last day it holds; afterwards the policy bites again."""


class Retirement(Part):
    """The first of two releases by which something that holds data is removed or replaced: this one marks it.

    While the mark stands, the engine may delete the resource; the next release removes it from the intent.
    """

    resource: str = Field(min_length=1, examples=["quarantine"])
    """The logical name of the resource, as `landfall plan` names it; `*` is all that the stack holds."""
    reason: str = Field(
        min_length=20, examples=["Moved to the new region; readers changed over in May."]
    )
    owner: Email
    until: Annotated[datetime.date, BeforeValidator(_day)] = Field(examples=["2027-05-31"])
    """The last day the mark holds; afterwards the resource is protected again."""
