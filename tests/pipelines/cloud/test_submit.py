"""Batches: what is asked of each service, checked against the service's own model, and how runs are followed."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import googleapiclient
import pytest

from landfall.errors import LandfallError, UsageError
from landfall.month import Month
from landfall.storage import Store
from pipelines import submit
from pipelines.context import Context
from pipelines.ingest import ingest_month
from pipelines.submit import Run, dataproc, emr, synapse
from pipelines.submit.batch import Batch, build_batch, stage_jars
from tests.infra.samples import PROJECT
from tests.pipelines.cloud.fake_http import Asked, fake_service
from tests.pipelines.cloud.jobs import DIGEST, WHEEL, job_context, publish

MONTH = Month(2013, 2)
ENVIRONMENT = "environment.tar.gz"


@pytest.fixture
def patch(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(submit, "POLL_SECONDS", 0.0)
    return monkeypatch


# What is asked


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_a_batch_is_named_by_what_it_runs(
    cloud: str, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    ctx = job_context(cloud, tmp_path, patch)
    batch = build_batch(ctx, MONTH, "ingest")
    assert re.fullmatch(r"landfall-2013-02-ingest-[0-9a-f]{12}", batch.name)
    assert build_batch(ctx, MONTH, "ingest") == batch, "the same again is the same batch"
    assert build_batch(ctx, Month(2013, 3), "ingest").name != batch.name
    contract = ctx.project.stacks_dir / "Pulumi.other.yaml"
    contract.write_text("config: {}\n")
    assert build_batch(ctx, MONTH, "ingest").name != batch.name, "another project, another batch"
    contract.unlink()
    ctx.artifacts.write_json("code/current.json", {"digest": "f" * 16, "name": WHEEL})
    assert build_batch(ctx, MONTH, "ingest").name != batch.name, "other code, another batch"


def test_what_the_driver_needs_is_in_the_artifacts_zone(
    tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    ctx = job_context("gcp", tmp_path, patch, environment=ENVIRONMENT)
    batch = build_batch(ctx, MONTH, "ingest")
    assert batch.wheel == ctx.artifacts.url(f"code/{DIGEST}/{WHEEL}")
    assert batch.environment == ctx.artifacts.url(f"code/{DIGEST}/{ENVIRONMENT}")
    project = batch.arguments[batch.arguments.index("--project") + 1]
    for uri in (batch.main, project, *batch.jars):
        assert ctx.artifacts.exists(uri.removeprefix(f"{ctx.artifacts.uri}/"))
    with zipfile.ZipFile(
        io.BytesIO(ctx.artifacts.read(project.removeprefix(f"{ctx.artifacts.uri}/")))
    ) as archive:
        names = archive.namelist()
        assert json.loads(archive.read("platform.json"))["stack"] == ctx.stack
    assert {"Pulumi.yaml", f"stacks/Pulumi.{ctx.stack}.yaml", "pipelines/contracts/flights.yml"} < set(names)  # fmt: skip


def test_spark_is_told_what_decides_results_and_where_the_lake_is(
    tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    for cloud in ("aws", "gcp", "azure"):
        conf = build_batch(job_context(cloud, tmp_path / cloud, patch), MONTH, "ingest").conf
        assert conf["spark.sql.ansi.enabled"] == "true"
        assert conf["spark.sql.session.timeZone"] == "UTC"
        assert conf["spark.sql.files.maxPartitionBytes"] == conf["spark.sql.files.openCostInBytes"]
        assert conf["spark.sql.catalog.lake.warehouse"]
        assert all(key.startswith("spark.") for key in conf)
        assert not any("landfall" in key for key in conf), "those are for the request"


def test_without_published_code_the_error_says_how(
    tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    ctx = job_context("gcp", tmp_path, patch)
    ctx.artifacts.write("code/current.json", b"{}")
    with pytest.raises(UsageError, match="names no code"):
        build_batch(ctx, MONTH, "ingest")
    (tmp_path / "zone" / "code" / "current.json").unlink()
    with pytest.raises(UsageError, match="No code is published") as told:
        build_batch(ctx, MONTH, "ingest")
    assert "landfall code stage dist --stack harbor-gcp-dev" in told.value.fix


def test_a_jar_is_staged_once_and_only_as_pinned(tmp_path: Path) -> None:
    zone = Store(tmp_path.as_uri())
    jar = "org.xerial:sqlite-jdbc:3.50.3.0"
    assert stage_jars(zone, [jar], PROJECT.cache_dir) == [
        zone.url("spark/jars/sqlite-jdbc-3.50.3.0.jar")
    ]
    before = (tmp_path / "spark/jars/sqlite-jdbc-3.50.3.0.jar").stat().st_mtime_ns
    stage_jars(zone, [jar], PROJECT.cache_dir)
    assert (tmp_path / "spark/jars/sqlite-jdbc-3.50.3.0.jar").stat().st_mtime_ns == before
    with pytest.raises(UsageError, match="is not pinned"):
        stage_jars(zone, ["org.xerial:sqlite-jdbc:0.0.0"], PROJECT.cache_dir)


def _batch(cloud: str, folder: Path, patch: pytest.MonkeyPatch) -> Batch:
    return build_batch(job_context(cloud, folder, patch, environment=ENVIRONMENT), MONTH, "ingest")


def test_emr_s_request_fits_amazon_s_model(tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
    import botocore.session
    from botocore.validate import validate_parameters

    batch = _batch("aws", tmp_path, patch)
    request = emr.start_request("00fjkl0123456789", batch, 1)
    model = botocore.session.get_session().get_service_model("emr-serverless")
    shape = model.operation_model("StartJobRun").input_shape
    validate_parameters(request, shape)
    assert _faults(request, shape, "") == []
    submit_parameters = request["jobDriver"]["sparkSubmit"]["sparkSubmitParameters"]
    assert f"--py-files {batch.wheel}" in submit_parameters
    assert f"spark.archives={batch.environment}#environment" in submit_parameters
    assert "spark.jars=/usr/share/aws/iceberg" in submit_parameters
    assert _faults({**request, "clientToken": "a b"}, shape, "") == ["clientToken"], (
        "the check bites"
    )


def _faults(value: Any, shape: Any, where: str) -> list[str]:
    """Where a value breaks the model's patterns and lengths, which botocore itself does not look at."""
    if shape.type_name == "structure":
        return [
            fault
            for name, one in value.items()
            for fault in _faults(one, shape.members[name], f"{where}.{name}".lstrip("."))
        ]
    if shape.type_name == "list":
        return [fault for one in value for fault in _faults(one, shape.member, where)]
    if shape.type_name != "string":
        return []
    pattern, most = shape.metadata.get("pattern"), shape.metadata.get("max")
    wrong = (pattern and not re.fullmatch(pattern, value, re.S)) or (most and len(value) > most)
    return [where] if wrong else []


@pytest.fixture(scope="module")
def discovery() -> dict[str, Any]:
    """Google's own description of Dataproc, as its API client brings it."""
    folder = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
    return json.loads((folder / "dataproc.v1.json").read_text())


def test_dataproc_s_request_fits_google_s_description(
    tmp_path: Path, patch: pytest.MonkeyPatch, discovery: dict[str, Any]
) -> None:
    batch = _batch("gcp", tmp_path, patch)
    body = dataproc.create_body(batch)
    schemas = discovery["schemas"]
    assert _misfits(body, {"$ref": "Batch"}, schemas, "") == []
    assert re.fullmatch(r"[a-z0-9-]{4,63}", f"{batch.name}-99")
    assert body["runtimeConfig"]["version"] == "3.0"
    assert body["environmentConfig"]["executionConfig"]["serviceAccount"].startswith("harbor-dev-")
    wrong = {**body, "pysparkBatch": {"mainPythonFile": "x"}, "labels": {"a": 1}}
    assert _misfits(wrong, {"$ref": "Batch"}, schemas, "") == [
        ".labels.a", ".pysparkBatch.mainPythonFile",
    ], "the check bites"  # fmt: skip
    for key, value in body[
        "labels"
    ].items():  # https://cloud.google.com/compute/docs/labeling-resources
        assert re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", key)
        assert re.fullmatch(r"[a-z0-9_-]{0,63}", value)


def _misfits(value: Any, schema: dict[str, Any], schemas: dict[str, Any], where: str) -> list[str]:
    """Where a value has a key that the description does not know, or another type."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"]]
    kind = {"string": str, "object": dict, "array": list, "integer": int, "boolean": bool}
    if not isinstance(value, kind[schema["type"]]):
        return [where]
    if isinstance(value, list):
        return [w for one in value for w in _misfits(one, schema["items"], schemas, where)]
    if not isinstance(value, dict):
        return []
    known, other = schema.get("properties", {}), schema.get("additionalProperties")
    found: list[str] = []
    for key, one in value.items():
        part = known.get(key) or other
        found += _misfits(one, part, schemas, f"{where}.{key}") if part else [f"{where}.{key}"]
    return sorted(found)


# https://learn.microsoft.com/rest/api/synapse/data-plane/spark-batch/create-spark-batch-job (read 2026-11-27)
LIVY: dict[str, Any] = {
    "name": str, "file": str, "className": str, "artifactId": str, "args": list, "jars": list,
    "pyFiles": list, "files": list, "archives": list, "conf": dict, "tags": dict,
    "driverMemory": str, "driverCores": int, "executorMemory": str, "executorCores": int,
    "numExecutors": int,
}  # fmt: skip


def test_synapse_s_request_has_the_documented_fields(
    tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    batch = _batch("azure", tmp_path, patch)
    body = synapse.create_body(batch, 1)
    assert {"name", "file"} <= set(body) <= set(LIVY)
    assert all(isinstance(value, LIVY[key]) for key, value in body.items())
    assert all(isinstance(one, str) for one in [*body["conf"].values(), *body["args"]])
    assert [jar.rpartition("/")[2] for jar in body["jars"]] == [
        "iceberg-spark-runtime-3.5_2.12-1.10.0.jar", "iceberg-azure-bundle-1.10.0.jar",
    ]  # fmt: skip


# How runs are followed, service by service


@pytest.fixture
def amazon(tmp_path: Path, patch: pytest.MonkeyPatch, aws: str) -> Context:
    """An application on moto, whose job runs end well at once."""
    from boto3.session import Session

    ctx = job_context("aws", tmp_path, patch)
    client = Session(region_name="us-east-1").client("emr-serverless")
    made = client.create_application(name="spark", releaseLabel="emr-6.6.0", type="SPARK")
    client.start_application(applicationId=made["applicationId"])
    client.start_job_run(  # moto lists the runs of applications only that have had one
        applicationId=made["applicationId"], name="another's", clientToken="another",
        executionRoleArn=ctx.platform.spark.conf["spark.landfall.execution-role"],
        jobDriver={"sparkSubmit": {"entryPoint": "s3://bucket/other.py"}},
    )  # fmt: skip
    spark = ctx.platform.spark.model_copy(update={"master": made["applicationId"]})
    ctx.platform = ctx.platform.model_copy(update={"spark": spark})
    return ctx


def test_emr_finds_the_run_again_and_numbers_the_next(amazon: Context) -> None:
    batch = build_batch(amazon, MONTH, "ingest")
    service = emr.Emr(amazon.platform)
    assert service.latest(batch.name) == (0, None)
    first = service.start(batch, 1)
    assert "/spark/logs/applications/" in first.log
    number, found = service.latest(batch.name)
    assert (number, found) == (1, first)
    assert service.look(first).id == first.id
    second = service.start(batch, 2)
    assert service.latest(batch.name) == (2, second)


def test_the_step_on_emr_is_submitted_and_gives_what_its_driver_stored(amazon: Context) -> None:
    amazon.artifacts.write_json(amazon.result_path(MONTH, "ingest"), {"counts": {"flights": 1}})
    told = ingest_month(amazon, MONTH)
    assert told["counts"] == {"flights": 1}
    assert told["batch"]["log"].endswith(f"/jobs/{told['batch']['id']}/SPARK_DRIVER/stderr.gz")


class Cloud:
    """Google's batches: created once under an id, then moved on by a state at each look."""

    def __init__(self, states: list[str]) -> None:
        self.states = states
        self.batches: dict[str, list[str]] = {}

    def __call__(self, asked: Asked) -> tuple[int, Any]:
        if asked.verb == "POST":
            identity = asked.query["batchId"]
            if identity in self.batches:
                return 409, {"error": {"status": "ALREADY_EXISTS"}}
            self.batches[identity] = list(self.states)
            return 200, {"name": "operations/1"}
        identity = asked.path.rpartition("/")[2]
        if identity not in self.batches:
            return 404, {"error": {"status": "NOT_FOUND"}}
        left = self.batches[identity]
        state = left.pop(0) if len(left) > 1 else left[0]
        log = {"outputUri": f"gs://staging/{identity}/driveroutput"}
        return 200, {"name": f"p/batches/{identity}", "state": state, "runtimeInfo": log,
                     "stateMessage": "the reason" if state == "FAILED" else ""}  # fmt: skip


@pytest.fixture
def google(tmp_path: Path, patch: pytest.MonkeyPatch) -> Iterator[tuple[Context, Cloud]]:
    import google.auth
    from google.auth.credentials import AnonymousCredentials

    cloud = Cloud(["PENDING", "RUNNING", "SUCCEEDED"])
    with fake_service(cloud) as (address, _):
        patch.setattr(dataproc, "API", address)
        patch.setattr(google.auth, "default", lambda **_: (AnonymousCredentials(), "p"))
        yield job_context("gcp", tmp_path, patch), cloud


def test_the_step_on_google_is_submitted_and_gives_what_its_driver_stored(
    google: tuple[Context, Cloud], capsys: pytest.CaptureFixture[str]
) -> None:
    ctx, cloud = google
    name = build_batch(ctx, MONTH, "ingest").name
    ctx.artifacts.write_json(ctx.result_path(MONTH, "ingest"), {"counts": {"flights": 1}})
    told = ingest_month(ctx, MONTH)
    assert told["counts"] == {"flights": 1}
    assert told["batch"]["id"] == f"{name}-1"
    assert told["batch"]["log"] == f"gs://staging/{name}-1/driveroutput"
    assert "submitted as" in capsys.readouterr().err
    ingest_month(ctx, MONTH)
    assert sorted(cloud.batches) == [f"{name}-1", f"{name}-2"], "what ended is run again"


def test_a_run_under_way_is_waited_for_not_started_twice(
    google: tuple[Context, Cloud], capsys: pytest.CaptureFixture[str]
) -> None:
    ctx, cloud = google
    name = build_batch(ctx, MONTH, "ingest").name
    cloud.batches[f"{name}-1"] = ["RUNNING", "RUNNING", "SUCCEEDED"]
    ctx.artifacts.write_json(ctx.result_path(MONTH, "ingest"), {"counts": {}})
    assert ingest_month(ctx, MONTH)["batch"]["id"] == f"{name}-1"
    assert list(cloud.batches) == [f"{name}-1"]
    assert "runs already" in capsys.readouterr().err


def test_two_that_start_one_number_get_one_run(google: tuple[Context, Cloud]) -> None:
    ctx, cloud = google
    batch = build_batch(ctx, MONTH, "ingest")
    service = dataproc.Dataproc(ctx.platform)
    assert service.start(batch, 1).id == service.start(batch, 1).id
    assert len(cloud.batches) == 1


def test_a_failed_batch_is_told_with_its_reason_and_log(google: tuple[Context, Cloud]) -> None:
    ctx, cloud = google
    cloud.states = ["RUNNING", "FAILED"]
    with pytest.raises(LandfallError, match="failed: the reason") as told:
        ingest_month(ctx, MONTH)
    assert "gs://staging/" in told.value.fix


def test_after_the_limit_the_batch_is_left_alone(google: tuple[Context, Cloud]) -> None:
    ctx, cloud = google
    cloud.states = ["RUNNING"]
    with pytest.raises(LandfallError, match="still is running") as told:
        submit.submit_step(ctx, MONTH, "ingest", limit_minutes=0)
    assert "go on waiting" in told.value.fix


def test_what_google_refuses_is_told(
    google: tuple[Context, Cloud], patch: pytest.MonkeyPatch
) -> None:
    ctx, _ = google
    with fake_service(lambda _: (403, {"error": {"message": "no right"}})) as (address, _):
        patch.setattr(dataproc, "API", address)
        with pytest.raises(LandfallError, match=r"403 .*no right"):
            ingest_month(ctx, MONTH)


def test_the_step_on_synapse_is_submitted_and_found_again(
    tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    import azure.identity

    class Token:
        token = "azure-token"

    class Credential:
        def get_token(self, scope: str) -> Token:
            assert scope == synapse.SCOPE
            return Token()

    batches: list[dict[str, Any]] = []
    tokens: list[str | None] = []

    def pool(asked: Asked) -> tuple[int, Any]:
        assert asked.authorization == "Bearer azure-token"
        if asked.verb == "POST":
            tokens.append(asked.body["conf"].get("spark.sql.catalog.lake.token"))
            batches.append({"id": len(batches), "name": asked.body["name"], "state": "starting"})
            return 200, batches[-1]
        last = asked.path.rpartition("/")[2]
        if last == "batches":
            return 200, {"from": 0, "total": len(batches), "sessions": batches}
        batches[int(last)] |= {"state": "success", "appInfo": {"driverLogUrl": "https://log"}}
        return 200, batches[int(last)]

    patch.setattr(azure.identity, "DefaultAzureCredential", Credential)
    ctx = job_context("azure", tmp_path, patch)
    ctx.artifacts.write_json(ctx.result_path(MONTH, "ingest"), {"counts": {}})
    with fake_service(pool) as (address, _):
        master = f"{address}/livyApi/versions/2019-11-01-preview/sparkPools/pipelines"
        spark = ctx.platform.spark.model_copy(update={"master": master})
        ctx.platform = ctx.platform.model_copy(update={"spark": spark})
        publish(ctx)
        told = ingest_month(ctx, MONTH)
        assert told["batch"]["id"] == "0"
        assert tokens == ["token-of-ingest"], "the pod's own token for the catalog"
        assert "token-of-ingest" not in str(build_batch(ctx, MONTH, "ingest")), (
            "which no batch tells"
        )
        assert told["batch"]["log"] == "https://log"
        name = build_batch(ctx, MONTH, "ingest").name
        number, found = synapse.Synapse(ctx.platform).latest(name)
        assert (number, found) == (1, Run("0", "succeeded", "https://log"))
