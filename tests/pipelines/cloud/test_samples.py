"""What every sample stack would export is a Platform that pipelines can open, as far as that goes without a network."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlparse

import pytest

from landfall.buckets import SCHEMES, open_bucket
from landfall.errors import UsageError
from landfall.platform import Platform
from landfall.platform_file import save_platform
from landfall.project import Project
from pipelines import jars, secret
from pipelines.catalog import _nested
from pipelines.context import open_context
from pipelines.spark import VARIABLE, catalog_conf, mode, open_spark
from tests.infra.samples import PROJECT, plan_of, sample_stacks
from tests.pipelines.cloud.lakes import ZONES
from tests.pipelines.cloud.platforms import SAMPLES, exported

EXPORTING = [
    stack
    for stack in sample_stacks("gcp", "aws", "azure")
    if not stack.endswith("-foundation")  # builds no data layer, hence exports no platform
]


@pytest.fixture(params=EXPORTING)
def platform(request: pytest.FixtureRequest) -> Platform:
    return exported(request.param)


def test_every_stack_with_a_data_layer_exports_a_platform() -> None:
    all_stacks = sample_stacks("gcp", "aws", "azure")
    found = [stack for stack in all_stacks if "platform" in plan_of(stack).outputs]
    assert found == EXPORTING


def test_a_saved_export_is_the_context_s(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LANDFALL_PLATFORM", raising=False)
    project = Project(root=PROJECT.root, home=tmp_path)
    save_platform(project, platform, platform.stack)
    with open_context(platform.stack, project) as ctx:
        assert ctx.platform == platform
        assert ctx.artifacts.uri == platform.storage.artifacts


def test_its_zones_are_buckets_that_open(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)
    options = dict(platform.storage.options)
    schemes = {urlparse(getattr(platform.storage, zone)).scheme for zone in ZONES}
    assert len(schemes) == 1
    assert schemes <= set(SCHEMES)
    if schemes == {"gs"}:  # Google's client looks for credentials as soon as it is made
        options["endpoint_url"] = "http://127.0.0.1:1"
    for zone in ZONES:
        _, path = open_bucket(getattr(platform.storage, zone), options)
        assert path == urlparse(getattr(platform.storage, zone)).path.strip("/")
        assert path in ("", zone)


def test_its_catalog_is_one_that_spark_and_pyiceberg_both_know(platform: Platform) -> None:
    from pyiceberg.catalog import CatalogType

    nested = _nested(platform.catalog.properties)
    kind = CatalogType(nested["type"])
    assert kind in (CatalogType.REST, CatalogType.GLUE)
    name, files = nested["py-io-impl"].rpartition(".")[::2]
    assert hasattr(__import__(name, fromlist=[files]), files)
    conf = catalog_conf(platform)
    assert conf["spark.sql.catalog.lake"] == "org.apache.iceberg.spark.SparkCatalog"
    assert conf["spark.sql.catalog.lake.warehouse"] == platform.catalog.properties["warehouse"]
    if kind is CatalogType.REST:
        assert conf["spark.sql.catalog.lake.uri"] == platform.catalog.properties["uri"]


def test_an_embedded_session_s_jars_are_pinned(platform: Platform) -> None:
    wanted = jars.embedded_jars(platform)
    assert set(wanted) <= set(jars.lock())
    scheme = urlparse(platform.storage.landing).scheme
    assert jars.command(wanted) == f"python -m pipelines.jars {scheme}"


def test_its_spark_is_submitted_to_unless_told_otherwise(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert mode(platform) == "submitted"
    with pytest.raises(UsageError, match="takes submitted jobs") as told:
        open_spark(platform, tmp_path)
    assert f"{VARIABLE}=embedded" in told.value.fix
    monkeypatch.setenv(VARIABLE, "embedded")
    assert mode(platform) == "embedded"
    monkeypatch.setenv(VARIABLE, "driver")
    assert mode(platform) == "driver"
    monkeypatch.setenv(VARIABLE, "nonsense")
    with pytest.raises(UsageError, match="LANDFALL_SPARK is 'nonsense'"):
        mode(platform)


def test_its_secret_store_is_one_that_is_read(platform: Platform) -> None:
    wanted = {
        "gs": secret._secret_manager, "s3": secret._secrets_manager, "abfss": secret._key_vault,
    }  # fmt: skip
    assert secret._reader(platform.secrets) is wanted[urlparse(platform.storage.landing).scheme]


def test_glue_opens_without_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyiceberg.catalog import load_catalog

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    given = exported(SAMPLES["aws"]).catalog
    catalog = load_catalog(given.name, **_nested(given.properties))
    assert type(catalog).__name__ == "GlueCatalog"
