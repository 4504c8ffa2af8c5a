"""A month's features: complete, known before departure, published once and only where they changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from landfall.errors import LandfallError
from pipelines.context import Context
from pipelines.features import read_months
from pipelines.lake import content_hash
from tests.warehouse.conftest import FEBRUARY, JANUARY
from tests.warehouse.lakes import MOMENT, month_of, open_demo
from warehouse.build import build_month, publish, read_features, silver_tables

KEY = ["time_hour", "origin", "carrier", "flight"]
OUTCOMES = {
    "dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "cancelled", "diverted", "tailnum",
}  # fmt: skip


def month_hash(ctx: Context, *months: object) -> str:
    return content_hash(read_months(ctx, list(months)))  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="module")
def january(demo: Context) -> dict[str, Any]:
    """What building January gave."""
    return build_month(demo, JANUARY)


@pytest.fixture
def published(demo: Context, january: dict[str, Any]) -> pa.Table:
    """January as gold has it."""
    return read_months(demo, [JANUARY])


def test_every_flight_of_the_month_is_published_once(
    demo: Context, january: dict[str, Any], published: pa.Table
) -> None:
    expected = month_of("flights", JANUARY, every=20)
    assert january["rows"] == published.num_rows == expected.num_rows
    assert published.group_by(KEY).aggregate([]).num_rows == expected.num_rows
    assert set(published["month"].to_pylist()) == {"2013-01"}
    assert january["models"] == 9
    assert january["tests"] >= 20
    assert january["inputs"].keys() == {f"silver.{name}" for name in silver_tables(demo)}


def test_the_label_says_whether_a_flight_came_over_15_minutes_late(published: pa.Table) -> None:
    order = [(name, "ascending") for name in KEY]
    published = published.sort_by(order)
    delays = month_of("flights", JANUARY, every=20).sort_by(order)["arr_delay"].to_pylist()
    expected = [None if delay is None else int(delay > 15) for delay in delays]
    assert published["late"].to_pylist() == expected
    assert None in expected


def test_a_cancelled_flight_is_published_without_a_label(published: pa.Table) -> None:
    unlabelled = published.filter(pc.field("late").is_null())
    assert unlabelled.num_rows > 0
    assert unlabelled["distance"].null_count == 0


def test_no_column_tells_what_happened_after_departure(published: pa.Table) -> None:
    assert not OUTCOMES & set(published.column_names)


def test_a_month_built_again_after_a_later_one_is_the_same(
    demo: Context, january: dict[str, Any]
) -> None:
    before = month_hash(demo, JANUARY)
    february = build_month(demo, FEBRUARY)
    again = build_month(demo, JANUARY)
    assert not again["changed"]
    assert again["snapshot"] == february["snapshot"]
    assert month_hash(demo, JANUARY) == before


def test_features_do_not_change_with_what_happens_from_the_day_before_on(demo: Context) -> None:
    """Late becomes early and early late from 19 January on: until the 20th no feature may notice."""
    flights = demo.catalog.load_table("silver.flights").scan().to_arrow()
    from_then = pc.greater_equal(flights["time_hour"], pa.scalar(datetime(2013, 1, 19), MOMENT))
    place = flights.column_names.index("arr_delay")
    turned = pc.if_else(from_then, pc.subtract(30.0, flights["arr_delay"]), flights["arr_delay"])
    other = flights.set_column(place, "arr_delay", turned)
    demo.catalog.create_table("bronze.turned", other.schema).append(other)

    def until(day: datetime) -> list[pa.Table]:
        seen = []
        for name in ("silver.flights", "bronze.turned"):
            demo.engine.expose({**silver_tables(demo), "flights": demo.catalog.load_table(name)})
            demo.engine.build(["+features_flights"])
            rows = read_features(demo, JANUARY).drop_columns(["late"])
            seen.append(rows.filter(pc.less(rows["time_hour"], pa.scalar(day, MOMENT))))
        return seen

    plain, changed = until(datetime(2013, 1, 21))
    assert plain.num_rows > 500
    assert plain.equals(changed)
    plain, changed = until(datetime(2013, 1, 22))
    assert not plain.equals(changed)


class TestPublishing:
    """`publish` alone, on made-up features."""

    @pytest.fixture
    def ctx(self, tmp_path_factory: pytest.TempPathFactory) -> Context:
        return open_demo(tmp_path_factory.mktemp("gold"))

    @staticmethod
    def rows(month: str, **columns: object) -> pa.Table:
        return pa.table({"time_hour": pa.array([datetime(2013, 1, 1)] * 2, MOMENT), "n": [1, 2],
                         "late": pa.array([0, None], pa.int32()), **columns, "month": [month] * 2})  # fmt: skip

    def test_a_changed_month_replaces_only_itself(self, ctx: Context) -> None:
        publish(ctx, JANUARY, self.rows("2013-01"))
        publish(ctx, FEBRUARY, self.rows("2013-02"))
        january = month_hash(ctx, JANUARY)
        fewer = self.rows("2013-02").slice(1)
        snapshot, changed = publish(ctx, FEBRUARY, fewer)
        assert changed
        assert month_hash(ctx, JANUARY) == january
        assert read_months(ctx, [FEBRUARY]).num_rows == 1
        assert publish(ctx, FEBRUARY, fewer) == (snapshot, False)

    def test_a_new_feature_is_added_and_null_in_older_months(self, ctx: Context) -> None:
        publish(ctx, JANUARY, self.rows("2013-01"))
        publish(ctx, FEBRUARY, self.rows("2013-02", extra=["a", "b"]))
        assert read_months(ctx, [JANUARY])["extra"].null_count == 2
        assert sorted(read_months(ctx, [FEBRUARY])["extra"].to_pylist()) == ["a", "b"]

    def test_a_dropped_feature_is_null_from_then_on(self, ctx: Context) -> None:
        publish(ctx, JANUARY, self.rows("2013-01", extra=["a", "b"]))
        publish(ctx, FEBRUARY, self.rows("2013-02"))
        assert read_months(ctx, [FEBRUARY])["extra"].null_count == 2

    def test_a_feature_that_changed_its_type_is_refused(self, ctx: Context) -> None:
        snapshot, _ = publish(ctx, JANUARY, self.rows("2013-01", extra=["a", "b"]))
        with pytest.raises(LandfallError, match=r"do not fit gold\.features_flights"):
            publish(ctx, FEBRUARY, self.rows("2013-02", extra=[1.5, 2.5]))
        current = ctx.catalog.load_table("gold.features_flights").current_snapshot()
        assert current is not None
        assert current.snapshot_id == snapshot

    def test_an_empty_month_publishes_no_rows(self, ctx: Context) -> None:
        assert publish(ctx, JANUARY, self.rows("2013-01").slice(2)) == (None, False)
