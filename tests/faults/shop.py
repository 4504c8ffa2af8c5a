"""A shop of one's own for the tests of faults: a project with stack, contracts, dbt models and few rows.

Two datasets (orders by the month, a list of customers), one feature table, one candidate beside the
baseline: every step of the flow does its real work, in seconds. Knows nothing of faults.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from landfall.month import Month
from landfall.project import Project
from pipelines.context import Context, open_context
from pipelines.contract import load_contract
from warehouse.sources import write_source

ROOT = Path(__file__).resolve().parents[2]
STACK = "shop-local-dev"
JANUARY, FEBRUARY, MARCH = Month(2024, 1), Month(2024, 2), Month(2024, 3)
HEADER = "id,at,customer,items,price,kind,late"

INTENT: dict[str, Any] = {
    "client": {"name": "Shop", "slug": "shop"},
    "environment": "dev",
    "cloud": {"provider": "local"},
    "sources": [
        {"kind": "file", "dataset": "orders", "path": "drop/orders-{month}.csv"},
        {"kind": "file", "dataset": "customers", "path": "drop/customers.csv"},
    ],
    "ml": {
        "problem": {
            "name": "late_order", "kind": "binary", "table": "features_orders", "time": "at",
            "key": ["id"], "target": "late", "metric": "pr_auc",
        },
        "cadence": {"window_months": 1},
        "candidates": ["linear"],
        "tuning": {"trials": 1, "folds": 2, "sample": 300},
        "gate": {"min_rows": 50, "max_latency_ms": 5000},
    },
}  # fmt: skip

ORDERS: dict[str, Any] = {
    "dataset": "orders",
    "description": "Orders of a shop",
    "owner": "shop@example.com",
    "kind": "events",
    "key": ["at", "id"],
    "time": "at",
    "volume": {"min_rows": 50, "max_rows": 1000},
    "columns": [
        {"name": "id", "type": "int", "nullable": False, "description": "number"},
        {"name": "at", "type": "timestamp", "nullable": False, "description": "when"},
        {"name": "customer", "type": "int", "description": "who"},
        {"name": "items", "type": "int", "range": [1, 100], "description": "how many"},
        {"name": "price", "type": "double", "range": [0, 10000], "description": "paid"},
        {"name": "kind", "type": "string", "allowed": ["web", "desk"], "description": "where"},
        {"name": "late", "type": "int", "range": [0, 1], "description": "came late"},
    ],
}
CUSTOMERS: dict[str, Any] = {
    "dataset": "customers",
    "description": "Customers of a shop",
    "owner": "shop@example.com",
    "kind": "reference",
    "key": ["customer"],
    "columns": [
        {"name": "customer", "type": "int", "nullable": False, "description": "number"},
        {"name": "city", "type": "string", "description": "where they live"},
    ],
}
FEATURES = """-- What is known of an order when it is placed, and whether it came late.
select o.at, o.id, o.items, o.price, o.kind, coalesce(c.city, 'unknown') as city, o.late
from {{ source('silver', 'orders') }} as o
left join {{ source('silver', 'customers') }} as c on c.customer = o.customer
where {{ in_month('o.at') }}
"""


def make_shop(root: Path, months: tuple[Month, ...] = (JANUARY, FEBRUARY, MARCH)) -> Project:
    """A project at `root` with the files of `months` in its drop folder; its home is `root`/home."""
    for folder in ("stacks", "pipelines/contracts", "drop"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "Pulumi.yaml").write_text("name: shop\n", encoding="utf-8")
    write_stack(root, INTENT)
    project = Project(root=root, home=root / "home")
    dbt = project.dbt_dir
    shutil.copytree(ROOT / "warehouse" / "dbt", dbt, ignore=shutil.ignore_patterns("models", "assert_*", "target", "logs"))  # fmt: skip
    (dbt / "models" / "features").mkdir(parents=True)
    (dbt / "models" / "features" / "features_orders.sql").write_text(FEATURES, encoding="utf-8")
    for contract in (ORDERS, CUSTOMERS):
        path = project.contracts_dir / f"{contract['dataset']}.yml"
        path.write_text(yaml.safe_dump(contract), encoding="utf-8")
        write_source(dbt, load_contract(path))
    cities = "".join(f"{n},{['Ulm', 'Bonn', 'Jena'][n % 3]}\n" for n in range(40))
    (root / "drop" / "customers.csv").write_text(f"customer,city\n{cities}", encoding="utf-8")
    for month in months:
        write_orders(root, month)
    return project


def write_stack(root: Path, intent: dict[str, Any]) -> None:
    """The stack's file, with this intent."""
    text = yaml.safe_dump({"config": {"landfall:intent": intent}}, sort_keys=False)
    (root / "stacks" / f"Pulumi.{STACK}.yaml").write_text(text, encoding="utf-8")


def order_lines(month: Month, rows: int = 300) -> list[str]:
    """Orders of a month; in March what makes an order late is turned round, so February's model fails.

    Two rows in each hundred are faulty, and one repeats the row before it.
    """
    random = np.random.default_rng([month.year, month.month])
    sign = -1 if month == MARCH else 1
    lines = []
    for number in range(rows):
        day, hour = 1 + number * 27 // rows, int(random.integers(0, 24))
        items, price = int(random.integers(1, 20)), round(float(random.gamma(3, 20)), 2)
        kind = "web" if random.random() < 0.6 else "desk"
        chance = 1 / (1 + np.exp(-sign * (0.4 * (items - 10) + (1.5 if kind == "web" else -1.5))))
        late = int(random.random() < chance)
        if number % 100 == 50:
            items, kind = -5, "post"
        moment = f"{month}-{day:02d}T{hour:02d}:15:00Z"
        lines.append(f"{number},{moment},{number % 45},{items},{price},{kind},{late}")
        if number % 100 == 70:
            lines.append(lines[-1])
    return lines


def write_orders(root: Path, month: Month, rows: int = 300) -> Path:
    """The month's file in the drop folder."""
    path = root / "drop" / f"orders-{month}.csv"
    path.write_text("\n".join([HEADER, *order_lines(month, rows)]) + "\n", encoding="utf-8")
    return path


def shop_context(project: Project) -> Context:
    """The shop's Context, as the next command would have it."""
    return open_context(STACK, project)


def environment(project: Project, **more: str) -> dict[str, str]:
    """What a `landfall` of this project runs in: its own home, the checkout's downloads."""
    own = {
        "LANDFALL_PROJECT": str(project.root),
        "LANDFALL_HOME": str(project.home),
        "LANDFALL_CACHE": str(ROOT / ".cache"),
        "LANDFALL_STACK": STACK,
        "LANDFALL_USER": "tester",
        "PYTHONPATH": str(ROOT),
    }
    return os.environ | own | more


def landfall(project: Project, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the `landfall` command of this project to its end; keyword arguments are variables."""
    return subprocess.run(
        [sys.executable, "-m", "landfall.cli", *words], cwd=project.root, text=True,
        env=environment(project, **more), capture_output=True, check=False, timeout=600,
    )  # fmt: skip
