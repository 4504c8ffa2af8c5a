"""Who sees less: policy tags with masking on columns, and row access on the table that says who sees what.

dbt puts the tags on its models' columns and joins marts to `row_access`; this file makes what both rest on.
Leaves out which column is personal: the contracts of the datasets say it. Leaves out people: the dashboards'
identity alone is let in here, so whoever signs in as himself sees no row and no masked column before the client
lets him in (`infra/gcp/bi.py` says how).
"""

from __future__ import annotations

import json

import pulumi
from pulumi_gcp import bigquery, bigquerydatapolicy, datacatalog

from infra import contract
from infra.gcp.tenancy import cloud
from infra.scope import Scope

Tags = dict[str, pulumi.Output[str]]
KINDS = {
    "personal": "Says who a person is, or can be traced to one",
    "confidential": "Would harm the client if it got out",
}
SCHEMA = (
    ("principal", "STRING", "Who: an e-mail address, as SESSION_USER() gives it"),
    ("dimension", "STRING", "Which column of the marts, such as region"),
    ("value", "STRING", "Which value of it this person sees"),
)


def tags(scope: Scope, parent: pulumi.Resource, foundation: contract.Foundation) -> Tags:
    """A tag a kind. dbt's identity sees such columns whole, dashboards masked, everybody else not at all."""
    region = cloud(scope.intent).region
    taxonomy = datacatalog.Taxonomy(
        "sensitivity",
        display_name=scope.name("taxonomy", "sensitivity"),
        region=region,
        description="How sensitive a column is",
        activated_policy_types=["FINE_GRAINED_ACCESS_CONTROL"],
        opts=scope.stateful(parent),
    )
    found: Tags = {}
    for kind, description in KINDS.items():
        tag = datacatalog.PolicyTag(
            kind,
            taxonomy=taxonomy.id,
            display_name=kind,
            description=description,
            opts=scope.stateful(parent),
        )
        datacatalog.PolicyTagIamMember(
            f"transform-sees-{kind}",
            policy_tag=tag.name,
            role="roles/datacatalog.categoryFineGrainedReader",
            member=foundation.identity.principals["transform"],
            opts=scope.child(parent),
        )
        mask = bigquerydatapolicy.DataPolicy(
            f"mask-{kind}",
            location=region,
            data_policy_id=scope.name("dataset", f"mask-{kind}"),
            data_policy_type="DATA_MASKING_POLICY",
            policy_tag=tag.name,
            data_masking_policy=bigquerydatapolicy.DataPolicyDataMaskingPolicyArgs(
                # A hash still joins and counts; a confidential value must not even do that.
                predefined_expression="SHA256" if kind == "personal" else "ALWAYS_NULL"
            ),
            opts=scope.child(parent),
        )
        bigquerydatapolicy.DataPolicyIamMember(
            f"bi-sees-{kind}-masked",
            location=region,
            data_policy_id=mask.data_policy_id,
            role="roles/bigquerydatapolicy.maskedReader",
            member=foundation.identity.principals["bi"],
            opts=scope.child(parent),
        )
        found[kind] = tag.name
    return found


def row_access(
    scope: Scope,
    parent: pulumi.Resource,
    foundation: contract.Foundation,
    dataset: bigquery.Dataset,
) -> None:
    """The table of who sees which rows, in which each person sees only their own lines."""
    table = bigquery.Table(
        "row-access",
        dataset_id=dataset.dataset_id,
        table_id="row_access",
        description="Which values of which column a person sees in the marts",
        schema=json.dumps(
            [
                {"name": name, "type": kind, "mode": "REQUIRED", "description": text}
                for name, kind, text in SCHEMA
            ]
        ),
        clusterings=["principal"],
        encryption_configuration=bigquery.TableEncryptionConfigurationArgs(
            kms_key_name=foundation.security.keys["data"]
        ),
        deletion_protection=True,
        labels=scope.labels,
        opts=scope.stateful(parent),
    )
    policies = {
        "own": ("principal = SESSION_USER()", foundation.identity.principals["bi"]),
        "all": ("TRUE", foundation.identity.principals["transform"]),
    }
    for name, (predicate, grantee) in policies.items():
        bigquery.RowAccessPolicy(
            f"row-access-{name}",
            dataset_id=dataset.dataset_id,
            table_id=table.table_id,
            policy_id=name,
            filter_predicate=predicate,
            grantees=[grantee],
            opts=scope.child(parent),
        )
