"""SQL as an engine's dialect has it, by sqlglot: reads `{"dialect": …, "sql": {name: text}}`, prints what is wrong by name.

Runs in `.venv-stand-ins`, where sqlglot is. Besides what cannot be parsed, a function that sqlglot knows in no
dialect is wrong, and a statement that it would hand on unread. Leaves out types, and whether a name is there.
"""

from __future__ import annotations

import json
import sys

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError


def fault(sql: str, dialect: str) -> str:
    """What is wrong with one statement; empty where nothing is."""
    try:
        trees = sqlglot.parse(sql, read=dialect, error_level=ErrorLevel.RAISE)
    except SqlglotError as error:
        return str(error)[:300]
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        return "not one query"
    unknown = {found.name for found in trees[0].find_all(exp.Anonymous)}
    return f"unknown functions: {', '.join(sorted(unknown))}" if unknown else ""


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    found = {name: fault(sql, asked["dialect"]) for name, sql in asked["sql"].items()}
    json.dump({name: text for name, text in found.items() if text}, sys.stdout)
