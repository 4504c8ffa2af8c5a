"""Rules on what runs: who answers for it, warehouse, sources, Airflow, GPUs and approvals."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, get_args
from urllib.parse import quote

from landfall.intent.accelerators import ACCELERATORS
from landfall.intent.gpu_regions import AWS_MACHINE_REGIONS, AZURE_MACHINE_REGIONS, GPU_REGIONS
from landfall.intent.layout import Layer
from landfall.intent.machines import MACHINES, machine
from landfall.intent.regions import REGIONS
from landfall.intent.rules.base import (
    CLOUD_NAMES,
    REGION_EXAMPLE,
    Problem,
    few_and_narrow,
    nearest,
    rule,
)

if TYPE_CHECKING:
    from landfall.intent import Intent
    from landfall.intent.ml import GpuPool

ENGINES: dict[str, tuple[str, ...]] = {
    "local": ("duckdb",),
    "gcp": ("bigquery", "snowflake"),
    "aws": ("redshift", "snowflake"),
    "azure": ("fabric", "synapse", "snowflake"),
}


@rule("cloud", "contacts", "budget")
def _answerable(intent: Intent) -> Iterator[Problem]:
    """A cloud needs `contacts` and a `budget`, and on Google Cloud the billing account it hangs on."""
    if intent.cloud.provider == "local":
        return
    where = CLOUD_NAMES[intent.cloud.provider]
    if intent.contacts is None:
        yield Problem(
            "contacts",
            None,
            f"is needed on {where}: whom to write to",
            "{ technical: data@example.com, security: soc@example.com, billing: it@example.com }",
        )
    if intent.budget is None:
        yield Problem(
            "budget",
            None,
            f"is needed on {where}: nothing is built without one",
            f"{{ amount: 2500, currency: {'USD' if intent.cloud.provider == 'aws' else 'EUR'} }}",
        )
    cloud = intent.cloud
    if cloud.provider == "gcp" and cloud.project and not cloud.billing_account:
        yield Problem(
            "cloud.billing_account",
            None,
            "is needed: on Google Cloud a budget hangs on the billing account",
            "000000-AAAAAA-BBBBBB",
        )


@rule("cloud", "budget")
def _budget_in_dollars(intent: Intent) -> Iterator[Problem]:
    """On AWS a budget is in US dollars, whatever currency the invoice comes in."""
    # AWS Budgets refuses any other unit: "AUD is not in the supported unit set: [USD]"
    # (github.com/awslabs/landing-zone-accelerator-on-aws/issues/682, 2024-12).
    budget = intent.budget
    if intent.cloud.provider == "aws" and budget is not None and budget.currency != "USD":
        yield Problem(
            "budget.currency",
            budget.currency,
            "must be USD: AWS Budgets takes no other currency, whatever the invoice is in; "
            "give the amount in dollars",
            "USD",
        )


@rule("compliance")
def _standards_once(intent: Intent) -> Iterator[Problem]:
    """A standard is named once."""
    for i, standard in enumerate(intent.compliance):
        if standard in intent.compliance[:i]:
            yield Problem(f"compliance[{i}]", standard, "is named twice", "[gdpr, cis]")


@rule("cloud", "warehouse")
def _engine_offered(intent: Intent) -> Iterator[Problem]:
    """`warehouse.engine` is offered where the stack lies."""
    provider, engine = intent.cloud.provider, intent.warehouse.engine
    if engine not in ENGINES[provider]:
        yield Problem(
            "warehouse.engine",
            engine,
            f"is not offered on {CLOUD_NAMES[provider]}; choose {' or '.join(ENGINES[provider])}",
            ENGINES[provider][0],
        )


@rule("cloud", "warehouse", "compliance")
def _snowflake(intent: Intent) -> Iterator[Problem]:
    """`warehouse.snowflake` comes with its engine, in a known region, and lets dashboards in from few and narrow ranges;
    HIPAA asks for business-critical."""
    warehouse, provider = intent.warehouse, intent.cloud.provider
    account = warehouse.snowflake
    if warehouse.engine == "snowflake" and account is None:
        yield Problem(
            "warehouse.snowflake",
            None,
            "must name the account where the engine is snowflake",
            "{ organization: ACMEORG, account: DATA_DEV }",
        )
    if account is None:
        return
    if warehouse.engine != "snowflake":
        yield Problem(
            "warehouse.snowflake",
            f"{account.organization}-{account.account}",
            f"has no effect with engine '{warehouse.engine}'",
            "engine: snowflake",
        )
    known = REGIONS.get(provider, {})
    if account.region and known and account.region not in known:
        meant = nearest(account.region, list(known))
        hint = f"; did you mean {meant}?" if meant else ""
        yield Problem(
            "warehouse.snowflake.region",
            account.region,
            f"is no public region of {CLOUD_NAMES[provider]}{hint}",
            REGION_EXAMPLE[provider],
        )
    yield from few_and_narrow(
        "warehouse.snowflake.dashboards_from",
        account.dashboards_from,
        "where dashboards come from",
    )
    if provider == "azure" and account.edition != "business-critical":
        yield Problem(
            "warehouse.snowflake.edition",
            account.edition,
            "must be business-critical on Azure: the lake has no public address there, and only that edition comes by "
            "private endpoints",
            "business-critical",
        )
        return
    # https://docs.snowflake.com/en/user-guide/intro-supported-features: PHI data under HIPAA.
    if "hipaa" in intent.compliance and account.edition != "business-critical":
        yield Problem(
            "warehouse.snowflake.edition",
            account.edition,
            "must be business-critical where compliance names hipaa",
            "business-critical",
        )


@rule("sources")
def _datasets_once(intent: Intent) -> Iterator[Problem]:
    """A dataset comes from one source."""
    names = [source.dataset for source in intent.sources]
    for i, name in enumerate(names):
        if name in names[:i]:
            yield Problem(
                f"sources[{i}].dataset",
                name,
                f"is the dataset of sources[{names.index(name)}] already",
                f"{name}_2",
            )


@rule("cloud", "orchestration")
def _airflow_offered(intent: Intent) -> Iterator[Problem]:
    """`orchestration.airflow` is offered: managed on gcp and aws, on the cluster on any cloud, not here."""
    provider, airflow = intent.cloud.provider, intent.orchestration.airflow
    if provider == "azure" and airflow == "managed":
        # Azure Data Factory's Workflow Orchestration Manager takes no new customers since 2025.
        yield Problem(
            "orchestration.airflow",
            airflow,
            "is not offered: Azure has no managed Airflow for new customers; "
            "run Airflow on the cluster",
            "cluster",
        )
    if provider == "local" and airflow != "none":
        yield Problem(
            "orchestration.airflow",
            airflow,
            "is not offered on this machine, where `landfall run` calls the steps",
            "none",
        )


@rule("cloud", "ml")
def _gpus_offered(intent: Intent) -> Iterator[Problem]:
    """Each GPU pool's accelerator is sold in the region, in machines of that `count`; its capacity order
    names each kind once."""
    if intent.ml is None:
        return
    provider = intent.cloud.provider
    for field in ("training_gpu", "serving_gpu"):
        pool = getattr(intent.ml, field)
        if pool is None:
            continue
        if provider == "local":
            yield Problem(
                f"ml.{field}",
                pool.accelerator,
                "is not offered on this machine, which trains on its processor; leave it out",
            )
            continue
        offered = ACCELERATORS[provider]
        if pool.accelerator not in offered:
            meant = nearest(pool.accelerator, [name.lower() for name in offered])
            hint = f"; did you mean {meant.upper()}?" if meant else ""
            yield Problem(
                f"ml.{field}.accelerator",
                pool.accelerator,
                f"is not among the GPUs of {CLOUD_NAMES[provider]}: {', '.join(offered)}{hint}",
                "L4" if "L4" in offered else "T4",
            )
        else:
            yield from _gpu_sold(intent, f"ml.{field}", pool)
        if len(set(pool.capacity)) < len(pool.capacity) or not pool.capacity:
            yield Problem(
                f"ml.{field}.capacity",
                pool.capacity,
                "must name at least one kind, each once, in the order in which it is asked for",
                "[spot, on-demand]",
            )


def _gpu_sold(intent: Intent, path: str, pool: GpuPool) -> Iterator[Problem]:
    """Whether the region sells that GPU, and a machine carries that many of them."""
    cloud = intent.cloud
    if cloud.provider == "local":
        return
    where = CLOUD_NAMES[cloud.provider]
    carries = machine(cloud.provider, pool.accelerator, pool.count)
    if carries is None:
        counts = [m.gpus for m in MACHINES[cloud.provider] if m.accelerator == pool.accelerator]
        yield Problem(
            f"{path}.count",
            pool.count,
            f"is no number of {pool.accelerator} GPUs that a machine of {where} carries; "
            f"there are machines with {', '.join(map(str, counts))}",
            str(counts[0]),
        )
    sold = GPU_REGIONS.get(cloud.provider, {}).get(pool.accelerator)
    if sold is None or cloud.region not in REGIONS[cloud.provider]:
        return
    if cloud.region in sold:
        machines = {"aws": AWS_MACHINE_REGIONS, "azure": AZURE_MACHINE_REGIONS}.get(cloud.provider)
        if carries is not None and machines and cloud.region not in machines[carries.type]:
            yield Problem(
                f"{path}.count",
                pool.count,
                f"asks for {carries.type}, which {cloud.region} does not sell; "
                f"{', '.join(sorted(machines[carries.type])[:6])} do",
                _counts_sold(cloud.region, machines, pool.accelerator, cloud.provider),
            )
        return
    here = [gpu for gpu, at in GPU_REGIONS[cloud.provider].items() if cloud.region in at]
    yield Problem(
        f"{path}.accelerator",
        pool.accelerator,
        f"is not sold in {cloud.region}, which has {', '.join(here) or 'no GPUs'}; "
        f"it is sold in {', '.join(sorted(sold)[:6])}",
        here[0] if here else "",
    )


def _counts_sold(
    region: str, machines: Mapping[str, Collection[str]], accelerator: str, provider: str
) -> str:
    """A number of that GPU that a machine of the region carries."""
    return next(
        str(m.gpus)
        for m in MACHINES[provider]
        if m.accelerator == accelerator and region in machines[m.type]
    )


@rule("environment", "jenkins")
def _approved(intent: Intent) -> Iterator[Problem]:
    """Where `environment` is prod and Jenkins applies, somebody may approve."""
    if intent.environment == "prod" and intent.jenkins and not intent.jenkins.approvers:
        yield Problem(
            "jenkins.approvers",
            [],
            "must name at least one person where environment is prod",
            "[lead@example.com]",
        )


_IDENTITIES = {
    "gcp": (r"[a-z0-9-]+@[a-z0-9.:-]+\.iam\.gserviceaccount\.com", "a service account's e-mail", "jenkins-deploy@acme-data-dev.iam.gserviceaccount.com"),
    "aws": (r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+", "a role's ARN", "arn:aws:iam::123456789012:role/acme-dev-jenkins-deploy"),
    "azure": (r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "a managed identity's client id", "11111111-2222-3333-4444-555555555555"),
}  # fmt: skip
_SUBJECT = 127
"""Bytes of `google.subject` (IAM API v1, WorkloadIdentityPoolProvider.attributeMapping, 2026-11)."""
_POOL = r"projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]{4,32}"


@rule("cloud", "jenkins")
def _federated(intent: Intent) -> Iterator[Problem]:
    """What Jenkins becomes is written as its cloud writes it, and on Google Cloud with the pool that it comes through."""
    jenkins, provider = intent.jenkins, intent.cloud.provider
    if jenkins is None or provider not in _IDENTITIES:
        return
    pattern, words, example = _IDENTITIES[provider]
    for field in ("preview_identity", "deploy_identity"):
        value = getattr(jenkins, field)
        if value is not None and not re.fullmatch(pattern, value):
            yield Problem(
                f"jenkins.{field}", value, f"must be {words} on {CLOUD_NAMES[provider]}", example
            )
    example = "projects/123456789012/locations/global/workloadIdentityPools/acme-dev-jenkins"
    if jenkins.pool is not None and (provider != "gcp" or not re.fullmatch(_POOL, jenkins.pool)):
        yield Problem(
            "jenkins.pool", jenkins.pool, "must be a workload identity pool's full name, on Google Cloud alone", example
        )  # fmt: skip
    if (
        provider == "gcp"
        and jenkins.pool is None
        and (jenkins.preview_identity or jenkins.deploy_identity)
    ):
        yield Problem(
            "jenkins.pool", None, "must name the pool that Jenkins comes through, beside its identities", example
        )  # fmt: skip


@rule("client", "cloud", "jenkins")
def _subject_fits(intent: Intent) -> Iterator[Problem]:
    """The branch stands in the subject of Jenkins' tokens, which Google Cloud takes up to a length."""
    jenkins = intent.jenkins
    if jenkins is None or intent.cloud.provider != "gcp":
        return
    branch = quote(jenkins.branch, safe="-_.")
    if len(f"preview:landfall:{intent.client.slug}/infra/{branch}") > _SUBJECT:
        yield Problem(
            "jenkins.branch", jenkins.branch, f"makes the subject of Jenkins' tokens longer than the {_SUBJECT} characters that Google Cloud takes", "main"
        )  # fmt: skip


@rule("layout", "jenkins")
def _controller_has_a_cluster(intent: Intent) -> Iterator[Problem]:
    """A Jenkins on the platform's cluster is asked for where the cluster is built."""
    if intent.jenkins and intent.jenkins.controller and "ml" not in intent.layout.build:
        yield Problem(
            "jenkins.controller",
            intent.jenkins.controller.repository,
            "may stand only in the stack that builds the layer 'ml', which has the cluster",
            "move it to the stack of the layer ml",
        )


@rule("layout", "client", "environment")
def _layers_reachable(intent: Intent) -> Iterator[Problem]:
    """A layer rests on those before it (foundation, data, ml): each is built here or named in `elsewhere`."""
    layout = intent.layout
    order: tuple[Layer, ...] = get_args(Layer)
    for i, layer in enumerate(layout.build):
        if layer in layout.build[:i]:
            yield Problem(f"layout.build[{i}]", layer, "is named twice", "[foundation, data]")
    last = max(order.index(layer) for layer in layout.build)
    for layer in order[:last]:
        if layer not in layout.build and layer not in layout.elsewhere:
            yield Problem(
                f"layout.elsewhere.{layer}",
                None,
                f"must name the stack that built the layer '{layer}', on which "
                f"'{order[last]}' rests",
                f"organization/landfall/{intent.client.slug}-{intent.environment}-{layer}",
            )
    for layer in layout.elsewhere:
        if layer in layout.build:
            yield Problem(
                f"layout.elsewhere.{layer}",
                layout.elsewhere[layer],
                "is built by this stack as well; leave one of them out",
            )
