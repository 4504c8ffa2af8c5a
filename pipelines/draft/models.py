"""The drafted dbt models: staging as the contract has it, and features that a model may learn from.

Features are every other column, the calendar of the time, and, where the time alone is the key, the
target of the row before. Leaves out joins and longer histories: they are SQL that a person adds.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.draft.infer import Column
from pipelines.draft.survey import Survey
from pipelines.draft.words import RESERVED, scalar, sentence, unused

OWNER = "as in pipelines/contracts/{name}.yml"
_LAKE = ("month",)
"""A column that gold adds itself."""


def staging_sql(found: Survey) -> str:
    """`staging/stg_<name>.sql`."""
    columns = ",\n    ".join(_staged(column) for column in found.columns)
    return (
        f"-- One row of {found.name} as its contract has it; moments in UTC, without zone.\n"
        f"select\n    {columns}\nfrom {{{{ source('silver', '{found.name}') }}}}\n"
    )


def _staged(column: Column) -> str:
    if column.type != "timestamp":
        return quoted(column.name)
    argument = f"adapter.quote('{column.name}')" if column.name in RESERVED else f"'{column.name}'"
    return f"{{{{ utc_timestamp({argument}) }}}} as {quoted(column.name)}"


def quoted(name: str) -> str:
    """A column's name as SQL takes it."""
    return f"{{{{ adapter.quote('{name}') }}}}" if name in RESERVED else name


def staging_yml(found: Survey) -> str:
    """`staging/stg_<name>.yml`."""
    described = {column.name: _meaning(column) for column in found.columns}
    return _yml(f"stg_{found.name}", f"Rows of {found.name}, typed.", found, described, [])


def features_of(found: Survey) -> dict[str, tuple[str, str]]:
    """Column of the feature model → its SQL and what it means, in the model's order."""
    chosen: dict[str, tuple[str, str]] = {}
    head = [found.time.name, *(name for name in found.key.columns if name != found.time.name)]
    known = {column.name: column for column in found.columns}
    for name in [*dict.fromkeys([*head, found.target.name])]:
        chosen[_free(name)] = (_as(name, _free(name)), _meaning(known[name]))
    for column in _learnable(found):
        chosen.setdefault(
            _free(column.name), (_as(column.name, _free(column.name)), _meaning(column))
        )
    for name, (sql, meaning) in _made(found).items():
        free = unused(name, chosen)
        chosen[free] = (f"{sql} as {free}", meaning)
    return chosen


def _free(name: str) -> str:
    return f"{name}_given" if name in _LAKE else name


def _as(name: str, given: str) -> str:
    return quoted(name) if name == given else f"{quoted(name)} as {given}"


def _learnable(found: Survey) -> list[Column]:
    return [
        column
        for column in found.others
        if column.personal == "none" and column.type not in ("date", "timestamp")
    ]


def left_out(found: Survey) -> dict[str, str]:
    """Columns that the feature model leaves out, with the reason."""
    return {
        column.name: "personal data" if column.personal != "none" else "a time"
        for column in found.others
        if column not in _learnable(found) and column.name not in found.key.columns
    }


def _made(found: Survey) -> dict[str, tuple[str, str]]:
    """Calendar and history: wanted name → SQL and meaning."""
    time, target = quoted(found.time.name), found.target.name
    made = {
        "month_of_year": (f"cast(extract(month from {time}) as integer)", "Month, 1 to 12."),
        "day_of_week": (
            f"{{{{ iso_day_of_week(date_of({_argument(found.time.name)})) }}}}",
            "Day of the week, 1 (Monday) to 7 (Sunday).",
        ),
    }
    if found.time.type == "timestamp":
        made["hour_of_day"] = (
            f"cast(extract(hour from {time}) as integer)", "Hour of the day, UTC, 0 to 23.",
        )  # fmt: skip
    if found.is_series:
        made[f"{target}_before"] = (
            f"lag({quoted(target)}) over (order by {time})",
            f"{sentence(found.target.header)[:-1]} of the row before; null for the first.",
        )
    return made


def _argument(name: str) -> str:
    return f"adapter.quote('{name}')" if name in RESERVED else f"'{name}'"


def features_sql(found: Survey) -> str:
    """`features/features_<name>.sql`."""
    columns = [f"    {sql}" for sql, _ in features_of(found).values()]
    comments = [
        f"-- What is known before {found.target.name} is known, and {found.target.name} itself (the target)."
    ]
    if found.is_series:
        comments.append(
            "-- The row before is looked up in all rows; only then is the month cut out (`in_month`)."
        )
    comments += [f"-- Left out: {name} ({reason})." for name, reason in left_out(found).items()]
    body = ",\n".join(columns)
    month = f"{{{{ in_month({_argument(_free(found.time.name))}) }}}}"
    return (
        "\n".join(comments)
        + f"\nwith features as (\n    select\n{_indented(body)}\n"
        + f"    from {{{{ ref('stg_{found.name}') }}}}\n)\n\nselect *\nfrom features\nwhere {month}\n"
    )


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def features_yml(found: Survey) -> str:
    """`features/features_<name>.yml`."""
    described = {name: meaning for name, (_, meaning) in features_of(found).items()}
    target = _free(found.target.name)
    described[target] = f"Target. {described[target]}"
    key = [_free(name) for name in found.key.columns]
    what = f"What is known before {found.target.name}, and {found.target.name} itself."
    return _yml(f"features_{found.name}", what, found, described, key)


def _meaning(column: Column) -> str:
    moment = " UTC, without zone." if column.type == "timestamp" else ""
    return sentence(column.header) + moment


def _yml(
    model: str, what: str, found: Survey, described: dict[str, str], tested: Iterable[str]
) -> str:
    key = ", ".join(found.key.columns)
    lines = [
        "models:",
        f"  - name: {model}",
        f"    description: {scalar(what)}",
        "    config:",
        "      meta:",
        f"        grain: {scalar(f'one row of {found.name} ({key})')}",
        f"        owner: {scalar(OWNER.format(name=found.name))}",
    ]
    if tested:
        columns = ", ".join(
            f"\"{{{{ adapter.quote('{name}') }}}}\"" if name in RESERVED else name
            for name in tested
        )
        lines += [
            "    data_tests:",
            "      - row_key:",
            f"          arguments: {{ columns: [{columns}] }}",
        ]
    lines.append("    columns:")
    for name, meaning in described.items():
        lines += [f"      - name: {name}", f"        description: {scalar(meaning)}"]
        if name in RESERVED:
            lines.append("        quote: true")
    return "\n".join(lines) + "\n"
