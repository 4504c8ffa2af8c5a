"""The Intent's model part: what is predicted, how models compete, what they must reach, how they serve."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from landfall.intent.base import Identifier, Part, Slug

Kind = Literal["binary", "multiclass", "regression"]
Candidate = Literal["linear", "boosting", "mlp"]
Share = Annotated[float, Field(ge=0, le=1)]

HIGHER_IS_BETTER = {
    "pr_auc": True, "roc_auc": True, "f1": True, "precision": True, "recall": True, "accuracy": True,
    "macro_f1": True, "r2": True, "log_loss": False, "brier": False, "mae": False, "rmse": False,
}  # fmt: skip
METRICS: dict[Kind, tuple[str, ...]] = {
    "binary": ("pr_auc", "roc_auc", "f1", "precision", "recall", "accuracy", "log_loss", "brier"),
    "multiclass": ("macro_f1", "accuracy", "log_loss"),
    "regression": ("mae", "rmse", "r2"),
}


class Tuning(Part):
    """How hyperparameters are searched. `trials` bounds the search; `seconds` is the brake behind it."""

    method: Literal["grid", "random", "bayesian"] = "bayesian"
    trials: int = Field(default=4, ge=1, le=500)
    """Trials a candidate; the bound that decides, so that the same input gives the same model."""
    seconds: float = Field(default=120, gt=0)
    """Time budget a candidate; where it bites before `trials`, the run says so."""
    folds: int = Field(default=2, ge=1, le=12)
    """Folds of the cross-validation by time: each trains on the past and tests on what follows."""
    sample: int = Field(default=6000, ge=100)
    """Rows that a trial trains on at most, thinned evenly over the window; the final fit takes them all."""


class Gate(Part):
    """What a candidate must show before it replaces the champion."""

    floors: dict[str, float] = {}
    """The least (or, for losses, the most) of any metric, as in `recall: 0.3`."""
    class_floors: dict[str, dict[str, float]] = {}
    """Floors a class, as in `late: {recall: 0.25}`; regression has no classes."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """How sure the paired bootstrap must be that the candidate is better."""
    min_rows: int = Field(default=200, ge=10)
    """Fewer evaluation rows than this decide nothing (HOLD)."""
    max_latency_ms: float = Field(default=50, gt=0)
    """Median time to predict one row, in milliseconds."""
    max_size_mb: float = Field(default=100, gt=0)


class Problem(Part):
    """One thing to predict, from one feature table."""

    name: Identifier
    question: str = ""
    """What is asked, in the client's words, as `Will this flight arrive late?`; the report opens with it."""
    kind: Kind
    table: Identifier
    """The dbt model with the features, as `features_<name>`."""
    time: Identifier
    key: list[Identifier] = Field(min_length=1)
    target: Identifier
    metric: str
    exclude: list[Identifier] = []
    """Columns of the table that no model may see."""
    positive: str = "1"
    """The label that counts as positive, of a binary target."""

    @model_validator(mode="after")
    def _metric_fits(self) -> Problem:
        if self.metric not in METRICS[self.kind]:
            raise ValueError(
                f"metric '{self.metric}' is none of a {self.kind} problem; choose one of "
                f"{', '.join(METRICS[self.kind])}"
            )
        return self


class Drift(Part):
    """When a month counts as different. PSI bounds follow the common reading: 0.1 some, 0.25 much."""

    psi: float = Field(default=0.25, gt=0)
    """Population stability index from which a feature has drifted."""
    effect: float = Field(default=0.2, gt=0)
    """Effect size (Cohen's d, or Cramér's V for categories) that must be reached besides."""
    sample: int = Field(default=5000, ge=200)
    """Rows sampled from each side; fixed, so that large months do not over-fire."""
    share: Share = 0.2
    """Share of the features that must have drifted for a window to count."""
    k: int = Field(default=2, ge=1)
    n: int = Field(default=3, ge=1)
    """An alarm when k of the last n windows drifted."""
    lookback: int = Field(default=3, ge=1)
    """The month further back that is looked at too, as t-3."""


class Cadence(Part):
    """When to retrain: every so many months, and besides on a drift alarm."""

    every_months: int = Field(default=1, ge=1, le=24)
    on_drift: bool = True
    window_months: int = Field(default=2, ge=1, le=120)
    """Months a model trains on, ending before the month it is judged on."""


class GpuPool(Part):
    """GPUs for a use, in the order in which capacity is asked for."""

    accelerator: str = Field(examples=["L4", "A100-80GB", "H100"])
    count: int = Field(default=1, ge=1, le=16)
    """GPUs a node."""
    max_nodes: int = Field(default=1, ge=1, le=256)
    capacity: list[Literal["reservation", "spot", "on-demand"]] = ["spot", "on-demand"]
    node_hours_month: float = Field(default=40, ge=0, le=744 * 256)
    """Node-hours expected a month; the estimate and the spend approval rest on it."""


class ML(Part):
    """What is predicted and how its models are made, judged and replaced."""

    problem: Problem
    cadence: Cadence = Cadence()
    candidates: list[Candidate] = Field(default=["linear", "boosting", "mlp"], min_length=1)
    """What competes, besides the baseline, which always does."""
    tuning: Tuning = Tuning()
    gate: Gate = Gate()
    drift: Drift = Drift()
    seed: int = 20130101
    training_gpu: GpuPool | None = None
    serving_gpu: GpuPool | None = None


class Serving(Part):
    """How predictions are given."""

    replicas: int = Field(default=1, ge=1, le=100)
    max_batch: int = Field(default=64, ge=1, le=4096)
    max_wait_ms: float = Field(default=2, ge=0, le=1000)
    """How long a micro-batch waits for company."""
    queue: int = Field(default=1024, ge=1)
    """Rows that may wait; beyond it callers get 429 with Retry-After."""
    throttle: dict[Slug, float] = {}
    """Requests a second that a team (header `X-Team`) may send; teams left out are not throttled."""
    pins: dict[Slug, int] = {}
    """Model versions that a team stays on, whatever is promoted."""
    canary: Share = 0
    """Share of the keys that the candidate answers; 0 turns the canary off."""
    canary_max_error: Share = 0.02
    """Share of failed candidate answers at which the canary stops by itself."""
