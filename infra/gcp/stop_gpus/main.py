"""The hard stop: once the month's cost reaches the budget, every pool of GPUs goes to zero nodes.

Google's billing publishes the cost several times a day; this runs at each message, in the platform's own
project, as an identity that may change clusters and nothing else. The platform's cluster is found by its name,
in whichever zone or region of the project it lies; other clusters of an adopted project are the client's.
Standard library only; a stop repeated changes nothing. Sending a pool to zero switches its autoscaler off, so
that nothing brings it back; `gcloud container node-pools update POOL --enable-autoscaling --cluster=CLUSTER
--location=LOCATION --min-nodes=0 --max-nodes=N` does. Billing reports hours late: the stop limits a runaway, it
does not keep the budget to the cent. Leaves out everything but GPUs.
"""

import base64
import json
import os
import time
import urllib.request
from typing import Any

API = os.environ.get("CONTAINER_API", "https://container.googleapis.com/v1")
METADATA = os.environ.get("METADATA_API", "http://metadata.google.internal/computeMetadata/v1")
WAIT_SECONDS = float(os.environ.get("WAIT_SECONDS", "5"))
DEADLINE_SECONDS = 480


def reached(notice: dict) -> bool:
    """Whether the cost has reached the budget; a notice without both says nothing."""
    cost, budget = notice.get("costAmount"), notice.get("budgetAmount")
    if not isinstance(cost, (int, float)) or not isinstance(budget, (int, float)):
        return False
    return budget > 0 and cost >= budget


def stop_gpus(event: Any) -> None:
    """The entry point; `event` is a CloudEvent with Pub/Sub's message."""
    message = getattr(event, "data", event)["message"]
    notice = json.loads(base64.b64decode(message["data"]))
    if not reached(notice):
        _say("INFO", "below the budget", notice)
        return
    _say("WARNING", "the budget is reached: GPU pools go to zero", notice)
    for pool, scales in gpu_pools(os.environ["PROJECT"], os.environ["CLUSTER"]):
        to_zero(pool, scales)


def gpu_pools(project: str, name: str) -> list[tuple[str, bool]]:
    """The pools with accelerators of the clusters of that name: full name, and whether it scales by itself."""
    answer = _call("GET", f"projects/{project}/locations/-/clusters")
    if answer.get("missingZones"):
        # Stop what is known; the next message asks again.
        _say("WARNING", "zones that did not answer", {"zones": answer["missingZones"]})
    found = []
    for cluster in answer.get("clusters", []):
        if cluster["name"] != name:
            continue
        parent = f"projects/{project}/locations/{cluster['location']}/clusters/{name}"
        for pool in cluster.get("nodePools", []):
            if pool.get("config", {}).get("accelerators"):
                scales = pool.get("autoscaling", {}).get("enabled", False)
                found.append((f"{parent}/nodePools/{pool['name']}", scales))
    return found


def to_zero(pool: str, scales: bool) -> None:
    """Autoscaler off, then size zero: each waits for the one before, since a cluster does one at a time."""
    if scales:
        _finish(pool, _call("POST", f"{pool}:setAutoscaling", {"autoscaling": {"enabled": False}}))
    _finish(pool, _call("POST", f"{pool}:setSize", {"nodeCount": 0}))
    _say("WARNING", "stopped", {"pool": pool})


def _finish(pool: str, operation: dict) -> None:
    parent = pool.partition("/clusters/")[0]
    until = time.monotonic() + DEADLINE_SECONDS
    while operation.get("status") != "DONE":
        if time.monotonic() > until:
            raise TimeoutError(
                f"{operation.get('name')} on {pool} took too long"
            )  # Pub/Sub asks again
        time.sleep(WAIT_SECONDS)
        operation = _call("GET", f"{parent}/operations/{operation['name']}")
    if operation.get("error"):
        raise RuntimeError(f"{pool}: {operation['error']}")


def _call(method: str, path: str, body: dict | None = None) -> dict:
    request = urllib.request.Request(
        f"{API}/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {_token()}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def _token() -> str:
    request = urllib.request.Request(
        f"{METADATA}/instance/service-accounts/default/token",
        headers={"Metadata-Flavor": "Google"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["access_token"]


def _say(severity: str, text: str, more: dict) -> None:
    print(json.dumps({"severity": severity, "message": text, **more}))
