"""What a build is to its cloud: Jenkins' OIDC token turned into the environment that providers and state look for.

No key is read or written: the clouds exchange the token for credentials of an hour. Leaves out the token itself, which
Jenkins puts into a file for one step. Sources: https://cloud.google.com/iam/docs/workload-identity-federation-with-other-providers,
https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html,
https://www.pulumi.com/registry/packages/azure-native/installation-configuration/ (2026-11).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from infra.jenkins import AUDIENCES, Role
from landfall.errors import Refused, UsageError
from landfall.intent.cloud import Azure, Gcp, Local

if TYPE_CHECKING:
    from landfall.intent import Intent

_GOOGLE = (
    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{}:generateAccessToken"
)


def environment_for(intent: Intent, role: Role, token_file: Path, folder: Path) -> dict[str, str]:
    """The variables by which the cloud takes the build for `role`; files that they name are written to `folder`.

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
    if not token_file.is_file():
        raise UsageError(
            f"There is no token in {token_file}.",
            fix=f"Bind Jenkins' credential {AUDIENCES[role]} to LANDFALL_OIDC_TOKEN_FILE.",
        )
    state = {"PULUMI_BACKEND_URL": jenkins.state} if jenkins.state else {}
    cloud = intent.cloud
    if isinstance(cloud, Local):
        return {}
    if isinstance(cloud, Gcp):
        return {**state, **_gcp(identity, jenkins.pool or "", role, token_file, folder)}
    if isinstance(cloud, Azure):
        return {**state, **_azure(identity, cloud, token_file)}
    return {
        **state,
        "AWS_ROLE_ARN": identity,
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token_file),
        "AWS_ROLE_SESSION_NAME": f"landfall-{role}",
        "AWS_REGION": cloud.region,
    }


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
