"""Small gold tables in a temporary home, for the tests of profile and drift."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from landfall.intent import parse_intent
from landfall.local import local_platform
from landfall.month import Month
from landfall.project import Project
from pipelines.context import Context

CONTRACT = """
dataset: orders
description: Orders of a shop
owner: shop@example.com
kind: events
key: [id]
time: at
columns:
  - {name: id, type: long, description: number of the order}
  - {name: at, type: timestamp, description: when it was placed}
  - {name: email, type: string, description: who placed it, personal: contact}
  - {name: age, type: int, description: age of the buyer, personal: sensitive}
"""


def open_shop(home: Path, **drift: object) -> Context:
    """A Context of a made-up shop; `drift` replaces settings of intent.ml.drift."""
    project = Project(root=home / "project", home=home / "home")
    project.contracts_dir.mkdir(parents=True)
    (project.contracts_dir / "orders.yml").write_text(CONTRACT)
    problem = {"name": "returned", "kind": "binary", "table": "features_orders", "time": "at",
               "key": ["id"], "target": "late", "metric": "pr_auc"}  # fmt: skip
    raw = {
        "client": {"name": "Shop", "slug": "shop"},
        "environment": "dev",
        "cloud": {"provider": "local"},
        "sources": [{"kind": "file", "dataset": "orders", "path": "orders.csv", "time": "at"}],
        "ml": {"problem": problem, "drift": drift},
    }
    intent = parse_intent(raw, "the test")
    return Context(project, "shop", intent, local_platform(intent, "shop", project.home))


def orders(
    month: Month, rows: int, seed: int = 0, shift: float = 0.0, late: float = 0.3
) -> pa.Table:
    """A month of orders: two numbers, a category, masked columns, the target; `shift` in deviations."""
    rng = np.random.default_rng([seed, *month])
    seconds = np.sort(rng.integers(0, 27 * 86400, rows))
    return pa.table(
        {
            "id": np.arange(rows),
            "at": pa.array(
                [month.start + timedelta(seconds=int(s)) for s in seconds], pa.timestamp("us")
            )
            if rows < 100_000
            else pa.array(np.datetime64(month.start, "us") + seconds.astype("timedelta64[s]")),
            "amount": rng.lognormal(3, 0.5, rows) * np.exp(0.5 * shift),
            "weight": rng.normal(10 + 2 * shift, 2, rows),
            "colour": rng.choice(["red", "green", "blue"], rows, p=[0.5, 0.3, 0.2]),
            "email": pa.array([f"p{i}@example.com" for i in rng.integers(0, 50, rows)]),
            "age": rng.integers(18, 90, rows),
            "late": (rng.random(rows) < late).astype(np.int64),
            "month": pa.array([str(month)] * rows),
        }
    )


def publish(ctx: Context, *tables: pa.Table) -> None:
    """Make (or extend) the gold table."""
    table = ctx.catalog.create_table_if_not_exists("gold.features_orders", schema=tables[0].schema)
    for one in tables:
        table.append(one)
