"""What cfn-lint's packaged data says of AWS: machine types a region, zones, IAM actions.

Leaves out everything that botocore's models say (`infra/plan/check/sources.py`).
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from infra.plan.check import packages
from landfall.errors import LandfallError

MACHINES = "aws_ec2_instance/instancetype_enum.json"
DATABASES = "aws_rds_dbinstance/dbinstanceclass_enum.json"


def origin() -> str:
    """Package and version, for findings."""
    return f"cfn-lint {packages.version('cfn-lint')}"


@cache
def machine_types(region: str, table: str = MACHINES) -> frozenset[str]:
    """Machine types that a region sells; of every region where it is not named or not known."""
    kinds = {name: part for name, part in _table(table).items() if isinstance(part, dict)}
    return frozenset(_enumerated(kinds.get(region) or list(kinds.values())))


def _enumerated(schema: Any) -> Iterator[str]:
    """Every text that an `enum` of the schema lists; the tables of databases nest them by engine."""
    if isinstance(schema, list):
        for part in schema:
            yield from _enumerated(part)
    elif isinstance(schema, dict):
        for key, part in schema.items():
            if key == "enum":
                yield from part
            else:
                yield from _enumerated(part)


@cache
def _table(path: str) -> dict[str, Any]:
    folder = packages.folder("cfnlint") / "data" / "schemas" / "extensions"
    return json.loads((folder / path).read_bytes())


@cache
def zones() -> dict[str, frozenset[str]]:
    """Region → its zones."""
    source = (packages.folder("cfnlint") / "helpers.py").read_text(encoding="utf-8")
    for part in ast.parse(source).body:
        if isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == "AVAILABILITY_ZONES":
            table = ast.literal_eval(part.value)
            return {region: frozenset(names) for region, names in table.items()}
    raise LandfallError(f"{origin()} has no table of availability zones any more.")


@cache
def actions() -> dict[str, dict[str, Any]]:
    """IAM service prefix → its actions (lower case, with the kinds of resource) and kinds of resource."""
    folder = packages.folder("cfnlint") / "data" / "AdditionalSpecs"
    return json.loads((folder / "Policies.json").read_bytes())
