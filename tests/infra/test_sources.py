"""What sources and warehouse ask of a cloud besides HTTPS."""

from __future__ import annotations

from infra.kubernetes.traffic import policies
from infra.sources import ports, stored_passwords
from tests.infra.samples import changed, sample

JDBC = {
    "kind": "jdbc", "engine": "postgresql", "host": "db.example", "port": 6432, "database": "d", "table": "t",
    "watermark": "at", "user": "u", "password_secret": "ships",
}  # fmt: skip


def test_the_flows_pods_may_go_where_sources_and_warehouse_answer_and_nowhere_else() -> None:
    intent = changed("northwind-aws-dev", sources=[{**JDBC, "dataset": "ports"}])
    assert ports(intent) == [5439, 6432]
    made = policies(("apis", "data"), (), False, (), data=ports(intent))["data"]
    (rule,) = made.egress  # pyright: ignore[reportGeneralTypeIssues, reportOptionalIterable, reportUnknownVariableType]
    assert [one.port for one in rule.ports] == [5439, 6432]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def test_where_all_is_https_no_further_port_is_opened() -> None:
    intent = sample("harbor-gcp-dev")
    assert ports(intent) == []
    assert "data" not in policies(("apis", "data"), (), False, (), data=ports(intent))


def test_sources_that_share_a_password_share_its_place() -> None:
    shared = [{**JDBC, "dataset": name} for name in ("ports", "quays")]
    (first,) = stored_passwords(changed("northwind-aws-dev", sources=shared))
    assert first.dataset == "ports"
