"""Who may do what in the lake, and who works the events: the one table that every cloud's grants are made of.

It is what the steps do (`pipelines/`, `ml/`), no more: each step runs as the workload that `pipelines/orchestration.py`
names. Pods of Airflow itself open no data. Leaves out the warehouses' own rights and the Iceberg catalogs'.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from landfall.intent import Intent
from landfall.intent.data import Zone

Verb = Literal["read", "add", "put", "write"]
"""`add` makes new files; `put` also reads and replaces; `write` also deletes. A cloud that cannot tell them apart
gives the next wider one."""


class Access(NamedTuple):
    """What a workload may do with the files of a zone; with a `folder`, only with those below it."""

    workload: str
    zone: Zone
    verb: Verb
    folder: str = ""


ACCESS = (
    Access("ingest", "landing", "put"),
    Access("ingest", "bronze", "write"),
    Access("ingest", "silver", "write"),
    Access("ingest", "quarantine", "write"),
    # The published code; what a batch is submitted with, and its history; what each step came to.
    Access("ingest", "artifacts", "read", "code"),
    Access("ingest", "artifacts", "put", "spark"),
    Access("ingest", "artifacts", "put", "runs"),
    Access("transform", "silver", "read"),
    Access("transform", "gold", "write"),
    Access("transform", "artifacts", "put", "runs"),
    Access("train", "gold", "read"),
    Access("train", "artifacts", "write"),
    Access("serve", "artifacts", "read"),
    Access("serve", "artifacts", "add", "predictions"),
)
DAGS = (Access("orchestrate", "artifacts", "read", "dags"),)
"""Where Airflow reads its DAGs from the lake."""
LOGS = (Access("orchestrate", "artifacts", "put", "airflow"),)
"""Where it keeps its tasks' logs there, too: on the cluster."""
PUBLISHERS = ("ingest", "train")
"""Who tells of months that have landed, and people of what became of a model."""
CONSUMERS = ("ingest",)
"""Who takes messages from the queue, and looks at those that nobody could use."""


def access(intent: Intent, *, managed_reads_lake: bool) -> tuple[Access, ...]:
    """What the intent's workloads may do in the lake; `managed_reads_lake`: where managed Airflow has its DAGs there."""
    airflow = intent.orchestration.airflow
    if airflow == "cluster":
        return (*ACCESS, *DAGS, *LOGS)
    return (*ACCESS, *DAGS) if airflow == "managed" and managed_reads_lake else ACCESS


def allows(table: tuple[Access, ...], workload: str, zone: str, verb: Verb, path: str) -> bool:
    """Whether the table lets a workload do that with a zone's file."""
    wider: dict[Verb, tuple[Verb, ...]] = {
        "read": ("read", "put", "write"),
        "add": ("add", "put", "write"),
        "put": ("put", "write"),
        "write": ("write",),
    }
    return any(
        (one.workload, one.zone) == (workload, zone)
        and one.verb in wider[verb]
        and (not one.folder or path.startswith(f"{one.folder}/"))
        for one in table
    )
