"""BigQuery: a dataset a zone, slots or on-demand, and what lets one reader see less than another.

`silver` holds external tables over the lake's Iceberg files, pinned by dbt to one snapshot through the
connection; `gold` and `marts` are dbt's own; `governance` says who sees which rows. Views in `marts` may
read `gold` and `governance`, so whoever reads the marts needs no right below them. Leaves out tables and
views, which dbt makes, but for the one that row access rests on.
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import bigquery, projects, storage

from infra import contract
from infra.gcp.governance import Tags, row_access, tags
from infra.gcp.provider import LABELS_OF_ADOPTED
from infra.gcp.tenancy import cloud, strict
from infra.scope import Scope

OFFERED = True
DATASETS = {
    "silver": "External tables over the lake's Iceberg tables",
    "gold": "What dbt builds: staging, features",
    "marts": "What dashboards read",
    "governance": "Who sees which rows",
}
_TERABYTE = 10**12
# Size → bytes that one query may scan on demand; None where slots bound the cost instead.
_ON_DEMAND: dict[str, int | None] = {
    "xsmall": _TERABYTE // 10,
    "small": _TERABYTE,
    "medium": None,
    "large": None,
}
# Size → slots that are always there, and at most. Enterprise is the least edition with customer keys, row
# access and autoscaling: https://cloud.google.com/bigquery/docs/editions-intro.
_SLOTS = {"medium": (0, 200), "large": (100, 800)}
EDITOR, READER = "roles/bigquery.dataEditor", "roles/bigquery.dataViewer"
_CLIENTS = (
    "accesses", "defaultCollation", "defaultEncryptionConfiguration", "defaultPartitionExpirationMs",
    "defaultTableExpirationMs", "deleteContentsOnDestroy", "deletionPolicy", "description",
    "externalCatalogDatasetOptions", "friendlyName", "isCaseInsensitive", "location",
    "maxTimeTravelHours", "project", "resourceTags", "storageBillingModel",
)  # fmt: skip
"""What an adopted dataset keeps."""
_GRANTS = (
    ("transform", "silver", EDITOR),
    ("transform", "gold", EDITOR),
    ("transform", "marts", EDITOR),
    ("transform", "governance", READER),
    ("train", "gold", READER),
)


def build_warehouse(
    scope: Scope, foundation: contract.Foundation, lake: contract.Lake
) -> contract.Warehouse:
    """The datasets and everything around them."""
    return Warehouse(scope, foundation, lake).outputs


class Warehouse(pulumi.ComponentResource):
    """`outputs` is the contract; `settings` are dbt's for BigQuery, and what the adapter needs besides."""

    def __init__(self, scope: Scope, foundation: contract.Foundation, lake: contract.Lake) -> None:
        super().__init__("landfall:gcp:Warehouse", "warehouse", None, scope.component())
        self.scope = scope
        self.foundation = foundation
        self.region = cloud(scope.intent).region
        self.project = foundation.organization.tenancy
        datasets = {name: self._dataset(name, text) for name, text in DATASETS.items()}
        for workload, name, role in _GRANTS:
            self._grant(workload, datasets[name], name, role)
        for below in ("gold", "governance"):
            self._views_may_read(datasets[below], below, datasets["marts"])
        self._run_queries()
        connection = self._connection(lake)
        marks = tags(scope, self, foundation)
        row_access(scope, self, foundation, datasets["governance"])
        self._slots()
        self.outputs = contract.Warehouse(
            engine=pulumi.Output.from_input("bigquery"),
            settings=self._settings(datasets, connection, marks),
            marts=datasets["marts"].dataset_id,
        )
        self.register_outputs({"marts": self.outputs.marts})

    def _adopt(self, purpose: str, name: str) -> bigquery.Dataset:
        """The client's dataset: imported as it is, its settings stay the client's; access is added to it."""
        return bigquery.Dataset(
            purpose,
            dataset_id=name,
            opts=self.scope.stateful(
                self,
                import_=f"projects/{cloud(self.scope.intent).project}/datasets/{name}",
                ignore_changes=[*_CLIENTS, *LABELS_OF_ADOPTED],
            ),
        )

    def _dataset(self, purpose: str, description: str) -> bigquery.Dataset:
        adopted = self.scope.intent.warehouse.adopt.get(purpose)  # pyright: ignore[reportArgumentType, reportCallIssue]
        if adopted:
            return self._adopt(purpose, adopted)
        return bigquery.Dataset(
            purpose,
            dataset_id=self.scope.name("dataset", purpose),
            location=self.region,
            description=description,
            default_encryption_configuration=bigquery.DatasetDefaultEncryptionConfigurationArgs(
                kms_key_name=self.foundation.security.keys["data"]
            ),
            max_time_travel_hours="168" if strict(self.scope.intent) else "48",
            storage_billing_model="PHYSICAL",
            delete_contents_on_destroy=False,
            # Only owners to begin with: left out, Google lets every viewer of the project read the data.
            # Later grants are added one by one, so what is here is not compared again.
            accesses=[
                bigquery.DatasetAccessArgs(role="OWNER", special_group="projectOwners"),
            ],
            labels=self.scope.labels,
            opts=self.scope.stateful(self, ignore_changes=["accesses"]),
        )

    def _grant(self, workload: str, dataset: bigquery.Dataset, name: str, role: str) -> None:
        verb = "edits" if role == EDITOR else "reads"
        bigquery.DatasetIamMember(
            f"{workload}-{verb}-{name}",
            dataset_id=dataset.dataset_id,
            role=role,
            member=self.foundation.identity.principals[workload],
            opts=self.scope.child(self),
        )

    def _views_may_read(
        self, dataset: bigquery.Dataset, name: str, marts: bigquery.Dataset
    ) -> None:
        """An authorized dataset: every view of the marts, those made later included."""
        bigquery.DatasetAccess(
            f"marts-views-read-{name}",
            dataset_id=dataset.dataset_id,
            authorized_dataset=bigquery.DatasetAccessAuthorizedDatasetArgs(
                dataset=bigquery.DatasetAccessAuthorizedDatasetDatasetArgs(
                    project_id=self.project, dataset_id=marts.dataset_id
                ),
                target_types=["VIEWS"],
            ),
            opts=self.scope.child(self),
        )

    def _run_queries(self) -> None:
        wanted = (
            ("transform", "jobUser"),
            ("train", "jobUser"),
            ("train", "readSessionUser"),
        )
        for workload, role in wanted:
            projects.IAMMember(
                f"{workload}-{role.lower()}",
                project=self.project,
                role=f"roles/bigquery.{role}",
                member=self.foundation.identity.principals[workload],
                opts=self.scope.child(self),
            )

    def _connection(self, lake: contract.Lake) -> bigquery.Connection:
        """BigQuery's own identity at the lake: it reads silver, and dbt may use it."""
        connection = bigquery.Connection(
            "lake",
            connection_id=self.scope.name("connection", "lake"),
            location=self.region,
            description="Reads the lake's Iceberg tables",
            cloud_resource=bigquery.ConnectionCloudResourceArgs(),
            opts=self.scope.child(self),
        )
        reader = connection.cloud_resource.apply(
            lambda it: f"serviceAccount:{it.service_account_id}" if it else ""
        )
        storage.BucketIAMMember(
            "lake-reads-silver",
            bucket=lake.buckets["silver"],
            role="roles/storage.objectViewer",
            member=reader,
            opts=self.scope.child(self),
        )
        bigquery.ConnectionIamMember(
            "transform-uses-lake",
            connection_id=connection.connection_id,
            location=self.region,
            role="roles/bigquery.connectionUser",
            member=self.foundation.identity.principals["transform"],
            opts=self.scope.child(self),
        )
        return connection

    def _slots(self) -> None:
        """Slots of this project's own, from the size `medium`; below it queries are paid by the byte."""
        size = self.scope.intent.warehouse.size
        if size not in _SLOTS:
            return
        always, most = _SLOTS[size]
        reservation = bigquery.Reservation(
            "slots",
            name=self.scope.name("slots", "warehouse"),
            location=self.region,
            edition="ENTERPRISE",
            slot_capacity=always,
            autoscale=bigquery.ReservationAutoscaleArgs(max_slots=most - always),
            ignore_idle_slots=False,
            opts=self.scope.child(self),
        )
        bigquery.ReservationAssignment(
            "slots",
            reservation=reservation.id,
            location=self.region,
            assignee=pulumi.Output.concat("projects/", self.project),
            job_type="QUERY",
            opts=self.scope.child(self),
        )

    def _settings(
        self, datasets: dict[str, bigquery.Dataset], connection: bigquery.Connection, marks: Tags
    ) -> contract.Table:
        scanned = _ON_DEMAND[self.scope.intent.warehouse.size]
        known = pulumi.Output.all(
            project=self.project,
            account=self.foundation.identity.workloads["transform"],
            connection=connection.connection_id,
            **{name: one.dataset_id for name, one in datasets.items()},
            **{f"tag_{name}": tag for name, tag in marks.items()},
        )
        return known.apply(
            lambda it: {
                "project": str(it["project"]),
                "location": self.region,
                "dataset": str(it["gold"]),
                "silver": str(it["silver"]),
                "marts": str(it["marts"]),
                "governance": str(it["governance"]),
                "connection": f"{it['project']}.{self.region}.{it['connection']}",
                "impersonate_service_account": str(it["account"]),
                "maximum_bytes_billed": "" if scanned is None else str(scanned),
                **{f"policy_tag_{name}": str(it[f"tag_{name}"]) for name in marks},
            }
        )
