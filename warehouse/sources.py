"""dbt's sources, written from the data contracts: one file a dataset in `dbt/models/sources/`.

`python -m warehouse.sources` writes them, `--check` only says whether they agree. Rules of rows are
not repeated as dbt tests: the ingestion enforces them before silver.
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from pipelines.contract import Contract, load_contract

HEAD = "# Written from pipelines/contracts/{dataset}.yml by `python -m warehouse.sources`; edit that.\n"

SCHEMA = "{{ env_var('LANDFALL_SCHEMA_SILVER', 'silver') }}"
"""What an engine calls silver; the laptop's is called so."""


def source_text(contract: Contract) -> str:
    """The dbt source of a contract's silver table."""
    columns = []
    for column in contract.columns:
        unit = f" Unit: {column.unit}." if column.unit else ""
        entry: dict[str, object] = {"name": column.name, "description": column.description + unit}
        if column.personal != "none":
            entry["config"] = {"meta": {"personal": column.personal}}
        columns.append(entry)
    table = {
        "name": contract.dataset,
        "description": contract.description,
        "config": {"meta": {"owner": contract.owner, "grain": ", ".join(contract.key)}},
        "columns": columns,
    }
    content = {"sources": [{"name": "silver", "schema": SCHEMA, "tables": [table]}]}
    body = yaml.safe_dump(content, sort_keys=False, width=100, allow_unicode=True)
    return HEAD.format(dataset=contract.dataset) + body


def source_path(dbt_dir: Path, dataset: str) -> Path:
    """Where a dataset's source lies."""
    return dbt_dir / "models" / "sources" / f"{dataset}.yml"


def write_source(dbt_dir: Path, contract: Contract) -> Path:
    """Write the source of one contract; gives its path."""
    path = source_path(dbt_dir, contract.dataset)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source_text(contract), encoding="utf-8")
    return path


def stale_sources(contracts_dir: Path, dbt_dir: Path) -> list[str]:
    """Datasets whose source is not what its contract says."""
    stale = []
    for file in sorted(contracts_dir.glob("*.yml")):
        contract = load_contract(file)
        path = source_path(dbt_dir, contract.dataset)
        if not path.is_file() or path.read_text(encoding="utf-8") != source_text(contract):
            stale.append(contract.dataset)
    return stale


def main() -> int:
    """Write every source, or with `--check` exit 1 where one is stale."""
    from landfall.project import find_project

    project = find_project()
    if "--check" in sys.argv[1:]:
        stale = stale_sources(project.contracts_dir, project.dbt_dir)
        if stale:
            print(
                f"stale dbt sources: {', '.join(stale)}; run python -m warehouse.sources",
                file=sys.stderr,
            )
        return 1 if stale else 0
    for file in sorted(project.contracts_dir.glob("*.yml")):
        print(write_source(project.dbt_dir, load_contract(file)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
