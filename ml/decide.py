"""The step `gate`: the champion and the candidates predict the month, and the gate judges them.

Every prediction is kept in the artifacts zone, whatever the verdict. Moves nothing: `promote` does.
"""

from __future__ import annotations

import io
import time
from typing import Any

import numpy as np
import pyarrow as pa

from landfall.month import Month
from ml.candidates import BASELINE
from ml.data import read_rows
from ml.features import to_frame
from ml.gate import Check, Contender, Verdict, judge
from ml.model import Model
from ml.problems import KINDS, Predictions, score
from ml.record import Record
from ml.registry import load_version
from ml.store import log_month
from ml.tracking import quiet_mlflow
from pipelines.context import Context, Json

LATENCY_CALLS = 15


def decide_month(ctx: Context, month: Month) -> Json:
    """Judge the month's candidates against the champion as of the months before it.

    Returns `decision`, `winner`, `reasons` (checks with `sentence`, `passed`, `value`, `bound`),
    `champion` and `baseline` (or None), `candidates` (each with `metrics`, `detail`, `outcome`,
    `latency_ms`, `size_mb`), `rows`, `predictions` (path). Metrics of a champion are given even where
    nothing was trained, so that its decay shows.
    """
    quiet_mlflow()
    trained = ctx.need(month, "train")
    problem = ctx.ml.problem
    rows = read_rows(ctx, [month], trained["snapshot"])
    champion_version = Record(ctx.platform, problem.name).champion(before=str(month))
    bench = _Bench(ctx, rows)
    if rows.num_rows:
        if champion_version is not None:
            bench.add("champion", champion_version)
        for one in trained["candidates"]:
            bench.add(one["name"], one["version"])
    verdict = _judge(bench, ctx)
    if verdict.decision == "NONE" or not rows.num_rows:
        verdict = _nothing(trained, rows.num_rows)
    verdict = _in_order(ctx, month, verdict, bench)
    told = {one["name"]: one for one in trained["candidates"]}
    entries = {name: bench.entry(name) for name in bench.models}
    for name, one in told.items():
        if name in entries:
            log_month(ctx.platform, one["run_id"], month, entries[name]["metrics"])
            entries[name] |= {"run_id": one["run_id"], "cv": one["cv"], "params": one["params"]}
    return {
        **verdict.as_dict(),
        "month": str(month),
        "metric": problem.metric,
        "rows": rows.num_rows,
        "snapshot": trained["snapshot"],
        "champion": entries.get("champion"),
        "baseline": entries.get(BASELINE),
        "candidates": [
            {**entries[name], "outcome": verdict.outcomes.get(name)}
            for name in told
            if name in entries and name != BASELINE
        ],
        "predictions": _keep(ctx, month, rows, bench) if bench.models else None,
    }


class _Bench:
    """The month's rows, and the models that predict them."""

    def __init__(self, ctx: Context, rows: pa.Table) -> None:
        self.ctx, self.rows = ctx, rows
        self.models: dict[str, Model] = {}
        self._raw: dict[str, Predictions] = {}
        self._latency: dict[str, float] = {}

    def add(self, name: str, version: int) -> None:
        """Load a version, let it predict every row, and time one row."""
        from threadpoolctl import threadpool_limits

        model = load_version(self.ctx.platform, self.ctx.ml.problem.name, version)
        frame = to_frame(self.rows, model.signature.columns)
        with threadpool_limits(1):  # sums in one order, whatever the number of cores
            values = model.predict(frame)
            self._latency[name] = _latency(model)
        signature = model.signature
        self._raw[name] = Predictions(values, tuple(signature.labels), signature.threshold)
        self.models[name] = model

    def labels(self) -> tuple[str, ...]:
        """Every class that a model knows or the month holds, in one order for all."""
        problem = self.ctx.ml.problem
        mine = KINDS[problem.kind].labels(self.rows[problem.target], problem)
        if problem.kind != "multiclass":
            return mine
        return tuple(sorted(set(mine).union(*(found.labels for found in self._raw.values()))))

    def truth(self) -> np.ndarray:
        problem = self.ctx.ml.problem
        return KINDS[problem.kind].truth(self.rows[problem.target], problem, self.labels())

    def found(self, name: str) -> Predictions:
        return self._raw[name].aligned(self.labels())

    def contender(self, name: str) -> Contender:
        size = self.models[name].size_bytes / 1e6
        return Contender(name, self.found(name), self._latency[name], size)

    def entry(self, name: str) -> dict[str, Any]:
        """What the result says of a model."""
        problem, model = self.ctx.ml.problem, self.models[name]
        truth, found = self.truth(), self.found(name)
        return {
            "name": name,
            "version": model.version,
            "metrics": score(problem, truth, found),
            "detail": KINDS[problem.kind].detail(truth, found),
            "latency_ms": round(self._latency[name], 3),
            "size_mb": round(model.size_bytes / 1e6, 3),
        }


def _judge(bench: _Bench, ctx: Context) -> Verdict:
    names = [name for name in bench.models if name not in ("champion", BASELINE)]
    if not names:
        return Verdict("NONE", None, {})
    champion = bench.contender("champion") if "champion" in bench.models else None
    return judge(
        bench.truth(),
        [bench.contender(name) for name in names],
        bench.contender(BASELINE),
        champion,
        ctx.ml.gate,
        ctx.ml.problem,
        ctx.ml.seed,
    )


def _nothing(trained: Json, rows: int) -> Verdict:
    """The verdict where there is nothing to judge, with the reason."""
    why = trained["reason"] if trained["status"] == "skipped" else "nothing competed"
    sentence = f"No candidate was trained: {why}." if rows else "The month has no rows to judge by."
    return Verdict("NONE", None, {}, [Check("train", None, None, sentence, otherwise="PROMOTE")])


def _in_order(ctx: Context, month: Month, verdict: Verdict, bench: _Bench) -> Verdict:
    """A month before the newest promotion moves nothing, however good its candidate is.

    A version that this very month promoted stays its winner: judging again says the same again.
    """
    newest = newest_promotion(ctx)
    if verdict.decision != "PROMOTE" or newest is None or newest <= str(month):
        return verdict
    winner = bench.models[str(verdict.winner)].version
    entries = Record(ctx.platform, ctx.ml.problem.name).entries()
    mine = [e for e in entries if e["month"] == str(month) and "verdict" in e]
    if mine and mine[-1]["action"] == "promote" and mine[-1]["version"] == winner:
        return verdict
    sentence = (
        f"{verdict.winner} won on {month}, but a model was already promoted on {newest}: "
        "an older month does not replace it."
    )
    outcomes = {n: "HOLD" if o == "PROMOTE" else o for n, o in verdict.outcomes.items()}
    check = Check("order", verdict.winner, False, sentence)
    return Verdict("HOLD", None, outcomes, [*verdict.checks, check])  # pyright: ignore[reportArgumentType]


def newest_promotion(ctx: Context) -> str | None:
    """The newest month (YYYY-MM) on which the flow promoted a model."""
    entries = Record(ctx.platform, ctx.ml.problem.name).entries()
    return max((e["month"] for e in entries if e["action"] == "promote"), default=None)


def _latency(model: Model) -> float:
    """Median milliseconds of predicting one row, from plain columns as serving does."""
    row = {name: values[:1] for name, values in model.signature.example.items()}
    times = []
    for _ in range(LATENCY_CALLS):
        began = time.perf_counter()
        model.predict_columns(row, 1)
        times.append(time.perf_counter() - began)
    return float(np.median(times) * 1000)


def _keep(ctx: Context, month: Month, rows: pa.Table, bench: _Bench) -> str:
    """Write key, truth and every model's predictions as Parquet; returns the path in the artifacts zone."""
    import pyarrow.parquet as pq

    problem = ctx.ml.problem
    names = list(dict.fromkeys([problem.time, *problem.key, problem.target]))
    columns = {name: rows[name] for name in names}
    for name in bench.models:
        found = bench.found(name)
        if found.values.ndim == 1:
            columns[f"predicted_{name}"] = pa.chunked_array([pa.array(found.values)])
            continue
        for i, label in enumerate(found.labels):
            values = np.ascontiguousarray(found.values[:, i])
            columns[f"predicted_{name}_{label}"] = pa.chunked_array([pa.array(values)])
    path = f"predictions/{problem.name}/{month}.parquet"
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream, compression="zstd")
    ctx.artifacts.write(path, stream.getvalue())
    return path
