"""The models that compete: their estimators, how they prepare columns, and what is searched.

The baseline knows no feature: the prior, or the target's median or mean. Preparation is chosen for
speed: ordinal codes for boosting, capped one-hot for the rest. Nothing stops early, so the same input
gives the same model; what bounds a fit is its number of iterations. Leaves out the search itself.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from landfall.intent.ml import Problem
from ml.features import Features

BASELINE = "baseline"
Params = dict[str, Any]
MAX_CODES = 200
"""Levels of a text column that boosting sees (its limit is 255); the rest share one."""
MAX_ONE_HOT = 25
"""Columns that a text column becomes for linear models and networks; rare levels share one."""

DEFAULTS: dict[str, Params] = {
    BASELINE: {},
    "linear": {"strength": 1.0},
    "boosting": {"learning_rate": 0.1, "leaves": 15, "min_rows_leaf": 40, "iterations": 60},
    "mlp": {"width": 32, "learning_rate": 0.003, "alpha": 0.001, "epochs": 6},
}
"""The first trial of every search, so that searching never chooses worse than not searching."""

SPACES: dict[str, dict[str, list[Any]]] = {
    BASELINE: {},
    "linear": {"strength": [0.003, 0.03, 0.3, 1.0, 3.0, 30.0]},
    "boosting": {
        "learning_rate": [0.05, 0.1, 0.2],
        "leaves": [7, 15, 31],
        "min_rows_leaf": [20, 40, 100],
        "iterations": [40, 60, 90],
    },
    "mlp": {
        "width": [16, 32, 64],
        "learning_rate": [0.001, 0.003, 0.01],
        "alpha": [0.0001, 0.001, 0.01],
        "epochs": [4, 6, 10],
    },
}
"""The values searched, each list in rising order. Grid, random and Bayesian search share them."""


def preparation(name: str, features: Features) -> Any:
    """The ColumnTransformer of a candidate: text first, then numbers."""
    import numpy as np
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    if name in (BASELINE, "boosting"):
        text: Any = OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=np.nan,
            encoded_missing_value=np.nan,
            max_categories=MAX_CODES,
        )
        numbers: Any = "passthrough"
    else:
        text = OneHotEncoder(
            handle_unknown="infrequent_if_exist", max_categories=MAX_ONE_HOT, sparse_output=False
        )
        impute = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
        numbers = Pipeline([("impute", impute), ("scale", StandardScaler())])
    parts = [("text", text, features.text), ("numbers", numbers, features.numbers)]
    return ColumnTransformer([part for part in parts if part[2]], sparse_threshold=0)


class Setup(NamedTuple):
    """All that an estimator is built from."""

    problem: Problem
    features: Features
    params: Params
    seed: int


def estimator(name: str, setup: Setup) -> Any:
    """The unfitted scikit-learn estimator of a candidate."""
    return {BASELINE: _baseline, "linear": _linear, "boosting": _boosting, "mlp": _mlp}[name](setup)


def _baseline(setup: Setup) -> Any:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    if setup.problem.kind == "regression":
        return DummyRegressor(strategy="median" if setup.problem.metric == "mae" else "mean")
    return DummyClassifier(strategy="prior")


def _linear(setup: Setup) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge

    strength = setup.params["strength"]
    if setup.problem.kind == "regression":
        return Ridge(alpha=1 / strength, solver="cholesky")
    solver = "newton-cholesky" if setup.problem.kind == "binary" else "lbfgs"
    return LogisticRegression(C=strength, solver=solver, max_iter=60)


def _boosting(setup: Setup) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    params = setup.params
    shared: dict[str, Any] = {
        "learning_rate": params["learning_rate"],
        "max_leaf_nodes": params["leaves"],
        "min_samples_leaf": params["min_rows_leaf"],
        "max_iter": params["iterations"],
        "categorical_features": list(range(len(setup.features.text))) or None,
        "early_stopping": False,
        "random_state": setup.seed,
    }
    if setup.problem.kind == "regression":
        loss = "absolute_error" if setup.problem.metric == "mae" else "squared_error"
        return HistGradientBoostingRegressor(loss=loss, **shared)
    return HistGradientBoostingClassifier(**shared)


def _mlp(setup: Setup) -> Any:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import StandardScaler

    params = setup.params
    shared: dict[str, Any] = {
        "hidden_layer_sizes": (params["width"],),
        "learning_rate_init": params["learning_rate"],
        "alpha": params["alpha"],
        "max_iter": params["epochs"],
        "random_state": setup.seed,
    }
    if setup.problem.kind == "regression":
        return TransformedTargetRegressor(MLPRegressor(**shared), transformer=StandardScaler())
    return MLPClassifier(**shared)
