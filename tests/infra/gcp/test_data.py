"""Lake, events, Spark, BigQuery, dashboards and Airflow on Google Cloud."""

from __future__ import annotations

import json

import pytest

from infra.plan.model import Plan
from tests.infra.gcp.conftest import DEV, PROD, Planner, named, one

ICEBERG = ("bronze", "silver", "gold", "quarantine")
NETWORK = {"cidr": "10.64.0.0/18"}


def buckets(plan: Plan) -> dict[str, dict]:
    return {
        name: dict(one.inputs)
        for name, one in named(plan, "storage/bucket:Bucket").items()
        if not one.import_id
    }


def test_every_bucket_is_private_encrypted_and_kept(plan: Plan) -> None:
    assert len(buckets(plan)) >= 6
    for bucket in named(plan, "storage/bucket:Bucket").values():
        assert bucket.inputs["publicAccessPrevention"] == "enforced"
        assert bucket.inputs["uniformBucketLevelAccess"] is True
        assert bucket.protect
        assert bucket.retain
    for name, inputs in buckets(plan).items():
        assert inputs["encryption"]["defaultKmsKeyName"], name
        assert inputs["softDeletePolicy"]["retentionDurationSeconds"] >= 604800
        locked = "retentionPolicy" in inputs
        assert inputs.get("versioning", {}).get("enabled", False) is not locked


def test_no_lifecycle_deletes_a_file_that_a_table_still_reads(plan: Plan) -> None:
    for zone in ICEBERG:
        rules = buckets(plan)[zone]["lifecycleRules"]
        deleting = [r["condition"] for r in rules if r["action"]["type"] == "Delete"]
        assert deleting
        assert all(condition["withState"] == "ARCHIVED" for condition in deleting)
        assert not any("age" in condition for condition in deleting)


def test_the_landing_zone_ages_as_the_intent_says_and_is_locked_where_asked(prod: Plan) -> None:
    landing = buckets(prod)["landing"]
    days = 1095
    assert landing["retentionPolicy"] == {
        "isLocked": True,
        "retentionPeriod": str(days * 86400),
    }
    rules = landing["lifecycleRules"]
    assert [r["condition"]["age"] for r in rules if r["action"]["type"] == "Delete"] == [days]
    quarantine = buckets(prod)["quarantine"]["lifecycleRules"]
    assert 180 in [r["condition"].get("daysSinceNoncurrentTime") for r in quarantine]


def test_nothing_is_locked_that_nobody_asked_to_lock(dev: Plan) -> None:
    assert [name for name, inputs in buckets(dev).items() if "retentionPolicy" in inputs] == [
        "audit-logs"
    ]


def test_a_zone_cools_only_as_long_as_it_pays(planned: Planner) -> None:
    plan = planned(DEV, lake={"retention_days": {"landing": 45}})
    rules = buckets(plan)["landing"]["lifecycleRules"]
    assert not [r for r in rules if r["action"]["type"] == "SetStorageClass"]


def test_every_zone_writes_access_logs(prod: Plan) -> None:
    zones = ("landing", *ICEBERG, "artifacts")
    assert all(buckets(prod)[zone]["logging"]["logObjectPrefix"] == zone for zone in zones)


def test_an_adopted_bucket_is_imported_and_must_be_private(adopts: Plan) -> None:
    landing = named(adopts, "storage/bucket:Bucket")["landing"]
    assert landing.import_id == "kestrel-drop"
    assert not {"publicAccessPrevention", "uniformBucketLevelAccess"} & set(landing.ignore_changes)
    assert {"location", "lifecycleRules", "encryption"} <= set(landing.ignore_changes)


def test_serving_appends_predictions_and_nothing_else(dev: Plan) -> None:
    grant = named(dev, "storage/bucketIAMMember:BucketIAMMember")[
        "serve-appends-artifacts-predictions"
    ]
    assert grant.inputs["role"] == "roles/storage.objectCreator"
    assert grant.inputs["condition"]["expression"].endswith("/objects/predictions/')")


def test_airflow_on_the_cluster_keeps_its_logs_in_the_artifacts(adopts: Plan, dev: Plan) -> None:
    kind = "storage/bucketIAMMember:BucketIAMMember"
    grant = named(adopts, kind)["orchestrate-writes-artifacts-airflow"]
    assert grant.inputs["condition"]["expression"].endswith("/objects/airflow/')")
    assert "orchestrate-writes-artifacts-airflow" not in named(dev, kind)


def test_the_catalog_reaches_the_zones_with_tables_and_no_other(dev: Plan) -> None:
    catalog = one(dev, "biglake/icebergCatalog:IcebergCatalog")
    places = catalog.inputs["restrictedLocationsConfig"]["restrictedLocations"]
    assert len(places) == len(ICEBERG)
    assert not [place for place in places if "landing" in place or "artifacts" in place]
    namespaces = named(dev, "biglake/icebergNamespace:IcebergNamespace")
    assert {r.inputs["namespaceId"] for r in namespaces.values()} == set(ICEBERG)


def test_what_fails_five_times_is_kept_for_a_person(plan: Plan) -> None:
    queues = named(plan, "pubsub/subscription:Subscription")
    policy = queues["landing"].inputs["deadLetterPolicy"]
    assert policy["maxDeliveryAttempts"] == 5
    assert queues["dead-letters"].inputs["messageRetentionDuration"] == "1209600s"
    for queue in queues.values():
        assert queue.inputs["expirationPolicy"] == {"ttl": ""}


def test_a_file_is_told_of_only_once_the_bucket_may_publish(plan: Plan) -> None:
    notice = one(plan, "storage/notification:Notification")
    grant = named(plan, "pubsub/topicIAMMember:TopicIAMMember")["storage-publishes"]
    assert grant.urn in notice.deps
    assert notice.inputs["eventTypes"] == ["OBJECT_FINALIZE"]


def test_messages_stay_in_the_region_under_a_key(plan: Plan) -> None:
    for topic in plan.of_type("gcp:pubsub/topic:Topic"):
        assert topic.inputs["kmsKeyName"]
        assert len(topic.inputs["messageStoragePolicy"]["allowedPersistenceRegions"]) == 1


def test_the_history_of_jobs_costs_a_machine_in_production_only(prod: Plan, dev: Plan) -> None:
    machine = one(prod, "dataproc/cluster:Cluster").inputs["clusterConfig"]
    assert machine["gceClusterConfig"]["internalIpOnly"] is True
    assert machine["gceClusterConfig"]["shieldedInstanceConfig"]["enableSecureBoot"] is True
    assert machine["encryptionConfig"]["kmsKeyName"]
    assert not dev.of_type("gcp:dataproc/cluster:Cluster")


def test_a_sources_password_has_a_place_and_one_reader(prod: Plan, planned: Planner) -> None:
    secret = named(prod, "secretmanager/secret:Secret")["source-orders"]
    assert secret.inputs["secretId"] == "orders-reader-password"
    assert named(prod, "secretmanager/secretIamMember:SecretIamMember")[
        "ingest-reads-orders-secret"
    ]
    assert "source-orders" not in named(prod, "secretmanager/secretVersion:SecretVersion")
    jdbc = {
        "kind": "jdbc", "dataset": "sailings", "engine": "postgresql", "host": "db.harbor.example",
        "port": 5432, "database": "d", "table": "t", "watermark": "at", "user": "u",
        "password_secret": "env:SAILINGS_PASSWORD",
    }  # fmt: skip
    shared = [{**jdbc, "dataset": name, "password_secret": "ships"} for name in ("ports", "quays")]
    made = named(planned(DEV, sources=[jdbc, *shared]), "secretmanager/secret:Secret")
    # One where two sources share it: a second of the same name would be refused.
    assert {name for name in made if name.startswith("source-")} == {"source-ports"}


def test_no_dataset_lets_every_viewer_of_the_project_read(dev: Plan) -> None:
    datasets = named(dev, "bigquery/dataset:Dataset")
    assert set(datasets) == {"silver", "gold", "marts", "governance"}
    for dataset in datasets.values():
        assert dataset.inputs["accesses"] == [{"role": "OWNER", "specialGroup": "projectOwners"}]
        assert dataset.inputs["defaultEncryptionConfiguration"]["kmsKeyName"]
        assert dataset.inputs["location"] == "europe-west1"


def test_dashboards_read_the_marts_and_nothing_else(dev: Plan) -> None:
    marts = named(dev, "bigquery/dataset:Dataset")["marts"].inputs["datasetId"]
    bi = [
        grant
        for grant in dev.resources
        if "-bi@" in str(grant.inputs.get("member", "")) and "IamMember" in grant.type
    ]
    datasets = [grant.inputs["datasetId"] for grant in bi if "datasetId" in grant.inputs]
    assert datasets == [marts]
    assert {grant.inputs["role"] for grant in bi} <= {
        "roles/bigquery.dataViewer",
        "roles/bigquery.jobUser",
        "roles/bigquerydatapolicy.maskedReader",
    }


def test_views_of_the_marts_may_read_what_their_readers_may_not(dev: Plan) -> None:
    allowed = named(dev, "bigquery/datasetAccess:DatasetAccess")
    assert set(allowed) == {"marts-views-read-gold", "marts-views-read-governance"}
    for access in allowed.values():
        assert access.inputs["authorizedDataset"]["targetTypes"] == ["VIEWS"]


def test_sensitive_columns_are_masked_for_dashboards(dev: Plan) -> None:
    assert set(named(dev, "datacatalog/policyTag:PolicyTag")) == {"personal", "confidential"}
    masks = named(dev, "bigquerydatapolicy/dataPolicy:DataPolicy")
    assert masks["mask-personal"].inputs["dataMaskingPolicy"] == {"predefinedExpression": "SHA256"}


def test_each_person_sees_only_their_own_lines_of_row_access(dev: Plan) -> None:
    table = named(dev, "bigquery/table:Table")["row-access"]
    columns = [column["name"] for column in json.loads(table.inputs["schema"])]
    assert columns == ["principal", "dimension", "value"]
    policies = named(dev, "bigquery/rowAccessPolicy:RowAccessPolicy")
    assert policies["row-access-own"].inputs["filterPredicate"] == "principal = SESSION_USER()"


@pytest.mark.parametrize(("size", "slots"), [("xsmall", None), ("medium", 200), ("large", 700)])
def test_slots_are_bought_from_the_medium_size_on(
    planned: Planner, size: str, slots: int | None
) -> None:
    plan = planned(DEV, warehouse={"engine": "bigquery", "size": size})
    found = plan.of_type("gcp:bigquery/reservation:Reservation")
    assert [r.inputs["autoscale"]["maxSlots"] for r in found] == ([slots] if slots else [])


def test_managed_airflow_is_private_and_survives_a_zone_in_production(
    prod: Plan, dev: Plan, adopts: Plan
) -> None:
    config = one(prod, "composer/environment:Environment").inputs["config"]
    assert config["enablePrivateEnvironment"] is True
    assert config["enablePrivateBuildsOnly"] is True
    assert config["encryptionConfig"]["kmsKeyName"]
    assert config["resilienceMode"] == "HIGH_RESILIENCE"
    assert config["workloadsConfig"]["scheduler"]["count"] == 2
    ranges = config["webServerNetworkAccessControl"]["allowedIpRanges"]
    assert "0.0.0.0/0" not in [entry["value"] for entry in ranges]
    for plan in (dev, adopts):
        assert not plan.of_type("gcp:composer/environment:Environment")


def test_composers_role_is_given_only_with_composer(planned: Planner) -> None:
    plan = planned(PROD, orchestration={"airflow": "none"}, network=NETWORK)
    roles = {m.inputs["role"] for m in named(plan, "projects/iAMMember:IAMMember").values()}
    assert "roles/composer.worker" not in roles
