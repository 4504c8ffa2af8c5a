"""What the clouds' own API models allow, read from the packages that carry them.

`eks#AMITypes` is a shape of botocore's service model (enumeration, pattern, lengths, range); `storage.v1#Bucket.
iamConfiguration.publicAccessPrevention` a field in a discovery document of google-api-python-client. Which
property takes which is written down by hand in `infra/plan/values/`, never guessed. Leaves out EC2's machine types,
zones and IAM actions: `infra/plan/check/aws_data.py`.
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from infra.plan.check import packages
from landfall.errors import LandfallError


@dataclass(frozen=True)
class Limit:
    """What a value may be; None where nothing is said."""

    origin: str
    values: tuple[str, ...] = ()
    pattern: str | None = None
    least: float | None = None
    most: float | None = None
    """Of numbers the range, of texts the length."""

    def broken(self, value: Any) -> str | None:
        """What is allowed, where the value is not; None where it is fine."""
        from infra.plan.check.finding import one_of

        if self.values and str(value) not in self.values:
            return one_of(self.values, value)
        if isinstance(value, str):
            if self.pattern and not _matches(self.pattern, value):
                return f"a text of the form {self.pattern}"
            return self._outside(len(value), "characters")
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._outside(value, "")
        return None

    def _outside(self, size: float, unit: str) -> str | None:
        low, high = self.least, self.most
        if (low is None or size >= low) and (high is None or size <= high):
            return None
        span = " ".join(
            part
            for part in (
                f"at least {low:g}" if low is not None else "",
                f"at most {high:g}" if high is not None else "",
            )
            if part
        )
        return f"{span} {unit}".strip()


@cache
def limit(reference: str) -> Limit:
    """The limit that a reference of the tables names; raises LandfallError where the package has no such thing."""
    source, _, place = reference.partition("#")
    if not place:
        raise LandfallError(f"'{reference}' in infra/plan/values is no reference.")
    return _discovery(source, place) if re.search(r"\.v\d", source) else _botocore(source, place)


def _botocore(service: str, shape: str) -> Limit:
    shapes = _service(service)["shapes"]
    if shape not in shapes:
        raise LandfallError(
            f"botocore {packages.version('botocore')} has no shape {shape} in {service}."
        )
    found = shapes[shape]
    return Limit(
        f"botocore {packages.version('botocore')}, {service} {shape}",
        tuple(found.get("enum", ())),
        found.get("pattern"),
        found.get("min"),
        found.get("max"),
    )


@cache
def _service(name: str) -> dict[str, Any]:
    versions = packages.folder("botocore") / "data" / name
    newest = max(one.name for one in versions.iterdir() if one.is_dir())
    packed = versions / newest / "service-2.json.gz"
    if packed.is_file():
        return json.loads(gzip.decompress(packed.read_bytes()))
    return json.loads((versions / newest / "service-2.json").read_bytes())


def _discovery(document: str, place: str) -> Limit:
    schema, _, path = place.partition(".")
    schemas = _document(document)["schemas"]
    found: dict[str, Any] = schemas[schema]
    for key in path.split("."):
        inside = found.get("properties", {})
        if key not in inside:
            raise LandfallError(f"The discovery document {document} has no {place}.")
        found = inside[key]
        while "$ref" in found or found.get("type") == "array":
            found = schemas[found["$ref"]] if "$ref" in found else found["items"]
    least, most = found.get("minimum"), found.get("maximum")
    return Limit(
        f"Google's discovery document {document} of {_document(document)['revision']}, {place}",
        tuple(one for one in found.get("enum", ()) if not one.endswith("_UNSPECIFIED")),
        found.get("pattern"),
        float(least) if least is not None else None,
        float(most) if most is not None else None,
    )


@cache
def _document(name: str) -> dict[str, Any]:
    folder = packages.folder("googleapiclient") / "discovery_cache" / "documents"
    return json.loads((folder / f"{name}.json").read_bytes())


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The models are written for Java; a pattern that Python cannot read forbids nothing."""
    try:
        return re.compile(pattern)
    except re.error:
        return None
