"""A warehouse that exists already is imported by its name, protected, kept, and left as its owner set it."""

from __future__ import annotations

import datetime

import pytest

from infra.plan.check import check
from infra.plan.model import Plan, Resource
from infra.plan.policies import judge
from tests.infra.samples import changed, plan_changed, plan_of, sample

NAMES = {"datasetId", "namespaceName", "workgroupName", "name"}


def held(plan: Plan, type_: str, name: str) -> Resource:
    (found,) = (one for one in plan.of_type(type_) if one.name == name)
    return found


def left_alone(one: Resource, imported: str) -> None:
    assert one.import_id == imported
    assert (one.protect, one.retain) == (True, True)
    # Whatever else is said of it must be ignored: an import is refused where it differs from what is there.
    assert set(one.inputs) <= NAMES | set(one.ignore_changes)


def test_a_dataset_is_imported_and_access_is_added_to_it() -> None:
    warehouse = {"engine": "bigquery", "adopt": {"marts": "harbor_marts"}}
    plan = plan_changed("harbor-gcp-dev", warehouse=warehouse)
    marts = held(plan, "gcp:bigquery/dataset:Dataset", "marts")
    left_alone(marts, "projects/harbor-data-dev/datasets/harbor_marts")
    grant = held(plan, "gcp:bigquery/datasetIamMember:DatasetIamMember", "transform-edits-marts")
    assert marts.urn in grant.property_deps["datasetId"]
    assert not held(plan, "gcp:bigquery/dataset:Dataset", "gold").import_id
    assert not check(plan)
    broken = judge(
        plan, changed("harbor-gcp-dev", warehouse=warehouse), datetime.date(2026, 11, 24)
    )
    # Its key is the client's, so the policy on keys asks for a waiver that says so.
    assert {one.policy for one in broken if one.severity == "mandatory"} <= {
        "customer-managed-keys"
    }
    assert all(one.resource == "marts" for one in broken if one.severity == "mandatory")


def test_a_namespace_and_its_workgroup_are_imported_together() -> None:
    adopt = {"namespace": "northwind-analytics", "workgroup": "northwind-analytics"}
    plan = plan_changed("northwind-aws-dev", warehouse={"engine": "redshift", "adopt": adopt})
    stem = "aws:redshiftserverless/"
    namespace = held(plan, f"{stem}namespace:Namespace", "warehouse")
    left_alone(namespace, "northwind-analytics")
    workgroup = held(plan, f"{stem}workgroup:Workgroup", "warehouse")
    left_alone(workgroup, "northwind-analytics")
    assert namespace.urn in workgroup.property_deps["namespaceName"]
    assert not check(plan)


@pytest.mark.parametrize("known", [True, False])
def test_a_sample_adopts_its_snowflake_database(known: bool) -> None:
    plan = plan_of("kestrel-gcp-staging", known)
    name = sample("kestrel-gcp-staging").warehouse.adopt["database"]
    database = held(plan, "snowflake:index/database:Database", "warehouse")
    left_alone(database, f'"{name}"')
    schema = held(plan, "snowflake:index/schema:Schema", "marts")
    assert database.urn in schema.property_deps["database"]
