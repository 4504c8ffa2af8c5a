"""What to impute, drop or look at in a profiled month, and why: the rules, one function each.

Advice for people; nothing acts on it. The rules, in the order in which they are tried:

| rule | when | advice |
| --- | --- | --- |
| empty | no value at all | drop |
| constant | one value everywhere | drop |
| identifier | text that differs in 90 % of the rows | drop |
| mostly missing | over 60 % missing | drop |
| missing | any missing | impute: median (numbers), own level `missing` (categories); over 5 %: a flag besides |
| infinite | any infinite number | treat as missing |
| many levels | over 50 levels | group rare levels or encode by frequency |
| outliers | over 1 % beyond three interquartile ranges | cap, or scale robustly |
| leak | association with the target of 0.95 or more | check that it is known before the event |
| twins | two numbers or two categories with an association of 0.95 or more | drop the one that says less of the target |
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.context import Json

MOSTLY_MISSING = 0.6
FLAG_MISSING = 0.05
IDENTIFIER = 0.9
MANY_LEVELS = 50
OUTLIERS = 0.01
SAME = 0.95


def advise(columns: list[Json], pairs: list[Json], with_target: list[Json]) -> list[Json]:
    """Findings as {column, rule, action, why}; features only, then pairs. Empty tables give none."""
    found = []
    for column in columns:
        if column["role"] == "target" and column["missing"]:
            found.append(_finding(column, "target missing", "drop rows", f"{_share(column['missing_share'])} of the rows carry no label, so they can neither teach nor judge"))  # fmt: skip
        if column["role"] == "feature" and column["count"] + column["missing"]:
            found += _drop(column) or [*_mend(column)]
    gone = {one["column"] for one in found if one["action"] == "drop"}
    return [*found, *_leaks(with_target), *_twins(pairs, with_target, gone)]


def _finding(column: Json, rule: str, action: str, why: str) -> Json:
    return {"column": column["name"], "rule": rule, "action": action, "why": why}


def _share(value: float) -> str:
    return f"{value:.1%}" if value >= 0.001 else "under 0.1%"


def _drop(column: Json) -> list[Json]:
    """The one reason, if any, for which a feature is of no use."""
    rows = column["count"] + column["missing"]
    if not column["count"]:
        return [_finding(column, "empty", "drop", "no row has a value")]
    if column["cardinality"] == 1 and not column["missing"]:
        return [
            _finding(
                column, "constant", "drop", "every row has the same value, so it explains nothing"
            )
        ]
    if column["kind"] == "category" and rows >= 100 and column["cardinality"] >= IDENTIFIER * rows:
        return [_finding(column, "identifier", "drop", "nearly every row has a value of its own, so nothing can be learnt from it")]  # fmt: skip
    if column["missing_share"] > MOSTLY_MISSING:
        return [_finding(column, "mostly missing", "drop", f"{_share(column['missing_share'])} of the rows have no value")]  # fmt: skip
    return []


def _mend(column: Json) -> Iterator[Json]:
    number = column["kind"] == "number"
    if column["missing"]:
        how = (
            "the median, which outliers do not move" if number else "a level of its own, 'missing'"
        )
        flag = (
            "; enough are missing that a flag 'was missing' may carry news"
            if column["missing_share"] > FLAG_MISSING
            else ""
        )
        yield _finding(column, "missing", "impute", f"{_share(column['missing_share'])} missing: fill with {how}{flag}")  # fmt: skip
    if column.get("infinite"):
        yield _finding(
            column, "infinite", "impute", f"{column['infinite']:,} infinite values count as missing"
        )
    if column["kind"] == "category" and column["cardinality"] > MANY_LEVELS:
        yield _finding(column, "many levels", "encode", f"{column['cardinality']:,} levels: group the rare ones, or encode by frequency")  # fmt: skip
    outliers = column.get("outliers")
    if outliers and outliers["share"] > OUTLIERS:
        yield _finding(column, "outliers", "cap", f"{_share(outliers['share'])} lie beyond {outliers['low']:,.4g} to {outliers['high']:,.4g}: cap them or scale robustly")  # fmt: skip


def _leaks(with_target: list[Json]) -> Iterator[Json]:
    for one in with_target:
        if abs(one["strength"]) >= SAME:
            yield {"column": one["name"], "rule": "leak", "action": "check", "why": f"association with the target is {one['strength']:.2f}: make sure it is known before the event"}  # fmt: skip


def _twins(pairs: list[Json], with_target: list[Json], gone: set[str]) -> Iterator[Json]:
    """Walks the pairs from the strongest down; a column that was advised to go counts as gone."""
    told = {one["name"]: abs(one["strength"]) for one in with_target}
    for pair in pairs:
        a, b = pair["a"], pair["b"]
        if abs(pair["strength"]) < SAME or a in gone or b in gone:
            continue
        if pair["measure"] == "eta":  # the category fixes the number, seldom the other way round
            continue
        weaker, other = (a, b) if told.get(a, 0) < told.get(b, 0) else (b, a)
        gone.add(weaker)
        yield {"column": weaker, "rule": "twins", "action": "drop", "why": f"says the same as {other} ({pair['measure'].replace('_', ' ')} {pair['strength']:.2f}) and less of the target"}  # fmt: skip
