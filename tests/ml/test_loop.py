"""The loop for real, on an Iceberg table and an MLflow database in a home of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from landfall.errors import LandfallError, Refused, UsageError
from landfall.month import Month
from ml.promote import apply_verdict, promote_by_hand, roll_back
from ml.record import Record
from ml.registry import (
    candidate_version,
    champion_version,
    load_version,
    sync_alias,
    version_info,
    versions,
)
from ml.tracking import open_client
from tests.ml.conftest import month_rows, publish, run_loop, run_step

JAN, FEB, MARCH, APRIL, MAY = (Month(2013, number) for number in range(1, 6))
NAME = "late_arrival"


def alias(ctx) -> int:
    return int(open_client(ctx.platform).get_model_version_by_alias(NAME, "champion").version)


def test_the_first_good_model_is_promoted_and_everything_of_it_is_kept(make_context):
    ctx = make_context()
    publish(ctx, month_rows(JAN), month_rows(FEB))
    trained, gate, promoted = run_loop(ctx, FEB)
    assert trained["status"] == "trained"
    assert [c["name"] for c in trained["candidates"]] == ["baseline", "linear"]
    assert (gate["decision"], gate["winner"]) == ("PROMOTE", "linear")
    assert promoted == {
        "applied": "promoted", "version": 2, "record": promoted["record"], "notified": False
    }  # fmt: skip
    assert champion_version(ctx.platform, NAME) == alias(ctx) == 2
    (entry,) = Record(ctx.platform, NAME).entries()
    assert (
        entry["snapshot"]
        == ctx.catalog.load_table("gold.features_flights").current_snapshot().snapshot_id
    )
    assert entry["metrics"] == gate["candidates"][0]["metrics"]
    kept = Path(ctx.platform.storage.artifacts.removeprefix("file://")) / gate["predictions"]
    table = pq.read_table(kept)
    assert table.num_rows == gate["rows"] == 400
    assert {"predicted_baseline", "predicted_linear", "late", "flight"} <= set(table.column_names)
    json.dumps([trained, gate, promoted], allow_nan=False)


def test_a_stored_version_answers_as_the_trained_one_and_says_what_it_takes(make_context):
    ctx = make_context()
    publish(ctx, month_rows(JAN), month_rows(FEB))
    _, gate, _ = run_loop(ctx, FEB)
    model = load_version(ctx.platform, NAME, 2)
    frame = month_rows(FEB).to_pandas().sort_values("time_hour")
    kept = Path(ctx.platform.storage.artifacts.removeprefix("file://")) / gate["predictions"]
    assert model.predict(frame).tolist() == pq.read_table(kept)["predicted_linear"].to_pylist()
    assert {c.name: c.type for c in model.signature.columns}["origin"] == "string"
    with pytest.raises(LandfallError, match="columns that the data lacks: wind"):
        model.predict(frame.drop(columns="wind"))
    with pytest.raises(UsageError, match="no model version 9"):
        load_version(ctx.platform, NAME, 9)


def test_running_a_month_again_changes_nothing(make_context):
    ctx = make_context()
    publish(ctx, month_rows(JAN), month_rows(FEB), month_rows(MARCH))
    run_loop(ctx, FEB)
    first = run_loop(ctx, MARCH)
    record, known = Record(ctx.platform, NAME).text(), versions(ctx.platform, NAME)
    publish(ctx, month_rows(APRIL))  # a later month changes the snapshot, not the rows of this one
    second = run_loop(ctx, MARCH)
    assert Record(ctx.platform, NAME).text() == record
    assert versions(ctx.platform, NAME) == known
    assert all(c["reused"] for c in second[0]["candidates"])
    for one, other in zip(first[1]["candidates"], second[1]["candidates"], strict=True):
        assert one["metrics"] == other["metrics"]
    assert first[1]["champion"]["metrics"] == second[1]["champion"]["metrics"]


def test_two_homes_with_the_same_data_reach_the_same_figures(make_context):
    results = []
    for home, order in (("one", (JAN, FEB)), ("two", (FEB, JAN))):
        ctx = make_context(home)
        publish(ctx, *(month_rows(month) for month in order))
        trained, gate, _ = run_loop(ctx, FEB)
        results.append(
            [(c["params"], c["cv"], c["fingerprint"]) for c in trained["candidates"]]
            + [gate["candidates"][0]["metrics"], gate["decision"], gate["reasons"]]
        )
    assert results[0] == results[1]


def test_a_month_without_its_window_is_skipped_with_the_reason(make_context):
    ctx = make_context()
    publish(ctx, month_rows(JAN))
    trained, gate, promoted = run_loop(ctx, JAN)
    assert (trained["status"], gate["decision"], promoted["applied"]) == ("skipped", "NONE", "none")
    assert "2012-12" in gate["reasons"][0]["sentence"]
    assert champion_version(ctx.platform, NAME) is None


def test_where_no_training_is_due_the_champion_is_still_measured(make_context):
    ctx = make_context(cadence={"window_months": 1, "every_months": 3, "on_drift": True})
    publish(ctx, *(month_rows(m) for m in (JAN, FEB, MARCH)))
    run_loop(ctx, FEB)
    trained, gate, _ = run_loop(ctx, MARCH)
    assert trained["status"] == "skipped"
    assert gate["decision"] == "NONE"
    assert gate["champion"]["metrics"]["pr_auc"] > 0
    ctx.artifacts.write_json(ctx.result_path(MARCH, "drift"), {"alarm": True})
    assert run_step(ctx, MARCH, "train")["status"] == "trained"


def test_a_model_that_learnt_from_noise_is_rejected_and_people_are_told_once(make_context):
    ctx = make_context(problem={"exclude": ["delay", "grade"]})
    noise = month_rows(FEB, strength=-3.0)
    publish(ctx, month_rows(JAN, 1500), noise, month_rows(MARCH, 1500))
    ctx.artifacts.write_json(ctx.result_path(JAN, "x"), {})
    publish(ctx, month_rows(Month(2012, 12)))
    run_loop(ctx, JAN)
    assert champion_version(ctx.platform, NAME) == 2
    _, gate, held = run_loop(ctx, MARCH)
    assert (gate["decision"], held["applied"], held["notified"]) == ("REJECT", "rejected", True)
    assert champion_version(ctx.platform, NAME) == alias(ctx) == 2
    assert candidate_version(ctx.platform, NAME) is None
    assert held["version"] == 4
    assert run_step(ctx, MARCH, "promote") == held
    from pipelines.bus import open_bus

    with open_bus(ctx.platform, "notices") as bus:
        told = list(bus.receive(limit=10))
    assert len(told) == 1


def test_an_older_month_never_replaces_a_newer_promotion(make_context):
    ctx = make_context()
    publish(ctx, *(month_rows(m) for m in (JAN, FEB, MARCH, APRIL)))
    run_loop(ctx, APRIL)
    champion = champion_version(ctx.platform, NAME)
    _, gate, held = run_loop(ctx, FEB)
    assert (gate["decision"], held["applied"]) == ("HOLD", "held")
    assert "an older month does not replace it" in gate["reasons"][-1]["sentence"]
    assert champion_version(ctx.platform, NAME) == champion


def test_a_month_that_was_promoted_says_the_same_when_run_after_later_promotions(make_context):
    ctx = make_context()
    publish(ctx, *(month_rows(m) for m in (JAN, FEB, MARCH)))
    first = run_loop(ctx, FEB)
    assert first[2]["applied"] == "promoted"
    trained = run_loop(ctx, MARCH)[0]
    newer = trained["candidates"][-1]["version"]
    promote_by_hand(ctx.platform, NAME, newer, "a later promotion")
    entries = Record(ctx.platform, NAME).entries()
    _, gate, applied = run_loop(ctx, FEB)
    assert (gate["decision"], gate["winner"]) == (first[1]["decision"], first[1]["winner"])
    assert applied == first[2]
    assert champion_version(ctx.platform, NAME) == alias(ctx) == newer
    assert Record(ctx.platform, NAME).entries() == entries


def test_a_kill_between_record_and_alias_is_mended_by_the_next_start(make_context, monkeypatch):
    ctx = make_context()
    publish(ctx, month_rows(JAN), month_rows(FEB))
    run_step(ctx, FEB, "train")
    run_step(ctx, FEB, "gate")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("ml.promote.keep_head", die)
        with pytest.raises(KeyboardInterrupt):
            apply_verdict(ctx, FEB)
    assert champion_version(ctx.platform, NAME) == 2
    assert sync_alias(ctx.platform, NAME) == alias(ctx) == 2
    assert apply_verdict(ctx, FEB)["applied"] == "promoted"
    assert len(Record(ctx.platform, NAME).entries()) == 1


@pytest.mark.parametrize("where", ["_log", "write_files", "_register", "write_pointer"])
def test_a_kill_while_storing_leaves_no_second_version(make_context, monkeypatch, where):
    ctx = make_context()
    publish(ctx, month_rows(JAN), month_rows(FEB))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"ml.store.{where}", die)
        with pytest.raises(KeyboardInterrupt):
            run_step(ctx, FEB, "train")
    trained = run_step(ctx, FEB, "train")
    assert [c["version"] for c in trained["candidates"]] == versions(ctx.platform, NAME) == [1, 2]
    client = open_client(ctx.platform)
    assert len(client.search_model_versions(f"name = '{NAME}'")) == 2
    runs = client.search_runs([client.get_experiment_by_name(NAME).experiment_id])
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert len(runs) == 2


def test_a_rollback_gives_the_earlier_champion_back_and_a_rerun_respects_it(make_context):
    ctx = make_context(gate={"min_rows": 50, "max_latency_ms": 5000})
    publish(ctx, month_rows(JAN, 150), month_rows(FEB, 2000), month_rows(MARCH, 2000))
    run_loop(ctx, FEB)
    promote_by_hand(ctx.platform, NAME, 1, "the baseline will do")
    with pytest.raises(Refused, match="champion already"):
        promote_by_hand(ctx.platform, NAME, 1, "again")
    entry = roll_back(ctx.platform, NAME, None, "it will not")
    assert (entry["version"], champion_version(ctx.platform, NAME), alias(ctx)) == (2, 2, 2)
    promote_by_hand(ctx.platform, NAME, 1, "still")
    run_step(ctx, FEB, "promote")
    assert champion_version(ctx.platform, NAME) == 1


def test_a_record_that_lost_its_end_stops_promotion(make_context):
    ctx = make_context()
    publish(ctx, month_rows(JAN), month_rows(FEB))
    run_loop(ctx, FEB)
    promote_by_hand(ctx.platform, NAME, 1, "why not")
    path = Path(ctx.platform.storage.artifacts.removeprefix("file://")) / f"record/{NAME}.jsonl"
    path.write_text(path.read_text().splitlines(keepends=True)[0])
    with pytest.raises(Refused, match="no longer there"):
        apply_verdict(ctx, FEB)


def test_a_doctored_model_file_is_not_opened(make_context):
    ctx = make_context()
    publish(ctx, month_rows(JAN), month_rows(FEB))
    run_loop(ctx, FEB)
    root = Path(ctx.platform.tracking.artifacts.removeprefix("file://"))
    folder = root / version_info(ctx.platform, NAME, 2)["folder"]
    import skops.io

    (folder / "model.skops").write_bytes(skops.io.dumps(Path("x")))
    with pytest.raises(LandfallError, match="not trusted"):
        load_version(ctx.platform, NAME, 2)
    (folder / "model.skops").write_bytes(
        (root / version_info(ctx.platform, NAME, 1)["folder"] / "model.skops").read_bytes()
    )
    with pytest.raises(LandfallError, match="does not answer its own example"):
        load_version(ctx.platform, NAME, 2)


@pytest.mark.parametrize(
    "problem",
    [
        {
            "kind": "multiclass",
            "target": "grade",
            "metric": "macro_f1",
            "exclude": ["delay", "late"],
        },
        {"kind": "regression", "target": "delay", "metric": "mae", "exclude": ["grade", "late"]},
    ],
)
def test_other_kinds_go_the_whole_way(make_context, problem):
    ctx = make_context(problem=problem, candidates=["boosting"])
    publish(ctx, *(month_rows(m) for m in (JAN, FEB, MARCH)))
    assert run_loop(ctx, FEB)[2]["applied"] == "promoted"
    _, gate, _ = run_loop(ctx, MARCH)
    assert gate["decision"] in ("PROMOTE", "HOLD", "REJECT")
    json.dumps(gate, allow_nan=False)


def test_a_class_that_training_never_saw_counts_as_a_mistake(make_context):
    problem = {
        "kind": "multiclass",
        "target": "grade",
        "metric": "macro_f1",
        "exclude": ["delay", "late"],
    }
    ctx = make_context(problem=problem)
    import pyarrow as pa

    strange = month_rows(FEB)
    grades = ["new" if i % 4 == 0 else g for i, g in enumerate(strange["grade"].to_pylist())]
    publish(ctx, month_rows(JAN), strange.set_column(7, "grade", pa.array(grades)))
    _, gate, _ = run_loop(ctx, FEB)
    assert gate["candidates"][0]["detail"]["classes"]["new"]["recall"] == 0


def test_one_class_only_is_skipped_not_crashed(make_context):
    ctx = make_context()
    january = month_rows(JAN)
    import pyarrow as pa

    january = january.set_column(6, "late", pa.array([0] * 400, pa.int32()))
    publish(ctx, january, month_rows(FEB))
    trained, gate, _ = run_loop(ctx, FEB)
    assert "one class" in trained["reason"]
    assert gate["decision"] == "NONE"


def test_without_the_table_the_error_names_the_step(make_context):
    with pytest.raises(LandfallError, match=r"no table gold\.features_flights"):
        run_step(make_context(), FEB, "train")
