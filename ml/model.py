"""A model as it is stored and served: its signature, its files, and quick predictions.

The folder of a version holds MLflow's own layout (`MLmodel`, `model.skops`, requirements) and
`signature.json`. `model.skops` is a plain scikit-learn pipeline: any scikit-learn of the pinned version
reads it, and skops builds only the types in TRUSTED, so a doctored file cannot run code (a pickle
could). Leaves out training and where versions lie (`ml/registry.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from landfall.errors import LandfallError
from landfall.intent.ml import Kind
from ml.compiled import CompiledPipeline

if TYPE_CHECKING:
    import pandas as pd

MODEL_FILE = "model.skops"
SIGNATURE_FILE = "signature.json"
TRUSTED = [
    "functools.partial",
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.utils.validation.check_array",
    "sklearn.compose._target.TransformedTargetRegressor",
]
"""What skops may build besides its own list of scikit-learn and numpy types. None of it reads files."""


class SignatureColumn(BaseModel):
    """One input: `double` takes numbers (integers too), `string` text; null is allowed in both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    type: Literal["double", "string"]
    nulls_seen: bool = True
    """Whether training saw a null here; a null where it did not is allowed, but worth a warning."""


class Signature(BaseModel):
    """What a version takes and gives."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    problem: str
    kind: Kind
    columns: list[SignatureColumn]
    labels: list[str] = []
    """Classes: binary `[negative, positive]`, multi-class in the order of the output; else empty."""
    threshold: float = 0.5
    """Binary: the probability from which a row counts as positive, chosen on training data."""
    example: dict[str, list[Any]]
    """A few input rows by column, as they were seen."""
    expected: list[Any]
    """What the model answers for the example, to 1e-6; checked whenever it is loaded."""


@dataclass(frozen=True)
class Model:
    """A loaded model. Safe to use from several threads at once."""

    signature: Signature
    pipeline: Any
    """The scikit-learn pipeline as stored; takes a DataFrame of the signature's columns."""
    compiled: CompiledPipeline
    size_bytes: int = 0
    version: int | None = None

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Predict rows of a DataFrame that has (at least) the signature's columns.

        Binary: the positive class's probability (n,); multi-class: probabilities (n, classes) in the
        order of `signature.labels`; regression: values (n,). Raises LandfallError for a missing column.
        """
        missing = [c.name for c in self.signature.columns if c.name not in frame.columns]
        if missing:
            raise LandfallError(
                f"The model needs columns that the data lacks: {', '.join(missing)}.",
                so="It cannot be judged or asked without them.",
                fix="Give the columns back to the feature table, or train a model without them.",
            )
        columns = {c.name: frame[c.name].to_numpy() for c in self.signature.columns}
        return self.predict_columns(columns, len(frame))

    def predict_columns(
        self, columns: Mapping[str, Sequence[Any] | np.ndarray], rows: int
    ) -> np.ndarray:
        """The same from plain columns (numbers with None or NaN, strings with None), without pandas."""
        if rows == 0:
            shape = (0, len(self.signature.labels)) if self.signature.kind == "multiclass" else (0,)
            return np.empty(shape)
        raw = self.compiled.predict(columns, rows)
        return raw[:, 1] if self.signature.kind == "binary" else raw


def load_model(model: bytes, signature: bytes, version: int | None = None) -> Model:
    """Read a model from the bytes of its two files and check it against its own example.

    Raises LandfallError where the file holds types that are not trusted, or answers differ.
    """
    import skops.io

    described = Signature.model_validate_json(signature)
    strangers = sorted(set(skops.io.get_untrusted_types(data=model)) - set(TRUSTED))
    if strangers:
        raise LandfallError(
            f"The model file holds types that are not trusted: {', '.join(strangers)}.",
            so="It was not opened.",
            fix="Train the month again; if the file was changed by somebody, find out by whom.",
        )
    pipeline = skops.io.loads(model, trusted=TRUSTED)
    compiled = CompiledPipeline(pipeline, {c.name: c.type for c in described.columns})
    loaded = Model(described, pipeline, compiled, len(model), version)
    _check_example(loaded)
    return loaded


def _check_example(model: Model) -> None:
    rows = len(model.signature.expected)
    found = model.predict_columns(model.signature.example, rows)
    expected = np.asarray(model.signature.expected, dtype=float).reshape(found.shape)
    if not np.allclose(found, expected, rtol=1e-6, atol=1e-6):
        raise LandfallError(
            "The model does not answer its own example as it did when it was trained.",
            so="It is not used: another scikit-learn, or a changed file, would give other predictions.",
            fix="Install the versions in the model's requirements.txt, or roll back: landfall model rollback",
        )
