"""The drafted contract: the file's columns as rules, with a DECIDE mark wherever only a person knows."""

from __future__ import annotations

from pipelines.draft.infer import Column
from pipelines.draft.survey import Survey
from pipelines.draft.words import MARK, listed, scalar, sentence, widened


def contract_text(found: Survey, command: str) -> str:
    """`pipelines/contracts/<name>.yml`; refused by its loader until every mark is gone."""
    months = found.months
    lines = [
        f"# Drafted by `{command}` from {found.table.rows:,} rows.",
        "# Lines with a mark in capitals wait for a person: decide, correct the line, take the mark out.",
        f"# `landfall dataset check {found.name}` lists what is left; docs/contracts.md explains each field.",
        f"dataset: {found.name}",
        f'description: "{MARK} one sentence: what is one row, and where does it come from?"',
        f'owner: "{MARK} who answers for this data, as data-team@example.com"',
        "kind: events",
        *_key(found),
        f"time: {found.time.name}",
        *_null_values(found),
        *_timezone(found),
        f"# Months held {min(months.counts.values()):,} to {max(months.counts.values()):,} rows, "
        f"{months.usual:,} as a rule; a batch outside these bounds is refused.",
        f"volume: {{ min_rows: {max(1, months.usual // 2)}, max_rows: {2 * max(months.counts.values())} }}",
        f"# {MARK} read the columns below, correct and describe them, add units; then delete this mark.",
        "#   Descriptions come from the headers alone; ranges and allowed values are what the file showed,",
        "#   widened, and rows outside them go to quarantine. A column that is known only after",
        f"#   {found.target.name}: name it in ml.problem.exclude of stacks/Pulumi.{found.name}-local-dev.yaml.",
        "columns:",
    ]
    for column in found.columns:
        lines += _column(found, column)
    return "\n".join(lines) + "\n"


def _key(found: Survey) -> list[str]:
    key = found.key
    lines = [
        f"# {MARK} is this what tells two rows apart? A second row of the same key replaces the first.",
    ]
    if key.clashes:
        lines.append(
            f"#   No small set of columns is unique: {key.clashes:,} rows share these with another row "
            "and would be lost."
        )
    else:
        lines.append("#   It is the smallest set with the time that no two different rows share.")
    if key.same:
        lines.append(f"#   {key.same:,} rows are wholly the same as another one and count once.")
    return [*lines, f"key: {listed(key.columns)}"]


def _null_values(found: Survey) -> list[str]:
    seen = {mark: column.name for column in found.columns for mark in column.markers}
    lines = [f"# {scalar(mark)} was seen in {name}." for mark, name in sorted(seen.items())]
    return [*lines, f"null_values: {listed(['', *sorted(seen)])}"]


def _timezone(found: Survey) -> list[str]:
    naive = [c.name for c in found.columns if c.type == "timestamp" and not c.zoned]
    if not naive:
        return []
    return [
        f"# {MARK} in which zone is {', '.join(naive)} written? The file does not say.",
        "#   UTC, or a name as America/New_York; a wrong zone moves rows into other days and months.",
        "timezone: UTC",
    ]


def _column(found: Survey, column: Column) -> list[str]:
    """The marks above a column, and the column on one line."""
    lines = []
    if column.other_format:
        lines.append(
            f"  # {MARK} day or month first? Every value fits {column.format} and {column.other_format}."
        )
    if column.personal != "none":
        lines.append(
            f"  # {MARK} personal data? {column.why_personal.capitalize()}. Keep the tag (the column is "
            "masked, and no model sees it), or write personal: none and add it to the feature model."
        )
    if column.name in found.leaks:
        told = found.leaks[column.name]
        lines += [
            f"  # {MARK} does it give {found.target.name} away? It alone tells {told:.1%} of it. If it is known only",
            "  #   afterwards, leave it in ml.problem.exclude of the stack's file; if before, take it out there.",
        ]
    if column.note:
        lines.append(f"  # Note: {column.note}.")
    if column.unreadable:
        lines.append(f"  # Not readable as a time: {listed(column.unreadable)}.")
    fields = [f"name: {column.name}", f"type: {scalar(column.type)}"]
    if column.header != column.name:
        fields.append(f"header: {scalar(column.header)}")
    if column.format:
        fields.append(f"format: {scalar(column.format)}")
    required = column.missing == 0 or column is found.time or column.name in found.key.columns
    if required:
        fields.append("nullable: false")
    fields += _bounds(found, column)
    if column.personal != "none":
        fields.append(f"personal: {column.personal}")
    fields.append(f"description: {scalar(sentence(column.header))}")
    return [*lines, f"  - {{ {', '.join(fields)} }}"]


def _bounds(found: Survey, column: Column) -> list[str]:
    if column.levels:
        return [f"allowed: {listed(sorted(column.levels))}"]
    if column is found.target and found.kind == "multiclass" and column.type == "string":
        levels = sorted(column.values.drop_null().unique().to_pylist())
        return [f"allowed: {listed(levels)}"]
    if not column.is_number or column.low is None or column.high is None:
        return []
    if column.identifies and column.type in ("int", "long"):  # a number that grows has no end
        return ["range: [0, null]"] if column.low >= 0 else []
    least, most = widened(column.low, column.high)
    return [f"range: [{scalar(least)}, {scalar(most)}]"]
