"""Where Pulumi keeps its state, as the clouds' grants name it: the bucket, its key, and the folder builds write to.

To preview, to look for drift and to preview a destruction take no lock (the CLI from 3.231 on), so Jenkins' preview role
reads the state and changes none of it; it writes only where builds note what they found (`infra/release/builds.py`).
Opening the state's secrets takes one decryption by the key, of the stack's own data key. Leaves out making bucket and
key, which stand before any stack does (docs/jenkins.md), and a state in Pulumi's own service, which has its own grants.
Sources: pulumi pkg/backend/diy/backend.go and CHANGELOG 3.229 and 3.231; https://www.pulumi.com/docs/iac/concepts/secrets/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlparse

if TYPE_CHECKING:
    from landfall.intent import Intent

SCHEMES = {"gs": "gcp", "s3": "aws", "azblob": "azure"}
NOTES = "landfall/builds"
"""The register of builds, beside the state."""


@dataclass(frozen=True)
class StateBucket:
    """A bucket (Azure: a container) with the state below `folder`, and the key, if a key of the cloud's is named."""

    name: str
    folder: str
    account: str
    """Azure: the storage account; elsewhere empty."""
    key: str
    """As the cloud's grants name it: a key's path, an ARN, or Azure's `VAULT/KEY`; empty where there is none."""

    @property
    def notes(self) -> str:
        """What names of noted objects begin with."""
        return f"{self.folder}/{NOTES}/".lstrip("/")


def state_bucket(intent: Intent) -> StateBucket | None:
    """The state's bucket, where Jenkins has one and it lies on the stack's own cloud."""
    jenkins = intent.jenkins
    place = urlparse((jenkins and jenkins.state) or "")
    if jenkins is None or SCHEMES.get(place.scheme) != intent.cloud.provider:
        return None
    account = parse_qs(place.query).get("storage_account", [""])[0]
    return StateBucket(
        place.netloc, place.path.strip("/"), account, _granted(jenkins.state_key or "")
    )


def _granted(key: str) -> str:
    """`gcpkms://PATH`, `awskms:///ARN?region=…`, `azurekeyvault://VAULT.vault.azure.net/keys/KEY` → what grants name."""
    rest = re.sub(r"^[a-z]+://", "", key).partition("?")[0].lstrip("/")
    return rest.replace(".vault.azure.net/keys/", "/")
