"""The Intent's cloud part: one tagged union on `provider`, one model a cloud.

Leaves out whether an id exists: that is asked of the cloud when the plan is checked with credentials.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from landfall.intent.base import Email, Part, Uuid, form


class Local(Part):
    """This machine: everything embedded, nothing to pay."""

    provider: Literal["local"]


class Gcp(Part):
    """Google Cloud: a project to adopt, or a folder or organization to create one in."""

    provider: Literal["gcp"]
    region: str = Field(examples=["europe-west4"])
    """Where data and compute lie, as in `gcloud compute regions list`."""
    project: (
        Annotated[
            str,
            form(
                r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$",
                "must be a project id: 6 to 30 of a-z, 0-9 and '-', beginning with a letter",
                "acme-data-dev",
            ),
        ]
        | None
    ) = None
    """The project to adopt; left out, one is created in the folder or organization."""
    folder: (
        Annotated[
            str,
            form(r"^folders/[0-9]{1,19}$", "must be folders/NUMBER", "folders/123456789012"),
        ]
        | None
    ) = None
    """The folder in which projects are created."""
    organization: (
        Annotated[
            str,
            form(
                r"^organizations/[0-9]{1,19}$",
                "must be organizations/NUMBER",
                "organizations/123456789012",
            ),
        ]
        | None
    ) = None
    """The organization, for its policies and for projects outside a folder."""
    billing_account: (
        Annotated[
            str,
            form(
                r"^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$",
                "must be a billing account's id: three groups of six hexadecimal digits",
                "000000-AAAAAA-BBBBBB",
            ),
        ]
        | None
    ) = None
    """Who pays for a project that is created, and where the budget hangs."""


class Aws(Part):
    """Amazon Web Services: an account to adopt, or an organizational unit to create one in."""

    provider: Literal["aws"]
    region: str = Field(examples=["eu-west-1"])
    """Where data and compute lie."""
    account: (
        Annotated[
            str,
            form(
                r"^[0-9]{12}$",
                "must be an account's twelve digits, in quotes (YAML reads bare digits as a number)",
                '"123456789012"',
            ),
        ]
        | None
    ) = None
    """The account to adopt; left out, one is created in the organizational unit."""
    organizational_unit: (
        Annotated[
            str,
            form(
                r"^(ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32})$",
                "must be the id of an organizational unit or of the root",
                "ou-ab12-cdefgh34",
            ),
        ]
        | None
    ) = None
    """Where accounts are created, and its policies apply."""
    account_email: Email | None = None
    """The root address of an account that is created; AWS wants one that no other account uses."""
    log_archive_email: Email | None = None
    """The root address of a second account that is created: the log archive, where the audit logs lie out of reach of
    everybody in the platform's account. Left out, they lie locked in the platform's own."""
    administrators: list[
        Annotated[
            str,
            form(
                r"^arn:aws:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$",
                "must be an IAM role's ARN; no user and no session",
                "arn:aws:iam::123456789012:role/platform-engineer",
            ),
        ]
    ] = Field(
        default=[],
        examples=[
            [
                "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/eu-west-1"
                "/AWSReservedSSO_Platform_0123456789abcdef"
            ]
        ],
    )
    """Roles of the people who apply by hand, in the stack's own account: they administer the cluster and, where
    it decides over the lake, Lake Formation. Needed for the first apply where Jenkins does all later ones."""


class Azure(Part):
    """Azure: a subscription to adopt, or a management group to create one in."""

    provider: Literal["azure"]
    region: str = Field(examples=["westeurope"])
    """Where data and compute lie, by its programmatic name (no spaces)."""
    tenant: Uuid | None = None
    """The Entra tenant; the key vault, the database and the cluster trust it, so it is always needed."""
    subscription: Uuid | None = None
    """The subscription to adopt; left out, one is created in the management group."""
    management_group: (
        Annotated[
            str,
            form(
                r"^[A-Za-z0-9][A-Za-z0-9_().-]{0,88}[A-Za-z0-9_()-]$",
                "must be a management group's id: 2 to 90 letters, digits and '-_().', no '.' at the end",
                "acme-data",
            ),
        ]
        | None
    ) = None
    """Where subscriptions are created, and its policies apply."""
    billing_scope: (
        Annotated[
            str,
            form(
                r"^/providers/Microsoft\.Billing/billingAccounts/[^ ]+$",
                "must be a billing scope's resource id",
                "/providers/Microsoft.Billing/billingAccounts/1234567/enrollmentAccounts/123456",
            ),
        ]
        | None
    ) = None
    """Who pays for a subscription that is created."""


Cloud = Annotated[Local | Gcp | Aws | Azure, Field(discriminator="provider")]
