"""Small Pulumi programs, one a thing that a recording must get right; lines matter to `test_record.py`."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pulumi_gcp as gcp


class Inner(pulumi.ComponentResource):
    """A component in a component."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__("landfall:gcp:Inner", name, None, opts)
        self.bucket = gcp.storage.Bucket(
            "bucket", location="europe-west4", opts=pulumi.ResourceOptions(parent=self)
        )
        self.register_outputs({})


class Outer(pulumi.ComponentResource):
    """A component with a component in it."""

    def __init__(self, name: str = "outer") -> None:
        super().__init__("landfall:gcp:Outer", name)
        self.inner = Inner("inner", pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


def deep() -> None:
    """A bucket at depth three."""
    Outer()


def secretive() -> None:
    """A secret at the top, in a list, in a map, and in a provider's inputs."""
    secret = pulumi.Output.secret("hunter2")
    provider = aws.Provider("aws", region="eu-west-1", secret_key=secret, token="open")
    aws.lambda_.Function(
        "function",
        role="arn:aws:iam::123456789012:role/one",
        environment={"variables": {"PASSWORD": secret, "PLAIN": "open"}},
        layers=[secret],
        description=secret,
        opts=pulumi.ResourceOptions(provider=provider),
    )
    pulumi.export("password", secret)
    pulumi.export("nested", {"inside": [secret, "open"]})


def linked(parts: int = 1) -> None:
    """A topic, subscriptions to it by its id, and what an apply makes of it."""
    topic = gcp.pubsub.Topic("topic", name="objects", project="acme-data-dev")
    for i in range(parts):
        gcp.pubsub.Subscription(
            f"subscription-{i}", topic=topic.id, filter=topic.name.apply(lambda name: f"x = {name}")
        )
    pulumi.export("topic", topic.id)


def bucket() -> None:
    """One bucket."""
    gcp.storage.Bucket("landing", location="europe-west4")


def provided() -> None:
    """A provider and a bucket through it."""
    provider = gcp.Provider("gcp", project="acme-data-dev")
    gcp.storage.Bucket(
        "landing", location="europe-west4", opts=pulumi.ResourceOptions(provider=provider)
    )
