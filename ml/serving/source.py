"""Where served models come from: the small interface that the server knows, and the registry behind it.

Leaves out promotion: whoever moves the alias decides, the server only follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from landfall.platform import Platform

if TYPE_CHECKING:
    import numpy as np

Datatype = Literal["FP64", "BYTES"]
"""The V2 datatypes that a column may have: numbers and text."""
Predict = Callable[[Mapping[str, Sequence[Any]], int], "np.ndarray"]


@dataclass(frozen=True)
class Column:
    """One input of a model."""

    name: str
    datatype: Datatype
    nullable: bool = True
    """Whether `null` (and NaN, in an FP64 column) stands for a missing value."""


@dataclass(frozen=True)
class Model:
    """One version, ready to predict.

    `predict(columns, rows)` takes plain lists by column and gives float64 of shape (rows,), or
    (rows, classes) where `classes` names them. It is called from one thread at a time.
    """

    version: int
    columns: tuple[Column, ...]
    predict: Predict
    example: Mapping[str, Sequence[Any]]
    """A few valid rows by column; what a version is warmed with before it answers."""
    output: str = "prediction"
    """The name of the output tensor."""
    classes: tuple[str, ...] = ()
    platform: str = "sklearn"
    """The framework, as V2's metadata names it."""


class ModelSource(Protocol):
    """All that the server asks of a registry. Methods may block; they run outside the event loop."""

    @property
    def name(self) -> str:
        """The model's name in every address."""
        ...

    def champion(self) -> int | None:
        """The version that answers; None before the first promotion."""
        ...

    def candidate(self) -> int | None:
        """The version that a canary may try; None where there is none."""
        ...

    def load(self, version: int) -> Model:
        """The model of a version; raises LandfallError where there is no such version."""
        ...


class RegistrySource:
    """The project's own registry (`ml/registry.py`), for one problem. Opens nothing until asked."""

    def __init__(self, platform: Platform, problem: str) -> None:
        self._platform = platform
        self._problem = problem

    @property
    def name(self) -> str:
        return self._problem

    def champion(self) -> int | None:
        """The version that the promotion record names."""
        from ml.registry import champion_version

        return champion_version(self._platform, self._problem)

    def candidate(self) -> int | None:
        """The version that the newest verdict held: not rejected, and not yet surely better."""
        from ml.registry import candidate_version

        return candidate_version(self._platform, self._problem)

    def load(self, version: int) -> Model:
        """Read the version's files and check them against their own example."""
        from ml.registry import load_version

        loaded = load_version(self._platform, self._problem, version)
        signature = loaded.signature
        return Model(
            version=version,
            columns=tuple(
                Column(c.name, "FP64" if c.type == "double" else "BYTES") for c in signature.columns
            ),
            predict=loaded.predict_columns,
            example=signature.example,
            output="prediction" if signature.kind == "regression" else "probability",
            classes=tuple(signature.labels) if signature.kind == "multiclass" else (),
        )
