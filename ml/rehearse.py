"""A rehearsal: every candidate on a few rows, from fit to a prediction by the stored model; nothing is kept.

Finds in seconds what would fail after hours of training: a column that no encoder takes, a candidate that needs more
memory, a model that does not answer as it was trained. Leaves out whether a model is any good.
"""

from __future__ import annotations

import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

from landfall.errors import LandfallError
from landfall.month import Month
from ml.candidates import BASELINE
from ml.data import current_snapshot, read_rows
from ml.tracking import quiet_mlflow
from ml.train import fit_all, prepare
from ml.windows import training_window
from pipelines.context import Context, Json

if TYPE_CHECKING:
    import pyarrow as pa

    from landfall.intent.ml import ML
    from ml.tuning import Fitted, Training


def rehearse(ctx: Context, month: Month, rows: int) -> Json:
    """Rehearse the training for `month` on at most `rows` rows of its window.

    Returns `month`, `rows`, `ok` and `candidates`: each `name`, `ok`, `reason`, `seconds`, `peak_mb` (of Python's own
    memory). Raises LandfallError where the window holds too little to rehearse with.
    """
    quiet_mlflow()
    window = training_window(month, ctx.ml.cadence)
    found = read_rows(ctx, window, current_snapshot(ctx))
    few = _thinned(found, rows)
    data, unfit = prepare(ctx.ml, few)
    if unfit:
        raise LandfallError(
            f"There is nothing to rehearse {month} with: {unfit}.",
            fix=f"Run the months before it, or give more rows: landfall model rehearse --month {month} --rows 2000",
        )
    quick = ctx.ml.model_copy(update={"tuning": ctx.ml.tuning.model_copy(update={"trials": 1})})
    told = [_one(name, data, quick) for name in dict.fromkeys([BASELINE, *ctx.ml.candidates])]
    return {
        "month": str(month),
        "rows": few.num_rows,
        "ok": all(one["ok"] for one in told),
        "candidates": told,
    }


def _thinned(found: pa.Table, rows: int) -> pa.Table:
    """At most `rows` rows, evenly over the window: the same ones each time."""
    if found.num_rows <= rows:
        return found
    step = found.num_rows / rows
    return found.take([int(i * step) for i in range(rows)])


def _one(name: str, data: Training, ml: ML) -> Json:
    began = time.monotonic()
    tracemalloc.start()
    reason = ""
    try:
        (fitted,) = fit_all([name], data, ml)
        _answers_as_stored(fitted, data)
    except Exception as error:  # whatever it is, it would also end the training
        reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:300]
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return {
        "name": name,
        "ok": not reason,
        "reason": reason,
        "seconds": round(time.monotonic() - began, 2),
        "peak_mb": round(peak / 1e6, 1),
    }


def _answers_as_stored(fitted: Fitted, data: Training) -> None:
    """Store the model in a folder that goes away; it is read back and held to its own example."""
    from ml.store import write_files

    with tempfile.TemporaryDirectory(prefix="landfall-rehearsal-") as folder:
        write_files(Path(folder) / "model", fitted, data)
