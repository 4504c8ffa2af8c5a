"""Errors say what is wrong, what follows and what to do, in text and in JSON, with their exit code."""

from __future__ import annotations

import json

import pytest

from landfall.errors import BatchFault, LandfallError, MissingTool, Refused, UsageError


@pytest.mark.parametrize(
    ("kind", "code"),
    [(LandfallError, 1), (BatchFault, 1), (MissingTool, 1), (UsageError, 2), (Refused, 3)],
)
def test_each_kind_of_error_has_the_documented_exit_code(
    kind: type[LandfallError], code: int
) -> None:
    assert kind("x").exit_code == code
    assert issubclass(kind, LandfallError)


def test_an_error_reads_as_what_so_and_fix() -> None:
    error = LandfallError("It broke.", so="Nothing was lost.", fix="Try again.")
    assert str(error) == "It broke. Nothing was lost. Try again."
    assert str(LandfallError("It broke.")) == "It broke."


def test_an_error_in_json_has_its_kind_and_parts() -> None:
    told = json.loads(json.dumps(Refused("No.", fix="Ask.").as_dict()))
    assert told == {"error": "Refused", "what": "No.", "so": "", "fix": "Ask."}
