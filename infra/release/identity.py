"""What a build is to its cloud: Jenkins' OIDC token turned into the environment that providers, SDKs and state look for.

A build that previews or applies is what the intent says; one that runs a month's steps is the workload of the step,
which the Platform names. No key is read or written: the clouds exchange the token for credentials of an hour. Leaves out the token itself, which
Jenkins puts into a file for one step. Sources: https://cloud.google.com/iam/docs/workload-identity-federation-with-other-providers,
https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html,
https://www.pulumi.com/registry/packages/azure-native/installation-configuration/ (2026-11).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from infra.jenkins import AUDIENCES, Role
from infra.snowflake import login
from landfall import buckets
from landfall.errors import Refused, UsageError
from landfall.intent.cloud import Azure, Gcp, Local
from landfall.project import environment, more_environment

if TYPE_CHECKING:
    from landfall.intent import Intent
    from landfall.platform import Platform

TOKEN = "LANDFALL_OIDC_TOKEN_FILE"
"""The variable that names the file of Jenkins' token; not set, whoever runs the command is who they are."""
_GOOGLE = (
    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{}:generateAccessToken"
)


def environment_for(intent: Intent, role: Role, token_file: Path, folder: Path) -> dict[str, str]:
    """The variables by which the cloud takes the build to preview or to deploy; files they name go into `folder`.

    Raises UsageError where the token is not there, Refused where the intent does not say what Jenkins becomes.
    """
    jenkins = intent.jenkins
    identity = jenkins and (
        jenkins.preview_identity if role == "preview" else jenkins.deploy_identity
    )
    if jenkins is None or not identity:
        raise Refused(
            f"The intent does not say what Jenkins becomes to {role}: jenkins.{role}_identity is not set.",
            so="The build has a token that no cloud was told to take.",
            fix="Apply the foundation once by hand, and copy its identity outputs into the intent (docs/jenkins.md).",
        )
    state = {"PULUMI_BACKEND_URL": jenkins.state} if jenkins.state else {}
    cloud = _exchanged(intent, role, identity, token_file, folder)
    return {**state, **cloud, **login.by_token(intent, role, token_file)}


def environment_of(
    intent: Intent, platform: Platform, workload: str, token_file: Path, folder: Path
) -> dict[str, str]:
    """The same, by which it takes the build as one of the Platform's workloads."""
    identity = platform.identities.get(workload)
    if not identity:
        raise Refused(
            f"The Platform of '{platform.stack}' does not say what Jenkins becomes to {workload}.",
            so="The build has a token that no cloud was told to take.",
            fix="Apply the stack with this version of Landfall, then share its Platform anew: "
            f"landfall platform show {platform.stack} --share",
        )
    return _exchanged(intent, "data", identity, token_file, folder)


@contextmanager
def acting(
    intent: Intent, role: Role, platform: Platform | None = None, workload: str = ""
) -> Iterator[None]:
    """Within the block this process is the role, or to role `data` the workload, where Jenkins handed a token over.

    All that the process opens before or after is opened as who it was: nothing is kept across the block's ends.
    """
    token = environment(TOKEN)
    if not token or isinstance(intent.cloud, Local):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="landfall-identity-") as name:
        folder = Path(name)
        if platform is None:
            more = environment_for(intent, role, Path(token), folder)
        else:
            more = environment_of(intent, platform, workload, Path(token), folder)
        with more_environment(more):
            buckets.forget()
            try:
                yield
            finally:
                buckets.forget()


def _exchanged(
    intent: Intent, role: Role, identity: str, token: Path, folder: Path
) -> dict[str, str]:
    cloud = intent.cloud
    if isinstance(cloud, Local):
        return {}
    if not token.is_file():
        raise UsageError(
            f"There is no token in {token}.",
            fix=f"Bind Jenkins' credential {AUDIENCES[role]} to {TOKEN}.",
        )
    if isinstance(cloud, Gcp):
        return _gcp(identity, _pool(intent), role, token, folder)
    if isinstance(cloud, Azure):
        return _azure(identity, cloud, token)
    return {
        "AWS_ROLE_ARN": identity,
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
        "AWS_ROLE_SESSION_NAME": f"landfall-{role}",
        "AWS_REGION": cloud.region,
    }


def _pool(intent: Intent) -> str:
    pool = intent.jenkins and intent.jenkins.pool
    if not pool:
        raise Refused(
            "The intent does not say which pool trusts Jenkins: jenkins.pool is not set.",
            so="Google Cloud cannot be asked to take the build's token.",
            fix="Copy the foundation's output identity.jenkins_pool into the intent (docs/jenkins.md).",
        )
    return pool


def _gcp(identity: str, pool: str, role: Role, token: Path, folder: Path) -> dict[str, str]:
    file = folder / "google.json"
    content = {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{pool}/providers/{AUDIENCES[role]}",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "service_account_impersonation_url": _GOOGLE.format(identity),
        "credential_source": {"file": str(token), "format": {"type": "text"}},
    }
    file.write_text(json.dumps(content), encoding="utf-8")
    return {"GOOGLE_APPLICATION_CREDENTIALS": str(file)}


def _azure(identity: str, cloud: Azure, token: Path) -> dict[str, str]:
    tenant = str(cloud.tenant) if cloud.tenant else ""
    found = {
        # The providers' names, and those of the SDK that opens the state.
        "ARM_USE_OIDC": "true", "ARM_CLIENT_ID": identity, "ARM_TENANT_ID": tenant,
        "ARM_OIDC_TOKEN_FILE_PATH": str(token), "ARM_OIDC_TOKEN": token.read_text(encoding="utf-8").strip(),
        "AZURE_CLIENT_ID": identity, "AZURE_TENANT_ID": tenant, "AZURE_FEDERATED_TOKEN_FILE": str(token),
    }  # fmt: skip
    if cloud.subscription:
        found["ARM_SUBSCRIPTION_ID"] = str(cloud.subscription)
    return {key: value for key, value in found.items() if value}
