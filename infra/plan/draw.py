"""The architecture of a plan as one SVG, laid out for a person: the data path, the network, what guards it.

The same thing stands at the same place on every cloud, so two pictures can be laid side by side. A card is a
component (`landfall:<cloud>:<Type>`) and says what it holds; a layer that another stack builds is dashed.
Leaves out single grants and rules (they are counted) and Kubernetes objects (their components are named).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from infra.plan.model import Plan, Resource
from landfall.intent import Intent
from landfall.intent.data import Zone
from landfall.intent.layout import Layer
from landfall.intent.rules.base import CLOUD_NAMES
from landfall.report.svg import bar, drawing, element, join, text

WIDTH, HEIGHT = 1340.0, 770.0
_CARD_W, _CARD_H, _GAP = 212.0, 150.0, 24.0
_LEFT, _TOP = 150.0, 96.0


@dataclass(frozen=True)
class Place:
    """Where a component's card stands, and what it is called."""

    title: str
    layer: Layer
    x: float
    y: float
    w: float = _CARD_W
    h: float = _CARD_H


def _column(i: int) -> float:
    return _LEFT + 20 + i * (_CARD_W + _GAP)


_ROW = [_TOP + 40, _TOP + 40 + 182, _TOP + 40 + 182 + 206]
_SIDE = _column(3) + _CARD_W + 52
PLACES: dict[str, Place] = {
    "Lake": Place("Lake", "data", _column(0), _ROW[0], 4 * _CARD_W + 3 * _GAP - 236, 138),
    "Orchestration": Place("Orchestration", "data", _column(3), _ROW[0], _CARD_W, 138),
    "Events": Place("Events", "data", _column(0), _ROW[1]),
    "Spark": Place("Spark", "data", _column(1), _ROW[1]),
    "Warehouse": Place("Warehouse", "data", _column(2), _ROW[1]),
    "Bi": Place("Dashboards", "data", _column(3), _ROW[1]),
    "Cluster": Place("Cluster", "ml", _column(0), _ROW[2], 2 * _CARD_W + _GAP, 172),
    "Services": Place("On the cluster", "ml", _column(2), _ROW[2], _CARD_W, 172),
    "Database": Place("Database", "ml", _column(3), _ROW[2], _CARD_W, 172),
    "Organization": Place("Organization", "foundation", _SIDE, _TOP, 172, 146),
    "Security": Place("Keys and audit", "foundation", _SIDE, _TOP + 158, 172, 176),
    "Identity": Place("Identities", "foundation", _SIDE, _TOP + 346, 172, 130),
    "Budget": Place("Budget", "foundation", _SIDE, _TOP + 488, 172, 122),
}
_ZONES: tuple[Zone, ...] = ("landing", "bronze", "silver", "gold")
_BESIDE: tuple[Zone, ...] = ("quarantine", "artifacts")
_GRANT = re.compile(
    r"(iam|member|binding|grant|attachment|roleassignment|permission|policy|rule|association|"
    r"endpoint|record|zonevirtual|access|block|configuration|notification|version)", re.I
)  # fmt: skip


def draw(plan: Plan, intent: Intent) -> str:
    """The picture as SVG text, self-contained, readable on light and dark."""
    held = _held(plan)
    cloud = intent.cloud
    where = f"{CLOUD_NAMES[cloud.provider]}, {getattr(cloud, 'region', '')}"
    title = f"{intent.client.name} · {intent.environment} · {where}"
    parts = [
        Markup("<style>") + Markup(_STYLE) + Markup("</style>"), _arrowhead(),
        bar(0, 0, WIDTH, HEIGHT, "page"),
        text(24, 40, title, "title"),
        text(24, 64, f"stack {plan.stack}: {len(plan.resources)} resources", "small"),
        *_network(held, intent), *_cards(held, intent), *_zones(held, intent), *_path(_shown(held, intent)),
    ]  # fmt: skip
    picture = drawing(
        WIDTH, HEIGHT, f"Architecture of {plan.stack}: {title}", parts, "architecture"
    )
    return str(picture).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + "\n"


def component_of(one: Resource) -> str:
    """The component a resource belongs to, as in `landfall:gcp:Lake` → Lake; '' outside of all.

    Parts that a component holds count to it, so the outermost one decides; what runs on Kubernetes is Services.
    """
    kinds = one.urn.split("::")[2].split("$")
    for kind in kinds:
        _, _, rest = kind.partition("landfall:")
        if kind.startswith("landfall:"):
            package, _, name = rest.partition(":")
            return "Services" if package == "kubernetes" else name
    return ""


def _held(plan: Plan) -> dict[str, list[Resource]]:
    held: dict[str, list[Resource]] = {}
    for one in plan.resources:
        held.setdefault(component_of(one), []).append(one)
    return held


def facts(resources: list[Resource], most: int) -> list[str]:
    """What a component holds, in at most so many lines: kinds of resources with their number, grants last."""
    counted: Counter[str] = Counter()
    grants = 0
    for one in resources:
        kind = one.type.rpartition(":")[2]
        if not one.custom:
            continue
        if _GRANT.search(kind) and kind not in ("EndpointPolicy",):
            grants += 1
        else:
            counted[re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", kind).lower()] += 1
    lines = [
        f"{n} {_plural(name)}" if n > 1 else name
        for name, n in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    ]
    room = most - bool(grants)
    if len(lines) > room:
        rest = len(lines) - room + 1
        lines = [*lines[: room - 1], f"and {rest} more kinds"]
    return (
        [*lines, f"{grants} grant or rule" if grants == 1 else f"{grants} grants and rules"]
        if grants
        else lines
    )


def _plural(name: str) -> str:
    if name.endswith("s"):
        return name
    return f"{name[:-1]}ies" if name[-1] == "y" and name[-2] not in "aeiou" else f"{name}s"


def _cards(held: dict[str, list[Resource]], intent: Intent) -> Iterator[Markup]:
    for name, place in PLACES.items():
        mine = held.get(name, [])
        if mine or place.layer not in intent.layout.build:
            elsewhere = intent.layout.elsewhere.get(place.layer) if not mine else None
            if not mine and not elsewhere:
                continue
            yield from _card(name, place, mine, elsewhere, intent)


def _card(
    name: str, place: Place, mine: list[Resource], elsewhere: str | None, intent: Intent
) -> Iterator[Markup]:
    yield element(
        "rect", "", x=place.x, y=place.y, width=place.w, height=place.h, rx=6.0,
        class_="card elsewhere" if elsewhere else f"card {place.layer}",
    )  # fmt: skip
    yield text(place.x + 12, place.y + 22, place.title, "name")
    lines = (
        ["built by the stack", elsewhere.rpartition("/")[2]]
        if elsewhere
        else _lines(name, place, mine, intent)
    )
    if name == "Lake":
        return
    for i, told in enumerate(lines):
        fits = int((place.w - 24) / 6.6)
        yield text(
            place.x + 12,
            place.y + 44 + 17 * i,
            told if len(told) <= fits else told[: fits - 1] + "…",
            "fact",
        )


def _lines(name: str, place: Place, mine: list[Resource], intent: Intent) -> list[str]:
    most = int((place.h - 34) // 17)
    if name == "Services":
        kinds = {one.type for one in mine if one.type.startswith("landfall:")}
        names = sorted(kind.rpartition(":")[2] for kind in kinds)
        return [", ".join(names[i : i + 2]) for i in range(0, len(names), 2)][:most]
    own: list[str] = []
    if name == "Cluster" and intent.ml is not None:
        for use in ("training", "serving"):
            pool = getattr(intent.ml, f"{use}_gpu")
            if pool is not None:
                order = " → ".join(pool.capacity)
                own.append(
                    f"{use}: {pool.count} × {pool.accelerator}, 0 to {pool.max_nodes} nodes ({order})"
                )
    if name == "Budget" and intent.budget is not None:
        stop = ", hard stop" if intent.budget.hard_stop else ""
        own.append(f"{intent.budget.amount:,.0f} {intent.budget.currency} a month{stop}")
    if name == "Warehouse":
        own.append(f"{intent.warehouse.engine}, {intent.warehouse.size}")
    if name == "Identity":
        own.append("Jenkins by OIDC, no keys" if intent.jenkins else "no Jenkins")
    told = [*own, *facts(mine, most - len(own))]
    return told or ["adopted as it is"]


def _zones(held: dict[str, list[Resource]], intent: Intent) -> Iterator[Markup]:
    """The lake's zones inside its card, in the order in which data pass."""
    place = PLACES["Lake"]
    if not held.get("Lake"):
        return
    width = (place.w - 24 - 3 * 26) / 4
    for i, zone in enumerate(_ZONES):
        x = place.x + 12 + i * (width + 26)
        yield element(
            "rect", "", x=x, y=place.y + 34, width=width, height=40.0, rx=4.0, class_=f"zone {zone}"
        )
        yield text(x + width / 2, place.y + 51, zone, "zonename", "middle")
        yield text(
            x + width / 2,
            place.y + 66,
            f"{intent.lake.retention_days[zone]} days",
            "small",
            "middle",
        )
        if i:
            yield _arrow(x - 24, place.y + 54, x - 3, place.y + 54)
    for i, zone in enumerate(_BESIDE):
        x = place.x + 12 + i * (2 * width + 52)
        yield element(
            "rect",
            "",
            x=x,
            y=place.y + 86,
            width=2 * width + 26,
            height=34.0,
            rx=4.0,
            class_=f"zone {zone}",
        )
        told = f"{zone} · {intent.lake.retention_days[zone]} days"
        yield text(x + width + 13, place.y + 107, told, "zonename", "middle")


def _network(held: dict[str, list[Resource]], intent: Intent) -> Iterator[Markup]:
    x, y = _LEFT, _TOP
    w, h = 4 * _CARD_W + 3 * _GAP + 40, _ROW[2] + 172 + 34 - _TOP
    yield element("rect", "", x=x, y=y, width=w, height=h, rx=10.0, class_="network")
    ways = {"nat": "out by NAT", "allow-list": "out to listed domains only", "none": "no way out"}
    adopted = "adopted" if intent.network.adopt.network else intent.network.cidr
    said = f"private network {adopted} · {ways[intent.network.egress]} · nothing reachable from the internet"
    yield text(x + 20, y + 24, said, "small strong")
    built = " · ".join(facts(held.get("Network", []), 9))
    yield text(x + 20, y + h - 10, f"network: {built or 'built by another stack'}", "small")
    yield element(
        "rect", "", x=20.0, y=_ROW[0], width=106.0, height=138.0, rx=6.0, class_="card source"
    )
    yield text(32, _ROW[0] + 22, "Sources", "name")
    for i, source in enumerate(intent.sources[:5]):
        yield text(32, _ROW[0] + 44 + 17 * i, source.dataset[:13], "fact")
    if not intent.sources:
        yield text(32, _ROW[0] + 44, "none yet", "fact")


def _shown(held: dict[str, list[Resource]], intent: Intent) -> set[str]:
    """The components that have a card: built here, or by a stack that this one reads."""
    layout = intent.layout
    return {
        name
        for name, place in PLACES.items()
        if held.get(name) or (place.layer not in layout.build and place.layer in layout.elsewhere)
    }


def _path(shown: set[str]) -> Iterator[Markup]:
    """The arrows of the data path, each where both its ends are shown."""
    lake, events, spark = PLACES["Lake"], PLACES["Events"], PLACES["Spark"]
    warehouse, bi, cluster = PLACES["Warehouse"], PLACES["Bi"], PLACES["Cluster"]
    below, row, under = lake.y + lake.h, events.y + 70, warehouse.y + warehouse.h
    arrows = [
        ("Lake", "Lake", (126, lake.y + 54, lake.x + 9, lake.y + 54), ""),
        ("Lake", "Events", (events.x + 60, below, events.x + 60, events.y - 3), "object created"),
        ("Events", "Spark", (events.x + events.w, row, spark.x - 3, row), ""),
        ("Spark", "Lake", (spark.x + 60, spark.y, spark.x + 60, below + 3), "checked rows"),
        ("Lake", "Warehouse", (warehouse.x + 60, below, warehouse.x + 60, warehouse.y - 3), "silver"),
        ("Warehouse", "Bi", (warehouse.x + warehouse.w, row, bi.x - 3, row), ""),
        ("Warehouse", "Cluster", (warehouse.x + 40, under, cluster.x + cluster.w - 20, cluster.y - 3), "features"),
    ]  # fmt: skip
    for start, end, (x1, y1, x2, y2), label in arrows:
        if {start, end} <= shown:
            yield _arrow(x1, y1, x2, y2)
            if label:
                yield text(max(x1, x2) + 8, min(y1, y2) + (32 if x1 != x2 else 20), label, "small")


def _arrow(x1: float, y1: float, x2: float, y2: float) -> Markup:
    return element("line", "", x1=x1, y1=y1, x2=x2, y2=y2, class_="arrow", marker_end="url(#head)")


def _arrowhead() -> Markup:
    path = element("path", "", d="M0,0 L8,4 L0,8 z", class_="head")
    inner = element(
        "marker",
        path,
        id="head",
        markerWidth="8",
        markerHeight="8",
        refX="7",
        refY="4",
        orient="auto",
    )
    return join([element("defs", inner)])


_STYLE = """
.architecture{font:13px system-ui,sans-serif;max-width:100%;height:auto}
.page{fill:#fff}.title{font-size:20px;font-weight:600;fill:#1b2430}.small{font-size:11.5px;fill:#5b6775}
.strong{font-weight:600}.name{font-weight:600;fill:#1b2430}.fact{font-size:12px;fill:#3a4653}
.network{fill:#f4f7fa;stroke:#9fb0c0;stroke-dasharray:6 4}.card{fill:#fff;stroke-width:1.4}
.data{stroke:#1c7c74}.ml{stroke:#6a4fb3}.foundation{stroke:#b0702a}.source{stroke:#5b6775}
.elsewhere{stroke:#9fb0c0;stroke-dasharray:4 3;fill:none}.zone{stroke:none;fill:#e3eef0}
.zone.bronze{fill:#f3e3d3}.zone.silver{fill:#e4e8ee}.zone.gold{fill:#f7ecc6}.zone.quarantine{fill:#f8dfdd}
.zone.artifacts{fill:#e9e3f6}.days{font-size:11.5px;fill:#3a4653}.zonename{font-weight:600;font-size:12px;fill:#1b2430}
.arrow{stroke:#3a4653;stroke-width:1.4}.head{fill:#3a4653}
@media (prefers-color-scheme:dark){.page{fill:#12181f}.title,.name{fill:#eef2f6}.small{fill:#9fb0c0}
.fact{fill:#c6d0da}.network{fill:#182029;stroke:#45535f}.card{fill:#1d2630}.elsewhere{fill:none}
.arrow{stroke:#c6d0da}.head{fill:#c6d0da}}
"""
