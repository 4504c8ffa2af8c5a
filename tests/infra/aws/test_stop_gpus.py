"""The hard stop, on a stand-in for EKS: GPU groups go to zero and stay there, others are left alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra.aws.stop_gpus import handler

GPU = {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}


class Eks:
    """EKS as the function calls it, in memory, with the fields of the API's own answers."""

    class exceptions:  # noqa: N801 (as boto3 has it)
        class ResourceNotFoundException(Exception):
            pass

        class ResourceInUseException(Exception):
            pass

    def __init__(self, groups: dict[str, dict[str, Any]] | None) -> None:
        self.groups = groups
        self.updates: list[dict[str, Any]] = []
        self.busy: set[str] = set()

    def get_paginator(self, operation: str) -> Eks:
        assert operation == "list_nodegroups"
        return self

    def paginate(self, **asked: str) -> Iterator[dict[str, list[str]]]:
        if self.groups is None:
            raise self.exceptions.ResourceNotFoundException
        for name in self.groups:
            yield {"nodegroups": [name]}

    def describe_nodegroup(self, **asked: str) -> dict[str, Any]:
        return {"nodegroup": (self.groups or {})[asked["nodegroupName"]]}

    def update_nodegroup_config(self, **asked: Any) -> None:
        if asked["nodegroupName"] in self.busy:
            raise self.exceptions.ResourceInUseException
        self.updates.append(asked)
        (self.groups or {})[asked["nodegroupName"]]["taints"] += asked["taints"][
            "addOrUpdateTaints"
        ]


def group(*taints: dict[str, str]) -> dict[str, Any]:
    return {"taints": list(taints), "scalingConfig": {"minSize": 0, "maxSize": 4, "desiredSize": 2}}


@pytest.fixture
def eks() -> Eks:
    return Eks({"system": group(), "training-spot": group(GPU), "serving-on-demand": group(GPU)})


def test_gpu_groups_go_to_zero_behind_a_taint_and_no_other(eks: Eks) -> None:
    assert handler.stop(eks, "platform") == ["training-spot", "serving-on-demand"]
    for update in eks.updates:
        assert update["scalingConfig"] == {"minSize": 0, "desiredSize": 0, "maxSize": 4}
        assert update["taints"] == {"addOrUpdateTaints": [handler.TAINT]}


def test_a_stop_repeated_changes_nothing(eks: Eks) -> None:
    handler.stop(eks, "platform")
    assert handler.stop(eks, "platform") == []
    assert len(eks.updates) == 2


def test_a_group_that_is_being_changed_holds_no_other_up_and_the_run_is_tried_again(
    eks: Eks,
) -> None:
    eks.busy = {"training-spot"}
    with pytest.raises(RuntimeError, match="training-spot"):
        handler.stop(eks, "platform")
    assert [update["nodegroupName"] for update in eks.updates] == ["serving-on-demand"]
    eks.busy = set()
    assert handler.stop(eks, "platform") == ["training-spot"]


def test_a_cluster_that_is_not_there_is_no_error() -> None:
    assert handler.stop(Eks(None), "platform") == []


def test_what_the_function_sends_is_what_the_api_takes(eks: Eks) -> None:
    """The request against botocore's own model of EKS: names, types, enumerations."""
    import botocore.session
    from botocore.validate import ParamValidator

    handler.stop(eks, "platform")
    model = botocore.session.get_session().get_service_model("eks")
    shape = model.operation_model("UpdateNodegroupConfig").input_shape
    for update in eks.updates:
        assert not ParamValidator().validate(update, shape).has_errors()
    assert handler.TAINT["effect"] in model.shape_for("TaintEffect").enum
