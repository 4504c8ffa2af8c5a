"""Who may do what in the lake: the table covers what the steps do, and each cloud grants the table and no more."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from infra.access import ACCESS, CONSUMERS, LOGS, PUBLISHERS, Access, Verb, access, allows
from infra.aws.lake import ACTIONS
from infra.azure.lake import ROLES as AZURE_ROLES
from infra.azure.lake import TABLES, place
from infra.contract import WORKLOADS
from infra.gcp.lake import ROLES
from infra.plan.model import Plan
from landfall.intent.data import Zone
from pipelines.code import CURRENT
from pipelines.code import FOLDER as CODE
from pipelines.orchestration import tasks
from pipelines.submit.batch import JARS, JOBS
from pipelines.submit.emr import LOGS as SPARK_LOGS
from tests.infra.samples import plan_of, sample

Need = tuple[str, Zone, Verb, str]
RESULTS = [
    (task.acts_as, "artifacts", "put", f"runs/late_arrival/2013-03/{task.name}.json")
    for task in tasks()
    if task.kind == "step"
]
NEEDS: list[Need] = [
    *dict.fromkeys(RESULTS),  # pyright: ignore[reportAssignmentType]
    ("ingest", "landing", "put", "flights/2013-03/v0001/flights.csv"),
    ("ingest", "landing", "read", "flights/2013-03/v0001/flights.csv"),
    ("ingest", "bronze", "write", "flights/data/part.parquet"),
    ("ingest", "silver", "write", "flights/metadata/v2.json"),
    ("ingest", "quarantine", "write", "flights/data/part.parquet"),
    ("ingest", "artifacts", "read", CURRENT),
    ("ingest", "artifacts", "read", f"{CODE}/0123/landfall.whl"),
    ("ingest", "artifacts", "add", f"{JOBS}/landfall-2013-03-ingest/main.py"),
    ("ingest", "artifacts", "add", f"{JARS}/iceberg.jar"),
    ("ingest", "artifacts", "put", f"{SPARK_LOGS}/applications/1"),
    ("transform", "silver", "read", "flights/data/part.parquet"),
    ("transform", "gold", "write", "features/data/part.parquet"),
    ("train", "gold", "read", "features/data/part.parquet"),
    ("train", "artifacts", "put", "profiles/late_arrival/2013-03.json"),
    ("train", "artifacts", "put", "predictions/late_arrival/2013-03.parquet"),
    ("train", "artifacts", "put", "models/late_arrival/versions/1.json"),
    ("train", "artifacts", "put", "record/late_arrival.jsonl"),
    ("serve", "artifacts", "read", "models/late_arrival/versions/1.json"),
    ("serve", "artifacts", "add", "predictions/late_arrival/2013-03-01/1.parquet"),
]
FORBIDDEN: list[Need] = [
    ("ingest", "landing", "write", "flights/2013-03/v0001/flights.csv"),
    ("ingest", "gold", "read", "features/data/part.parquet"),
    ("ingest", "artifacts", "put", "models/late_arrival/versions/1.json"),
    ("ingest", "artifacts", "put", CURRENT),
    ("transform", "silver", "add", "flights/data/part.parquet"),
    ("transform", "artifacts", "put", "models/late_arrival/versions/1.json"),
    ("train", "silver", "read", "flights/data/part.parquet"),
    ("serve", "artifacts", "put", "models/late_arrival/versions/1.json"),
    ("serve", "gold", "read", "features/data/part.parquet"),
    ("orchestrate", "landing", "read", "flights/2013-03/v0001/flights.csv"),
]


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: "-".join(need[:3]))
def test_the_table_lets_each_step_do_its_work(need: Need) -> None:
    assert allows(ACCESS, *need)


@pytest.mark.parametrize("need", FORBIDDEN, ids=lambda need: "-".join(need[:3]))
def test_the_table_lets_nobody_do_more(need: Need) -> None:
    assert not allows((*ACCESS, *LOGS), *need)


def test_who_publishes_is_who_has_news() -> None:
    # `failed` and the promotion run as training, a month is announced by landing it.
    assert set(PUBLISHERS) == {"ingest", "train"}
    assert CONSUMERS == ("ingest",)


def given_by_google(plan: Plan) -> set[tuple[str, str, str, str]]:
    found = set()
    for one in plan.resources:
        workload, _, rest = one.name.partition("-")
        does, _, zone = rest.partition("-")
        if one.type != "gcp:storage/bucketIAMMember:BucketIAMMember" or does not in {"reads", "appends", "writes"}:  # fmt: skip
            continue
        if zone.partition("-")[0] in get_args(Zone) and workload != "lake":
            folder = str((one.inputs.get("condition") or {}).get("expression", "")).rpartition("/objects/")[2]  # fmt: skip
            found.add((workload, zone.partition("-")[0], one.inputs["role"], folder.strip("/')")))
    return found


@pytest.mark.parametrize("stack", ["harbor-gcp-dev", "kestrel-gcp-staging"])
def test_google_cloud_grants_the_table(stack: str) -> None:
    table = access(sample(stack), managed_reads_lake=False)
    assert given_by_google(plan_of(stack)) == {
        (one.workload, one.zone, ROLES[one.verb][0], one.folder) for one in table
    }


Granted = tuple[str, str, str, frozenset[str]]


def given_by_aws(plan: Plan) -> set[Granted]:
    """Workload, statement, path in the bucket, actions."""
    found = set()
    for one in plan.resources:
        workload = one.name.removesuffix("-lake")
        if one.type != "aws:iam/rolePolicy:RolePolicy" or workload not in WORKLOADS:
            continue
        if one.name == workload:
            continue
        for statement in json.loads(one.inputs["policy"])["Statement"]:
            if statement["Sid"] not in ("List", "Key"):
                (path,) = {arn.partition("/")[2] for arn in _texts(statement["Resource"])}
                actions = frozenset(_texts(statement["Action"]))
                found.add((workload, statement["Sid"], path, actions))
    return found


def _texts(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def in_aws_words(one: Access) -> Granted:
    statement = f"{one.zone.capitalize()}{one.folder.capitalize()}"
    path = f"{one.folder}/*" if one.folder else "*"
    return one.workload, statement, path, frozenset(ACTIONS[one.verb])


@pytest.mark.parametrize("stack", ["northwind-aws-dev", "northwind-aws-prod-data"])
def test_aws_grants_the_table(stack: str) -> None:
    table = access(sample(stack), managed_reads_lake=True)
    assert given_by_aws(plan_of(stack)) == {in_aws_words(one) for one in table}


def given_by_azure(plan: Plan) -> dict[str, str]:
    """The lake's grants by name, with their conditions."""
    found = {}
    for one in plan.of_type("azure-native:authorization:RoleAssignment"):
        workload, does, container = (*one.name.split("-", 2), "")[:3]
        if workload in WORKLOADS and does in ("reads", "writes") and container in CONTAINERS:
            found[one.name] = one.inputs.get("condition", "")
    return found


CONTAINERS = (*get_args(Zone), TABLES)


@pytest.mark.parametrize("stack", ["fjord-azure-dev", "fjord-azure-prod-data"])
def test_azure_grants_the_table(stack: str) -> None:
    wanted: dict[str, list[str]] = {}
    for one in access(sample(stack), managed_reads_lake=False):
        container, folder = place(one)
        name = f"{one.workload}-{AZURE_ROLES[one.verb][1]}-{container}"
        wanted.setdefault(name, []).append(folder)
    given = given_by_azure(plan_of(stack))
    assert set(given) == set(wanted)
    for name, folders in wanted.items():
        if "" in folders:
            assert given[name] == "", name
        else:
            assert all(f"'{folder}/*'" in given[name] for folder in folders), name
            assert given[name].count("StringLike") == len(folders), name
