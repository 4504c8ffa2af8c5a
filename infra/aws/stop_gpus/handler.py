"""The hard stop: once the month's cost reaches the budget, every node group of GPUs goes to zero and stays there.

AWS Budgets says so through a topic; this runs at each notice, as a role that may change node groups and nothing
else. It reserves no concurrency, since an account that has little could not give it; runs at once do no harm. Zero alone would not last, since the autoscaler brings nodes back, so each group also gets a taint that
nothing tolerates. A group that is being changed is left to Lambda's own retry, which a failed run gets, after the
others are stopped. Standard library and the runtime's own boto3 only; a stop repeated changes nothing. To open a
group again: `aws eks update-nodegroup-config --cluster-name C --nodegroup-name G --taints
'removeTaints=[{key=landfall.dev/budget-stop,effect=NO_EXECUTE}]'`. Bills come hours late: the stop limits a
runaway, it does not keep the budget to the cent. Leaves out everything but GPUs.
"""

import json
import logging
import os

TAINT = {"key": "landfall.dev/budget-stop", "value": "reached", "effect": "NO_EXECUTE"}
GPU = "nvidia.com/gpu"
LOG = logging.getLogger("stop-gpus")
LOG.setLevel(logging.INFO)


def handle(event, _context):
    """The entry point; `event` is SNS's. Returns the names of the groups that were stopped."""
    import boto3

    LOG.warning("the budget is reached: %s", json.dumps(_notices(event)))
    return stop(boto3.client("eks"), os.environ["CLUSTER"])


def stop(eks, cluster):
    """Send the cluster's GPU groups to zero; a cluster that is not there has nothing to stop."""
    try:
        groups = [name for page in _pages(eks, cluster) for name in page["nodegroups"]]
    except eks.exceptions.ResourceNotFoundException:
        LOG.info("no cluster %s", cluster)
        return []
    stopped, busy = [], []
    for name in groups:
        group = eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
        taints = {taint["key"] for taint in group.get("taints", [])}
        if GPU not in taints or TAINT["key"] in taints:
            continue
        size = group["scalingConfig"]
        try:
            eks.update_nodegroup_config(
                clusterName=cluster,
                nodegroupName=name,
                scalingConfig={"minSize": 0, "desiredSize": 0, "maxSize": size["maxSize"]},
                taints={"addOrUpdateTaints": [TAINT]},
            )
        except eks.exceptions.ResourceInUseException:
            busy.append(name)
            continue
        LOG.warning("stopped %s", name)
        stopped.append(name)
    if busy:
        raise RuntimeError(f"not stopped yet, since something changes them: {', '.join(busy)}")
    return stopped


def _pages(eks, cluster):
    return eks.get_paginator("list_nodegroups").paginate(clusterName=cluster)


def _notices(event):
    return [record["Sns"]["Message"] for record in event.get("Records", [])]
