"""The report's charts, each a function from numbers to one SVG. Colours are CSS classes.

Series differ by shape and label as well as by colour. Leaves out tables and everything in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from landfall.report import svg, words

SHAPES = {"baseline": "square", "linear": "circle", "boosting": "triangle", "mlp": "diamond"}


@dataclass(frozen=True)
class Series:
    """One line of a chart: a value a month, None where there is none."""

    name: str
    label: str
    values: Sequence[float | None]


def column(
    value: float | None, most: float, height: int = 56, width: int = 30, class_: str = "fill"
) -> Markup:
    """One column of the year's strip, standing on its floor; decoration, the number stands beside it."""
    tall = height * (value or 0) / most if most > 0 else 0
    bars = [
        svg.bar(0, height - max(tall, 1.0), width, max(tall, 1.0), class_),
    ]
    return svg.drawing(width, height, "", bars, "column")


def metric_chart(
    months: Sequence[str],
    series: Sequence[Series],
    champion: Sequence[float | None],
    promoted: Sequence[int],
    label: str,
) -> Markup:
    """Candidates month by month as marks, the champion as a line; promotions as ticks on the axis."""
    width, height, left, right, top, bottom = 960, 330, 52, 132, 18, 40
    every = [v for s in [*(x.values for x in series), champion] for v in s if v is not None]
    if not every:
        return Markup("")
    grid = svg.ticks(min(every), max(every), 6)
    y = svg.scale(grid[0], grid[-1], height - bottom, top)
    step = (width - left - right) / max(1, len(months))
    x = [left + step * (i + 0.5) for i in range(len(months))]
    parts = []
    for value in grid:
        parts += [
            svg.line(left, y(value), width - right, y(value), "grid"),
            svg.text(left - 10, y(value) + 4, words.short(value), "tick", "end"),
        ]
    for i, month in enumerate(months):
        parts.append(svg.text(x[i], height - bottom + 22, month, "tick", "middle"))
        if i in promoted:
            parts.append(
                svg.bar(x[i] - step / 2 + 3, top, step - 6, height - bottom - top, "promoted-band")
            )
    parts += _champion(x, y, champion)
    ends = []
    rivals = [one for one in series if one.name != "baseline"]
    for one in series:
        shape = SHAPES.get(one.name, "circle")
        aside = (
            0.0
            if one.name == "baseline"
            else (rivals.index(one) - (len(rivals) - 1) / 2) * min(11, step / 6)
        )
        points = [(x[i] + aside, y(v), v) for i, v in enumerate(one.values) if v is not None]
        if one.name == "baseline":
            parts.append(svg.polyline([(a, b) for a, b, _ in points], "line baseline"))
        for a, b, v in points:
            parts.append(
                svg.marker(shape, a, b, 4.6, f"mark {one.name}", f"{one.label}: {words.figure(v)}")
            )
        if points:
            ends.append((points[-1][1], one))
    parts += _legend(ends, champion, y, x=width - right + 14, low=top + 6, high=height - bottom)
    return svg.drawing(width, height, label, parts)


def _champion(x: Sequence[float], y, champion: Sequence[float | None]) -> list[Markup]:
    runs: list[list[tuple[float, float]]] = [[]]
    for i, value in enumerate(champion):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((x[i], y(value)))
    parts = [svg.polyline(run, "line champion") for run in runs if len(run) > 1]
    return parts + [
        svg.marker("circle", *run[0], 3.0, "champion-dot") for run in runs if len(run) == 1
    ]


def _legend(ends, champion, y, *, x: float, low: float, high: float) -> list[Markup]:
    """Labels at the right edge, beside where their series end, pushed apart where they would collide."""
    last = next((v for v in reversed(champion) if v is not None), None)
    rows = [(at, one.name, one.label) for at, one in ends]
    if last is not None:
        rows.append((y(last), "champion", "Champion"))
    rows.sort()
    placed: list[float] = []
    for at, _, _ in rows:
        placed.append(max(at, placed[-1] + 19 if placed else low))
    over = (placed[-1] - high) if placed else 0
    if over > 0:
        placed = [at - over for at in placed]
    parts = []
    for at, (_, name, label) in zip(placed, rows, strict=True):
        if name == "champion":
            parts.append(svg.line(x - 6, at, x + 8, at, "line champion"))
        else:
            parts.append(svg.marker(SHAPES.get(name, "circle"), x + 1, at, 4.6, f"mark {name}"))
        parts.append(svg.text(x + 14, at + 4, label, "legend"))
    return parts


def small_histogram(distribution: dict, label: str) -> Markup:
    """A feature's distribution in little: bars, and the axis's two ends."""
    width, height, floor = 220, 74, 56
    counts, edges = distribution["counts"], distribution["edges"]
    most = max(counts) or 1
    step = width / len(counts)
    parts = [
        svg.bar(i * step + 0.5, floor - floor * n / most, step - 1, floor * n / most, "fill",
                f"{words.short(edges[i])} to {words.short(edges[i + 1])}: {n:,}")
        for i, n in enumerate(counts) if n
    ]  # fmt: skip
    parts += [
        svg.line(0, floor + 0.5, width, floor + 0.5, "axis"),
        svg.text(0, height - 3, words.short(edges[0]), "tick"),
        svg.text(width, height - 3, words.short(edges[-1]), "tick", "end"),
    ]
    return svg.drawing(width, height, label, parts, "small")


def small_levels(distribution: dict, total: int, label: str, rows: int = 4) -> Markup:
    """A category's most frequent levels as bars with their share."""
    width, height, step = 220, 74, 18
    shown = distribution["values"][:rows]
    rest = total - sum(one["count"] for one in shown)
    if rest > 0 and len(shown) == rows:
        shown = shown[:-1]
        rest = total - sum(one["count"] for one in shown)
    lines = [(one["value"], one["count"], "fill") for one in shown]
    if rest > 0:
        lines.append(("all others", rest, "fill faint"))
    most = max((n for _, n, _ in lines), default=1)
    parts = []
    for i, (name, n, class_) in enumerate(lines):
        top = i * step
        parts += [
            svg.text(0, top + 12, name if len(name) <= 11 else name[:10] + "…", "tick"),
            svg.bar(78, top + 2, 98 * n / most, 11, class_, f"{name}: {n:,}"),
            svg.text(width, top + 12, words.share(n / total, 0) if total else "–", "tick", "end"),
        ]
    return svg.drawing(width, height, label, parts, "small")


def stacked_seconds(
    rows: Sequence[tuple[str, dict[str, float]]], steps: Sequence[str], label: str
) -> Markup:
    """A bar a month of wall seconds, cut by step; the total at its end."""
    step, left, right, top = 24, 64, 70, 30
    width, height = 960, top + step * len(rows) + 6
    most = max((sum(one.values()) for _, one in rows), default=0)
    if most <= 0:
        return Markup("")
    x = svg.scale(0, most, left, width - right)
    parts = []
    for value in svg.ticks(0, most, 6):
        if x(value) <= width - right + 1:
            parts += [
                svg.line(x(value), top - 6, x(value), height - 6, "grid"),
                svg.text(x(value), top - 12, f"{words.short(value)} s", "tick", "middle"),
            ]
    for i, (month, seconds) in enumerate(rows):
        at, start = top + i * step, 0.0
        parts.append(svg.text(left - 10, at + 14, month, "tick", "end"))
        for name in steps:
            span = seconds.get(name, 0.0)
            parts.append(
                svg.bar(
                    x(start),
                    at + 3,
                    max(0, x(start + span) - x(start) - 0.6),
                    step - 9,
                    f"step-{name}",
                    f"{name}: {words.duration(span)}",
                )
            )
            start += span
        parts.append(svg.text(x(start) + 8, at + 14, words.duration(start), "tick"))
    return svg.drawing(width, height, label, parts)
