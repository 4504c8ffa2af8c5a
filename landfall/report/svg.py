"""A few functions that write SVG by hand: elements, a linear scale, round ticks.

Colours come from the page's CSS classes, so light, dark and print need no second drawing. Leaves out
every particular chart (`charts.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from markupsafe import Markup, escape


def number(value: float) -> str:
    """A coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if math.isfinite(value) else "0"


def element(name: str, content: str | Markup = "", /, **attributes: object) -> Markup:
    """One element; `class_` and `stroke_width` become `class` and `stroke-width`; text is escaped."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(number(value) if isinstance(value, float) else value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{written}>{escape(content)}</{name}>")


def join(parts: Iterable[Markup]) -> Markup:
    """Elements one after the other."""
    return Markup("").join(parts)


def drawing(
    width: float, height: float, label: str, parts: Iterable[Markup], class_: str = "chart"
) -> Markup:
    """A whole picture with a text for those who do not see it; an empty label marks decoration."""
    hidden = {} if label else {"aria_hidden": "true"}
    shown = {"role": "img", "aria_label": label} if label else {}
    return element(
        "svg", join(parts), viewBox=f"0 0 {number(width)} {number(height)}",
        width=float(width), height=float(height), class_=class_, **shown, **hidden,
    )  # fmt: skip


def text(x: float, y: float, content: str, class_: str = "", anchor: str = "start") -> Markup:
    """A line of text; `anchor` is start, middle or end."""
    return element(
        "text", content, x=float(x), y=float(y), class_=class_ or None, text_anchor=anchor
    )


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return element("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=class_)


def bar(x: float, y: float, width: float, height: float, class_: str, title: str = "") -> Markup:
    """A rectangle, with a tooltip where there is a title; never of negative size."""
    tip = element("title", title) if title else Markup("")
    return element(
        "rect",
        tip,
        x=float(x),
        y=float(y),
        width=max(0.0, float(width)),
        height=max(0.0, float(height)),
        class_=class_,
    )


def polyline(points: Iterable[tuple[float, float]], class_: str) -> Markup:
    """A line through the points."""
    return element(
        "polyline", points=" ".join(f"{number(x)},{number(y)}" for x, y in points), class_=class_
    )


def marker(shape: str, x: float, y: float, size: float, class_: str, title: str = "") -> Markup:
    """A point as `circle`, `square`, `triangle` or `diamond`, so that series differ without colour."""
    tip = element("title", title) if title else Markup("")
    if shape == "circle":
        return element("circle", tip, cx=float(x), cy=float(y), r=float(size), class_=class_)
    corners = {
        "square": [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        "triangle": [(0, -1.15), (1.05, 0.85), (-1.05, 0.85)],
        "diamond": [(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)],
    }[shape]
    points = " ".join(f"{number(x + dx * size)},{number(y + dy * size)}" for dx, dy in corners)
    return element("polygon", tip, points=points, class_=class_)


def scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """Map [low, high] to [start, end] linearly; a range without width maps to the middle."""
    if high == low:
        return lambda _: (start + end) / 2
    return lambda value: start + (value - low) / (high - low) * (end - start)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values (1, 2 or 5 times a power of ten) that enclose [low, high], at most about `most`."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low, low + 1] if math.isfinite(low) else [0.0, 1.0]
    rough = (high - low) / max(1, most - 1)
    base = 10.0 ** math.floor(math.log10(rough))
    step = next(m * base for m in (1, 2, 5, 10) if m * base >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]
