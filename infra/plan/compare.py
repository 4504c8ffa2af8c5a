"""The same intent on all three clouds, side by side: what is built, what it costs, what had to be replaced.

The client's answers stay; only what is one cloud's own is translated (region, tenancy, the warehouse's
engine, the GPU's name), and each translation is told. What is adopted by id stays behind: ids belong to
one cloud. Leaves out negotiated prices and the cost of moving.
"""

from __future__ import annotations

from typing import Any

from infra.plan.cost import estimate
from infra.plan.cost.prices import usd_per
from infra.plan.parity import CLOUDS, parity
from infra.plan.stacks import plan_intent
from landfall.errors import LandfallError
from landfall.intent import Intent, parse_intent
from landfall.intent.accelerators import ACCELERATORS
from landfall.intent.machines import MACHINES, machine
from landfall.intent.regions import REGIONS, continent_of, country_of
from landfall.intent.rules.place import allowed_regions
from landfall.project import Project

# What one cloud's warehouse is on another: each the cloud's own first choice.
_ENGINE = {"gcp": "bigquery", "aws": "redshift", "azure": "fabric"}
# Where a client's tenancy on another cloud is not known: ids of the right form that belong to nobody.
_TENANCY: dict[str, dict[str, str]] = {
    "gcp": {"project": "to-be-named", "billing_account": "000000-AAAAAA-BBBBBB"},
    "aws": {"account": "000000000000"},
    "azure": {"subscription": "00000000-0000-0000-0000-000000000000", "tenant": "00000000-0000-0000-0000-000000000000"},
}  # fmt: skip
# GPUs that are taken for one another, nearest first.
_LIKE = {
    "L4": ("A10G", "A10", "T4"), "A10G": ("A10", "L4"), "A10": ("A10G", "L4"), "T4": ("L4",),
    "L40S": ("A100-40GB", "RTX-PRO-6000", "A100-80GB"), "RTX-PRO-6000": ("L40S", "H100"),
    "A100-40GB": ("A100-80GB",), "A100-80GB": ("A100-40GB", "H100"), "H100": ("H200",), "H200": ("H100",),
    "B200": ("GB200", "H200"), "GB200": ("B200", "H200"),
}  # fmt: skip
_MAIN = {
    "europe": {"gcp": "europe-west4", "aws": "eu-west-1", "azure": "westeurope"},
    "north-america": {"gcp": "us-central1", "aws": "us-east-1", "azure": "eastus2"},
    "asia": {"gcp": "asia-southeast1", "aws": "ap-southeast-1", "azure": "southeastasia"},
    "oceania": {"gcp": "australia-southeast1", "aws": "ap-southeast-2", "azure": "australiaeast"},
    "south-america": {"gcp": "southamerica-east1", "aws": "sa-east-1", "azure": "brazilsouth"},
    "africa": {"gcp": "africa-south1", "aws": "af-south-1", "azure": "southafricanorth"},
}  # fmt: skip


def on_cloud(intent: Intent, provider: str) -> tuple[Intent, list[str]]:
    """The intent on another cloud, whole in one stack, and each thing that had to be translated, in words."""
    told: list[str] = []
    raw = intent.model_dump(mode="json", exclude_none=True)
    raw["layout"] = {}
    raw["network"].pop("adopt", None)
    for adopted in intent.network.adopt.model_dump(exclude_defaults=True):
        told.append(f"{adopted}: adopted by id, created instead, as an id belongs to one cloud")
    if provider != intent.cloud.provider:
        region, why = _region(intent, provider)
        told.append(f"region {getattr(intent.cloud, 'region', '')} → {region}: {why}")
        raw["cloud"] = {"provider": provider, "region": region, **_TENANCY[provider]}
        raw["residency"].pop("regions", None)
        engine = intent.warehouse.engine
        if engine != "snowflake":
            raw["warehouse"]["engine"] = _ENGINE[provider]
            told.append(
                f"warehouse {engine} → {_ENGINE[provider]}: {engine} is one cloud's own service"
            )
        if provider == "azure" and intent.orchestration.airflow == "managed":
            raw["orchestration"]["airflow"] = "cluster"
            told.append("managed Airflow → Airflow on the cluster: Azure has none to offer")
        _translate_currency(raw, provider, told)
        for use in ("training_gpu", "serving_gpu"):
            _translate_gpu(raw, use, provider, told)
    return parse_intent(raw, f"the intent on {provider}"), told


def _translate_currency(raw: dict[str, Any], provider: str, told: list[str]) -> None:
    """AWS Budgets takes dollars only (`landfall/intent/rules/services.py`); a currency with no known rate is left out."""
    budget = raw.get("budget")
    if provider != "aws" or not budget or budget["currency"] == "USD":
        return
    amount, currency = budget["amount"], budget["currency"]
    rate, source = usd_per(currency)
    if rate is None:
        raw.pop("budget")
        told.append(f"budget {amount:g} {currency}: left out, AWS takes USD and no rate is known")
        return
    budget.update(amount=round(amount * rate, 2), currency="USD")
    told.append(
        f"budget {amount:g} {currency} → {budget['amount']:g} USD: AWS Budgets takes no other currency; "
        f"the rate is the {source}'s"
    )


def _region(intent: Intent, provider: str) -> tuple[str, str]:
    """A region in the same country, else the continent's main one, else the first inside the residency; and why."""
    own = intent.cloud.provider
    country = country_of(own, getattr(intent.cloud, "region", ""))
    main = _MAIN[continent_of(country)][provider]
    there = [region for region, c in REGIONS[provider].items() if c == country]
    residency = intent.residency
    moved = intent.model_copy(
        update={
            "cloud": _Elsewhere(provider),
            "residency": residency.model_copy(update={"regions": []}),
        }
    )
    bound = bool(residency.areas or residency.countries)
    allowed = allowed_regions(moved) if bound else None
    choices = [
        *((one, f"the same country ({country})") for one in ([main] if main in there else there)),
        *((one, f"the same country ({country})") for one in there),
        (main, f"{provider} has none in {country}; the continent's main one"),
        *((one, "the first inside the residency") for one in sorted(allowed or ())),
    ]
    for region, why in choices:
        if allowed is None or region in allowed:
            return region, why
    raise LandfallError(
        f"No region of {provider} lies inside the residency.", fix="Widen residency in the intent."
    )


class _Elsewhere:
    """Just enough of a cloud block to ask which regions a residency allows."""

    def __init__(self, provider: str) -> None:
        self.provider = provider


def _translate_gpu(raw: dict[str, Any], use: str, provider: str, told: list[str]) -> None:
    pool = (raw.get("ml") or {}).get(use)
    if not pool:
        return
    wanted, count = pool["accelerator"], pool["count"]
    region = raw["cloud"]["region"]
    for accelerator in (wanted, *_LIKE.get(wanted, ()), *ACCELERATORS[provider]):
        counts = [count, *sorted({m.gpus for m in MACHINES[provider] if m.gpus >= count})]
        for gpus in counts:
            if machine(provider, accelerator, gpus) and sold(provider, accelerator, region):
                pool["accelerator"], pool["count"] = accelerator, gpus
                if (accelerator, gpus) != (wanted, count):
                    lacks = (
                        f"{provider} has no machine with {count} × {wanted}"
                        if machine(provider, wanted, count) is None
                        else f"{region} sells no {wanted}"
                    )
                    told.append(
                        f"{use.partition('_')[0]} GPU {count} × {wanted} → {gpus} × {accelerator}: {lacks}"
                    )
                return
    raw["ml"].pop(use)
    told.append(
        f"{use.partition('_')[0]} GPU: {region} sells none that {provider} offers; left out"
    )


def sold(provider: str, accelerator: str, region: str) -> bool:
    """Whether the cloud sells that GPU in that region, by the dated table."""
    from landfall.intent.gpu_regions import GPU_REGIONS

    return region in GPU_REGIONS.get(provider, {}).get(accelerator, ())


def side_by_side(project: Project, intent: Intent, stack: str) -> dict[str, Any]:
    """Resources, cost and translations on each cloud, and the parity matrix; JSON-ready.

    Each cloud's sum holds only what has a price there, so `unpriced` goes with it: sums of which much is
    missing say nothing about which cloud is cheaper.
    """
    clouds: dict[str, Any] = {}
    for provider in CLOUDS:
        there, told = on_cloud(intent, provider)
        plan = plan_intent(project, there, stack)
        cost = estimate(plan, there)
        clouds[provider] = {
            "region": getattr(there.cloud, "region", ""),
            "resources": len(plan.resources),
            "translated": told,
            "cost": {
                "low": round(cost.low, 2), "expected": round(cost.expected, 2), "high": round(cost.high, 2),
                "by_category": {k: round(v, 2) for k, v in cost.by_category().items()},
                "unpriced": sum(cost.unpriced.values()), "missing": cost.missing, "budget": cost.budget,
            },
        }  # fmt: skip
    return {"stack": stack, "clouds": clouds, "parity": parity(intent)}
