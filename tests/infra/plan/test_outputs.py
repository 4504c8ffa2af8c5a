"""What a plan makes up for a cloud's answer ends somewhere, and does not mix what is given with what it is not."""

from __future__ import annotations

from typing import Any

import pulumi

from infra.plan import outputs
from infra.plan.outputs import Outputs
from infra.plan.sdk import class_of
from tests.infra.plan.made import resource

CRD = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"


@pulumi.output_type
class Disk(dict[str, Any]):
    disk: str


@pulumi.output_type
class Bucket(dict[str, Any]):
    bucket: str


def given(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "spec": {"group": "a", "versions": [{"name": "v1", "schema": {"openAPIV3Schema": schema}}]}
    }


def test_a_type_that_holds_itself_ends_however_deep_its_input_is() -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(12):
        deep = {"type": "object", "not": deep}
    _, state = Outputs(known=True).of(resource(CRD, given(deep), "crd"), given(deep), class_of(CRD))
    told = state["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for _ in range(12):
        told = told["not"]
    assert told["type"] == "string"
    assert told["not"] is None


def test_one_of_several_shapes_is_given_back_as_it_came_in_either_order() -> None:
    made = outputs._Made(resource("gcp:storage/bucket:Bucket", {}, "landing"), known=True)
    for union, first in ((Disk | Bucket, Disk), (Bucket | Disk, Bucket)):
        shape = outputs._shape(union)
        assert made.answered("source", {"bucket": "x"}, shape) == {"bucket": "x"}
        assert shape.parts is first
