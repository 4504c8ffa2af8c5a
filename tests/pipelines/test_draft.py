"""Drafts from a client's file: what is told of it, what is asked, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from landfall.cli.dataset import app
from landfall.errors import UsageError
from landfall.intent import parse_intent
from landfall.project import Project
from pipelines import draft
from pipelines.contract import Contract, load_contract
from pipelines.draft.words import column_name, widened

DAYS = [f"2024-{month:02d}-{day:02d}" for month in range(1, 7) for day in range(1, 29)]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "project"
    root.mkdir()
    (root / "Pulumi.yaml").write_text("name: landfall\n", encoding="utf-8")
    return Project(root=root, home=tmp_path / "home")


Draw = Callable[..., draft.Draft]


@pytest.fixture
def draw(project: Project) -> Draw:
    """Draft from columns, written as a CSV with the headers as they are."""

    def of(columns: dict[str, list[Any]], **told: Any) -> draft.Draft:
        path = project.root / "drop.csv"
        lines = [
            ",".join(columns),
            *(",".join(map(str, r)) for r in zip(*columns.values(), strict=True)),
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        told = {"time": "day", "target": "sold", "name": "shop"} | told
        return draft.draft(project, str(path), **told)

    return of


def columns(**more: list[Any]) -> dict[str, list[Any]]:
    """A day, something that varies, and `more`."""
    return {"day": DAYS, "sold": [i * 7 % 101 + 0.5 for i in range(len(DAYS))], **more}


def repeated(*values: Any) -> list[Any]:
    return [values[i % len(values)] for i in range(len(DAYS))]


def contract_of(drafted: draft.Draft, **decided: Any) -> Contract:
    raw = yaml.safe_load(next(t for p, t in drafted.files.items() if p.parent.name == "contracts"))
    return Contract.model_validate(raw | decided)


def text_of(drafted: draft.Draft, ending: str) -> str:
    return next(t for p, t in drafted.files.items() if p.name.endswith(ending))


def intent_of(drafted: draft.Draft) -> Any:
    raw = yaml.safe_load(text_of(drafted, ".yaml"))
    return parse_intent(raw["config"]["landfall:intent"], "the draft")


def decide(path: Path) -> None:
    """What a person does: fill in what is asked, and take out the marks."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("description:"):
            lines.append("description: Sales a day.")
        elif line.startswith("owner:"):
            lines.append("owner: shop@example.com")
        elif "DECIDE" not in line:
            lines.append(line)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_types_are_told_from_every_row_not_from_the_first(draw: Draw) -> None:
    whole = [1] * len(DAYS)
    late = [*whole[:-1], 1.5]
    word = [*whole[:-1], "many"]
    found = contract_of(draw(columns(whole=whole, late=late, word=word, big=repeated(1, 2**40))))
    assert found.column("whole").type == "int"
    assert found.column("late").type == "double"
    assert found.column("word").type == "string"
    assert found.column("big").type == "long"


def test_codes_keep_their_leading_zeros_and_flags_become_booleans(draw: Draw) -> None:
    found = contract_of(draw(columns(code=repeated("007", "123"), open=repeated("true", "false"))))
    assert found.column("code").type == "string"
    assert found.column("open").type == "boolean"


def test_markers_of_missing_values_are_told_where_all_else_is_a_number(draw: Draw) -> None:
    drafted = draw(columns(price=repeated(1.5, "-", 2.5), grade=repeated("a", "-", "b")))
    found = contract_of(drafted)
    assert found.null_values == ["", "-"]
    assert found.column("price").type == "double"
    assert found.column("price").nullable
    assert found.column("grade").allowed == ["-", "a", "b"]


def test_headers_that_name_no_column_are_kept_beside_one_that_does(draw: Draw) -> None:
    drafted = draw(columns(**{"Unit Price (€)": repeated(1.5, 2.5), "unitPrice": repeated(3, 4)}))
    found = contract_of(drafted)
    assert found.column("unit_price").header == "Unit Price (€)"
    assert found.column("unit_price_2").header == "unitPrice"


@pytest.mark.parametrize(
    ("written", "form", "kind"),
    [
        ("{y}/{m:02d}/{d:02d}", "yyyy/MM/dd", "date"),
        ("{d}.{m}.{y}", "dd.MM.yyyy", "date"),
        ("{m}/{d}/{y} 8:05", "MM/dd/yyyy HH:mm", "timestamp"),
        ("{y}{m:02d}{d:02d}", "yyyyMMdd", "date"),
        ("{y}-{m:02d}-{d:02d}T10:00:00Z", None, "timestamp"),
    ],
)
def test_the_form_of_a_time_is_told(draw: Draw, written: str, form: str | None, kind: str) -> None:
    days = [written.format(y=day[:4], m=int(day[5:7]), d=int(day[8:])) for day in DAYS]
    time = contract_of(draw(columns() | {"day": days})).column("day")
    assert (time.format, time.type) == (form, kind)


def test_a_day_that_may_be_a_month_is_asked_about(draw: Draw) -> None:
    days = [f"{d:02d}/{m:02d}/2024" for m in range(1, 13) for d in range(1, 13)]
    text = text_of(draw({"day": days, "sold": list(range(144))}), "shop.yml")
    assert "DECIDE: day or month first? Every value fits dd/MM/yyyy and MM/dd/yyyy" in text


def test_a_zone_is_asked_only_where_the_times_name_none(draw: Draw, project: Project) -> None:
    assert "DECIDE: in which zone" in text_of(
        draw(columns() | {"day": [f"{d} 10:00" for d in DAYS]}), "shop.yml"
    )
    zoned = draw(columns() | {"day": [f"{d} 10:00+01:00" for d in DAYS]})
    assert "in which zone" not in text_of(zoned, "shop.yml")


def test_ranges_are_wider_than_the_data_and_do_not_cross_zero(draw: Draw) -> None:
    running = [10_000 + i for i in range(len(DAYS))]
    found = contract_of(draw(columns(cold=repeated(-5, 5, 2), many=repeated(10, 30), id=running)))
    assert found.column("cold").range == (-20, 20)
    assert found.column("many").range == (0, 50)
    assert found.column("id").range == (0, None)
    assert widened(0.91, 0.97) == (0.85, 1.03)


def test_the_key_is_the_smallest_set_and_prefers_what_repeats(draw: Draw) -> None:
    shops = {name: values * 2 for name, values in columns().items()}
    shops["till"] = ["north"] * len(DAYS) + ["south"] * len(DAYS)
    shops["receipt"] = list(range(2 * len(DAYS)))
    drafted = draw(shops)
    assert contract_of(drafted).key == ["day", "till"]
    assert "lag(" not in text_of(drafted, ".sql") + text_of(drafted, "features_shop.sql")


def test_rows_that_no_key_tells_apart_are_counted(draw: Draw) -> None:
    doubled = {name: values * 2 for name, values in columns().items()}
    doubled["sold"] = [i + 0.25 for i in range(2 * len(DAYS))]
    text = text_of(draw(doubled), "shop.yml")
    assert f"{len(DAYS):,} rows share these with another row" in text


def test_a_series_gets_the_target_of_the_row_before(draw: Draw) -> None:
    assert "lag(sold) over (order by day) as sold_before" in text_of(
        draw(columns()), "features_shop.sql"
    )


def test_a_column_that_gives_the_target_away_is_asked_about_and_kept_from_models(
    draw: Draw,
) -> None:
    sold = columns()["sold"]
    drafted = draw(columns(revenue=[3 * value + 1 for value in sold], shade=repeated(1, 2, 3)))
    assert intent_of(drafted).ml.problem.exclude == ["revenue"]
    assert "DECIDE: does it give sold away?" in text_of(drafted, "shop.yml")


def test_a_rare_label_is_given_away_too(draw: Draw) -> None:
    rare = [int(i % 10 == 0) for i in range(len(DAYS))]
    delay = [100 + i if one else i % 14 for i, one in enumerate(rare)]
    assert draw(columns(rare=rare, delay=delay), target="rare").found.leaks.keys() == {"delay"}


@pytest.mark.parametrize(
    ("header", "values", "tag"),
    [
        ("Contact Email", ["x"], "contact"),
        ("who", ["a@example.com", "b@example.org"], "contact"),
        ("customer_id", [1, 2, 3], "identifier"),
        ("date_of_birth", ["1970-01-01", "1980-02-02"], "sensitive"),
        ("product_name", ["tea", "milk"], "none"),
    ],
)
def test_personal_data_is_suspected_masked_and_kept_from_models(
    draw: Draw, header: str, values: list[Any], tag: str
) -> None:
    drafted = draw(columns(**{header: repeated(*values)}))
    column = contract_of(drafted).columns[-1]
    assert column.personal == tag
    learnt = f"        {column.name}," in text_of(drafted, "features_shop.sql")
    assert learnt == (tag == "none")
    assert ("DECIDE: personal data?" in text_of(drafted, "shop.yml")) == (tag != "none")


@pytest.mark.parametrize(
    ("values", "kind", "metric"),
    [
        (["yes", "no", "no"], "binary", "pr_auc"),
        (["rain", "sun", "fog"], "multiclass", "macro_f1"),
        ([1, 2, 3, 4], "multiclass", "macro_f1"),
        (list(range(40)), "regression", "mae"),
        ([0.5, 1.5, 2.5], "regression", "mae"),
    ],
)
def test_the_problem_follows_from_the_target(
    draw: Draw, values: list[Any], kind: str, metric: str
) -> None:
    problem = intent_of(draw(columns(what=repeated(*values)), target="what")).ml.problem
    assert (problem.kind, problem.metric) == (kind, metric)
    if kind == "binary":
        assert problem.positive == "yes"


def test_the_kind_can_be_told(draw: Draw) -> None:
    drafted = draw(columns(grade=repeated(1, 2, 3, 4)), target="grade", kind="regression")
    assert intent_of(drafted).ml.problem.kind == "regression"


def test_window_and_gate_follow_the_rows_a_month(draw: Draw) -> None:
    days = [
        f"{y}-{m:02d}-{d:02d}"
        for y in (2021, 2022, 2023)
        for m in range(1, 13)
        for d in range(1, 29)
    ]
    ml = intent_of(draw({"day": days, "sold": [i * 7 % 101 for i in range(len(days))]})).ml
    assert (ml.cadence.window_months, ml.gate.min_rows) == (12, 22)


def test_a_column_called_month_does_not_meet_the_one_of_gold(draw: Draw) -> None:
    text = text_of(draw(columns(month=repeated(1, 2, 3))), "features_shop.sql")
    assert "month as month_given" in text


def test_json_lines_and_parquet_are_drafted_alike(project: Project) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [{"day": day, "sold": i + 0.5, "left": i % 7} for i, day in enumerate(DAYS)]
    lines, table = project.root / "a.jsonl", project.root / "b.parquet"
    lines.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(rows), table)
    told = {"time": "day", "target": "sold"}
    one = contract_of(draft.draft(project, str(lines), name="one", **told))
    two = contract_of(draft.draft(project, str(table), name="two", **told))
    assert [(c.name, c.range) for c in one.columns] == [(c.name, c.range) for c in two.columns]
    assert [c.type for c in one.columns] == ["date", "double", "int"]
    assert [c.type for c in two.columns] == ["date", "double", "long"]


def test_a_file_in_latin_1_and_semicolons_is_read_when_told(project: Project) -> None:
    path = project.root / "drop.csv"
    text = "Tag;Größe\n" + "".join(f"{day};{i}\n" for i, day in enumerate(DAYS))
    path.write_bytes(text.encode("latin-1"))
    told = {"time": "tag", "target": "Größe", "name": "sizes"}
    with pytest.raises(UsageError, match="line 1 holds the byte 0xf6") as caught:
        draft.draft(project, str(path), **told)
    assert "--encoding latin-1" in caught.value.fix
    source = intent_of(draft.draft(project, str(path), encoding="latin-1", **told)).sources[0]
    assert (source.encoding, source.delimiter, source.path) == ("latin-1", ";", "drop.csv")


def test_a_draft_is_refused_until_a_person_has_decided(draw: Draw, project: Project) -> None:
    drafted = draw(columns())
    draft.write(drafted)
    path = project.contracts_dir / "shop.yml"
    with pytest.raises(UsageError, match="still has DECIDE in line"):
        load_contract(path)
    left = draft.check(project, "shop")
    assert not left["ready"]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert all("DECIDE" in lines[mark["line"] - 1] for mark in left["marks"])
    assert len(left["marks"]) == sum("DECIDE" in line for line in lines) == 4
    decide(path)
    assert load_contract(path).owner == "shop@example.com"
    assert draft.check(project, "shop")["ready"]
    source = project.dbt_dir / "models" / "sources" / "shop.yml"
    assert "DECIDE" not in source.read_text(encoding="utf-8")


def test_a_draft_replaces_no_file(draw: Draw, project: Project) -> None:
    stack = project.stacks_dir / "Pulumi.shop-local-dev.yaml"
    stack.parent.mkdir()
    stack.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"There is already stacks/Pulumi\.shop-local-dev\.yaml"):
        draw(columns())
    assert stack.read_text(encoding="utf-8") == "mine"
    assert not project.contracts_dir.exists()


def test_a_draft_that_cannot_be_written_whole_leaves_nothing(draw: Draw, project: Project) -> None:
    drafted = draw(columns())
    project.stacks_dir.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(UsageError, match="Nothing was drafted"):
        draft.write(drafted)
    assert not list(project.contracts_dir.glob("*"))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"time": "Dya"}, "Did you mean day? Its columns are: day, sold, same, note."),
        ({"target": "price"}, "has no column 'price' (--target)"),
        ({"time": "sold"}, "is named as time and as target"),
        ({"time": "note"}, "holds no times that can be read: 'x'"),
        ({"target": "same"}, "is the same in every row"),
        ({"target": "free"}, "has 168 different values, too many for classes"),
        ({"target": "note2"}, "has no value at all"),
        ({"name": "My Shop"}, "Try --name my_shop."),
        ({"name": "2shops"}, "Try --name data_2shops."),
        ({"kind": "binary"}, "binary needs two"),
        ({"target": "day2"}, "is a time"),
    ],
)
def test_what_cannot_be_drafted_is_told(draw: Draw, told: dict[str, Any], said: str) -> None:
    more: dict[str, list[Any]] = {"same": repeated(1), "note": repeated("x")}
    target = told.get("target")
    if target == "free":
        more["free"] = [f"w{i}" for i in range(len(DAYS))]
    if target == "note2":
        more["note2"] = repeated("")
    if target == "day2":
        more["day2"] = DAYS
    with pytest.raises(UsageError) as caught:
        draw(columns(**more), **told)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "is empty"),
        ("head.csv", b"day,sold\n", "has no rows"),
        ("twice.csv", b"day,Day\n1,2\n", "names columns twice: Day, day"),
        ("nameless.csv", b"day,,sold\n1,2,3\n", "no name for column 2"),
        ("wide.csv", "day,sold\n1,2\n".encode("utf-16"), "looks like UTF-16"),
        ("book.xlsx", b"PK", "has none of the endings"),
        ("array.json", b"[1]", "is one JSON array"),
        ("torn.parquet", b"PAR1torn", "is no readable Parquet file"),
    ],
)
def test_files_that_cannot_be_read_are_told(
    project: Project, name: str, content: bytes, said: str
) -> None:
    path = project.root / name
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        draft.draft(project, str(path), time="day", target="sold", name="shop")
    assert said in str(caught.value)


def test_a_folder_and_a_misspelt_file_are_told(project: Project) -> None:
    (project.root / "sales.csv").write_text("day,sold\n", encoding="utf-8")
    told = {"time": "day", "target": "sold", "name": "shop"}
    with pytest.raises(UsageError, match="is a folder, not a file"):
        draft.draft(project, str(project.root), **told)
    with pytest.raises(UsageError, match=r"Did you mean sales\.csv"):
        draft.draft(project, str(project.root / "sale.csv"), **told)


def test_the_command_gives_the_draft_as_json_and_check_fails_until_decided(
    draw: Draw, project: Project
) -> None:
    draw(columns())  # writes the file only
    told = ["--project", str(project.root), "--output", "json"]
    init = ["init", str(project.root / "drop.csv"), "--time", "day", "--target", "sold"]
    done = CliRunner().invoke(app, [*init, "--name", "shop", *told])
    assert done.exit_code == 0
    value = json.loads(done.stdout)
    assert (value["kind"], value["key"], value["rows"]) == ("regression", ["day"], len(DAYS))
    assert len(value["files"]) == 7
    checked = CliRunner().invoke(app, ["check", "shop", *told])
    assert checked.exit_code == 1
    assert [m["line"] for m in json.loads(checked.stdout)["marks"]] == [
        m["line"] for m in value["marks"]
    ]
    decide(project.contracts_dir / "shop.yml")
    assert CliRunner().invoke(app, ["check", "shop", *told]).exit_code == 0


def test_names_of_columns_are_identifiers() -> None:
    assert column_name("Order ID (new)", ()) == "order_id_new"
    assert column_name("2nd", ()) == "c_2nd"
    assert column_name("€", ("c",)) == "c_2"
