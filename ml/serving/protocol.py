"""Open Inference Protocol V2: requests read and checked against a model's columns, answers written.

A request carries one tensor a column, shape [rows] or [rows, 1], data flat or one value a row. Source:
https://github.com/kserve/open-inference-protocol (inference_rest.md). Leaves out the binary extension.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ml.serving.source import Column, Model

if TYPE_CHECKING:
    import numpy as np

_INTEGERS = frozenset(("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"))
_ACCEPTED = {
    "FP64": _INTEGERS | {"FP16", "FP32", "FP64"},
    "BYTES": frozenset(("BYTES",)),
}
"""Datatypes a request may declare, by the column's own: whatever widens to it."""
_INT64_MAX = 2**63 - 1
ERROR_TEXT_MAX = 200


class RequestError(Exception):
    """A request that gets no prediction: status, sentence, and for 422 the field and the reason."""

    def __init__(
        self, status: int, error: str, *, field: str = "", reason: str = "", retry_after: int = 0
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.field = field
        self.reason = reason
        self.retry_after = retry_after
        """Seconds, for 429 and 503."""

    def as_dict(self) -> dict[str, str]:
        """The body: V2's `error`, and our `field` and `reason` where they are known."""
        told = {"error": self.error, "field": self.field, "reason": self.reason}
        return {key: value for key, value in told.items() if value}


@dataclass(slots=True)
class Inference:
    """A request that passed: one list of values a column, in the model's order."""

    id: str | None
    key: str | None
    """What the canary hashes: `parameters.key`, else `id`."""
    columns: list[list[Any]]
    rows: int
    outputs: frozenset[str] | None
    """Names of the outputs asked for; None means all."""


def unprocessable(field: str, reason: str, sentence: str) -> RequestError:
    """A 422 that names the field, a fixed reason word, and what would be right."""
    return RequestError(422, f"{field}: {sentence}", field=field, reason=reason)


class Reader:
    """Reads requests for one model. Made once a version, as the columns' rules never change."""

    def __init__(self, model: Model) -> None:
        self._columns = model.columns
        self._index = {column.name: i for i, column in enumerate(model.columns)}
        self._outputs = {model.output, *(("label",) if model.classes else ())}

    def read(self, raw: dict[str, Any]) -> Inference:
        """Check a decoded request; raises RequestError (422)."""
        inputs = raw.get("inputs")
        if type(inputs) is not list or not inputs:
            raise unprocessable("inputs", "missing", "must be a list with one tensor a column")
        values: list[list[Any]] = [[]] * len(self._columns)
        seen: set[int] = set()
        rows = -1
        for item in inputs:
            position = self._position(item)
            if position in seen:
                raise unprocessable(item["name"], "duplicate", "is given twice")
            seen.add(position)
            column = self._columns[position]
            data = _data(column, item)
            if rows not in (-1, len(data)):
                raise unprocessable(
                    column.name, "shape", f"has {len(data)} rows, the inputs before it {rows}"
                )
            rows = len(data)
            _check_values(column, data)
            values[position] = data
        if len(seen) != len(self._columns):
            missing = [c.name for i, c in enumerate(self._columns) if i not in seen]
            raise unprocessable(
                missing[0], "missing", f"is not among the inputs (missing: {', '.join(missing)})"
            )
        identifier = _text(raw, "id")
        return Inference(identifier, _key(raw) or identifier, values, rows, self._wanted(raw))

    def _position(self, item: Any) -> int:
        name = item.get("name") if type(item) is dict else None
        if type(name) is not str:
            raise unprocessable("inputs", "name", "every input is an object with a text 'name'")
        position = self._index.get(name)
        if position is None:
            known = ", ".join(self._index)
            raise unprocessable(
                _short(name), "unknown", f"is no column of this model; columns: {known}"
            )
        return position

    def _wanted(self, raw: dict[str, Any]) -> frozenset[str] | None:
        asked = raw.get("outputs")
        if asked is None or asked == []:
            return None
        names = (
            [o.get("name") if type(o) is dict else None for o in asked]
            if type(asked) is list
            else [None]
        )
        for name in names:
            if type(name) is not str or name not in self._outputs:
                raise unprocessable(
                    "outputs", "unknown", f"must name some of: {', '.join(sorted(self._outputs))}"
                )
        return frozenset(str(name) for name in names)


def decode(body: bytes) -> dict[str, Any]:
    """The JSON object of a body; raises RequestError (400)."""
    try:
        raw = json.loads(str(body, "utf-8"))
    except (ValueError, RecursionError) as error:
        raise RequestError(400, f"The body is not JSON: {_short(str(error))}") from None
    if type(raw) is not dict:
        raise RequestError(400, "The body is not a JSON object.")
    return raw


def encode(name: str, model: Model, inference: Inference, values: np.ndarray) -> bytes:
    """The V2 answer for `values` of shape [rows] or [rows, classes]."""
    answer: dict[str, Any] = {"model_name": name, "model_version": str(model.version)}
    if inference.id is not None:
        answer["id"] = inference.id
    wanted = inference.outputs
    outputs = []
    if wanted is None or model.output in wanted:
        outputs.append(
            {
                "name": model.output,
                "datatype": "FP64",
                "shape": list(values.shape),
                "data": values.ravel().tolist(),
            }
        )
    if model.classes and (wanted is None or "label" in wanted):
        labels = [model.classes[i] for i in values.argmax(axis=1).tolist()]
        outputs.append(
            {"name": "label", "datatype": "BYTES", "shape": [len(labels)], "data": labels}
        )
    answer["outputs"] = outputs
    return json.dumps(answer, separators=(",", ":")).encode()


def metadata(name: str, model: Model, versions: Sequence[int]) -> dict[str, Any]:
    """V2's model metadata; -1 stands for any number of rows."""
    width = [-1, len(model.classes)] if model.classes else [-1]
    outputs = [{"name": model.output, "datatype": "FP64", "shape": width}]
    if model.classes:
        outputs.append({"name": "label", "datatype": "BYTES", "shape": [-1]})
    return {
        "name": name,
        "versions": [str(version) for version in versions],
        "platform": model.platform,
        "inputs": [{"name": c.name, "datatype": c.datatype, "shape": [-1]} for c in model.columns],
        "outputs": outputs,
    }


def _data(column: Column, item: dict[str, Any]) -> list[Any]:
    """The values of a tensor, one a row."""
    datatype = item.get("datatype")
    if type(datatype) is not str or datatype not in _ACCEPTED[column.datatype]:
        raise unprocessable(
            column.name, "datatype", f"must be {column.datatype}, not {_short(datatype)}"
        )
    shape = item.get("shape")
    if type(shape) is not list or not (
        len(shape) == 1 or (len(shape) == 2 and type(shape[1]) is int and shape[1] == 1)
    ):
        raise unprocessable(
            column.name, "shape", f"must be [rows] or [rows, 1], not {_short(shape)}"
        )
    data = item.get("data")
    if type(data) is not list:
        raise unprocessable(column.name, "data", "must be a list of values")
    if len(shape) == 2 and data and type(data[0]) is list:
        if not all(type(row) is list and len(row) == 1 for row in data):
            raise unprocessable(column.name, "shape", "holds rows that are not one value each")
        data = [row[0] for row in data]
    if type(shape[0]) is not int or shape[0] != len(data) or not data:
        raise unprocessable(
            column.name,
            "shape",
            f"says {_short(shape[0])} rows, the data hold {len(data)} (at least 1)",
        )
    return data


def _check_values(column: Column, data: list[Any]) -> None:
    kind = column.datatype
    for value in data:
        if value is None:
            if not column.nullable:
                raise unprocessable(column.name, "null", "may not be null")
        elif kind == "FP64":
            _check_float(column, value)
        else:
            _check_text(column, value)


def _check_float(column: Column, value: Any) -> None:
    if type(value) is int:
        if not -_INT64_MAX <= value <= _INT64_MAX:
            raise unprocessable(column.name, "value", "does not fit 64 bits; write it as 1.0e20")
    elif type(value) is not float:
        raise unprocessable(column.name, "datatype", f"{_short(value)} is not a number")
    elif value - value != 0 and (value == value or not column.nullable):  # infinite, or NaN
        raise unprocessable(column.name, "not_finite", f"{value} is not a finite number")


def _check_text(column: Column, value: Any) -> None:
    if type(value) is not str:
        raise unprocessable(column.name, "datatype", f"{_short(value)} is not text")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise unprocessable(column.name, "value", "is not valid Unicode") from None


def _text(raw: dict[str, Any], name: str) -> str | None:
    value = raw.get(name)
    if value is not None and type(value) is not str:
        raise unprocessable(name, "datatype", "must be text")
    return value


def _key(raw: dict[str, Any]) -> str | None:
    parameters = raw.get("parameters")
    if parameters is None:
        return None
    if type(parameters) is not dict:
        raise unprocessable("parameters", "datatype", "must be an object")
    return _text(parameters, "key")


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    text = text if len(text) <= ERROR_TEXT_MAX else text[:ERROR_TEXT_MAX] + "…"
    return text.encode("utf-8", "backslashreplace").decode()
