"""Azure's catalog is opened as there: TLS by the platform's authority, a token in a file, the gateway's policy.

PyIceberg and Spark are the real ones, with the properties that the sample exports; the catalog behind them is the
tests'. Not proven here: that Envoy, Kubernetes and Lakekeeper take the token.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from landfall.errors import LandfallError
from landfall.local import ICEBERG_JAR
from landfall.platform import Platform
from landfall.project import whole_environment
from pipelines import sign_in
from pipelines.catalog import NAMESPACES, open_catalog
from pipelines.jars import fetch_jars
from tests.infra.samples import PROJECT, plan_of
from tests.pipelines.cloud.platforms import SAMPLES, changed, exported
from tests.pipelines.cloud.rest_catalog import rest_catalog
from tests.pipelines.cloud.secure_catalog import Gate, gate

STACK = SAMPLES["azure"]
ACCOUNT = "system:serviceaccount:training:{}"


class Site(NamedTuple):
    """The exported Platform at our catalog, and what stands in between."""

    platform: Platform
    gate: Gate
    token: Path

    def act_as(self, account: str) -> None:
        """As Kubernetes does: a token of the account in the pod's file."""
        self.token.write_text(f"token-of-{account}\n")
        self.gate.tokens[f"token-of-{account}"] = ACCOUNT.format(account)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in (sign_in.TOKEN, sign_in.CA, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    (policy,) = [
        one
        for one in plan_of(STACK).of_type(
            "kubernetes:gateway.envoyproxy.io/v1alpha1:SecurityPolicy"
        )
        if one.parent.endswith("Catalog::catalog")
    ]
    homes = {name: f"{(tmp_path / name).as_uri()}/tables" for name in NAMESPACES}
    given = exported(STACK)
    with (
        rest_catalog(str(tmp_path), homes, {}) as behind,
        gate(tmp_path, behind, policy.inputs["spec"]["authorization"]["rules"]) as made,
    ):
        token = tmp_path / "token"
        there = {"uri": made.address, "auth.file": str(token), "ssl.cabundle": str(made.ca)}
        properties = {**given.catalog.properties, **there}
        properties.pop("adls.account-name")  # files lie in folders here
        spark = {**given.catalog.spark, "uri": made.address}
        spark |= {"io-impl": "org.apache.iceberg.hadoop.HadoopFileIO"}
        platform = given.model_copy(
            update={
                "catalog": given.catalog.model_copy(
                    update={"properties": properties, "spark": spark}
                )
            }
        )
        found = Site(platform, made, token)
        found.act_as("ingest")
        yield found


def test_the_catalog_opens_by_the_token_of_the_pod(site: Site) -> None:
    catalog = open_catalog(site.platform)
    assert catalog.list_tables("silver") == []
    assert site.gate.seen
    assert {(who, status) for who, _, _, status in site.gate.seen} == {
        (ACCOUNT.format("ingest"), 200)
    }


def test_a_renewed_token_is_used_at_once(site: Site) -> None:
    catalog = open_catalog(site.platform)
    del site.gate.tokens["token-of-ingest"]
    site.act_as("transform")
    assert catalog.list_tables("gold") == []
    assert site.gate.seen[-1][0] == ACCOUNT.format("transform")


def test_without_a_token_nobody_is_asked_and_the_error_says_how_to_get_one(site: Site) -> None:
    site.token.unlink()
    with pytest.raises(LandfallError, match="no token for the catalog") as told:
        open_catalog(site.platform)
    assert "create token ingest --audience landfall-catalog" in told.value.fix
    assert site.gate.seen == []


def test_who_runs_it_elsewhere_names_files_of_his_own(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    site.token.rename(own)
    monkeypatch.setenv(sign_in.TOKEN, str(own))
    monkeypatch.setenv(sign_in.CA, str(site.gate.ca))
    there = {"auth.file": "/nowhere/token", "ssl.cabundle": "/nowhere/ca.crt"}
    pods = changed(
        site.platform, catalog={"properties": {**site.platform.catalog.properties, **there}}
    )
    assert open_catalog(pods).list_tables("silver") == []
    assert sign_in.read_ca(pods) == site.gate.ca.read_bytes()


def test_somebody_else_at_its_address_is_not_told_the_token(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    with gate(tmp_path / "other", "http://127.0.0.1:1", []) as other:
        there = {"uri": other.address}
        led = changed(
            site.platform, catalog={"properties": {**site.platform.catalog.properties, **there}}
        )
        with pytest.raises(LandfallError, match="signed by nobody who is trusted") as told:
            open_catalog(led)
        assert other.seen == []
        assert "REQUESTS_CA_BUNDLE" not in told.value.fix
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other" / "ca.crt"))
        with pytest.raises(LandfallError, match="signed by nobody") as told:
            open_catalog(site.platform)
        assert "REQUESTS_CA_BUNDLE is set, which goes before it" in told.value.fix


def test_an_account_of_the_cluster_that_is_not_listed_is_refused(site: Site) -> None:
    from pyiceberg.exceptions import ForbiddenError

    site.gate.tokens["token-of-ingest"] = "system:serviceaccount:jenkins-agents:default"
    with pytest.raises(ForbiddenError):
        open_catalog(site.platform)


def test_training_reads_and_changes_nothing(site: Site) -> None:
    from pyiceberg.exceptions import ForbiddenError
    from pyiceberg.schema import Schema
    from pyiceberg.types import LongType, NestedField

    schema = Schema(NestedField(1, "id", LongType()))
    open_catalog(site.platform).create_table("gold.things", schema)
    site.act_as("training")
    catalog = open_catalog(site.platform)
    assert catalog.load_table("gold.things").schema().column_names == ["id"]
    with pytest.raises(ForbiddenError):
        catalog.create_table("gold.more", schema)


def test_only_who_submits_to_a_managed_service_is_given_keys_to_files(site: Site) -> None:
    asked = {"header.X-Iceberg-Access-Delegation": "vended-credentials"}
    greedy = changed(
        site.platform, catalog={"properties": {**site.platform.catalog.properties, **asked}}
    )
    assert open_catalog(greedy).list_tables("gold") == []
    from pyiceberg.exceptions import ForbiddenError

    for account in ("transform", "training"):
        site.act_as(account)
        with pytest.raises(ForbiddenError):
            open_catalog(greedy)


def test_spark_signs_in_and_trusts_the_platforms_authority(site: Site, tmp_path: Path) -> None:
    packages = [ICEBERG_JAR]
    fetch_jars(packages, PROJECT.cache_dir)
    update = {"kind": "embedded", "master": "local[1]", "packages": packages, "conf": {}}
    platform = site.platform.model_copy(
        update={"spark": site.platform.spark.model_copy(update=update)}
    )
    file = tmp_path / "platform.json"
    file.write_text(platform.model_dump_json())
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.pipelines.cloud.spark_signs_in", str(file),
         str(PROJECT.cache_dir)],
        capture_output=True, text=True, check=False, timeout=300, cwd=PROJECT.root,
        env={**whole_environment(), "LANDFALL_SPARK": "embedded"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {"rows": 2, "shown": ["*********(redacted)"]}
    assert "token-of-ingest" not in done.stdout + done.stderr
    posts = [(who, status) for who, verb, _, status in site.gate.seen if verb == "POST"]
    assert posts
    assert set(posts) == {(ACCOUNT.format("ingest"), 200)}
