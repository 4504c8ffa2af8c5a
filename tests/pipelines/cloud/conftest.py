"""Stand-ins that live as long as the session, and the environment that leads the clouds' clients there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pipelines.cloud import servers


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    with servers.moto() as address:
        yield address


@pytest.fixture(scope="session")
def azurite_server() -> Iterator[str]:
    with servers.azurite() as address:
        yield address


@pytest.fixture(scope="session")
def gcs_server() -> Iterator[str]:
    with servers.fake_gcs() as address:
        yield address


@pytest.fixture(scope="module")
def aws(moto_server: str) -> Iterator[str]:
    """moto as the AWS of this process, and of those that it starts, for a module; gives its address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "none")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "none")
        patch.setenv("AWS_ENDPOINT_URL", moto_server)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield moto_server
