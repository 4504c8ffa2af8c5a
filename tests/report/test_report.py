from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from landfall.month import Month
from landfall.report import view, words, write_report
from landfall.report.gather import gather, without_value
from landfall.report.headline import headline
from tests.report.results import store_year
from tests.report.year import ROOT, flights, months_of, open_year, publish

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
QUIET = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """A home with a year of results over every tenth flight, and its report."""
    ctx = open_year(tmp_path_factory.mktemp("home"))
    table = flights(every=10)
    publish(ctx, table)
    store_year(ctx, table)
    return ctx, write_report(ctx, ctx.project.home / "report.html")


class Page(HTMLParser):
    """Collects tags, ids, targets of links, and checks that elements are closed in order."""

    VOID = frozenset({"meta", "link", "br", "img", "hr"})

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links, self.open, self.words = [], [], [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append((tag, found))
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found[key] for key in ("href", "src") if key in found]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "title"} & set(self.open):
            self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


def test_the_file_is_whole_html_and_asks_nothing_of_the_network(year):
    text = year[1].read_text()
    page = Page(text)
    assert not [link for link in page.links if not link.startswith(("#", "data:,"))]
    assert "url(" not in text
    assert "@import" not in text
    assert "<script" not in text
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_every_table_has_a_caption_every_picture_a_text_and_headings_do_not_skip(year):
    page = Page(year[1].read_text())
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption") > 8
    for tag, found in page.tags:
        if tag == "svg":
            assert found.get("aria-label") or found.get("aria-hidden") == "true"
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_the_first_screen_says_what_a_client_asks_first(year):
    head = headline(gather(year[0]))
    told = " ".join(head["sentences"])
    assert head["title"] == "Late arrival"
    assert head["span"] == "January 2013 to December 2013"
    assert "rows arrived in 12 months" in told
    assert "The model in use is Boosting v" in told
    assert "In December 2013" in told
    assert "replaced 3 times" in told
    assert [tile["name"] for tile in head["tiles"]] == [
        "Rows checked",
        "Model in use",
        "PR-AUC",
        "Drift alarms",
        "Cloud cost",
    ]


def test_counts_candidates_verdicts_record_and_cost_are_all_there(year):
    ctx, path = year
    text = Page(path.read_text()).text
    facts = gather(ctx)
    for one in facts.months:
        assert words.month_name(one.month) in text
        assert f"{one.totals['received']:,}" in text
    for entry in facts.record:
        assert entry["hash"][:12] in text
    for wanted in (
        "Neural network",
        "Promoted",
        "Held",
        "Rejected",
        "chain of 11 entries holds",
        "What this run does not prove",
        "no bill",
    ):
        assert wanted in text


def test_the_champion_of_a_month_follows_the_record_through_a_rollback(year):
    facts = gather(year[0])
    assert [run["span"] for run in view.reigns(facts)] == [1, 1, 3, 3, 4]
    first = next(e for e in facts.record if e["action"] == "promote")
    facts.record.append(
        {
            "action": "rollback",
            "version": first["version"],
            "candidate": "boosting",
            "month": "2013-12",
        }
    )
    assert view.reigns(facts)[-1] == {
        "key": first["version"],
        "name": f"Boosting v{first['version']}",
        "span": 1,
    }
    assert "In February 2013" in " ".join(headline(facts)["sentences"])  # its last measurement


def test_a_record_that_was_tampered_with_is_called_out(year, tmp_path):
    ctx = open_year(tmp_path / "copy")
    shutil.copytree(year[0].project.home / "lake", ctx.project.home / "lake")
    path = "record/late_arrival.jsonl"
    ctx.artifacts.write(path, ctx.artifacts.read(path).replace(b"flow (demo)", b"flow (Demo)", 1))
    text = Page(write_report(ctx, tmp_path / "r.html").read_text()).text
    assert "The chain does not hold" in text


def test_an_empty_home_gives_a_page_that_says_what_to_do(tmp_path):
    ctx = open_year(tmp_path)
    text = Page(write_report(ctx, tmp_path / "r.html").read_text()).text
    assert "Nothing has run yet. The first command is: landfall run --all." in text
    assert not (tmp_path / "catalog.db").exists()


def test_missing_and_torn_results_are_told_as_not_run(year, tmp_path):
    ctx = open_year(tmp_path)
    months = months_of(flights(every=10))[:2]
    for step in ("land", "ingest"):
        ctx.artifacts.write_json(
            ctx.result_path(months[0], step), year[0].result(months[0], step) or {}
        )
    ctx.artifacts.write(ctx.result_path(months[1], "ingest"), b'{"counts": {')
    text = Page(write_report(ctx, tmp_path / "r.html").read_text()).text
    assert text.count("The gate has not run for this month.") == 2
    assert "Not run." in text
    assert "not run" in text


def test_names_from_outside_are_escaped(year, tmp_path):
    ctx = open_year(tmp_path)
    ctx.intent = ctx.intent.model_copy(
        update={
            "client": ctx.intent.client.model_copy(update={"name": "<script>alert(1)</script>"})
        }
    )
    assert "<script" not in write_report(ctx, tmp_path / "r.html").read_text()


def test_writing_twice_differs_in_the_time_only(year, tmp_path):
    def written(name):
        return re.sub(
            r"Written by Landfall on [^<]+ UTC",
            "",
            write_report(year[0], tmp_path / name).read_text(),
        )

    assert written("a.html") == written("b.html")


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("dep_delay: -9999 is below -180", "dep_delay is below -180"),
        ("origin: 'XX' is none of EWR, JFK", "origin is none of EWR, JFK"),
        ("email: 'a is not b' is not of the form .+@.+", "email is not of the form .+@.+"),
        ("key: it is missing", "key is missing"),
        ("name: Jane Doe", "name breaks a rule"),
        ("Jane Doe", "breaks a rule"),
    ],
)
def test_reasons_of_quarantine_are_told_without_the_value(reason, told):
    assert without_value(reason) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.123456, "0.123"),
        (1234.5, "1,234"),
        (0, "0.000"),
        (None, "–"),
        (1e-7, "1e-07"),
        (True, "–"),
    ],
)
def test_figures_are_written_as_people_write_them(value, told):
    assert words.figure(value) == told


def test_reasons_are_counted_over_the_tables_of_quarantine(year, tmp_path):
    ctx = open_year(tmp_path)
    january = Month(2013, 1)
    ctx.artifacts.write_json(
        ctx.result_path(january, "ingest"), year[0].result(january, "ingest") or {}
    )
    reasons = [
        ["dep_delay: -9 is below -5", "key: it is missing"],
        ["dep_delay: -7 is below -5"],
        [],
        None,
    ]
    rows = pa.table({"_reasons": pa.array(reasons, pa.list_(pa.string()))})
    ctx.catalog.create_table("quarantine.flights", schema=rows.schema).append(rows)
    found = gather(ctx).reasons
    assert found == [("flights", "dep_delay is below -5", 2), ("flights", "key is missing", 1)]
    assert "dep_delay is below -5" in Page(write_report(ctx, tmp_path / "r.html").read_text()).text


def test_the_command_writes_into_the_home_and_ends_with_the_path(year, tmp_path, monkeypatch):
    from typer import Typer

    from landfall.cli.report import report

    monkeypatch.setenv("LANDFALL_PROJECT", str(ROOT))
    monkeypatch.setenv("LANDFALL_HOME", str(tmp_path))
    app = Typer()
    app.command()(report)
    told = CliRunner().invoke(app, [])
    assert told.stdout.splitlines()[-1] == f"report: {tmp_path / 'report.html'}"
    told = CliRunner().invoke(app, ["--file", str(tmp_path / "other.html"), "--output", "json"])
    assert json.loads(told.stdout) == {"report": str(tmp_path / "other.html")}
    assert (tmp_path / "other.html").is_file()


def browse(path: Path, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [str(CHROMIUM), *QUIET, f"--user-data-dir={folder}", *more, path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


needs_chromium = pytest.mark.skipif(
    CHROMIUM is None,
    reason="NOT CHECKED: no chromium here, so the report was not seen in a browser",
)


@needs_chromium
@pytest.mark.parametrize(("scheme", "number"), [("light", 1), ("dark", 0)])
def test_a_browser_shows_it_in_light_and_dark(year, tmp_path, scheme, number):
    shots = ROOT / "test-artifacts"
    shots.mkdir(exist_ok=True)
    target = shots / f"report-{scheme}.png"
    target.unlink(missing_ok=True)
    browse(
        year[1],
        tmp_path,
        f"--blink-settings=preferredColorScheme={number}",
        "--window-size=1280,1600",
        f"--screenshot={target}",
    )
    assert target.stat().st_size > 50_000


@needs_chromium
def test_a_browser_keeps_every_section_reports_no_error_and_does_not_scroll_sideways(
    year, tmp_path
):
    probe = tmp_path / "probe.html"
    script = (
        "<script>window.onload=()=>{const e=document.documentElement;"
        "document.title=JSON.stringify({wide:e.scrollWidth>e.clientWidth,"
        "loads:performance.getEntriesByType('resource').length})}</script></body>"
    )
    probe.write_text(year[1].read_text().replace("</body>", script))
    shown = browse(
        probe,
        tmp_path / "profile",
        "--window-size=500,900",
        "--enable-logging=stderr",
        "--dump-dom",
    )
    for section in (
        "year",
        "models",
        "record",
        "counts",
        "drift",
        "profile",
        "cost",
        "limits",
        "glossary",
    ):
        assert f'id="{section}"' in shown.stdout
    found = re.search(r"<title>(\{.*?\})</title>", shown.stdout)
    assert found
    assert json.loads(found[1]) == {"wide": False, "loads": 0}
    assert "CONSOLE" not in shown.stderr
