"""Looks at the live account: what it has of each need. Reads only, and every question ends within a time-out.

AWS by boto3 where it is installed and finds credentials; Google Cloud and Azure by their CLIs where those are on PATH
and logged in. A question that fails leaves its needs unknown, with the reason; nothing here raises for it. Permissions
are those of whoever runs this (`granted.py`). Leaves out what secrets hold: only whether they are there is asked.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from infra.plan.quotas import granted
from infra.plan.quotas.azure import subscription_of, usages_url
from infra.plan.quotas.base import Need
from infra.plan.quotas.gcp import project_of

if TYPE_CHECKING:
    from landfall.intent import Intent

TIMEOUT = 30.0
"""Seconds a question to a CLI may take."""


@dataclass(frozen=True)
class Looked:
    """The needs with what the account has, and how it was looked at or why not."""

    needs: list[Need]
    live: bool
    said: str


def look(needs: list[Need], intent: Intent, timeout: float = TIMEOUT) -> Looked:
    """Ask the account, if this machine can; the needs come back in their order."""
    looks: dict[str, Callable[[list[Need], Intent, float], Looked]] = {
        "aws": _aws, "gcp": _gcp, "azure": _azure,
    }  # fmt: skip
    return looks[intent.cloud.provider](needs, intent, timeout)


def judged(need: Need, limit: float | None, used: float | None = None, said: str = "") -> Need:
    """The need with what the account has: enough where the limit, less what is used, covers it."""
    if limit is None:
        return replace(need, state="unknown", said=said or need.said)
    enough = limit < 0 or limit - (used or 0.0) >= need.amount  # a limit below zero means none
    return replace(need, limit=limit, used=used, state="enough" if enough else "short", said=said)


def present(need: Need, there: bool, said: str) -> Need:
    """The same for what is there or is not: a machine type, a service."""
    return replace(need, state="enough" if there else "short", said=said)


def _not(needs: list[Need], said: str) -> Looked:
    return Looked(needs, False, said)


def _aws(needs: list[Need], intent: Intent, timeout: float) -> Looked:
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        return _not(needs, "boto3 is not installed here (it comes with the extra `buses`)")
    region = str(getattr(intent.cloud, "region", ""))
    session = boto3.Session(region_name=region)
    try:
        found = session.get_credentials()
    except BotoCoreError as error:
        return _not(needs, f"AWS credentials cannot be read: {error}")
    if found is None:
        return _not(needs, "no AWS credentials are set here (aws sso login)")
    short = Config(connect_timeout=5, read_timeout=timeout, retries={"max_attempts": 2})

    def client(name: str, where: str | None = None) -> Any:
        return session.client(name, where, config=short)  # pyright: ignore[reportCallIssue, reportArgumentType]

    wanted = getattr(intent.cloud, "account", None)
    try:
        caller = client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        return _not(needs, f"AWS did not answer to these credentials: {error}")
    account = caller["Account"]
    if wanted and account != wanted:
        return _not(needs, f"these credentials are of account {account}, the intent names {wanted}")

    def asked(need: Need) -> Need:
        try:
            if need.kind == "permission":
                return granted.judged_by(
                    need, *granted.aws(caller["Arn"], need.permissions, client)
                )
            return _ask_aws(need, client)
        except (BotoCoreError, ClientError, granted.NotAnswered) as error:
            return judged(need, None, said=str(error))

    return Looked([asked(one) for one in needs], True, f"account {account} in {region}")


def _ask_aws(need: Need, client: Callable[..., Any]) -> Need:
    from botocore.exceptions import ClientError

    if need.kind == "machine":
        answer = client("ec2").describe_instance_type_offerings(
            LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": [need.code]}]
        )  # fmt: skip
        zones = sorted(one["Location"] for one in answer["InstanceTypeOfferings"])
        return present(need, bool(zones), f"offered in {', '.join(zones) or 'no zone'}")
    if need.kind == "secret":
        try:
            client("secretsmanager").describe_secret(SecretId=need.code)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return present(need, False, "not there")
        return present(need, True, "there")
    if need.kind != "quota":
        return need
    named = {"ServiceCode": need.service, "QuotaCode": need.code}
    quotas = client("service-quotas", need.scope)
    try:
        limit = quotas.get_service_quota(**named)["Quota"]["Value"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchResourceException":
            raise
        limit = quotas.get_aws_default_service_quota(**named)["Quota"]["Value"]
    used: float | None = None
    if need.code == "L-0263D0A3":
        used = len(client("ec2").describe_addresses()["Addresses"])
    elif need.code == "L-F678F1CE":
        used = len(client("ec2").describe_vpcs()["Vpcs"])
    elif need.service == "organizations":
        pages = client("organizations").get_paginator("list_accounts").paginate()
        used = sum(len(page["Accounts"]) for page in pages)
    return judged(need, float(limit), used)


def run_json(command: list[str], timeout: float) -> tuple[Any, str]:
    """A CLI's answer as JSON, or None and why there is none."""
    text, why = run_text(command, timeout)
    if text is None:
        return None, why
    try:
        return json.loads(text or "null"), ""
    except ValueError:
        return None, f"{command[0]} answered something that is not JSON"


def run_text(command: list[str], timeout: float) -> tuple[str | None, str]:
    """A CLI's answer, or None and why there is none. No shell, no question to the person, no longer than `timeout`."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, check=False
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None, f"{command[0]} did not answer within {timeout:g} s"
    except OSError as error:
        return None, f"{command[0]} cannot be run: {error.strerror}"
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        return None, lines[0][:200] if lines else f"{command[0]} ended with {done.returncode}"
    return done.stdout, ""


def _gcp(needs: list[Need], intent: Intent, timeout: float) -> Looked:
    if shutil.which("gcloud") is None:
        return _not(needs, "gcloud is not on PATH")
    accounts, why = run_json(
        ["gcloud", "auth", "list", "--filter=status:ACTIVE", "--format=json"], timeout
    )
    if not accounts:
        return _not(needs, why or "gcloud is not logged in (gcloud auth login)")
    project = getattr(intent.cloud, "project", None)
    if not project:
        return _not(needs, "the plan creates the project, so there is none to look at yet")
    region = str(getattr(intent.cloud, "region", ""))

    def ask(*rest: str) -> tuple[Any, str]:
        return run_json(["gcloud", *rest, f"--project={project}", "--format=json"], timeout)

    regional, no_region = ask("compute", "regions", "describe", region)
    everywhere, no_project = ask("compute", "project-info", "describe")
    enabled, no_services = ask("services", "list", "--enabled")
    names = "|".join(sorted(one.code for one in needs if one.kind == "machine"))
    machines, no_machines = ask(
        "compute", "machine-types", "list", f"--filter=name~'^({names})$' AND zone~^{region}-"
    )  # fmt: skip
    permitted = _google_permissions(needs, str(project), timeout)
    have = {**_metrics(regional), **_metrics(everywhere)}
    on = (
        None if enabled is None else {str((one.get("config") or {}).get("name")) for one in enabled}
    )

    def asked(need: Need) -> Need:
        if need.kind == "quota":
            if need.name in have:
                return judged(need, *have[need.name])
            if "/" in need.code:
                return _by_family(need, intent, timeout)
            return judged(
                need, None, said=no_region or no_project or "the project names no such quota"
            )
        if need.kind == "service":
            if on is None:
                return judged(need, None, said=no_services)
            planned = need.request == ""
            return present(need, need.code in on or planned, "on" if need.code in on else "off; the plan turns it on" if planned else "off")  # fmt: skip
        if need.kind == "machine":
            if machines is None:
                return judged(need, None, said=no_machines)
            zones = sorted(str(m["zone"]).rpartition("/")[2] for m in machines if m["name"] == need.code)  # fmt: skip
            return present(need, bool(zones), f"offered in {', '.join(zones) or 'no zone'}")
        if need.kind == "permission":
            return permitted(need)
        if need.kind == "secret":
            found, why = ask("secrets", "versions", "list", need.code, "--filter=state:ENABLED")
            if found is None and "NOT_FOUND" not in why:
                return judged(need, None, said=why)
            return present(need, bool(found), "there" if found else "not there, or without a value")
        return need

    return Looked([asked(one) for one in needs], True, f"project {project} in {region}")


def _google_permissions(needs: list[Need], project: str, timeout: float) -> Callable[[Need], Need]:
    """All permissions asked at once, told need by need."""
    names = sorted({name for one in needs for name in one.permissions})
    token, why = run_text(["gcloud", "auth", "print-access-token"], timeout)
    held: set[str] = set()
    odd: set[str] = set()
    if token is None:
        why = f"gcloud gives no token: {why}"
    else:
        try:
            held, odd = granted.google(project, token.strip(), names, timeout)
        except granted.NotAnswered as error:
            why = str(error)

    def told(need: Need) -> Need:
        if why:
            return judged(need, None, said=why)
        return granted.judged_by(need, held, odd, "asked for above the project")

    return told


def _metrics(answer: Any) -> dict[str, tuple[float, float]]:
    """Metric → limit and use, of a region or a project."""
    listed = answer.get("quotas", []) if isinstance(answer, dict) else []
    return {one["metric"]: (float(one["limit"]), float(one.get("usage", 0))) for one in listed}


def _by_family(need: Need, intent: Intent, timeout: float) -> Need:
    """A quota for all families of GPUs, told apart by a dimension, which Compute's own lists lack."""
    quota, _, dimension = need.code.partition("/")
    family = dimension.partition("=")[2]
    info, why = run_json(
        ["gcloud", "beta", "quotas", "info", "describe", quota, "--service=compute.googleapis.com",
         f"--project={project_of(intent)}", "--format=json"], timeout,
    )  # fmt: skip
    for one in (info or {}).get("dimensionsInfos", []):
        named = one.get("dimensions") or {}
        here = need.scope in (named.get("region"), *one.get("applicableLocations", []))
        if named.get("gpu_family") == family and here:
            return judged(need, float((one.get("details") or {}).get("value") or 0))
    return judged(need, None, said=why or f"the project has no row for {family}")


def _azure(needs: list[Need], intent: Intent, timeout: float) -> Looked:
    if shutil.which("az") is None:
        return _not(needs, "az is not on PATH")
    account, why = run_json(["az", "account", "show", "--output", "json"], timeout)
    if account is None:
        return _not(needs, f"az is not logged in (az login): {why}")
    subscription = getattr(intent.cloud, "subscription", None)
    if not subscription:
        return _not(needs, "the plan creates the subscription, so there is none to look at yet")
    region = str(getattr(intent.cloud, "region", ""))

    def ask(*rest: str) -> tuple[Any, str]:
        subscribed = ["--subscription", subscription, "--output", "json"]
        return run_json(["az", *rest, *subscribed], timeout)

    cores, no_cores = ask("vm", "list-usage", "--location", region)
    addresses, no_addresses = ask("network", "list-usages", "--location", region)
    providers, no_providers = ask("provider", "list")
    fabric, no_fabric = None, ""
    if any(one.service == "Microsoft.Fabric" for one in needs):
        url = usages_url(intent, "Microsoft.Fabric")
        fabric, no_fabric = run_json(["az", "rest", "--method", "get", "--url", url], timeout)
        fabric = fabric.get("value") if isinstance(fabric, dict) else None
    have = {**_usages(cores), **_usages(addresses), **_usages(fabric)}
    states = {str(one.get("namespace")): str(one.get("registrationState")) for one in providers or []}  # fmt: skip

    permitted, no_permissions = _azure_assignments(str(subscription), timeout)

    def asked(need: Need) -> Need:
        if need.kind == "permission":
            if permitted is None:
                return judged(need, None, said=no_permissions)
            return granted.judged_by(need, granted.azure(permitted, need.permissions))
        if need.kind == "secret":
            return _azure_secret(need, ask)
        if need.kind == "quota":
            if need.code.lower() in have:
                return judged(need, *have[need.code.lower()])
            why_not = no_fabric if need.service == "Microsoft.Fabric" else no_cores or no_addresses
            if need.service == "Microsoft.Synapse":
                why_not = "Synapse tells no limit before its workspace is there"
            return judged(need, None, said=why_not or "the subscription names no such quota")
        if need.kind == "service":
            if "/" in need.code:
                namespace, _, feature = need.code.partition("/")
                found, why = ask("feature", "show", "--namespace", namespace, "--name", feature)
                if found is None:
                    return judged(need, None, said=why)
                state = str((found.get("properties") or {}).get("state"))
                return present(need, state == "Registered", state)
            if providers is None:
                return judged(need, None, said=no_providers)
            state = states.get(need.code, "NotRegistered")
            return present(need, state == "Registered", state)
        if need.kind == "machine":
            skus, why = ask(
                "vm", "list-skus", "--location", region, "--resource-type", "virtualMachines", "--size", need.code
            )  # fmt: skip
            return judged(need, None, said=why) if skus is None else _sku(need, skus)
        return need

    return Looked([asked(one) for one in needs], True, f"subscription {subscription_of(intent)} in {region}")  # fmt: skip


_PERMISSIONS = "https://management.azure.com/subscriptions/{}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"


def _azure_assignments(subscription: str, timeout: float) -> tuple[list[Any] | None, str]:
    """Actions and notActions of each of one's role assignments on the subscription, all pages; None and why not."""
    found: list[Any] = []
    url = _PERMISSIONS.format(subscription)
    while url:
        answer, why = run_json(["az", "rest", "--method", "get", "--url", url], timeout)
        if not isinstance(answer, dict):
            return None, why or "az answered no list of permissions"
        found += answer.get("value", [])
        url = str(answer.get("nextLink") or "")
    return found, ""


def _azure_secret(need: Need, ask: Callable[..., tuple[Any, str]]) -> Need:
    if not need.service:
        return judged(need, None, said="the plan names no vault")
    listed, why = ask("keyvault", "secret", "list", "--vault-name", need.service)
    if listed is None:
        return judged(need, None, said=why)
    there = any(one.get("name") == need.code for one in listed)
    return present(need, there, "there" if there else "not there")


def _usages(answer: Any) -> dict[str, tuple[float, float]]:
    """Name in lower case → limit and use; Azure writes one family in two ways."""
    listed: Iterable[Any] = answer if isinstance(answer, list) else []
    return {
        str((one.get("name") or {}).get("value")).lower(): (float(one["limit"]), float(one["currentValue"]))
        for one in listed
    }  # fmt: skip


def _sku(need: Need, skus: list[Any]) -> Need:
    mine = [one for one in skus if one.get("name") == need.code]
    barred = [str(r.get("reasonCode")) for one in mine for r in one.get("restrictions") or []]
    said = "offered" if mine and not barred else ", ".join(barred) or "not offered"
    return present(need, bool(mine) and not barred, said)
